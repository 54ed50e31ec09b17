package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	codeunits "unicode/utf16"
)

// cellsOf returns the cells of the first row of a book, and its fault.
func cellsOf(t *testing.T, data []byte) string {
	t.Helper()
	got, err := readXLSX(data, Options{})
	if err != nil {
		return err.Error()
	}
	return show(got)
}

func TestXLSXReadsWhatOtherProgramsWrite(t *testing.T) {
	t.Parallel()
	strict := strings.NewReplacer(
		"http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main",
		"http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships")
	strictBook := book{}
	for name, part := range plainBook {
		strictBook[name] = strict.Replace(part)
	}
	without := func(kinds ...string) string {
		rels := plainBook["xl/_rels/workbook.xml.rels"]
		for _, kind := range kinds {
			at := strings.Index(rels, "<Relationship Id=\"rId"+map[string]string{"styles": "2", "sharedStrings": "3"}[kind])
			rels = rels[:at] + rels[at+strings.Index(rels[at:], "/>")+2:]
		}
		return rels
	}
	tests := []struct {
		name string
		in   book
		want string
	}{
		{"strict", strictBook, "1 [\"名前\"]\n"},
		{"no styles, no shared strings", book{
			"xl/_rels/workbook.xml.rels": without("styles", "sharedStrings"),
			"xl/worksheets/sheet1.xml":   sheetXML(`<row><c s="3"><v>1.5</v></c><c t="inlineStr"><is><t>a</t></is></c></row>`),
		}, "1 [\"1.5\" \"a\"]\n"},
		{"styles named and left out", book{
			"xl/_rels/workbook.xml.rels": strings.Replace(plainBook["xl/_rels/workbook.xml.rels"], "styles.xml", "none.xml", 1),
		}, "1 [\"名前\"]\n"},
		{"names of parts with backslashes", book{
			`xl\worksheets\other.xml`:    sheetXML(`<row><c><v>7</v></c></row>`),
			"xl/_rels/workbook.xml.rels": strings.Replace(plainBook["xl/_rels/workbook.xml.rels"], "worksheets/sheet1.xml", `worksheets\other.xml`, 1),
		}, "1 [\"7\"]\n"},
		{"root part names in another case", book{
			"_rels/.rels":                strings.Replace(plainBook["_rels/.rels"], "xl/workbook.xml", "/XL/Workbook.XML", 1),
			"xl/_rels/workbook.xml.rels": strings.Replace(plainBook["xl/_rels/workbook.xml.rels"], `"worksheets/`, `"./worksheets/`, 1),
		}, "1 [\"名前\"]\n"},
		{"byte order mark", book{"xl/worksheets/sheet1.xml": BOM + sheetXML(`<row><c><v>1</v></c></row>`)}, "1 [\"1\"]\n"},
		{
			"content for newer programs", rowsBook(`<row r="1"><c r="A1"><v>1</v><extLst><ext><x:v xmlns:x="u">9</x:v></ext></extLst></c>` +
				`<mc:AlternateContent xmlns:mc="u"><mc:Choice Requires="z"><c r="B1"><v>2</v></c></mc:Choice><mc:Choice Requires="y"/><mc:Fallback><c r="B1"><v>3</v></c></mc:Fallback></mc:AlternateContent></row>`),
			"1 [\"1\" \"3\"]\n",
		},
		{
			"shared and array formulas", rowsBook(`<row r="1"><c r="A1"><f t="shared" ref="A1:B1" si="0">1+1</f><v>2</v></c><c r="B1"><f t="shared" si="0"/><v>3</v></c>` +
				`<c r="C1"><f t="array" ref="C1:D1">{1,2}</f><v>1</v></c><c r="D1"><v>2</v></c></row>`),
			"1 [\"2\" \"3\" \"1\" \"2\"]\n",
		},
		{
			"formulas that openpyxl wrote", rowsBook(`<row r="1"><c r="A1"><f>1+1</f><v></v></c></row><row r="2"><c r="A2"><f>1+1</f><v/></c></row><row r="3"><c r="A3" t="str"><f>A1</f></c></row><row r="4"><c r="A4" t="str"><f>""</f><v/></c><c r="B4"><v>1</v></c></row>`),
			"1 [\"\"] cell_error(1 formula)\n2 [\"\"] cell_error(1 formula)\n3 [\"\"] cell_error(1 formula)\n4 [\"\" \"1\"]\n",
		},
		{
			"inline text beside a value", rowsBook(`<row><c t="inlineStr"><v>1</v><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is><v>2</v></c><c t="inlineStr"><v>c</v></c></row>`),
			"1 [\"a\" \"b\" \"c\"]\n",
		},
		{
			"merged cells",
			book{"xl/worksheets/sheet1.xml": strings.Replace(sheetXML(`<row><c><v>1</v></c><c/><c><v>3</v></c></row>`), "<pageMargins", `<mergeCells><mergeCell ref="A1:B1"/></mergeCells><pageMargins`, 1)},
			"1 [\"1\" \"\" \"3\"]\n",
		},
		{
			"blanks in text", rowsBook(`<row><c t="inlineStr"><is><t>  a </t></is></c><c t="inlineStr"><is><t xml:space="preserve"> b</t></is></c><c t="str"><v> c </v></c></row>`),
			"1 [\"  a \" \" b\" \" c \"]\n",
		},
		{
			"a dimension that is far too large", rowsBook(`<row r="1"><c r="A1"><v>1</v></c></row><row r="10"><c r="A10"><v>2</v></c></row>`),
			"1 [\"1\"]\n10 [\"2\"]\n",
		},
		{
			"a list of places that is longer than the buffer",
			book{"xl/worksheets/sheet1.xml": strings.Replace(sheetXML(`<row><c><v>1</v></c></row>`), "<pageMargins", `<conditionalFormatting sqref="`+strings.Repeat("A1:B2 ", 50000)+`"/><pageMargins`, 1)},
			"1 [\"1\"]\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := cellsOf(t, tt.in.zip(t)); got != tt.want {
				t.Errorf("rows:\n%swant:\n%s", got, tt.want)
			}
		})
	}
}

// TestXLSXIgnoresWhatIsCalledLikeAnother: Excel writes <x15:workbookPr> into the extensions of many workbooks, where it says
// nothing about dates.
func TestXLSXIgnoresWhatIsCalledLikeAnother(t *testing.T) {
	t.Parallel()
	b := rowsBook(`<row><c s="1"><v>0</v></c></row>`)
	b["xl/workbook.xml"] = strings.NewReplacer("<sheets>", `<workbookPr date1904="1"/><sheets>`, "</sheets>",
		`</sheets><extLst><ext uri="{1}" xmlns:x15="u"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst>`).Replace(plainBook["xl/workbook.xml"])
	if got, want := cellsOf(t, b.zip(t)), "1 [\"1904-01-01\"]\n"; got != want {
		t.Errorf("rows: %s, want %s", got, want)
	}
	b = book{"xl/styles.xml": `<styleSheet><cellXfs><mc:AlternateContent xmlns:mc="u"><mc:Choice Requires="hs"><xf numFmtId="0"/></mc:Choice><mc:Fallback><xf numFmtId="0"/></mc:Fallback></mc:AlternateContent>` +
		`<xf numFmtId="14"/></cellXfs></styleSheet>`, "xl/worksheets/sheet1.xml": sheetXML(`<row><c s="1"><v>45416</v></c></row>`)}
	if got, want := cellsOf(t, b.zip(t)), "1 [\"2024-05-04\"]\n"; got != want {
		t.Errorf("rows: %s, want %s", got, want)
	}
}

func TestXLSXCellsWithoutStyleHaveTheFirst(t *testing.T) {
	t.Parallel()
	b := rowsBook(`<row><c><v>45416</v></c></row>`)
	b["xl/styles.xml"] = `<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`
	if got, want := cellsOf(t, b.zip(t)), "1 [\"2024-05-04\"]\n"; got != want {
		t.Errorf("rows: %s, want %s", got, want)
	}
}

func TestXLSXReadsPartsInUTF16(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]binary.AppendByteOrder{"little endian": binary.LittleEndian, "big endian": binary.BigEndian} {
		for _, mark := range []string{"", BOM} {
			b := book{}
			for part, text := range plainBook {
				var wide []byte
				for _, unit := range codeunits.Encode([]rune(mark + text)) {
					wide = order.AppendUint16(wide, unit)
				}
				b[part] = string(wide)
			}
			if got, want := cellsOf(t, b.zip(t)), "1 [\"名前\"]\n"; got != want {
				t.Errorf("%s, mark %q: rows %s, want %s", name, mark, got, want)
			}
		}
	}
}

func TestXLSXPrefersTheSheetOfExactlyThatName(t *testing.T) {
	t.Parallel()
	b := book{
		"xl/workbook.xml": `<workbook ` + spreadsheetML + `><sheets><sheet name="Members" r:id="a"/><sheet name="members" r:id="b"/><sheet name="gone" r:id="x"/><sheet name="Module" r:id=""/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" Type="` + relType + `worksheet" Target="a.xml"/><Relationship Id="b" Type="` + relType + `worksheet" Target="b.xml"/>` +
			`<Relationship Id="x" TargetMode="External" Type="` + relType + `worksheet" Target="file:///etc/passwd"/></Relationships>`,
		"xl/a.xml": sheetXML(`<row><c><v>1</v></c></row>`), "xl/b.xml": sheetXML(`<row><c><v>2</v></c></row>`),
	}.zip(t)
	for name, want := range map[string]string{"members": "2", "Members": "1", "MEMBERS": "1"} {
		if got, err := readXLSX(b, Options{Sheet: name}); err != nil || got[0].cells[0] != want {
			t.Errorf("sheet %q: %v, %v; want %s", name, got, err, want)
		}
	}
	_, err := readXLSX(b, Options{Sheet: "会員"})
	if want := `no "会員" among 3 sheets: "Members", "members", "gone"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("missing sheet: %v, want %s", err, want)
	}
	if _, err := readXLSX(b, Options{Sheet: "gone"}); err == nil {
		t.Error("a sheet outside of the archive was read")
	}
}

func TestXLSXShowsTheDigitsOfItsFormats(t *testing.T) {
	t.Parallel()
	const postcode = `[<=999]000;[<=9999]000\-00;000\-0000`
	const phone = `[<=99999999]####\-####;\(00\)\ ####\-####`
	tests := []struct{ format, in, want string }{
		{"00000", "123", "00123"},
		{"00000", "1234567", "1234567"},
		{"00000", "1.5", "1.5"},
		{"00000", "-5", "-5"},
		{"00000", "0", "00000"},
		{"000-0000", "600001", "060-0001"},
		{`0000"-"000000`, "12345678", "0012-345678"},
		{`"A"00000`, "12", "A00012"},
		{`"会員No."000`, "7", "会員No.007"},
		{postcode, "60", "060"},
		{postcode, "6000", "060-00"},
		{postcode, "600001", "060-0001"},
		{phone, "12345678", "1234-5678"},
		{phone, "312345678", "(03) 1234-5678"},
		{"[$-411]0000;@", "5", "0005"},
		{"[Red]000", "5", "005"},
		{"000;-000;00000", "0", "00000"},
		{"0", "7", "7"},
		{`0"円"`, "7", "7"},
		{"#,##0", "1234567", "1234567"},
		{"00.00", "1.5", "1.5"},
		{"0%", "0.12", "0.12"},
		{"0.00E+00", "12345", "12345"},
		{"[DBNum1]000", "12", "12"},
		{"[$¥-411]000", "12", "12"},
		{"# ?/?", "0.5", "0.5"},
		{`00"unclosed`, "5", "5"},
		{"[00", "5", "5"},
		{"00\\", "5", "05"},
		{`[$-411]ggge"年"m"月"d"日"`, "45416", "2024-05-04"},
		{`[$-411]ggge"年"mm"月"dd"日";@`, "43586", "2019-05-01"},
		{`yyyy"年"m"月"d"日"`, "45416", "2024-05-04"},
		{"m/d/yyyy", "45416.25", "2024-05-04"},
		{"[Red][<45000]yyyy/mm/dd;[Blue]yyyy-mm-dd", "45416", "2024-05-04"},
		{`h"時"mm"分"ss"秒"`, "0.5", "12:00:00"},
		{`[h]"時間"mm"分"`, "1.25", "30:00:00"},
		{"[$-F400]h:mm:ss\\ AM/PM", "0.75", "18:00:00"},
		{`yyyy/m/d\ h:mm;@`, "45416.5", "2024-05-04T12:00:00"},
	}
	for _, tt := range tests {
		b := rowsBook(fmt.Sprintf(`<row><c s="0"><v>%s</v></c></row>`, tt.in))
		b["xl/styles.xml"] = `<styleSheet><numFmts><numFmt numFmtId="200" formatCode="` + strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(tt.format) +
			`"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs></styleSheet>`
		if got, want := cellsOf(t, b.zip(t)), fmt.Sprintf("1 [%q]\n", tt.want); got != want {
			t.Errorf("%s as %s: %s, want %s", tt.in, tt.format, got, want)
		}
	}
}

func TestXLSXKnowsTheFormatsWithoutCode(t *testing.T) {
	t.Parallel()
	for want, ids := range map[string][]int{
		"2024-05-04":          {14, 15, 16, 17, 27, 28, 29, 30, 31, 34, 35, 36, 50, 55, 58},
		"06:00:00":            {18, 19, 20, 21, 32, 33, 45, 47},
		"2024-05-04T06:00:00": {22},
		"1089990:00:00":       {46},
		"45416.25":            {0, 1, 2, 3, 4, 9, 10, 11, 12, 13, 37, 38, 39, 40, 41, 44, 48, 49, 59},
	} {
		for _, id := range ids {
			b := rowsBook(`<row><c><v>45416.25</v></c></row>`)
			b["xl/styles.xml"] = fmt.Sprintf(`<styleSheet><cellXfs><xf numFmtId="%d"/></cellXfs></styleSheet>`, id)
			if got := cellsOf(t, b.zip(t)); got != fmt.Sprintf("1 [%q]\n", want) {
				t.Errorf("format %d: %s, want %s", id, got, want)
			}
		}
	}
}

// TestXLSXReadsEveryKindOfZIP: stored parts, sizes behind the parts, and the structures of ZIP64.
func TestXLSXReadsEveryKindOfZIP(t *testing.T) {
	t.Parallel()
	write := func(change func(h *zip.FileHeader, raw []byte)) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for _, name := range slices.Sorted(maps.Keys(plainBook)) {
			h := &zip.FileHeader{Name: name, Method: zip.Deflate}
			change(h, []byte(plainBook[name]))
			p, err := w.CreateHeader(h)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(p, plainBook[name]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	stored := write(func(h *zip.FileHeader, _ []byte) { h.Method = zip.Store })
	described := write(func(h *zip.FileHeader, _ []byte) { h.Flags |= 8 })
	behind := append([]byte("#!/bin/sh\n"), described...)
	for name, in := range map[string][]byte{"stored": stored, "sizes behind": described, "ZIP64": zip64(described), "a prefix": behind} {
		if got, want := cellsOf(t, in), "1 [\"名前\"]\n"; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// zip64 replaces the end of an archive's list of parts by that of a ZIP64 (APPNOTE.TXT 4.3.14 to 4.3.16).
func zip64(in []byte) []byte {
	end := in[len(in)-22:]
	le := binary.LittleEndian
	parts, size, at := uint64(le.Uint16(end[10:])), uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	out := bytes.Clone(in[:len(in)-22])
	record := uint64(len(out))
	out = le.AppendUint64(append(out, "PK\x06\x06"...), 44)
	out = append(out, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, n := range []uint64{parts, parts, size, at} {
		out = le.AppendUint64(out, n)
	}
	out = append(out, "PK\x06\x07\x00\x00\x00\x00"...)
	out = append(le.AppendUint64(out, record), 1, 0, 0, 0)
	out = append(out, "PK\x05\x06\x00\x00\x00\x00"...)
	return append(append(out, bytes.Repeat([]byte{0xFF}, 12)...), 0, 0)
}
