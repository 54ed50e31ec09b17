package uploader

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/member"
)

func newHTTP(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestUploadIsInspected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded("\uFEFF" + smallCSV)
	sum := sha256.Sum256([]byte("\uFEFF" + smallCSV))
	if i.State != imports.StateUploaded || i.SHA256 != hex.EncodeToString(sum[:]) || i.UploadedAt == nil {
		t.Errorf("import = %+v", i)
	}
	found := want[inspect.Shown](w, http.StatusOK, w.get("/v1/imports/"+i.ID+"/inspection"))
	if found.Format != "csv" || found.Encoding != "UTF-8" || found.Delimiter != "," || !found.Header || found.MaxRows < 2 {
		t.Errorf("inspection = %+v", found)
	}
	suggested := []member.Column{
		{Header: "会員番号", Field: "member_sn"},
		{Header: "氏名", Field: "name"},
		{Header: "メールアドレス", Field: "email"},
		{Header: "配信停止", Field: "is_subscriber", Inverted: true},
		{Header: "備考"},
	}
	if !slices.Equal(found.Suggested, suggested) {
		t.Errorf("suggested = %+v, want %+v", found.Suggested, suggested)
	}
	if c := found.Columns[2]; c.Header != "メールアドレス" || c.FillRate != 0.5 || !slices.Equal(c.Samples, []string{"a@example.jp"}) {
		t.Errorf("column = %+v", c)
	}
	if len(found.Sample) != 2 || found.Sample[1][1] != "石井" {
		t.Errorf("sample = %v", found.Sample)
	}
}

func TestInspectionBeforeUploadIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"a.csv"}`)
	wantProblem(w, http.StatusConflict, codeNotUploaded, w.get("/v1/imports/"+i.ID+"/inspection"))
	wantProblem(w, http.StatusConflict, codeNotUploaded, w.post("/v1/imports/"+i.ID+"/start", `{}`))
}

func TestFileWithoutHeaderIsCalledByNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded("A1;青木;a@example.jp\nA2;石井;b@example.jp\n")
	found := want[inspect.Shown](w, http.StatusOK, w.get("/v1/imports/"+i.ID+"/inspection"))
	if found.Header || found.Delimiter != ";" || len(found.Columns) != 3 || found.Columns[2].Header != "3" || len(found.Sample) != 2 {
		t.Errorf("inspection = %+v", found)
	}
}

func TestFaultyFirstRowsAreWarnings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded("会員番号,氏名\nA1,あ\xff\nA2,い\n")
	found := want[inspect.Shown](w, http.StatusOK, w.get("/v1/imports/"+i.ID+"/inspection"))
	if len(found.Warnings) != 1 || found.Warnings[0].Code != "undecodable" || len(found.Sample) != 1 {
		t.Errorf("warnings = %+v, sample = %v", found.Warnings, found.Sample)
	}
}

// workbook returns the least of an XLSX: one sheet, or two, of inline texts.
func workbook(t *testing.T, sheets map[string][][]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	part := func(name, content string) {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, content)
	}
	names := make([]string, 0, len(sheets))
	for name := range sheets {
		names = append(names, name)
	}
	slices.Sort(names)
	var list, relations strings.Builder
	for n, name := range names {
		id := string(rune('1' + n))
		list.WriteString(`<sheet name="` + name + `" sheetId="` + id + `" r:id="rId` + id + `"/>`)
		relations.WriteString(`<Relationship Id="rId` + id + `" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet` + id + `.xml"/>`)
		var rows strings.Builder
		for _, row := range sheets[name] {
			rows.WriteString("<row>")
			for _, cell := range row {
				rows.WriteString(`<c t="inlineStr"><is><t>` + cell + `</t></is></c>`)
			}
			rows.WriteString("</row>")
		}
		part("xl/worksheets/sheet"+id+".xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`+rows.String()+`</sheetData></worksheet>`)
	}
	part("[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`)
	part("_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	part("xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+relations.String()+`</Relationships>`)
	part("xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>`+list.String()+`</sheets></workbook>`)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWorkbookIsInspectedBySheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"a.xlsx","sheet":"名簿"}`)
	book := workbook(t, map[string][][]string{"1月": {{"会員番号", "氏名"}, {"A1", "青木"}}, "2月": {{"会員番号", "メールアドレス", "氏名"}, {"B1", "b@example.jp", "石井"}}})
	want[importView](w, http.StatusOK, w.put(i.ID, book))
	base := "/v1/imports/" + i.ID
	found := want[inspect.Shown](w, http.StatusOK, w.get(base+"/inspection"))
	if found.Format != "xlsx" || found.Sheet != "1月" || !slices.Equal(found.Sheets, []string{"1月", "2月"}) || !found.Header || len(found.Columns) != 2 {
		t.Errorf("inspection = %+v", found)
	}
	if len(found.Warnings) != 1 || found.Warnings[0].Code != "sheet_missing" {
		t.Errorf("warnings = %+v, want that there is no such sheet", found.Warnings)
	}
	p := wantProblem(w, http.StatusUnprocessableEntity, "sheet_missing", w.post(base+"/start", ``))
	if p.Errors[0].Option != "sheet" || w.sources(i.ID) != 1 {
		t.Errorf("errors = %+v", p.Errors)
	}
	started := want[importView](w, http.StatusAccepted, w.post(base+"/start", `{"sheet":"2月"}`))
	if len(started.Mapping) != 3 || started.Mapping[1].Field != "email" {
		t.Errorf("mapping = %+v", started.Mapping)
	}
}

func TestWorkbookWithoutHeaderIsAsWideAsItsRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(workbook(t, map[string][][]string{"1": {{"A1", "青木"}, {"A2", "石井", "090-1234-5678"}}}))
	found := want[inspect.Shown](w, http.StatusOK, w.get("/v1/imports/"+i.ID+"/inspection"))
	if found.Header || len(found.Columns) != 3 {
		t.Errorf("columns = %+v, want 3 by number", found.Columns)
	}
}

func TestWhatIsNoTableIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ name, content, code, says string }{
		{"PDF", "%PDF-1.7\n%âãÏÓ\n" + strings.Repeat("1 0 obj\n", 20000), "format_unsupported", "PDF"},
		{"XLS", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 4096), "format_unsupported", ".xls"},
		{"PNG", "\x89PNG\r\n\x1a\n" + strings.Repeat("\x01\x00", 100), "not_a_table", "XLSX"},
		{"HTML", "<!DOCTYPE html><html><body><table>", "format_unsupported", "HTML"},
		{"broken gzip", "\x1f\x8b\x08\x00\x00", "corrupt_file", "gzip"},
		{"broken XLSX", workbook(t, map[string][][]string{"1": {{"会員番号"}}})[:600], "corrupt_file", "保存"},
	} {
		i := w.create(`{"file_name":"a"}`)
		a := w.call(http.MethodPut, "/v1/imports/"+i.ID+"/source", strings.NewReader(c.content), "Accept-Language", "ja")
		p := a.problem(w)
		if p.Status != http.StatusUnsupportedMediaType || p.Code != c.code {
			t.Errorf("%s: %+v, want 415 %s", c.name, p, c.code)
		}
		if !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s: %q, want it to say %q", c.name, p.Detail, c.says)
		}
		if w.state(i.ID) != imports.StateCreated || w.sources(i.ID) != 0 {
			t.Errorf("%s: something is left of it", c.name)
		}
	}
	i := w.create(`{"file_name":"a"}`)
	wantProblem(w, http.StatusUnsupportedMediaType, codeContentEncoding,
		w.call(http.MethodPut, "/v1/imports/"+i.ID+"/source", strings.NewReader("x"), "Content-Encoding", "gzip"))
}

func TestUploadAfterTheStartIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded("会員番号,氏名\nX,Y\n")
	want[importView](w, http.StatusOK, w.put(i.ID, smallCSV)) // another file before the start
	want[importView](w, http.StatusAccepted, w.post("/v1/imports/"+i.ID+"/start", ``))
	wantProblem(w, http.StatusConflict, codeStarted, w.put(i.ID, smallCSV))
	wantProblem(w, http.StatusConflict, codeStarted, w.post("/v1/imports/"+i.ID+"/start", `{}`))
}

// endless gives rows until it has given size bytes or the test takes it away.
type endless struct {
	left   int64
	broken error
	read   atomic.Int64
}

var line = []byte("A0000001,青木 太郎,taro.aoki@example.jp,0,東京都千代田区\r\n")

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		if e.broken != nil {
			return 0, e.broken
		}
		return 0, io.EOF
	}
	n := 0
	for n+len(line) <= len(p) && int64(n) < e.left {
		n += copy(p[n:], line)
	}
	if n == 0 {
		n = copy(p, line)
	}
	e.left -= int64(n)
	e.read.Add(int64(n))
	return n, nil
}

// grown returns by how many bytes the memory of the process grows while f runs, at most.
func grown(f func()) int64 {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak uint64
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return int64(peak) - int64(before.HeapInuse)
}

// Not parallel: it measures the memory of the process.
func TestLargeUploadIsStreamedInBoundedMemory(t *testing.T) {
	w := newWorld(t)
	i := w.create(`{"file_name":"large.csv"}`)
	const size = 192 << 20
	var a *answer
	more := grown(func() {
		a = w.call(http.MethodPut, "/v1/imports/"+i.ID+"/source", io.MultiReader(strings.NewReader("会員番号,氏名,メールアドレス,配信停止,備考\r\n"), &endless{left: size}))
	})
	up := want[importView](w, http.StatusOK, a)
	if up.Size < size || up.State != imports.StateUploaded {
		t.Errorf("import = %+v", up)
	}
	if more > 96<<20 {
		t.Errorf("memory has grown by %d MiB for a file of %d MiB", more>>20, size>>20)
	}
}

func TestUploadThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"large.csv"}`)
	source := &endless{left: 24 << 20, broken: errors.New("the cable is out")}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.url+"/v1/imports/"+i.ID+"/source", source)
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+w.acme.key)
	if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
		res.Body.Close()
		t.Fatalf("status %d for an upload that broke off", res.StatusCode)
	}
	if w.state(i.ID) != imports.StateCreated || w.sources(i.ID) != 0 {
		t.Error("something is left of the upload")
	}
	want[importView](w, http.StatusOK, w.put(i.ID, smallCSV))
}
