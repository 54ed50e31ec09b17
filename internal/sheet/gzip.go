package sheet

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
)

// The bounds of a text that is compressed. Nothing of it is written to disk or held in memory as a whole, so that they
// bound time more than space.
const (
	maxUnpacked = 64 << 30 // bytes
	// maxGzipRatio bounds how far a text may be shrunk once it has more than gzipFree bytes. Rows of 1,000 bytes that
	// differ only by a running number reach 210 : 1, rows that are all the same 410 : 1; DEFLATE allows 1032 : 1.
	maxGzipRatio = 500
	gzipFree     = 64 << 20
)

// isGzip reports whether a file that begins with head is compressed by gzip (RFC 1952, 2.3.1).
func isGzip(head []byte) bool { return len(head) > 1 && head[0] == 0x1F && head[1] == 0x8B }

// gunzip unpacks a text. Its error is an *Unsupported for what is damaged or too large, and that of the source for what
// could not be read. Several members one after another are one text (RFC 1952, 2.2); zeros after the last are padding.
type gunzip struct {
	src    counting
	buf    *bufio.Reader
	member *gzip.Reader
	got    int64
	err    error
}

// counting counts what is read, and keeps the failures to read apart from what is wrong with the bytes.
type counting struct {
	io.Reader
	n   int64
	err error
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

func newGunzip(r io.Reader) *gunzip {
	g := &gunzip{src: counting{Reader: r}}
	g.buf = bufio.NewReaderSize(&g.src, headSize)
	return g
}

// Read implements io.Reader.
func (g *gunzip) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.read(p)
	g.got += int64(n)
	switch {
	case g.src.err != nil && err != nil:
		err = g.src.err
	case g.got > maxUnpacked:
		n, err = 0, refuse(named(gzipTooLarge, fmt.Sprintf("%d GiB", int64(maxUnpacked)>>30)), "more than %d bytes", int64(maxUnpacked))
	case g.got > gzipFree && g.got > g.src.n*maxGzipRatio:
		n, err = 0, refuse(named(gzipTooLarge, fmt.Sprintf("%d : 1", maxGzipRatio)), "%d bytes from %d", g.got, g.src.n)
	case err != nil && err != io.EOF:
		err = refuse(gzipCorrupt, "after %d bytes: %v", g.got, err)
	}
	g.err = err
	return n, err
}

// read reads from the member at hand, or from the next one that is not empty.
func (g *gunzip) read(p []byte) (int, error) {
	if g.member == nil {
		m, err := gzip.NewReader(g.buf)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // not even a member
		}
		if err != nil {
			return 0, err
		}
		m.Multistream(false)
		g.member = m
	}
	for {
		n, err := g.member.Read(p)
		if err == io.EOF {
			err = g.next()
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// next goes to the next member; io.EOF says that there is none.
func (g *gunzip) next() error {
	switch b, err := g.buf.Peek(1); {
	case err != nil:
		return err
	case b[0] == 0:
		return g.padding()
	}
	if err := g.member.Reset(g.buf); err != nil {
		return errors.Join(errors.New("after the last member"), err)
	}
	g.member.Multistream(false)
	return nil
}

// padding reads zeros up to the end, which is io.EOF.
func (g *gunzip) padding() error {
	for {
		b, err := g.buf.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return errors.New("text after the padding")
		}
	}
}

// maxUnpackedOf returns how many bytes a compressed text of that size can give.
func maxUnpackedOf(size int64) int64 {
	if size > (math.MaxInt64-gzipFree)/maxGzipRatio {
		return maxUnpacked
	}
	return min(maxUnpacked, max(size*maxGzipRatio, gzipFree))
}
