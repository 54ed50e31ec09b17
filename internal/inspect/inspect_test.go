package inspect

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

var standard = member.Standard()

// fileOf is a file with this content.
func fileOf(content string) File {
	return File{
		Size:  int64(len(content)),
		Open:  func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
		Spool: func() (Spooled, int64, error) { return inMemory{strings.NewReader(content)}, int64(len(content)), nil },
	}
}

type inMemory struct{ io.ReaderAt }

func (inMemory) Close() error { return nil }

func inspected(t *testing.T, content string, o Options) *Inspection {
	t.Helper()
	found, err := Look(fileOf(content), o, standard)
	if err != nil {
		t.Fatalf("%q: %v", content[:min(len(content), 100)], err)
	}
	return found
}

// codes are the codes of the warnings, each with its column.
func codes(i *Inspection) (all []string) {
	for _, w := range i.Warnings {
		all = append(all, strings.TrimSpace(string(w.Code)+" "+w.Column))
	}
	return all
}

// headers are the names of the columns.
func headers(i *Inspection) string {
	var all []string
	for _, c := range i.Columns {
		all = append(all, c.Header)
	}
	return strings.Join(all, ",")
}

// workbook returns the least of an XLSX with one sheet of inline texts.
func workbook(t testing.TB, rows [][]string) string {
	t.Helper()
	var body strings.Builder
	for _, row := range rows {
		body.WriteString("<row>")
		for _, cell := range row {
			if cell == "" {
				body.WriteString("<c/>")
				continue
			}
			body.WriteString(`<c t="inlineStr"><is><t>` + cell + `</t></is></c>`)
		}
		body.WriteString("</row>")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="名簿" sheetId="1" r:id="rId1"/><sheet name="集計" sheetId="2" state="hidden" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + body.String() + `</sheetData></worksheet>`},
	} {
		w, err := z.Create(part[0])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, part[1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHeaderBelowATitleIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		row     int64
		rows    string // numbers of the sample rows
	}{
		"first row":             {"会員番号,氏名\nA1,青木\n", 1, "[2]"},
		"blank lines before":    {"\n\n会員番号,氏名\nA1,青木\n", 3, "[4]"},
		"a title":               {"会員一覧\n会員番号,氏名,メール\nA1,青木,a@example.jp\n", 2, "[3]"},
		"title, date and blank": {"会員一覧,,\n出力日,2024/05/04,\n\n会員番号,氏名,電話番号,備考\nA1,青木,,\n\nA2,石井,,\n", 4, "[5 7]"},
		"quoted newline above":  {"\"会員\n一覧\"\n会員番号,氏名\nA1,青木\n", 2, "[3]"},
		"units and marks":       {"出力：本店\n会員番号 *,氏名\u3000（必須）,\"生年月日\n(西暦)\"\nA1,青木,\n", 2, "[3]"},
		"title with a name":     {"氏名\n会員番号,氏名,電話番号\nA1,青木,\n", 2, "[3]"},
	} {
		found := inspected(t, c.content, Options{})
		if !found.Header || found.HeaderRow != c.row || fmt.Sprint(found.RowNumbers) != c.rows {
			t.Errorf("%s: header %v in row %d, rows %v; want row %d, rows %s", name, found.Header, found.HeaderRow, found.RowNumbers, c.row, c.rows)
		}
		if said := slices.Contains(codes(found), "lines_skipped"); said != (c.row > 1 && c.content[0] != '\n') {
			t.Errorf("%s: warnings %v", name, codes(found))
		}
	}
}

func TestRowOfDataIsNeverAboveAHeader(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"data":                   "A1,青木,a@example.jp\nA2,石井,b@example.jp\n",
		"names of fields inside": "A1,青木,東京\n会員番号,氏名,電話番号\nA2,石井,大阪\n",
		"a member with less":     "a@example.jp\n会員番号,氏名,電話番号\n",
		"one name only":          "お知らせ\n氏名,住所１,住所２\n",
		"one column":             "青木\n氏名\n石井\n",
		"much above":             "A1,青木,東京,x\n会員番号,氏名,電話番号,備考,住所\n",
	} {
		if found := inspected(t, content, Options{}); found.HeaderRow > 1 {
			t.Errorf("%s: header in row %d", name, found.HeaderRow)
		}
	}
	many := strings.Repeat("x\n", headerRows) + "会員番号,氏名,電話番号\n"
	if found := inspected(t, many, Options{}); found.Header {
		t.Errorf("header in row %d, below too many lines", found.HeaderRow)
	}
}

func TestCallerSaysWhereTheHeaderIs(t *testing.T) {
	t.Parallel()
	const content = "会員番号,氏名\nコード,名\nA1,青木\n"
	for name, c := range map[string]struct {
		o       Options
		row     int64
		columns string
	}{
		"nothing":      {Options{}, 1, "会員番号,氏名"},
		"a later row":  {Options{HeaderRow: 2}, 2, "コード,名"},
		"none":         {Options{Header: new(false)}, 0, "1,2"},
		"there is one": {Options{Header: new(true)}, 1, "会員番号,氏名"},
	} {
		found := inspected(t, content, c.o)
		if found.HeaderRow != c.row || headers(found) != c.columns || found.Header != (c.row > 0) {
			t.Errorf("%s: row %d, columns %s; want row %d, %s", name, found.HeaderRow, headers(found), c.row, c.columns)
		}
	}
	// Columns that are called by names make a header of a row that does not look like one.
	found := inspected(t, "x1,x2\nA1,B\n", Options{Named: []string{"x2"}})
	if found.HeaderRow != 1 {
		t.Errorf("header in row %d, want 1", found.HeaderRow)
	}
	found = inspected(t, "title\nx1,x2,x3\nA1,B,C\n", Options{Named: []string{"x1", "x3"}})
	if found.HeaderRow != 2 {
		t.Errorf("header in row %d, want 2", found.HeaderRow)
	}
	_, err := Look(fileOf(content), Options{HeaderRow: 9}, standard)
	var no *Impossible
	if !errors.As(err, &no) || no.Option != "header_row" || no.Accepted != "1, 2, 3" || no.Warning.Code != member.HeaderRowMissing {
		t.Errorf("error = %v", err)
	}
}

func TestWorkbookBelowATitleIsAsWideAsItsHeader(t *testing.T) {
	t.Parallel()
	content := workbook(t, [][]string{
		{"会員一覧", "", "", "", "本店"}, {}, {"会員番号", "氏名", "電話番号"}, {"A1"}, {"A2", "石井", "", "", "x"},
	})
	found := inspected(t, content, Options{})
	if found.HeaderRow != 3 || headers(found) != "会員番号,氏名,電話番号" || len(found.Sample) != 2 || len(found.Sample[0]) != 3 {
		t.Errorf("row %d, columns %s, sample %q", found.HeaderRow, headers(found), found.Sample)
	}
	if !slices.Equal(found.Sheets, []string{"名簿", "集計"}) || !slices.Equal(found.HiddenSheets, []string{"集計"}) || found.Sheet != "名簿" {
		t.Errorf("sheets %v, hidden %v", found.Sheets, found.HiddenSheets)
	}
	checked, err := Check(fileOf(content), found, Options{})
	if err != nil || checked.Rows != 2 || checked.Faulty != 1 || checked.Faults[0].Code != member.TooManyCells || checked.Faults[0].First[0] != 5 {
		t.Errorf("check = %+v, %v", checked, err)
	}
	_, err = Look(fileOf(content), Options{Sheet: "1月"}, standard)
	var no *Impossible
	if !errors.As(err, &no) || no.Option != "sheet" || no.Accepted != "名簿, 集計" {
		t.Errorf("error = %v", err)
	}
}

func TestCheckTellsTheColumnsOfFaultsApart(t *testing.T) {
	t.Parallel()
	content := "会員番号,氏名,x\nA1,青木,あ\xff\nA2,青\xff,い\nA3,い\xff,y\n"
	checked, err := Check(fileOf(content), inspected(t, content, Options{}), Options{})
	if err != nil || checked.Faulty != 3 || len(checked.Faults) != 2 {
		t.Fatalf("check = %+v, %v", checked, err)
	}
	if f := checked.Faults[0]; f.Column != "氏名" || f.Rows != 2 || !slices.Equal(f.First, []int64{3, 4}) {
		t.Errorf("the commonest fault is %+v", f)
	}
	if f := checked.Faults[1]; f.Column != "x" || f.Rows != 1 || !slices.Equal(f.First, []int64{2}) {
		t.Errorf("the other fault is %+v", f)
	}

	var names, broken []string
	for n := range 3 * warnedColumns {
		names, broken = append(names, fmt.Sprint("列", n)), append(broken, strings.Repeat("あ,", n)+"\xff"+strings.Repeat(",い", 3*warnedColumns-n-1))
	}
	content = strings.Join(names, ",") + "\n" + strings.Join(broken, "\n") + "\n"
	checked, err = Check(fileOf(content), inspected(t, content, Options{Header: new(true), Encoding: sheet.UTF8}), Options{})
	if err != nil || checked.Faulty != 3*warnedColumns || len(checked.Faults) != warnedColumns+1 || checked.Faults[0].Rows != 2*warnedColumns {
		t.Errorf("many columns: %d rows, %d faults, %v", checked.Faulty, len(checked.Faults), err)
	}
}

func TestColumnsTellWhatTheyLookLike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header, cells, want string
		share               float64
	}{
		{"x", "a@example.jp b@example.jp", "email", 1},
		{"x", "090-1234-5678 0312345678", "phone", 1},
		{"x", "09012345678 +819012345678", "phone", 1},
		{"x", "2024/5/4 2024-05-04 令和6年5月4日", "date", 1},
		{"x", "20240504 19991231", "date", 1},
		{"x", "2024-05-04T09:30:00+09:00 2024-05-04T10:00:00Z", "datetime", 1},
		{"x", "1 0 1", "boolean", 1},
		{"x", "○ × ○", "boolean", 1},
		{"x", "12 -3.5 1000000", "number", 1},
		{"x", "00012 00345", "string", 1},
		{"x", "[1,2] [3]", "number_list", 1},
		{"x", `["a"] ["b","c"]`, "list", 1},
		{"性別", "男 女 M", "choice", 1},
		{"タグ", "vip vip,new", "tags", 1},
		{"x", "青木 石井", "string", 1},
		{"x", "", "string", 0},
		{"x", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 x", "number", 0.95},
	} {
		var b strings.Builder
		if err := sheet.WriteCSV(&b, func(yield func([]string) bool) {
			if yield([]string{"会員番号", c.header}) {
				for n, cell := range strings.Split(c.cells, " ") {
					if !yield([]string{fmt.Sprint("A", n), cell}) {
						return
					}
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		got := inspected(t, b.String(), Options{Locale: &member.Locale{Region: "JP"}}).Columns[1]
		if got.Type != c.want || got.TypeShare != c.share {
			t.Errorf("%s %s: %s, %v; want %s, %v", c.header, c.cells, got.Type, got.TypeShare, c.want, c.share)
		}
	}
}

func TestWarningsNameTheColumn(t *testing.T) {
	t.Parallel()
	wide := func(header string, cells ...string) string {
		return "会員番号,氏名," + header + "\nA1,青木," + strings.Join(cells, "\nA2,石井,") + "\n"
	}
	var sparse strings.Builder
	sparse.WriteString("会員番号,氏名,備考,空\n")
	for n := range 40 {
		fmt.Fprintf(&sparse, "A%d,青木,%s,\n", n, map[bool]string{true: "x"}[n == 0])
	}
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"nothing":                    {wide("電話番号", "09012345678"), nil},
		"phones without 0":           {wide("電話番号", "9012345678", "312345678"), []string{"leading_zeros_lost 電話番号"}},
		"member numbers without 0":   {"会員番号,氏名\n00012,青木\n345,石井\n", []string{"leading_zeros_lost 会員番号"}},
		"member numbers as they are": {"会員番号,氏名\n12,青木\n345,石井\n", nil},
		"mixed lengths with 0":       {"会員番号,氏名\n0012,青木\n012,石井\n3,上田\n", nil},
		"postcodes without 0":        {wide("郵便番号", "600001", "1000001"), []string{"leading_zeros_lost 郵便番号"}},
		"postcodes":                  {wide("郵便番号", "0600001", "1000001"), nil},
		"day first":                  {wide("誕生日", "13/05/2024", "2024/5/4"), []string{"date_order 誕生日"}},
		"month first":                {wide("x", "05/13/2024", "12/31/2024 10:00"), []string{"date_order x"}},
		"either first":               {wide("誕生日", "03/04/2024"), []string{"date_order 誕生日"}},
		"a fraction":                 {wide("x", "13/50/2024", "01/02/2024 x", "y", "z"), nil},
		"scientific":                 {wide("x", "1.23E+11", "y"), []string{"scientific_notation x"}},
		"an id with E":               {wide("x", "1E5", "12E+3"), nil},
		"words that a field lacks":   {"会員番号,氏名,メール受信可否\nA1,青木,希望する\nA2,石井,希望しない\nA3,上田,○\n", []string{"values_unfit メール受信可否"}},
		"a word that a field lacks":  {"会員番号,氏名,メール受信可否\nA1,青木,希望する\nA2,石井,×\nA3,上田,○\n", nil},
		"lost characters":            {wide("x", "\uFFFD木", "y"), []string{"characters_lost x"}},
		"broken cell":                {wide("x", "あ\xff", "い\xfe", "y"), []string{"undecodable x"}},
		"broken cells":               {"会員番号,氏名,x\nA1,青木,あ\xff\nA2,青\xff,い\nA3,い\xff,y\n", []string{"undecodable x", "undecodable 氏名"}},
		"repeated":                   {"会員番号,氏名,備考,備考,備考\nA1,青木,,,\n", []string{"header_repeated 備考"}},
		"nearly empty":               {sparse.String(), []string{"column_nearly_empty 備考", "column_nearly_empty 空"}},
		"name not mapped":            {"会員番号,x\nA1,y\n", []string{"required_not_mapped"}},
		"no rows":                    {"会員番号,氏名\n", []string{"no_rows"}},
		"no content":                 {"", []string{"empty_file"}},
		"blank lines only":           {"\n \n\n", []string{"empty_file"}},
		"name in parts":              {"会員番号,姓,名\nA1,青木,太郎\n", nil},
		"key not mapped":             {"氏名,電話番号\n青木,09012345678\n", []string{"key_not_mapped"}},
	} {
		found := inspected(t, c.content, Options{Key: "member_sn", Locale: &member.Locale{Region: "JP"}})
		if got := codes(found); !slices.Equal(got, c.want) {
			t.Errorf("%s: warnings %q, want %q", name, got, c.want)
		}
		for _, w := range found.Warnings {
			for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
				text := w.Sentence(lang, standard)
				if strings.ContainsAny(text, "{}") || !strings.Contains(text, w.Column) || !strings.Contains(text, w.Detail) && w.Code != member.Undecodable {
					t.Errorf("%s: %q is no finished sentence", name, text)
				}
			}
		}
	}
	if got := codes(inspected(t, "会員番号\nA1\n", Options{Key: "member_sn", CreatesNobody: true})); len(got) > 0 {
		t.Errorf("an import that creates nobody is warned: %q", got)
	}
	found := inspected(t, wide("x", "あ\xff", "い\xfe", "y"), Options{})
	if rows := found.Warnings[0].Rows; !slices.Equal(rows, []int64{2, 3}) {
		t.Errorf("rows %v, want both", rows)
	}
}

func TestPhonesOfAnotherCountryLoseNoZero(t *testing.T) {
	t.Parallel()
	found := inspected(t, "会員番号,氏名,電話番号\nA1,Ann,9175550123\n", Options{Locale: &member.Locale{Region: "US"}})
	if len(found.Warnings) > 0 {
		t.Errorf("warnings %v", codes(found))
	}
}

func TestStoredInspectionOfTheFirstVersionIsRead(t *testing.T) {
	t.Parallel()
	const old = `{"format":"csv","encoding":"UTF-8","delimiter":",","header":true,"columns":[{"header":"会員番号","fill_rate":1,"samples":["A1"]}],` +
		`"sample_rows":[["A1"]],"suggested_mapping":[{"header":"会員番号","field":"member_sn","inverted":false}],` +
		`"warnings":[{"code":"undecodable","detail":"0xFF @ 4"}],"max_rows":12}`
	found := New()
	if err := json.Unmarshal([]byte(old), found); err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(found); err != nil || strings.Contains(string(text), "null") {
		t.Errorf("shown as %s, %v", text, err)
	}
	if !found.Header || found.Columns[0].FillRate != 1 || found.Suggested[0].Field != "member_sn" || found.Warnings[0].Detail != "0xFF @ 4" || found.MaxRows != 12 {
		t.Errorf("inspection = %+v", found)
	}
}

func TestInspectionSurvivesStorage(t *testing.T) {
	t.Parallel()
	found := inspected(t, "題\n会員番号,氏名,備考\nA1,青木,1.2E+10\n", Options{Remembered: []RememberedMapping{
		{Import: "x", FileName: "a.csv", At: time.Unix(0, 0).UTC(), Mapping: member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "氏名", Field: "name"}}},
	}})
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	var again Inspection
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if second, _ := json.Marshal(&again); !bytes.Equal(text, second) {
		t.Errorf("stored\n%s\nread\n%s", text, second)
	}
}

func TestFailureToReadIsNoVerdict(t *testing.T) {
	t.Parallel()
	f := fileOf("会員番号\nA1\n")
	f.Open = func() (io.ReadCloser, error) { return nil, os.ErrDeadlineExceeded }
	var unsupported *sheet.Unsupported
	if _, err := Look(f, Options{}, standard); !errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &unsupported) {
		t.Errorf("error = %v", err)
	}
}
