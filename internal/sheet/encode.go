package sheet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"sync"
	"unicode/utf8"
)

// NewEncoder returns a writer that takes UTF-8 and writes it to w in the encoding e, without byte order mark. What is
// written in pieces may be cut anywhere; each piece is one Write to w.
//
// What the decoder of e gives is written back as the same characters. Shift_JIS and EUC-JP have no 〜 (U+301C), −, ‖, ¢,
// £ and ¬ of other systems, but ～, －, ∥, ￠, ￡ and ￢ that look the same, and are written. Any other character that they
// lack becomes 〓. Bytes that are no UTF-8 become 〓 too, and U+FFFD in UTF-16.
func NewEncoder(w io.Writer, e Encoding) io.Writer {
	switch e {
	case ShiftJIS:
		return &encoder{w: w, encode: encodeDoubles(shiftJISCodes())}
	case EUCJP:
		return &encoder{w: w, encode: encodeDoubles(eucJPCodes())}
	case UTF16LE:
		return &encoder{w: w, encode: encodeUTF16(binary.LittleEndian)}
	case UTF16BE:
		return &encoder{w: w, encode: encodeUTF16(binary.BigEndian)}
	}
	return w
}

// encode appends text, which is whole characters, to dst.
type encode func(dst, text []byte) []byte

type encoder struct {
	w       io.Writer
	encode  encode
	in, out []byte // in is what is not written yet: the beginning of a character
	err     error
}

// Write implements io.Writer.
func (e *encoder) Write(p []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	e.in = append(e.in, p...)
	whole := wholeRunes(e.in)
	e.out = e.encode(e.out[:0], e.in[:whole])
	e.in = append(e.in[:0], e.in[whole:]...)
	if _, err := e.w.Write(e.out); err != nil {
		e.err = fmt.Errorf("write encoded text: %w", err)
		return 0, e.err
	}
	return len(p), nil
}

// wholeRunes returns the length of b without a character that it does not hold the end of.
func wholeRunes(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-n:]) {
				return len(b) - n
			}
			break
		}
	}
	return len(b)
}

// codes is the code of each character: its bytes as a number, zero where it has none. Those of JIS X 0212 lack their
// first byte and the high bit of the last.
type codes [0x10000]uint16

// getaMark is what Japanese printers put in the place of a letter that they do not have.
const getaMark = '〓'

// lookalikes are the characters that Shift_JIS and EUC-JP have, in the tables of Microsoft, for those that they have in
// the tables of others, and for others that say the same.
var lookalikes = map[rune]rune{
	'〜': '～', '−': '－', '‖': '∥', '¢': '￠', '£': '￡', '¬': '￢', '—': '―', '¦': '￤', '¥': '￥', '‾': '￣', '\u00A0': ' ',
}

var (
	// shiftJISCodes prefers, of several codes of a character, what Microsoft does: JIS X 0208 to the signs of NEC,
	// these to the letters of IBM, and these to their copies in NEC's rows.
	shiftJISCodes = sync.OnceValue(func() *codes {
		c := new(codes)
		c[0x80] = 0x80
		for b := range 0xE0 - 0xA1 {
			c[halfKana+b] = uint16(0xA1 + b)
		}
		t := shiftJISTable()
		c.add(t, 0x81, 0xEC, 0x40)
		c.add(t, 0xF0, 0xFC, 0x40)
		c.add(t, 0xED, 0xEE, 0x40)
		c.lookAlike()
		return c
	})
	// eucJPCodes prefers JIS X 0208, whose codes everybody reads.
	eucJPCodes = sync.OnceValue(func() *codes {
		c := new(codes)
		for b := range 0xE0 - 0xA1 {
			c[halfKana+b] = eucKana<<8 | uint16(0xA1+b)
		}
		c.add(eucJPTable(), 0xA1, 0xFE, 0xA1)
		c.add(eucJPTable(), 0xA1, 0xFE, 0x21)
		c.lookAlike()
		return c
	})
)

// add gives the characters of the leads from and to their codes, unless they have one, from a trail on up to the
// highest; or up to the last ASCII, where the trail is ASCII in EUC-JP.
func (c *codes) add(t *doubles, from, to, trail int) {
	last := 0xFE
	if trail == 0x21 {
		last = 0x7E
	}
	for lead := from; lead <= to; lead++ {
		for b := trail; b <= last; b++ {
			if u := t[pairOf(byte(lead), byte(b))]; u != 0 {
				if r := unpacked(u); c[r] == 0 {
					c[r] = uint16(lead<<8 | b)
				}
			}
		}
	}
}

func (c *codes) lookAlike() {
	for r, like := range lookalikes {
		if code := c[like]; c[r] == 0 && code != 0 {
			c[r] = code
		} else if c[r] == 0 && like < utf8.RuneSelf {
			c[r] = uint16(like)
		}
	}
}

// unpacked returns the character of what packed returned.
func unpacked(u uint32) rune {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], u)
	r, _ := utf8.DecodeRune(b[:u>>24])
	return r
}

// encodeDoubles encodes with codes of one and two bytes, and three in EUC-JP.
func encodeDoubles(c *codes) encode {
	geta := c[getaMark]
	three := c['丂'] != 0 && c['丂']&0x80 == 0 // the first letter of JIS X 0212
	return func(dst, text []byte) []byte {
		for len(text) > 0 {
			if n := asciiLen(text); n > 0 {
				dst = append(dst, text[:n]...)
				text = text[n:]
				continue
			}
			r, size := utf8.DecodeRune(text)
			text = text[size:]
			code := geta
			if r < 0x10000 && c[r] != 0 {
				code = c[r]
			}
			switch {
			case code <= 0xFF:
				dst = append(dst, byte(code))
			case three && code&0x80 == 0:
				dst = append(dst, eucThree, byte(code>>8), byte(code)|0x80)
			default:
				dst = append(dst, byte(code>>8), byte(code))
			}
		}
		return dst
	}
}

// asciiLen returns the length of the ASCII at the start of b.
func asciiLen(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if m := binary.LittleEndian.Uint64(b[i:]) & highBits; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

func encodeUTF16(order binary.AppendByteOrder) encode {
	return func(dst, text []byte) []byte {
		for len(text) > 0 {
			r, size := utf8.DecodeRune(text)
			text = text[size:]
			if r < 0x10000 {
				dst = order.AppendUint16(dst, uint16(r))
				continue
			}
			r -= 0x10000
			dst = order.AppendUint16(dst, 0xD800|uint16(r>>10))
			dst = order.AppendUint16(dst, 0xDC00|uint16(r&0x3FF))
		}
		return dst
	}
}
