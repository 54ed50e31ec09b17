package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
	// FormatConfidence and DelimiterConfidence say how sure those are, from 0 to 1. The delimiter of a text that has
	// one column is a comma with 0.5.
	FormatConfidence    float64
	DelimiterConfidence float64
}

// Candidate is an encoding that a text could be in.
type Candidate struct {
	Encoding Encoding
	// Confidence is from 0 to 1. That of the first candidate is 1 where nothing else is possible, or where all of the
	// text is ASCII, which nearly every encoding reads the same.
	Confidence float64
}

// Detect tells the format of a source of size bytes from its first ones, which it unpacks where they are compressed. An
// empty source is a CSV. The error is an *Unsupported; Gzip is told also with it.
//
// The rest of the file may still disappoint: text that is ASCII at first may turn out to be in another encoding, which
// DetectFrom finds; bytes that are not of the encoding give rows with a Fault; and OpenXLSX has the last word on a
// workbook.
func Detect(head []byte, size int64) (Detected, error) {
	partial := int64(len(head)) < size
	if !isGzip(head) {
		if d, err := detectBinary(head); d.Format != "" || err != nil {
			return d, err
		}
		return detectText(sample{head: head, text: head, size: int64(len(head)), whole: !partial})
	}
	end := error(io.EOF)
	if partial {
		end = errHeadEnds
	}
	r := newGunzip(io.MultiReader(bytes.NewReader(head), failingReader{end}))
	inside, err := readHead(r)
	if err != nil && !errors.Is(err, errHeadEnds) {
		return Detected{Gzip: true}, err
	}
	if err := checkInside(inside); err != nil {
		return Detected{Gzip: true}, err
	}
	d, err := detectText(sample{head: inside, text: inside, size: int64(len(inside)), whole: err == nil && len(inside) < headSize})
	d.Gzip = true
	return d, err
}

// errHeadEnds says that a compressed text goes on after the head.
var errHeadEnds = errors.New("the head ends")

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// maxSurvey is how many bytes of a text DetectFrom reads, unpacked.
const maxSurvey = 1 << 30

// DetectFrom is Detect for a source that can be read on from r, which gives it from its first byte: it reads until the
// encoding of a text is certain, or maxSurvey bytes (unpacked), so that it is right also where the first character
// beyond ASCII comes late. An error that is no *Unsupported is that of r.
func DetectFrom(r io.Reader) (Detected, error) {
	head, err := readHead(r)
	if err != nil {
		return Detected{}, fmt.Errorf("detect format: %w", err)
	}
	if bytes.HasPrefix(head, []byte(ole2)) {
		directory, err := readOLE2(head, r)
		if err != nil {
			return Detected{}, fmt.Errorf("detect format: %w", err)
		}
		return Detected{}, detectOLE2(directory)
	}
	r = io.MultiReader(bytes.NewReader(head), r)
	packed := isGzip(head)
	if packed {
		r = newGunzip(r)
	} else if d, err := detectBinary(head); d.Format != "" || err != nil {
		return d, err
	}
	d, err := detectReader(r, packed)
	var u *Unsupported
	if err != nil && !errors.As(err, &u) {
		return Detected{}, fmt.Errorf("detect format: %w", err)
	}
	d.Gzip = packed
	return d, err
}

// detectReader judges the text that r gives, which comes out of a compressed file if packed.
func detectReader(r io.Reader, packed bool) (Detected, error) {
	head, err := readHead(r)
	if err != nil {
		return Detected{}, err
	}
	if packed {
		if err := checkInside(head); err != nil {
			return Detected{}, err
		}
	}
	s := newSurvey(head)
	// How many bytes beyond ASCII are looked at; more of them where those do not decide.
	for enough := 64; ; enough *= 8 {
		d, err := detectText(s.sample)
		if s.settled(d, err) {
			return d, err
		}
		if err := s.read(r, enough); err != nil {
			return Detected{}, err
		}
	}
}

// readHead reads headSize bytes, or all there are. With an error it returns what came before it.
func readHead(r io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, headSize))
}

// checkInside refuses what is compressed in a gzip and is not a text.
func checkInside(head []byte) error {
	d, err := detectBinary(head)
	var u *Unsupported
	switch {
	case isGzip(head):
		return refuse(gzipInside, "gzip in gzip")
	case errors.As(err, &u):
		return refuse(gzipInside, "%s", u.Error())
	case d.Format != "":
		return refuse(gzipInside, "%s", d.Format)
	}
	return nil
}

// detectBinary judges what has a signature. It returns nothing for the rest, which may be text.
func detectBinary(head []byte) (Detected, error) {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return detectZip(head)
	}
	if bytes.HasPrefix(head, []byte(ole2)) {
		return Detected{}, detectOLE2(head)
	}
	for _, s := range signatures {
		if len(head) > s.at && bytes.HasPrefix(head[s.at:], []byte(s.magic)) {
			return Detected{}, refuse(s.what, "signature %x", s.magic)
		}
	}
	return Detected{}, nil
}

var signatures = []struct {
	at    int
	magic string
	what  Unsupported
}{
	{0, "\xFF\xFE\x00\x00", named(otherEncoding, "UTF-32")},
	{0, "\x00\x00\xFE\xFF", named(otherEncoding, "UTF-32")},
	{0, "%PDF-", pdfFile},
	{0, "BZh", named(archived, "bzip2")},
	{0, "\xFD7zXZ\x00", named(archived, "xz")},
	{0, "\x28\xB5\x2F\xFD", named(archived, "zstd")},
	{0, "7z\xBC\xAF\x27\x1C", named(archived, "7z")},
	{0, "Rar!\x1A\x07", named(archived, "RAR")},
	{257, "ustar", named(archived, "tar")},
	{0, "\x89PNG\r\n", notATable},
	{0, "\xFF\xD8\xFF", notATable},
	{0, "GIF8", notATable},
	{0, "{\\rtf", notATable},
	// Excel 2 to 4, which had no container ([MS-XLS] 2.4.21, BOF).
	{0, "\x09\x08\x10\x00", oldExcel},
	{0, "\x09\x08\x08\x00", oldExcel},
	{0, "\x09\x04\x06\x00", oldExcel},
	{0, "\x09\x02\x06\x00", oldExcel},
	{0, "\x09\x00\x04\x00", oldExcel},
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
		return Detected{Format: XLSX, FormatConfidence: 1}, nil
	case has("word/"), has("ppt/"), has("visio/"):
		return Detected{}, refuse(otherOffice, "not xl/")
	case has("[Content_Types].xml"), has("_rels/"), has("docProps/"):
		return Detected{Format: XLSX, FormatConfidence: 1}, nil
	}
	return Detected{}, refuse(archived, "no part of a workbook")
}

const ole2 = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

// detectOLE2 tells a workbook with a password from an old one by the names of its streams ([MS-OFFCRYPTO]
// 2.3.4.4, [MS-XLS] 2.1.2), where the directory, or what is given of the file, has them.
func detectOLE2(directory []byte) error {
	switch {
	case bytes.Contains(directory, utf16("EncryptedPackage")):
		return refuse(encrypted, "EncryptedPackage")
	case bytes.Contains(directory, utf16("WordDocument")), bytes.Contains(directory, utf16("PowerPoint Document")):
		return refuse(otherOffice, "OLE2")
	}
	return refuse(oldExcel, "OLE2")
}

// readOLE2 returns the first sector of the directory of a container that begins with head and goes on in r; or head,
// where that has it or the header makes no sense ([MS-CFB] 2.2).
func readOLE2(head []byte, r io.Reader) ([]byte, error) {
	const header, maxSkip = 512, 1 << 30
	if len(head) < headSize {
		return head, nil
	}
	size := int64(1) << min(binary.LittleEndian.Uint16(head[30:]), 16)
	at := (int64(binary.LittleEndian.Uint32(head[48:])) + 1) * size
	if at < int64(len(head)) || at > maxSkip || size < header {
		return head, nil
	}
	if _, err := io.CopyN(io.Discard, r, at-int64(len(head))); err == io.EOF {
		return head, nil
	} else if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, size))
}

// utf16 returns ASCII text as UTF-16LE.
func utf16(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return b
}
