package sheet

import (
	"bytes"
	"math"
	"strings"

	"github.com/meibo/meibo/internal/member"
)

// delimiters are what a CSV is cut by; where several would do, the one that is rarer inside cells comes first.
const delimiters = "\t,;|"

// rareDelimiters are those that only count where none of the delimiters cuts the text: control characters made for it, and
// signs that text has too.
const rareDelimiters = "\x1F\x1E\x01^~:"

// detectDelimiter returns the delimiter that cuts the first records of head into the same number of cells, at least
// two, most consistently, or what Excel's line sep= says; and how sure that is. It is a comma with 0.5 where there is
// nothing to be cut. whole says that head is all of the text.
func detectDelimiter(head []byte, whole bool) (byte, float64) {
	if d, n := separatorLine(head); n > 0 {
		return d, 1
	}
	best, second := cut{delim: ',', width: 1}, cut{}
	for _, d := range []byte(delimiters) {
		if c := cutBy(head, d, whole); c.better(best) {
			best, second = c, best
		} else if c.better(second) {
			second = c
		}
	}
	if best.width > 1 && best.share() > 0.6 {
		if best.delim == ',' && second.delim == ';' && second.share() > 0.8*best.share() && decimalCommas(head) {
			best, second = second, best
		}
		return best.delim, best.confidence(second)
	}
	for _, d := range []byte(rareDelimiters) {
		if c := cutBy(head, d, whole); c.evident(head) {
			return d, c.confidence(best)
		}
	}
	if best.width > 1 && (best.first || best.share() > 0.3 && best.same > 1) {
		return best.delim, best.confidence(second)
	}
	if bytes.ContainsAny(head, delimiters) {
		return ',', 0.3
	}
	return ',', 0.5
}

// cut is how a delimiter cuts the first records of a text.
type cut struct {
	delim byte
	width int  // the number of cells that most records have, at least two of them; 1 for none
	rows  int  // records
	same  int  // those of that width
	first bool // the first record is one of them
}

// cutBy cuts as many records as tell something.
func cutBy(head []byte, d byte, whole bool) cut {
	const records = 100
	c := cut{delim: d, width: 1}
	if bytes.IndexByte(head, d) < 0 {
		return c
	}
	widths, first := map[int]int{}, 0
	r := OpenCSV(bytes.NewReader(head), Options{Delimiter: d})
	for row := range r.Rows() {
		// What the head's end cuts off is no record, and a quote that it does not close may be closed after it.
		if !whole && c.rows > 0 && (r.win.base+int64(r.win.r) >= int64(len(head)) || row.Fault.Code == member.UnclosedQuote) {
			break
		}
		if c.rows == 0 {
			first = len(row.Cells)
		}
		if c.rows++; row.Fault.Code == "" {
			widths[len(row.Cells)]++
		}
		if c.rows == records {
			break
		}
	}
	for width, n := range widths {
		if width > 1 && (n > c.same || n == c.same && (width == first || c.width != first && width > c.width)) {
			c.width, c.same = width, n
		}
	}
	c.first = first == c.width
	return c
}

func (c cut) share() float64 { return float64(c.same) / float64(max(c.rows, 1)) }

func (c cut) better(than cut) bool {
	switch {
	case c.width < 2 || than.width < 2:
		return c.width >= 2
	case c.score() != than.score():
		return c.score() > than.score()
	}
	return c.weight() > than.weight()
}

// score prefers a consistent delimiter, the first record above all: what names the columns has no text in its cells.
func (c cut) score() float64 {
	if c.first {
		return c.share() + 0.1
	}
	return c.share()
}

// weight prefers, among delimiters that are as consistent, the one that makes more cells, and the usual ones.
func (c cut) weight() float64 {
	switch c.delim {
	case '\t':
		return 2 * float64(c.width)
	case ',':
		return 1.4 * float64(c.width)
	}
	return float64(c.width)
}

// confidence tells how sure the delimiter is, given the next best.
func (c cut) confidence(next cut) float64 {
	sure := c.share()
	if c.rows < 2 {
		sure *= 0.9
	}
	if next.width > 1 && next.score() > 0.9*c.score() {
		sure *= 0.8
	}
	return math.Round(sure*100) / 100
}

// evident reports whether a rare delimiter cuts nearly every record into the same number of cells, and is none of the
// signs of a time, an address or a range.
func (c cut) evident(head []byte) bool {
	if c.width < 2 || !c.first || c.share() < 0.95 {
		return false
	}
	switch c.delim {
	case ':':
		return c.width > 2 && c.rows > 1 && !betweenDigits(head, c.delim) && !bytes.Contains(head, []byte("://"))
	case '~':
		return c.width > 2 && c.rows > 1
	case '^':
		return c.rows > 1
	}
	return true
}

// betweenDigits reports whether some sign d of the text stands between two digits.
func betweenDigits(text []byte, d byte) bool {
	for i := 1; i+1 < len(text); i++ {
		if text[i] == d && isDigit(text[i-1]) && isDigit(text[i+1]) {
			return true
		}
	}
	return false
}

// decimalCommas reports whether every comma of the text stands between two digits.
func decimalCommas(text []byte) bool {
	for i, b := range text {
		if b == ',' && (i == 0 || i+1 == len(text) || !isDigit(text[i-1]) || !isDigit(text[i+1])) {
			return false
		}
	}
	return true
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// separatorLine returns the delimiter that the first line of a text names the way of Excel, sep=; for example, and the
// length of that line with its end; or zero. The line is none of Excel's records.
func separatorLine(head []byte) (delim byte, n int) {
	end := bytes.IndexAny(head[:min(len(head), 16)], "\r\n")
	line := head
	if end >= 0 {
		line = head[:end]
		n = end + 1
		if strings.HasPrefix(string(head[end:min(len(head), end+2)]), "\r\n") {
			n++
		}
	} else if n = len(head); n > 16 {
		return 0, 0
	}
	if len(line) > 1 && line[0] == '"' && line[len(line)-1] == '"' {
		line = line[1 : len(line)-1]
	}
	if len(line) != len("sep=;") || !strings.EqualFold(string(line[:4]), "sep=") {
		return 0, 0
	}
	switch d := line[4]; d {
	case '"', '\r', '\n', 0:
		return 0, 0
	default:
		if d >= 0x80 {
			return 0, 0
		}
		return d, n
	}
}
