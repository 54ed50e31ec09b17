package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/member"
)

func TestXLSXRefusesWhatIsNotAWholeWorkbook(t *testing.T) {
	t.Parallel()
	whole := plainBook.zip(t)
	damaged := bytes.Clone(book{"xl/worksheets/sheet1.xml": sheetXML(strings.Repeat("<row><c><v>1</v></c></row>", 9999))}.zip(t))
	i := bytes.Index(damaged, []byte("xl/worksheets/sheet1.xml"))
	damaged[i+200] ^= 0xff
	deep := strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300)
	var many bytes.Buffer
	w := zip.NewWriter(&many)
	for n := range maxParts + 1 {
		if _, err := w.Create(fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	tests := []struct {
		name string
		in   []byte
		want member.Code
	}{
		{"nothing", nil, member.CorruptFile},
		{"half", whole[:len(whole)/2], member.CorruptFile},
		{"flipped bits", damaged, member.CorruptFile},
		{"not a ZIP", []byte("a,b\n1,2\n"), member.CorruptFile},
		{"no sheet part", book{"xl/_rels/workbook.xml.rels": strings.Replace(plainBook["xl/_rels/workbook.xml.rels"], "sheet1", "sheet9", 1)}.zip(t), member.CorruptFile},
		{"no sheets", book{"xl/workbook.xml": "<workbook/>"}.zip(t), member.SheetMissing},
		{"sheet cut off", book{"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c>`}.zip(t), member.CorruptFile},
		{"no XML", book{"xl/worksheets/sheet1.xml": "<<<<"}.zip(t), member.CorruptFile},
		{"endless tag", book{"xl/worksheets/sheet1.xml": "<worksheet " + strings.Repeat("x", 1<<17)}.zip(t), member.CorruptFile},
		{"crossed tags", book{"xl/worksheets/sheet1.xml": "<worksheet><sheetData><row></a></b></c>"}.zip(t), member.CorruptFile},
		{"DOCTYPE", book{"xl/worksheets/sheet1.xml": `<!DOCTYPE x [<!ENTITY a "b">]>` + sheetXML("")}.zip(t), member.CorruptFile},
		{"DOCTYPE in texts", book{"xl/sharedStrings.xml": `<!DOCTYPE x><sst/>`}.zip(t), member.CorruptFile},
		{"nested deep", book{"xl/worksheets/sheet1.xml": deep}.zip(t), member.CorruptFile},
		{"row beyond Excel's last", rowsBook(`<row r="1048577"><c><v>1</v></c></row>`).zip(t), member.FileTooLarge},
		{"path out of the archive", book{"../evil": ""}.zip(t), member.CorruptFile},
		{"a part twice", book{"XL/workbook.xml": ""}.zip(t), member.CorruptFile},
		{"many parts", many.Bytes(), member.FileTooLarge},
		{"bomb", book{"xl/worksheets/sheet1.xml": sheetXML(strings.Repeat(" ", 100<<20))}.zip(t), member.FileTooLarge},
		{"XLSB", book{"_rels/.rels": strings.Replace(plainBook["_rels/.rels"], "workbook.xml", "workbook.bin", 1)}.zip(t), member.FormatUnsupported},
		{"Word", book{"_rels/.rels": strings.Replace(plainBook["_rels/.rels"], "xl/workbook.xml", "word/document.xml", 1), "word/document.xml": ""}.zip(t), member.FormatUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readXLSX(tt.in, Options{})
			var u *Unsupported
			if !errors.As(err, &u) || u.Code != tt.want || u.Reason.JA == "" || u.Reason.EN == "" {
				t.Errorf("error = %v, want code %s", err, tt.want)
			}
		})
	}
}

// brokenAt fails to read beyond a place.
type brokenAt struct {
	*bytes.Reader
	at int64
}

var errBroken = errors.New("connection reset")

func (b brokenAt) ReadAt(p []byte, off int64) (int, error) {
	if off < b.at && off+int64(len(p)) >= b.at {
		return 0, errBroken
	}
	return b.Reader.ReadAt(p, off)
}

func TestXLSXReturnsTheSourcesError(t *testing.T) {
	t.Parallel()
	in := plainBook.zip(t)
	for at := range int64(len(in)) {
		x, err := OpenXLSX(brokenAt{bytes.NewReader(in), at + 1}, int64(len(in)), Options{})
		if err == nil {
			for _, err = range x.Rows() {
				if err != nil {
					break
				}
			}
			x.Close()
		}
		var u *Unsupported
		if errors.As(err, &u) {
			t.Fatalf("broken at %d: %v is final, want it to be tried again", at, err)
		}
	}
}

func TestTextsAreBoundedAndReadAsAsked(t *testing.T) {
	t.Parallel()
	var xml strings.Builder
	xml.WriteString("<sst>")
	for i := range 100000 {
		fmt.Fprintf(&xml, "<si><t>text number %d</t></si>", i)
	}
	fmt.Fprintf(&xml, "<si><t>%s</t></si><si><t>last</t></si></sst>", strings.Repeat("x", maxText+1))
	texts := newTexts(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(xml.String())), nil })
	for _, i := range []int{0, 10, 99999, 5} {
		if got, _, ok, err := texts.at(i); err != nil || !ok || string(got) != fmt.Sprintf("text number %d", i) {
			t.Errorf("text %d = %q, %v, %v", i, got, ok, err)
		}
	}
	if n := len(texts.places); n != 100000 {
		t.Errorf("%d texts read, want 100000", n)
	}
	if _, long, ok, err := texts.at(100000); !long || !ok || err != nil {
		t.Errorf("long text: %v, %v, %v", long, ok, err)
	}
	if got, _, _, _ := texts.at(100001); string(got) != "last" {
		t.Errorf("last text = %q", got)
	}
	if _, _, ok, err := texts.at(100002); ok || err != nil {
		t.Errorf("text after the last: %v, %v", ok, err)
	}
}

func TestXLSXBoundsItsRowsClosely(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 1000} {
		data := rowsBook(strings.Repeat("<row><c><v>1</v></c></row>", rows)).zip(t)
		x, err := OpenXLSX(bytes.NewReader(data), int64(len(data)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := x.MaxRows(); got < int64(rows) || got > int64(rows)+30 {
			t.Errorf("MaxRows of %d rows = %d", rows, got)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
}
