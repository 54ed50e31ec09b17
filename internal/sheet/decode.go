package sheet

import (
	"encoding/binary"
	"io"
	"math/bits"
	"slices"
	"strings"
)

// encodings are those that can be read, in the order in which they are offered.
var encodings = []Encoding{UTF8, ShiftJIS, EUCJP, UTF16LE, UTF16BE}

// Encodings returns the encodings that can be read, the commonest first.
func Encodings() []Encoding { return slices.Clone(encodings) }

// encodingNames are what people and programs call the encodings, in small letters and without punctuation. UTF-16
// without a byte order is what Windows calls Unicode: little-endian.
var encodingNames = map[string]Encoding{
	"utf8": UTF8, "utf8bom": UTF8, "utf8sig": UTF8, "utf8n": UTF8, "utf8withbom": UTF8, "cp65001": UTF8, "65001": UTF8,
	"sjis": ShiftJIS, "shiftjis": ShiftJIS, "cp932": ShiftJIS, "ms932": ShiftJIS, "windows31j": ShiftJIS, "932": ShiftJIS,
	"mskanji": ShiftJIS, "sjiswin": ShiftJIS, "xsjis": ShiftJIS, "windows932": ShiftJIS, "csshiftjis": ShiftJIS, "cswindows31j": ShiftJIS,
	"eucjp": EUCJP, "euc": EUCJP, "ujis": EUCJP, "cp51932": EUCJP, "51932": EUCJP, "eucjpwin": EUCJP, "eucjpms": EUCJP, "xeucjp": EUCJP,
	"utf16": UTF16LE, "utf16le": UTF16LE, "unicode": UTF16LE, "ucs2": UTF16LE, "ucs2le": UTF16LE, "1200": UTF16LE, "cp1200": UTF16LE,
	"utf16be": UTF16BE, "unicodefffe": UTF16BE, "ucs2be": UTF16BE, "1201": UTF16BE, "cp1201": UTF16BE,
}

// ParseEncoding returns the encoding of that name, as people write it: whatever its case and punctuation, by its IANA
// name, or as Windows, Python or MySQL call it.
func ParseEncoding(name string) (Encoding, bool) {
	e, ok := encodingNames[strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + ('a' - 'A')
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case strings.ContainsRune("-_. :()", r):
			return -1
		}
		return '?'
	}, name)]
	return e, ok
}

// byMark returns the encoding that a byte order mark at the start of a text names, or "".
func byMark(head []byte) Encoding {
	switch {
	case strings.HasPrefix(string(head[:min(len(head), len(BOM))]), BOM):
		return UTF8
	case len(head) >= 2 && head[0] == 0xFF && head[1] == 0xFE:
		return UTF16LE
	case len(head) >= 2 && head[0] == 0xFE && head[1] == 0xFF:
		return UTF16BE
	}
	return ""
}

// decode turns the next part of a text, src, into UTF-8 in dst, and returns how much of either is done. It leaves a character whose end src does
// not hold, unless src is the last of the text, and needs at least minDecode bytes in dst to go on. What cannot be
// decoded comes out as bytes that are no UTF-8 and still tell what they were: see appendBadByte and appendBadUnit.
type decode func(dst, src []byte, last bool) (nDst, nSrc int)

// minDecode is the room that the longest character takes: three bad bytes of EUC-JP, of three bytes each.
const minDecode = 9

// decoderOf returns how e is decoded, or nil where there is nothing to do.
func decoderOf(e Encoding) decode {
	switch e {
	case ShiftJIS:
		return (&shiftJIS{table: shiftJISTable()}).decode
	case EUCJP:
		return decodeEUCJP(eucJPTable())
	case UTF16LE:
		return decodeUTF16(0)
	case UTF16BE:
		return decodeUTF16(1)
	}
	return nil
}

// transcoder gives the text of src in UTF-8.
type transcoder struct {
	src    io.Reader
	decode decode

	in   []byte
	r, w int   // in[r:w] is not decoded yet
	err  error // of src

	spare    [64]byte // what is decoded where the reader asks for less than a character
	out, end int      // spare[out:end] is not read yet
}

// newTranscoder returns a transcoder of what begins with the bytes given and goes on in src, unless err says that it
// does not.
func newTranscoder(begin []byte, src io.Reader, err error, d decode) *transcoder {
	t := &transcoder{src: src, decode: d, in: make([]byte, max(headSize, len(begin))), err: err}
	t.w = copy(t.in, begin)
	return t
}

// Read implements io.Reader. Its error is that of the source, once all that came before is read.
func (t *transcoder) Read(p []byte) (int, error) {
	switch {
	case len(p) == 0:
		return 0, nil
	case t.out < t.end:
		n := copy(p, t.spare[t.out:t.end])
		t.out += n
		return n, nil
	case len(p) < minDecode:
		n, err := t.fill(t.spare[:])
		if n == 0 {
			return 0, err
		}
		t.out, t.end = 0, n
		return t.Read(p)
	}
	return t.fill(p)
}

// fill decodes what there is into dst, after at most one read of the source.
func (t *transcoder) fill(dst []byte) (int, error) {
	for again := true; ; again = false {
		n, used := t.decode(dst, t.in[t.r:t.w], t.err == io.EOF)
		t.r += used
		switch {
		case n > 0:
			return n, nil
		case t.err != nil:
			return 0, t.err
		case !again:
			return 0, nil
		}
		t.w = copy(t.in, t.in[t.r:t.w])
		t.r = 0
		var got int
		got, t.err = t.src.Read(t.in[t.w:])
		t.w += got
	}
}

// Each byte of what cannot be decoded becomes F5 8x xx, and a surrogate without its other half what UTF-8 would make
// of it, ED xx xx: neither is UTF-8 (RFC 3629, section 3), nor has it a byte that CSV gives a meaning.
const (
	badByte = 0xF5
	badUnit = 0xED
)

// putBadByte writes what stands for a byte that is no part of a character, and returns its length.
func putBadByte(dst []byte, b byte) int {
	dst[0], dst[1], dst[2] = badByte, 0x80|b>>6, 0x80|b&0x3F
	return 3
}

const highBits = 0x8080808080808080

// ascii copies the ASCII at the start of src, at most eight bytes of it, and returns its length. dst has room for them.
func ascii(dst, src []byte) int {
	if len(src) < 8 {
		dst[0] = src[0]
		return 1
	}
	x := binary.LittleEndian.Uint64(src)
	binary.LittleEndian.PutUint64(dst, x) // what is not ASCII will be written over
	if m := x & highBits; m != 0 {
		return bits.TrailingZeros64(m) >> 3
	}
	return 8
}

// put writes a character from beyond ASCII that UTF-8 has at most three bytes for, and returns its length.
func put(dst []byte, r uint32) int {
	_ = dst[2]
	if r < 0x800 {
		dst[0], dst[1] = 0xC0|byte(r>>6), 0x80|byte(r&0x3F)
		return 2
	}
	dst[0], dst[1], dst[2] = 0xE0|byte(r>>12), 0x80|byte(r>>6&0x3F), 0x80|byte(r&0x3F)
	return 3
}
