package uploader

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"golang.org/x/text/width"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

// templatePath stands for the templates of all formats: the name of a list may have a dot in it, which a path of the form
// {list}.csv would not match.
const templatePath = "/v1/templates/{file}"

// What the query of a template may say.
var (
	kinds     = parameter{"kind", []string{string(member.KindMember), string(member.KindLead)}}
	encodings = parameter{"encoding", []string{"utf-8", "shift_jis"}}
)

// template is an empty file for a list.
type template struct {
	list   string
	kind   member.Kind
	lang   tenant.Language
	fields []member.Field
}

// template is GET /v1/templates/{list}.csv and .xlsx.
func (s *server) template(w http.ResponseWriter, r *http.Request) {
	if err := s.sendTemplate(w, r); err != nil {
		s.fail(w, r, err)
	}
}

// sendTemplate returns an error only while nothing is sent.
func (s *server) sendTemplate(w http.ResponseWriter, r *http.Request) error {
	name := chi.URLParam(r, "file")
	if r.URL.RawPath != "" { // the path as it came is what routes go by
		var err error
		if name, err = url.PathUnescape(name); err != nil {
			return refuse(http.StatusNotFound, codeNotFound)
		}
	}
	if list, ok := strings.CutSuffix(name, ".csv"); ok {
		return s.sendTemplateCSV(w, r, list)
	}
	if list, ok := strings.CutSuffix(name, ".xlsx"); ok {
		return s.sendTemplateXLSX(w, r, list)
	}
	return refuse(http.StatusNotFound, codeNotFound)
}

func (s *server) sendTemplateCSV(w http.ResponseWriter, r *http.Request, list string) error {
	query, err := parameters(r, kinds, encodings)
	if err != nil {
		return err
	}
	t, err := s.newTemplate(r.Context(), list, query)
	if err != nil {
		return err
	}
	encoding := sheet.UTF8
	if query[encodings.name] == "shift_jis" {
		encoding = sheet.ShiftJIS
	}
	attach(w, csvType(encoding), "template.csv", t.fileName(".csv"))
	if err := t.writeCSV(w, encoding); err != nil {
		breakOff(r, err)
	}
	return nil
}

func (s *server) sendTemplateXLSX(w http.ResponseWriter, r *http.Request, list string) error {
	query, err := parameters(r, kinds)
	if err != nil {
		return err
	}
	t, err := s.newTemplate(r.Context(), list, query)
	if err != nil {
		return err
	}
	attach(w, typeXLSX, "template.xlsx", t.fileName(".xlsx"))
	if err := t.writeXLSX(w); err != nil {
		breakOff(r, err)
	}
	return nil
}

// newTemplate makes the template of one of the caller's lists.
func (s *server) newTemplate(ctx context.Context, list string, query map[string]string) (*template, error) {
	l, err := s.findList(ctx, list)
	if err != nil {
		return nil, err
	}
	schema, err := s.db.Schema(ctx, tenantOf(ctx), l.ID)
	if err != nil {
		return nil, err
	}
	return templateOf(schema, list, member.Kind(query[kinds.name]), sessionOf(ctx).lang()), nil
}

// templateOf has the fields of the schema that rows of that kind can bring.
func templateOf(schema *member.Schema, list string, kind member.Kind, lang tenant.Language) *template {
	t := &template{list: list, kind: kind, lang: lang}
	for _, f := range schema.Fields() {
		if !f.ReadOnly && (kind != member.KindLead || f.Key != "member_sn") {
			t.fields = append(t.fields, f)
		}
	}
	return t
}

// say picks the text of the template's language.
func (t *template) say(japanese, english string) string {
	return member.Text{JA: japanese, EN: english}.In(t.lang)
}

// fileName is what the template is saved as: main_会員テンプレート.csv.
func (t *template) fileName(ext string) string {
	what := t.say("会員テンプレート", "member_template")
	if t.kind == member.KindLead {
		what = t.say("リードテンプレート", "lead_template")
	}
	return t.list + "_" + what + ext
}

// header names the columns as seed 000 does, 氏名 (name)*: people read the label, the key in parentheses maps the column
// back, and the star tells that a value is required.
func (t *template) header() []string {
	names := make([]string, len(t.fields))
	for i := range t.fields {
		f := &t.fields[i]
		names[i] = f.Key
		if label := f.Label.In(t.lang); label != "" {
			names[i] = fmt.Sprintf("%s (%s)", label, f.Key)
		}
		if f.Required {
			names[i] += "*"
		}
	}
	return names
}

// writeCSV writes the header: UTF-8 has a byte order mark, by which Excel knows it.
func (t *template) writeCSV(w io.Writer, e sheet.Encoding) error {
	out := sheet.NewEncoder(w, e)
	if e == sheet.UTF8 {
		if _, err := io.WriteString(out, sheet.BOM); err != nil {
			return fmt.Errorf("write template: %w", err)
		}
	}
	return sheet.WriteCSV(out, slices.Values([][]string{t.header()}))
}

// writeXLSX writes a workbook whose first sheet is the one to fill in: imports read the first visible sheet.
func (t *template) writeXLSX(w io.Writer) error {
	page := sheet.Worksheet{Name: t.say("会員", "Members"), Header: true, Rows: together([][]string{t.header()})}
	if t.kind == member.KindLead {
		page.Name = t.say("リード", "Leads")
	}
	for _, name := range t.header() {
		page.Widths = append(page.Widths, float64(min(max(12, columns(name)+2), 40)))
	}
	guide := t.guide()
	for i, row := range guide[1:] {
		if values := row[guideChoices:]; len(values) > 0 {
			page.DropDowns = append(page.DropDowns, sheet.DropDown{
				Column: i + 1, Sheet: t.guideName(), Row: i + 2, First: guideChoices + 1, Last: guideChoices + len(values),
				Title:   t.say("選択肢にない値です", "Not in the list"),
				Warning: t.say("「項目の説明」シートにある値を入力してください。", "Please see the sheet Fields for the values that are accepted."),
			})
		}
	}
	return sheet.WriteWorkbook(w, page, sheet.Worksheet{
		Name: t.guideName(), Header: true, Wrap: true, Widths: guideWidths, Rows: together(guide),
	})
}

// together are rows that are known all.
func together(rows [][]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// columns is how wide text is, in characters of half width (Unicode Standard Annex 11).
func columns(text string) int {
	n := utf8.RuneCountInString(text)
	for _, r := range text {
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}
