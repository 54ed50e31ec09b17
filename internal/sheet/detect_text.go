package sheet

import (
	"bytes"
	"io"
)

// sample is what is known of a text.
type sample struct {
	// head is how it begins.
	head []byte
	// text is head, and from behind it the lines with characters beyond ASCII, as far as they were read.
	text []byte
	// size is how many bytes were read for that.
	size int64
	// whole says that nothing comes after text.
	whole bool
}

// survey is the reading of a text for a sample of it.
type survey struct {
	sample
	high   int  // bytes beyond ASCII in text
	inLine bool // the reading is in a line that goes into text
	ended  bool // no more is to be read
	buf    []byte
}

func newSurvey(head []byte) *survey {
	end := len(head) < headSize
	s := &survey{sample: sample{head: head, size: int64(len(head)), whole: end}, ended: end}
	s.text = bytes.Clone(head)
	s.high = highBytes(head)
	line := head[bytes.LastIndexAny(head, "\r\n")+1:]
	s.inLine = highBytes(line) > 0
	return s
}

func highBytes(b []byte) (n int) {
	for len(b) > 0 {
		b = b[asciiLen(b):]
		for len(b) > 0 && b[0] >= 0x80 {
			b = b[1:]
			n++
		}
	}
	return n
}

// read reads on until there are so many bytes beyond ASCII in whole lines, or there is no more to be had.
func (s *survey) read(r io.Reader, enough int) error {
	const maxText = 4 * headSize
	if s.buf == nil {
		s.buf = make([]byte, maxText)
	}
	for empty := 0; !s.ended && (s.high < enough || s.inLine); {
		n, err := r.Read(s.buf)
		s.size += int64(n)
		s.take(s.buf[:n])
		if empty++; n > 0 {
			empty = 0
		}
		switch {
		case err == io.EOF:
			s.ended, s.whole = true, true
		case err != nil:
			return err
		case empty == 100:
			return io.ErrNoProgress
		case s.size >= maxSurvey, len(s.text) > maxText:
			s.ended = true
		}
	}
	return nil
}

// take adds the lines of p that are not all ASCII to the text, from their first character that is not; and those that
// switch to another character set by ESC. CR and LF are no part of any character.
func (s *survey) take(p []byte) {
	for len(p) > 0 {
		if !s.inLine {
			n := asciiLen(p)
			if esc := bytes.IndexByte(p[:n], 0x1B); esc >= 0 {
				n = esc
			}
			if p = p[n:]; len(p) == 0 {
				return
			}
			s.inLine = true
		}
		end := bytes.IndexAny(p, "\r\n")
		if s.inLine = end < 0; s.inLine {
			end = len(p) - 1
		}
		s.text = append(s.text, p[:end+1]...)
		s.high += highBytes(p[:end+1])
		p = p[end+1:]
	}
}

// settled reports whether more of the text would not change what was detected.
func (s *survey) settled(d Detected, err error) bool {
	const fewHigh = 64 // bytes: some 32 characters
	switch {
	case s.ended, s.high > headSize, byMark(s.head) != "":
		return true
	case err != nil:
		u, ok := err.(*Unsupported)
		return !ok || u.Code != otherEncoding.Code || s.high >= fewHigh
	case d.Encoding == UTF16LE, d.Encoding == UTF16BE:
		return true
	}
	return s.high >= fewHigh && d.Encodings[0].Confidence > 0.99
}

// detectText judges what has no signature.
func detectText(s sample) (Detected, error) {
	if what := markup(s.head); what != nil {
		return Detected{}, refuse(*what, "first bytes")
	}
	found, err := detectEncoding(s)
	if err != nil {
		return Detected{}, err
	}
	d := Detected{Format: CSV, FormatConfidence: 1, Encoding: found[0].Encoding, Encodings: found}
	whole := s.whole && len(s.head) < headSize
	text := toUTF8(s.head, d.Encoding, whole)
	for bytes.HasPrefix(text, []byte(BOM)) {
		text = text[len(BOM):]
	}
	if what := markup(text); what != nil {
		return Detected{}, refuse(*what, "first bytes of %s", d.Encoding)
	}
	c := countControls(text)
	if c.many(text) {
		return Detected{}, refuse(notATable, "%d control bytes of %d", c.all, len(text))
	}
	d.Delimiter, d.DelimiterConfidence = detectDelimiter(text, whole)
	if c.all > c.separators {
		d.FormatConfidence = 0.8
	}
	return d, nil
}

// toUTF8 decodes the beginning of a text, or all of it. What cannot be decoded is no UTF-8.
func toUTF8(text []byte, e Encoding, whole bool) []byte {
	decode := decoderOf(e)
	if decode == nil {
		return text
	}
	out := make([]byte, 3*len(text)+minDecode) // a bad byte takes three
	n, _ := decode(out, text, whole)
	return out[:n]
}

// controls are characters that text does not have. separators are those among them that some programs put between
// cells.
type controls struct{ all, separators int }

func countControls(text []byte) (c controls) {
	for _, b := range text {
		switch {
		case b >= ' ' && b != 0x7F, '\t' <= b && b <= '\r', b == 0x1A, b == 0x1B:
		case b == 0x01, b == 0x1E, b == 0x1F:
			c.separators++
			c.all++
		default:
			c.all++
		}
	}
	return c
}

// many reports whether the controls are too many for text.
func (c controls) many(text []byte) bool {
	return c.all > 3 && c.all*20 > len(text) && (c.separators < c.all || !bytes.ContainsAny(text, "\r\n"))
}

// markup returns the refusal of text that starts like HTML, XML or JSON, or nil.
func markup(text []byte) *Unsupported {
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte(BOM)), " \t\r\n")
	start := bytes.ToLower(text[:min(len(text), 512)])
	if bytes.HasPrefix(start, []byte("<?xml")) {
		if bytes.Contains(start, []byte("<html")) {
			return &htmlPage
		}
		return &xmlFile
	}
	for _, tag := range []string{"<!doctype", "<html", "<head", "<body", "<table", "<meta", "<style", "<div", "<!--", "mime-version:"} {
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
