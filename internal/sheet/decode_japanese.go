package sheet

import (
	"encoding/binary"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
)

// doubles is the character of each pair of bytes, by pairOf: its bytes in UTF-8, the first lowest, and their number in
// the highest byte; zero where there is none.
type doubles [0x80 << 8]uint32

func pairOf(lead, trail byte) int { return int(lead&0x7F)<<8 | int(trail) }

// The tables are those of golang.org/x/text, which are code page 932's and, for JIS X 0212, the WHATWG's. Its decoders
// cannot be used as they are: they replace what they cannot decode without a word.
var (
	shiftJISTable = sync.OnceValue(func() *doubles {
		d := japanese.ShiftJIS.NewDecoder()
		t := new(doubles)
		for lead := byte(0x81); lead <= 0xFC; lead++ {
			for trail := byte(0x40); trail <= 0xFC && (lead < 0xA0 || lead > 0xDF); trail++ {
				t[pairOf(lead, trail)] = decodeOne(d, lead, trail)
			}
		}
		// What users define for themselves, as Microsoft maps it.
		r := uint32(0xE000)
		for lead := byte(0xF0); lead <= 0xF9; lead++ {
			for trail := byte(0x40); trail <= 0xFC; trail++ {
				if trail != 0x7F {
					t[pairOf(lead, trail)] = packed(r)
					r++
				}
			}
		}
		return t
	})
	// eucJPTable has JIS X 0208 with the rows of code page 51932, and JIS X 0212 with the high bit of the trail off.
	eucJPTable = sync.OnceValue(func() *doubles {
		d := japanese.EUCJP.NewDecoder()
		t := new(doubles)
		for lead := byte(0xA1); lead <= 0xFE; lead++ {
			for trail := byte(0xA1); trail <= 0xFE; trail++ {
				t[pairOf(lead, trail)] = decodeOne(d, lead, trail)
				t[pairOf(lead, trail&0x7F)] = decodeOne(d, eucThree, lead, trail)
			}
		}
		return t
	})
)

// decodeOne returns the character that the bytes stand for, packed, or zero.
func decodeOne(d *encoding.Decoder, b ...byte) uint32 {
	var dst [16]byte
	n, _, err := d.Transformer.Transform(dst[:], b, true)
	if r := []rune(string(dst[:n])); err == nil && len(r) == 1 && r[0] != '\uFFFD' {
		return packed(uint32(r[0]))
	}
	return 0
}

// packed returns a character as doubles has it.
func packed(r uint32) uint32 {
	var b [4]byte
	b[3] = byte(put(b[:], r))
	return binary.LittleEndian.Uint32(b[:])
}

// putPacked writes a packed character and returns its length. A byte after it may be written too.
func putPacked(dst []byte, r uint32) int {
	binary.LittleEndian.PutUint32(dst, r)
	return int(r >> 24)
}

// Half-width kana: the character of the byte 0xA1 is halfKana, and so on up to 0xDF.
const halfKana = 0xFF61

// shiftJIS decodes code page 932 (Microsoft, "cp932"; WHATWG Encoding, "Shift_JIS decoder"). A pair that stands for
// nothing is two bad bytes, unless its second is ASCII, which then stands for itself.
//
// Lines of UTF-8, which some programs append to such files, would mostly be text too: 山 is 螻ｱ. They are bad bytes.
type shiftJIS struct {
	table  *doubles
	inside bool // the byte before is no ASCII
	utf8   int  // bytes of UTF-8 that come next
}

func (d *shiftJIS) decode(dst, src []byte, last bool) (n, i int) {
	for i < len(src) && len(dst)-n >= minDecode {
		b, size := src[i], 1
		if b < 0x80 {
			size = ascii(dst[n:], src[i:])
			n, i, d.inside = n+size, i+size, false
			continue
		}
		if !d.inside && 0xE3 <= b && b <= 0xEF {
			var wait bool
			if d.utf8, wait = runOfUTF8(src[i:], last); wait {
				return n, i
			}
		}
		d.inside = true
		switch {
		case d.utf8 > 0:
			n += putBadByte(dst[n:], b)
			d.utf8--
		case i+1 < len(src) && d.table[pairOf(b, src[i+1])] != 0:
			n += putPacked(dst[n:], d.table[pairOf(b, src[i+1])])
			size = 2
		case 0xA1 <= b && b <= 0xDF:
			n += put(dst[n:], halfKana+uint32(b)-0xA1)
		case b == 0x80:
			n += put(dst[n:], uint32(b))
		case b == 0xA0, b > 0xFC:
			n += putBadByte(dst[n:], b)
		case i+1 < len(src):
			n += putBadByte(dst[n:], b)
			if trail := src[i+1]; trail >= 0x80 {
				n += putBadByte(dst[n:], trail)
				size = 2
			}
		case last:
			n += putBadByte(dst[n:], b)
		default:
			return n, i
		}
		i += size
	}
	return n, i
}

// runOfUTF8 returns the size of the Japanese in UTF-8 that src begins with, up to the next ASCII, or zero where that is
// none, or where what it is in Shift_JIS is as likely: a single letter, unless a delimiter follows. wait says that this
// takes more of the text.
func runOfUTF8(src []byte, last bool) (size int, wait bool) {
	const longest = 48
	for size < min(len(src), longest) && src[size] >= 0x80 {
		size++
	}
	if size == len(src) && size < longest && !last {
		// The first letter tells nearly always.
		return 0, size < utf8.UTFMax || utf8.Valid(src[:3])
	}
	cost := 0
	for i := 0; i < size; i += 3 {
		r, n := utf8.DecodeRune(src[i:size])
		if n != 3 || (r < 0x3000 || r > 0x30FF) && (r < 0x4E00 || r > 0x9FFF) && (r < 0xFF01 || r > 0xFF9F) {
			return 0, false
		}
		cost += charCost(r, 0)
	}
	if cost > size/3*12 || size == 3 && len(src) > size && src[size] >= 0x40 {
		return 0, false
	}
	return size, false
}

// The bytes that shift to half-width kana and to JIS X 0212 in EUC-JP.
const (
	eucKana  = 0x8E
	eucThree = 0x8F
)

// decodeEUCJP decodes EUC-JP with the extensions of code page 51932 and JIS X 0212 (WHATWG Encoding, "EUC-JP
// decoder"). What stands for nothing is bad bytes up to the next ASCII.
func decodeEUCJP(table *doubles) decode {
	return func(dst, src []byte, last bool) (n, i int) {
		for i < len(src) && len(dst)-n >= minDecode {
			if src[i] < 0x80 {
				k := ascii(dst[n:], src[i:])
				n, i = n+k, i+k
				continue
			}
			if i+1 < len(src) && src[i] >= 0xA1 && src[i+1] >= 0xA1 {
				if r := table[pairOf(src[i], src[i+1])]; r != 0 {
					n += putPacked(dst[n:], r)
					i += 2
					continue
				}
			}
			r, size := eucChar(table, src[i:])
			switch {
			case size == 0 && !last:
				return n, i
			case r != 0:
				n += putPacked(dst[n:], r)
			default:
				if size == 0 {
					size = len(src) - i
				}
				for _, b := range src[i : i+size] {
					n += putBadByte(dst[n:], b)
				}
			}
			i += size
		}
		return n, i
	}
}

// eucChar returns the first character of src, which begins beyond ASCII, packed, and its size; zero for bytes that stand for
// nothing, and size zero where src may end within a character.
func eucChar(table *doubles, src []byte) (r uint32, size int) {
	b := src[0]
	switch {
	case b == eucThree:
		if len(src) < 2 {
			return 0, 0
		}
		if src[1] < 0xA1 || src[1] == 0xFF {
			return 0, badSize(src[:2])
		}
		if len(src) < 3 {
			return 0, 0
		}
		if src[2] >= 0x80 {
			r = table[pairOf(src[1], src[2]&0x7F)]
		}
		if r == 0 || src[2] < 0xA1 {
			return 0, badSize(src[:3])
		}
		return r, 3
	case b != eucKana && b < 0xA1, b == 0xFF:
		return 0, 1
	case len(src) < 2:
		return 0, 0
	case b == eucKana && 0xA1 <= src[1] && src[1] <= 0xDF:
		return packed(halfKana + uint32(src[1]) - 0xA1), 2
	case b != eucKana && src[1] >= 0xA1:
		r = table[pairOf(b, src[1])]
	}
	if r == 0 {
		return 0, badSize(src[:2])
	}
	return r, 2
}

// badSize returns how many of the bytes of what is no character are not ASCII at its end.
func badSize(b []byte) int {
	if b[len(b)-1] < 0x80 {
		return len(b) - 1
	}
	return len(b)
}
