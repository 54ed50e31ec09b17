package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"github.com/meibo/meibo/internal/member"
)

// CSVReader reads the records of a CSV: RFC 4180, and what real files do.
//
//   - A line ends with CRLF, LF or CR, whichever comes; the last one may have no end.
//   - Leading byte order marks are removed, also two of them. After them, a line sep=; is Excel's own: it names the
//     delimiter, and is not counted.
//   - A record whose cells are all empty, or hold only spaces and tabs, is blank: it counts in Row.Number and
//     is not returned.
//   - A cell is quoted if its first byte is the quote. A quote elsewhere stands for itself (5" pipe), also behind a
//     blank, which belongs to the cell (RFC 4180, section 2.4). Blanks behind the closing quote are no part of it.
//   - A quoted cell that does not close within the record's limit, or whose closing quote is followed by text,
//     makes the line on which the record began one faulty row; reading goes on with the next line, so that a
//     stray quote costs one line and not the file. In the lines that were looked through in vain, a quoted
//     cell has to close on its own line: nothing is looked through twice.
//   - A record longer than the limit is one faulty row up to the end of its line.
//   - The character 0x1A that DOS writes at the end of a file is no part of it.
type CSVReader struct {
	win   window
	enc   Encoding
	delim byte // 0 until detected
	limit int

	begun   bool
	number  int64
	doubt   int64 // offset in the file before which no quoted cell goes over its line
	row     Row
	cells   [][]byte
	escaped []int // cells of the record with doubled quotes
}

// OpenCSV returns a reader of the records of r, which it unpacks and decodes as o says. Where o names no delimiter, it
// is detected from the first bytes, as by Detect.
func OpenCSV(r io.Reader, o Options) *CSVReader {
	limit := o.maxRowBytes()
	if o.Gzip {
		r = newGunzip(r)
	}
	return &CSVReader{win: newWindow(r, limit+lookahead), enc: o.Encoding, delim: o.Delimiter, limit: limit}
}

// Rows returns the records that have not been read yet. A range that ends early can be continued by another. The error
// is an *Unsupported where a compressed text turns out to be damaged or too large.
func (c *CSVReader) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for {
			ok, err := c.next()
			if err != nil {
				yield(nil, fmt.Errorf("read csv: %w", err))
				return
			}
			if !ok || !yield(&c.row, nil) {
				return
			}
		}
	}
}

// next reads the next record that is not blank into c.row, and reports whether there was one.
func (c *CSVReader) next() (bool, error) {
	if !c.begun {
		c.begin()
	}
	for {
		size, fault, err := c.record()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		record := c.win.buf[c.win.r : c.win.r+size]
		c.win.r += size
		c.number++
		bad := !storable(record)
		c.unescape()
		if fault.Code == "" && c.skippable(record) {
			continue
		}
		c.row = Row{Number: c.number, Cells: c.cells, Fault: fault}
		if bad {
			repairFrom(&c.row, c.enc)
		}
		return true, nil
	}
}

// begin settles how the text is decoded, removes byte order marks and settles the delimiter.
func (c *CSVReader) begin() {
	c.begun = true
	if e := byMark(c.win.head()); e != "" {
		c.enc = e
	}
	if d := decoderOf(c.enc); d != nil {
		c.win.decode(d)
	} else {
		c.enc = UTF8
	}
	head := c.win.head()
	for bytes.HasPrefix(head, []byte(BOM)) {
		c.win.r += len(BOM)
		head = c.win.head()
	}
	delim, n := separatorLine(head)
	if c.win.r += n; n == 0 && c.delim == 0 {
		delim, _ = detectDelimiter(head, c.win.ended() && len(head) == c.win.w-c.win.r)
	}
	if c.delim == 0 {
		c.delim = delim
	}
}

// skippable reports whether the record just cut is blank. Nearly all records are told by their first byte.
func (c *CSVReader) skippable(record []byte) bool {
	if len(record) > 0 && record[0] > ' ' && record[0] != c.delim && record[0] != '"' {
		return false
	}
	return blank(c.cells)
}

// record cuts the record at the start of the window into c.cells and returns its size, line end included. A
// record that was passed over because it is too long has size 0. At the end of the file the error is io.EOF.
func (c *CSVReader) record() (size int, fault Fault, err error) {
	w := &c.win
	c.escaped = c.escaped[:0]
	for {
		end, next, ok := w.line(w.r)
		switch {
		case !ok && w.w-w.r < c.limit+lookahead:
			err = errMore
		case !ok, end-w.r > c.limit:
			return c.tooLong(w.r)
		case end == next && end == w.r:
			return 0, Fault{}, io.EOF
		case w.quote() >= end:
			c.cells = split(c.cells[:0], w.buf[w.r:end], c.delim)
			return next - w.r, c.checkColumns(), nil
		default:
			size, fault, err = c.quoted(line{end, next})
		}
		if err != errMore {
			return size, fault, err
		}
		if err := w.more(); err != nil {
			return 0, Fault{}, err
		}
	}
}

// errMore says that a record does not end in what the window holds.
var errMore = errors.New("record goes on")

// line is where a line ends, and where the one after it starts.
type line struct{ end, next int }

// quoted cuts a record with quotes, given its first line. It starts from scratch after errMore; the window
// then holds more, and twice as much once it is full.
func (c *CSVReader) quoted(first line) (int, Fault, error) {
	w := &c.win
	c.cells, c.escaped = c.cells[:0], c.escaped[:0]
	now, over := first, overrun{}
	for p := w.r; ; p++ {
		start := p
		if p < w.w && w.buf[p] == '"' {
			closing, doubled, err := c.closing(p, now.end)
			if err != nil {
				return 0, Fault{}, err
			}
			p = closing + 1
			if closing < 0 || p > now.end {
				over.note(start, len(c.cells))
			}
			if p, err = c.pastBlanks(p); err != nil {
				return 0, Fault{}, err
			}
			switch {
			case closing < 0:
				return c.backtrack(first, over, member.UnclosedQuote)
			case over.seen && c.textAt(p):
				c.doubtUpTo(closing)
				return c.backtrack(first, over, member.UnclosedQuote)
			case c.textAt(p):
				return c.backtrack(first, overrun{true, start, len(c.cells)}, member.BadQuote)
			case doubled:
				c.escaped = append(c.escaped, len(c.cells))
			}
			c.cells = append(c.cells, w.buf[start+1:closing:closing])
			if p > now.end {
				var ok bool
				now.end, now.next, ok = w.line(p)
				switch {
				case !ok && w.w-w.r < c.limit+lookahead:
					return 0, Fault{}, errMore
				case !ok, now.end-w.r > c.limit:
					return c.tooLong(p)
				}
			}
		} else {
			p = now.end
			if i := bytes.IndexByte(w.buf[start:p], c.delim); i >= 0 {
				p = start + i
			}
			c.cells = append(c.cells, w.buf[start:p:p])
		}
		if p == now.end {
			return now.next - w.r, c.checkColumns(), nil
		}
	}
}

// pastBlanks returns the end of the blanks at p, if a cell may end there, and else p.
func (c *CSVReader) pastBlanks(p int) (int, error) {
	w := &c.win
	q := p
	for q < w.w && (w.buf[q] == ' ' || w.buf[q] == '\t') && w.buf[q] != c.delim && q-w.r <= c.limit {
		q++
	}
	switch {
	case q == p:
		return p, nil
	case q == w.w && !w.ended() && q-w.r <= c.limit:
		return 0, errMore
	case q-w.r > c.limit, c.textAt(q):
		return p, nil
	}
	return q, nil
}

// textAt reports whether something other than the end of a cell stands at p.
func (c *CSVReader) textAt(p int) bool {
	if p == c.win.w {
		return false
	}
	b := c.win.buf[p]
	return b != c.delim && b != '\n' && b != '\r'
}

// overrun is the first cell that its record's first line does not hold as a whole: where it starts, and how
// many cells stand before it.
type overrun struct {
	seen          bool
	start, before int
}

func (o *overrun) note(start, before int) {
	if !o.seen {
		*o = overrun{true, start, before}
	}
}

// closing returns the place of the quote that closes the cell whose opening one is at start, in a line that ends
// at lineEnd, or -1 if there is none where one may be; and whether the cell has doubled quotes.
func (c *CSVReader) closing(start, lineEnd int) (at int, doubled bool, err error) {
	w := &c.win
	end, doubted := w.w, w.base+int64(start) < c.doubt
	if doubted {
		end = lineEnd
	}
	for p := start + 1; ; p += 2 {
		i := bytes.IndexByte(w.buf[p:end], '"')
		switch {
		case i < 0 && doubted:
			return -1, false, nil
		case i < 0 && w.w-w.r <= c.limit+1 && !w.ended():
			return 0, false, errMore
		case i < 0, p+i-w.r > c.limit:
			c.doubt = w.base + int64(min(w.r+c.limit+1, w.w))
			return -1, false, nil
		}
		p += i
		switch {
		case p+1 == w.w && !w.ended():
			return 0, false, errMore
		case p+1 == w.w, w.buf[p+1] != '"':
			return p, doubled, nil
		}
		doubled = true
	}
}

// doubtUpTo notes that a record was looked through up to the quote at p, which does not end its cell. The cell
// that p, or the run of quotes before it, may begin in truth is not in doubt.
func (c *CSVReader) doubtUpTo(p int) {
	w := &c.win
	for w.buf[p-1] == '"' {
		p--
	}
	c.doubt = max(c.doubt, w.base+int64(p))
}

// backtrack makes the line on which the record began a faulty row, because of the cell at. The cells before
// that one stay, the rest of the line is cut at the delimiters.
func (c *CSVReader) backtrack(first line, at overrun, code member.Code) (int, Fault, error) {
	w := &c.win
	w.lf, w.cr = -1, -1 // the reading goes back
	c.escaped = slices.DeleteFunc(c.escaped, func(i int) bool { return i >= at.before })
	c.cells = split(c.cells[:at.before], w.buf[at.start:first.end], c.delim)
	if f := c.checkColumns(); f.Code != "" {
		return first.next - w.r, f, nil
	}
	return first.next - w.r, Fault{Code: code, Column: at.before + 1}, nil
}

// unescape undoes the doubling of quotes in place: the record is settled, its bytes are not read again.
func (c *CSVReader) unescape() {
	for _, i := range c.escaped {
		cell := c.cells[i]
		n := 0
		for j := 0; j < len(cell); j++ {
			cell[n] = cell[j]
			n++
			if cell[j] == '"' {
				j++
			}
		}
		c.cells[i] = cell[:n:n]
	}
	c.escaped = c.escaped[:0]
}

// tooLong passes over the record at the start of the window up to the end of the line at p.
func (c *CSVReader) tooLong(p int) (int, Fault, error) {
	w := &c.win
	w.r, c.cells, c.escaped = p, c.cells[:0], c.escaped[:0]
	for {
		_, next, ok := w.line(w.r)
		if ok {
			w.r = next
			return 0, Fault{Code: member.RowTooLong, Detail: strconv.Itoa(c.limit)}, nil
		}
		w.r = max(w.r, w.w-1) // a final CR may be half a line end
		if err := w.more(); err != nil {
			return 0, Fault{}, err
		}
	}
}

// checkColumns refuses a record with too many cells, and lets go of the memory that it took.
func (c *CSVReader) checkColumns() Fault {
	n := len(c.cells)
	if n <= MaxColumns || blank(c.cells) {
		return Fault{}
	}
	c.cells, c.escaped = nil, c.escaped[:0]
	return tooManyCells(n)
}
