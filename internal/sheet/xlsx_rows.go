package sheet

import (
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/meibo/meibo/internal/member"
)

// rowScanner cuts the XML of a sheet into rows.
type rowScanner struct {
	xml      *scanner
	src      io.Reader
	texts    *texts
	styles   []style
	date1904 bool
	limit    int // bytes of a row
	width    int // cells of a row, or 0 until the first row tells

	row     Row
	cells   [][]byte
	text    []byte // of the cells of the row that are not in texts, each with a byte behind it
	size    int    // bytes of the row so far, delimiters included
	long    bool
	columns int // the largest column beyond MaxColumns, or 0

	rooted bool // the root element has been seen
	cell   cell
}

func newRowScanner(r io.Reader, t *texts, styles []style, date1904 bool, limit int) *rowScanner {
	return &rowScanner{xml: newScanner(r), src: r, texts: t, styles: styles, date1904: date1904, limit: limit}
}

var (
	errNoWorksheet = errors.New("not the XML of a worksheet")
	errRowInRow    = errors.New("a row in a row")
)

// next returns the next row that is not blank, or nil at the end of the sheet.
func (s *rowScanner) next() (*Row, error) {
	for {
		tok, err := s.xml.next()
		if err != nil {
			return nil, err
		}
		switch {
		case tok == endOfPart:
			return nil, nil
		case tok == startTag && !s.rooted:
			if s.rooted = string(s.xml.name) == "worksheet"; !s.rooted {
				return nil, errNoWorksheet
			}
			continue
		case tok == endTag && string(s.xml.name) == "sheetData":
			return nil, s.finish()
		case tok != startTag || string(s.xml.name) != "row":
			continue
		}
		if err := s.begin(); err != nil {
			return nil, err
		}
		if err := s.readRow(); err != nil {
			return nil, err
		}
		if s.end() {
			return &s.row, nil
		}
	}
}

// finish reads what follows the rows, so that a damaged part does not pass for a whole one.
func (s *rowScanner) finish() error {
	for {
		if tok, err := s.xml.next(); err != nil || tok == endOfPart {
			return err
		}
	}
}

// begin starts the row whose tag was just read. A row without a number, or with one that is not greater than
// the one before, follows that one.
func (s *rowScanner) begin() error {
	number := s.row.Number + 1
	name, value, rest, ok := nextAttr(s.xml.attrs)
	for ; ok; name, value, rest, ok = nextAttr(rest) {
		if string(name) == "r" {
			number = max(number, int64(digits(value)))
		}
	}
	if len(rest) > 0 {
		return errTag
	}
	if number > maxSheetRows {
		return refuse(tooLarge, "row %d", number)
	}
	s.row = Row{Number: number}
	s.cells, s.text = s.cells[:0], s.text[:0]
	s.size, s.long, s.columns, s.cell = 0, false, 0, cell{}
	return nil
}

// digits reads a number in decimal; what is none is -1, and what is too large stays large.
func digits(b []byte) int {
	if len(b) == 0 {
		return -1
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = min(n*10+int(c-'0'), math.MaxInt32)
	}
	return n
}

// readRow reads the cells up to the end of the row.
func (s *rowScanner) readRow() error {
	for {
		if usual, err := s.usualCell(); err != nil {
			return err
		} else if usual {
			continue
		}
		tok, err := s.xml.next()
		if err != nil {
			return err
		}
		c := &s.cell
		if tok == charData {
			if c.take && c.reading == 0 && !s.long {
				s.text = appendText(s.text, s.xml.text, s.xml.raw)
				s.long = len(s.text)-c.start > s.limit
			}
			continue
		}
		if tok == endOfPart {
			return errTruncated
		}
		start := tok == startTag
		switch string(s.xml.name) {
		case "c":
			read := s.endCell
			if start {
				read = s.beginCell
			}
			if err := read(); err != nil {
				return err
			}
		case "v":
			c.take = start && c.inside && !c.inline
			c.value = true
		case "t":
			c.take = start && c.inside
			c.value = true
		case "is":
			if start && c.kind == kindInline {
				s.text, c.inline = s.text[:c.start], true
			}
		case "f":
			c.formula = true
		case "rPh":
			if start {
				c.reading++
			} else {
				c.reading--
			}
		case "row", "sheetData":
			if start {
				return errRowInRow // the cells of both would be one row
			}
			return nil
		}
	}
}

// end completes the row and reports whether it is to be returned.
func (s *rowScanner) end() bool {
	r := &s.row
	switch {
	case s.long:
		r.Fault = Fault{Code: member.RowTooLong, Detail: strconv.Itoa(s.limit)}
		return true
	case s.columns > 0:
		r.Fault = tooManyCells(s.columns)
		return true
	case r.Fault.Code == "" && blank(s.cells):
		return false
	}
	if s.width == 0 {
		s.width = len(s.cells)
	}
	for len(s.cells) < s.width {
		s.cells = append(s.cells, nil)
	}
	r.Cells = s.cells
	if s.texts.bad || !storable(s.text) {
		repair(r)
	}
	return true
}
