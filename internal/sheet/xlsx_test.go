package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/member"
)

// book is a workbook made by hand: the parts by name, over those of a small workbook with one sheet.
type book map[string]string

const (
	spreadsheetML = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relsML        = `xmlns="http://schemas.openxmlformats.org/package/2006/relationships"`
	relType       = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

var plainBook = book{
	"[Content_Types].xml": `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
	"_rels/.rels":         `<Relationships ` + relsML + `><Relationship Id="rId1" Type="` + relType + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
	"xl/workbook.xml":     `<workbook ` + spreadsheetML + `><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
	"xl/_rels/workbook.xml.rels": `<Relationships ` + relsML + `>` +
		`<Relationship Id="rId1" Type="` + relType + `worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="` + relType + `styles" Target="styles.xml"/>` +
		`<Relationship Id="rId3" Type="` + relType + `sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>`,
	"xl/styles.xml": `<styleSheet ` + spreadsheetML + `><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"/>` +
		`<numFmt numFmtId="165" formatCode="yyyy/mm/dd\ hh:mm:ss"/><numFmt numFmtId="166" formatCode="[h]:mm:ss"/>` +
		`<numFmt numFmtId="167" formatCode="000000"/><numFmt numFmtId="168" formatCode="[Red]#,##0.00&quot; days&quot;"/></numFmts>` +
		`<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="21"/>` +
		`<xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="167"/><xf numFmtId="168"/><xf numFmtId="49"/></cellXfs></styleSheet>`,
	"xl/sharedStrings.xml": `<sst ` + spreadsheetML + `><si><t>名前</t></si><si><r><t>山</t></r><r><rPr><b/></rPr><t xml:space="preserve">田 </t></r><rPh sb="0" eb="2"><t>ヤマダ</t></rPh></si>` +
		`<si><t>漢字</t><rPh sb="0" eb="2"><t>カンジ</t></rPh><phoneticPr fontId="1"/></si><si/><si><t>a&lt;b&amp;&#x3042;&#12356;_x000D_&#10;_x005F_x000D_</t></si></sst>`,
	"xl/worksheets/sheet1.xml": sheetXML(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`),
}

func sheetXML(rows string) string {
	return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<worksheet ` + spreadsheetML + `><dimension ref="A1:XFD1048576"/><sheetViews/><sheetData>` +
		rows + `</sheetData><pageMargins left="0.7"/></worksheet>`
}

// with returns the plain book with its only sheet's rows.
func rowsBook(rows string) book { return book{"xl/worksheets/sheet1.xml": sheetXML(rows)} }

func (b book) zip(t testing.TB) []byte {
	t.Helper()
	parts := maps.Clone(plainBook)
	maps.Copy(parts, b)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		p, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p, parts[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readXLSX returns the rows, and the error that ended them.
func readXLSX(data []byte, o Options) (out []record, err error) {
	x, err := OpenXLSX(bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	for row, err := range x.Rows() {
		if err != nil {
			return out, err
		}
		out = append(out, keep(row))
	}
	return out, nil
}

func TestXLSXGivesTheRowsOfTheSheet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   book
		want string
	}{
		{"no rows", rowsBook(""), ""},
		{"self-closed sheet data", book{"xl/worksheets/sheet1.xml": `<worksheet><sheetData/></worksheet>`}, ""},
		{
			"shared strings", rowsBook(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="s"><v>3</v></c><c r="E1" t="s"><v>4</v></c></row>`),
			"1 [\"名前\" \"山田 \" \"漢字\" \"\" \"a<b&あい\\r\\n_x000D_\"]\n",
		},
		{
			"inline strings", rowsBook(`<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><r><t>b</t></r><r><t xml:space="preserve"> c</t></r><rPh sb="0" eb="1"><t>x</t></rPh></is></c></row>`),
			"1 [\"a\" \"b c\"]\n",
		},
		{
			"formula values", rowsBook(`<row r="1"><c r="A1" t="str"><f>B1&amp;"x"</f><v>yx</v></c><c r="B1"><f>1+1</f><v>2</v></c><c r="C1" t="b"><f>TRUE()</f><v>1</v></c><c r="D1" t="str"><f>""</f><v></v></c><c r="E1" t="b"><v>0</v></c></row>`),
			"1 [\"yx\" \"2\" \"TRUE\" \"\" \"FALSE\"]\n",
		},
		{
			"a formula that was never calculated", rowsBook(`<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>A1</f></c></row>`),
			"1 [\"1\" \"\"] cell_error(2 formula)\n",
		},
		{
			"error values", rowsBook(`<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="e"><f>NA()</f><v>#N/A</v></c><c r="C1" t="e"><v>#REF!</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>`),
			"1 [\"1\" \"#N/A\" \"#REF!\"] cell_error(2 #N/A)\n2 [\"2\" \"\" \"\"]\n",
		},
		{"a cell that is there twice", rowsBook(`<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c><c r="A1"><v>3</v></c></row><row r="2"><c r="A2"/><c r="A2"><v>4</v></c></row>`), "1 [\"3\" \"2\"] cell_error(1 twice)\n2 [\"4\" \"\"]\n"},
		{"a text that is not there", rowsBook(`<row r="1"><c r="A1" t="s"><v>99</v></c></row>`), "1 [\"99\"] cell_error(1 text)\n"},
		{
			"sparse cells and rows", rowsBook(`<row r="2"><c r="B2"><v>1</v></c><c r="D2"><v>2</v></c></row><row r="5"/><row r="1000000"><c r="A1000000"><v>3</v></c></row>`),
			"2 [\"\" \"1\" \"\" \"2\"]\n1000000 [\"3\" \"\" \"\" \"\"]\n",
		},
		{
			"no references", rowsBook(`<row><c><v>1</v></c><c><v>2</v></c></row><row></row><row><c/><c><v>4</v></c></row>`),
			"1 [\"1\" \"2\"]\n3 [\"\" \"4\"]\n",
		},
		{
			"some references", rowsBook(`<row r="3"><c r="B3"><v>1</v></c><c><v>2</v></c></row><row><c r="C4"><v>3</v></c></row>`),
			"3 [\"\" \"1\" \"2\"]\n4 [\"\" \"\" \"3\"]\n",
		},
		{
			"cells out of order", rowsBook(`<row r="1"><c r="B1"><v>2</v></c><c r="A1"><v>1</v></c></row><row r="1"><c r="A1"><v>3</v></c></row>`),
			"1 [\"1\" \"2\"]\n2 [\"3\" \"\"]\n",
		},
		{
			"blank rows count", rowsBook(`<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2" s="1"/><c r="B2" t="inlineStr"><is><t> </t></is></c></row><row r="3"><c r="A3"><v>3</v></c></row>`),
			"1 [\"1\"]\n3 [\"3\"]\n",
		},
		{
			"trailing empty cells and extra ones", rowsBook(`<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="1"/></row><row r="2"><c r="A2"><v>1</v></c><c r="C2"><v>3</v></c><c r="D2"/></row>`),
			"1 [\"1\"]\n2 [\"1\" \"\" \"3\"]\n",
		},
		{"prefixed namespaces", book{
			"xl/workbook.xml":          `<x:workbook xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:rel="u"><x:sheets><x:sheet name="S" sheetId="1" rel:id="rId1"/></x:sheets></x:workbook>`,
			"xl/worksheets/sheet1.xml": `<x:worksheet xmlns:x="u"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c><x:c r="B1" t="inlineStr"><x:is><x:t>i</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>`,
			"xl/sharedStrings.xml":     `<x:sst xmlns:x="u"><x:si><x:t>s</x:t></x:si></x:sst>`,
		}, "1 [\"s\" \"i\"]\n"},
		{
			"comments, CDATA, apostrophes and > in attributes", rowsBook(`<!-- <row> --><row r='1' x=">" y='"'><?pi <c?><c r='A1' t='inlineStr'><is><t><![CDATA[a<b&amp;]]]]><![CDATA[>]]>&apos;</t></is></c></row>`),
			"1 [\"a<b&amp;]]>'\"]\n",
		},
		{"line ends in text", rowsBook("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>a\r\nb\rc\nd&#13;e</t></is></c></row>"), "1 [\"a\\nb\\nc\\nd\\re\"]\n"},
		{
			"escapes", rowsBook(`<row r="1"><c r="A1" t="inlineStr"><is><t>_x0041__x3042__xD83D__xDE00__x00_x_x004_&unknown;& _x</t></is></c></row>`),
			"1 [\"Aあ😀_x00_x_x004_&unknown;& _x\"]\n",
		},
		{
			"pairs of surrogates as two references", rowsBook(`<row r="1"><c r="A1" t="inlineStr"><is><t>&#xD83D;&#xDE00;&#55357;&#56832;</t></is></c></row>`),
			"1 [\"😀😀\"]\n",
		},
		{
			"half a pair of surrogates", rowsBook(`<row r="1"><c r="A1" t="inlineStr"><is><t>a&#xD83D;b</t></is></c></row>` +
				`<row r="2"><c r="A2" t="inlineStr"><is><t>_xDE00__xD83D_</t></is></c></row>`),
			"1 [\"a\ufffdb\"] undecodable(1 0xED @ 2)\n2 [\"\ufffd\"] undecodable(1 0xED @ 1)\n",
		},
		{
			"NUL and broken UTF-8", rowsBook("<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>a_x0000_b</t></is></c><c r=\"C1\" t=\"inlineStr\"><is><t>\xff</t></is></c></row>"),
			"1 [\"1\" \"a\ufffdb\" \"\ufffd\"] undecodable(2 0x00 @ 2)\n",
		},
		{
			"ISO dates", rowsBook(`<row r="1"><c r="A1" t="d"><v>2024-05-04</v></c><c r="B1" t="d" s="1"><v>2024-05-04T00:00:00.000Z</v></c><c r="C1" t="d" s="2"><v>2024-05-04T12:34:56.789</v></c></row>`),
			"1 [\"2024-05-04\" \"2024-05-04\" \"2024-05-04T12:34:56\"]\n",
		},
		{
			"too many columns", rowsBook(`<row r="1"><c r="XFD1"><v>1</v></c></row><row r="2"><c r="XFE2"><v>1</v></c></row><row r="3"><c r="ZZZZZZZ3"/><c r="A3"><v>1</v></c></row>`),
			"1 [" + strings.Repeat("\"\" ", MaxColumns-1) + "\"1\"]\n2 [] too_many_cells(0 16385/16384)\n3 [\"1\"" + strings.Repeat(" \"\"", MaxColumns-1) + "]\n",
		},
		{
			"a row that is too long", rowsBook(`<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>` + strings.Repeat("x", 300) + `</t></is></c></row>` +
				`<row r="3"><c r="A3" t="inlineStr"><is><t>` + strings.Repeat("y", 150) + `</t></is></c><c r="B3" t="inlineStr"><is><t>` + strings.Repeat("y", 150) + `</t></is></c></row>` +
				`<row r="4"><c r="A4" t="inlineStr"><is><t>` + strings.Repeat("z", 200) + `</t></is></c></row>`),
			"1 [\"1\"]\n2 [] row_too_long(0 200)\n3 [] row_too_long(0 200)\n4 [\"" + strings.Repeat("z", 200) + "\"]\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := readXLSX(tt.in.zip(t), Options{MaxRowBytes: 200})
			if tt.name == "too many columns" {
				got, err = readXLSX(tt.in.zip(t), Options{})
			}
			if err != nil {
				t.Fatal(err)
			}
			if show(got) != tt.want {
				t.Errorf("rows:\n%swant:\n%s", show(got), tt.want)
			}
		})
	}
}

func TestXLSXWithoutHeaderIsAsWideAsItsFirstRows(t *testing.T) {
	t.Parallel()
	in := rowsBook(`<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2"><v>3</v></c></row>`).zip(t)
	got, err := readXLSX(in, Options{NoHeader: true})
	if want := "1 [\"1\" \"\" \"\"]\n2 [\"名前\" \"\" \"3\"]\n"; err != nil || show(got) != want {
		t.Errorf("rows:\n%s(%v) want:\n%s", show(got), err, want)
	}
}

func TestXLSXFindsTheSheet(t *testing.T) {
	t.Parallel()
	one := func(v string) string { return sheetXML(`<row r="1"><c r="A1"><v>` + v + `</v></c></row>`) }
	in := book{
		"xl/workbook.xml": `<workbook ` + spreadsheetML + `><sheets><sheet name="Chart" sheetId="4" r:id="c"/><sheet name="old" sheetId="1" state="hidden" r:id="h"/>` +
			`<sheet name="very" sheetId="5" state="veryHidden" r:id="h"/><sheet name="会員&amp;一覧" sheetId="2" r:id="v"/><sheet name="More" sheetId="3" r:id="m"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships ` + relsML + `><Relationship Id="h" Type="` + relType + `worksheet" Target="worksheets/a.xml"/>` +
			`<Relationship Id="c" Type="` + relType + `chartsheet" Target="chartsheets/c.xml"/>` +
			`<Relationship Id="v" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet" Target="/xl/Worksheets/B.xml"/>` +
			`<Relationship Id="m" Type="` + relType + `worksheet" Target="../xl/worksheets/c.xml"/></Relationships>`,
		"xl/worksheets/a.xml": one("1"), "xl/worksheets/b.xml": one("2"), "xl/worksheets/c.xml": one("3"),
	}.zip(t)
	for name, want := range map[string]string{"": "2", "会員&一覧": "2", "more": "3", "old": "1"} {
		got, err := readXLSX(in, Options{Sheet: name})
		if err != nil || len(got) != 1 || got[0].cells[0] != want {
			t.Errorf("sheet %q: %s, %v; want %s", name, show(got), err, want)
		}
	}
	_, err := readXLSX(in, Options{Sheet: "none"})
	var u *Unsupported
	if !errors.As(err, &u) || u.Code != member.SheetMissing || u.Detail != "none" {
		t.Errorf("missing sheet: %v", err)
	}
	x, err := OpenXLSX(bytes.NewReader(in), int64(len(in)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if n := len(x.Sheets()); n != 4 || x.Sheet().Name != "会員&一覧" {
		t.Errorf("sheets = %+v, sheet = %+v", x.Sheets(), x.Sheet())
	}
}

func TestXLSXNumbersAsPeopleSeeThem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		style    int
		in, want string
	}{
		{0, "0.1", "0.1"},
		{0, "0.10000000000000001", "0.1"},
		{0, "0.30000000000000004", "0.3"},
		{0, "1.50", "1.5"},
		{0, "3.0", "3"},
		{0, "-0", "0"},
		{0, "-0.0", "0"},
		{0, "007", "7"},
		{0, "1234567890123456", "1234567890123456"},
		{0, "12345678901234567890", "12345678901234567890"},
		{0, "1.23456789012346E+15", "1234567890123460"},
		{0, "1E+3", "1000"},
		{0, "1e-7", "0.0000001"},
		{0, "4.9999999999999996", "5"},
		{0, "35.681236", "35.681236"},
		{0, "-12.5", "-12.5"},
		{0, "1E400", "1E400"},
		{0, "text", "text"},
		{0, " 5 ", "5"},
		{1, "45416", "2024-05-04"},
		{1, "45416.75", "2024-05-04"},
		{2, "45416.75", "2024-05-04T18:00:00"},
		{2, "45416", "2024-05-04T00:00:00"},
		{2, "45416.999999", "2024-05-05T00:00:00"},
		{2, "45416.524305555555", "2024-05-04T12:35:00"},
		{3, "0.75", "18:00:00"},
		{3, "45416.5", "12:00:00"},
		{4, "45416", "2024-05-04"},
		{5, "45416.5", "2024-05-04T12:00:00"},
		{6, "1.5", "36:00:00"},
		{6, "100", "2400:00:00"},
		{7, "123", "000123"},
		{7, "1234567", "1234567"},
		{7, "1.5", "1.5"},
		{8, "1234.50", "1234.5"},
		{9, "45416", "45416"},
		{99, "45416", "45416"},
		{1, "1", "1900-01-01"},
		{1, "59", "1900-02-28"},
		{1, "60", "1900-02-29"},
		{1, "61", "1900-03-01"},
		{1, "0", "1900-01-00"},
		{1, "2958465", "9999-12-31"},
		{1, "2958466", "2958466"},
		{1, "-1", "-1"},
	}
	for _, tt := range tests {
		in := rowsBook(fmt.Sprintf(`<row r="1"><c r="A1" s="%d"><v>%s</v></c></row>`, tt.style, tt.in)).zip(t)
		got, err := readXLSX(in, Options{})
		if err != nil || len(got) != 1 || got[0].cells[0] != tt.want {
			t.Errorf("%s with style %d: %s%v; want %s", tt.in, tt.style, show(got), err, tt.want)
		}
	}
}

func TestXLSXDatesOf1904(t *testing.T) {
	t.Parallel()
	b := rowsBook(`<row r="1"><c r="A1" s="1"><v>0</v></c><c r="B1" s="1"><v>43954</v></c><c r="C1" s="2"><v>43954.5</v></c><c r="D1" s="1"><v>2957004</v></c></row>`)
	b["xl/workbook.xml"] = strings.Replace(plainBook["xl/workbook.xml"], "<sheets>", `<workbookPr date1904="1"/><sheets>`, 1)
	got, err := readXLSX(b.zip(t), Options{})
	if want := "1 [\"1904-01-01\" \"2024-05-04\" \"2024-05-04T12:00:00\" \"2957004\"]\n"; err != nil || show(got) != want {
		t.Errorf("rows: %s%v; want %s", show(got), err, want)
	}
}

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]look{
		"General": lookNumber, `General"円"`: lookNumber, "G/標準": lookNumber, "0.00E+00": lookNumber, "#,##0;[Red]-#,##0": lookNumber, "@": lookNumber,
		`0"days"`: lookNumber, `0\d`: lookNumber, `_-* #,##0_-`: lookNumber, "[Blue]0.0%": lookNumber, "0": lookNumber,
		"yyyy/m/d": lookDate, "m/d;@": lookDate, "mmm": lookDate, "[$-411]ge.m.d": lookDate, `[$-411]ggge"年"m"月"`: lookDate, "aaa": lookDate,
		"h:mm": lookTime, "mm:ss.0": lookTime, "h:mm AM/PM": lookTime, "yyyy-mm-dd h:mm": lookDateTime, "[$-F800]dddd, mmmm dd": lookDate,
		"[h]:mm": lookElapsed, "[mm]:ss": lookElapsed, "00000": lookDigits, "": lookNumber, `"unclosed yyyy`: lookNumber, "[h": lookTime,
	} {
		if got := parseFormat(code); got.look != want {
			t.Errorf("look of %q = %d, want %d", code, got.look, want)
		}
	}
}
