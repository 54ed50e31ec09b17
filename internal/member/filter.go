package member

import (
	"slices"
	"strings"
)

// Op is how a filter compares a field.
type Op string

// The operators. Text is compared without regard to case where it is searched for a part, and e-mail addresses always.
const (
	OpEqual    Op = "eq"
	OpNotEqual Op = "ne" // also members without a value
	OpContains Op = "contains"
	OpStarts   Op = "starts"
	OpGreater  Op = "gt"
	OpAtLeast  Op = "gte"
	OpLess     Op = "lt"
	OpAtMost   Op = "lte"
	OpEmpty    Op = "empty"
	OpPresent  Op = "present"
	// OpAny, OpAll and OpNone are of lists: at least one of the items, each of them, or none.
	OpAny  Op = "any"
	OpAll  Op = "all"
	OpNone Op = "none"
)

// Filter is a condition that members are searched by.
type Filter struct {
	Field Field
	Op    Op
	// Value is what the field is compared with, in its canonical form; text as it is for OpContains and OpStarts; a list
	// for the operators of lists; none for OpEmpty and OpPresent.
	Value Value
}

// Ops returns the operators that the field can be compared by.
func (f *Field) Ops() []Op {
	ops := []Op{OpEqual, OpNotEqual}
	switch f.Type {
	case String, Email, Phone:
		ops = append(ops, OpContains, OpStarts)
	case Number, Date, DateTime:
		ops = append(ops, OpGreater, OpAtLeast, OpLess, OpAtMost)
	case List, NumberList, Tags:
		ops = []Op{OpAny, OpAll, OpNone}
	case Boolean, Choice:
	}
	return append(ops, OpEmpty, OpPresent)
}

// ParseFilter reads a filter: the key of a field, an operator and, where that needs one, a value, with colons between
// them, as in birthday:gte:1990-01-01. The value is written as a cell of a file would be; those of a list as a JSON
// array or with commas. It may have colons itself.
func (s *Schema) ParseFilter(text string, loc *Locale) (Filter, *Problem) {
	key, rest, ok := strings.Cut(text, ":")
	if !ok {
		return Filter{}, &Problem{Code: FilterInvalid, Detail: clip(text)}
	}
	field, known := s.Field(strings.TrimSpace(key))
	if !known {
		return Filter{}, &Problem{Code: FilterField, Detail: clip(key)}
	}
	name, value, given := strings.Cut(rest, ":")
	f := Filter{Field: field, Op: Op(name)}
	if ops := field.Ops(); !slices.Contains(ops, f.Op) {
		return Filter{}, &Problem{Code: FilterOperator, Field: field.Key, Detail: opNames(ops)}
	}
	if f.Op == OpEmpty || f.Op == OpPresent {
		if given {
			return Filter{}, &Problem{Code: FilterInvalid, Detail: clip(text)}
		}
		return f, nil
	}
	var problem *Problem
	if f.Value, problem = f.parse(value, loc); problem == nil && (!f.Value.Set || isList(field.Type) && len(f.Value.List) == 0) {
		problem = &Problem{Code: FilterInvalid, Detail: clip(text)}
	}
	if problem != nil {
		return Filter{}, problem
	}
	return f, nil
}

func (f *Filter) parse(text string, loc *Locale) (Value, *Problem) {
	field := f.Field
	if f.Op != OpContains && f.Op != OpStarts {
		field.CommaSeparated = true
		v, _, problem := field.Parse(text, loc)
		return v, problem
	}
	if text = trimBlanks(text); text == "" {
		return Value{}, nil
	}
	if field.Fold || field.Type == Email || field.Type == Phone {
		text = foldWidth(text)
	}
	text, code := cleanText(text, maxText)
	if code != "" {
		return Value{}, &Problem{Code: code, Field: field.Key, Detail: decimal(maxText)}
	}
	return TextValue(text), nil
}

func opNames(ops []Op) string {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = string(op)
	}
	return strings.Join(names, ", ")
}

// Words is free text that members are searched by, as each of what people know a member by; empty where it is not sought
// there. Number, Email and Phone are beginnings, in their canonical form; Name may stand anywhere in a name.
type Words struct{ Number, Email, Phone, Name string }

// ParseWords tells from the look of free text where to search, so that indexes answer it as often as can be: with an @ it
// is an e-mail address, with a digit a member number or a phone number, and anything else a name, a member number or an
// address. Nothing is nil.
func (s *Schema) ParseWords(text string, loc *Locale) *Words {
	if text = trimBlanks(text); text == "" {
		return nil
	}
	narrow := foldWidth(text)
	number := narrow
	if f, ok := s.Field("member_sn"); ok {
		v, _, _ := f.Parse(narrow, loc)
		number = v.Text
	}
	switch {
	case strings.Contains(narrow, "@"):
		return &Words{Email: EmailKey(narrow)}
	case strings.ContainsAny(narrow, "0123456789"):
		phone, _, _ := parsePhone(narrow, loc.region())
		w := Words{Number: number, Phone: phone.Text}
		if w.Phone == "" && narrow[0] == '+' {
			w.Phone = narrow
		}
		return &w
	}
	name, code := cleanText(text, maxText)
	if code != "" {
		return &Words{}
	}
	return &Words{Number: number, Email: EmailKey(narrow), Name: name}
}
