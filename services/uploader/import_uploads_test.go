package uploader

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/postgres"
)

// otherCSV is another file than smallCSV with other columns.
const otherCSV = "会員番号,氏名\r\nB1,上田\r\n"

// atEnd is an upload during whose last moment something else happens.
type atEnd struct {
	io.Reader
	once sync.Once
	do   func()
}

func (a *atEnd) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if err == io.EOF {
		a.once.Do(a.do)
	}
	return n, err
}

// during uploads a file to the import, which is as it is now, while do happens.
func (w *world) during(id, content string, do func()) error {
	w.Helper()
	_, err := w.server.store(w.Context(), w.job(id), &atEnd{Reader: strings.NewReader(content), do: do}, -1)
	return err
}

// stored returns the import's file, of the version that is recorded.
func (w *world) stored(id string) string {
	w.Helper()
	job := w.job(id)
	body, _, err := w.blobs.OpenSource(w.Context(), job.Tenant, id, job.Source.Upload, job.Source.ETag)
	w.must(err)
	defer body.Close()
	text, err := io.ReadAll(body)
	w.must(err)
	return string(text)
}

// wantRefusal checks what a call without HTTP is refused with.
func wantRefusal(w *world, status int, code string, err error) {
	w.Helper()
	if err == nil {
		w.Fatalf("no error, want %d %s", status, code)
	}
	if r := classify(w.Context(), err); r.status != status || r.code != code {
		w.Errorf("%v: %d %s, want %d %s", err, r.status, r.code, status, code)
	}
}

func TestUploadThatEndsAfterTheStartLeavesTheImportAlone(t *testing.T) {
	t.Parallel()
	broken := workbook(t, map[string][][]string{"1": {{"会員番号"}}})[:600]
	for name, c := range map[string]struct {
		content string
		status  int
		code    string
	}{
		"another file":  {otherCSV, http.StatusConflict, codeStarted},
		"the same file": {smallCSV, http.StatusConflict, codeStarted},
		"unreadable":    {broken, http.StatusUnsupportedMediaType, "corrupt_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i := w.uploaded(smallCSV)
			before := w.job(i.ID).Source
			err := w.during(i.ID, c.content, func() {
				want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
				w.must(w.blobs.PutFailures(t.Context(), w.acme.tenant.ID, i.ID, 0, 0, []byte("{}\n")))
			})
			wantRefusal(w, c.status, c.code, err)
			job := w.job(i.ID)
			if job.State != imports.StateRunning || job.Source != before {
				t.Errorf("import is %s with the source %+v, want it running with %+v", job.State, job.Source, before)
			}
			if got := w.stored(i.ID); got != smallCSV {
				t.Errorf("the source is %q", got)
			}
			if n := w.sources(i.ID); n != 1 {
				t.Errorf("%d files are stored, want the import's own", n)
			}
			failures, err := w.blobs.OpenFailures(t.Context(), w.acme.tenant.ID, i.ID, 0, 0)
			w.must(err)
			w.must(failures.Close())
		})
	}
}

// wantWhole checks that the import has one file, that this is what was inspected, and that it can start with it.
func wantWhole(w *world, id string) (content string) {
	w.Helper()
	job, content := w.job(id), w.stored(id)
	var names []string
	for _, c := range want[inspect.Shown](w, http.StatusOK, w.get("/v1/imports/"+id+"/inspection")).Columns {
		names = append(names, c.Header)
	}
	header, _, _ := strings.Cut(content, "\r\n")
	if !slices.Equal(names, strings.Split(header, ",")) || job.Source.Size != int64(len(content)) {
		w.Errorf("inspected %v of %d bytes, stored is %q", names, job.Source.Size, content)
	}
	if n := w.sources(id); n != 1 {
		w.Errorf("%d files are stored, want 1", n)
	}
	started := want[importView](w, http.StatusAccepted, w.start(id, ``))
	if after := w.job(id).Source; after != job.Source || len(started.Mapping) != len(names) {
		w.Errorf("started with %+v and %+v", after, started.Mapping)
	}
	return content
}

func TestOfSimultaneousUploadsOneIsTheSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"a.csv"}`)
	job := w.job(i.ID)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			now := *job
			if _, err := w.server.store(t.Context(), &now, strings.NewReader([]string{smallCSV, otherCSV}[n%2]), -1); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantWhole(w, i.ID)
}

func TestUploadThatEndsLastIsTheSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"a.csv"}`)
	w.must(w.during(i.ID, smallCSV, func() { want[importView](w, http.StatusOK, w.put(i.ID, otherCSV)) }))
	if got := wantWhole(w, i.ID); got != smallCSV {
		t.Errorf("the source is %q, want %q", got, smallCSV)
	}
}

func TestUnreadableUploadKeepsTheOneBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	broken := workbook(t, map[string][][]string{"1": {{"会員番号"}}})[:600]
	wantProblem(w, http.StatusUnsupportedMediaType, "corrupt_file", w.put(i.ID, broken))
	if got := wantWhole(w, i.ID); got != smallCSV {
		t.Errorf("the source is %q, want %q", got, smallCSV)
	}
}

func TestStartIsOvertakenByAnotherUpload(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"another file": otherCSV, "the same file": smallCSV} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i := w.uploaded(smallCSV)
			old := w.job(i.ID) // what a start has read
			want[importView](w, http.StatusOK, w.put(i.ID, content))
			recorded := w.job(i.ID).Source
			_, err := w.server.start(t.Context(), old, &ImportOptions{})
			wantRefusal(w, http.StatusConflict, "source_changed", err)
			old = &imports.Import{Tenant: old.Tenant, ID: old.ID, Options: old.Options, Source: old.Source}
			_, err = w.server.inspectionFor(t.Context(), old, new(false))
			wantRefusal(w, http.StatusConflict, "source_changed", err)
			// Further on, the database finds it.
			inspected := postgres.Inspected{Source: old.Source, Inspection: map[string]any{}}
			if err := w.db.SetInspection(t.Context(), old.Tenant, old.ID, inspected); !errors.Is(err, postgres.ErrConflict) {
				t.Errorf("SetInspection: %v, want %v", err, postgres.ErrConflict)
			}
			settled := postgres.Settled{Options: old.Options, Cut: imports.NewCut(1), Source: old.Source}
			if err := w.db.StartImport(t.Context(), old.Tenant, old.ID, settled); !errors.Is(err, postgres.ErrConflict) {
				t.Errorf("StartImport: %v, want %v", err, postgres.ErrConflict)
			}
			if job := w.job(i.ID); job.State != imports.StateUploaded || job.Source != recorded {
				t.Errorf("import is %s with %+v, want it uploaded with %+v", job.State, job.Source, recorded)
			}
			wantWhole(w, i.ID)
		})
	}
}
