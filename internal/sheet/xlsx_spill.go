package sheet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// spill keeps texts in a temporary file, one behind the other and each behind its length. Of their places it
// remembers one in groupTexts, and of the bytes those of the groups that were asked for lately, so that its
// memory does not grow with the texts.
//
// The file has no name: it is gone with the process, however that ends.
type spill struct {
	file    *os.File
	written int64
	tail    []byte // what is yet to be written, behind the file
	starts  []int64
	count   int
	newest  []byte // the last text: where texts are in the order of the cells, it is the one that is asked for
	long    bool   // it was too long to be kept
	groups  [groupSlots]group
	scratch []byte
}

// group is a group of texts that was read back from the file.
type group struct {
	number int // from 1; 0: none
	bytes  []byte
	// next is the text behind the one that was asked for last, and from its place: most ask in order.
	next, from int
}

const (
	groupTexts = 64
	groupSlots = 128
	// maxGroup bounds the bytes of a group that are held; of larger ones, each text is read by itself.
	maxGroup  = 32 << 10
	tailBytes = 256 << 10
	// maxSpill bounds the file, in bytes, and maxSpilled the texts in it: more than three for each cell of a full sheet
	// of twenty columns, which takes the memory of their places to 8 MiB.
	maxSpill   = 4 << 30
	maxSpilled = 1 << 26
)

// diskError is a failure of the temporary file: nothing is wrong with the workbook.
type diskError struct{ err error }

func (e *diskError) Error() string { return "temporary file: " + e.err.Error() }
func (e *diskError) Unwrap() error { return e.err }

// openSpill makes the file in the directory for temporary files.
func openSpill() (*spill, error) {
	f, err := os.CreateTemp("", "meibo-texts-*")
	if err != nil {
		return nil, &diskError{err}
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, &diskError{errors.Join(err, f.Close())}
	}
	return &spill{file: f}, nil
}

// Close gives the disk space back.
func (s *spill) Close() error { return s.file.Close() }

// add keeps text behind its length n, which is tooLongText for one of which nothing is kept.
func (s *spill) add(text []byte, n uint64) error {
	if s.count == maxSpilled || s.size() > maxSpill {
		return refuse(tooLarge, "shared strings: %d, of %d bytes", s.count, s.size())
	}
	if s.count%groupTexts == 0 {
		s.starts = append(s.starts, s.size())
	}
	s.count++
	s.newest, s.long = append(s.newest[:0], text...), n == tooLongText
	s.tail = append(binary.AppendUvarint(s.tail, n), text...)
	if len(s.tail) < tailBytes {
		return nil
	}
	if _, err := s.file.WriteAt(s.tail, s.written); err != nil {
		return &diskError{err}
	}
	s.written += int64(len(s.tail))
	s.tail = s.tail[:0]
	return nil
}

func (s *spill) size() int64 { return s.written + int64(len(s.tail)) }

// at appends text i, which is there, to dst. long is true where it was too long to be kept.
func (s *spill) at(dst []byte, i int) (text []byte, long bool, err error) {
	if i == s.count-1 {
		return append(dst, s.newest...), s.long, nil
	}
	number, skip := i/groupTexts, i%groupTexts
	start, end := s.starts[number], s.size()
	if number+1 < len(s.starts) {
		end = s.starts[number+1]
	}
	if end-start > maxGroup {
		return s.walk(dst, start, skip)
	}
	if start >= s.written {
		text, long, _ = nth(dst, s.tail[start-s.written:end-s.written], skip)
		return text, long, nil
	}
	g := &s.groups[number%groupSlots]
	if g.number != number+1 {
		g.number, g.next, g.from = 0, 0, 0
		g.bytes = append(g.bytes[:0], make([]byte, end-start)...)
		if err := s.readAt(g.bytes, start); err != nil {
			return dst, false, err
		}
		if number+1 < len(s.starts) { // the last one grows yet
			g.number = number + 1
		}
	}
	if skip < g.next {
		g.next, g.from = 0, 0
	}
	text, long, size := nth(dst, g.bytes[g.from:], skip-g.next)
	g.next, g.from = skip+1, g.from+size
	return text, long, nil
}

// nth appends to dst the text in group that is behind skip others, and tells where it ends.
func nth(dst, group []byte, skip int) (text []byte, long bool, end int) {
	for ; ; skip-- {
		n, size := binary.Uvarint(group[end:])
		long = n == tooLongText
		if long {
			n = 0
		}
		start := end + size
		end = start + int(n)
		if skip == 0 {
			return append(dst, group[start:end]...), long, end
		}
	}
}

// walk is nth for a group that is too large to be held.
func (s *spill) walk(dst []byte, start int64, skip int) (text []byte, long bool, err error) {
	for ; ; skip-- {
		s.scratch = append(s.scratch[:0], make([]byte, min(binary.MaxVarintLen64, s.size()-start))...)
		if err := s.readAt(s.scratch, start); err != nil {
			return dst, false, err
		}
		n, size := binary.Uvarint(s.scratch)
		start += int64(size)
		switch {
		case n == tooLongText && skip == 0:
			return dst, true, nil
		case n == tooLongText:
			continue
		case skip == 0:
			s.scratch = append(s.scratch[:0], make([]byte, n)...)
			err := s.readAt(s.scratch, start)
			return append(dst, s.scratch...), false, err
		}
		start += int64(n)
	}
}

// readAt reads what is in the file and behind it.
func (s *spill) readAt(p []byte, off int64) error {
	inFile := min(int64(len(p)), max(0, s.written-off))
	if n, err := s.file.ReadAt(p[:inFile], off); err != nil && !(err == io.EOF && int64(n) == inFile) {
		return &diskError{fmt.Errorf("read back: %w", err)}
	}
	if inFile < int64(len(p)) {
		copy(p[inFile:], s.tail[off+inFile-s.written:])
	}
	return nil
}
