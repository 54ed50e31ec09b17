package sheet

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
)

// window is the part of a CSV that is in memory, buf[r:w], sliding over the source. It looks each kind of
// byte up once: the place of the next LF, CR and quote is remembered until the reading passes it.
type window struct {
	src  io.Reader
	buf  []byte
	r, w int
	base int64 // offset of buf[0] in the file
	max  int   // of len(buf)
	err  error // why there is no more: io.EOF or a failure
	held bool  // buf[w] is the byte 0x1A, which is no part of the file if it is the last

	lf, cr, dq int // the next one at or after r, w for none, less than r for unknown
}

const (
	// headSize is how much of a file detection looks at.
	headSize = 64 << 10
	// lookahead is what the window holds beyond the longest record: its line end, and a byte more.
	lookahead = 4
	// spare is what it holds beyond that: a byte that may be held back.
	spare = 1
)

func newWindow(src io.Reader, atLeast int) window {
	return window{src: src, buf: make([]byte, headSize), max: max(2*headSize, headSize+atLeast+spare), lf: -1, cr: -1, dq: -1}
}

// ended reports whether the window holds the end of the file.
func (w *window) ended() bool { return w.err == io.EOF }

// more fills the window up, making room first, and returns an error unless it has grown or the file has ended.
// The result does not depend on how much the source gives at a time.
func (w *window) more() error {
	if w.err == io.EOF {
		return nil
	}
	if w.held {
		w.held = false
		w.w++
	}
	if w.r > 0 {
		w.base += int64(w.r)
		w.w = copy(w.buf, w.buf[w.r:w.w])
		w.r = 0
	} else if w.w == len(w.buf) {
		w.buf = append(w.buf, make([]byte, min(len(w.buf), w.max-len(w.buf)))...)
	}
	w.lf, w.cr, w.dq = -1, -1, -1
	for empty := 0; w.w < len(w.buf) && w.err == nil; {
		n, err := w.src.Read(w.buf[w.w:])
		w.w += n
		w.err = err
		if empty++; n > 0 {
			empty = 0
		}
		if empty == 100 && err == nil {
			w.err = io.ErrNoProgress
		}
	}
	if w.w > w.r && w.buf[w.w-1] == 0x1A {
		w.w--
		w.held = w.err != io.EOF
	}
	if w.err == io.EOF {
		return nil
	}
	return w.err
}

// head returns the first unread bytes: headSize of them, if the window and the file have them.
func (w *window) head() []byte {
	n := min(headSize, w.max-spare)
	for w.w-w.r < n && w.err == nil {
		_ = w.more() // w.err stays, and the reading comes to it after what the window holds
	}
	return w.buf[w.r:min(w.w, w.r+n)]
}

// decode has the source decoded, from its first byte on: nothing of it may be used before.
func (w *window) decode(d decode) {
	w.src = newTranscoder(w.buf[w.r:w.w], w.src, w.err, d)
	w.w, w.err = w.r, nil
}

// line returns the end of the line that holds p and the start of the next. It is false where the window holds
// neither the line's end nor the file's.
func (w *window) line(p int) (end, next int, ok bool) {
	end = min(w.next(&w.lf, '\n', p), w.next(&w.cr, '\r', p))
	switch {
	case end == w.w:
		return end, end, w.ended()
	case w.buf[end] == '\n':
		return end, end + 1, true
	case end+1 < w.w && w.buf[end+1] == '\n':
		return end, end + 2, true
	default:
		return end, end + 1, end+1 < w.w || w.ended()
	}
}

// quote returns the place of the next quote, or w.w.
func (w *window) quote() int { return w.next(&w.dq, '"', w.r) }

func (w *window) next(known *int, b byte, p int) int {
	if *known < p {
		i := bytes.IndexByte(w.buf[p:w.w], b)
		if i < 0 {
			*known = w.w
		} else {
			*known = p + i
		}
	}
	return *known
}

const (
	lowBits  = 0x7f7f7f7f7f7f7f7f
	eachByte = 0x0101010101010101
)

// split appends the cells of a line without quotes to cells. It looks at eight bytes at a time.
func split(cells [][]byte, line []byte, delim byte) [][]byte {
	pattern := eachByte * uint64(delim)
	start, i := 0, 0
	for ; i+8 <= len(line); i += 8 {
		x := binary.LittleEndian.Uint64(line[i:]) ^ pattern
		// The high bit of each byte that is zero in x, exactly.
		for m := ^((x&lowBits + lowBits) | x | lowBits); m != 0; m &= m - 1 {
			p := i + bits.TrailingZeros64(m)>>3
			cells = append(cells, line[start:p:p])
			start = p + 1
		}
	}
	for ; i < len(line); i++ {
		if line[i] == delim {
			cells = append(cells, line[start:i:i])
			start = i + 1
		}
	}
	return append(cells, line[start:len(line):len(line)])
}
