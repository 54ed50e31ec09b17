// Package sheet turns the bytes of a source into rows, and rows into the bytes of a report: CSV and XLSX, and
// nothing of what the rows mean.
//
//	bytes ──DetectFrom──▶ Detected{Format, Gzip, Encoding, Delimiter}   or *Unsupported, with a sentence for people
//	      ──OpenCSV──▶ gunzip ──▶ transcoder ──▶ CSVReader ──┐
//	      ──OpenXLSX──▶ XLSXReader ──────────────────────────┴──▶ Rows() ──▶ Row{Number, Cells, Fault} …
//
// What the readers promise, for any input:
//   - Every record that is not blank is one row, in file order, with the number that Excel shows for it. A
//     record that cannot be read is a row with a Fault: nothing disappears, and nothing is guessed.
//   - A Fault concerns its own row only; the rows after it are read as if it had not been there.
//   - The same bytes and Options always give the same rows, however they arrive from the reader below.
//   - Memory is bounded by Options.MaxRowBytes and fixed buffers; for XLSX also by WorkbookMemory, beyond which its
//     shared strings go to disk. The input's size does not matter.
//   - Cells are UTF-8 as the file has them: not trimmed, not normalised. A byte that is no text in the file's
//     encoding is a Fault that names it; none is dropped, guessed, or takes a delimiter with it.
//
// Rows stop with an error only where the bytes could not be had (which may be tried again) or the workbook or the
// gzip is broken (*Unsupported, which may not).
//
// The package is the only importer of excelize, which writes workbooks; they are read by the package's own
// streaming reader.
package sheet

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/meibo/meibo/internal/member"
)

// Format is how a source is laid out.
type Format string

// The formats that can be read. CSV stands for every delimiter.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Encoding is how the text of a CSV is written, by its IANA name.
type Encoding string

// The encodings that can be read.
const (
	// UTF8 is UTF-8, with or without byte order marks.
	UTF8 Encoding = "UTF-8"
	// ShiftJIS is what Windows calls by that name: code page 932, with ①㈱髙﨑 and half-width kana.
	ShiftJIS Encoding = "Shift_JIS"
	// EUCJP is EUC-JP with the extensions of code page 51932.
	EUCJP Encoding = "EUC-JP"
	// UTF16LE and UTF16BE are UTF-16, with or without a byte order mark.
	UTF16LE Encoding = "UTF-16LE"
	UTF16BE Encoding = "UTF-16BE"
)

// Options say how a source is read. Zero values mean "as detected", or the default.
type Options struct {
	// Format overrides what Detect says.
	Format Format
	// Gzip says that a CSV is compressed (RFC 1952).
	Gzip bool
	// Encoding is that of a CSV; UTF-8 by default. A byte order mark at the start of the text goes before it (as in
	// the WHATWG's Encoding Standard): it is no text in any other encoding.
	Encoding Encoding
	// Delimiter separates the cells of a CSV: a byte other than the quote, CR and LF.
	Delimiter byte
	// Sheet is the name of the sheet of a workbook; the first visible one by default.
	Sheet string
	// NoHeader says that the first row is data.
	NoHeader bool
	// MaxRowBytes bounds a record in bytes of UTF-8, delimiters and quotes included, the line end not;
	// DefaultMaxRowBytes by default. A longer one is a row with the fault row_too_long.
	MaxRowBytes int
}

// DefaultMaxRowBytes is the limit of product.md, section Files.
const DefaultMaxRowBytes = 256 << 10

// MaxColumns is the number of columns that a sheet of Excel has (ECMA-376 leaves it open; "Excel
// specifications and limits" has 16,384), here the limit of both formats.
const MaxColumns = 16384

// maxSheetRows is the number of rows that a sheet of Excel has (ibid.).
const maxSheetRows = 1 << 20

// With returns the options with what d says wherever they say nothing.
func (o Options) With(d Detected) Options {
	if o.Format == "" {
		o.Format = d.Format
	}
	o.Gzip = o.Gzip || d.Gzip
	if o.Encoding == "" {
		o.Encoding = d.Encoding
	}
	if o.Delimiter == 0 {
		o.Delimiter = d.Delimiter
	}
	return o
}

func (o Options) maxRowBytes() int {
	if o.MaxRowBytes > 0 {
		return o.MaxRowBytes
	}
	return DefaultMaxRowBytes
}

// Row is one record of a source. It and its cells are valid until the next row is asked for.
type Row struct {
	// Number is the number that Excel shows for the record: the first record is 1, blank records count,
	// a quoted newline does not.
	Number int64
	// Cells are what the record holds, in UTF-8; invalid bytes and NUL are replaced by U+FFFD in a row with
	// the fault undecodable. A row with the fault row_too_long or TooManyColumns has none; one with a quote
	// Fault has its line cut at the delimiters as well as can be told.
	Cells [][]byte
	// Fault says why the row cannot be trusted; zero where it can.
	Fault Fault
}

// Fault says why a row cannot be trusted: the first reason, where there are several.
//
//	member.Undecodable    a cell has bytes that are not text in the file's encoding, or a NUL, which no database text
//	                      can hold; Detail is the first such byte, in UTF-16 the first such code unit, and its place
//	                      in the cell in characters, from 1: "0x83 @ 5", "0xD842 @ 1"
//	member.RowTooLong     the record is longer than Options.MaxRowBytes, which is the Detail
//	member.TooManyCells   the record has more cells than MaxColumns; Detail is "found/MaxColumns"
//	member.BadQuote       text follows the closing quote of a cell
//	member.UnclosedQuote  a quoted cell does not end within the limit of its record or within the file;
//	                      the row is the line on which the record began
//	member.CellError      a cell of a workbook holds an error value (Detail "#N/A"), or a formula that was
//	                      never calculated ("formula"), or refers to a text that the workbook lacks ("text"),
//	                      or is there twice ("twice")
type Fault struct {
	// Code is empty where there is no fault.
	Code member.Code
	// Column is the column at fault, from 1, or 0 where it is the whole row.
	Column int
	// Detail fills the place in the sentence of the code.
	Detail string
}

func tooManyCells(n int) Fault {
	return Fault{Code: member.TooManyCells, Detail: fmt.Sprintf("%d/%d", n, MaxColumns)}
}

// Header returns the names of the columns from the cells of the first row: trimmed, a blank one named by its
// place (column_3), a repeated one by its turn (name (2)). No two names are the same.
func Header(cells [][]byte) []string {
	names := make([]string, len(cells))
	taken := make(map[string]bool, len(cells))
	for i, c := range cells {
		// Names that stand in the file come first: a made-up name gives way to them.
		if name := headerName(c); name != "" && !taken[name] {
			names[i], taken[name] = name, true
		}
	}
	for i, c := range cells {
		if names[i] != "" {
			continue
		}
		base, first := headerName(c), 2
		if base == "" {
			base, first = fmt.Sprintf("column_%d", i+1), 1
		}
		name := base
		for n := first; n > 1 && name == base || taken[name]; n++ {
			name = fmt.Sprintf("%s (%d)", base, max(n, 2))
		}
		names[i], taken[name] = name, true
	}
	return names
}

func headerName(cell []byte) string {
	return strings.TrimSpace(string(bytes.ToValidUTF8(cell, replacement)))
}

// MaxRows returns an upper bound of the number of rows in a CSV of so many bytes that have this many cells, at least one
// of them not empty, in any encoding; compressed says that the bytes are those of a gzip. It needs no look at the file,
// and serves to reserve ids.
func MaxRows(size int64, columns int, compressed bool) int64 {
	if compressed {
		size = maxUnpackedOf(size)
	}
	// n cells take n-1 delimiters and a character, which no encoding writes in less than a byte; the last record can
	// do without its line end.
	return (size+1)/int64(max(columns, 1)+1) + 1
}

// blank reports whether every cell is empty or holds only spaces and tabs.
func blank(cells [][]byte) bool {
	for _, c := range cells {
		for _, b := range c {
			if b != ' ' && b != '\t' {
				return false
			}
		}
	}
	return true
}
