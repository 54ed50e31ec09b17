package sheet

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
)

// XLSXReader reads the rows of one sheet of a workbook (ECMA-376, also its strict variant) as it streams by.
// What it makes of the cells:
//
//   - Texts, shared or inline, are joined from their runs, without furigana (rPh). Blanks in them stay.
//   - Numbers have neither float noise nor exponents. Formats that dress them up (%, ¥, thousands, decimals) leave no trace;
//     formats that are made of digits do, with the leading zeros and marks that they give to postcodes and member numbers.
//   - Dates, by their format and in both date systems, are YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, times HH:MM:SS, with as many
//     hours as there are where the format is one of durations. What Excel cannot show as a date stays a number.
//   - Booleans are TRUE and FALSE. A formula is its cached value; one without fails its row, as an error value does.
//   - A merged cell is where its value is in the file, which is its first cell; the others are empty.
//   - A row is as wide as the first one, short rows being filled up with empty cells; without a header as wide
//     as the widest of the first rows. Cells beyond that are kept if they are not empty.
//   - A row without text is blank: it counts in Row.Number and is not returned.
//
// Its memory is that of WorkbookMemory and a row: shared texts beyond it wait in a temporary file.
type XLSXReader struct {
	archive *archive
	sheets  []Sheet
	sheet   Sheet
	rows    *rowScanner
	part    io.ReadCloser
	texts   *texts
	done    bool
}

// Sheet is one sheet of a workbook.
type Sheet struct {
	Name string
	// Hidden says that people do not see it, however hard it is to bring back.
	Hidden bool
	part   string
}

// OpenXLSX opens the workbook that r holds in size bytes. Its error is an *Unsupported, or a failure to read.
// r is read in order within each part, in pieces of 256 KiB.
func OpenXLSX(r io.ReaderAt, size int64, o Options) (*XLSXReader, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, err
	}
	x := &XLSXReader{archive: a}
	if err := x.open(o); err != nil {
		_ = x.Close()
		return nil, a.fail("workbook", err)
	}
	return x, nil
}

// Sheets returns the workbook's sheets of cells, in order.
func (x *XLSXReader) Sheets() []Sheet { return x.sheets }

// Sheet returns the sheet whose rows are read.
func (x *XLSXReader) Sheet() Sheet { return x.sheet }

// MaxRows returns an upper bound of the number of rows that the sheet has, from its unpacked size.
func (x *XLSXReader) MaxRows() int64 {
	f := x.archive.parts[partName(x.sheet.part)]
	if f == nil {
		return maxSheetRows
	}
	// The shortest row without a fault is <row><c><v>1</v></c></row>.
	return min(maxSheetRows, int64(min(f.UncompressedSize64, maxSheet))/26+1)
}

// Close ends the reading; no rows can be read after it.
func (x *XLSXReader) Close() error {
	x.done = true
	var errs []error
	if x.part != nil {
		errs = append(errs, x.part.Close())
	}
	if x.texts != nil {
		errs = append(errs, x.texts.Close())
	}
	return errors.Join(errs...)
}

// Rows returns the rows that have not been read yet. A range that ends early can be continued by another. The
// error is an *Unsupported, or a failure to read.
func (x *XLSXReader) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for !x.done {
			row, err := x.rows.next()
			if err != nil {
				x.done = true
				yield(nil, x.archive.fail("sheet", err))
				return
			}
			if row == nil {
				x.done = true
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// open finds the sheet and makes ready to read it.
func (x *XLSXReader) open(o Options) error {
	book, err := x.readWorkbook()
	if err != nil {
		return err
	}
	x.sheets = book.sheets
	if x.sheet, err = pick(book.sheets, o.Sheet); err != nil {
		return err
	}
	styles, err := x.readStyles(book.styles)
	if err != nil {
		return err
	}
	x.texts = newTexts(func() (io.ReadCloser, error) { return x.archive.open(book.texts, maxSheet) }, textMemory(x.archive.src.size))
	width := 0
	if o.NoHeader {
		if width, err = x.widest(book, styles, o); err != nil {
			return err
		}
	}
	if x.part, err = x.archive.open(x.sheet.part, maxSheet); err != nil {
		return err
	}
	x.rows = newRowScanner(x.part, x.texts, styles, book.date1904, o.maxRowBytes())
	x.rows.width = width
	return nil
}

// readStyles reads the styles of the part, which some writers name and leave out: then all numbers are as they are.
func (x *XLSXReader) readStyles(part string) ([]style, error) {
	if part == "" {
		return nil, nil
	}
	r, err := x.archive.open(part, maxIndex)
	if errors.Is(err, errNoPart) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	styles, err := readStyles(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", part, err)
	}
	return styles, nil
}

// widest returns the width of the widest of the first rows, for a sheet whose first row need not be complete.
func (x *XLSXReader) widest(book *workbook, styles []style, o Options) (int, error) {
	const enough = 100
	r, err := x.archive.open(x.sheet.part, maxSheet)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	rows := newRowScanner(r, x.texts, styles, book.date1904, o.maxRowBytes())
	width := 0
	for range enough {
		row, err := rows.next()
		if err != nil || row == nil {
			return width, err
		}
		width = max(width, len(row.Cells))
	}
	return width, nil
}

// pick returns the sheet of that name, or the first one that people see. Names are the same in any case, as they are to
// Excel, but one that is exactly that comes first.
func pick(sheets []Sheet, name string) (Sheet, error) {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, s := range sheets {
			if name == "" && !s.Hidden || name != "" && same(s.Name, name) {
				return s, nil
			}
		}
	}
	return Sheet{}, refuse(named(noSheet, name), "no %q among %s", name, list(sheets))
}

// list names the sheets, as far as there is room in a finding.
func list(sheets []Sheet) string {
	const most = 50
	var b strings.Builder
	fmt.Fprintf(&b, "%d sheets", len(sheets))
	for i, s := range sheets[:min(len(sheets), most)] {
		fmt.Fprintf(&b, "%s %q", map[bool]string{true: ":", false: ","}[i == 0], s.Name)
		if s.Hidden {
			b.WriteString(" (hidden)")
		}
	}
	return b.String()
}

// workbook is what the workbook says about its parts.
type workbook struct {
	sheets        []Sheet
	styles, texts string // names of parts, or ""
	date1904      bool
}

// relation is one line of a part's relationships (ECMA-376 part 2, 9.3).
type relation struct{ id, kind, target string }

// readWorkbook reads the workbook part and its relationships.
func (x *XLSXReader) readWorkbook() (*workbook, error) {
	name, err := x.workbookPart()
	if err != nil {
		return nil, err
	}
	relations, err := x.readRelations(name)
	if err != nil {
		return nil, err
	}
	r, err := x.archive.open(name, maxIndex)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	book := &workbook{}
	for _, rel := range relations {
		switch rel.kind {
		case "styles":
			book.styles = rel.target
		case "sharedStrings":
			book.texts = rel.target
		}
	}
	s := newScanner(r)
	for {
		tok, err := s.next()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		case tok == endOfPart:
			return book, nil
		case tok == startTag && string(s.name) == "workbookPr":
			v := s.attr("date1904")
			book.date1904 = v == "1" || v == "true" || v == "on"
		case tok == startTag && string(s.name) == "sheet":
			if err := book.addSheet(s, relations); err != nil {
				return nil, err
			}
		}
	}
}

// addSheet adds the sheet whose tag s has just read, unless it is one of charts or macros, or names no part. One whose part
// is not in the archive is added: whoever wants it is to hear of that rather than get another sheet.
func (b *workbook) addSheet(s *scanner, relations []relation) error {
	if len(b.sheets) == maxParts {
		return refuse(tooLarge, "more than %d sheets", maxParts)
	}
	id, state := s.attr("id"), s.attr("state")
	if id == "" {
		return nil
	}
	sheet := Sheet{Name: s.attr("name"), Hidden: state == "hidden" || state == "veryHidden"}
	for _, rel := range relations {
		if rel.id == id && rel.kind != "worksheet" {
			return nil
		}
		if rel.id == id {
			sheet.part = rel.target
			break
		}
	}
	b.sheets = append(b.sheets, sheet)
	return nil
}

// workbookPart returns the name of the workbook's part.
func (x *XLSXReader) workbookPart() (string, error) {
	relations, err := x.readRelations("")
	if err != nil && !errors.Is(err, errNoPart) {
		return "", err
	}
	name := "xl/workbook.xml"
	for _, rel := range relations {
		if rel.kind == "officeDocument" {
			name = rel.target
			break
		}
	}
	switch {
	case strings.HasSuffix(partName(name), ".bin"):
		return "", refuse(binaryExcel, "%s", name)
	case x.archive.parts[partName(name)] != nil && !strings.HasPrefix(partName(name), "word/") && !strings.HasPrefix(partName(name), "ppt/"):
		return name, nil
	case x.archive.parts["xl/workbook.bin"] != nil:
		return "", refuse(binaryExcel, "xl/workbook.bin")
	case x.archive.parts["mimetype"] != nil && x.archive.parts["content.xml"] != nil:
		return "", refuse(openDocument, "content.xml")
	case x.archive.parts["[content_types].xml"] != nil && x.archive.parts[partName(name)] != nil:
		return "", refuse(otherOffice, "%s", name)
	case x.archive.parts["[content_types].xml"] == nil:
		return "", refuse(archived, "no [Content_Types].xml")
	}
	return "", fmt.Errorf("%w: %s", errNoPart, name)
}

// readRelations reads the relationships of a part, or of the archive where part is "". Targets are resolved to
// names of parts, kinds cut to their last word, which is the same in all variants of the standard.
func (x *XLSXReader) readRelations(part string) ([]relation, error) {
	dir, base := path.Split(part)
	r, err := x.archive.open(dir+"_rels/"+base+".rels", maxIndex)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	s := newScanner(r)
	var out []relation
	for {
		tok, err := s.next()
		switch {
		case err != nil:
			return nil, fmt.Errorf("relationships of %q: %w", part, err)
		case tok == endOfPart:
			return out, nil
		case tok == startTag && string(s.name) == "Relationship" && s.attr("TargetMode") != "External":
			if len(out) == maxParts {
				return nil, refuse(tooLarge, "more than %d relationships", maxParts)
			}
			target := strings.ReplaceAll(s.attr("Target"), `\`, "/")
			if !strings.HasPrefix(target, "/") {
				target = dir + target
			}
			out = append(out, relation{s.attr("Id"), path.Base(s.attr("Type")), strings.TrimPrefix(path.Clean("/"+target), "/")})
		}
	}
}
