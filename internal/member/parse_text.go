package member

import (
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Bounds of text where a field has none of its own.
const (
	maxText      = 1000 // code points
	maxIndexed   = 255  // code points, where a database index holds the value
	maxEmail     = 254  // bytes (RFC 5321, section 4.5.3.1.3, and its erratum 1690)
	maxTag       = 100  // code points
	maxListItems = 1000
)

// textBound is the most code points that text of the field may have.
func (f *Field) textBound() int {
	switch {
	case f.MaxLength > 0:
		return f.MaxLength
	case f.Type == Tags:
		return maxTag
	case f.MergeKey || f.Unique:
		return maxIndexed
	default:
		return maxText
	}
}

func (f *Field) parseString(s string) (v Value, code Code, detail string) {
	if f.Fold {
		s = foldWidth(s)
	}
	if f.Country {
		if s = countryCode(s); s == "" {
			return Value{}, CountryUnknown, ""
		}
		return TextValue(s), "", ""
	}
	s, code = cleanText(s, f.textBound())
	if code == TooLong {
		return Value{}, code, decimal(int64(f.textBound()))
	}
	return TextValue(s), code, ""
}

// cleanText returns s in normal form C, or what is wrong with it: invalid UTF-8, a NUL, or more than bound code
// points.
func cleanText(s string, bound int) (string, Code) {
	points, normal := 0, true
	for i := 0; i < len(s); points++ {
		c := s[i]
		if c < utf8.RuneSelf {
			if c == 0 {
				return "", InvalidText
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return "", Undecodable
		}
		normal = normal && staysInNFC(r)
		i += size
	}
	if !normal && !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
		points = utf8.RuneCountInString(s)
	}
	if points > bound {
		return "", TooLong
	}
	return s, ""
}

// staysInNFC reports whether text of such characters only is in normal form C: they are its own composed forms and
// none of them combines with another. It knows the ones that Japanese text is made of, and is false for the rest.
func staysInNFC(r rune) bool {
	switch {
	case r < 0x0300:
		return true
	case r < 0x3000:
		return r >= 0x2010 && r <= 0x2027
	case r < 0x3100:
		return r <= 0x3029 || (r >= 0x3041 && r <= 0x3096) || r >= 0x30A0
	default:
		return (r >= 0x4E00 && r <= 0x9FFF) || (r >= 0xFF01 && r <= 0xFF9F)
	}
}

func (f *Field) parseEmail(s string) (v Value, code Code, detail string) {
	bound := maxEmail
	if f.MaxLength > 0 {
		bound = min(bound, f.MaxLength)
	}
	if !isASCII(s) {
		// Beyond this no folding can make it short enough: three bytes become one.
		if len(s) > 3*maxEmail {
			return Value{}, TooLong, decimal(int64(bound))
		}
		if !utf8.ValidString(s) {
			return Value{}, Undecodable, ""
		}
		s = trimBlanks(norm.NFC.String(foldWidth(s)))
	}
	at := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c == 0x7F:
			return Value{}, EmailInvalid, ""
		case c == '@' && at >= 0:
			return Value{}, EmailInvalid, ""
		case c == '@':
			at = i
		}
	}
	if at <= 0 || at == len(s)-1 {
		return Value{}, EmailInvalid, ""
	}
	if len(s) > bound {
		return Value{}, TooLong, decimal(int64(bound))
	}
	if !isASCII(s) && !internationalAddress(s[:at], s[at+1:]) {
		return Value{}, EmailInvalid, ""
	}
	return TextValue(s), "", ""
}

// internationalAddress checks the parts of an address that is not ASCII: no blanks, and a domain that has an ASCII
// form (RFC 5891). The local part may be any text (RFC 6531).
func internationalAddress(local, domain string) bool {
	if strings.ContainsFunc(local, isBlank) || strings.ContainsFunc(domain, isBlank) {
		return false
	}
	if isASCII(domain) {
		return true
	}
	_, err := idna.Lookup.ToASCII(domain)
	return err == nil
}

// EmailKey returns the form in which e-mail addresses are compared: ASCII letters in lower case, everything else as
// it is, which is what lower(email COLLATE "C") gives in PostgreSQL.
func EmailKey(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lower(b[i])
			}
			return string(b)
		}
	}
	return s
}

// countries are the officially assigned codes of ISO 3166-1 alpha-2, sorted, two letters each.
const countries = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZ" +
	"CACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFR" +
	"GAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJP" +
	"KEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ" +
	"NANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURW" +
	"SASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZ" +
	"UAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW"

// countryCode returns the code in upper case, or "" where it is not assigned.
func countryCode(s string) string {
	if len(s) != 2 {
		return ""
	}
	a, b := lower(s[0])-('a'-'A'), lower(s[1])-('a'-'A')
	n := sort.Search(len(countries)/2, func(i int) bool {
		return countries[2*i] > a || (countries[2*i] == a && countries[2*i+1] >= b)
	})
	if 2*n == len(countries) || countries[2*n] != a || countries[2*n+1] != b {
		return ""
	}
	return countries[2*n : 2*n+2]
}
