package uploader

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func (w *world) putJSON(path, body string) *answer {
	w.Helper()
	return w.call(http.MethodPut, path, strings.NewReader(body), "Content-Type", "application/json")
}

func TestProfilesAreCreatedReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post("/v1/profiles", `{"name":"夜間/1","list":"main","options":{"mode":"upsert","map":{"No":"member_sn"}},"header":["No","氏名"]}`)
	made := want[profileView](w, http.StatusCreated, a)
	if made.Name != "夜間/1" || made.List != "main" || made.Options.Map["No"] != "member_sn" || !slices.Equal(made.Header, []string{"No", "氏名"}) {
		t.Errorf("made %+v", made)
	}
	path := a.header.Get("Location")
	read := want[profileView](w, http.StatusOK, w.get(path))
	if read.Options == nil || read.Options.Mode != "upsert" || read.CreatedAt.IsZero() {
		t.Errorf("read %+v", read)
	}
	wantProblem(w, http.StatusConflict, codeExists, w.post("/v1/profiles", `{"name":"夜間/1"}`))
	put := want[profileView](w, http.StatusOK, w.putJSON(path, `{"options":{"region":"US"}}`))
	if put.List != "" || put.Header != nil || put.Options.Region != "US" || put.Options.Map != nil {
		t.Errorf("put %+v", put)
	}
	want[profileView](w, http.StatusOK, w.putJSON("/v1/profiles/new", `{}`))
	listed := want[struct{ Items []profileView }](w, http.StatusOK, w.get("/v1/profiles")).Items
	if len(listed) != 2 || listed[0].Name != "new" || listed[1].Options != nil {
		t.Errorf("listed %+v", listed)
	}
	if got := w.delete(path); got.status != http.StatusNoContent {
		t.Errorf("deleted: %d %s", got.status, got.body)
	}
	wantProblem(w, http.StatusNotFound, codeNotFound, w.delete(path))
	wantProblem(w, http.StatusNotFound, codeNotFound, w.get(path))
	w.acme = w.account("other", "en")
	if listed := want[struct{ Items []profileView }](w, http.StatusOK, w.get("/v1/profiles")).Items; len(listed) != 0 {
		t.Errorf("another tenant has %+v", listed)
	}
}

func TestWhatAProfileCannotSayIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waiting := w.uploaded(smallCSV)
	for _, c := range []struct{ body, code, option, field string }{
		{`{"name":"\t"}`, codeName, "name", ""},
		{`{"name":"a","list":"nothing"}`, codeUnknownList, "list", ""},
		{`{"name":"a","options":{"region":"jp"}}`, codeOption, "region", ""},
		{`{"name":"a","options":{"moed":"x"}}`, codeUnknownOption, "options.moed", ""},
		{`{"name":"a","options":{"map":{"x":"nothing"}}}`, "unknown_field", "", "nothing"},
		{`{"name":"a","header":["\u0000"]}`, codeOption, "header", ""},
		{`{"name":"a","import":"` + waiting.ID + `"}`, codeNotStarted, "import", ""},
		{`{"name":"a","import":"x"}`, codeNotStarted, "import", ""},
	} {
		p := wantProblem(w, http.StatusUnprocessableEntity, c.code, w.post("/v1/profiles", c.body))
		if p.Errors[0].Option != c.option || p.Errors[0].Field != c.field {
			t.Errorf("%s: %+v", c.body, p)
		}
	}
	p := wantProblem(w, http.StatusUnprocessableEntity, codeUnknownProfile, w.post("/v1/imports", `{"file_name":"a","profile":"nothing"}`))
	if p.Errors[0].Option != "profile" {
		t.Errorf("problem %+v", p)
	}
}

func TestImportHasWhatItsProfileSaysAndItsRequestDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want[listView](w, http.StatusCreated, w.post("/v1/lists", `{"name":"mail"}`))
	want[profileView](w, http.StatusCreated, w.post("/v1/profiles", `{"name":"p","list":"mail","options":{"time_zone":"Europe/Paris","region":"FR","no_header":true,
		"mapping":[{"header":"会員番号","field":"member_sn"},{"header":"備考","field":"city"},{"header":"使わない","field":""}]}}`))
	for _, c := range []struct {
		say, list, zone, region, mapping string
	}{
		{`"header_row":1`, "mail", "Europe/Paris", "FR", "member_sn,,,,city"},
		{`"header_row":1,"list":"main","region":"JP"`, "main", "Europe/Paris", "JP", "member_sn,,,,city"},
		{`"header_row":1,"map":{"氏名":"name"}`, "mail", "Europe/Paris", "FR", "member_sn,name,,,city"},
		{`"header_row":1,"mapping":[{"header":"備考","field":"member_sn"}]`, "mail", "Europe/Paris", "FR", ",,,,member_sn"},
	} {
		i := w.create(`{"file_name":"a.csv","profile":"p",` + c.say + `}`)
		want[importView](w, http.StatusOK, w.put(i.ID, smallCSV))
		started := want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
		if started.List != c.list || started.TimeZone != c.zone || started.Region != c.region || fields(started) != c.mapping || started.Profile != "p" {
			t.Errorf("%s: %+v", c.say, started)
		}
	}
}

func TestFileThatIsNotAsItsProfileExpectsIsWarnedOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := w.uploaded(smallCSV)
	want[importView](w, http.StatusAccepted, w.start(from.ID, `{"map":{"備考":"city"},"region":"US"}`))
	made := want[profileView](w, http.StatusCreated, w.post("/v1/profiles", `{"name":"p","import":"`+from.ID+`"}`))
	if made.List != "main" || made.Options.Region != "US" || made.Options.Encoding != "" || len(made.Options.Mapping) != 5 || !made.Options.Mapping[3].Inverted ||
		!slices.Equal(made.Header, []string{"会員番号", "氏名", "メールアドレス", "配信停止", "備考"}) {
		t.Errorf("made %+v", made)
	}
	as := func(content string) (*importView, []string) {
		i := w.create(`{"file_name":"a.csv","profile":"p"}`)
		want[importView](w, http.StatusOK, w.put(i.ID, content))
		var codes []string
		for _, warning := range w.inspection(i.ID).Warnings {
			if strings.HasPrefix(warning.Code, "profile_") {
				codes = append(codes, warning.Code+" "+warning.Detail)
			}
		}
		return i, codes
	}
	i, codes := as(smallCSV)
	started := want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	if len(codes) != 0 || fields(started) != "member_sn,name,email,is_subscriber,city" || started.Region != "US" {
		t.Errorf("the same columns: %v, %+v", codes, started)
	}
	i, codes = as("会員番号,氏名,電話番号,メール アドレス,備考\nA1,青木,,,\n")
	if len(codes) != 2 || !strings.Contains(codes[0], "配信停止") || !strings.Contains(codes[1], "電話番号") || strings.Contains(strings.Join(codes, ""), "アドレス") {
		t.Errorf("warnings %q", codes)
	}
	p := wantProblem(w, http.StatusUnprocessableEntity, codeUnknownColumn, w.start(i.ID, ``))
	if !strings.Contains(p.Detail+p.Errors[0].Detail, "配信停止") && !strings.Contains(p.Errors[1].Detail, "配信停止") {
		t.Errorf("problem %+v", p)
	}
}
