package uploader

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/postgres"
)

func (w *world) limit(change func(*postgres.Limits)) {
	w.Helper()
	_, err := w.db.UpdateLimits(w.Context(), w.acme.tenant.ID, change)
	w.must(err)
}

// TestFilesBeyondTheStorageAreRefused sends files for which there is no room, in every way in which files come.
func TestFilesBeyondTheStorageAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept := w.uploaded(smallCSV)
	used := int64(len(smallCSV))
	w.limit(func(l *postgres.Limits) { l.Storage = new(used + 100) })
	large := smallCSV + strings.Repeat("A3,上田,,0,\r\n", 10)
	i := w.create(`{"file_name":"members.csv"}`)
	parts := "/v1/imports/" + i.ID + "/parts"
	refused := func(a *answer) {
		t.Helper()
		p := wantProblem(w, http.StatusUnprocessableEntity, codeStorageLimit, a)
		if p.Limit == nil || p.Limit.Limit != used+100 || p.Limit.Used != used || p.Limit.FreeAt != nil {
			t.Errorf("limit %+v", p.Limit)
		}
	}
	refused(w.put(i.ID, large))
	refused(w.call(http.MethodPut, "/v1/imports/"+i.ID+"/source", io.MultiReader(strings.NewReader(large)))) // of unknown length
	refused(w.post(parts, `{"size":1000}`))
	want[begunView](w, http.StatusCreated, w.post(parts, `{}`))
	refused(w.call(http.MethodPut, parts+"/1", strings.NewReader(large)))
	refused(w.post(parts+"/urls", `{"numbers":[2]}`)) // no file of two parts can be so small
	if n := w.sources(i.ID); n != 0 {
		t.Errorf("%d files of it are stored", n)
	}
	// What came while there was room is not put together where there is none any more; with room, it is.
	w.limit(func(l *postgres.Limits) { l.Storage = nil })
	want[partView](w, http.StatusOK, w.call(http.MethodPut, parts+"/1", strings.NewReader(large)))
	w.limit(func(l *postgres.Limits) { l.Storage = new(used + 100) })
	refused(w.post(parts+"/complete", `{}`))
	want[importView](w, http.StatusOK, w.put(kept.ID, large[:used+100])) // in the place of the one before
	w.limit(func(l *postgres.Limits) { l.Storage = nil })
	want[importView](w, http.StatusOK, w.post(parts+"/complete", `{}`))
	me := want[struct {
		Limits limitsView
		Usage  usageView
	}](w, http.StatusOK, w.get("/v1/me"))
	if me.Limits != (limitsView{}) || me.Usage.StorageBytes != used+100+int64(len(large)) {
		t.Errorf("limits %+v, usage %+v", me.Limits, me.Usage)
	}
}

// TestRowsBeyondTheDaysAreRefused starts imports until the rows of the day are used up, and as many as may run.
func TestRowsBeyondTheDaysAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limit(func(l *postgres.Limits) { l.RowsPerDay, l.Running = new(int64(3)), new(int64(1)) })
	first, second := w.uploaded(smallCSV), w.uploaded(smallCSV)
	want[importView](w, http.StatusAccepted, w.post("/v1/imports/"+first.ID+"/start", `{}`))
	for _, lang := range []string{"ja", "en"} {
		a := w.post("/v1/imports/"+second.ID+"/start", `{}`, "Accept-Language", lang)
		p := wantProblem(w, http.StatusTooManyRequests, codeRowsPerDay, a)
		if p.Limit == nil || p.Limit.Limit != 3 || p.Limit.Used != 2 || p.Limit.Needed != 2 || p.Limit.FreeAt == nil || a.header.Get("Retry-After") == "" || strings.Contains(p.Detail, "{") {
			t.Errorf("limit %+v, Retry-After %q: %s", p.Limit, a.header.Get("Retry-After"), p.Detail)
		}
	}
	i := want[importView](w, http.StatusAccepted, w.post("/v1/imports/"+second.ID+"/start", `{"dry_run":true}`))
	i = want[importView](w, http.StatusOK, w.get("/v1/imports/"+i.ID))
	if i.State != "queued" || len(i.Warnings) == 0 || i.Warnings[len(i.Warnings)-1].Code != codeRunningLimit {
		t.Errorf("import is %s with warnings %+v, want that it waits for the other one", i.State, i.Warnings)
	}
}
