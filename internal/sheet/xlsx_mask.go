package sheet

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// masks are a number format that writes whole numbers digit by digit, as member numbers, postcodes and telephone numbers
// have it: 000000, 000-0000, "A"00000, [<=999]000;[<=9999]000-00;000-0000. Whoever chose such a format reads the zeros
// and marks as part of the value.
type masks []mask

// mask is one section of the format.
type mask struct {
	// digits are the characters of the section, with needed and wanted for the places of digits; "" where the section is
	// of another kind.
	digits string
	// op and limit are the condition under which the section applies, as in [<=999]; op is "" where it has none.
	op    string
	limit float64
}

// Places of digits in a mask: one that is filled with a zero, and one that stays empty.
const (
	needed = '\x00'
	wanted = '\x01'
)

// parseMasks returns the masks of a format code, or nil if it is not one whose zeros matter.
func parseMasks(code string) masks {
	const maxSections = 4
	var all masks
	zeros := 0
	for ; len(all) < maxSections; code = code[1:] {
		var m mask
		m, code = cutMask(code)
		zeros = max(zeros, strings.Count(m.digits, string(needed)))
		all = append(all, m)
		if code == "" {
			break
		}
	}
	if zeros < 2 {
		return nil
	}
	return all
}

// cutMask reads the first section of a format code, and returns what follows from the semicolon on.
func cutMask(code string) (m mask, rest string) {
	var digits strings.Builder
	other := false
	for code != "" && code[0] != ';' {
		r, size := utf8.DecodeRuneInString(code)
		part := code[:size]
		switch {
		case r == '0':
			digits.WriteByte(needed)
		case r == '#':
			digits.WriteByte(wanted)
		case r == '"':
			end := strings.IndexByte(code[1:], '"')
			if end < 0 {
				return mask{}, ""
			}
			part = code[:end+2]
			digits.WriteString(part[1 : end+1])
		case r == '\\' || r == '_':
			_, next := utf8.DecodeRuneInString(code[1:])
			part = code[:1+next]
			if r == '\\' {
				digits.WriteString(part[1:])
			}
		case r == '[':
			end := strings.IndexByte(code, ']')
			if end < 0 {
				return mask{}, ""
			}
			part = code[:end+1]
			other = !m.condition(part[1:end]) || other
		case r >= utf8.RuneSelf || strings.ContainsRune("-+() :", r):
			digits.WriteString(part)
		default:
			other = true
		}
		code = code[len(part):]
	}
	if !other {
		m.digits = digits.String()
	}
	return m, code
}

// condition reads what stands in brackets: a condition, or a color or language, which change nothing. It is false for
// anything else.
func (m *mask) condition(inner string) bool {
	number := strings.TrimLeft(inner, "<>=")
	if op := inner[:len(inner)-len(number)]; op != "" {
		limit, err := strconv.ParseFloat(number, 64)
		m.op, m.limit = op, limit
		return err == nil && strings.Contains(" < <= = <> >= > ", " "+op+" ")
	}
	switch lower := strings.ToLower(inner); {
	case strings.HasPrefix(lower, "$-"), strings.HasPrefix(lower, "color"):
		return true
	default:
		return strings.Contains(" black blue cyan green magenta red white yellow ", " "+lower+" ")
	}
}

func (m mask) holds(f float64) bool {
	switch m.op {
	case "<":
		return f < m.limit
	case "<=":
		return f <= m.limit
	case "=":
		return f == m.limit
	case "<>":
		return f != m.limit
	case ">=":
		return f >= m.limit
	case ">":
		return f > m.limit
	}
	return false
}

// section returns the mask for f, which is not negative (ECMA-376 part 1, 18.8.31): the first whose condition holds, or
// the one for all the rest.
func (all masks) section(f float64) mask {
	rest := mask{}
	conditions := false
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].op == "" {
			rest = all[i]
		} else {
			conditions = true
		}
	}
	if !conditions && f == 0 && len(all) > 2 {
		return all[2]
	}
	for _, m := range all {
		if m.holds(f) {
			return m
		}
	}
	return rest
}

// append appends f the way its mask shows it. It is false for a number that has no mask, and for a fraction or a negative
// number, which none of these formats is meant for.
func (all masks) append(dst []byte, f float64) ([]byte, bool) {
	const maxWhole = 1 << 53
	if f < 0 || f != math.Trunc(f) || f > maxWhole {
		return dst, false
	}
	m := all.section(f)
	places := strings.Count(m.digits, string(needed)) + strings.Count(m.digits, string(wanted))
	if places == 0 {
		return dst, false
	}
	var buf [20]byte
	number := strconv.AppendInt(buf[:0], int64(f), 10)
	if f == 0 {
		number = nil
	}
	for _, c := range []byte(m.digits) {
		if c != needed && c != wanted {
			dst = append(dst, c)
			continue
		}
		for len(number) > places { // more digits than places: they stand before the first
			dst = append(dst, number[0])
			number = number[1:]
		}
		switch {
		case len(number) == places:
			dst = append(dst, number[0])
			number = number[1:]
		case c == needed:
			dst = append(dst, '0')
		}
		places--
	}
	return dst, true
}
