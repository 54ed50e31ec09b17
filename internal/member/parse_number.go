package member

import (
	"strconv"
	"strings"
)

// maxDigits bounds a number: as many significant digits as a 128-bit decimal has, so that every number can be
// stored, compared and shown without loss. PostgreSQL's numeric holds far more.
const maxDigits = 38

// maxNumberCell bounds the cells that are looked at as numbers, in bytes.
const maxNumberCell = 256

func (f *Field) parseNumber(s string) (v Value, code Code, detail string) {
	text, code := canonicalNumber(s)
	switch {
	case code == NumberTooLong:
		return Value{}, code, decimal(maxDigits)
	case code != "":
		return Value{}, code, ""
	}
	if f.Integer {
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return Value{}, NumberNotInteger, ""
		}
	}
	return TextValue(text), "", ""
}

// canonicalNumber returns the decimal number in its only form: no plus sign, no zeros that say nothing, no point
// without digits behind it, no negative zero.
func canonicalNumber(s string) (string, Code) {
	if len(s) > maxNumberCell {
		return "", NumberInvalid
	}
	if !isASCII(s) {
		s = strings.ReplaceAll(foldWidth(s), "\u2212", "-")
	}
	negative := false
	body := s
	if body != "" && (body[0] == '-' || body[0] == '+') {
		negative = body[0] == '-'
		body = body[1:]
	}
	point, code := scanNumber(body)
	if code != "" {
		return "", code
	}
	whole, fraction := body, ""
	if point >= 0 {
		whole, fraction = body[:point], strings.TrimRight(body[point+1:], "0")
	}
	// One zero stays in front of the point.
	if stripped := strings.TrimLeft(whole, "0"); stripped != "" || whole == "" {
		whole = stripped
	} else {
		whole = whole[:1]
	}
	if len(whole)+len(fraction) > maxDigits {
		return "", NumberTooLong
	}
	return joinNumber(s, negative, whole, fraction), ""
}

// scanNumber checks the number without its sign and returns the place of its decimal point, or -1.
func scanNumber(body string) (point int, code Code) {
	point = -1
	digits := 0
	for i := range len(body) {
		switch c := body[i]; {
		case isDigit(c):
			digits++
		case c == '.' && point < 0:
			point = i
		case c == ',' && digits > 0 && isNumberWithCommas(body):
			return 0, NumberThousands
		case (c == 'e' || c == 'E') && digits > 0 && isExponent(body[i+1:]):
			return 0, NumberExponent
		default:
			return 0, NumberInvalid
		}
	}
	if digits == 0 {
		return 0, NumberInvalid
	}
	return point, ""
}

// joinNumber puts the parts of s together. It returns s itself, not copied, where it has this form already.
func joinNumber(s string, negative bool, whole, fraction string) string {
	if (whole == "" || whole == "0") && fraction == "" {
		return "0"
	}
	length := len(whole) + len(fraction)
	if negative {
		length++
	}
	if fraction != "" {
		length++
	}
	// The parts are s without what says nothing, so nothing was left out where the length is the same.
	if len(s) == length && whole != "" {
		return s
	}
	var b strings.Builder
	b.Grow(length + 1)
	if negative {
		b.WriteByte('-')
	}
	if whole == "" {
		whole = "0"
	}
	b.WriteString(whole)
	if fraction != "" {
		b.WriteByte('.')
		b.WriteString(fraction)
	}
	return b.String()
}

func isNumberWithCommas(body string) bool {
	for i := range len(body) {
		if c := body[i]; !isDigit(c) && c != ',' && c != '.' {
			return false
		}
	}
	return true
}

func isExponent(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return allDigits(s)
}

// allDigits reports whether s is one ASCII digit or more.
func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
