package sheet

import (
	"bytes"
	"errors"
	"io"
)

// scanner cuts the XML of one part of a workbook into tokens, in the memory of one buffer. It knows as much
// XML as workbooks have: UTF-8 or UTF-16 (ECMA-376 part 2, 8.1.4); names lose their prefix, comments and processing
// instructions are passed over, a DOCTYPE is refused, and with it every entity but the five of XML itself.
//
// Content for programs that know more than the standard is passed over too: extLst, whose elements may be called like
// others (x15:workbookPr), and Choice, to which there is a Fallback (ECMA-376 part 3, 7.6).
//
// Of well-formedness it checks what keeps a broken part from passing for a whole one: each element is closed,
// though not by which name.
type scanner struct {
	src  io.Reader
	buf  []byte
	r, w int
	err  error // why there is no more: io.EOF or a failure

	begun bool // the encoding is known
	depth int
	open  bool // the element of a tag <x/> is yet to be closed
	cdata bool // inside <![CDATA[

	// name is the local name of the start or end tag.
	name []byte
	// attrs are the attributes of the start tag, as written.
	attrs []byte
	// text is a piece of character data, as written: what is between two tags may come in several. All three
	// are valid until the next token.
	text []byte
	// raw says that text is from a CDATA section, where & stands for itself.
	raw bool
}

type token uint8

const (
	endOfPart token = iota
	startTag
	endTag
	charData
)

const (
	scanBuffer = 64 << 10
	// maxTag bounds a tag in bytes: formats with conditions list the places where they apply in an attribute.
	maxTag = 1 << 20
	// maxDepth bounds how deep elements nest; a workbook's have about ten levels.
	maxDepth = 256
)

// The ways in which a part is not XML, or not XML that a workbook has.
var (
	errTruncated = errors.New("XML ends in the middle")
	errTag       = errors.New("XML tag is too long or malformed")
	errDepth     = errors.New("XML elements nest too deep or do not match")
	errDoctype   = errors.New("XML has a DOCTYPE")
)

func newScanner(src io.Reader) *scanner {
	return &scanner{src: src, buf: make([]byte, scanBuffer)}
}

// next returns the next token; endOfPart where the part ends as it should.
func (s *scanner) next() (token, error) {
	tok, err := s.token()
	for tok == startTag && err == nil && (string(s.name) == "extLst" || string(s.name) == "Choice") {
		for inside := s.depth; err == nil && s.depth >= inside; {
			_, err = s.token()
		}
		if err == nil {
			tok, err = s.token()
		}
	}
	return tok, err
}

// token is next with all that the part holds.
func (s *scanner) token() (token, error) {
	if s.open {
		s.open = false
		s.depth--
		return endTag, nil
	}
	for {
		if s.r == s.w {
			if err := s.more(); err == io.EOF {
				return s.atEnd()
			} else if err != nil {
				return 0, err
			}
		}
		if s.cdata || s.buf[s.r] != '<' {
			if got, err := s.chars(); got || err != nil {
				return charData, err
			}
			continue
		}
		switch c, err := s.peek(1); {
		case err != nil:
			return 0, err
		case c == '!':
			if err := s.declaration(); err != nil {
				return 0, err
			}
		case c == '?':
			if err := s.skip("?>"); err != nil {
				return 0, err
			}
		default:
			return s.tag()
		}
	}
}

func (s *scanner) atEnd() (token, error) {
	if s.depth != 0 || s.cdata {
		return 0, errTruncated
	}
	return endOfPart, nil
}

// more reads on, keeping buf[r:w]. It fails with errTag where that is too long: only tags are kept as a whole.
func (s *scanner) more() error {
	if s.err != nil {
		return s.err
	}
	if s.r > 0 {
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
	}
	if s.w == maxTag {
		return errTag
	}
	if s.w == len(s.buf) {
		s.buf = append(s.buf, make([]byte, s.w)...)
	}
	if !s.begun {
		s.begun = true
		s.src = inUTF8(s.src)
	}
	for empty := 0; ; empty++ {
		n, err := s.src.Read(s.buf[s.w:])
		s.w += n
		s.err = err
		switch {
		case n > 0:
			return nil
		case err != nil:
			return err
		case empty == 100:
			return io.ErrNoProgress
		}
	}
}

// muchMore is more until there is twice as much, so that what looks at it all again takes no longer than twice as long in
// total. It fails with io.EOF if there was nothing more.
func (s *scanner) muchMore() error {
	had := s.w - s.r
	for s.w-s.r < 2*had {
		if err := s.more(); err != nil && (err != io.EOF || s.w-s.r == had) {
			return err
		} else if err != nil {
			return nil
		}
	}
	return nil
}

// peek returns the byte at r+i, which must be there.
func (s *scanner) peek(i int) (byte, error) {
	if s.r+i < s.w {
		return s.buf[s.r+i], nil
	}
	return s.peekOn(i)
}

func (s *scanner) peekOn(i int) (byte, error) {
	for s.r+i >= s.w {
		if err := s.more(); err == io.EOF {
			return 0, errTruncated
		} else if err != nil {
			return 0, err
		}
	}
	return s.buf[s.r+i], nil
}

// chars takes character data up to the next tag or as far as the buffer goes, but never half a reference.
func (s *scanner) chars() (bool, error) {
	end := byte('<')
	if s.cdata {
		end = ']'
	}
	s.raw = s.cdata
	n := bytes.IndexByte(s.buf[s.r:s.w], end)
	switch {
	case n < 0:
		if n = s.whole(); n > 0 {
			break
		}
		if err := s.more(); err == nil {
			return false, nil
		} else if err != io.EOF {
			return false, err
		}
		n = s.w - s.r
	case n == 0: // a ] of CDATA: its end, or text
		if _, err := s.peek(2); err != nil {
			return false, err
		}
		if s.buf[s.r+1] == ']' && s.buf[s.r+2] == '>' {
			s.cdata = false
			s.r += 3
			return false, nil
		}
		n = 1
	}
	s.text = s.buf[s.r : s.r+n]
	s.r += n
	return true, nil
}

// whole returns how much of the character data up to the end of the buffer can be taken without cutting a
// reference or a CRLF in two.
func (s *scanner) whole() int {
	text := s.buf[s.r:s.w]
	tail := max(0, len(text)-maxReference)
	if amp := bytes.LastIndexByte(text[tail:], '&'); amp >= 0 && !s.cdata {
		return tail + amp
	}
	if text[len(text)-1] == '\r' {
		return len(text) - 1
	}
	return len(text)
}

// declaration passes over a comment and enters a CDATA section; anything else after <! is refused.
func (s *scanner) declaration() error {
	const comment, cdata = "<!--", "<![CDATA["
	c, err := s.peek(2)
	if err != nil {
		return err
	}
	want := comment
	if c == '[' {
		want = cdata
	}
	if _, err := s.peek(len(want) - 1); err != nil {
		return err
	}
	if !bytes.HasPrefix(s.buf[s.r:s.w], []byte(want)) {
		return errDoctype
	}
	s.r += len(want)
	if c == '[' {
		s.cdata = true
		return nil
	}
	return s.skip("-->")
}

// skip passes over everything up to and including end.
func (s *scanner) skip(end string) error {
	for {
		if i := bytes.Index(s.buf[s.r:s.w], []byte(end)); i >= 0 {
			s.r += i + len(end)
			return nil
		}
		s.r = max(s.r, s.w-len(end)+1)
		if err := s.more(); err == io.EOF {
			return errTruncated
		} else if err != nil {
			return err
		}
	}
}

// tag takes the tag that starts at r.
func (s *scanner) tag() (token, error) {
	end, name, attrs := cutTag(s.buf[s.r:s.w])
	for end < 0 {
		if err := s.muchMore(); err == io.EOF {
			return 0, errTruncated
		} else if err != nil {
			return 0, err
		}
		end, name, attrs = cutTag(s.buf[s.r:s.w])
	}
	tag := s.buf[s.r : s.r+end]
	s.r += end + 1
	if end > 1 && tag[1] == '/' {
		s.depth--
		s.name, s.attrs = tag[name:attrs], nil
		if s.depth < 0 {
			return 0, errDepth
		}
		return endTag, nil
	}
	if s.depth++; s.depth > maxDepth {
		return 0, errDepth
	}
	if tag[end-1] == '/' {
		s.open = true
		tag = tag[:end-1]
		attrs = min(attrs, end-1)
	}
	s.name, s.attrs = tag[name:attrs], tag[attrs:]
	if len(s.name) == 0 {
		return 0, errTag
	}
	return startTag, nil
}

// ahead returns what is in the buffer where a tag may start, for who looks for the usual and can do without it; pass is then
// how many bytes of whole elements to pass over. It is empty where these elements could be nested too deep.
func (s *scanner) ahead() []byte {
	const deepest = 4
	if s.open || s.cdata || s.depth > maxDepth-deepest {
		return nil
	}
	return s.buf[s.r:s.w]
}

func (s *scanner) pass(n int) { s.r += n }

// cutTag tells where the tag at the start of text ends, and where its local name starts and ends; end is the place of its >,
// or -1 if text does not have all of it. A > may stand in the value of an attribute.
func cutTag(text []byte) (end, name, attrs int) {
	i := 1
	if len(text) > 1 && text[1] == '/' {
		i = 2
	}
	name = i
	for ; i < len(text) && !space(text[i]); i++ {
		switch text[i] {
		case '>':
			return i, name, i
		case ':':
			name = i + 1
		}
	}
	for attrs = i; i < len(text); i++ {
		switch c := text[i]; c {
		case '>':
			return i, name, attrs
		case '"', '\'':
			for i++; i < len(text) && text[i] != c; {
				i++
			}
		}
	}
	return -1, 0, 0
}

// nextAttr takes the first attribute off attrs: its name and its value as written. It is false at the end, and
// where what is left is no attribute: then rest is not empty.
func nextAttr(attrs []byte) (name, value, rest []byte, ok bool) {
	i := 0
	for i < len(attrs) && space(attrs[i]) {
		i++
	}
	start := i
	for i < len(attrs) && attrs[i] != '=' && !space(attrs[i]) {
		i++
	}
	name = attrs[start:i]
	for i < len(attrs) && (attrs[i] == '=' || space(attrs[i])) {
		i++
	}
	if i == len(attrs) || attrs[i] != '"' && attrs[i] != '\'' {
		return nil, nil, attrs[start:], false
	}
	value = attrs[i+1:]
	n := bytes.IndexByte(value, attrs[i])
	if n < 0 {
		return nil, nil, attrs[start:], false
	}
	return name, value[:n], value[n+1:], true
}

// attr returns the decoded value of the attribute with that local name, or "".
func (s *scanner) attr(local string) string {
	for name, value, rest, ok := nextAttr(s.attrs); ok; name, value, rest, ok = nextAttr(rest) {
		if string(name[bytes.IndexByte(name, ':')+1:]) == local {
			return string(appendText(nil, value, false))
		}
	}
	return ""
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
