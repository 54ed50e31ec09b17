package uploader

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/relay"
)

// bigCSV is a file of two parts, of which the second one is short.
func bigCSV() (whole, first, second string) {
	var b strings.Builder
	b.WriteString("会員番号,氏名\r\n")
	for n := 0; b.Len() <= blob.MinPart+1000; n++ {
		fmt.Fprintf(&b, "A%d,青木 %d\r\n", n, n)
	}
	whole = b.String()
	return whole, whole[:blob.MinPart], whole[blob.MinPart:]
}

// instance starts another uploader of the same installation and returns where it answers.
func (w *world) instance(store *blob.Store) string {
	w.Helper()
	log := zaptest.NewLogger(w.T)
	s, err := newServer("https://meibo.example.com", w.db, w.queue, store, relay.New(w.db, w.queue, log), log)
	w.must(err)
	h := httptest.NewServer(s.router)
	w.Cleanup(h.Close)
	return h.URL
}

func (w *world) parts(id string) string { return "/v1/imports/" + id + "/parts" }

func (w *world) begin(id string) begunView {
	w.Helper()
	a := w.post(w.parts(id), "{}")
	if a.status != http.StatusCreated && a.status != http.StatusOK {
		w.Fatalf("begin: %d %s", a.status, a.body)
	}
	var v begunView
	a.into(w, &v)
	return v
}

func (w *world) putPart(id string, number int, content string, headers ...string) *answer {
	w.Helper()
	return w.call(http.MethodPut, fmt.Sprintf("%s/%d", w.parts(id), number), strings.NewReader(content), headers...)
}

func (w *world) mustPut(id string, number int, content string, headers ...string) partView {
	w.Helper()
	return want[partView](w, http.StatusOK, w.putPart(id, number, content, headers...))
}

func (w *world) complete(id, body string) *answer {
	w.Helper()
	return w.post(w.parts(id)+"/complete", body)
}

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func hexOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// claim says all that can be said of a file.
func claim(content string) string {
	return fmt.Sprintf(`{"size":%d,"sha256":%q}`, len(content), hexOf(content))
}

func TestUploadByPartsGoesOnAtAnyInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole, first, second := bigCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	a, b, c := w.url, w.instance(w.blobs), w.instance(blobtest.Open(t, w.bucket))
	begun := w.begin(i.ID)
	if begun.PartSize != 8<<20 || begun.Direct || len(begun.Parts) != 0 || begun.Parts == nil {
		t.Errorf("begun = %+v", begun)
	}
	w.mustPut(i.ID, 1, "wrong, and replaced by B")

	w.url = b
	resumed := w.begin(i.ID)
	if resumed.Upload != begun.Upload || len(resumed.Parts) != 1 {
		t.Errorf("resumed %+v, want %s", resumed, begun.Upload)
	}
	sum := md5.Sum([]byte(first))
	if got, want := w.mustPut(i.ID, 1, first, "Content-Digest", digestOf(first)), (partView{1, blob.MinPart, hex.EncodeToString(sum[:])}); got != want {
		t.Errorf("part = %+v, want %+v", got, want)
	}
	w.mustPut(i.ID, 2, second)

	w.url = c
	list := want[partsView](w, http.StatusOK, w.get(w.parts(i.ID)))
	if list.Size != int64(len(whole)) || len(list.Parts) != 2 {
		t.Errorf("parts = %+v", list)
	}
	done := want[importView](w, http.StatusOK, w.complete(i.ID, claim(whole)))
	if done.State != imports.StateUploaded || done.Size != int64(len(whole)) || done.SHA256 != hexOf(whole) {
		t.Errorf("import = %+v", done)
	}
	if w.stored(i.ID) != whole || w.sources(i.ID) != 1 {
		t.Errorf("%d sources, or other content", w.sources(i.ID))
	}
	found := want[Inspection](w, http.StatusOK, w.get("/v1/imports/"+i.ID+"/inspection"))
	if len(found.Columns) != 2 || found.Columns[0].Header != "会員番号" {
		t.Errorf("inspection = %+v", found)
	}
	w.url = a
	want[importView](w, http.StatusAccepted, w.post("/v1/imports/"+i.ID+"/start", "{}"))
	// The answer of the completion may have been lost until now.
	if again := want[importView](w, http.StatusOK, w.complete(i.ID, fmt.Sprintf(`{"upload":%q}`, begun.Upload))); again.SHA256 != done.SHA256 {
		t.Errorf("completed again after the start: %+v", again)
	}
	wantProblem(w, http.StatusConflict, codeStarted, w.complete(i.ID, "{}"))
}

func TestPartSizeFollowsTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"members.csv"}`)
	for body, size := range map[string]int64{
		`{"size":1000}`: 8 << 20, `{"size":1000,"part_size":5242880}`: 5 << 20, `{"size":1099511627776}`: 105 << 20,
	} {
		a := w.post(w.parts(i.ID), body)
		var v begunView
		if a.into(w, &v); v.PartSize != size {
			t.Errorf("%s: part_size %d, want %d: %s", body, v.PartSize, size, a.body)
		}
	}
	if a := w.call(http.MethodPost, w.parts(i.ID), nil); a.status != http.StatusOK {
		t.Errorf("without a body: %d %s", a.status, a.body)
	}
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.post(w.parts(i.ID), `{"part_size":1000}`))
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.post(w.parts(i.ID), `{"size":9000000000000}`))
}

func TestPartThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"members.csv"}`)
	wantProblem(w, http.StatusConflict, codeNoUpload, w.putPart(i.ID, 1, smallCSV))
	w.begin(i.ID)
	wantProblem(w, http.StatusUnprocessableEntity, codeDigestMismatch, w.putPart(i.ID, 1, smallCSV, "Content-Digest", digestOf(otherCSV)))
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.putPart(i.ID, 1, smallCSV, "Content-Digest", "sha-256=:AAAA:"))
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.putPart(i.ID, 0, smallCSV))
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.putPart(i.ID, 10_001, smallCSV))
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.call(http.MethodPut, w.parts(i.ID)+"/one", strings.NewReader("a")))
	wantProblem(w, http.StatusUnsupportedMediaType, codeContentEncoding, w.putPart(i.ID, 1, smallCSV, "Content-Encoding", "gzip"))
	wantProblem(w, http.StatusUnsupportedMediaType, "format_unsupported", w.putPart(i.ID, 1, "%PDF-1.7\n"))
	wantProblem(w, http.StatusLengthRequired, codeLengthRequired,
		w.call(http.MethodPut, w.parts(i.ID)+"/1", io.MultiReader(strings.NewReader(smallCSV))))
	if list := want[partsView](w, http.StatusOK, w.get(w.parts(i.ID))); len(list.Parts) != 0 {
		t.Errorf("stored %+v", list)
	}
	// Algorithms that are not known are not checked.
	w.mustPut(i.ID, 1, smallCSV, "Content-Digest", "sha-512=:AAAA:, "+digestOf(smallCSV))
}

func TestBrokenConnectionLeavesNoPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first, _ := bigCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	w.begin(i.ID)
	for _, headers := range [][]string{nil, {"Content-Digest", digestOf(first)}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.url+w.parts(i.ID)+"/1",
			io.MultiReader(strings.NewReader(first[:1<<20]), errorReader{}))
		w.must(err)
		req.ContentLength = int64(len(first))
		req.Header.Set("Authorization", "Bearer "+w.acme.key)
		for n := 0; n < len(headers); n += 2 {
			req.Header.Set(headers[n], headers[n+1])
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			t.Fatalf("status %d", res.StatusCode)
		}
		if list := want[partsView](w, http.StatusOK, w.get(w.parts(i.ID))); len(list.Parts) != 0 {
			t.Errorf("stored %+v", list)
		}
	}
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestSignedAddressesTakeParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole, first, second := bigCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	w.begin(i.ID)
	ask := `{"numbers":[1,2]}`
	wantProblem(w, http.StatusConflict, codeNotDirect, w.post(w.parts(i.ID)+"/urls", ask))
	public := w.bucket
	public.PublicEndpoint = public.Endpoint
	w.url = w.instance(blobtest.Open(t, public))
	if !w.begin(i.ID).Direct {
		t.Error("direct is not offered")
	}
	var signed struct {
		Items []signedView
	}
	w.post(w.parts(i.ID)+"/urls", ask).into(w, &signed)
	for n, content := range []string{first, second} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, signed.Items[n].URL, strings.NewReader(content))
		w.must(err)
		res, err := http.DefaultClient.Do(req)
		w.must(err)
		res.Body.Close()
		if res.StatusCode != http.StatusOK || signed.Items[n].Number != n+1 {
			t.Errorf("part %+v: status %d", signed.Items[n], res.StatusCode)
		}
	}
	if done := want[importView](w, http.StatusOK, w.complete(i.ID, claim(whole))); done.SHA256 != hexOf(whole) {
		t.Errorf("import = %+v", done)
	}
	for _, body := range []string{`{"numbers":[0]}`, `{"numbers":[10001]}`, `{"numbers":[]}`} {
		wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.post(w.parts(i.ID)+"/urls", body))
	}
}

func TestAbortedUploadIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"members.csv"}`)
	first := w.begin(i.ID)
	w.mustPut(i.ID, 1, smallCSV)
	for range 2 {
		if a := w.call(http.MethodDelete, w.parts(i.ID), nil); a.status != http.StatusNoContent {
			t.Errorf("abort: %d %s", a.status, a.body)
		}
	}
	wantProblem(w, http.StatusConflict, codeNoUpload, w.get(w.parts(i.ID)))
	wantProblem(w, http.StatusConflict, codeNoUpload, w.complete(i.ID, `{}`))
	if next := w.begin(i.ID); next.Upload == first.Upload || len(next.Parts) != 0 {
		t.Errorf("begun again: %+v", next)
	}
}

func TestPartsAreForImportsThatWaitAndForTheirOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	w.begin(i.ID)
	calls := map[string]func() *answer{
		"begin":    func() *answer { return w.post(w.parts(i.ID), `{}`) },
		"list":     func() *answer { return w.get(w.parts(i.ID)) },
		"put":      func() *answer { return w.putPart(i.ID, 1, smallCSV) },
		"urls":     func() *answer { return w.post(w.parts(i.ID)+"/urls", `{"numbers":[1]}`) },
		"complete": func() *answer { return w.complete(i.ID, `{}`) },
		"abort":    func() *answer { return w.call(http.MethodDelete, w.parts(i.ID), nil) },
	}
	own := w.acme
	w.acme = w.account("beta", "en")
	for name, call := range calls {
		t.Log(name)
		wantProblem(w, http.StatusNotFound, codeNotFound, call())
	}
	w.acme = own
	want[importView](w, http.StatusAccepted, w.post("/v1/imports/"+i.ID+"/start", "{}"))
	for name, call := range calls {
		t.Log(name)
		wantProblem(w, http.StatusConflict, codeStarted, call())
	}
	if strings.Contains(string(w.get("/v1/imports/"+i.ID).body), `"sha256":""`) {
		t.Error("the import has lost its source")
	}
}

func TestPartsAreDescribedWithTheirForms(t *testing.T) {
	t.Parallel()
	_, raw := document(t)
	for _, form := range []string{"BeginParts", "Completion", "SignParts"} {
		if !json.Valid([]byte(raw)) || !strings.Contains(raw, `"`+form) {
			t.Errorf("the document has no %s", form)
		}
	}
}
