package inspect

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// File is a file that can be read from its beginning any number of times.
type File struct {
	Size int64
	// Open returns the file from its first byte.
	Open func() (io.ReadCloser, error)
	// Spool returns the file, and its size, for reading at any place, which a workbook needs.
	Spool func() (Spooled, int64, error)
}

// Spooled is a file that can be read at any place.
type Spooled interface {
	io.ReaderAt
	io.Closer
}

// ParseDelimiter returns the delimiter that a person means: the byte itself, which is in ASCII and neither a quote nor
// a line end, or a tabulator by the name of tab or \t.
func ParseDelimiter(name string) (byte, bool) {
	if name == `\t` || strings.EqualFold(name, "tab") {
		return '\t', true
	}
	if len(name) != 1 || name[0] >= 0x80 || strings.ContainsAny(name, "\"\r\n\x00") {
		return 0, false
	}
	return name[0], true
}

// reader is what both formats offer.
type reader interface {
	Rows() iter.Seq2[*sheet.Row, error]
}

// table is a file open at its first record.
type table struct {
	reader
	file     File
	detected sheet.Detected
	options  sheet.Options // settled, except whether there is a header
	spooled  Spooled       // of a workbook
	size     int64
	book     *sheet.XLSXReader
	text     io.Closer
}

// open tells what the file is and opens it. The error is a *sheet.Unsupported for what cannot be read as a table, an
// *Impossible for a sheet that a workbook does not have, or a failure to read.
func open(f File, o Options) (*table, error) {
	detected, err := detect(f, o)
	if err != nil {
		return nil, err
	}
	t := &table{file: f, detected: detected}
	t.options = sheet.Options{Encoding: o.Encoding, Delimiter: o.Delimiter, Sheet: o.Sheet, MaxRowBytes: o.MaxRowBytes}.With(detected)
	if wide(t.options.Encoding) != wide(detected.Encoding) {
		t.options.Delimiter = o.Delimiter // what was detected was detected in quite another text
	}
	if detected.Format == sheet.XLSX {
		if t.spooled, t.size, err = f.Spool(); err != nil {
			return nil, err
		}
	}
	if err := t.begin(); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// detect is sheet.DetectFrom; but the caller who names an encoding need not be told that it cannot be.
func detect(f File, o Options) (sheet.Detected, error) {
	body, err := f.Open()
	if err != nil {
		return sheet.Detected{}, err
	}
	detected, err := sheet.DetectFrom(body)
	var unsupported *sheet.Unsupported
	if errors.As(err, &unsupported) && unsupported.Code == member.EncodingUnsupported && o.Encoding != "" {
		detected, err = sheet.Detected{Format: sheet.CSV, FormatConfidence: 0.5, Gzip: detected.Gzip}, nil
	}
	return detected, errors.Join(err, body.Close())
}

// wide reports whether the encoding writes ASCII in other bytes than all the others do.
func wide(e sheet.Encoding) bool { return e == sheet.UTF16LE || e == sheet.UTF16BE }

// begin opens the file at its first record, also once more.
func (t *table) begin() error {
	if err := t.end(); err != nil {
		return err
	}
	if t.spooled == nil {
		body, err := t.file.Open()
		if err != nil {
			return err
		}
		csv := sheet.OpenCSV(body, t.options)
		t.options.Encoding, t.options.Delimiter = csv.Settled()
		t.reader, t.text = csv, body
		return nil
	}
	book, err := sheet.OpenXLSX(t.spooled, t.size, t.options)
	var unsupported *sheet.Unsupported
	if errors.As(err, &unsupported) && unsupported.Code == member.SheetMissing && t.options.Sheet != "" {
		return t.noSheet(err)
	}
	if err != nil {
		return err
	}
	t.reader, t.book = book, book
	return nil
}

// noSheet names the sheets that there are.
func (t *table) noSheet(missing error) error {
	o := t.options
	o.Sheet = ""
	book, err := sheet.OpenXLSX(t.spooled, t.size, o)
	if err != nil {
		return missing
	}
	var names []string
	for _, s := range book.Sheets() {
		names = append(names, s.Name)
	}
	return errors.Join(&Impossible{
		Option: "sheet", Accepted: Shorten(names, mostNames),
		Warning: member.Warning{Problem: member.Problem{Code: member.SheetMissing, Detail: t.options.Sheet}},
	}, book.Close())
}

// end ends the reading, but keeps the file.
func (t *table) end() (err error) {
	if t.book != nil {
		err = t.book.Close()
	}
	if t.text != nil {
		err = errors.Join(err, t.text.Close())
	}
	t.reader, t.book, t.text = nil, nil, nil
	return err
}

func (t *table) close() error {
	err := t.end()
	if t.spooled != nil {
		err = errors.Join(err, t.spooled.Close())
	}
	return err
}

// record is a copy of a row.
type record struct {
	number int64
	cells  []string
	fault  sheet.Fault
}

// first returns the first rows, of which nothing remains of what is not shown.
func (t *table) first() ([]record, error) {
	var rows []record
	size := 0
	for row, err := range t.Rows() {
		if err != nil {
			return nil, fmt.Errorf("inspect file: %w", err)
		}
		r := record{number: row.Number, cells: make([]string, len(row.Cells)), fault: row.Fault}
		for n, c := range row.Cells {
			r.cells[n] = string(c)
			size += len(c) + 16
		}
		rows = append(rows, r)
		if len(rows) > lookRows || size > lookBytes {
			break
		}
	}
	return rows, nil
}

// mostNames is how many names a warning lists.
const mostNames = 20

// Shorten lists the first of the names, at most so many.
func Shorten(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(slices.Clip(names[:most]), ", ") + ", …"
}
