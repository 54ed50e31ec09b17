// Package sample makes files of members that look like those of a Japanese shop, of any size, with as many bad
// rows as one likes, and tells beforehand what importing them must come to. Demo, tests and benchmarks live on it.
//
// Row i depends on the seed and i only: the same Config gives the same bytes, a longer file begins like a shorter
// one, and a later Revision has the same members, some of them changed. Nobody in it exists: e-mail domains
// are reserved ones, though phone numbers have the form of real ones, which the rules ask for.
package sample

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/meibo/meibo/internal/member"
)

// Config says what the file is like. The zero Config is a header without rows.
type Config struct {
	// Rows is the number of data rows, blank lines not counted.
	Rows int
	Seed uint64
	// DefectRate is the share of rows that must fail, from 0 to 1; each kind of defect is as likely as the
	// others. A CSV with defects also has blank lines, which are none.
	DefectRate float64
	// Revision is 0 for the first file. In a later one about ChangeRate of the members (0 to 1) differ from the
	// first in city, phone and level; the bad rows are the same.
	Revision   int
	ChangeRate float64
	// Plain writes each value in its one canonical spelling, which PostgreSQL's COPY reads as well: ISO dates,
	// TRUE and FALSE, E.164, 1 and 2. Otherwise cells are spelled in all the ways that people do.
	Plain bool
	// Columns are the keys of the fields to write, in order; all of Columns() by default.
	Columns []string
}

// Expect is what importing the file into an empty list comes to, with mode upsert and key member_sn.
type Expect struct {
	// Total is the number of data rows; Total - Failed of them create a member.
	Total, Failed int
	// ByCode counts the failed rows; each has exactly one problem.
	ByCode map[member.Code]int
	// Failures are the first of the failed rows, at most 100.
	Failures []Failure
	// Changed counts the rows that differ from revision 0: importing this file after that one updates so many
	// members, and leaves Total - Failed - Changed of them unchanged.
	Changed int
}

// Failure is a row that must fail.
type Failure struct {
	// Row is its number as Excel shows it; the header is row 1.
	Row  int64
	Code member.Code
}

const maxFailures = 100

// Columns returns the keys of the fields that a sample can have, in the order in which it has them by default.
func Columns() []string {
	keys := make([]string, len(columns))
	for i, c := range columns {
		keys[i] = c.key
	}
	return keys
}

// WriteCSV writes the file as UTF-8 with CRLF (RFC 4180). Memory does not grow with its size.
func WriteCSV(w io.Writer, c Config) (Expect, error) {
	g, err := newGenerator(c, defects)
	if err != nil {
		return Expect{}, err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for i, k := range g.columns {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, columns[k].label...)
	}
	line = append(line, '\r', '\n')
	for i := range c.Rows {
		if _, err := out.Write(line); err != nil {
			return Expect{}, fmt.Errorf("write sample: %w", err)
		}
		line = line[:0]
		if g.blankBefore(i) {
			line = append(line, '\r', '\n')
			g.row++
		}
		g.next(i)
		line = g.appendCSV(line)
	}
	if _, err := out.Write(line); err != nil {
		return Expect{}, fmt.Errorf("write sample: %w", err)
	}
	if err := out.Flush(); err != nil {
		return Expect{}, fmt.Errorf("write sample: %w", err)
	}
	return g.expect, nil
}

// generator makes one row after another.
type generator struct {
	cfg     Config
	columns []int    // places in columns
	defects []defect // those that the columns allow
	key     uint64
	expect  Expect
	row     int64 // the number of the row at hand

	// The row at hand: its cells one after another, where each ends, and which of them a CSV must quote.
	person person
	bad    *defect
	buf    []byte
	ends   []int
	quoted uint32
}

func newGenerator(c Config, kinds []defect) (*generator, error) {
	if c.Rows < 0 || c.Revision < 0 || !isShare(c.DefectRate) || !isShare(c.ChangeRate) {
		return nil, errors.New("make sample: rows and revision must not be negative, rates must be from 0 to 1")
	}
	keys := c.Columns
	if len(keys) == 0 {
		keys = Columns()
	}
	g := &generator{cfg: c, key: mix(c.Seed), row: 1}
	for _, key := range keys {
		i := slices.IndexFunc(columns, func(c column) bool { return c.key == key })
		if i < 0 || slices.Contains(g.columns, i) {
			return nil, fmt.Errorf("make sample: there is no column %q, or it is named twice", key)
		}
		g.columns = append(g.columns, i)
	}
	for _, d := range kinds {
		// A row of one column without its cell would be blank.
		if d.column == "" && len(keys) > 1 || slices.Contains(keys, d.column) {
			g.defects = append(g.defects, d)
		}
	}
	if c.DefectRate > 0 && len(g.defects) == 0 {
		return nil, errors.New("make sample: these columns cannot have defects")
	}
	g.expect = Expect{Total: c.Rows, ByCode: make(map[member.Code]int)}
	return g, nil
}

func isShare(f float64) bool { return f >= 0 && f <= 1 }

// The streams of random numbers of a row: what one is used for leaves the others as they are.
const (
	streamPerson = iota
	streamDefect
	streamBlank
	streamChange
)

// random returns the stream of the row, which depends on nothing but the seed.
func (g *generator) random(i int, stream uint64) random {
	return random{mix(g.key + uint64(i)*4 + stream)}
}

// blankBefore reports whether a blank line stands before row i.
func (g *generator) blankBefore(i int) bool {
	if g.cfg.DefectRate == 0 || i == 0 {
		return false
	}
	r := g.random(i, streamBlank)
	return r.below(500) == 0
}

// next makes row i and adds it to what is expected.
func (g *generator) next(i int) {
	g.row++
	r := g.random(i, streamPerson)
	g.person = newPerson(&r, i+1, g.cfg.Plain)
	g.bad = g.defectOf(i)
	changed := g.change(i)
	g.buf, g.ends, g.quoted = g.buf[:0], g.ends[:0], 0
	for n, k := range g.columns {
		c := &columns[k]
		if g.bad != nil && g.bad.column == c.key {
			g.buf = append(g.buf, g.bad.text(i)...)
		} else if c.write(g) {
			g.quoted |= 1 << n
		}
		g.ends = append(g.ends, len(g.buf))
	}
	switch {
	case g.bad != nil:
		g.expect.Failed++
		g.expect.ByCode[g.bad.code]++
		if len(g.expect.Failures) < maxFailures {
			g.expect.Failures = append(g.expect.Failures, Failure{Row: g.row, Code: g.bad.code})
		}
	case changed:
		g.expect.Changed++
	}
}

// defectOf returns what is wrong with row i, or nil.
func (g *generator) defectOf(i int) *defect {
	if g.cfg.DefectRate == 0 {
		return nil
	}
	r := g.random(i, streamDefect)
	if !r.chance(g.cfg.DefectRate) {
		return nil
	}
	return &g.defects[r.below(len(g.defects))]
}

// change makes the person differ from revision 0, and reports whether a column shows it.
func (g *generator) change(i int) bool {
	if g.cfg.Revision == 0 {
		return false
	}
	r := g.random(i, streamChange)
	r = random{r.next() + uint64(g.cfg.Revision)}
	if !r.chance(g.cfg.ChangeRate) {
		return false
	}
	g.person.change(&r)
	return slices.ContainsFunc(g.columns, func(k int) bool { return columns[k].changes })
}

// cell returns the n-th cell of the row at hand.
func (g *generator) cell(n int) []byte {
	start := 0
	if n > 0 {
		start = g.ends[n-1]
	}
	return g.buf[start:g.ends[n]]
}

// appendCSV appends the row at hand, with more or fewer cells where that is what is wrong with it.
func (g *generator) appendCSV(line []byte) []byte {
	cells := len(g.ends)
	if g.bad != nil && g.bad.code == member.TooFewCells {
		cells -= 1 + cells/8
	}
	for n := range cells {
		if n > 0 {
			line = append(line, ',')
		}
		if g.quoted&(1<<n) != 0 {
			line = append(line, '"')
			line = append(line, g.cell(n)...)
			line = append(line, '"')
			continue
		}
		line = append(line, g.cell(n)...)
	}
	if g.bad != nil && g.bad.code == member.TooManyCells {
		line = append(line, ",備考"...)
	}
	return append(line, '\r', '\n')
}
