package member

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// maxPhoneCell bounds the cells that are looked at as phone numbers, in bytes.
const maxPhoneCell = 250

// parsePhone reads a number as E.164. The usual Japanese ways of writing are read here, everything else by
// libphonenumber, which takes fifty times as long; a test holds the two together.
func parsePhone(s, region string) (v Value, note Code, code Code) {
	if text, note, ok := japanesePhone(s, region); ok {
		return TextValue(text), note, ""
	}
	if len(s) > maxPhoneCell {
		return Value{}, "", PhoneInvalid
	}
	return parseAnyPhone(s, region)
}

// japanesePhone reads numbers of the Japanese plan that are written with ASCII digits and single hyphens, blanks
// or points: 090-1234-5678, +81 090-1234-5678, +819012345678, and 9012345678, which has lost its leading 0. ok is
// false for everything that it does not know for certain.
func japanesePhone(s, region string) (text string, note Code, ok bool) {
	var digits [13]byte // 81, a trunk 0 and ten digits
	n := 0
	international := s[0] == '+'
	rest := s
	if international {
		rest = s[1:]
	}
	gap := true // a separator must stand between digits
	for i := range len(rest) {
		switch c := rest[i]; {
		case isDigit(c):
			if n == len(digits) {
				return "", "", false
			}
			digits[n] = c
			n++
			gap = false
		case (c == '-' || c == ' ' || c == '.') && !gap:
			gap = true
		default:
			return "", "", false
		}
	}
	number := digits[:n]
	switch {
	case gap:
		return "", "", false
	case international && n > 3 && number[0] == '8' && number[1] == '1':
		number = number[2:]
		if number[0] == '0' {
			number = number[1:]
		}
	case international || region != "JP":
		return "", "", false
	case number[0] == '0':
		number = number[1:]
	default:
		note = PhoneZeroAdded
	}
	if !validJapanese(number) {
		return "", "", false
	}
	if international && len(s) == len("+81")+len(number) {
		return s, "", true
	}
	var out [14]byte
	return string(append(append(out[:0], "+81"...), number...)), note, true
}

// validJapanese reports whether the number, without country code and trunk 0, is surely in the Japanese plan.
func validJapanese(n []byte) bool {
	switch len(n) {
	case 9:
		return n[0] != '0' && japaneseAreas[(n[0]-'0')*10+n[1]-'0']>>(n[2]-'0')&1 == 1
	case 10:
		switch {
		case n[1] != '0':
			return false
		case n[0] >= '7' && n[0] <= '9', n[0] == '5': // mobile 070, 080, 090 and IP telephony 050
			return n[2] != '0' || (n[0] == '8') // 0800 is toll-free
		default:
			return n[0] == '2' // data and pagers 020
		}
	default:
		return false
	}
}

// japaneseAreas are the assigned first three digits of numbers of nine digits, without the trunk 0: landlines, 0120,
// 0570, 060 and 0990. Bit c of element 10a+b stands for abc. TestJapaneseAreasAreThoseOfLibphonenumber derives it.
var japaneseAreas = [100]uint16{
	11: 0x1ec, 12: 0x079, 13: 0x3f8, 14: 0x07c, 15: 0x1fc, 16: 0x0fc, 17: 0x3fc, 18: 0x1fc, 19: 0x3fe,
	22: 0x3ff, 23: 0x3ff, 24: 0x3ff, 25: 0x3ff, 26: 0x3ff, 27: 0x3ff, 28: 0x3ff, 29: 0x3ff,
	31: 0x3ff, 32: 0x3ff, 33: 0x3ff, 34: 0x3ff, 35: 0x3ff, 36: 0x3ff, 37: 0x3ff, 38: 0x3ff, 39: 0x3ff,
	42: 0x3ff, 43: 0x3ff, 44: 0x3ff, 45: 0x3ff, 46: 0x1fd, 47: 0x3ff, 48: 0x3ff, 49: 0x23c,
	52: 0x3ff, 53: 0x3ff, 54: 0x3ff, 55: 0x3ff, 56: 0x3fe, 57: 0x1fd, 58: 0x3ff, 59: 0x3ff,
	60: 0x3ff, 61: 0x3ff, 62: 0x3ff, 63: 0x3ff, 64: 0x3ff, 65: 0x3ff, 66: 0x3ff, 67: 0x3ff, 68: 0x3ff, 69: 0x3ff,
	72: 0x3ff, 73: 0x3f0, 74: 0x3fd, 75: 0x3ff, 76: 0x3ff, 77: 0x3ff, 78: 0x3ff, 79: 0x3ff,
	82: 0x3ff, 83: 0x3fc, 84: 0x3e0, 85: 0x3fe, 86: 0x3ff, 87: 0x3ff, 88: 0x3f9, 89: 0x3ff,
	92: 0x3ff, 93: 0x3ff, 94: 0x3ff, 95: 0x3ff, 96: 0x3fe, 97: 0x3fe, 98: 0x3ff, 99: 0x3ff,
}

// parseAnyPhone reads a number with characters of any width, of any country, by libphonenumber's rules.
func parseAnyPhone(s, region string) (v Value, note Code, code Code) {
	number := plainPhone(s)
	if number == "" {
		return Value{}, "", PhoneInvalid
	}
	if text, note, ok := japanesePhone(number, region); ok {
		return TextValue(text), note, ""
	}
	international := number[0] == '+'
	if !international && region == "" {
		return Value{}, "", PhoneCountryMissing
	}
	parsed, ok := validPhone(number, region)
	bare := !international && firstDigit(number) != '0'
	if !ok && bare {
		parsed, ok = validPhone("0"+number, region)
	}
	if !ok {
		return Value{}, "", PhoneInvalid
	}
	if bare && lostZero(number, parsed) {
		note = PhoneZeroAdded
	}
	return TextValue(phonenumbers.Format(parsed, phonenumbers.E164)), note, ""
}

// KnownRegion reports whether code is the ISO 3166-1 code, in capital letters, of a country that has phone numbers.
func KnownRegion(code string) bool { return phonenumbers.GetSupportedRegions()[code] }

func validPhone(s, region string) (*phonenumbers.PhoneNumber, bool) {
	n, err := phonenumbers.Parse(s, region)
	return n, err == nil && phonenumbers.IsValidNumber(n)
}

// lostZero reports whether number, which does not begin with 0, is the whole of a number that is written with a
// leading 0 in its country: 9012345678, but not 819012345678 nor, in China, 13812345678.
func lostZero(number string, parsed *phonenumbers.PhoneNumber) bool {
	significant := strings.TrimLeft(phonenumbers.GetNationalSignificantNumber(parsed), "0")
	return firstDigit(phonenumbers.Format(parsed, phonenumbers.NATIONAL)) == '0' && onlyDigits(number) == significant
}

func firstDigit(s string) byte {
	for i := range len(s) {
		if isDigit(s[i]) {
			return s[i]
		}
	}
	return 0
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// plainPhone returns the number with ASCII digits and separators, or "" where it holds anything that is no part of
// one number: libphonenumber would leave out words, extensions and second numbers without saying so.
func plainPhone(s string) string {
	s = foldWidth(s)
	if len(s) > 4 && equalWord(s[:4], "tel:") {
		s = s[4:]
	}
	digits, wrong := 0, false
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			digits++
			return r
		case r == '+' || r == '-' || r == '.' || r == '(' || r == ')' || r == '/':
			return r
		case isBlank(r):
			return ' '
		case isHyphen(r):
			return '-'
		}
		wrong = true
		return -1
	}, s)
	plain = strings.TrimLeft(plain, " ")
	if wrong || digits == 0 || strings.LastIndexByte(plain, '+') > 0 {
		return ""
	}
	return plain
}

// isHyphen reports whether r is one of the characters that Japanese keyboards give for a hyphen.
func isHyphen(r rune) bool {
	switch r {
	case '\u00AD', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212', '\u2500', '\u30FC', '\uFF70':
		return true
	}
	return false
}
