package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// table is rows of cells in columns that line up on a terminal, where Japanese characters take two places.
type table struct {
	// head is empty for a table without one.
	head []string
	rows [][]string
	// right tells which columns are numbers.
	right []bool
}

const (
	columnGap = "  "
	// maxCell bounds a cell, in places of a terminal, and maxLast one of the last column, which pushes nothing aside;
	// what is longer is cut.
	maxCell = 60
	maxLast = 500
)

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the table, each line after the indent.
func (t *table) write(w io.Writer, indent string) error {
	lines := t.rows
	if len(t.head) > 0 {
		lines = append([][]string{t.head}, t.rows...)
	}
	var widths []int
	for r, line := range lines {
		lines[r] = make([]string, len(line))
		for i, cell := range line {
			places := maxCell
			if i == len(line)-1 {
				places = maxLast
			}
			lines[r][i] = fit(printable(cell), places)
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], displayWidth(lines[r][i]))
		}
	}
	for _, line := range lines {
		if _, err := io.WriteString(w, t.line(line, widths, indent)); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	return nil
}

func (t *table) line(cells []string, widths []int, indent string) string {
	var b strings.Builder
	b.WriteString(indent)
	for i, cell := range cells {
		if i > 0 {
			b.WriteString(columnGap)
		}
		if i < len(t.right) && t.right[i] {
			b.WriteString(spaces(widths[i]-displayWidth(cell)) + cell)
			continue
		}
		b.WriteString(cell + spaces(widths[i]-displayWidth(cell)))
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

func spaces(n int) string { return strings.Repeat(" ", n) }

// displayWidth returns how many places of a terminal the text takes (Unicode Standard Annex #11).
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// fit cuts text that takes more than so many places.
func fit(s string, places int) string {
	if displayWidth(s) <= places {
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeWidth(r); n > places-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// printable makes a stranger's text harmless: in a terminal, control characters would be orders.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.In(r, unicode.Bidi_Control) {
			return ' '
		}
		return r
	}, s)
}

// number returns n with thousands separators.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// bytesText returns a size for people.
func bytesText(n int64) string {
	const kib = 1024
	if n < kib {
		return strconv.FormatInt(n, 10) + " B"
	}
	size, unit := float64(n)/kib, 0
	for size >= kib && unit < 4 {
		size, unit = size/kib, unit+1
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + [...]string{"KiB", "MiB", "GiB", "TiB", "PiB"}[unit]
}
