package uploader

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// dryRun returns a started import of three columns that deletes members, or updates or creates them, as a dry run.
func (w *world) dryRun(mode member.Mode) string {
	w.Helper()
	i := w.uploaded("会員番号,氏名,電話番号\nA1,あ,\n")
	job := w.job(i.ID)
	o := job.Options
	o.DryRun, o.Mode = true, mode
	m := member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "氏名", Field: "name"}, {Header: "電話番号", Field: "phone"}}
	w.must(w.db.StartImport(w.Context(), job.Tenant, job.ID, postgres.Settled{
		Options: o, Mapping: m, Cut: imports.Cut{Lanes: 1, ChunkRows: 100, ChunkBytes: 1 << 20}, Source: job.Source,
	}))
	return i.ID
}

// endOf ends a running import of one lane.
func (w *world) endOf(id string, chunks, rows int64) {
	w.Helper()
	w.must(w.db.EndOfSource(w.Context(), w.acme.tenant.ID, w.id(id), rows, []int64{chunks}))
	_, err := w.db.FinishImport(w.Context(), w.acme.tenant.ID, w.id(id))
	w.must(err)
}

func TestPreviewShowsWhatRowsChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.running(1)
	w.merge(first, 0, 0, []int64{2, 3}, []string{"A1", "青木", "090-1234-5678"}, []string{"A2", "石井", ""})
	w.endOf(first, 1, 2)

	long := strings.Repeat("長", 201)
	id := w.dryRun(member.Upsert)
	p := want[previewBody](w, http.StatusOK, w.get("/v1/imports/"+id+"/preview"))
	if p.Items == nil || len(p.Items) != 0 || p.Complete {
		t.Errorf("before anything is merged: %+v", p)
	}
	w.merge(id, 0, 0, []int64{2, 3, 4, 5}, []string{"A1", long, "##DELETE##"}, []string{"A2", "石井", ""}, []string{"A3", "上田", ""}, []string{"", "番号なし", ""})
	w.endOf(id, 1, 4)
	a := w.get("/v1/imports/" + id + "/preview")
	p = want[previewBody](w, http.StatusOK, a)
	var text strings.Builder
	for _, r := range p.Items {
		changes, err := json.Marshal(r.Changes)
		w.must(err)
		fmt.Fprintf(&text, "%d %s %t %s\n", r.RowNumber, r.Outcome, r.MemberID != nil, changes)
	}
	expected := `2 updated true [{"field":"name","before":"青木","after":"` + strings.Repeat("長", 200) + `…","cut":true},{"field":"phone","before":"+819012345678","after":null}]
3 unchanged true []
4 created false [{"field":"member_sn","before":null,"after":"A3"},{"field":"name","before":null,"after":"上田"},`
	if !strings.HasPrefix(text.String(), expected) || !p.Complete || len(p.Items) != 3 {
		t.Errorf("preview\n%s\nwant\n%s…", text.String(), expected)
	}
	if p := want[previewBody](w, http.StatusOK, w.get("/v1/imports/"+id+"/preview?outcome=unchanged")); len(p.Items) != 1 || p.Items[0].RowNumber != 3 {
		t.Errorf("unchanged rows: %+v", p)
	}
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.get("/v1/imports/"+id+"/preview?outcome=failed"))

	gone := w.dryRun(member.Delete)
	w.merge(gone, 0, 0, []int64{2, 3}, []string{"A1", "", ""}, []string{"A9", "", ""})
	p = want[previewBody](w, http.StatusOK, w.get("/v1/imports/"+gone+"/preview?language=ja"))
	if len(p.Items) != 2 || p.Items[0].Outcome != "deleted" || p.Items[0].Changes[0] != (valueChange{"member_sn", "A1", nil, false}) ||
		p.Items[1].Outcome != "skipped" || p.Items[1].Code != string(member.SkippedUnknown) || p.Items[1].MemberID != nil || !strings.HasSuffix(p.Items[1].Reason, "。") {
		t.Errorf("rows of an import that deletes: %+v", p.Items)
	}
}

func TestTimelineTellsWhoDidWhatInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	w.merge(id, 0, 0, []int64{2, 3}, []string{"A1", "青木", ""}, []string{"", "番号なし", ""})
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+id+"/pause", ""))
	want[importView](w, http.StatusAccepted, w.post("/v1/imports/"+id+"/resume", ""))
	w.endOf(id, 1, 2)
	send := func(recipient string, err error) {
		w.must(w.db.SendOnce(t.Context(), w.acme.tenant.ID, w.id(id), 1, recipient, "id", func(context.Context) error { return err }, func(error) bool { return true }))
	}
	send("taro@acme.example", nil)
	send("nobody@acme.example", http.ErrServerClosed)
	retry := want[importView](w, http.StatusCreated, w.post("/v1/imports/"+id+"/retry", ""))
	want[undoBody](w, http.StatusAccepted, w.post("/v1/imports/"+id+"/undo", ""))

	body := want[timelineBody](w, http.StatusOK, w.get("/v1/imports/"+id+"/timeline"))
	var acts []string
	for n, e := range body.Items {
		acts = append(acts, e.Act)
		if byPerson := strings.HasPrefix(e.Act, "import.") && e.Act != "import.start" || e.Act == "retry"; byPerson != (e.Actor == "Taro") || e.At.IsZero() || n > 0 && e.At.Before(body.Items[n-1].At) {
			t.Errorf("event %+v", e)
		}
	}
	slices.Sort(acts[9:11]) // the mails are told in the order of their recipients, which is that of their times
	if got, wanted := strings.Join(acts, " "), "import.create import.upload import.start run import.pause import.resume read finish mail mail retry import.undo undo.run"; got != wanted {
		t.Errorf("timeline\n%s\nwant\n%s", got, wanted)
	}
	for _, c := range []struct {
		n    int
		want map[string]any
	}{
		{7, map[string]any{"state": "completed", "total": 2., "created": 1., "failed": 1.}},
		{10, map[string]any{"import": retry.ID}},
	} {
		for key, value := range c.want {
			if got := body.Items[c.n].Detail[key]; got != value {
				t.Errorf("%s of %s is %v, want %v", key, body.Items[c.n].Act, got, value)
			}
		}
	}
	other := want[timelineBody](w, http.StatusOK, w.get("/v1/imports/"+retry.ID+"/timeline"))
	if len(other.Items) != 1 || other.Items[0].Act != "import.retry" || other.Items[0].Detail["of"] != id {
		t.Errorf("timeline of the retry: %+v", other.Items)
	}
}

func TestImportsAreFoundByWhatIsKnownOfThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want[map[string]any](w, http.StatusCreated, w.post("/v1/lists", `{"name":"letter"}`))
	plain := w.create(`{"file_name":"Members_2026.csv"}`).ID
	noted := w.create(`{"file_name":"b.csv","note":"春のCAMPAIGN","list":"letter"}`).ID
	dry := w.create(`{"file_name":"c.csv","dry_run":true}`).ID
	started := w.running(1)
	key, err := w.db.CreateKey(t.Context(), w.acme.tenant.ID, "nobody's", 0)
	w.must(err)
	by := want[importView](w, http.StatusCreated, w.post("/v1/imports", `{"file_name":"d.csv"}`, "Authorization", "Bearer "+key)).ID
	find := func(query string) (ids []string) {
		page := want[importPage](w, http.StatusOK, w.get("/v1/imports?count=true"+query))
		for _, i := range page.Items {
			ids = append(ids, i.ID)
		}
		if page.Count == nil || *page.Count < len(ids) || page.NextCursor == "" && *page.Count != len(ids) || page.CountMore {
			t.Errorf("%s: count %v of %d imports", query, page.Count, len(ids))
		}
		slices.Reverse(ids) // oldest first
		return ids
	}
	moment := want[importView](w, http.StatusOK, w.get("/v1/imports/"+dry)).CreatedAt
	at := func(name string, t time.Time) string { return "&" + name + "=" + t.UTC().Format("2006-01-02T15:04:05.999999Z") }
	for query, wanted := range map[string][]string{
		"":                                  {plain, noted, dry, started, by},
		"&state=created":                    {plain, noted, dry, by},
		"&state=running&state=queued":       {started},
		"&list=letter":                      {noted},
		"&q=members_":                       {plain},
		"&q=campaign":                       {noted},
		"&q=%25":                            nil,
		"&dry_run=only":                     {dry},
		"&dry_run=exclude&state=created":    {plain, noted, by},
		"&user=Taro":                        {plain, noted, dry, started},
		"&user=Nobody":                      nil,
		at("since", moment):                 {dry, started, by},
		at("until", moment):                 {plain, noted},
		"&limit=2&state=created":            {dry, by},
		"&dry_run=only&list=letter":         nil,
		"&q=csv&dry_run=only&state=created": {dry},
	} {
		if got := find(query); !slices.Equal(got, wanted) {
			t.Errorf("%s gives %v, want %v", query, got, wanted)
		}
	}
	page := want[importPage](w, http.StatusOK, w.get("/v1/imports?limit=2&state=created"))
	next := want[importPage](w, http.StatusOK, w.get("/v1/imports?limit=2&state=created&cursor="+page.NextCursor))
	if len(next.Items) != 2 || next.Items[0].ID != noted || next.NextCursor != "" {
		t.Errorf("second page: %+v", next)
	}
	wantProblem(w, http.StatusUnprocessableEntity, codeUnknownList, w.get("/v1/imports?list=nowhere"))
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.get("/v1/imports?state=nowhere"))
}
