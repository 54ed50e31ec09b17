package sheet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// texts are the shared strings of a workbook. They are read as far as cells ask for them, which is in order
// where Excel wrote them. The first of them are kept in memory: in blocks of bytes, each text behind its length,
// and four bytes for its place. The others go to a file on disk.
type texts struct {
	open  func() (io.ReadCloser, error)
	limit int // bytes of memory
	part  io.ReadCloser
	xml   *scanner
	over  bool // no more texts in the part
	bad   bool // some text so far is not storable

	blocks [][]byte
	places []uint32 // block << blockBits | offset
	disk   *spill   // nil as long as memory does
	buf    []byte
}

const (
	blockBits = 20
	blockSize = 1 << blockBits
	// maxText bounds one text. Excel's own limit is 32,767 characters, or 128 KiB.
	maxText = blockSize / 2
	// tooLongText stands for the length of a text beyond maxText, of which nothing is kept.
	tooLongText = 1<<32 - 1
)

// textMemory is how many bytes of memory the texts of a workbook of so many bytes may take: a file packs text to a
// fourth or a tenth.
func textMemory(size int64) int {
	return int(min(max(16*size, 2*blockSize), 32*blockSize))
}

// WorkbookMemory bounds the memory, in bytes, that reading a workbook of so many bytes takes besides its row: the
// texts before they go to disk, the places of those on disk and a few of them, the list of parts, and buffers.
func WorkbookMemory(size int64) int64 {
	const fixed = 4 << 20
	spilled := min(16*size, 12<<20)
	return int64(textMemory(size)) + spilled + fixed
}

// newTexts returns the texts of the part that open opens once a text is asked for, to be kept in so many bytes of
// memory.
func newTexts(open func() (io.ReadCloser, error), limit int) *texts {
	return &texts{open: open, limit: limit}
}

// Close ends the reading of the part.
func (t *texts) Close() error {
	t.over = true
	var errs []error
	if t.part != nil {
		errs = append(errs, t.part.Close())
	}
	if t.disk != nil {
		errs = append(errs, t.disk.Close())
	}
	return errors.Join(errs...)
}

// count is how many texts have been read.
func (t *texts) count() int {
	if t.disk == nil {
		return len(t.places)
	}
	return len(t.places) + t.disk.count
}

// at returns text i: one that is valid for good, or what it appended to own. ok is false where the workbook has no such
// text, and long is true where it is too long to be had.
func (t *texts) at(own *[]byte, i int) (text []byte, long, ok bool, err error) {
	for t.count() <= i && !t.over {
		if err := t.read(); err != nil {
			return nil, false, false, fmt.Errorf("shared strings: %w", err)
		}
	}
	if i < 0 || i >= t.count() {
		return nil, false, false, nil
	}
	if i >= len(t.places) {
		start := len(*own)
		*own, long, err = t.disk.at(*own, i-len(t.places))
		return (*own)[start:len(*own):len(*own)], long, err == nil, err
	}
	block := t.blocks[t.places[i]>>blockBits][t.places[i]&(blockSize-1):]
	n, size := binary.Uvarint(block)
	if n == tooLongText {
		return nil, true, true, nil
	}
	end := size + int(n)
	return block[size:end:end], false, true, nil
}

// read reads the next text, or finds that there is none.
func (t *texts) read() error {
	if t.xml == nil {
		part, err := t.open()
		if err != nil {
			return err
		}
		t.part, t.xml = part, newScanner(part)
	}
	b := t.xml.ahead()
	text, n := plainText(b, "<si><t>", "</t></si>")
	if n == 0 {
		text, n = plainText(b, `<si><t xml:space="preserve">`, "</t></si>")
	}
	if n > 0 {
		t.xml.pass(n)
		t.buf = append(t.buf[:0], text...)
		return t.add(len(text) > maxText)
	}
	t.buf = t.buf[:0]
	take, reading, long := false, 0, false
	for {
		tok, err := t.xml.next()
		if err != nil {
			return err
		}
		switch {
		case tok == endOfPart:
			t.over = true
			return nil
		case tok == charData:
			if take && reading == 0 && !long {
				t.buf = appendText(t.buf, t.xml.text, t.xml.raw)
				long = len(t.buf) > maxText
			}
			continue
		}
		switch name := t.xml.name; {
		case string(name) == "t":
			take = tok == startTag
		case string(name) == "rPh" && tok == startTag:
			reading++
		case string(name) == "rPh":
			reading--
		case string(name) == "si" && tok == endTag:
			return t.add(long)
		}
	}
}

// add keeps the text in buf.
func (t *texts) add(long bool) error {
	text := unescapeX(t.buf)
	n := uint64(len(text))
	if long {
		text, n = nil, tooLongText
	}
	t.bad = t.bad || !storable(text)
	if t.disk != nil {
		return t.disk.add(text, n)
	}
	last := len(t.blocks) - 1
	if last < 0 || len(t.blocks[last])+binary.MaxVarintLen64+len(text) > blockSize {
		if (len(t.blocks)+1)<<blockBits+8*len(t.places) > t.limit { // places grow by doubling
			return t.toDisk(text, n)
		}
		last++
		t.blocks = append(t.blocks, make([]byte, 0, blockSize))
	}
	block := t.blocks[last]
	t.places = append(t.places, uint32(last)<<blockBits|uint32(len(block)))
	t.blocks[last] = append(binary.AppendUvarint(block, n), text...)
	return nil
}

// toDisk makes this text and those that follow go to disk.
func (t *texts) toDisk(text []byte, n uint64) (err error) {
	if t.disk, err = openSpill(); err != nil {
		return err
	}
	return t.disk.add(text, n)
}
