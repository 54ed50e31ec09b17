package member

import "github.com/meibo/meibo/internal/tenant"

// Column says which field a column of the file feeds.
type Column struct {
	// Header is the column's header, or its position where the file has none.
	Header string `json:"header"`
	// Field is the key of the field, or empty where the column is not imported.
	Field string `json:"field"`
	// Inverted columns say the opposite of their boolean field (unsubscribeEmail).
	Inverted bool `json:"inverted"`
	// Blank and ListValues say otherwise for this column than the import's options do, where they are not empty.
	Blank      Blank      `json:"blank,omitempty"`
	ListValues ListValues `json:"list_values,omitempty"`
}

// Mapping says which column feeds which field: the column's index in the file is its place in the mapping.
type Mapping []Column

// Suggest maps the headers to fields by MatchColumn. Each field is suggested at most once, for the header that
// names it best (its key, then its label, then its synonyms in their order; then the leftmost); but a consent that
// columns tell in opposite ways is suggested for both. Fields that Meibo assigns are not suggested, nor is any for the
// columns that a report of failed rows begins with.
func (s *Schema) Suggest(headers []string) Mapping {
	m := make(Mapping, len(headers))
	meanings := make([]headerMeaning, len(headers))
	best := make(map[int]int, len(headers)) // field → column
	// CheckMapping refuses a field that is mapped twice: neither of two contradicting columns is left out in silence.
	contradicting := map[int]int{}
	report := IsReport(headers)
	for i, header := range headers {
		m[i].Header = header
		meaning, ok := s.meaning(header)
		if !ok || s.fields[meaning.field].ReadOnly || report && tellsOfARow(header) {
			continue
		}
		meanings[i] = meaning
		if old, taken := best[meaning.field]; taken && s.fields[meaning.field].Consent && meaning.inverted != meanings[old].inverted {
			contradicting[meaning.field] = i
			continue
		}
		if old, taken := best[meaning.field]; !taken || meaning.weight > meanings[old].weight {
			best[meaning.field] = i
		}
	}
	s.preferGivenName(headers, best)
	for field, column := range contradicting {
		m[column].Field = s.fields[field].Key
		m[column].Inverted = meanings[column].inverted
	}
	for field, column := range best {
		m[column].Field = s.fields[field].Key
		m[column].Inverted = meanings[column].inverted
	}
	return m
}

// preferGivenName reads 名前 beside 姓 as the given name (seed 000), where nothing else is.
func (s *Schema) preferGivenName(headers []string, best map[int]int) {
	name, first, last := s.Index("name"), s.Index("first_name"), s.Index("last_name")
	column, hasName := best[name]
	_, hasFirst := best[first]
	_, hasLast := best[last]
	if first < 0 || !hasName || hasFirst || !hasLast || normalHeader(headers[column]) != "名前" {
		return
	}
	delete(best, name)
	best[first] = column
}

// MappingProblem says what is wrong with a mapping.
type MappingProblem struct {
	Code Code `json:"code"`
	// Field is the key of the field, or what was given as one.
	Field string `json:"field,omitempty"`
	// Header is that of the column, empty where the problem has none.
	Header string `json:"header,omitempty"`
}

// Sentence tells a person in lang what is wrong and what to do about it.
func (p MappingProblem) Sentence(lang tenant.Language, s *Schema) string {
	return sentence(p.Code, lang, s, p.Field, p.Header, "")
}

// CheckMapping returns everything that keeps an import with this mapping and merge key from starting: problems of
// columns in their order, then those of the key. A mapping without problems can be compiled by NewPlan.
func (s *Schema) CheckMapping(m Mapping, key string) []MappingProblem {
	var problems []MappingProblem
	mapped := make(map[string]bool, len(m))
	for _, c := range m {
		if c.Field == "" {
			continue
		}
		report := func(code Code) {
			problems = append(problems, MappingProblem{Code: code, Field: c.Field, Header: c.Header})
		}
		i := s.Index(c.Field)
		if i < 0 {
			report(UnknownField)
			continue
		}
		f := &s.fields[i]
		if mapped[c.Field] {
			report(FieldMappedTwice)
		}
		mapped[c.Field] = true
		if f.ReadOnly && (c.Field != key || !f.MergeKey) {
			report(FieldReadOnly)
		}
		if c.Inverted && f.Type != Boolean {
			report(NotInvertible)
		}
	}
	switch i := s.Index(key); {
	case i < 0:
		problems = append(problems, MappingProblem{Code: UnknownField, Field: key})
	case !s.fields[i].MergeKey:
		problems = append(problems, MappingProblem{Code: KeyNotAKeyField, Field: key})
	case !mapped[key]:
		problems = append(problems, MappingProblem{Code: KeyNotMapped, Field: key})
	}
	return problems
}
