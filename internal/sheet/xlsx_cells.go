package sheet

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/meibo/meibo/internal/member"
)

// cell is the cell being read.
type cell struct {
	inside  bool // between its tags
	column  int  // from 1
	kind    cellKind
	style   *style // nil: none
	start   int    // of its characters in rowScanner.text
	formula bool
	value   bool // has a value, be it empty
	inline  bool // its value is the text in it, whatever else it has
	reading int  // depth of furigana
	take    bool // inside an element whose characters are its value
}

type cellKind uint8

const (
	kindNumber cellKind = iota
	kindShared
	kindInline // also str: the text of a formula
	kindBoolean
	kindError
	kindDate
)

// usualCell reads a cell the way nearly all are written, with nothing in it but its value: in half the time, to the same
// effect. It is false where the next thing is anything else.
func (s *rowScanner) usualCell() (bool, error) {
	b := s.xml.ahead()
	if len(b) < 3 || b[0] != '<' || b[1] != 'c' || !space(b[2]) {
		return false, nil
	}
	end, _, attrs := cutTag(b)
	if end < 0 || b[end-1] == '/' {
		return false, nil
	}
	text, n := plainText(b[end+1:], "<v>", "</v></c>")
	if n == 0 {
		text, n = plainText(b[end+1:], "<is><t>", "</t></is></c>")
	}
	if n == 0 {
		text, n = plainText(b[end+1:], `<is><t xml:space="preserve">`, "</t></is></c>")
	}
	if n == 0 {
		return false, nil
	}
	s.xml.attrs = b[attrs:end]
	if err := s.beginCell(); err != nil {
		return false, err
	}
	s.cell.value = true
	if !s.long {
		s.text = append(s.text, text...)
		s.long = len(text) > s.limit
	}
	s.xml.pass(end + 1 + n)
	return true, s.endCell()
}

var errCellInCell = errors.New("a cell in a cell")

// beginCell starts the cell whose tag was just read.
func (s *rowScanner) beginCell() error {
	if s.cell.inside {
		return errCellInCell // what the first one holds would go down
	}
	s.cell = cell{inside: true, column: s.cell.column + 1, start: len(s.text)}
	c := &s.cell
	if len(s.styles) > 0 {
		c.style = &s.styles[0]
	}
	name, value, rest, ok := nextAttr(s.xml.attrs)
	for ; ok; name, value, rest, ok = nextAttr(rest) {
		if len(name) != 1 {
			continue
		}
		switch name[0] {
		case 'r':
			if n := column(value); n > 0 {
				c.column = n
			}
		case 's':
			if n := digits(value); n >= 0 && n < len(s.styles) {
				c.style = &s.styles[n]
			}
		case 't':
			c.kind = kindOf(value)
		}
	}
	if len(rest) > 0 {
		return errTag
	}
	return nil
}

// column reads the column of a reference such as AB12, from 1; 0 for what is none. Beyond MaxColumns it only
// says so.
func column(ref []byte) int {
	n := 0
	for _, c := range ref {
		if c |= 0x20; c < 'a' || c > 'z' {
			break
		}
		n = min(n*26+int(c-'a')+1, 10*MaxColumns)
	}
	return n
}

func kindOf(t []byte) cellKind {
	switch string(t) {
	case "s":
		return kindShared
	case "str", "inlineStr":
		return kindInline
	case "b":
		return kindBoolean
	case "e":
		return kindError
	case "d":
		return kindDate
	}
	return kindNumber
}

// endCell puts the cell just read into its place.
func (s *rowScanner) endCell() error {
	c := &s.cell
	inside := c.inside
	c.inside, c.take = false, false
	if !inside || s.long {
		return nil
	}
	text, fault, err := s.value()
	if err != nil || s.long {
		return err
	}
	if len(text) > 0 && c.column > MaxColumns {
		s.columns = max(s.columns, c.column)
		return nil
	}
	if s.size += len(text) + 1; s.size > s.limit+1 {
		s.long = true
		return nil
	}
	if len(text) == 0 && fault.Code == "" || c.column > MaxColumns {
		return nil
	}
	s.text = append(s.text, ' ') // so that two broken characters never make a whole one
	if s.taken(c.column) && fault.Code == "" {
		fault = Fault{member.CellError, c.column, "twice"}
	}
	s.place(c.column, text)
	if fault.Code != "" && s.row.Fault.Code == "" {
		s.row.Fault = fault
	}
	return nil
}

// taken reports whether the row has a text in that column already.
func (s *rowScanner) taken(column int) bool {
	return column <= len(s.cells) && len(s.cells[column-1]) > 0
}

// place makes text the cell of that column; those before it that the file leaves out are empty.
func (s *rowScanner) place(column int, text []byte) {
	for len(s.cells) < column {
		s.cells = append(s.cells, nil)
	}
	s.cells[column-1] = text
}

// value returns the text of the cell just read. Of s.text it leaves no more than that.
func (s *rowScanner) value() ([]byte, Fault, error) {
	c := &s.cell
	raw := s.text[c.start:]
	if c.formula && len(raw) == 0 && (c.kind != kindInline || !c.value) {
		return nil, Fault{member.CellError, c.column, "formula"}, nil
	}
	if c.kind == kindInline {
		text := unescapeX(raw)
		s.text = s.text[:c.start+len(text)]
		return text, Fault{}, nil
	}
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
		return nil, Fault{}, nil
	case c.kind == kindShared:
		return s.shared(raw)
	case c.kind == kindError:
		return raw, Fault{member.CellError, c.column, string(clip(raw, maxErrorValue))}, nil
	}
	var st style
	if c.style != nil {
		st = *c.style
	}
	end := len(s.text)
	switch c.kind {
	case kindBoolean:
		s.text = appendBoolean(s.text, raw)
	case kindDate:
		s.text = appendISODate(s.text, raw, st)
	default:
		s.text = appendNumber(s.text, raw, st, s.date1904)
	}
	s.text = append(s.text[:c.start], s.text[end:]...)
	return s.text[c.start:len(s.text):len(s.text)], Fault{}, nil
}

// shared returns the text that raw is the number of.
func (s *rowScanner) shared(raw []byte) ([]byte, Fault, error) {
	n := digits(raw)
	if n < 0 {
		return raw, Fault{member.CellError, s.cell.column, "text"}, nil
	}
	s.text = s.text[:s.cell.start]
	text, long, ok, err := s.texts.at(&s.text, n)
	if !ok {
		return strconv.AppendInt(nil, int64(n), 10), Fault{member.CellError, s.cell.column, "text"}, err
	}
	s.long = s.long || long
	return text, Fault{}, nil
}

func appendBoolean(dst, raw []byte) []byte {
	switch string(raw) {
	case "1", "true":
		return append(dst, "TRUE"...)
	case "0", "false":
		return append(dst, "FALSE"...)
	}
	return append(dst, raw...)
}

// maxErrorValue is how many bytes of an error value a Fault has room for.
const maxErrorValue = 40

// clip returns the first n bytes of b.
func clip[T string | []byte](b T, n int) T { return b[:min(len(b), n)] }
