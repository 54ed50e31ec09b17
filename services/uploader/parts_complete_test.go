package uploader

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/nettest"
)

func TestUploadThatIsNotTheFileIsNotRecorded(t *testing.T) {
	t.Parallel()
	whole, first, second := bigCSV()
	for name, c := range map[string]struct {
		parts  map[int]string
		claim  string
		status int
		code   string
	}{
		"nothing":   {nil, `{}`, http.StatusConflict, codePartMissing},
		"gap":       {map[int]string{1: first, 3: second}, `{}`, http.StatusConflict, codePartMissing},
		"first":     {map[int]string{2: second}, `{}`, http.StatusConflict, codePartMissing},
		"small":     {map[int]string{1: first[:1000], 2: second}, `{}`, http.StatusConflict, codePartTooSmall},
		"size":      {map[int]string{1: first, 2: second[1:]}, claim(whole), http.StatusConflict, codeSizeMismatch},
		"order":     {map[int]string{1: first, 2: strings.Replace(second, "青木", "石井", 1)}, claim(whole), http.StatusUnprocessableEntity, codeHashMismatch},
		"etag":      {map[int]string{1: first}, `{"parts":[{"number":1,"etag":"0"}]}`, http.StatusConflict, codePartInvalid},
		"more":      {map[int]string{1: first, 2: second}, `{"parts":[{"number":1,"etag":"0"},{"number":2,"etag":"0"},{"number":3,"etag":"0"}]}`, http.StatusConflict, codePartInvalid},
		"no format": {map[int]string{1: "PK\x03\x04" + first[:1000]}, `{}`, http.StatusUnsupportedMediaType, ""},
		"another":   {map[int]string{1: first}, `{"upload":"0190a1b2-c3d4-7e5f-8a6b-1c2d3e4f5a6b"}`, http.StatusConflict, codeNoUpload},
		"odd":       {map[int]string{1: first}, `{"sha256":"00"}`, http.StatusUnprocessableEntity, codeOption},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i := w.create(`{"file_name":"members.csv"}`)
			w.begin(i.ID)
			p, err := w.blobs.FindParts(t.Context(), w.acme.tenant.ID, i.ID, "")
			w.must(err)
			for number, content := range c.parts { // as a browser: straight to the store
				_, err := w.blobs.PutPart(t.Context(), p, number, int64(len(content)), sha256.Sum256([]byte(content)), strings.NewReader(content))
				w.must(err)
			}
			refused := w.complete(i.ID, c.claim).problem(w)
			if refused.Status != c.status || c.code != "" && refused.Code != c.code || refused.Detail == "" || strings.Contains(refused.Detail, "{number}") || strings.Contains(refused.Detail, "{size}") {
				t.Errorf("refused with %+v", refused)
			}
			if now := w.job(i.ID); now.State != imports.StateCreated || now.Source.Upload != "" {
				t.Errorf("recorded %+v", now.Source)
			}
			if c.code == "" && w.sources(i.ID) != 0 {
				t.Error("the refused file was kept")
			}
		})
	}
}

func TestUploadOfNothingIsAnEmptyFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"members.csv"}`)
	put := want[importView](w, http.StatusOK, w.put(i.ID, ""))
	w.begin(i.ID)
	wantProblem(w, http.StatusConflict, codePartMissing, w.complete(i.ID, `{}`))
	for range 2 {
		done := want[importView](w, http.StatusOK, w.complete(i.ID, `{"size":0}`))
		if done.State != put.State || done.SHA256 != put.SHA256 || done.Size != 0 {
			t.Errorf("got %+v, want as by PUT: %+v", done, put)
		}
	}
	w.begin(i.ID)
	w.mustPut(i.ID, 1, "")
	want[importView](w, http.StatusOK, w.complete(i.ID, `{}`))
	if n := w.sources(i.ID); n != 1 {
		t.Errorf("%d sources", n)
	}
}

func TestCompletionsAtTheSameMomentEndAsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole, first, second := bigCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	w.begin(i.ID)
	w.mustPut(i.ID, 1, first)
	w.mustPut(i.ID, 2, second)
	instances := []string{w.url, w.instance(blobtest.Open(t, w.bucket)), w.instance(blobtest.Open(t, w.bucket))}
	var all sync.WaitGroup
	for n := range 9 {
		all.Go(func() {
			one := *w
			one.url = instances[n%3]
			if a := one.complete(i.ID, claim(whole)); a.status != http.StatusOK {
				t.Errorf("completion %d: %d %s", n, a.status, a.body)
			}
		})
	}
	all.Wait()
	if w.stored(i.ID) != whole || w.sources(i.ID) != 1 {
		t.Errorf("%d sources, or other content", w.sources(i.ID))
	}
}

func TestCompletionGoesOnWhereAnotherBroke(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{true, false} {
		t.Run(fmt.Sprintf("named=%t", named), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			whole, first, second := bigCSV()
			i := w.uploaded(otherCSV) // which the upload is to replace
			begun := w.begin(i.ID)
			w.mustPut(i.ID, 1, first)
			w.mustPut(i.ID, 2, second)
			// The process dies after the parts were put together, and before anything is recorded.
			p, err := w.blobs.FindParts(t.Context(), w.acme.tenant.ID, i.ID, "")
			w.must(err)
			parts, err := w.blobs.ListParts(t.Context(), p)
			w.must(err)
			w.must(w.blobs.CompleteParts(t.Context(), p, parts))
			body := claim(whole)
			if named {
				body = fmt.Sprintf(`{"upload":%q}`, begun.Upload)
			}
			for range 2 {
				if done := want[importView](w, http.StatusOK, w.complete(i.ID, body)); done.SHA256 != hexOf(whole) {
					t.Fatalf("import = %+v", done)
				}
			}
			if w.stored(i.ID) != whole || w.sources(i.ID) != 1 {
				t.Errorf("%d sources, or other content", w.sources(i.ID))
			}
			// A later file is not put back by a late call.
			want[importView](w, http.StatusOK, w.put(i.ID, otherCSV))
			wantProblem(w, http.StatusConflict, codeNoUpload, w.complete(i.ID, `{}`))
			if w.stored(i.ID) != otherCSV {
				t.Error("an older upload has replaced a newer file")
			}
		})
	}
}

func TestCompletionDoesNotNeedItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole, first, second := bigCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	w.begin(i.ID)
	w.mustPut(i.ID, 1, first)
	w.mustPut(i.ID, 2, second)
	cut := nettest.Cut(t, w.url, nil, func(int) int64 { return 0 }) // every answer is lost
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, cut+w.parts(i.ID)+"/complete", strings.NewReader(claim(whole)))
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+w.acme.key)
	req.Header.Set("Content-Type", "application/json")
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Fatal("the answer came")
	}
	eventually(t, func() error {
		if got := w.state(i.ID); got != imports.StateUploaded {
			return fmt.Errorf("state %s", got)
		}
		return nil
	})
	want[importView](w, http.StatusOK, w.complete(i.ID, claim(whole)))
	if w.stored(i.ID) != whole || w.sources(i.ID) != 1 {
		t.Errorf("%d sources, or other content", w.sources(i.ID))
	}
}
