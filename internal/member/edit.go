package member

import (
	"encoding/json"
	"slices"
	"strings"
)

// Said is what a caller says of one member, field by field and not by the row of a file.
type Said struct {
	// Values are those of fields, as JSON by key; null and "" stand for no value.
	Values map[string]json.RawMessage
	Rules  Rules
	Locale *Locale
	// MaxBytes bounds all values together, in bytes of UTF-8, as a row of a file is bounded.
	MaxBytes int
}

// Edit is what is said of one member, compiled: a plan and its only row. It is judged and merged as the row of an import
// is, so that the same spellings, repairs and refusals hold for both.
type Edit struct {
	Plan *Plan
	Row  Row
	// optsIn are the indexes in Plan.Fields of the consents that are given.
	optsIn []int
}

// NewEdit compiles what is said. id is that of the member where it is the key of the rules. What is wrong stands in
// the row's problems.
func (s *Schema) NewEdit(said Said, id int64) (*Edit, error) {
	said.Rules = said.Rules.Filled()
	var wrong Row
	cells := make(map[string]string, len(said.Values)+1)
	size := 0
	for _, key := range sortedKeys(s, said.Values) {
		if f, ok := s.Field(key); !ok {
			wrong.Fail(UnknownField, key, "")
		} else if cell, code := said.cell(&f, said.Values[key]); code != "" {
			wrong.Fail(code, key, "")
		} else {
			cells[key] = cell
			size += len(cell)
		}
	}
	if size > said.MaxBytes {
		wrong.Fail(RowTooLong, "", decimal(int64(said.MaxBytes)))
	}
	if said.Rules.Key == "id" {
		cells["id"] = decimal(id)
	}
	return s.compile(said, cells, wrong.Problems)
}

// compile makes the plan of the fields that have cells, and its row.
func (s *Schema) compile(said Said, cells map[string]string, wrong []Problem) (*Edit, error) {
	var m Mapping
	for _, f := range s.fields {
		if _, ok := cells[f.Key]; ok || f.Key == said.Rules.Key {
			m = append(m, Column{Header: f.Key, Field: f.Key})
		}
	}
	p, err := NewPlan(s, m, said.Rules, said.Locale)
	if err != nil {
		return nil, err
	}
	e := &Edit{Plan: p, Row: Row{Values: make([]Value, len(p.Fields)), Actions: make([]Action, len(p.Fields))}}
	for i := range p.Columns {
		e.Row.Cells = append(e.Row.Cells, cells[p.Fields[i].Key])
	}
	p.Parse(&e.Row)
	// A key of which something else is wrong is not missing.
	e.Row.Problems = append(slices.DeleteFunc(e.Row.Problems, func(p Problem) bool {
		return p.Code == KeyMissing && slices.ContainsFunc(wrong, func(w Problem) bool { return w.Field == p.Field })
	}), wrong...)
	for i := range p.Columns {
		if p.Fields[i].Consent && e.Row.Actions[i] == Set && e.Row.Values[i].Bool() {
			e.optsIn = append(e.optsIn, i)
		}
	}
	return e, nil
}

// Refused returns the consents that are given, and that the guard has not let come to m, the member as it is merged.
func (e *Edit) Refused(m *Record) (refused []Problem) {
	for _, i := range e.optsIn {
		if !m.Values[i].Bool() {
			refused = append(refused, Problem{Code: ConsentProtected, Field: e.Plan.Fields[i].Key})
		}
	}
	return refused
}

// cell returns JSON as the text that a cell would have, or what is wrong with it.
func (said *Said) cell(f *Field, raw json.RawMessage) (cell string, code Code) {
	cell, ok := cellText(f, raw)
	empty := trimBlanks(cell) == ""
	switch {
	case f.ReadOnly:
		return "", ReadOnly
	case !ok:
		return "", ValueType
	case f.Key == "member_sn" && said.Rules.Kind == KindLead && !empty:
		return "", LeadMemberNumber
	case f.Consent && empty && said.Rules.Mode == Update:
		return "", CannotClear // an empty cell of a file is no word about a consent; null is
	}
	return cell, ""
}

// cellText is the text of JSON that fits the type of the field: a number as it is written, a list as a JSON array.
func cellText(f *Field, raw json.RawMessage) (text string, ok bool) {
	list := isList(f.Type)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", true
	case raw[0] == '"':
		return text, json.Unmarshal(raw, &text) == nil
	case raw[0] == '[' && list:
		return listText(f, raw)
	case raw[0] == '{' || raw[0] == '[':
		return "", false
	case raw[0] == 't' || raw[0] == 'f':
		return string(raw), f.Type == Boolean
	}
	return string(raw), !list
}

// listText is a JSON array as a cell holds it. The API shows the items of a list of numbers as strings, in which no digit
// is lost, and takes them as such, too.
func listText(f *Field, raw json.RawMessage) (string, bool) {
	if f.Type != NumberList {
		return string(raw), true
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return "", false
	}
	numbers := make([]string, len(items))
	for i, item := range items {
		if numbers[i] = string(item); item[0] == '"' && json.Unmarshal(item, &numbers[i]) != nil {
			return "", false
		}
		if strings.ContainsAny(numbers[i], `,[]"{} `) {
			return "", false
		}
	}
	return "[" + strings.Join(numbers, ",") + "]", true
}

// sortedKeys returns the keys in the order of the schema, then those that it does not have.
func sortedKeys(s *Schema, values map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	place := func(key string) int {
		if i := s.Index(key); i >= 0 {
			return i
		}
		return len(s.fields)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if d := place(a) - place(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return keys
}
