package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
)

// The bounds of a workbook as an archive. No part is held in memory as a whole, so that these bound time more than space.
const (
	maxArchive   = 1<<32 - 1 // bytes; beyond it a ZIP needs other structures, and Excel gives up long before
	maxParts     = 10_000
	maxDirectory = 8 << 20  // bytes of the list of parts
	maxSheet     = 16 << 30 // bytes of a sheet's XML
	maxIndex     = 64 << 20 // bytes of the XML of any other part but the texts
	// maxRatio bounds how far a part of more than ratioFree bytes may be shrunk: sheets of equal rows reach
	// about 100 : 1, DEFLATE allows 1032 : 1.
	maxRatio  = 300
	ratioFree = 64 << 20
	readAhead = 256 << 10 // bytes asked of the source at a time
)

// archive is a workbook as a ZIP of parts.
type archive struct {
	src   *source
	parts map[string]*zip.File
}

// source is what the archive is read from. It keeps the failures to read apart from what is wrong with the
// bytes: the former may be tried again.
type source struct {
	io.ReaderAt
	size int64
	err  error
	left int64 // bytes that may be read before the list of parts is known
}

var errDirectory = errors.New("the list of parts is too long")

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > s.size {
		return 0, io.ErrUnexpectedEOF // a broken list of parts, not a broken source
	}
	if s.left -= int64(len(p)); s.left < 0 {
		return 0, errDirectory
	}
	n, err := s.ReaderAt.ReadAt(p, off)
	if err != nil && err != io.EOF && s.err == nil {
		s.err = err
	}
	return n, err
}

// fail tells what err means for who wants the workbook: the failure of the source, or an *Unsupported.
func (a *archive) fail(what string, err error) error {
	var u *Unsupported
	var disk *diskError
	switch {
	case a.src.err != nil:
		return fmt.Errorf("read %s: %w", what, a.src.err)
	case errors.As(err, &disk):
		return fmt.Errorf("read %s: %w", what, err)
	case errors.As(err, &u):
		return err
	case errors.Is(err, errDirectory):
		return refuse(tooLarge, "%s: %v", what, err)
	}
	return refuse(corrupt, "%s: %v", what, err)
}

func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	a := &archive{src: &source{ReaderAt: r, size: size, left: maxDirectory}, parts: map[string]*zip.File{}}
	if size > maxArchive {
		return nil, refuse(tooLarge, "%d bytes", size)
	}
	if err := a.container(); err != nil {
		return nil, err
	}
	if err := a.countParts(size); err != nil {
		return nil, a.fail("archive", err)
	}
	zr, err := zip.NewReader(a.src, size)
	if err != nil {
		return nil, a.fail("archive", err)
	}
	a.src.left = 1<<63 - 1
	if len(zr.File) > maxParts {
		return nil, refuse(tooLarge, "%d parts", len(zr.File))
	}
	zr.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser {
		return flate.NewReader(bufio.NewReaderSize(r, readAhead))
	})
	zr.RegisterDecompressor(zip.Store, func(r io.Reader) io.ReadCloser {
		return io.NopCloser(bufio.NewReaderSize(r, readAhead))
	})
	for _, f := range zr.File {
		name := partName(f.Name)
		switch {
		case strings.HasSuffix(name, "/"):
			continue
		case a.parts[name] != nil:
			return nil, refuse(corrupt, "part %q twice", f.Name)
		case path.Clean("/"+name) != "/"+name:
			return nil, refuse(corrupt, "part %q leads out of the archive", f.Name)
		}
		a.parts[name] = f
	}
	if err := a.checkOverlap(); err != nil {
		return nil, a.fail("archive", err)
	}
	return a, nil
}

// container is the refusal of the container of old workbooks and of those with a password; nil for anything else.
func (a *archive) container() error {
	head := make([]byte, min(headSize, a.src.size))
	if n, err := a.src.ReaderAt.ReadAt(head, 0); n < len(head) {
		return fmt.Errorf("read archive: %w", err)
	}
	if !bytes.HasPrefix(head, []byte(ole2)) {
		return nil
	}
	_, err := DetectFrom(io.NewSectionReader(a.src.ReaderAt, 0, a.src.size))
	return err
}

// countParts looks at how many parts the archive says it has (APPNOTE.TXT 4.3.16) before room is made for them.
func (a *archive) countParts(size int64) error {
	const recordLen, maxComment = 22, 1 << 16
	tail := make([]byte, min(size, recordLen+maxComment))
	if _, err := a.src.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	i := strings.LastIndex(string(tail), "PK\x05\x06")
	if i < 0 || len(tail)-i < recordLen {
		return errors.New("no end of the list of parts")
	}
	n := uint64(binary.LittleEndian.Uint16(tail[i+10:]))
	if n == 0xFFFF { // ZIP64 has it elsewhere (APPNOTE.TXT 4.3.14, 4.3.15)
		var err error
		if n, err = a.countParts64(tail[:i]); err != nil {
			return err
		}
	}
	if n > maxParts {
		return refuse(tooLarge, "%d parts", n)
	}
	return nil
}

// countParts64 is countParts for an archive whose end is preceded by that of a ZIP64.
func (a *archive) countParts64(before []byte) (uint64, error) {
	const locatorLen, recordLen = 20, 56
	if len(before) < locatorLen || string(before[len(before)-locatorLen:][:4]) != "PK\x06\x07" {
		return 0xFFFF, nil
	}
	at := binary.LittleEndian.Uint64(before[len(before)-locatorLen+8:])
	record := make([]byte, recordLen)
	if _, err := a.src.ReadAt(record, int64(min(at, maxArchive))); err != nil {
		return 0, err
	}
	if string(record[:4]) != "PK\x06\x06" {
		return 0, errors.New("no ZIP64 end of the list of parts")
	}
	return binary.LittleEndian.Uint64(record[32:]), nil
}

// checkOverlap refuses an archive in which the bytes of a part belong to another part too: that is how a bomb of a few
// kilobytes has petabytes of content, and nothing that a writer of workbooks does.
func (a *archive) checkOverlap() error {
	type span struct {
		from, to uint64
		name     string
	}
	spans := make([]span, 0, len(a.parts))
	for _, f := range a.parts {
		from, err := f.DataOffset()
		if a.src.err != nil {
			return a.src.err
		}
		if err != nil || f.CompressedSize64 == 0 { // a part that cannot be read says so when it is opened
			continue
		}
		if f.CompressedSize64 > maxArchive {
			return fmt.Errorf("part %q lies about its size", f.Name)
		}
		spans = append(spans, span{uint64(from), uint64(from) + f.CompressedSize64, f.Name})
	}
	slices.SortFunc(spans, func(x, y span) int { return cmp.Compare(x.from, y.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return fmt.Errorf("parts %q and %q overlap", spans[i-1].name, spans[i].name)
		}
	}
	return nil
}

// partName is the name by which a part is found: names of parts are equal whatever their case (ECMA-376 part
// 2, 9.1.1.1.2), and some programs write them with backslashes or from the root.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// open opens a part for reading at most limit bytes of it. The error of a part that is not there is errNoPart.
func (a *archive) open(name string, limit int64) (io.ReadCloser, error) {
	f := a.parts[partName(name)]
	if f == nil {
		return nil, fmt.Errorf("%w: %s", errNoPart, name)
	}
	if f.Flags&1 != 0 {
		return nil, refuse(encrypted, "part %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	return &part{
		ReadCloser: r, name: name, limit: limit, packed: int64(min(f.CompressedSize64, maxArchive)), size: f.UncompressedSize64,
	}, nil
}

var errNoPart = errors.New("part is missing")

// part reads a part within its bounds.
type part struct {
	io.ReadCloser
	name        string
	limit       int64
	packed, got int64
	size        uint64 // that the archive says it has
}

// Close ends the reading. What is wrong with bytes that nobody asked for is of no interest.
func (p *part) Close() error {
	_ = p.ReadCloser.Close()
	return nil
}

func (p *part) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.got += int64(n)
	if p.got > p.limit {
		return 0, refuse(tooLarge, "%s: more than %d bytes", p.name, p.limit)
	}
	if uint64(p.got) > p.size {
		return 0, fmt.Errorf("%s: more than the %d bytes that it should have", p.name, p.size)
	}
	if p.got > ratioFree && p.got > p.packed*maxRatio {
		return 0, refuse(tooLarge, "%s: shrunk by more than %d : 1", p.name, maxRatio)
	}
	return n, err
}
