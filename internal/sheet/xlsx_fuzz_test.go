package sheet

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// FuzzXLSX reads a workbook whose sheet, texts and styles are anything. Nothing panics or hangs, the rows keep
// their promises, and neither the size of the pieces that come from the archive nor the buffer's place matters, nor
// whether texts are in memory or on disk, nor whether usualCell gets to see a cell as a whole.
func FuzzXLSX(f *testing.F) {
	f.Add(plainBook["xl/worksheets/sheet1.xml"], plainBook["xl/sharedStrings.xml"], plainBook["xl/styles.xml"])
	f.Add(sheetXML(`<row r="1"><c r="A1" t="inlineStr"><is><t>a&amp;b</t></is></c><c r="B1" s="1"><v>45416.5</v></c></row><row><c t="e"><v>#N/A</v></c></row>`), "<sst/>", "")
	f.Add("<worksheet><row><v>0</c></c><c><v>1</row></v><v>2</c></row></worksheet>", "<sst/>", "<xf/>")
	f.Add(sheetXML(`<row><c t="s"><v>1</v></c><c t="s"><v>0</v></c><c r="D1" t="inlineStr"><is><t xml:space="preserve"> a</t></is></c><c s="0"><f>1</f><v/></c><extLst><c/></extLst></row>`), "<sst><si><t>a</t></si><si><t xml:space=\"preserve\">b </t></si></sst>",
		`<styleSheet><numFmts><numFmt numFmtId="9" formatCode="[&lt;=999]000;000-0000"/></numFmts><cellXfs><xf numFmtId="9"/></cellXfs></styleSheet>`)
	f.Add("<worksheet><row><c><v>\xf2\xa9<c><v>\xa9\xa9</c></row>", "<sst/>", "")
	f.Add(sheetXML(`<row r="3"><c><f>1</f></c><c r="XFE1" t="b"><v>1</v></c><![CDATA[x]]></row>`), "<sst><si><t>_x0000_</t></si></sst>", plainBook["xl/styles.xml"])
	f.Fuzz(func(t *testing.T, sheet, shared, style string) {
		read := func(wrap func(io.Reader) io.Reader, limit int) ([]record, error) {
			styles, err := readStyles(wrap(strings.NewReader(style)))
			if err != nil {
				return nil, err
			}
			texts := newTexts(func() (io.ReadCloser, error) { return io.NopCloser(wrap(strings.NewReader(shared))), nil }, limit)
			defer texts.Close()
			rows := newRowScanner(wrap(strings.NewReader(sheet)), texts, styles, false, 1000)
			var out []record
			for {
				row, err := rows.next()
				if err != nil || row == nil {
					return out, err
				}
				out = append(out, keep(row))
			}
		}
		whole, err := read(func(r io.Reader) io.Reader { return r }, 4*blockSize)
		pieces, err2 := read(iotest.OneByteReader, 0)
		if show(whole) != show(pieces) || (err == nil) != (err2 == nil) {
			t.Fatalf("rows\n%s%v, in pieces\n%s%v", show(whole), err, show(pieces), err2)
		}
		last := int64(0)
		for _, r := range whole {
			if r.number <= last || r.number > maxSheetRows || len(r.cells) > MaxColumns {
				t.Fatalf("row %d after %d with %d cells", r.number, last, len(r.cells))
			}
			last = r.number
			for _, c := range r.cells {
				if !utf8.ValidString(c) || strings.ContainsRune(c, 0) {
					t.Fatalf("row %d has %q", r.number, c)
				}
			}
		}
	})
}

// FuzzScanner compares the tokens with encoding/xml's, wherever that finds the text to be XML at all.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{`<a b="&lt;>" c='"'><!-- x --><b/>t&#65;<![CDATA[<&]]>]]</a>`, "<x:a>\r\n\r&amp;</x:a >", `<?xml version="1.0"?><a/>`, "<a>&#x110000;</a>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if strings.Contains(in, "<!") && !strings.Contains(in, "<![CDATA[") {
			return // declarations and comments have rules of their own
		}
		if odd.MatchString(in) {
			return // names with an empty half, and references that are longer than maxReference
		}
		want, ok := standardTokens(in)
		if !ok {
			return
		}
		got, err := scannerTokens(iotest.OneByteReader(strings.NewReader(in)))
		if errors.Is(err, errDepth) || errors.Is(err, errDoctype) {
			return
		}
		if err != nil || got != want {
			t.Fatalf("%q: tokens %q, %v; encoding/xml has %q", in, got, err, want)
		}
	})
}

var odd = regexp.MustCompile(`extLst|Choice|(^|\W):|:(\W|$)|:\w*:|&#x?0000`)

func standardTokens(in string) (string, bool) {
	d := xml.NewDecoder(strings.NewReader(in))
	var b strings.Builder
	depth := 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return b.String(), depth == 0
		}
		if err != nil {
			return "", false
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			b.WriteString("<" + tok.Name.Local + ">")
			for _, a := range tok.Attr {
				b.WriteString("[" + a.Value + "]")
			}
		case xml.EndElement:
			depth--
			b.WriteString("</" + tok.Name.Local + ">")
		case xml.CharData:
			b.Write(tok)
		}
	}
}

func scannerTokens(r io.Reader) (string, error) {
	s := newScanner(r)
	var b strings.Builder
	for {
		tok, err := s.next()
		if err != nil {
			return b.String(), err
		}
		switch tok {
		case endOfPart:
			return b.String(), nil
		case startTag:
			b.WriteString("<" + string(s.name) + ">")
			for _, value, rest, ok := nextAttr(s.attrs); ok; _, value, rest, ok = nextAttr(rest) {
				b.WriteString("[" + string(appendText(nil, value, false)) + "]")
			}
		case endTag:
			b.WriteString("</" + string(s.name) + ">")
		case charData:
			b.Write(appendText(nil, s.text, s.raw))
		}
	}
}

// FuzzFormat parses anything as a number format, which shows what Excel would: at least the number's own digits, in order.
func FuzzFormat(f *testing.F) {
	for _, code := range []string{"000-0000", `[<=999]000;[<=9999]000\-00;000\-0000`, `"A"00000`, `[$-411]ggge"年"m"月"d"日"`, "[h]:mm", "00\\", `00"`, "[00"} {
		f.Add(code, uint32(600001))
	}
	f.Fuzz(func(t *testing.T, code string, n uint32) {
		st := parseFormat(clip(code, maxFormat))
		out := appendNumber([]byte("before"), strconv.AppendUint(nil, uint64(n), 10), st, false)
		if string(out[:6]) != "before" {
			t.Fatalf("%d as %q overwrote what was there: %q", n, code, out)
		}
		if st.look != lookDigits {
			return
		}
		digits := strconv.FormatUint(uint64(n), 10)
		for _, c := range out[6:] {
			if digits != "" && c == digits[0] {
				digits = digits[1:]
			}
		}
		if digits != "" && n > 0 {
			t.Fatalf("%d as %q is %q", n, code, out[6:])
		}
	})
}

// FuzzArchive opens anything as a workbook: rows, or an *Unsupported.
func FuzzArchive(f *testing.F) {
	f.Add(plainBook.zip(f))
	f.Add(book{"xl/styles.xml": ""}.zip(f))
	f.Fuzz(func(t *testing.T, in []byte) {
		_, err := readXLSX(in, Options{MaxRowBytes: 1000})
		var u *Unsupported
		if err != nil && !errors.As(err, &u) {
			t.Fatalf("error %v is not final", err)
		}
		if d, err := Detect(in, int64(len(in))); err == nil && d.Format == CSV {
			for _, err := range OpenCSV(bytes.NewReader(in), Options{}.With(d)).Rows() {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
