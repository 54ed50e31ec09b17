package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// MaxSheetRows is the number of rows that a sheet of a workbook has, its header included.
const MaxSheetRows = maxSheetRows

// Worksheet is a sheet of a workbook that WriteWorkbook writes. Every cell is text and formatted as such, also
// where people add rows: leading zeros survive editing in Excel, and nothing is taken for a formula.
type Worksheet struct {
	// Name is at most 31 characters, none of them : \ / ? * [ ].
	Name string
	// Header makes the first row bold and keeps it in sight.
	Header bool
	// Wrap breaks long cells into lines.
	Wrap bool
	// Widths are those of the first columns, in characters of half width; others have Excel's own.
	Widths []float64
	// DropDowns offer values below the header.
	DropDowns []DropDown
	// Rows are the cells. A pair with an error ends the workbook unfinished.
	Rows iter.Seq2[[]string, error]
}

// DropDown offers values in the cells of a column. Another value may be entered all the same, after a word of
// warning: product.md accepts more spellings than a list can show.
type DropDown struct {
	Column int // from 1
	// The values stand in the cells First to Last (from 1) of the row Row of the sheet Sheet.
	Sheet            string
	Row, First, Last int
	// Title and Warning are what people read who enter something else.
	Title, Warning string
}

// WriteXLSX writes a workbook of one sheet, as WriteWorkbook does.
func WriteXLSX(w io.Writer, sheet string, rows iter.Seq[[]string]) error {
	return WriteWorkbook(w, Worksheet{Name: sheet, Rows: func(yield func([]string, error) bool) {
		for row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}})
}

// WriteWorkbook writes a workbook as its rows come, in constant memory. What was written is read back as the same
// cells: control characters are escaped as Excel does it (ECMA-376 part 1, 22.9.2.19), and only bytes that are
// not UTF-8 become U+FFFD. Beyond MaxSheetRows rows, MaxColumns cells or MaxCell characters it fails, after a part
// of the archive is written that no program takes for a workbook.
func WriteWorkbook(w io.Writer, sheets ...Worksheet) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	styles, err := newTextStyles(f)
	if err != nil {
		return err
	}
	for i := range sheets {
		if err := sheets[i].prepare(f, i); err != nil {
			return fmt.Errorf("prepare sheet %q: %w", sheets[i].Name, err)
		}
	}
	var out *archiveWriter
	// Excelize would assemble the archive in memory, and all rows in a file before; here it only makes the parts
	// around them.
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter {
		out = newArchiveWriter(w, sheets, styles)
		return out
	})
	if err := f.Write(io.Discard); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

// textStyles are the formats of cells: all of them text.
type textStyles struct{ plain, wrapped, header int }

func newTextStyles(f *excelize.File) (s textStyles, err error) {
	const asText = 49 // the built-in format @
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	for _, style := range []struct {
		id  *int
		def excelize.Style
	}{
		{&s.plain, excelize.Style{NumFmt: asText}},
		{&s.wrapped, excelize.Style{NumFmt: asText, Alignment: top}},
		{&s.header, excelize.Style{NumFmt: asText, Font: &excelize.Font{Bold: true}}},
	} {
		if *style.id, err = f.NewStyle(&style.def); err != nil {
			return s, fmt.Errorf("make text style: %w", err)
		}
	}
	return s, nil
}

func (s *Worksheet) body(styles textStyles) int {
	if s.Wrap {
		return styles.wrapped
	}
	return styles.plain
}

// prepare makes everything of the sheet but its columns and rows.
func (s *Worksheet) prepare(f *excelize.File, index int) error {
	if index == 0 {
		if err := f.SetSheetName(f.GetSheetName(0), s.Name); err != nil {
			return err
		}
	} else if _, err := f.NewSheet(s.Name); err != nil {
		return err
	}
	// Excelize would say A1, where some programs stop reading then.
	if err := f.SetSheetDimension(s.Name, ""); err != nil {
		return err
	}
	if s.Header {
		if err := f.SetPanes(s.Name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
			return err
		}
	}
	for i := range s.DropDowns {
		if err := s.DropDowns[i].add(f, s.Name); err != nil {
			return err
		}
	}
	return nil
}

func (d *DropDown) add(f *excelize.File, sheet string) error {
	column, err := excelize.ColumnNumberToName(d.Column)
	if err != nil {
		return err
	}
	first, err := excelize.CoordinatesToCellName(d.First, d.Row, true)
	if err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(d.Last, d.Row, true)
	if err != nil {
		return err
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(fmt.Sprintf("%s2:%s%d", column, column, MaxSheetRows))
	v.SetSqrefDropList(fmt.Sprintf("'%s'!%s:%s", strings.ReplaceAll(d.Sheet, "'", "''"), first, last))
	v.SetError(excelize.DataValidationErrorStyleWarning, d.Title, d.Warning)
	return f.AddDataValidation(sheet, v)
}

// archiveWriter writes the parts of a workbook as Excelize has made them, and columns and rows into those of the sheets.
type archiveWriter struct {
	*zip.Writer
	sheets map[string]*Worksheet // by the names of their parts
	styles textStyles
	// err is the first error: Excelize forgets those of all parts but the last.
	err error
}

func newArchiveWriter(w io.Writer, sheets []Worksheet, styles textStyles) *archiveWriter {
	a := &archiveWriter{Writer: zip.NewWriter(w), sheets: make(map[string]*Worksheet, len(sheets)), styles: styles}
	for i := range sheets {
		a.sheets[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = &sheets[i]
	}
	// The XML of rows repeats so much that the best compression gains a few percent, at twice the time.
	// Parts follow one another, so one compressor serves them all.
	var deflate *flate.Writer
	a.RegisterCompressor(zip.Deflate, func(w io.Writer) (out io.WriteCloser, err error) {
		if deflate != nil {
			deflate.Reset(w)
			return deflate, nil
		}
		deflate, err = flate.NewWriter(w, flate.BestSpeed)
		return deflate, err
	})
	return a
}

// Create begins a part.
func (a *archiveWriter) Create(name string) (io.Writer, error) {
	if a.err != nil {
		return nil, a.err
	}
	w, err := a.Writer.Create(name)
	if err != nil {
		return nil, a.fail(err)
	}
	return &partWriter{archive: a, w: w, sheet: a.sheets[name]}, nil
}

// Close ends the archive, unless it could not be written: then it stays without the directory that makes it one.
func (a *archiveWriter) Close() error {
	if a.err != nil {
		return a.err
	}
	return a.fail(a.Writer.Close())
}

func (a *archiveWriter) fail(err error) error {
	if a.err == nil {
		a.err = err
	}
	return err
}

// partWriter writes one part, which comes in one piece.
type partWriter struct {
	archive *archiveWriter
	w       io.Writer
	sheet   *Worksheet // nil for other parts
}

// emptyRows is where the columns and rows of a sheet belong.
const emptyRows = "<sheetData></sheetData>"

// Write writes the part, with columns and rows in their place.
func (p *partWriter) Write(part []byte) (int, error) {
	if p.archive.err != nil {
		return 0, p.archive.err
	}
	if err := p.write(part); err != nil {
		return 0, p.archive.fail(err)
	}
	return len(part), nil
}

func (p *partWriter) write(part []byte) error {
	if p.sheet == nil {
		_, err := p.w.Write(part)
		return err
	}
	before, after, found := bytes.Cut(part, []byte(emptyRows))
	if !found {
		return errors.New("the part of a sheet has no place for rows")
	}
	if _, err := p.w.Write(p.sheet.appendColumns(slices.Clip(before), p.archive.styles)); err != nil {
		return err
	}
	if err := p.sheet.writeRows(p.w, p.archive.styles); err != nil {
		return fmt.Errorf("sheet %q: %w", p.sheet.Name, err)
	}
	_, err := p.w.Write(after)
	return err
}
