package inspect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// findHeader returns the place of the row that names the columns, -1 for none, and how sure that is, from 0 to 1. The
// row is what the caller says, or the first one if the caller's mapping calls columns by its names or if it looks like
// a header, unless a later one is clearly the header. The error is an *Impossible.
func findHeader(rows []record, o *Options, schema *member.Schema) (int, float64, error) {
	switch {
	case o.HeaderRow > 0:
		at := slices.IndexFunc(rows, func(r record) bool { return r.number == o.HeaderRow })
		if at < 0 {
			return 0, 0, noSuchRow(rows, o.HeaderRow)
		}
		return at, 1, nil
	case o.Header != nil && !*o.Header, len(rows) == 0:
		return -1, 1, nil
	}
	if at := laterHeader(rows, o.Named, schema); at > 0 {
		return at, 0.8, nil
	}
	known, looks := schema.KnownHeaders(rows[0].cells), schema.LooksLikeHeader(rows[0].cells)
	switch {
	case o.Header != nil, naming(rows[0], o.Named) > 0:
		return 0, 1, nil
	case looks:
		return 0, 0.6 + 0.4*float64(known)/float64(max(filled(rows[0]), 1)), nil
	case known == 0 && likeData(rows[0]):
		return -1, 0.95, nil
	}
	return -1, 0.6, nil
}

func noSuchRow(rows []record, number int64) error {
	var accepted []string
	for _, r := range rows[:min(len(rows), headerRows)] {
		accepted = append(accepted, strconv.FormatInt(r.number, 10))
	}
	if len(rows) > headerRows {
		accepted = append(accepted, "…")
	}
	return &Impossible{
		Option: "header_row", Accepted: strings.Join(accepted, ", "),
		Warning: member.Warning{Problem: member.Problem{Code: member.HeaderRowMissing, Detail: strconv.FormatInt(number, 10)}},
	}
}

// laterHeader finds the header below the lines that reports begin with: a title, a date, a remark. It is a row that
// names at least two fields, and two more than any row above it; or that has all the columns that the caller names,
// of which no row above has any. The rows above must look like no rows of the same table. 0 is none: better a title
// that fails as a row than a member who is taken for a title.
func laterHeader(rows []record, named []string, schema *member.Schema) int {
	most := 0
	for at, row := range rows[:min(len(rows), headerRows)] {
		if row.fault.Code != "" {
			return 0
		}
		known := schema.KnownHeaders(row.cells)
		header := schema.LooksLikeHeader(row.cells) && known >= max(2, most+2) ||
			len(named) > 0 && naming(row, named) == len(named)
		if at > 0 && header && !slices.ContainsFunc(rows[:at], func(above record) bool { return sameTable(above, row) || naming(above, named) > 0 }) {
			return at
		}
		most = max(most, known)
	}
	return 0
}

// sameTable reports whether the row above could be one of those that the header describes: it has more than a few
// cells beside those of the header, or looks like a person.
func sameTable(above, header record) bool {
	n, width := filled(above), filled(header)
	return n >= width || n > 2 && n*2 > width || slices.ContainsFunc(above.cells, func(c string) bool { return strings.ContainsAny(c, "@＠") })
}

// naming counts the columns that the caller calls by names which the row has.
func naming(row record, named []string) int {
	if len(named) == 0 {
		return 0
	}
	cells := make([][]byte, len(row.cells))
	for n, c := range row.cells {
		cells[n] = []byte(c)
	}
	names, n := sheet.Header(cells), 0
	for _, name := range named {
		if slices.Contains(names, strings.TrimSpace(name)) {
			n++
		}
	}
	return n
}

// filled counts the cells that are not blank.
func filled(row record) (n int) {
	for _, c := range row.cells {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

// likeData reports whether a cell is an address or a number, as those of members are.
func likeData(row record) bool {
	return slices.ContainsFunc(row.cells, func(c string) bool {
		return strings.ContainsAny(c, "@＠") || strings.ContainsAny(c, "0123456789")
	})
}
