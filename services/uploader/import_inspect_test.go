package uploader

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
)

func (w *world) inspection(id string, query ...string) inspect.Shown {
	w.Helper()
	return want[inspect.Shown](w, http.StatusOK, w.get(inspectionPath(id, query...)))
}

// inspectionPath has the query that the pairs make.
func inspectionPath(id string, query ...string) string {
	q := url.Values{}
	for n := 0; n < len(query); n += 2 {
		q.Set(query[n], query[n+1])
	}
	return "/v1/imports/" + id + "/inspection?" + q.Encode()
}

// named are the codes of warnings.
func named(warnings []inspect.ShownWarning) (codes []string) {
	for _, w := range warnings {
		codes = append(codes, w.Code)
	}
	return codes
}

func shiftJIS(t *testing.T, text string) string {
	t.Helper()
	out, err := japanese.ShiftJIS.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const titledCSV = "会員一覧\n出力日,2024/05/04\n\n会員番号,氏名,備考\nA1,青木,\nA2,石井,\n"

func TestHeaderBelowATitleIsSettledAtTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(titledCSV)
	found := w.inspection(i.ID)
	if !found.Header || found.HeaderRow != 4 || !slices.Equal(found.RowNumbers, []int64{5, 6}) || !slices.Equal(named(found.Warnings), []string{"lines_skipped"}) {
		t.Errorf("inspection = %+v", found)
	}
	started := want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	if !started.Header || started.HeaderRow != 4 || started.Encoding != "UTF-8" || started.Delimiter != "," || fields(started) != "member_sn,name," {
		t.Errorf("import = %+v", started)
	}
	if o := w.job(i.ID).Options; o.HeaderRow != 4 || o.NoHeader || o.Encoding != "UTF-8" {
		t.Errorf("options = %+v", o)
	}
}

func TestOverridesAreReadAtEveryStage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := shiftJIS(t, "題,x\n会員番号;氏名\nA1;青木\n")
	const said = `"encoding":"sjis","delimiter":";","header_row":2`
	check := func(when string, i importView) {
		t.Helper()
		if i.Encoding != "Shift_JIS" || i.Delimiter != ";" || i.HeaderRow != 2 || !i.Header || fields(i) != "member_sn,name" {
			t.Errorf("said %s: %+v", when, i)
		}
	}
	i := w.create(`{"file_name":"a.csv",` + said + `}`)
	want[importView](w, http.StatusOK, w.put(i.ID, content))
	check("at create", want[importView](w, http.StatusAccepted, w.start(i.ID, ``)))

	i = w.create(`{"file_name":"a.csv","encoding":"UTF-8","delimiter":"tab","no_header":true}`)
	want[importView](w, http.StatusOK, w.put(i.ID, content))
	if found := w.inspection(i.ID); found.Encoding != "UTF-8" || found.Delimiter != "\t" || found.Header {
		t.Errorf("inspection = %+v", found)
	}
	check("at the start", want[importView](w, http.StatusAccepted, w.start(i.ID, `{`+said+`}`)))

	check("in a form", want[importView](w, http.StatusCreated, w.form([3]string{"options", "", `{` + said + `}`}, [3]string{"file", "m.csv", content})))
}

func TestTryingAnotherReadingStoresNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded("題\n会員番号;氏名;備考\nA1;青木;\n")
	before := w.get(inspectionPath(i.ID))
	for _, c := range []struct {
		query   []string
		columns string
	}{
		{[]string{"delimiter", ","}, "1"},
		{[]string{"delimiter", "tab", "header_row", "2"}, "会員番号;氏名;備考"},
		{[]string{"header_row", "3"}, "A1,青木,column_3"},
		{[]string{"no_header", "true"}, "1"},
		{[]string{"no_header", "false"}, "会員番号,氏名,備考"},
	} {
		found := w.inspection(i.ID, c.query...)
		var names []string
		for _, column := range found.Columns {
			names = append(names, column.Header)
		}
		if got := strings.Join(names, ","); got != c.columns {
			t.Errorf("%v: columns %s, want %s", c.query, got, c.columns)
		}
	}
	if after := w.get(inspectionPath(i.ID)); string(after.body) != string(before.body) {
		t.Errorf("the inspection became\n%s\nwas\n%s", after.body, before.body)
	}
	if o := w.job(i.ID).Options; o.Delimiter != "" || o.HeaderRow != 0 || o.NoHeader {
		t.Errorf("options = %+v", o)
	}
	// Also where the import has started already.
	want[importView](w, http.StatusAccepted, w.start(i.ID, ``))
	if found := w.inspection(i.ID, "no_header", "true"); found.Header {
		t.Errorf("inspection = %+v", found)
	}
}

func TestReadingThatIsImpossibleIsRefusedWithWhatIsPossible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	book := w.uploaded(workbook(t, map[string][][]string{"1月": {{"会員番号", "氏名"}}, "2月": {{"会員番号", "氏名"}}}))
	for _, c := range []struct{ id, option, value, body, code, says string }{
		{i.ID, "encoding", "EBCDIC", `{"encoding":"EBCDIC"}`, codeOption, "Shift_JIS"},
		{i.ID, "delimiter", "ab", `{"delimiter":"ab"}`, codeOption, ";"},
		{i.ID, "header_row", "9", `{"header_row":9}`, "header_row_missing", "1, 2, 3"},
		{book.ID, "sheet", "3月", `{"sheet":"3月"}`, "sheet_missing", "1月, 2月"},
	} {
		for _, a := range []*answer{w.get(inspectionPath(c.id, c.option, c.value)), w.start(c.id, c.body)} {
			p := wantProblem(w, http.StatusUnprocessableEntity, c.code, a)
			if len(p.Errors) != 1 || p.Errors[0].Option != c.option || !strings.Contains(p.Errors[0].Detail, c.says) {
				t.Errorf("%s=%s: %+v", c.option, c.value, p.Errors)
			}
		}
	}
	// Before the file is there, nobody knows: it is a warning until the start.
	early := w.create(`{"file_name":"a.csv","header_row":9}`)
	want[importView](w, http.StatusOK, w.put(early.ID, smallCSV))
	if found := w.inspection(early.ID); found.HeaderRow != 1 || !slices.Contains(named(found.Warnings), "header_row_missing") {
		t.Errorf("inspection = %+v", found)
	}
	wantProblem(w, http.StatusUnprocessableEntity, "header_row_missing", w.start(early.ID, ``))
	want[importView](w, http.StatusAccepted, w.start(early.ID, `{"header_row":1}`))
}

func TestMappingOfAnEarlierImportIsOfferedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.uploaded(smallCSV)
	if found := w.inspection(first.ID); found.Remembered != nil {
		t.Errorf("inspection = %+v", found)
	}
	want[importView](w, http.StatusAccepted, w.start(first.ID, `{"map":{"備考":"city","配信停止":""}}`))

	// The same columns in another order, and written in another way.
	second := w.uploaded("備 考,会員番号,氏名,配信停止,メールアドレス\r\n東京,A1,青木,,\r\n")
	found := w.inspection(second.ID)
	if found.Remembered == nil || found.Remembered.Import != first.ID || found.Remembered.FileName != "members.csv" || found.Drift != nil {
		t.Errorf("inspection = %+v", found)
	}
	started := want[importView](w, http.StatusAccepted, w.start(second.ID, `{"mapping_from":"remembered","map":{"氏名":"last_name"}}`))
	if got := fields(started); got != "city,member_sn,last_name,,email" {
		t.Errorf("mapping %s: what is said goes before what is remembered", got)
	}

	// A column more and one less.
	third := w.uploaded("会員番号,氏名,備考,電話番号,メールアドレス\r\nA1,青木,東京,,\r\n")
	found = w.inspection(third.ID)
	if d := found.Drift; d == nil || !slices.Equal(d.New, []string{"電話番号"}) || !slices.Equal(d.Missing, []string{"配信停止"}) || found.Remembered.Import != second.ID {
		t.Errorf("inspection = %+v", found)
	}
	if got := named(found.Warnings); !slices.Contains(got, "columns_new") || !slices.Contains(got, "columns_missing") {
		t.Errorf("warnings %v", got)
	}
	started = want[importView](w, http.StatusAccepted, w.start(third.ID, `{"mapping_from":"remembered"}`))
	if got := fields(started); got != "member_sn,last_name,city,phone,email" {
		t.Errorf("mapping %s", got)
	}

	// What comes of an import that says nothing of it depends on its file only.
	started = want[importView](w, http.StatusAccepted, w.start(w.uploaded("会員番号,氏名,備考\r\nA1,青木,東京\r\n").ID, ``))
	if got := fields(started); got != "member_sn,name," {
		t.Errorf("mapping %s", got)
	}

	// Another tenant has not seen any of it.
	w.acme = w.account("other", "en")
	if found := w.inspection(w.uploaded(smallCSV).ID); found.Remembered != nil {
		t.Errorf("inspection = %+v", found)
	}
}

func TestSameFileIsWarnedOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.uploaded(smallCSV)
	want[importView](w, http.StatusAccepted, w.start(first.ID, ``))
	if second := w.uploaded(smallCSV); len(second.Warnings) > 0 {
		t.Errorf("warnings %+v before the first import has completed", second.Warnings)
	}
	job := w.job(first.ID)
	_, err := w.db.OpenLedger(t.Context(), job.Tenant, job.ID, job.Cut.Lanes)
	w.must(err)
	w.must(w.db.EndOfSource(t.Context(), job.Tenant, job.ID, 0, make([]int64, job.Cut.Lanes)))
	_, err = w.db.FinishImport(t.Context(), job.Tenant, job.ID)
	w.must(err)

	again := w.uploaded(smallCSV)
	for name, warnings := range map[string][]notice{
		"upload": again.Warnings,
		"import": want[importView](w, http.StatusOK, w.get("/v1/imports/"+again.ID)).Warnings,
		"start":  want[importView](w, http.StatusAccepted, w.start(again.ID, ``)).Warnings,
	} {
		if len(warnings) != 1 || warnings[0].Code != "same_file" || !strings.Contains(warnings[0].Detail, "members.csv") {
			t.Errorf("%s: warnings %+v", name, warnings)
		}
	}
	if found := w.inspection(again.ID); !slices.Equal(named(found.Warnings), []string{"same_file"}) {
		t.Errorf("warnings %+v", found.Warnings)
	}
	if found := w.inspection(again.ID, "header_row", "1"); !slices.Equal(named(found.Warnings), []string{"same_file"}) {
		t.Errorf("warnings %+v of another reading", found.Warnings)
	}
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+again.ID+"/cancel", ``))
	if ended := want[importView](w, http.StatusOK, w.get("/v1/imports/"+again.ID)); ended.State != imports.StateCancelled || ended.Warnings[0].Code != "same_file" {
		t.Errorf("import = %+v", ended)
	}
	if other := w.uploaded(otherCSV); len(other.Warnings) > 0 {
		t.Errorf("another file: warnings %+v", other.Warnings)
	}
}
