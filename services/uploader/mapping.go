package uploader

import (
	"maps"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/member"
)

// What a caller says about columns before the file is there is kept as choices: a mapping whose columns are
// found by their headers. A column with an empty header stands for all that are not named; it is there where
// the caller gave a whole mapping, so that the others are not imported, and not where the caller only changed
// single columns of what is suggested.

// choices returns what base becomes by what the caller says.
func (o *ImportOptions) choices(base member.Mapping, schema *member.Schema) member.Mapping {
	if len(o.Mapping) > 0 {
		base = make(member.Mapping, 0, len(o.Mapping)+1)
		for _, c := range o.Mapping {
			base = append(base, member.Column{Header: c.Header, Field: c.Field, Inverted: c.Inverted})
		}
		base = append(base, member.Column{})
	}
	for _, header := range slices.Sorted(maps.Keys(o.Map)) {
		c := member.Column{Header: header, Field: o.Map[header]}
		// A header of opposite polarity stays what it is.
		if f, inverted, ok := schema.MatchColumn(header); ok && f.Key == c.Field {
			c.Inverted = inverted
		}
		base = slices.DeleteFunc(slices.Clone(base), func(old member.Column) bool { return old.Header == header })
		base = append(base, c)
	}
	return base
}

// resolve returns the mapping of a file whose columns have those names: the choices, and for the columns that
// they leave open the suggestion, as far as its fields are not chosen for others. unknown are the choices for
// columns that the file does not have.
func resolve(names []string, choices, suggested member.Mapping) (m member.Mapping, unknown []string) {
	chosen := make(map[string]member.Column, len(choices))
	taken := make(map[string]bool, len(choices))
	for _, c := range choices {
		chosen[strings.TrimSpace(c.Header)] = c
		if c.Field != "" {
			taken[c.Field] = true
		}
	}
	_, complete := chosen[""]
	m = make(member.Mapping, len(names))
	for i, name := range names {
		m[i] = member.Column{Header: name}
		if c, ok := chosen[name]; ok {
			m[i] = c
			m[i].Header = name
			delete(chosen, name)
		} else if !complete && i < len(suggested) && !taken[suggested[i].Field] {
			m[i] = suggested[i]
		}
	}
	for header := range chosen {
		if header != "" {
			unknown = append(unknown, header)
		}
	}
	slices.Sort(unknown)
	return m, unknown
}
