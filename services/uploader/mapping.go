package uploader

import (
	"maps"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
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
			base = append(base, member.Column{
				Header: c.Header, Field: c.Field, Inverted: c.Inverted, Blank: member.Blank(c.Blank), ListValues: member.ListValues(c.ListValues),
			})
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

// settleColumns puts what the options say of single columns into the mapping, where the merger reads it. unknown are
// the columns that the file does not have.
func settleColumns(m member.Mapping, o *imports.Options) (unknown []string) {
	for header, blank := range o.BlankColumns {
		if c := column(m, header); c != nil {
			c.Blank = blank
		} else {
			unknown = append(unknown, header)
		}
	}
	for header, policy := range o.ListColumns {
		if c := column(m, header); c != nil {
			c.ListValues = policy
		} else {
			unknown = append(unknown, header)
		}
	}
	o.BlankColumns, o.ListColumns = nil, nil
	slices.Sort(unknown)
	return slices.Compact(unknown)
}

func column(m member.Mapping, header string) *member.Column {
	i := slices.IndexFunc(m, func(c member.Column) bool { return c.Header == strings.TrimSpace(header) })
	if i < 0 {
		return nil
	}
	return &m[i]
}

// checkColumns returns what keeps rows of a mapping from being read by the options.
func checkColumns(m member.Mapping, o *imports.Options, schema *member.Schema) (wrong []part) {
	for _, p := range schema.CheckMapping(m, o.Key) {
		found := mappingPart(p, schema)
		if p.Code == member.KeyNotMapped {
			found = keyNotMapped(found, m, o, schema)
		}
		wrong = append(wrong, found)
	}
	skips := o.SkipWithout != ""
	for _, c := range m {
		f, ok := schema.Field(c.Field)
		skips = skips && c.Field != o.SkipWithout
		if o.Kind == member.KindLead && c.Field == "member_sn" {
			wrong = append(wrong, part{
				code: string(member.LeadMemberNumber), option: "kind", field: c.Field, header: c.Header,
				say: func(lang tenant.Language) string {
					return sentence(codeLeadNumber, nil, []string{"header", c.Header}, lang)
				},
			})
		}
		if ok && c.ListValues != "" && f.Type != member.List && f.Type != member.NumberList && f.Type != member.Tags {
			wrong = append(wrong, part{
				code: codeNotAList, option: "list_values", field: c.Field, header: c.Header,
				fill: []string{"header", c.Header, "accepted", strings.Join(listFields(schema), ", ")},
			})
		}
	}
	if skips {
		wrong = append(wrong, part{
			code: codeSkipNotMapped, option: "skip_without", field: o.SkipWithout,
			fill: []string{"field", o.SkipWithout, "accepted", strings.Join(mappedFields(m), ", ")},
		})
	}
	return wrong
}

// keyNotMapped adds to the problem which of the mapped fields could be the key, if any could.
func keyNotMapped(found part, m member.Mapping, o *imports.Options, schema *member.Schema) part {
	keys := slices.DeleteFunc(mappedFields(m), func(key string) bool { return !slices.Contains(mergeKeys(schema, o.Kind), key) })
	found.option = "key"
	if say := found.say; len(keys) > 0 {
		found.say = func(lang tenant.Language) string {
			return say(lang) + " " + sentence(codeOption, nil, []string{"option", "key", "accepted", strings.Join(keys, ", ")}, lang)
		}
	}
	return found
}

// listFields are the fields for which there is a policy of lists, beside those that Meibo fills.
func listFields(schema *member.Schema) (keys []string) {
	for _, f := range schema.Fields() {
		if !f.ReadOnly && (f.Type == member.List || f.Type == member.NumberList || f.Type == member.Tags) {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

func mappedFields(m member.Mapping) (keys []string) {
	for _, c := range m {
		if c.Field != "" {
			keys = append(keys, c.Field)
		}
	}
	return keys
}
