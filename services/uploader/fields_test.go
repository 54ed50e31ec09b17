package uploader

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

func (w *world) patch(path, body string) *answer {
	w.Helper()
	return w.call(http.MethodPatch, path, strings.NewReader(body), "Content-Type", "application/json")
}

// field returns a field as the list shows it.
func (w *world) field(key, query string) *fieldView {
	w.Helper()
	all := want[struct{ Items []fieldView }](w, http.StatusOK, w.get("/v1/fields"+query)).Items
	at := slices.IndexFunc(all, func(f fieldView) bool { return f.Key == key })
	if at < 0 {
		return nil
	}
	return &all[at]
}

const shoeField = `{"key":"shoe_size","type":"number","label":{"ja":"靴のサイズ"},"synonyms":["足"]}`

func TestFieldsAreCreatedChangedAndRetired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post("/v1/fields", shoeField)
	made := want[fieldView](w, http.StatusCreated, a)
	if !made.Custom || made.Type != "number" || made.Label.JA != "靴のサイズ" || a.header.Get("Location") != "/v1/fields/shoe_size" {
		t.Errorf("made %+v at %q", made, a.header.Get("Location"))
	}
	wantProblem(w, http.StatusConflict, codeExists, w.post("/v1/fields", shoeField))
	changed := want[fieldView](w, http.StatusOK, w.patch("/v1/fields/shoe_size", `{"label":{"ja":"足の長さ","en":"Foot"},"required":true}`))
	if changed.Label != (member.Text{JA: "足の長さ", EN: "Foot"}) || !changed.Required || !slices.Equal(changed.Synonyms, []string{"足"}) {
		t.Errorf("changed to %+v", changed)
	}
	if f := w.field("shoe_size", ""); f == nil || f.Label.EN != "Foot" {
		t.Errorf("listed as %+v", f)
	}
	retired := want[fieldView](w, http.StatusOK, w.post("/v1/fields/shoe_size/retire", ``))
	if !retired.Retired || w.field("shoe_size", "") != nil || w.field("shoe_size", "?retired=true") == nil {
		t.Errorf("retired %+v", retired)
	}
	if f := want[fieldView](w, http.StatusOK, w.get("/v1/fields/shoe_size")); !f.Retired {
		t.Errorf("read as %+v", f)
	}
	want[fieldView](w, http.StatusOK, w.patch("/v1/fields/shoe_size", `{"retired":false}`))
	if w.field("shoe_size", "") == nil {
		t.Error("the field is not back")
	}
	if f := want[fieldView](w, http.StatusOK, w.get("/v1/fields/email")); f.Custom || !f.MergeKey || f.MaxLength != 254 {
		t.Errorf("a standard field is %+v", f)
	}
	for path, code := range map[string]string{"/v1/fields/email": codeStandardField, "/v1/fields/nothing": codeNotFound} {
		if p := w.patch(path, `{"label":{"ja":"x"}}`).problem(w); p.Code != code {
			t.Errorf("%s: %+v", path, p)
		}
	}
	wantProblem(w, http.StatusNotFound, codeNotFound, w.get("/v1/fields/nothing"))
	w.acme = w.account("other", "en")
	if w.field("shoe_size", "?retired=true") != nil {
		t.Error("another tenant has the field")
	}
	wantProblem(w, http.StatusNotFound, codeNotFound, w.get("/v1/fields/shoe_size"))
}

func TestWhatAFieldCannotBeIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want[fieldView](w, http.StatusCreated, w.post("/v1/fields", `{"key":"plan","type":"choice","choices":[{"label":{"ja":"松"}},{"label":{"ja":"竹"}}]}`))
	for _, c := range []struct{ method, body, code, option, says string }{
		{"POST", `{"key":"email","type":"string"}`, "field_key_reserved", "key", "email"},
		{"POST", `{"key":"Shoe","type":"string"}`, "field_key_invalid", "key", "letter"},
		{"POST", `{"key":"a","type":"text"}`, codeOption, "type", "number_list"},
		{"POST", `{"key":"a","type":"choice"}`, "field_choices_missing", "choices", "at least one"},
		{"POST", `{"key":"a","type":"list","merge_key":true}`, "field_property_unfit", "merge_key", "list"},
		{"POST", `{"key":"a","type":"string","lable":{"ja":"x"}}`, codeUnknownOption, "lable", "lable"},
		{"POST", `{"type":"string"}`, codeRequired, "key", "key"},
		{"PATCH", `{"merge_key":true}`, "field_settled", "merge_key", "created"},
		{"PATCH", `{"choices":[{"label":{"ja":"松"}}]}`, "field_choice_gone", "choices", "2 = 竹"},
	} {
		a := w.post("/v1/fields", c.body)
		if c.method == "PATCH" {
			a = w.patch("/v1/fields/plan", c.body)
		}
		p := wantProblem(w, http.StatusUnprocessableEntity, c.code, a)
		if len(p.Errors) != 1 || p.Errors[0].Option != c.option || !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s %s: %+v", c.method, c.body, p)
		}
	}
	p := wantProblem(w, http.StatusUnprocessableEntity, "field_key_reserved", w.post("/v1/fields", `{"key":"email","type":"string"}`, "Accept-Language", "ja"))
	if !strings.Contains(p.Detail, "「key」") {
		t.Errorf("in Japanese: %q", p.Detail)
	}
}

const shoeCSV = "会員番号,氏名,靴のサイズ\r\nA1,青木,26.5\r\n"

func TestColumnsAreMappedToFieldsOfTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(shoeCSV)
	if got := w.inspection(i.ID).Suggested[2].Field; got != "" {
		t.Errorf("the column feeds %q before there is a field", got)
	}
	// The field is made while the import waits: the inspection knows it.
	want[fieldView](w, http.StatusCreated, w.post("/v1/fields", shoeField))
	if got := w.inspection(i.ID).Suggested[2].Field; got != "shoe_size" {
		t.Errorf("the column feeds %q, want shoe_size", got)
	}
	started := want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	if got := fields(started); got != "member_sn,name,shoe_size" {
		t.Errorf("mapping %s", got)
	}
	// The import has the field that it was started with.
	want[fieldView](w, http.StatusOK, w.post("/v1/fields/shoe_size/retire", ``))
	if f, ok := w.job(i.ID).Schema.Field("shoe_size"); !ok || f.Type != member.Number {
		t.Errorf("the import's field is %+v", f)
	}
	if got := w.inspection(i.ID).Suggested[2].Field; got != "shoe_size" {
		t.Errorf("the inspection of a started import now feeds %q", got)
	}
	later := w.uploaded(shoeCSV)
	p := wantProblem(w, http.StatusUnprocessableEntity, "unknown_field", w.start(later.ID, `{"map":{"靴のサイズ":"shoe_size"}}`))
	if p.Errors[0].Header != "靴のサイズ" {
		t.Errorf("problem %+v", p)
	}
}

func TestFieldsAreCreatedWithTheMapping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `"new_fields":[` + shoeField + `]`
	i := w.create(`{"file_name":"a.csv",` + body + `}`)
	want[importView](w, http.StatusOK, w.put(i.ID, shoeCSV))
	if got := fields(want[importView](w, http.StatusAccepted, w.start(i.ID, `{`+body+`}`))); got != "member_sn,name,shoe_size" {
		t.Errorf("mapping %s", got)
	}
	second := w.uploaded("会員番号,氏名,帽子\r\nA1,青木,L\r\n")
	started := want[importView](w, http.StatusAccepted, w.start(second.ID, `{"new_fields":[{"key":"hat","type":"string"}],"map":{"帽子":"hat"}}`))
	if got := fields(started); got != "member_sn,name,hat" {
		t.Errorf("mapping %s", got)
	}
	third := w.uploaded(shoeCSV)
	for _, c := range []struct{ fields, code, option string }{
		{`{"key":"shoe_size","type":"string"}`, "field_differs", "new_fields[0].key"},
		{`{"key":"ok","type":"string"},{"key":"email","type":"string"}`, "field_key_reserved", "new_fields[1].key"},
		{`{"key":"ok","type":"text"}`, codeOption, "new_fields[0].type"},
	} {
		p := wantProblem(w, http.StatusUnprocessableEntity, c.code, w.start(third.ID, `{"new_fields":[`+c.fields+`]}`))
		if p.Errors[0].Option != c.option {
			t.Errorf("%s: %+v", c.fields, p)
		}
	}
	if w.field("ok", "") != nil || w.state(third.ID) != "uploaded" {
		t.Error("a refused start has made a field or started")
	}
	a := w.form([3]string{"options", "", `{` + body + `}`}, [3]string{"file", "a.csv", shoeCSV})
	if got := fields(want[importView](w, http.StatusCreated, a)); got != "member_sn,name,shoe_size" {
		t.Errorf("mapping of a form %s", got)
	}
}

func TestReportSpeaksOfTheFieldsOfItsImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want[fieldView](w, http.StatusCreated, w.post("/v1/fields", `{"key":"plan","type":"choice","label":{"ja":"コース","en":"Course"},"choices":[{"label":{"ja":"松"}},{"label":{"ja":"竹"}}]}`))
	i := w.uploaded("会員番号,氏名\r\nA1,青木\r\n")
	want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	w.failRow(i.ID, member.Problem{Code: member.ChoiceUnknown, Field: "plan"}, "A1", "青木")
	want[fieldView](w, http.StatusOK, w.patch("/v1/fields/plan", `{"label":{"ja":"x","en":"Other"},"retired":true}`))
	rows := w.rowsOf(w.get("/v1/imports/"+i.ID+"/failures.csv"), sheet.Options{Encoding: sheet.UTF8, Delimiter: ',', MaxRowBytes: 1 << 18})
	if len(rows) != 2 || rows[1][1] != "plan" || !strings.Contains(rows[1][2], "Course") || !strings.Contains(rows[1][2], "松 = 1") {
		t.Errorf("rows %q", rows)
	}
	failures := w.get("/v1/imports/" + i.ID + "/failures")
	if !strings.Contains(string(failures.body), "Course has no such option") {
		t.Errorf("failures %s", failures.body)
	}
}

func TestTemplateHasTheFieldsOfItsList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want[fieldView](w, http.StatusCreated, w.post("/v1/fields", shoeField))
	want[listView](w, http.StatusCreated, w.post("/v1/lists", `{"name":"v.i.p/会員","required":{"name":false,"shoe_size":true}}`))
	for list, names := range map[string][]string{
		"main":     {"Name (name)*", "靴のサイズ (shoe_size)"},
		"v.i.p/会員": {"Name (name)", "靴のサイズ (shoe_size)*"},
	} {
		header := string(w.get("/v1/templates/" + url.PathEscape(list) + ".csv").body)
		columns := strings.Split(strings.TrimSpace(header), ",")
		for _, name := range names {
			if !slices.Contains(columns, name) {
				t.Errorf("the template of %s has no column %s: %s", list, name, header)
			}
		}
	}
}
