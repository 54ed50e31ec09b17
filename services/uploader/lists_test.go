package uploader

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func (w *world) delete(path string) *answer {
	w.Helper()
	return w.call(http.MethodDelete, path, nil)
}

func TestListsAreCreatedChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post("/v1/lists", `{"name":" 春/会員 ","note":"備考","required":{"name":false}}`)
	made := want[listView](w, http.StatusCreated, a)
	if made.Name != "春/会員" || made.Note != "備考" || !maps.Equal(made.Required, map[string]bool{"name": false}) || made.CreatedAt.IsZero() {
		t.Errorf("made %+v", made)
	}
	path := a.header.Get("Location")
	if path != "/v1/lists/"+url.PathEscape("春/会員") {
		t.Errorf("Location %q", path)
	}
	wantProblem(w, http.StatusConflict, codeExists, w.post("/v1/lists", `{"name":"春/会員"}`))
	changed := want[listView](w, http.StatusOK, w.patch(path, `{"name":"夏","note":"","required":{"email":true}}`))
	if changed.Name != "夏" || changed.Note != "" || !maps.Equal(changed.Required, map[string]bool{"email": true}) {
		t.Errorf("changed to %+v", changed)
	}
	kept := want[listView](w, http.StatusOK, w.patch("/v1/lists/夏", `{"note":"x"}`))
	if kept.Name != "夏" || kept.Note != "x" || !maps.Equal(kept.Required, map[string]bool{"email": true}) {
		t.Errorf("changed to %+v", kept)
	}
	if f := w.field("email", "?list=夏"); !f.Required {
		t.Error("the list's fields do not say what it requires")
	}
	if f := w.field("email", ""); f.Required {
		t.Error("what one list requires, all require")
	}
	wantProblem(w, http.StatusNotFound, codeUnknownList, w.get(path))
	wantProblem(w, http.StatusUnprocessableEntity, codeUnknownList, w.get("/v1/fields?list=nothing"))
	if got := w.delete("/v1/lists/夏"); got.status != http.StatusNoContent {
		t.Errorf("deleted: %d %s", got.status, got.body)
	}
	wantProblem(w, http.StatusNotFound, codeUnknownList, w.get("/v1/lists/夏"))
}

// TestListThatCannotBeReadIsNotSaidToBeUnknown asks while the database does not answer.
func TestListThatCannotBeReadIsNotSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, err := pgx.Connect(t.Context(), w.dbURL)
	w.must(err)
	defer admin.Close(t.Context())
	_, err = admin.Exec(t.Context(), `alter table member_list rename to lost`)
	w.must(err)
	for _, got := range []*answer{w.get("/v1/fields?list=main"), w.post("/v1/imports", `{"file_name":"a.csv"}`)} {
		wantProblem(w, http.StatusInternalServerError, codeInternal, got)
	}
}

func TestWhatAListCannotBeIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want[listView](w, http.StatusCreated, w.post("/v1/lists", `{"name":"a"}`))
	for _, c := range []struct{ body, code, option string }{
		{`{"name":""}`, codeOption, "name"},
		{`{"name":" "}`, codeName, "name"},
		{`{"name":"a\nb"}`, codeName, "name"},
		{`{"name":"` + strings.Repeat("あ", 101) + `"}`, codeOption, "name"},
		{`{"name":"b","required":{"nothing":true}}`, "list_field_unknown", "required"},
		{`{"name":"b","required":{"carrier":true}}`, "list_field_read_only", "required"},
		{`{"name":"b","note":"\u0000"}`, codeOption, "note"},
		{`{}`, codeRequired, "name"},
	} {
		p := wantProblem(w, http.StatusUnprocessableEntity, c.code, w.post("/v1/lists", c.body))
		if p.Errors[0].Option != c.option {
			t.Errorf("%s: %+v", c.body, p)
		}
	}
	wantProblem(w, http.StatusConflict, codeExists, w.patch("/v1/lists/a", `{"name":"main"}`))
	wantProblem(w, http.StatusConflict, codeListMain, w.patch("/v1/lists/main", `{"name":"b"}`))
	wantProblem(w, http.StatusConflict, codeListMain, w.delete("/v1/lists/main"))
	wantProblem(w, http.StatusNotFound, codeUnknownList, w.delete("/v1/lists/nothing"))
	if l := want[listView](w, http.StatusOK, w.patch("/v1/lists/main", `{"required":{"name":false}}`)); l.Required["name"] || len(l.Required) != 1 {
		t.Errorf("main is %+v", l)
	}
	want[importView](w, http.StatusCreated, w.post("/v1/imports", `{"file_name":"a.csv","list":"a"}`))
	wantProblem(w, http.StatusConflict, codeListInUse, w.delete("/v1/lists/a"))
}

func TestImportNeedsWhatItsListRequires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want[listView](w, http.StatusCreated, w.post("/v1/lists", `{"name":"mail","required":{"name":false,"email":true}}`))
	i := w.create(`{"file_name":"a.csv","list":"mail"}`)
	want[importView](w, http.StatusOK, w.put(i.ID, "会員番号,電話番号\nA1,\n"))
	found := w.inspection(i.ID)
	if len(found.Warnings) == 0 || found.Warnings[0].Code != "required_not_mapped" || !strings.Contains(found.Warnings[0].Detail, "E-mail") {
		t.Errorf("warnings %+v", found.Warnings)
	}
	want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	name, _ := w.job(i.ID).Schema.Field("name")
	email, _ := w.job(i.ID).Schema.Field("email")
	if name.Required || !email.Required {
		t.Errorf("name %v, email %v required", name.Required, email.Required)
	}
}
