package sheet

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// BOM is the byte order mark. Excel needs it to take a CSV for UTF-8.
const BOM = "\uFEFF"

// HeadSize is how many bytes of a file Detect should be given, if the file has them.
const HeadSize = headSize

// Detected is what the first bytes of a source tell.
type Detected struct {
	Format Format
	// Gzip, Encoding and Delimiter are those of a CSV.
	Gzip      bool
	Encoding  Encoding
	Delimiter byte
	// Encodings are those that a CSV could be in, the likeliest, which is Encoding, first.
	Encodings []Candidate
	// FormatConfidence and DelimiterConfidence say how sure those are, from 0 to 1.
	FormatConfidence    float64
	DelimiterConfidence float64
}

// Candidate is an encoding that a text could be in.
type Candidate struct {
	Encoding Encoding
	// Confidence is from 0 to 1. That of the first candidate is 1 where nothing else is possible.
	Confidence float64
}

// Detect tells the format of a source of size bytes from its first ones. An empty source is a CSV. The error
// is an *Unsupported.
//
// The rest of the file may still disappoint: text that stops being UTF-8 later gives rows with a Fault, and
// OpenXLSX has the last word on a workbook.
func Detect(head []byte, size int64) (Detected, error) {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return detectZip(head)
	}
	if bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")) {
		return Detected{}, detectOLE2(head)
	}
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.magic)) {
			return Detected{}, refuse(s.what, "signature %x", s.magic)
		}
	}
	return detectText(head, int64(len(head)) < size)
}

// DetectFrom is Detect for a source that can be read on from r, which gives it from its first byte: it reads until the
// encoding of a text is certain, or maxSurvey bytes (unpacked), so that it is right also where the first character
// beyond ASCII comes late.
func DetectFrom(r io.Reader, size int64) (Detected, error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return Detected{}, fmt.Errorf("detect format: %w", err)
	}
	return Detect(head[:n], size)
}

var signatures = []struct {
	magic string
	what  Unsupported
}{
	{"\xFF\xFE\x00\x00", named(notUTF8, "UTF-32")},
	{"\x00\x00\xFE\xFF", named(notUTF8, "UTF-32")},
	{"\xFF\xFE", named(notUTF8, "UTF-16")},
	{"\xFE\xFF", named(notUTF8, "UTF-16")},
	{"%PDF-", pdfFile},
	{"\x1F\x8B", named(archived, "gzip")},
	{"BZh", named(archived, "bzip2")},
	{"\xFD7zXZ\x00", named(archived, "xz")},
	{"\x28\xB5\x2F\xFD", named(archived, "zstd")},
	{"7z\xBC\xAF\x27\x1C", named(archived, "7z")},
	{"Rar!\x1A\x07", named(archived, "RAR")},
	{"\x89PNG\r\n", notATable},
	{"\xFF\xD8\xFF", notATable},
	{"GIF8", notATable},
	{"{\\rtf", notATable},
	// Excel 2 to 4, which had no container ([MS-XLS] 2.4.21, BOF).
	{"\x09\x08\x10\x00", oldExcel},
	{"\x09\x08\x08\x00", oldExcel},
	{"\x09\x04\x06\x00", oldExcel},
	{"\x09\x02\x06\x00", oldExcel},
	{"\x09\x00\x04\x00", oldExcel},
}

// detectZip looks at the names of the parts that the head shows; each stands before its part.
func detectZip(head []byte) (Detected, error) {
	has := func(s string) bool { return bytes.Contains(head, []byte(s)) }
	switch {
	case has("mimetypeapplication/vnd.oasis.opendocument"):
		return Detected{}, refuse(openDocument, "mimetype")
	case has("xl/workbook.bin"), has("xl/worksheets/sheet1.bin"):
		return Detected{}, refuse(binaryExcel, "workbook.bin")
	case has("xl/"):
		return Detected{Format: XLSX}, nil
	case has("word/"), has("ppt/"), has("visio/"):
		return Detected{}, refuse(otherOffice, "not xl/")
	case has("[Content_Types].xml"), has("_rels/"), has("docProps/"):
		return Detected{Format: XLSX}, nil
	}
	return Detected{}, refuse(archived, "no part of a workbook")
}

// detectOLE2 tells a workbook with a password from an old one by the names of its streams ([MS-OFFCRYPTO]
// 2.3.4.4, [MS-XLS] 2.1.2), where the head has them.
func detectOLE2(head []byte) error {
	if bytes.Contains(head, utf16("EncryptedPackage")) {
		return refuse(encrypted, "EncryptedPackage")
	}
	return refuse(oldExcel, "OLE2")
}

// utf16 returns ASCII text as UTF-16LE.
func utf16(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return b
}

// detectText judges what has no signature. partial says that the file goes on after head.
func detectText(head []byte, partial bool) (Detected, error) {
	text := head
	for bytes.HasPrefix(text, []byte(BOM)) {
		text = text[len(BOM):]
	}
	if what := markup(bytes.TrimLeft(text, " \t\r\n")); what != nil {
		return Detected{}, refuse(*what, "first bytes")
	}
	s := survey(text, partial)
	switch {
	case s.zeros > 3 && s.zeros*3 > len(text):
		return Detected{}, refuse(named(notUTF8, "UTF-16"), "%d zero bytes of %d", s.zeros, len(text))
	case s.controls > 3 && s.controls*20 > len(text):
		return Detected{}, refuse(notATable, "%d control bytes of %d", s.controls, len(text))
	case iso2022(text):
		return Detected{}, refuse(named(notUTF8, "ISO-2022-JP"), "escape sequence")
	case len(text) == len(head) && s.invalid*4 > s.multibyte:
		// Bytes of Shift_JIS or EUC-JP look like UTF-8 here and there; a few broken cells in a UTF-8 file
		// are rows with a fault, not a reason to refuse it.
		return Detected{}, refuse(notUTF8, "%d invalid bytes of %d", s.invalid, len(text))
	}
	return Detected{
		Format: CSV, Encoding: UTF8, Delimiter: detectDelimiter(text),
		Encodings: []Candidate{{UTF8, 1}}, FormatConfidence: 1, DelimiterConfidence: 1,
	}, nil
}

// counts are what tells text in UTF-8 from anything else.
type counts struct {
	zeros, controls    int // bytes; controls has the zeros too
	multibyte, invalid int // characters, and bytes that are no part of any
}

func survey(text []byte, partial bool) counts {
	var c counts
	for i := 0; i < len(text); {
		if b := text[i]; b < utf8.RuneSelf {
			if b == 0 {
				c.zeros++
			}
			if b < ' ' && (b < '\t' || b > '\r') && b != 0x1A && b != 0x1B || b == 0x7F {
				c.controls++
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r != utf8.RuneError || size > 1:
			c.multibyte++
		case partial && !utf8.FullRune(text[i:]): // cut off by the end of the head
			return c
		default:
			c.invalid++
		}
		i += size
	}
	return c
}

// markup returns the refusal of text that starts like HTML, XML or JSON, or nil.
func markup(text []byte) *Unsupported {
	start := bytes.ToLower(text[:min(len(text), 512)])
	if bytes.HasPrefix(start, []byte("<?xml")) {
		if bytes.Contains(start, []byte("<html")) {
			return &htmlPage
		}
		return &xmlFile
	}
	for _, tag := range []string{"<!doctype", "<html", "<head", "<body", "<table", "<meta", "<style", "<div", "<!--"} {
		if bytes.HasPrefix(start, []byte(tag)) {
			return &htmlPage
		}
	}
	if len(start) > 1 && (start[0] == '{' || start[0] == '[') {
		switch inner := bytes.TrimLeft(start[1:], " \t\r\n"); {
		case bytes.HasPrefix(inner, []byte(`"`)), start[0] == '[' && bytes.HasPrefix(inner, []byte("{")):
			return &jsonFile
		}
	}
	return nil
}

// iso2022 reports whether text switches to a Japanese character set the way of ISO-2022-JP (RFC 1468), whose
// bytes are all ASCII.
func iso2022(text []byte) bool {
	for _, escape := range []string{"\x1b$B", "\x1b$@", "\x1b(J", "\x1b(I"} {
		if bytes.Contains(text, []byte(escape)) {
			return true
		}
	}
	return false
}

// delimiters are what a CSV is cut by; where several would do, the one that is rarer inside cells comes first.
const delimiters = "\t,;|"

// detectDelimiter returns the delimiter that cuts the first records of head into the same number of cells, at
// least two, most consistently; a comma where there is none.
func detectDelimiter(head []byte) byte {
	const records = 50
	best, bestShare, bestWidth := byte(','), 0.0, 1
	for _, d := range []byte(delimiters) {
		width, rows, same := 0, 0, 0
		for row := range OpenCSV(bytes.NewReader(head), Options{Delimiter: d}).Rows() {
			if rows == 0 {
				width = len(row.Cells)
			}
			if rows++; len(row.Cells) == width && row.Fault.Code == "" {
				same++
			}
			if width < 2 || rows == records {
				break
			}
		}
		share := float64(same) / float64(max(rows, 1))
		if width > 1 && (share > bestShare || share == bestShare && width > bestWidth) {
			best, bestShare, bestWidth = d, share, width
		}
	}
	return best
}
