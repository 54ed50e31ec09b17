package sheet

import (
	"encoding/binary"
	"fmt"
	"io"
)

// texts are the shared strings of a workbook. They are read as far as cells ask for them, which is in order
// where Excel wrote them, and kept in memory: in blocks of bytes, each text behind its length, and four bytes
// for its place.
type texts struct {
	open func() (io.ReadCloser, error)
	part io.ReadCloser
	xml  *scanner
	over bool // no more texts in the part
	bad  bool // some text so far is not storable

	blocks [][]byte
	places []uint32 // block << blockBits | offset
	buf    []byte
}

const (
	blockBits = 20
	blockSize = 1 << blockBits
	// maxText bounds one text. Excel's own limit is 32,767 characters, or 128 KiB.
	maxText = blockSize / 2
	// maxTexts bounds the memory of all texts.
	maxTexts = 256 << 20
	// tooLongText stands for the length of a text beyond maxText, of which nothing is kept.
	tooLongText = 1<<32 - 1
)

// newTexts returns the texts of the part that open opens once a text is asked for.
func newTexts(open func() (io.ReadCloser, error)) *texts { return &texts{open: open} }

// Close ends the reading of the part.
func (t *texts) Close() error {
	t.over = true
	if t.part == nil {
		return nil
	}
	return t.part.Close()
}

// at returns text i, which is valid for good. ok is false where the workbook has no such text, and long is true
// where it is too long to be had.
func (t *texts) at(i int) (text []byte, long, ok bool, err error) {
	for len(t.places) <= i && !t.over {
		if err := t.read(); err != nil {
			return nil, false, false, fmt.Errorf("shared strings: %w", err)
		}
	}
	if i < 0 || i >= len(t.places) {
		return nil, false, false, nil
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
	last := len(t.blocks) - 1
	if last < 0 || len(t.blocks[last])+binary.MaxVarintLen64+len(text) > blockSize {
		if (len(t.blocks)+1)<<blockBits+4*len(t.places) > maxTexts {
			return refuse(named(tooLarge, "1 GiB"), "shared strings")
		}
		last++
		t.blocks = append(t.blocks, make([]byte, 0, blockSize))
	}
	block := t.blocks[last]
	t.places = append(t.places, uint32(last)<<blockBits|uint32(len(block)))
	t.blocks[last] = append(binary.AppendUvarint(block, n), text...)
	return nil
}
