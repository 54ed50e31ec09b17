package sheet

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/member"
)

var replacement = []byte("\uFFFD")

// storable reports whether b is UTF-8 without NUL: text that PostgreSQL can hold.
func storable(b []byte) bool {
	return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0
}

// repair gives the row the fault of its first cell that is not storable, unless it has a fault already, and
// replaces all such cells by copies that reports can show.
func repair(row *Row) { repairFrom(row, UTF8) }

// repairFrom is repair for a row whose cells were decoded from e.
func repairFrom(row *Row, e Encoding) {
	for i, cell := range row.Cells {
		if storable(cell) {
			continue
		}
		if row.Fault.Code == "" {
			at := firstBad(cell)
			row.Fault = Fault{member.Undecodable, i + 1, fmt.Sprintf("%s @ %d", original(cell[at:], e), utf8.RuneCount(cell[:at])+1)}
		}
		row.Cells[i] = bytes.ReplaceAll(bytes.ToValidUTF8(cell, replacement), []byte{0}, replacement)
	}
}

// firstBad returns the place of the first byte that is not storable, or len(b).
func firstBad(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == 0 || r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

// original tells what bad text, decoded from e, was in the file: the byte, or the code unit of UTF-16.
func original(bad []byte, e Encoding) string {
	utf16 := e == UTF16LE || e == UTF16BE
	switch {
	case e != UTF8 && bad[0] == badByte && len(bad) > 2:
		return fmt.Sprintf("0x%02X", bad[1]&0x3F<<6|bad[2]&0x3F)
	case utf16 && bad[0] == badUnit && len(bad) > 2:
		return fmt.Sprintf("0xD%03X", uint16(bad[1]&0x3F)<<6|uint16(bad[2]&0x3F))
	case utf16 && bad[0] == 0:
		return "0x0000"
	}
	return fmt.Sprintf("0x%02X", bad[0])
}
