package uploader

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

func (w *world) start(id, body string) *answer {
	w.Helper()
	return w.post("/v1/imports/"+id+"/start", body)
}

// fields returns which field each column feeds.
func fields(i importView) string {
	var out []string
	for _, c := range i.Mapping {
		out = append(out, c.Field)
	}
	return strings.Join(out, ",")
}

func TestStartSettlesTheMapping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, c := range []struct{ create, start, want string }{
		{``, ``, "member_sn,name,email,is_subscriber,"},
		{``, `{}`, "member_sn,name,email,is_subscriber,"},
		{``, `{"map":{"備考":"city","氏名":""}}`, "member_sn,,email,is_subscriber,city"},
		{``, `{"map":{"備考":"email"}}`, "member_sn,name,,is_subscriber,email"},
		{``, `{"mapping":[{"header":"会員番号","field":"member_sn"}]}`, "member_sn,,,,"},
		{`"map":{"備考":"city"}`, `{}`, "member_sn,name,email,is_subscriber,city"},
		{`"map":{"備考":"city"}`, `{"map":{"氏名":""}}`, "member_sn,,email,is_subscriber,city"},
		{`"mapping":[{"header":"会員番号","field":"member_sn"},{"header":"備考","field":"city"}]`, `{"map":{"氏名":"name"}}`, "member_sn,name,,,city"},
		{`"map":{"備考":"city"}`, `{"mapping":[{"header":"備考","field":"member_sn"}]}`, ",,,,member_sn"},
	} {
		w.acme = w.account(fmt.Sprintf("shop-%d", n), "en") // which remembers no mapping
		body := `{"file_name":"a.csv"}`
		if c.create != "" {
			body = `{"file_name":"a.csv",` + c.create + `}`
		}
		i := w.create(body)
		want[importView](w, http.StatusOK, w.put(i.ID, smallCSV))
		started := want[importView](w, http.StatusAccepted, w.start(i.ID, c.start))
		if got := fields(started); got != c.want {
			t.Errorf("%s then %s: %s, want %s", c.create, c.start, got, c.want)
		}
	}
}

func TestChangedColumnKeepsItsPolarity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	started := want[importView](w, http.StatusAccepted, w.start(i.ID, `{"map":{"配信停止":"is_subscriber","備考":"is_subscriber_sms"}}`))
	if !started.Mapping[3].Inverted || started.Mapping[4].Inverted {
		t.Errorf("mapping = %+v", started.Mapping)
	}
}

func TestMappingThatCannotWorkIsRefusedByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	for _, c := range []struct{ body, code, field, header string }{
		{`{"map":{"会員番号":""}}`, "key_not_mapped", "member_sn", ""},
		{`{"map":{"備考":"nickname"}}`, "unknown_field", "nickname", "備考"},
		{`{"mapping":[{"header":"会員番号","field":"member_sn"},{"header":"氏名","field":"name"},{"header":"備考","field":"name"}]}`, "field_mapped_twice", "name", "備考"},
		{`{"map":{"備考":"bounce_count"}}`, "field_read_only", "bounce_count", "備考"},
		{`{"map":{"ない列":"city"}}`, codeUnknownColumn, "", "ない列"},
		{`{"mapping":[{"header":"会員番号","field":"member_sn","inverted":true}]}`, "not_invertible", "member_sn", "会員番号"},
	} {
		p := wantProblem(w, http.StatusUnprocessableEntity, c.code, w.start(i.ID, c.body))
		if len(p.Errors) != 1 || p.Errors[0].Field != c.field || p.Errors[0].Header != c.header {
			t.Errorf("%s: %+v", c.body, p.Errors)
		}
	}
	p := wantProblem(w, http.StatusUnprocessableEntity, codeInvalid, w.start(i.ID, `{"map":{"備考":"nickname","会員番号":""}}`))
	if len(p.Errors) != 2 {
		t.Errorf("errors = %+v, want both", p.Errors)
	}
	if w.state(i.ID) != imports.StateUploaded {
		t.Error("a refused start has changed the import")
	}
}

func TestFileWithoutHeaderNeedsAMapping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded("A1,青木\nA2,石井\n")
	wantProblem(w, http.StatusUnprocessableEntity, codeMappingRequired, w.start(i.ID, ``))
	started := want[importView](w, http.StatusAccepted, w.start(i.ID, `{"map":{"1":"member_sn","2":"name"}}`))
	if fields(started) != "member_sn,name" {
		t.Errorf("mapping = %+v", started.Mapping)
	}
	if job := w.job(started.ID); !job.Options.NoHeader || job.Options.Delimiter != "," {
		t.Errorf("options = %+v", job.Options)
	}
}

func TestStartCanReadTheFileInAnotherWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Nothing looks like a header here, and the delimiter is no common one.
	i := w.uploaded("a^b\n1^x\n")
	started := want[importView](w, http.StatusAccepted, w.start(i.ID, `{"delimiter":"^","no_header":false,"map":{"a":"member_sn","b":"name"}}`))
	job := w.job(started.ID)
	if fields(started) != "member_sn,name" || job.Options.NoHeader || job.Options.Delimiter != "^" {
		t.Errorf("mapping %+v, options %+v", started.Mapping, job.Options)
	}
	// The names of a mapping make a header of a row that does not look like one.
	i = w.create(`{"file_name":"a.csv","map":{"x1":"member_sn","x2":"name"}}`)
	want[importView](w, http.StatusOK, w.put(i.ID, "x1,x2\nA1,B\n"))
	started = want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	if fields(started) != "member_sn,name" || w.job(started.ID).Options.NoHeader {
		t.Errorf("mapping %+v", started.Mapping)
	}
	// What looks like a header is data where the caller says so.
	i = w.create(`{"file_name":"a.csv","no_header":true}`)
	want[importView](w, http.StatusOK, w.put(i.ID, smallCSV))
	wantProblem(w, http.StatusUnprocessableEntity, codeMappingRequired, w.start(i.ID, ``))
}

func TestEmptyFileStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, content := range []string{"", "\r\n\r\n", "\uFEFF", "会員番号,氏名\r\n"} {
		i := want[importView](w, http.StatusOK, w.put(w.create(`{"file_name":"a.csv"}`).ID, content))
		started := want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
		if _, err := w.job(started.ID).Plan(); err != nil {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestStartWithoutItsSourceIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	job := w.job(i.ID)
	job.Source.ETag = "another"
	_, err := w.db.SetUploaded(t.Context(), job.Tenant, job.ID, postgres.Inspected{Source: job.Source, Inspection: map[string]any{}})
	w.must(err)
	wantProblem(w, http.StatusConflict, "source_changed", w.start(i.ID, ``))
	w.must(w.blobs.DeleteImport(t.Context(), w.acme.tenant.ID, i.ID))
	wantProblem(w, http.StatusConflict, "source_missing", w.start(i.ID, ``))
}

func TestCancelEndsAnImportOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	ended := want[importView](w, http.StatusOK, w.post("/v1/imports/"+i.ID+"/cancel", ``))
	if ended.State != imports.StateCancelled || ended.FinishedAt == nil {
		t.Errorf("import = %+v", ended)
	}
	wantProblem(w, http.StatusConflict, codeEnded, w.post("/v1/imports/"+i.ID+"/cancel", ``))
}

func TestAnImportIsPausedAndGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	pause := func(id string) *answer { return w.post("/v1/imports/"+id+"/pause", ``) }
	resume := func(id string) *answer { return w.post("/v1/imports/"+id+"/resume", ``) }
	wantProblem(w, http.StatusConflict, codeNotRunning, pause(i.ID))
	want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	wantProblem(w, http.StatusConflict, codeNotPaused, resume(i.ID))
	waiting := w.uploaded(smallCSV)
	want[importView](w, http.StatusAccepted, w.start(waiting.ID, ``))
	wantProblem(w, http.StatusConflict, codeWaiting, pause(waiting.ID))
	for range 2 {
		paused := want[importView](w, http.StatusOK, pause(i.ID))
		if paused.State != imports.StatePaused || paused.PausedAt == nil || !paused.Resumable || paused.Stopped == nil || paused.Stopped.Stage != imports.StageReading {
			t.Errorf("import = %+v, stopped %+v", paused, paused.Stopped)
		}
	}
	again := want[importView](w, http.StatusAccepted, resume(i.ID))
	if again.State != imports.StateRunning || again.PausedAt != nil || again.Run != 2 || again.Stopped != nil {
		t.Errorf("import = %+v", again)
	}
	_, err := w.db.FailImport(t.Context(), w.acme.tenant.ID, w.id(i.ID), member.Problem{Code: member.CorruptFile})
	w.must(err)
	wantProblem(w, http.StatusConflict, codeNotResumable, resume(i.ID))
	wantProblem(w, http.StatusConflict, codeEnded, pause(i.ID))
	_, err = w.db.FailImport(t.Context(), w.acme.tenant.ID, w.id(waiting.ID), member.Problem{Code: member.PoisonChunk, Detail: "2–3"})
	w.must(err)
	if failed := want[importView](w, http.StatusOK, w.get("/v1/imports/"+waiting.ID)); !failed.Resumable || failed.Stopped == nil || failed.Stopped.Stage != imports.StageReading {
		t.Errorf("import = %+v, stopped %+v", failed, failed.Stopped)
	}
	want[importView](w, http.StatusAccepted, resume(waiting.ID))
}

func TestUndeliverableMailsAreWarnings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+i.ID+"/cancel", ``))
	w.must(w.db.RecordNoRecipient(t.Context(), w.acme.tenant.ID, w.id(i.ID), 1))
	read := want[importView](w, http.StatusOK, w.get("/v1/imports/"+i.ID))
	if len(read.Warnings) != 1 || read.Warnings[0].Code != codeNoRecipient || read.Warnings[0].Detail == "" {
		t.Errorf("warnings = %+v", read.Warnings)
	}
}

func (w *world) id(s string) imports.ID {
	w.Helper()
	id, err := imports.ParseID(s)
	w.must(err)
	return id
}

func (w *world) job(id string) *imports.Import {
	w.Helper()
	job, err := w.db.ImportForWork(w.Context(), w.acme.tenant.ID, w.id(id))
	w.must(err)
	return job
}

// merge does a merger's work on one chunk, whose rows have these numbers.
func (w *world) merge(id string, lane int, seq int64, numbers []int64, cells ...[]string) {
	w.Helper()
	job := w.job(id)
	_, err := w.db.OpenLedger(w.Context(), job.Tenant, job.ID, job.Cut.Lanes)
	w.must(err)
	plan, err := job.Plan()
	w.must(err)
	_, err = w.db.MergeChunk(w.Context(), job.Tenant, postgres.ChunkWork{
		Import: job, Plan: plan, Lane: lane, Seq: seq,
		Parse: func() (rows []member.Row, err error) {
			for n, c := range cells {
				r := member.Row{
					Number: numbers[n], Ordinal: numbers[n], Cells: c,
					Values: make([]member.Value, len(plan.Fields)), Actions: make([]member.Action, len(plan.Fields)),
				}
				plan.Parse(&r)
				rows = append(rows, r)
			}
			return rows, nil
		},
		Report: func(ctx context.Context, failed []member.Row) (int64, error) {
			return 0, w.report(ctx, job, lane, seq, failed)
		},
	})
	w.must(err)
}

func (w *world) report(ctx context.Context, job *imports.Import, lane int, seq int64, failed []member.Row) error {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, r := range failed {
		if err := enc.Encode(imports.FailedRow{Row: r.Number, Problems: r.Problems, Cells: r.Cells}); err != nil {
			return err
		}
	}
	return w.blobs.PutFailures(ctx, job.Tenant, job.ID.String(), lane, seq, lines.Bytes())
}

// running returns a started import with that many lanes.
func (w *world) running(lanes int) string {
	w.Helper()
	i := w.uploaded("会員番号,氏名,電話番号\nA1,あ,\n")
	id := w.id(i.ID)
	job := w.job(i.ID)
	m := member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "氏名", Field: "name"}, {Header: "電話番号", Field: "phone"}}
	w.must(w.db.StartImport(w.Context(), job.Tenant, id, postgres.Settled{
		Options: job.Options, Mapping: m, Cut: imports.Cut{Lanes: lanes, ChunkRows: 100, ChunkBytes: 1 << 20}, Source: job.Source,
	}))
	return i.ID
}

func TestEventsTellEveryChangeAndEndWithTheImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/v1/imports/"+id+"/events", nil)
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+w.acme.key)
	res, err := http.DefaultClient.Do(req)
	w.must(err)
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type = %q", got)
	}
	var seen []string
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var i importView
		w.must(json.Unmarshal([]byte(data), &i))
		seen = append(seen, fmt.Sprintf("%s %d", i.State, i.Created))
		switch len(seen) {
		case 1:
			w.merge(id, 0, 0, []int64{2}, []string{"A1", "あ", ""})
		case 2:
			w.must(w.db.EndOfSource(t.Context(), w.acme.tenant.ID, w.id(id), 1, []int64{1}))
			_, err := w.db.FinishImport(t.Context(), w.acme.tenant.ID, w.id(id))
			w.must(err)
		}
	}
	w.must(lines.Err())
	if want := []string{"running 0", "running 1", "completed 1"}; !slices.Equal(seen, want) {
		t.Errorf("events %v, want %v", seen, want)
	}
}

func TestEventsEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	ended := make(chan *answer)
	go func() { ended <- w.get("/v1/imports/" + id + "/events") }()
	w.server.stop()
	select {
	case a := <-ended:
		if !bytes.HasPrefix(a.body, []byte("event: import\n")) {
			t.Errorf("events = %s", a.body)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the stream goes on")
	}
}

func TestStoreWithoutRoomIsSaidSo(t *testing.T) {
	t.Parallel()
	full := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInsufficientStorage) }))
	t.Cleanup(full.Close)
	blobs, err := blob.Open(t.Context(), blob.Config{Endpoint: full.URL, Region: "us-east-1", Bucket: "b", AccessKey: "a", SecretKey: "s"})
	if err != nil {
		t.Fatal(err)
	}
	i := &imports.Import{Tenant: 1, ID: imports.NewID(), Source: imports.Source{Upload: imports.NewID().String()}}
	var r *refusal
	if err := (&server{blobs: blobs}).checkSource(t.Context(), i); !errors.As(err, &r) || r.status != http.StatusInsufficientStorage || r.code != codeStorageFull {
		t.Errorf("got %v, want storage_full", err)
	}
}
