package inspect

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meibo/meibo/internal/member"
)

const (
	// warnedRows is how many rows a warning names.
	warnedRows = 5
	// warnedColumns bounds the warnings of one kind about columns.
	warnedColumns = 20
	// emptyRows is how many rows it takes to call a column nearly empty, and emptyShare what part of them may have a
	// value.
	emptyRows  = 20
	emptyShare = 0.05
)

// warnOf adds a warning.
func (l *look) warnOf(code member.Code, column, detail string, rows ...int64) {
	same := 0
	for _, w := range l.found.Warnings {
		if w.Code == code {
			same++
		}
	}
	if same < warnedColumns {
		w := member.Warning{Problem: member.Problem{Code: code, Detail: detail}, Column: column, Rows: rows}
		l.found.Warnings = append(l.found.Warnings, w)
	}
}

// warn tells what somebody should look at, apart from what is said of the mapping and the encoding already. above are
// the rows above the header.
func (l *look) warn(above []record) {
	if len(above) > 0 {
		first, last := above[0].number, above[len(above)-1].number
		detail := strconv.FormatInt(first, 10)
		if last > first {
			detail += "–" + strconv.FormatInt(last, 10)
		}
		l.warnOf(member.LinesSkipped, "", detail)
	}
	switch {
	case len(l.data) > 0:
	case len(l.names) > 0:
		l.warnOf(member.NoRows, "", "")
	default:
		l.warnOf(member.EmptyFile, "", "")
	}
	l.faults()
	if l.found.Header {
		l.unmapped()
	}
	for n, name := range l.names {
		l.warnColumn(name, l.found.Suggested[n].Field, l.column(n))
	}
}

// faults warns of each kind of fault among the first rows, column by column.
func (l *look) faults() {
	for _, row := range l.data {
		if row.fault.Code == "" {
			continue
		}
		column := ""
		if c := row.fault.Column; c > 0 && c <= len(l.names) {
			column = l.names[c-1]
		}
		same := func(w member.Warning) bool { return w.Code == row.fault.Code && w.Column == column }
		at := slices.IndexFunc(l.found.Warnings, same)
		if at < 0 {
			l.warnOf(row.fault.Code, column, clip(row.fault.Detail), row.number)
		} else if w := &l.found.Warnings[at]; len(w.Rows) < warnedRows {
			w.Rows = append(w.Rows, row.number)
		}
	}
}

// repeated warns of columns with the same header, which have names of their own by now.
func (l *look) repeated(header record) {
	seen := make(map[string]bool)
	warned := make(map[string]bool)
	for _, cell := range header.cells {
		cell = clip(strings.TrimSpace(cell))
		if seen[cell] && cell != "" && !warned[cell] {
			warned[cell] = true
			l.warnOf(member.HeaderRepeated, cell, "", header.number)
		}
		seen[cell] = true
	}
}

// unmapped warns of fields that a column has to feed.
func (l *look) unmapped() {
	mapped := make(map[string]bool)
	for _, c := range l.found.Suggested {
		mapped[c.Field] = true
	}
	say := func(code member.Code, field string) {
		l.found.Warnings = append(l.found.Warnings, member.Warning{Problem: member.Problem{Code: code, Field: field}})
	}
	if key := l.said.Key; key != "" && !mapped[key] {
		say(member.KeyNotMapped, key)
	}
	if l.said.CreatesNobody {
		return
	}
	for _, f := range l.schema.Fields() {
		made := f.Key == "name" && mapped["first_name"] && mapped["last_name"]
		if f.Required && !f.ReadOnly && !mapped[f.Key] && !made && f.Key != l.said.Key {
			say(member.RequiredNotMapped, f.Key)
		}
	}
}

// Forms of cells.
var (
	scientific = regexp.MustCompile(`^[+-]?[0-9](\.[0-9]+)?[Ee]\+[0-9]{2,3}$`)
	yearLast   = regexp.MustCompile(`^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-][0-9]{4}\b`)
	postcode   = regexp.MustCompile(`(?i)郵便|〒|^zip|zip ?code|post(al)? ?code`)
)

// warnColumn looks at the cells of a column that are not blank.
func (l *look) warnColumn(name, field string, cells []value) {
	if all := len(l.clean); all >= emptyRows && float64(len(cells)) < emptyShare*float64(all) {
		percent := strconv.FormatFloat(100*float64(len(cells))/float64(all), 'f', 1, 64)
		l.warnOf(member.ColumnNearlyEmpty, name, strings.TrimSuffix(percent, ".0"))
	}
	f, mapped := l.schema.Field(field)
	said := len(l.found.Warnings)
	l.warnCells(member.CharactersLost, name, cells, 1, func(c string) bool { return strings.ContainsRune(c, '\uFFFD') })
	l.warnCells(member.ScientificNotation, name, cells, 1, scientific.MatchString)
	most := (len(cells) + 1) / 2
	if f.Type == member.Date || f.Type == member.DateTime {
		most = 1
	}
	l.warnCells(member.DateOrder, name, cells, most, dayOrMonthFirst)
	l.warnCells(member.LeadingZerosLost, name, cells, 1, l.lostZero(name, field, cells))
	if mapped && len(l.found.Warnings) == said { // else the reason is told
		l.unfit(name, f, cells[:min(len(cells), guessCells)])
	}
}

// unfit warns of a column whose rows would fail, half of them or more: it was taken for another one, or is written in
// words that the field does not know.
func (l *look) unfit(name string, f member.Field, cells []value) {
	var rows []int64
	n, example := 0, ""
	for _, v := range cells {
		if _, _, problem := f.Parse(v.cell, l.said.Locale); problem == nil || strings.TrimSpace(v.cell) == member.ClearMark {
			continue
		}
		if n++; n == 1 {
			example = clip(v.cell)
		}
		if len(rows) < warnedRows {
			rows = append(rows, v.row)
		}
	}
	if n > 0 && 2*n >= len(cells) {
		w := member.Warning{Problem: member.Problem{Code: member.ValuesUnfit, Field: f.Key, Detail: example}, Column: name, Rows: rows}
		l.found.Warnings = append(l.found.Warnings, w)
	}
}

// warnCells warns of a column of which at least so many cells are such.
func (l *look) warnCells(code member.Code, name string, cells []value, least int, such func(string) bool) {
	if such == nil {
		return
	}
	var rows []int64
	n, example := 0, ""
	for _, v := range cells {
		if !such(v.cell) {
			continue
		}
		if n++; n == 1 {
			example = clip(v.cell)
		}
		if len(rows) < warnedRows {
			rows = append(rows, v.row)
		}
	}
	if n > 0 && n >= least {
		l.warnOf(code, name, example, rows...)
	}
}

// dayOrMonthFirst reports whether the cell is a date whose year comes last, so that day and month can be mixed up.
func dayOrMonthFirst(c string) bool {
	m := yearLast.FindStringSubmatch(c)
	if m == nil {
		return false
	}
	first, _ := strconv.Atoi(m[1])
	second, _ := strconv.Atoi(m[2])
	return first >= 1 && second >= 1 && min(first, second) <= 12 && max(first, second) <= 31
}

// lostZero returns what tells numbers that have lost their leading zeros, or nil where nothing can: ten digits that
// begin with 7, 8 or 9, or nine, where Japanese phone numbers have ten or eleven; six, where postcodes have seven; and
// numbers shorter than those of the same column that begin with 0, if all of these have one length.
func (l *look) lostZero(name, field string, cells []value) func(string) bool {
	phone, zip := field == "phone", postcode.MatchString(name)
	if !phone && !zip && field != "member_sn" {
		return nil
	}
	length := 0 // of the numbers that begin with 0; -1 where they differ
	for _, v := range cells {
		if bareNumber(v.cell) && v.cell[0] == '0' && length >= 0 {
			if length > 0 && length != len(v.cell) {
				length = -1
				break
			}
			length = len(v.cell)
		}
	}
	japan := l.said.Locale == nil || l.said.Locale.Region == "" || l.said.Locale.Region == "JP"
	return func(c string) bool {
		if !bareNumber(c) || c[0] == '0' {
			return false
		}
		switch n := len(c); {
		case phone:
			return japan && (n == 9 || n == 10 && c[0] >= '7')
		case zip && japan && n == 6:
			return true
		default:
			return n < length
		}
	}
}
