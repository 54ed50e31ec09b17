package sheet

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// MaxCell is the number of characters that a cell of Excel has ("Excel specifications and limits"); it counts
// UTF-16 code units.
const MaxCell = 32767

// errCellTooLong: a cell has more than MaxCell characters. FitCell makes one that fits.
var errCellTooLong = errors.New("the cell is longer than Excel allows")

// FitCell returns text as far as it fits into a cell of a workbook; U+FFFD stands for what does not. cut tells
// that something was left out.
func FitCell(text string) (fitted string, cut bool) {
	if !longerThan(text, MaxCell) {
		return text, false
	}
	units := 0
	for i, r := range text {
		if units += unitsOf(r); units > MaxCell-1 {
			return text[:i] + string(replacement), true
		}
	}
	return text, false
}

// longerThan reports whether text has more than limit UTF-16 code units.
func longerThan(text string, limit int) bool {
	if len(text) <= limit { // no character has more units than bytes
		return false
	}
	units := 0
	for _, r := range text {
		if units += unitsOf(r); units > limit {
			return true
		}
	}
	return false
}

func unitsOf(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// defaultWidth is that of a column of Excel in its usual font.
const defaultWidth = 9.140625

// appendColumns appends the formats of all columns (ECMA-376 part 1, 18.3.1.13), which Excelize would hold one by one.
func (s *Worksheet) appendColumns(dst []byte, styles textStyles) []byte {
	column := func(first, last int, width float64) {
		dst = fmt.Appendf(dst, `<col min="%d" max="%d" width="%g" style="%d" customWidth="1"/>`, first, last, width, s.body(styles))
	}
	dst = append(dst, "<cols>"...)
	for i, width := range s.Widths {
		column(i+1, i+1, width)
	}
	if n := len(s.Widths); n < MaxColumns {
		column(n+1, MaxColumns, defaultWidth)
	}
	return append(dst, "</cols>"...)
}

// rowBuffer is how much XML is collected before it is compressed, in bytes.
const rowBuffer = 32 << 10

// writeRows writes the rows as they come (ECMA-376 part 1, 18.3.1.80), their texts in the cells themselves: a table
// of shared texts would have to be complete first.
func (s *Worksheet) writeRows(w io.Writer, styles textStyles) error {
	buf := []byte("<sheetData>")
	x := rowWriter{style: s.body(styles)}
	if s.Header {
		x.style = styles.header
	}
	for row, err := range s.Rows {
		if err != nil {
			return err
		}
		if buf, err = x.append(buf, row); err != nil {
			return fmt.Errorf("write row %d: %w", x.number, err)
		}
		x.style = s.body(styles)
		if len(buf) >= rowBuffer {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	_, err := w.Write(append(buf, "</sheetData>"...))
	return err
}

// rowWriter makes the XML of rows, one after another.
type rowWriter struct {
	number int
	style  int
	// names are those of the columns, as far as they were needed.
	names []string
}

func (x *rowWriter) append(dst []byte, row []string) ([]byte, error) {
	if x.number++; x.number > MaxSheetRows {
		return dst, fmt.Errorf("a sheet has %d rows", MaxSheetRows)
	}
	if len(row) > MaxColumns {
		return dst, fmt.Errorf("%d cells, where a row has %d", len(row), MaxColumns)
	}
	for n := len(x.names); n < len(row); n++ {
		name, err := excelize.ColumnNumberToName(n + 1)
		if err != nil {
			return dst, err
		}
		x.names = append(x.names, name)
	}
	dst = append(dst, `<row r="`...)
	dst = strconv.AppendInt(dst, int64(x.number), 10)
	dst = append(dst, `">`...)
	for n, text := range row {
		if text == "" {
			continue
		}
		if longerThan(text, MaxCell) {
			return dst, fmt.Errorf("column %d: %w", n+1, errCellTooLong)
		}
		dst = append(dst, `<c r="`...)
		dst = append(dst, x.names[n]...)
		dst = strconv.AppendInt(dst, int64(x.number), 10)
		dst = append(dst, `" s="`...)
		dst = strconv.AppendInt(dst, int64(x.style), 10)
		dst = append(dst, `" t="inlineStr"><is><t xml:space="preserve">`...)
		dst = appendXML(dst, text)
		dst = append(dst, `</t></is></c>`...)
	}
	return append(dst, `</row>`...), nil
}

// appendXML appends text as the content of an element of type ST_Xstring: what XML 1.0 cannot hold, or would change
// (a carriage return), as _x000D_; and the underscore of a text that looks like that as _x005F_.
func appendXML(dst []byte, text string) []byte {
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				dst = append(append(dst, text[start:i]...), replacement...)
				start = i + size
			case r == 0xFFFE || r == 0xFFFF:
				dst = appendEscaped(append(dst, text[start:i]...), r)
				start = i + size
			}
			i += size
			continue
		}
		var entity string
		switch {
		case c == '&':
			entity = "&amp;"
		case c == '<':
			entity = "&lt;"
		case c == '>':
			entity = "&gt;"
		case c == '_' && looksEscaped(text[i:]), c < ' ' && c != '\t' && c != '\n':
			dst = appendEscaped(append(dst, text[start:i]...), rune(c))
			i++
			start = i
			continue
		default:
			i++
			continue
		}
		dst = append(append(dst, text[start:i]...), entity...)
		i++
		start = i
	}
	return append(dst, text[start:]...)
}

// looksEscaped reports whether text begins like _x000D_, or does so far: an escape that follows begins with the
// other underscore.
func looksEscaped(text string) bool {
	if len(text) < escapeLen-1 || !strings.HasPrefix(text, "_x") {
		return false
	}
	_, err := strconv.ParseUint(text[2:escapeLen-1], 16, 16)
	return err == nil
}

func appendEscaped(dst []byte, r rune) []byte {
	const digits = "0123456789ABCDEF"
	return append(dst, '_', 'x', digits[r>>12&0xF], digits[r>>8&0xF], digits[r>>4&0xF], digits[r&0xF], '_')
}
