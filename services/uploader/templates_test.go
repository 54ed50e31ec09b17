package uploader

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

var jst = time.FixedZone("JST", 9*60*60)

// The columns of the templates, which people have saved: they may be added to, never renamed.
const (
	templateJA = "会員番号 (member_sn)|メールアドレス (email)|電話番号 (phone)|氏名 (name)*|名 (first_name)|姓 (last_name)|性別 (sex)|生年月日 (birthday)|" +
		"市区町村 (city)|国 (country)|国コード (iso_code)|登録日 (register_date)|会員登録経由 (register_type)|会員ランク (member_level)|タグ (tags)|状態 (is_active)|" +
		"CRM キー (crm_pk)|Google ID (google_id)|Facebook ID (facebook_id)|LINE ID (line_id)|Messenger PSID (messenger_psid)|APNs トークン (apns_token)|" +
		"FCM トークン (fcm_token)|デバイス (device)"
	templateEN = "Member number (member_sn)|E-mail (email)|Phone (phone)|Name (name)*|First name (first_name)|Last name (last_name)|Sex (sex)|Birthday (birthday)|" +
		"City (city)|Country (country)|Country code (iso_code)|Registration date (register_date)|Registered through (register_type)|Member level (member_level)|" +
		"Tags (tags)|Active (is_active)|CRM key (crm_pk)|Google ID (google_id)|Facebook ID (facebook_id)|LINE ID (line_id)|Messenger PSID (messenger_psid)|" +
		"APNs token (apns_token)|FCM token (fcm_token)|Device (device)"
)

func TestTemplateHasTheColumnsOfItsKindAndLanguage(t *testing.T) {
	t.Parallel()
	for lang, want := range map[tenant.Language]string{tenant.Japanese: templateJA, tenant.English: templateEN} {
		for _, kind := range []member.Kind{member.KindMember, member.KindLead} {
			got := strings.Join(templateOf(member.Standard(), "main", kind, lang).header(), "|")
			if kind == member.KindLead {
				_, want, _ = strings.Cut(want, "|") // a lead has no member number
			}
			if consents, ok := strings.CutPrefix(got, want+"|"); !ok || strings.Count(consents, "(is_subscriber") != 5 || strings.Count(consents, "|") != 4 {
				t.Errorf("%s %s: %s", lang, kind, got)
			}
		}
	}
}

// customSchema has fields that make templates difficult.
func customSchema(t *testing.T) *member.Schema {
	t.Helper()
	s, err := member.Standard().With(
		member.Field{Key: "height", Type: member.Number, Label: member.Text{JA: "身長 (cm)"}, Required: true},
		member.Field{Key: "メモ", Type: member.String},
		member.Field{Key: "secret", Type: member.String, ReadOnly: true},
		member.Field{Key: "plan", Type: member.Choice, Label: member.Text{JA: "プラン"}, Choices: []member.Option{
			{Number: 1, Key: "a", Label: member.Text{JA: "A,B"}},
			{Number: 2, Key: "c", Label: member.Text{JA: strings.Repeat("長", 300)}},
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryTemplateMapsBackByItself(t *testing.T) {
	t.Parallel()
	for _, schema := range []*member.Schema{member.Standard(), customSchema(t)} {
		for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
			for _, kind := range []member.Kind{member.KindMember, member.KindLead} {
				template := templateOf(schema, "main", kind, lang)
				header := template.header()
				if !schema.LooksLikeHeader(header) {
					t.Errorf("%s %s: the header is not known", lang, kind)
				}
				for n, c := range schema.Suggest(header) {
					if f := template.fields[n]; c.Field != f.Key || c.Inverted || f.ReadOnly || strings.HasSuffix(c.Header, "*") != f.Required {
						t.Errorf("%s %s: %s is suggested for %q, want %q", lang, kind, c.Header, c.Field, f.Key)
					}
				}
			}
		}
	}
}

// TestGuideShowsValuesThatAreAccepted parses the examples and choices of the second sheet.
func TestGuideShowsValuesThatAreAccepted(t *testing.T) {
	t.Parallel()
	locale := &member.Locale{Zone: jst, Region: "JP"}
	for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
		template := templateOf(customSchema(t), "main", member.KindLead, lang)
		guide := template.guide()
		if len(guide) != len(template.fields)+1 {
			t.Fatalf("%d rows for %d fields", len(guide), len(template.fields))
		}
		for n, row := range guide[1:] {
			f := &template.fields[n]
			if row[0] != f.Key || row[3] == "" || row[4] == "" || (row[2] != "") != f.Required || (row[6] != "") != (f.Longest() > 0) {
				t.Errorf("%s: %q", f.Key, row)
			}
			for _, example := range strings.FieldsFunc(row[5], func(r rune) bool { return r == '、' }) {
				if lang == tenant.English && (f.Type == member.Number || f.Type == member.Phone) {
					example, _, _ = strings.Cut(example, ", ")
				}
				if _, _, p := f.Parse(example, locale); p != nil {
					t.Errorf("%s: the example %q has the problem %s", f.Key, example, p.Code)
				}
			}
			for i, choice := range row[guideChoices:] {
				v, _, p := f.Parse(choice, locale)
				if p != nil || f.Type == member.Choice && v.Int != f.Choices[i].Number {
					t.Errorf("%s: the choice %q is %+v, %v", f.Key, choice, v, p)
				}
			}
			if (f.Type == member.Choice || f.Type == member.Boolean) != (len(row) > guideChoices) {
				t.Errorf("%s has %d choices", f.Key, len(row)-guideChoices)
			}
		}
	}
}

// partOf returns a part of a workbook, read as XML.
func (w *world) partOf(book []byte, name string, part any) {
	w.Helper()
	archive, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	w.must(err)
	f, err := archive.Open(name)
	w.must(err)
	defer f.Close()
	w.must(xml.NewDecoder(f).Decode(part))
}

func TestDropDownsOfferTheChoicesOfTheirColumns(t *testing.T) {
	t.Parallel()
	w := &world{T: t}
	var book bytes.Buffer
	template := templateOf(customSchema(t), "main", member.KindMember, tenant.Japanese)
	w.must(template.writeXLSX(&book))
	var page struct {
		DropDowns []struct {
			Cells  string `xml:"sqref,attr"`
			Values string `xml:"formula1"`
		} `xml:"dataValidations>dataValidation"`
	}
	w.partOf(book.Bytes(), "xl/worksheets/sheet1.xml", &page)
	guide := w.rowsOf(&answer{body: book.Bytes()}, sheet.Options{Format: sheet.XLSX, Sheet: "項目の説明"})
	offered := map[string][]string{}
	for _, d := range page.DropDowns {
		var row, again int
		var first, last byte
		if _, err := fmt.Sscanf(d.Values, "'項目の説明'!$%c$%d:$%c$%d", &first, &row, &last, &again); err != nil || row != again {
			t.Fatalf("%s: %v", d.Values, err)
		}
		key := guide[row-1][0]
		column, err := excelName(slices.IndexFunc(template.fields, func(f member.Field) bool { return f.Key == key }))
		if want := column + "2:" + column + "1048576"; err != nil || d.Cells != want {
			t.Errorf("%s: the cells %s, want %s", key, d.Cells, want)
		}
		offered[key] = guide[row-1][first-'A' : last-'A'+1]
	}
	for _, f := range template.fields {
		var want []string
		for _, o := range f.Choices {
			want = append(want, o.Label.JA)
		}
		if f.Type == member.Boolean {
			want = []string{"TRUE", "FALSE"}
		}
		if !slices.Equal(offered[f.Key], want) {
			t.Errorf("%s: offered %q, want %q", f.Key, offered[f.Key], want)
		}
	}
}

// excelName is how Excel calls the column n, from 0, of the first 702.
func excelName(n int) (string, error) {
	switch {
	case n < 0 || n >= 26*27:
		return "", fmt.Errorf("column %d", n)
	case n < 26:
		return string(rune('A' + n)), nil
	}
	return string(rune('A'+n/26-1)) + string(rune('A'+n%26)), nil
}

// filled is a row for the columns of a template.
func filled(header []string) []string {
	row := make([]string, len(header))
	for n, name := range header {
		for key, value := range map[string]string{"(member_sn)": "0012", "(name)": "青木", "(email)": "a@example.jp", "(sex)": "男性", "(is_active)": "TRUE"} {
			if strings.Contains(name, key) {
				row[n] = value
			}
		}
	}
	return row
}

// TestTemplateThatWasFilledInIsMappedByItself uploads what people do with a template.
func TestTemplateThatWasFilledInIsMappedByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct {
		path, contentType, name string
		options                 sheet.Options
	}{
		{"main.csv?language=ja", "text/csv; charset=utf-8", "main_%E4%BC%9A%E5%93%A1%E3%83%86%E3%83%B3%E3%83%97%E3%83%AC%E3%83%BC%E3%83%88.csv", sheet.Options{}},
		{"main.csv?kind=lead&language=en&encoding=UTF-8", "text/csv; charset=utf-8", "main_lead_template.csv", sheet.Options{}},
		{"main.xlsx?language=ja", typeXLSX, "main_%E4%BC%9A%E5%93%A1%E3%83%86%E3%83%B3%E3%83%97%E3%83%AC%E3%83%BC%E3%83%88.xlsx", sheet.Options{Format: sheet.XLSX}},
		{"main.xlsx?language=en&kind=member", typeXLSX, "main_member_template.xlsx", sheet.Options{Format: sheet.XLSX}},
	} {
		a := w.get("/v1/templates/" + tt.path)
		if got := a.header.Get("Content-Type"); a.status != http.StatusOK || got != tt.contentType {
			t.Fatalf("%s: status %d, content type %q", tt.path, a.status, got)
		}
		if got := a.header.Get("Content-Disposition"); !strings.HasSuffix(got, "; filename*=UTF-8''"+tt.name) {
			t.Errorf("%s: Content-Disposition = %q", tt.path, got)
		}
		rows := w.rowsOf(a, tt.options)
		if len(rows) != 1 {
			t.Fatalf("%s: rows %q", tt.path, rows)
		}
		rows = append(rows, filled(rows[0]))
		var file bytes.Buffer
		if tt.options.Format == sheet.XLSX {
			w.must(sheet.WriteXLSX(&file, "会員", slices.Values(rows)))
		} else {
			w.must(sheet.WriteCSV(&file, slices.Values(rows)))
		}
		i := w.uploaded(file.String())
		found := want[struct {
			Header    bool            `json:"header"`
			Sample    [][]string      `json:"sample_rows"`
			Suggested []member.Column `json:"suggested_mapping"`
		}](w, http.StatusOK, w.get("/v1/imports/"+i.ID+"/inspection"))
		if !found.Header || len(found.Sample) != 1 || len(found.Suggested) != len(rows[0]) {
			t.Fatalf("%s: inspection %+v", tt.path, found)
		}
		for _, c := range found.Suggested {
			if c.Field == "" || c.Inverted || !strings.Contains(c.Header, "("+c.Field+")") {
				t.Errorf("%s: %s is suggested for %q", tt.path, c.Header, c.Field)
			}
		}
	}
}

func TestTemplateInShiftJIS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.get("/v1/templates/main.csv?encoding=Shift_JIS&language=ja")
	if got := a.header.Get("Content-Type"); a.status != http.StatusOK || got != "text/csv; charset=Shift_JIS" {
		t.Fatalf("status %d, content type %q", a.status, got)
	}
	rows := w.rowsOf(a, sheet.Options{Encoding: sheet.ShiftJIS})
	if !strings.HasPrefix(strings.Join(rows[0], "|"), templateJA) || bytes.HasPrefix(a.body, []byte(sheet.BOM)) || !bytes.HasSuffix(a.body, []byte("\r\n")) {
		t.Errorf("template %q", rows)
	}
}

func TestTemplateOfAnyListCanBeHad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, status := range map[string]int{
		"main.csv": 200, "m%61in.xlsx": 200, "main": 404, "main.pdf": 404, ".csv": 404, "main.csv.xlsx": 404, "%2Fmain.csv": 404, "main.xlsx/": 404,
	} {
		if a := w.get("/v1/templates/" + path); a.status != status {
			t.Errorf("%s: status %d, want %d: %s", path, a.status, status, a.body)
		}
	}
	p := wantProblem(w, http.StatusNotFound, codeUnknownList, w.get("/v1/templates/v.i.p.csv"))
	if !strings.Contains(p.Detail, "v.i.p") {
		t.Errorf("detail %q", p.Detail)
	}
	for query, accepted := range map[string]string{
		"main.csv?kind=person": "member, lead", "main.csv?encoding=euc-jp": "utf-8, shift_jis", "main.xlsx?language=fr": "ja, en",
	} {
		p := wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.get("/v1/templates/"+query))
		if !strings.Contains(p.Detail, accepted) {
			t.Errorf("%s: detail %q", query, p.Detail)
		}
	}
	wantProblem(w, http.StatusUnprocessableEntity, codeUnknownOption, w.get("/v1/templates/main.xlsx?encoding=utf-8"))
}
