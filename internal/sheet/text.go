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
func repair(row *Row) {
	for i, cell := range row.Cells {
		if storable(cell) {
			continue
		}
		if row.Fault.Code == "" {
			at := firstBad(cell)
			row.Fault = Fault{member.Undecodable, i + 1, fmt.Sprintf("0x%02X @ %d", cell[at], at+1)}
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
