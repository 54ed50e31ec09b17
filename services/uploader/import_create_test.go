package uploader

import (
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
)

func TestCreateFillsInDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post("/v1/imports", `{"file_name":"C:\\data\\会員 一覧.csv"}`)
	i := want[importView](w, http.StatusCreated, a)
	if i.State != imports.StateCreated || i.List != "main" || i.FileName != "会員 一覧.csv" || i.Kind != "member" || i.Mode != "upsert" ||
		i.Key != "member_sn" || i.Blank != "keep" || i.Duplicates != "last" || i.TimeZone != "Asia/Tokyo" || i.Region != "JP" || i.User != "Taro" {
		t.Errorf("import = %+v", i)
	}
	if got := a.header.Get("Location"); got != "/v1/imports/"+i.ID {
		t.Errorf("Location = %q", got)
	}
}

func TestSameIdempotencyKeyGivesTheSameImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := want[importView](w, http.StatusCreated, w.post("/v1/imports", `{"file_name":"a.csv"}`, "Idempotency-Key", "tonight"))
	again := want[importView](w, http.StatusOK, w.post("/v1/imports", `{"file_name":"a.csv"}`, "Idempotency-Key", "tonight"))
	if first.ID != again.ID {
		t.Errorf("second import %s, want %s", again.ID, first.ID)
	}
	again = want[importView](w, http.StatusOK, w.post("/v1/imports", ` { "list": "main", "file_name": "x/a.csv" } `, "Idempotency-Key", "tonight"))
	if first.ID != again.ID {
		t.Errorf("the same said in other words gave %s, want %s", again.ID, first.ID)
	}
	for _, body := range []string{`{"file_name":"b.csv"}`, `{"file_name":"a.csv","mode":"append"}`, `{"file_name":"a.csv","dry_run":true}`} {
		p := wantProblem(w, http.StatusUnprocessableEntity, codeKeyReused, w.post("/v1/imports", body, "Idempotency-Key", "tonight"))
		if p.Errors[0].Option != "Idempotency-Key" {
			t.Errorf("%s: %+v", body, p.Errors)
		}
	}
	w.acme = w.account("other", "en")
	other := want[importView](w, http.StatusCreated, w.post("/v1/imports", `{"file_name":"a.csv"}`, "Idempotency-Key", "tonight"))
	if other.ID == first.ID {
		t.Error("another tenant's key gave this tenant's import")
	}
}

func TestBodyThatIsNoObjectIsRefusedInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, status := range map[string]int{``: 400, `null`: 422, `[]`: 422, `[{"file_name":"a.csv"}]`: 422, `"a"`: 422, `1`: 422} {
		for lang, says := range map[string]string{"ja": "オブジェクト", "en": "JSON object"} {
			p := wantProblem(w, status, codeNotAnObject, w.post("/v1/imports", body, "Accept-Language", lang))
			if len(p.Errors) != 0 || !strings.Contains(p.Detail, says) || strings.Contains(p.Detail, "expected") {
				t.Errorf("%q in %s: %+v", body, lang, p)
			}
		}
	}
	p := wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.form([3]string{"options", "", "[]"}, [3]string{"file", "m.csv", smallCSV}))
	if p.Errors[0].Option != "options" || !strings.Contains(p.Detail, "options") || strings.Contains(p.Detail, "expected") {
		t.Errorf("options that are a list: %+v", p)
	}
}

func TestRequestThatIsNoJSONIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantProblem(w, http.StatusBadRequest, codeMalformed, w.post("/v1/imports", `{"file_name":`))
	wantProblem(w, http.StatusUnsupportedMediaType, codeContentType, w.post("/v1/imports", `a`, "Content-Type", "application/xml"))
	wantProblem(w, http.StatusRequestEntityTooLarge, codeTooLarge, w.post("/v1/imports", `{"file_name":"`+strings.Repeat("a", maxJSON)+`"}`))
	wantProblem(w, http.StatusMethodNotAllowed, codeMethod, w.call(http.MethodDelete, "/v1/imports", nil))
	wantProblem(w, http.StatusNotFound, codeNotFound, w.get("/v1/nothing"))
	p := wantProblem(w, http.StatusUnprocessableEntity, codeUnknownOption, w.get("/v1/imports?page=2"))
	if p.Errors[0].Option != "page" {
		t.Errorf("errors = %+v", p.Errors)
	}
}

func TestOtherTenantsImportIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	w.acme = w.account("other", "en")
	base := "/v1/imports/" + i.ID
	for _, a := range []*answer{
		w.get(base), w.get(base + "/inspection"), w.get(base + "/events"), w.get(base + "/failures"), w.get(base + "/failures.csv"),
		w.post(base+"/start", `{}`), w.post(base+"/cancel", ``), w.put(i.ID, smallCSV),
	} {
		wantProblem(w, http.StatusNotFound, codeNotFound, a)
	}
	page := want[importPage](w, http.StatusOK, w.get("/v1/imports"))
	if len(page.Items) != 0 {
		t.Errorf("%d imports of another tenant", len(page.Items))
	}
}

func TestImportsComeInPagesTheNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made []string
	for range 5 {
		made = append([]string{w.create(`{"file_name":"a.csv"}`).ID}, made...)
	}
	var got []string
	for cursor := ""; ; {
		page := want[importPage](w, http.StatusOK, w.get("/v1/imports?limit=2&cursor="+cursor))
		for _, i := range page.Items {
			got = append(got, i.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if strings.Join(got, " ") != strings.Join(made, " ") {
		t.Errorf("imports %v, want %v", got, made)
	}
	for _, query := range []string{"cursor=%21", "cursor=AAAA", "limit=0", "limit=201", "limit=x"} {
		p := wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.get("/v1/imports?"+query))
		if name, _, _ := strings.Cut(query, "="); p.Errors[0].Option != name || strings.Contains(p.Errors[0].Detail, "expected") {
			t.Errorf("%s: %+v", query, p.Errors)
		}
	}
}

// form returns a multipart body of the parts, which are name, file name and content.
func multipartForm(parts ...[3]string) (body, contentType string) {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--xyz\r\nContent-Disposition: form-data; name=\"" + p[0] + `"`)
		if p[1] != "" {
			b.WriteString(`; filename="` + p[1] + `"`)
		}
		b.WriteString("\r\n\r\n" + p[2] + "\r\n")
	}
	return b.String() + "--xyz--\r\n", "multipart/form-data; boundary=xyz"
}

func (w *world) form(parts ...[3]string) *answer {
	body, contentType := multipartForm(parts...)
	return w.post("/v1/imports", body, "Content-Type", contentType)
}

func TestFormCreatesUploadsAndStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := want[importView](w, http.StatusCreated, w.form([3]string{"options", "", `{"map":{"備考":"city"}}`}, [3]string{"file", "m.csv", smallCSV}))
	if i.State != imports.StateRunning || i.FileName != "m.csv" || i.Mapping[4].Field != "city" || i.Size != int64(len(smallCSV)) {
		t.Errorf("import = %+v", i)
	}
	i = want[importView](w, http.StatusCreated, w.form([3]string{"file", "m.csv", smallCSV}, [3]string{"start", "", "false"}))
	if i.State != imports.StateUploaded {
		t.Errorf("state = %s, want uploaded", i.State)
	}
}

func TestFormOutOfOrderIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := [3]string{"file", "m.csv", smallCSV}
	for _, c := range []struct {
		status int
		code   string
		parts  [][3]string
	}{
		{422, codeRequired, nil},
		{422, codePartOrder, [][3]string{file, {"options", "", "{}"}}},
		{422, codePartOrder, [][3]string{file, file}},
		{422, codeUnknownPart, [][3]string{{"fiel", "m.csv", smallCSV}}},
		{422, codeOption, [][3]string{{"options", "", `{"mode":"merge"}`}, file}},
		{400, codeMalformed, [][3]string{{"options", "", `{`}, file}},
		{415, "format_unsupported", [][3]string{{"file", "m.pdf", "%PDF-1.7\n"}}},
		{422, "key_not_mapped", [][3]string{{"file", "m.csv", "氏名\nあ\n"}}},
	} {
		wantProblem(w, c.status, c.code, w.form(c.parts...))
	}
	body, contentType := multipartForm(file)
	wantProblem(w, http.StatusBadRequest, codeIncomplete, w.post("/v1/imports", body[:len(body)-20], "Content-Type", contentType))

	// Their senders know of no import, so none waits for a file or a start.
	for _, i := range want[importPage](w, http.StatusOK, w.get("/v1/imports?limit=100")).Items {
		if i.State != imports.StateCancelled {
			t.Errorf("%s is left %s", i.FileName, i.State)
		}
	}
}

func TestRefusedFormWithAKeyIsGoneOnWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body, contentType := multipartForm([3]string{"file", "m.pdf", "%PDF-1.7\n"})
	wantProblem(w, http.StatusUnsupportedMediaType, "format_unsupported",
		w.post("/v1/imports", body, "Content-Type", contentType, "Idempotency-Key", "k"))
	body, contentType = multipartForm([3]string{"file", "m.csv", smallCSV})
	i := want[importView](w, http.StatusCreated, w.post("/v1/imports", body, "Content-Type", contentType, "Idempotency-Key", "k"))
	if i.State != imports.StateRunning {
		t.Errorf("the import is %s, want running", i.State)
	}
}

func TestFormWithTheSameKeyTakesUpWhereTheOtherStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := want[importView](w, http.StatusCreated, w.post("/v1/imports", `{"file_name":"a.csv"}`, "Idempotency-Key", "k"))
	body, contentType := multipartForm([3]string{"options", "", `{"file_name":"a.csv"}`}, [3]string{"file", "m.csv", smallCSV})
	for range 2 {
		again := want[importView](w, http.StatusCreated, w.post("/v1/imports", body, "Content-Type", contentType, "Idempotency-Key", "k"))
		if again.ID != i.ID || again.State != imports.StateRunning {
			t.Errorf("import %s %s, want %s running", again.ID, again.State, i.ID)
		}
	}
	// Another file is not taken for the one that is imported.
	body, contentType = multipartForm([3]string{"options", "", `{"file_name":"a.csv"}`}, [3]string{"file", "m.csv", smallCSV + "A3,上田,,,\r\n"})
	wantProblem(w, http.StatusUnprocessableEntity, codeKeyReused, w.post("/v1/imports", body, "Content-Type", contentType, "Idempotency-Key", "k"))
}

func TestPanicIsAProblemAndNotABrokenConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := *w.server
	s.db, s.log = nil, zap.NewNop()
	w.url = newHTTP(t, s.routes("https://meibo.example.com"))
	wantProblem(w, http.StatusInternalServerError, codeInternal, w.get("/v1/me"))
}
