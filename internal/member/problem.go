package member

import (
	"strings"

	"github.com/meibo/meibo/internal/tenant"
)

// Code is a stable, documented, machine-readable name of what is wrong with a cell or a row.
type Code string

// Problem says what is wrong with one cell, or with a row as a whole where Field is empty.
//
// Problems are data: they are counted, stored and shown, and are never returned as errors.
type Problem struct {
	Code  Code   `json:"code"`
	Field string `json:"field,omitempty"`
	// Detail fills the place in the sentence of the code, such as the offending value's length or the
	// accepted values. It never holds the whole of a long cell.
	Detail string `json:"detail,omitempty"`
}

// maxDetail bounds Problem.Detail where it quotes a cell, in code points.
const maxDetail = 40

// In returns the text in the given language, or in the other one where that is empty.
func (t Text) In(lang tenant.Language) string {
	if (lang == tenant.English && t.EN != "") || t.JA == "" {
		return t.EN
	}
	return t.JA
}

// Sentence tells a person in lang what is wrong and what to do about it, naming the field by its label. A field
// that s does not have, or any field where s is nil, is named by its key; an unknown code by itself.
func (p Problem) Sentence(lang tenant.Language, s *Schema) string {
	return sentence(p.Code, lang, s, p.Field, "", p.Detail)
}

// Text is Sentence in both languages, with the field named by its key.
func (p Problem) Text() Text {
	return Text{JA: p.Sentence(tenant.Japanese, nil), EN: p.Sentence(tenant.English, nil)}
}

// Warning is a Problem that concerns a file, and often one of its columns.
type Warning struct {
	Problem
	// Column is the header of the column, empty where there is none.
	Column string `json:"column,omitempty"`
	// Rows are the numbers of the first few rows concerned, where they are known.
	Rows []int64 `json:"rows,omitempty"`
}

// Sentence is Problem.Sentence, which names the column too; what is said of a field is said of the column where it
// feeds none.
func (w Warning) Sentence(lang tenant.Language, s *Schema) string {
	return sentence(w.Code, lang, s, w.Field, w.Column, w.Detail)
}

// sentence fills the places of the code's sentence; header is the column's, or empty.
func sentence(c Code, lang tenant.Language, s *Schema, field, header, detail string) string {
	t, ok := sentences[c]
	if !ok {
		return string(c)
	}
	out := t.In(lang)
	if strings.Contains(out, "{choices}") {
		out = strings.ReplaceAll(out, "{choices}", choiceNames(lang, s, field))
	}
	if detail == "" {
		out = withoutAside(withoutAside(out, "（", "）"), " (", ")")
	}
	name := fieldName(lang, s, field)
	if field == "" && header != "" {
		name = header
	}
	// All at once: header and detail are a stranger's text, which must not be read as a place to fill.
	return strings.NewReplacer("{field}", name, "{header}", header, "{detail}", detail).Replace(out)
}

// withoutAside removes the bracket that the detail would stand in.
func withoutAside(s, open, close string) string {
	before, after, found := strings.Cut(s, "{detail}")
	start, end := strings.LastIndex(before, open), strings.Index(after, close)
	if !found || start < 0 || end < 0 || strings.Contains(before[start:], close) {
		return s
	}
	return before[:start] + after[end+len(close):]
}

// fieldName is the label by which sentences call a field.
func fieldName(lang tenant.Language, s *Schema, key string) string {
	if s != nil {
		if i := s.Index(key); i >= 0 {
			if label := s.fields[i].Label.In(lang); label != "" {
				return label
			}
		}
	}
	switch {
	case key != "":
		return key
	case lang == tenant.English:
		return "the field"
	default:
		return "項目"
	}
}

// choiceNames lists the options of a choice field as number = label, at most ten of them.
func choiceNames(lang tenant.Language, s *Schema, key string) string {
	if s == nil || s.Index(key) < 0 {
		return "…"
	}
	const most = 10
	var b strings.Builder
	for i, o := range s.fields[s.Index(key)].Choices {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == most {
			b.WriteString("…")
			break
		}
		b.WriteString(o.Label.In(lang))
		b.WriteString(" = ")
		b.WriteString(decimal(o.Number))
	}
	return b.String()
}

// clip shortens a quoted cell to what fits in a problem.
func clip(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxDetail {
			return s[:i] + "…"
		}
	}
	return s
}
