package oracle

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// Case is a list and a file for it.
type Case struct {
	Seed uint64
	// Custom cases have a tenant with fields of its own: those of the variable of that name.
	Custom bool
	List   List
	Import Import
	// Records are those of the file below its header, blank ones too; Import.Rows is made of them.
	Records [][]string
}

// FirstFree is above the ids of all members of a case.
const FirstFree = 1001

// long ago is when the members of a case were made.
var longAgo = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Random returns the case of a seed, which is small: values come from small pools, so that keys meet, are missing, and are
// wrong. What the start of an import fixes is left to whoever starts it.
func Random(seed uint64) *Case {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), schema: standard}
	c := &Case{Seed: seed, Custom: g.often(40)}
	if c.Custom {
		g.schema = custom
	}
	c.Import.Schema = g.schema
	c.Import.Options = g.options()
	c.Import.Mapping = g.mapping(&c.Import.Options)
	c.List = g.list()
	for range 1 + min(g.IntN(60), g.IntN(60)) {
		c.Records = append(c.Records, g.record(c))
	}
	return c
}

// CSV is the file. Along the way it finds the rows of the import.
func (c *Case) CSV() []byte {
	c.Import.Rows = nil
	var header []string
	for _, column := range c.Import.Mapping {
		header = append(header, column.Header)
	}
	for n, record := range c.Records {
		if strings.Trim(strings.Join(record, ""), " \t") != "" {
			c.Import.Rows = append(c.Import.Rows, Row{Number: int64(n) + 2, Cells: record})
		}
	}
	var out bytes.Buffer
	if err := sheet.WriteCSV(&out, slices.Values(append([][]string{header}, c.Records...))); err != nil {
		panic(err) // memory takes everything
	}
	return out.Bytes()
}

// generator makes the parts of a case.
type generator struct {
	*rand.Rand
	schema *member.Schema
}

func (g *generator) often(percent int) bool { return g.IntN(100) < percent }

// some returns one of a closed set, most often the default.
func some[T any](g *generator, otherwise T, of []T) T {
	if g.often(45) {
		return otherwise
	}
	return of[g.IntN(len(of))]
}

func (g *generator) options() imports.Options {
	r := member.Rules{
		Kind: member.KindMember, Mode: member.Modes[g.IntN(len(member.Modes))],
		Blank: some(g, "", member.Blanks), ListValues: some(g, "", member.ListPolicies), Duplicates: some(g, "", member.DuplicateSet),
		MultipleMatches: some(g, "", member.MultipleSet), NewConsent: some(g, "", member.NewConsents), Consent: some(g, "", member.ConsentRules),
		Registration: some(g, "", member.Registrations),
	}
	keys := []string{"member_sn", "member_sn", "email", "email", "phone", "line_id", "id"}
	if g.often(25) {
		r.Kind = member.KindLead
		keys = []string{"email", "email", "phone", "phone", "line_id", "id"}
	}
	if g.has("card") {
		keys = append(keys, "card", "room")
	}
	r.Key = keys[g.IntN(len(keys))]
	if g.often(25) {
		r.ImportTag = []string{"春", "夏", "春/一"}[g.IntN(3)]
	}
	o := imports.Options{Rules: r, TimeZone: "Asia/Tokyo", Region: "JP", Encoding: string(sheet.UTF8), Delimiter: ","}
	switch {
	case g.often(80):
		o.MaxRemoved = imports.Percent(100)
	case g.often(50):
		o.MaxRemoved = imports.Limit{Set: true, Value: float64(g.IntN(5))}
	}
	if g.often(5) {
		o.MaxFailed = imports.Limit{Set: true, Value: float64(g.IntN(5))}
	}
	if g.often(5) {
		o.MaxChanged = imports.Percent(float64(g.IntN(60)))
	}
	return o
}

// mapping chooses columns, one of which is the key.
func (g *generator) mapping(o *imports.Options) member.Mapping {
	fields := []string{o.Key}
	for _, n := range g.Perm(len(columns))[:1+g.IntN(8)] {
		f := columns[n]
		if f != o.Key && g.has(f) && f != "motto" && (f != "member_sn" || o.Kind == member.KindMember) {
			fields = append(fields, f)
		}
	}
	if !slices.Contains(fields, "name") && !slices.Contains(fields, "first_name") && g.often(80) {
		fields = append(fields, "name")
	}
	if o.NewConsent == member.NewConsentRequired && g.often(60) {
		for _, f := range consents {
			if !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	var m member.Mapping
	for _, key := range fields {
		c := member.Column{Header: key, Field: key}
		f, _ := g.schema.Field(key)
		c.Inverted = f.Type == member.Boolean && g.often(25)
		if g.often(15) {
			c.Blank = member.Blanks[g.IntN(2)]
		}
		if g.often(15) {
			c.ListValues = member.ListPolicies[g.IntN(2)]
		}
		m = append(m, c)
		if g.often(8) {
			m = append(m, member.Column{Header: "備考" + fmt.Sprint(len(m))})
		}
	}
	if f := m[g.IntN(len(m))].Field; f != "" && g.often(15) {
		o.SkipWithout = f
	}
	return m
}

// record makes a record for the columns.
func (g *generator) record(c *Case) []string {
	if n := len(c.Records); n > 0 && g.often(12) {
		return slices.Clone(c.Records[g.IntN(n)])
	}
	cells := make([]string, len(c.Import.Mapping))
	if g.often(3) {
		return cells // blank
	}
	known := c.List.someone(g)
	for n, column := range c.Import.Mapping {
		cells[n] = g.cell(column.Field, column.Field == c.Import.Options.Key, known)
	}
	switch {
	case g.often(2):
		cells = cells[:len(cells)-1]
	case g.often(2):
		cells = append(cells, "余分")
	}
	return cells
}

// someone is a member whose values a row may repeat, or nobody.
func (l *List) someone(g *generator) *Member {
	if len(l.Members) == 0 || g.often(60) {
		return nil
	}
	return &l.Members[g.IntN(len(l.Members))]
}

func (g *generator) cell(field string, key bool, known *Member) string {
	p, ok := pools[field]
	switch {
	case !ok:
		return []string{"", "メモ"}[g.IntN(2)]
	case known != nil && key && field == "id":
		return fmt.Sprint(known.ID)
	case known != nil && known.Values[field].Set && g.often(80):
		if v := known.Values[field]; v.Text != "" {
			return v.Text
		}
	case key && g.often(90):
		return p.good[g.IntN(len(p.good))]
	case g.often(25):
		return []string{"", "", "", " ", "　"}[g.IntN(5)]
	case g.often(4):
		return []string{member.ClearMark, " " + member.ClearMark}[g.IntN(2)]
	case len(p.bad) > 0 && g.often(3):
		return p.bad[g.IntN(len(p.bad))]
	}
	return p.good[g.IntN(len(p.good))]
}
