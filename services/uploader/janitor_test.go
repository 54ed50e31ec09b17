package uploader

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

func (w *world) janitor() *janitor {
	return &janitor{db: w.db, blobs: w.blobs, expiry: time.Hour, log: zap.NewNop()}
}

func (w *world) sweep(j *janitor, before time.Time, want swept) {
	w.Helper()
	got, err := j.sweep(w.Context(), before)
	w.must(err)
	if got != want {
		w.Errorf("swept %+v, want %+v", got, want)
	}
}

func TestJanitorFreesWhatNobodyWillComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := time.Now().Add(-time.Hour) // before anything here was stored
	recorded, under := w.uploaded(smallCSV), w.create(`{"file_name":"under-way.csv"}`)
	w.begin(under.ID)
	w.mustPut(under.ID, 1, smallCSV)
	// A process that died after it stored a file; it was a second one for an import that has one.
	for _, id := range []string{recorded.ID, under.ID} {
		_, err := w.blobs.PutSource(t.Context(), w.acme.tenant.ID, id, strings.NewReader(otherCSV))
		w.must(err)
	}
	w.must(w.blobs.PutFailures(t.Context(), w.acme.tenant.ID, recorded.ID, 0, 0, []byte("{}\n")))

	j := w.janitor()
	for range 3 {
		w.sweep(j, long, swept{}) // all are young
	}
	soon := time.Now().Add(time.Minute)
	w.sweep(j, soon, swept{aborted: 1})
	if n := w.sources(recorded.ID) + w.sources(under.ID); n != 3 {
		t.Fatalf("%d sources, want the 3 that one look does not delete", n)
	}
	w.sweep(j, soon, swept{deleted: 2})
	w.sweep(j, soon, swept{})
	if w.sources(recorded.ID) != 1 || w.sources(under.ID) != 0 || w.stored(recorded.ID) != smallCSV {
		t.Errorf("%d and %d sources, want 1 and 0", w.sources(recorded.ID), w.sources(under.ID))
	}
	wantProblem(w, http.StatusConflict, codeNoUpload, w.get(w.parts(under.ID)))
	// Failed rows of a chunk that was never merged, and of an import that nobody knows.
	ended := w.broken(nil)
	w.must(w.blobs.PutFailures(t.Context(), w.acme.tenant.ID, ended, 0, 1, []byte("{}\n")))
	w.must(w.blobs.PutFailures(t.Context(), w.acme.tenant.ID, imports.NewID().String(), 0, 0, []byte("{}\n")))
	w.sweep(j, soon, swept{})
	w.sweep(j, soon, swept{deleted: 2})
	if report := string(w.get("/v1/imports/" + ended + "/failures.csv").body); !strings.Contains(report, "上田") {
		t.Errorf("report %q", report)
	}
	kept := 0
	for _, err := range w.blobs.ListFailures(t.Context(), w.acme.tenant.ID, recorded.ID) {
		w.must(err)
		kept++
	}
	if kept != 1 {
		t.Error("the failed rows are gone")
	}
}

func TestJanitorLeavesWhatIsRecordedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"members.csv"}`)
	object, err := w.blobs.PutSource(t.Context(), w.acme.tenant.ID, i.ID, strings.NewReader(smallCSV))
	w.must(err)
	j, soon := w.janitor(), time.Now().Add(time.Minute)
	w.sweep(j, soon, swept{})
	job := w.job(i.ID)
	job.Source = imports.Source{Upload: object.Upload, Size: object.Size, SHA256: object.SHA256, ETag: object.ETag, Format: "csv", MaxRows: 10}
	_, err = w.db.SetUploaded(t.Context(), job.Tenant, job.ID, postgres.Inspected{Source: job.Source, Inspection: Inspection{}})
	w.must(err)
	w.sweep(j, soon, swept{})
	w.sweep(j, soon, swept{})
	if w.stored(i.ID) != smallCSV {
		t.Error("the source is gone")
	}
}

func TestJanitorDeletesNothingWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"members.csv"}`)
	_, err := w.blobs.PutSource(t.Context(), w.acme.tenant.ID, i.ID, strings.NewReader(smallCSV))
	w.must(err)
	j, soon := w.janitor(), time.Now().Add(time.Minute)
	w.sweep(j, soon, swept{})
	j.db = postgrestest.New(t)
	j.db.Close()
	if done, err := j.sweep(t.Context(), soon); err == nil || done.deleted != 0 {
		t.Errorf("swept %+v, %v; want an error", done, err)
	}
	j.db = w.db
	w.sweep(j, soon, swept{})
	w.sweep(j, soon, swept{deleted: 1})
}

func TestJanitorWithoutAnExpiryRests(t *testing.T) {
	t.Parallel()
	j := &janitor{log: zap.NewNop()}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := j.run(ctx); err != nil || ctx.Err() != nil {
		t.Errorf("run = %v, %v", err, ctx.Err())
	}
}
