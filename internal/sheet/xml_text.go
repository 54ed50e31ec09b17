package sheet

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// inUTF8 returns r in UTF-8 where it is XML in UTF-16, with or without a byte order mark (XML 1.0, appendix F).
func inUTF8(r io.Reader) io.Reader {
	var head [2]byte
	n, err := io.ReadFull(r, head[:])
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
		r = io.MultiReader(bytes.NewReader(head[:n]), r)
	} else {
		return &failed{err}
	}
	var order unicode.Endianness
	switch string(head[:n]) {
	case "\xFF\xFE", "<\x00":
		order = unicode.LittleEndian
	case "\xFE\xFF", "\x00<":
		order = unicode.BigEndian
	default:
		return r
	}
	return transform.NewReader(r, unicode.UTF16(order, unicode.UseBOM).NewDecoder())
}

// failed is a reader that could not be read.
type failed struct{ err error }

func (f *failed) Read([]byte) (int, error) { return 0, f.err }

// maxReference bounds a reference: &#x0010FFFF; and some zeros more.
const maxReference = 16

// appendText appends character data as it is meant: references replaced, and CRLF and CR turned to LF (XML 1.0,
// 2.11). What is no reference stays as it is.
func appendText(dst, text []byte, raw bool) []byte {
	if bytes.IndexByte(text, '&') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return append(dst, text...)
	}
	for {
		i := bytes.IndexAny(text, "&\r")
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		text = text[i:]
		if text[0] == '\r' {
			dst = append(dst, '\n')
			text = text[1:]
			if len(text) > 0 && text[0] == '\n' {
				text = text[1:]
			}
			continue
		}
		n := bytes.IndexByte(text[:min(len(text), maxReference)], ';')
		char := rune(-1)
		if n > 0 && !raw {
			char = reference(text[1:n])
		}
		if char < 0 {
			dst = append(dst, '&')
			text = text[1:]
			continue
		}
		dst = appendChar(dst, char)
		text = text[n+1:]
	}
}

// appendChar appends the character of that number. The two halves of a surrogate pair, which some programs write one by
// one, become the character that they stand for; half a pair becomes badUnit, which is no UTF-8.
func appendChar(dst []byte, r rune) []byte {
	if r>>11 != 0xD800>>11 {
		return utf8.AppendRune(dst, r)
	}
	n := len(dst)
	if r >= 0xDC00 && n >= 3 && dst[n-3] == badUnit && dst[n-2]>>4 == 0xA {
		high := rune(dst[n-2]&0x0F)<<6 | rune(dst[n-1]&0x3F)
		return utf8.AppendRune(dst[:n-3], 0x10000+high<<10+(r-0xDC00))
	}
	dst = append(dst, 0, 0, 0)
	put(dst[n:], uint32(r))
	return dst
}

// plainText returns the text between two strings of tags at the start of b, and the length of it all; 0 where b is anything
// else, or the text is more than it looks like.
func plainText(b []byte, open, end string) (text []byte, n int) {
	if len(b) < len(open) || string(b[:len(open)]) != open {
		return nil, 0
	}
	b = b[len(open):]
	size := bytes.IndexByte(b, '<')
	if size < 0 || len(b) < size+len(end) || string(b[size:size+len(end)]) != end {
		return nil, 0
	}
	text = b[:size]
	for _, c := range text {
		if c == '&' || c == '\r' {
			return nil, 0
		}
	}
	return text, len(open) + size + len(end)
}

// reference returns what &name; stands for, or -1.
func reference(name []byte) rune {
	switch string(name) {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if len(name) < 2 || name[0] != '#' {
		return -1
	}
	digits, base := string(name[1:]), 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return -1
	}
	return rune(n)
}

// unescapeX undoes the escapes of ST_Xstring in place (ECMA-376 part 1, 22.9.2.19): _x000D_ is the character
// with that UTF-16 code unit, and _x005F_ the underscore that keeps text from being an escape.
func unescapeX(text []byte) []byte {
	first := bytes.Index(text, []byte("_x"))
	if first < 0 {
		return text
	}
	out := text[:first]
	for i := first; i < len(text); {
		unit, ok := escapeX(text[i:])
		if !ok {
			out = append(out, text[i])
			i++
			continue
		}
		i += escapeLen
		out = appendChar(out, unit)
	}
	return out
}

const escapeLen = len("_x000D_")

func escapeX(text []byte) (rune, bool) {
	if len(text) < escapeLen || text[0] != '_' || text[1] != 'x' || text[6] != '_' {
		return 0, false
	}
	var unit rune
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}
