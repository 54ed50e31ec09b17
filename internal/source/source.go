// Package source opens what was uploaded as rows: it is where object storage and the readers of files meet.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/sheet"
)

// MaxWorkbook is the largest workbook that is read, in bytes: it needs random access and so a file on disk.
const MaxWorkbook = 2 << 30

// Source is an uploaded file, open for reading.
type Source struct {
	rows  iter.Seq2[*sheet.Row, error]
	close func() error
	body  *counted // of a text file
	size  int64
}

// counted is a body of which is known how much was read.
type counted struct {
	io.Reader
	n atomic.Int64
}

// Read reads, and counts.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Share returns about which part of the file was read so far, from 0 to 1; 0 where that is not known, as of a workbook.
func (s *Source) Share() float64 {
	if s.body == nil || s.size <= 0 {
		return 0
	}
	return min(1, float64(s.body.n.Load())/float64(s.size))
}

// Open opens the source of an import. A CSV is streamed; a workbook is copied to a temporary file first, which Close
// removes.
func Open(ctx context.Context, blobs *blob.Store, i *imports.Import) (*Source, error) {
	o := sheet.Options{
		Format: sheet.Format(i.Source.Format), Gzip: i.Source.Gzip, Encoding: sheet.Encoding(i.Options.Encoding),
		Sheet: i.Options.Sheet, NoHeader: i.Options.NoHeader, MaxRowBytes: i.MaxRowBytes,
	}
	if i.Options.Delimiter != "" {
		o.Delimiter = i.Options.Delimiter[0]
	}
	if o.Format == sheet.XLSX {
		return openWorkbook(ctx, blobs, i, o)
	}
	body, size, err := blobs.OpenSource(ctx, i.Tenant, i.ID.String(), i.Source.Upload, i.Source.ETag)
	if err != nil {
		return nil, err
	}
	c := &counted{Reader: body}
	return &Source{rows: rows(sheet.OpenCSV(c, o), o, i.Options.HeaderRow), close: body.Close, body: c, size: size}, nil
}

func openWorkbook(ctx context.Context, blobs *blob.Store, i *imports.Import, o sheet.Options) (*Source, error) {
	f, size, err := Spool(ctx, blobs, i)
	if err != nil {
		return nil, err
	}
	book, err := sheet.OpenXLSX(interruptible{f, ctx}, size, o)
	if err != nil {
		f.Close()
		return nil, err
	}
	end := func() error { return errors.Join(book.Close(), f.Close()) }
	return &Source{rows: rows(book, o, i.Options.HeaderRow), close: end}, nil
}

// interruptible is a file that cannot be read any more once ctx has ended: what is done with a large workbook before its
// first row can take long, and nobody may want it any more.
type interruptible struct {
	io.ReaderAt
	ctx context.Context
}

// ReadAt reads, unless ctx has ended.
func (r interruptible) ReadAt(p []byte, at int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.ReaderAt.ReadAt(p, at)
}

// reader is what both formats offer.
type reader interface {
	Rows() iter.Seq2[*sheet.Row, error]
}

// rows are the data rows of what a reader gives.
func rows(r reader, o sheet.Options, headerRow int64) iter.Seq2[*sheet.Row, error] {
	if o.NoHeader {
		return r.Rows()
	}
	return sheet.Below(r.Rows(), headerRow, o.Format)
}

// Spool copies a source into a temporary file, which has no name any more and is gone when it is closed.
func Spool(ctx context.Context, blobs *blob.Store, i *imports.Import) (*os.File, int64, error) {
	body, size, err := blobs.OpenSource(ctx, i.Tenant, i.ID.String(), i.Source.Upload, i.Source.ETag)
	if err != nil {
		return nil, 0, err
	}
	defer body.Close()
	f, err := os.CreateTemp("", "meibo-source-*")
	if err != nil {
		return nil, 0, fmt.Errorf("spool source: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("spool source: %w", err)
	}
	if _, err := io.Copy(f, io.LimitReader(body, MaxWorkbook+1)); err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("spool source: %w", err)
	}
	return f, size, nil
}

// Rows are the data rows, the header and what stands above it left out, in file order. They can be ranged over once.
func (s *Source) Rows() iter.Seq2[*sheet.Row, error] { return s.rows }

// Close ends the reading.
func (s *Source) Close() error { return s.close() }
