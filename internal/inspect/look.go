package inspect

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// Look inspects a file. The error is a *sheet.Unsupported for what cannot be read as a table, an *Impossible for what
// cannot be read in the way that o asks for, or a failure to read.
func Look(f File, o Options, schema *member.Schema) (*Inspection, error) {
	t, err := open(f, o)
	if err != nil {
		return nil, err
	}
	l := &look{table: t, said: o, schema: schema, found: New()}
	err = l.look()
	if err = errors.Join(err, t.close()); err != nil {
		return nil, err
	}
	return l.found, nil
}

// look is one inspection on its way.
type look struct {
	*table
	said   Options
	schema *member.Schema
	found  *Inspection
	names  []string
	data   []record // below the header
	clean  []record // those of data that can be read
}

func (l *look) look() error {
	l.describe()
	rows, err := l.first()
	if err != nil {
		return err
	}
	at, confidence, err := findHeader(rows, &l.said, l.schema)
	if err != nil {
		return err
	}
	l.found.HeaderConfidence = confidence
	if at < 0 {
		err = l.number(rows)
	} else {
		l.name(rows, at)
	}
	if err != nil {
		return err
	}
	l.summarise()
	if err := l.encodings(); err != nil {
		return err
	}
	l.mapColumns()
	l.warn(rows[:max(at, 0)])
	return nil
}

// describe tells how the file is read.
func (l *look) describe() {
	i, d := l.found, &l.detected
	i.Format, i.FormatConfidence, i.Gzip = string(d.Format), d.FormatConfidence, d.Gzip
	if d.Format == sheet.CSV {
		i.Encoding = string(l.options.Encoding)
		i.Delimiter, i.DelimiterConfidence = string(rune(l.options.Delimiter)), d.DelimiterConfidence
		switch {
		case l.options.Delimiter == d.Delimiter:
		case l.said.Delimiter != 0:
			i.DelimiterConfidence = 0 // nothing speaks for it but the caller
		default:
			i.DelimiterConfidence = 0.5
		}
		return
	}
	i.FormatConfidence, i.Sheet = 1, l.book.Sheet().Name
	for _, s := range l.book.Sheets() {
		i.Sheets = append(i.Sheets, s.Name)
		if s.Hidden {
			i.HiddenSheets = append(i.HiddenSheets, s.Name)
		}
	}
}

// name takes the row at that place for the header.
func (l *look) name(rows []record, at int) {
	header := rows[at]
	l.found.Header, l.found.HeaderRow = true, header.number
	l.data = rows[at+1:]
	if at > 0 && l.book != nil {
		// The reader fills rows up to the width of the first one, which is no row of the table.
		header.cells = sheet.Fit(header.cells, 0)
		for n := range l.data {
			l.data[n].cells = sheet.Fit(l.data[n].cells, len(header.cells))
		}
	}
	cells := make([][]byte, len(header.cells))
	for n, c := range header.cells {
		cells[n] = []byte(c)
	}
	l.names = sheet.Header(cells)
	l.repeated(header)
}

// number calls the columns of a file without a header by their numbers. A workbook is opened once more: its rows may
// be wider than the first one.
func (l *look) number(rows []record) error {
	l.data = rows
	if l.book != nil {
		l.options.NoHeader = true
		if err := l.begin(); err != nil {
			return err
		}
		var err error
		if l.data, err = l.first(); err != nil {
			return err
		}
	}
	width := 0
	for _, row := range l.data {
		if width == 0 || row.fault.Code == "" {
			width = len(row.cells)
		}
		if row.fault.Code == "" {
			break
		}
	}
	for n := range width {
		l.names = append(l.names, strconv.Itoa(n+1))
	}
	return nil
}

// summarise tells of the columns and rows.
func (l *look) summarise() {
	for _, row := range l.data {
		if row.fault.Code == "" {
			l.clean = append(l.clean, row)
		}
	}
	l.show()
	if l.book != nil {
		l.found.MaxRows = l.book.MaxRows()
		return
	}
	l.found.MaxRows = sheet.MaxRows(l.file.Size, len(l.names), l.found.Gzip)
}

// show puts the first rows into the inspection as people see them.
func (l *look) show() {
	size := 0
	for _, row := range l.clean[:min(len(l.clean), sampleRows)] {
		cells := make([]string, len(row.cells))
		for n, c := range row.cells {
			cells[n] = clip(c)
			size += len(cells[n]) + 3
		}
		if size > sampleBytes {
			return
		}
		l.found.Sample = append(l.found.Sample, cells)
		l.found.RowNumbers = append(l.found.RowNumbers, row.number)
	}
}

// mapColumns suggests a mapping and tells of each column.
func (l *look) mapColumns() {
	suggested := make(member.Mapping, len(l.names))
	for n, name := range l.names {
		suggested[n].Header = name
	}
	if l.found.Header {
		suggested = l.schema.Suggest(l.names)
		l.remember(suggested)
	}
	l.found.Suggested = append(l.found.Suggested, suggested...)
	for n, name := range l.names {
		f, _ := l.schema.Field(suggested[n].Field)
		l.found.Columns = append(l.found.Columns, l.summary(n, name, f))
	}
}

// summary tells of one column, which feeds the field f if that has a key.
func (l *look) summary(n int, name string, f member.Field) ColumnSummary {
	c := ColumnSummary{Header: name, Samples: []string{}}
	filled := l.column(n)
	for _, v := range filled {
		if cell := clip(v.cell); len(c.Samples) < columnSamples && !slices.Contains(c.Samples, cell) {
			c.Samples = append(c.Samples, cell)
		}
	}
	if len(l.clean) > 0 {
		c.FillRate = float64(len(filled)) / float64(len(l.clean))
	}
	kind, share := guess(filled, f, l.said.Locale)
	c.Type, c.TypeShare = kind.String(), share
	return c
}

// value is a cell that is not blank, trimmed.
type value struct {
	row  int64
	cell string
}

// column returns the cells of a column that are not blank.
func (l *look) column(n int) []value {
	var filled []value
	for _, row := range l.clean {
		if n < len(row.cells) {
			if cell := strings.TrimSpace(row.cells[n]); cell != "" {
				filled = append(filled, value{row.number, cell})
			}
		}
	}
	return filled
}

// clip cuts a cell to what is shown of it. A NUL cannot be stored.
func clip(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= cellRunes || utf8.RuneCountInString(s) <= cellRunes {
		return s
	}
	return string([]rune(s[:min(len(s), cellRunes*utf8.UTFMax)])[:cellRunes]) + "…"
}
