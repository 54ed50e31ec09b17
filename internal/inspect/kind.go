package inspect

import (
	"strings"

	"github.com/meibo/meibo/internal/member"
)

const (
	// guessCells is how many cells of a column its type is guessed from.
	guessCells = 200
	// fits is the share of the cells that must be of a type.
	fits = 0.9
)

// guess returns what the cells of a column look like, and the share of them that can be read as such: the type of the
// field that the column is mapped to, if they fit, else the narrowest type whose form they have.
func guess(cells []value, f member.Field, loc *member.Locale) (member.Type, float64) {
	cells = cells[:min(len(cells), guessCells)]
	if len(cells) == 0 {
		return member.String, 0
	}
	if f.Key != "" && f.Type != member.String {
		if share := shareOf(cells, f, loc, nil); share >= fits {
			return f.Type, share
		}
	}
	for _, g := range guesses {
		if share := shareOf(cells, g.field, loc, g.form); share >= fits {
			return g.field.Type, share
		}
	}
	return member.String, 1
}

// guesses are the types in the order in which they are tried, each with the form that its cells must have, because
// parsers are as lenient as they can be: a bare number could be nearly anything.
var guesses = []struct {
	field member.Field
	form  func(string) bool
}{
	{member.Field{Type: member.Email}, func(c string) bool { return strings.ContainsAny(c, "@＠") }},
	{member.Field{Type: member.Boolean}, nil},
	{member.Field{Type: member.Date}, func(c string) bool { return !strings.Contains(c, ":") && (!bareNumber(c) || len(c) == 8) }},
	{member.Field{Type: member.DateTime}, func(c string) bool { return !bareNumber(c) }},
	{member.Field{Type: member.Phone}, func(c string) bool {
		return strings.ContainsAny(c[:1], "0+(") || strings.HasPrefix(c, "０") || strings.HasPrefix(c, "＋") || strings.HasPrefix(c, "（")
	}},
	{member.Field{Type: member.Number}, func(c string) bool { return len(c) < 2 || c[0] != '0' || c[1] == '.' }},
	{member.Field{Type: member.NumberList}, func(c string) bool { return c[0] == '[' }},
	{member.Field{Type: member.List}, func(c string) bool { return c[0] == '[' }},
}

// shareOf returns the part of the cells that have the form and can be read as values of the field. It gives up where
// too few can be.
func shareOf(cells []value, f member.Field, loc *member.Locale, form func(string) bool) float64 {
	good, bad := 0, 0
	for _, v := range cells {
		ok := form == nil || form(v.cell)
		if ok {
			_, _, problem := f.Parse(v.cell, loc)
			ok = problem == nil
		}
		if ok {
			good++
		} else if bad++; float64(bad) > (1-fits)*float64(len(cells)) {
			return 0
		}
	}
	return float64(good) / float64(len(cells))
}

// bareNumber reports whether the cell is nothing but ASCII digits.
func bareNumber(c string) bool {
	for n := range len(c) {
		if c[n] < '0' || c[n] > '9' {
			return false
		}
	}
	return c != ""
}
