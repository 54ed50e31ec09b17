package member

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Locale is what an import's dates and phone numbers are read by.
type Locale struct {
	// Zone is that of times without an offset, and of the dates of instants; nil is UTC.
	Zone *time.Location
	// Region is the ISO 3166-1 code of national phone numbers; where it is empty, only international numbers
	// are accepted.
	Region string
}

func (l *Locale) zone() *time.Location {
	if l == nil || l.Zone == nil {
		return time.UTC
	}
	return l.Zone
}

func (l *Locale) region() string {
	if l == nil {
		return ""
	}
	return l.Region
}

// Parse reads one cell as a value of the field, by the table of types of product.md. A blank cell gives the zero
// Value. Otherwise the answer is a canonical Value or a Problem, never both; note is a warning about a Value that
// was repaired, and "" normally. Text that needs no change is a part of cell, not a copy.
//
// Blanks, also full-width and zero-width ones, are trimmed. Full-width letters, digits and blanks are folded except
// in free text. Parse is safe for concurrent use.
func (f *Field) Parse(cell string, loc *Locale) (v Value, note Code, p *Problem) {
	cell = trimBlanks(cell)
	if cell == "" {
		return Value{}, "", nil
	}
	var code Code
	detail := ""
	switch f.Type {
	case String:
		v, code, detail = f.parseString(cell)
	case Email:
		v, code, detail = f.parseEmail(cell)
	case Phone:
		v, note, code = parsePhone(cell, loc.region())
	case Number:
		v, code, detail = f.parseNumber(cell)
	case Date:
		v, code = parseDate(cell, loc.zone())
	case DateTime:
		v, code = parseDateTime(cell, loc.zone())
	case Boolean:
		v, code = parseBoolean(cell)
	case Choice:
		v, code = f.parseChoice(cell)
	case List, NumberList:
		v, code, detail = f.parseList(cell)
	case Tags:
		v, code, detail = f.parseTags(cell)
	}
	if code == "" {
		return v, note, nil
	}
	if code != InvalidText && !utf8.ValidString(cell) {
		code, detail = Undecodable, ""
	}
	return Value{}, "", &Problem{Code: code, Field: f.Key, Detail: detail}
}

// Invert returns the opposite of a boolean, and no value of none.
func Invert(v Value) Value {
	if !v.Set {
		return v
	}
	return BoolValue(!v.Bool())
}

// isBlank reports whether r is white space (unicode.IsSpace), or one of the invisible characters that come along
// when an address is copied from a web page: U+200B, U+2060, U+FEFF.
func isBlank(r rune) bool {
	switch {
	case r <= 0xA0:
		return r == ' ' || (r >= '\t' && r <= '\r') || r == 0x85 || r == 0xA0
	case r < 0x2000 || (r > 0x3000 && r != 0xFEFF):
		return r == 0x1680
	case r <= 0x200B:
		return true
	}
	switch r {
	case 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF:
		return true
	}
	return false
}

// trimBlanks returns s without the blanks around it.
func trimBlanks(s string) string {
	if s == "" {
		return s
	}
	if first, last := s[0], s[len(s)-1]; first > ' ' && first < utf8.RuneSelf && last > ' ' && last < utf8.RuneSelf {
		return s
	}
	return strings.TrimFunc(s, isBlank)
}

// isASCII reports whether s has only ASCII characters.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldWidth returns s with full-width letters, digits, punctuation (U+FF01 to U+FF5E) and blanks in their ASCII
// forms. It leaves everything else, half-width kana too.
func foldWidth(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFF01 + '!'
		case r == 0x3000:
			return ' '
		default:
			return r
		}
	}, s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
