package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
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
		{"a row in a row", rowsBook(`<row><c><v>1</v></c><row><c><v>2</v></c></row></row>`).zip(t), member.CorruptFile},
		{"a cell in a cell", rowsBook(`<row><c><v>1<c><v>2</v></c></v></c></row>`).zip(t), member.CorruptFile},
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

// numbered is a part of n texts of about so many bytes each, in which every 1,000th is too long to be had.
func numbered(n, bytes int) (open func() (io.ReadCloser, error), text func(i int) string) {
	pad := strings.Repeat("x", bytes)
	text = func(i int) string { return fmt.Sprintf("%s text %d", pad[:i%(bytes+1)], i) }
	return func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			out := bufio.NewWriter(w)
			out.WriteString("<sst>")
			for i := range n {
				out.WriteString("<si><t>")
				if i%1000 == 999 {
					out.WriteString(strings.Repeat("y", maxText+1))
				}
				out.WriteString(text(i))
				out.WriteString("</t></si>")
			}
			out.WriteString("</sst>")
			w.CloseWithError(out.Flush())
		}()
		return r, nil
	}, text
}

// TestTextsAreTheSameInMemoryAndOnDisk asks for texts in order, again, and at random.
func TestTextsAreTheSameInMemoryAndOnDisk(t *testing.T) {
	t.Parallel()
	tests := []struct{ n, bytes, limit int }{
		{5000, 10, 64 << 20}, // in memory
		{15000, 300, 1 << 20},
		{5000, 10, 0},
		{3000, 3000, 1 << 20}, // groups that are not held
		{40, 10, 0},
	}
	for _, tt := range tests {
		open, text := numbered(tt.n, tt.bytes)
		texts := newTexts(open, tt.limit)
		var own []byte
		check := func(i int) {
			own = append(own[:0], "before"...)
			got, long, ok, err := texts.at(&own, i)
			if want := i%1000 == 999; err != nil || !ok || long != want || !long && string(got) != text(i) || string(own[:6]) != "before" {
				t.Fatalf("%+v: text %d = %q, long %v, %v, %v", tt, i, got, long, ok, err)
			}
		}
		r := rand.New(rand.NewPCG(1, 1))
		for i := range tt.n / 2 {
			check(i)
			if i%3 == 0 {
				check(r.IntN(i + 1))
			}
		}
		if n := texts.count(); n != tt.n/2 {
			t.Errorf("%+v: %d texts read for %d", tt, n, tt.n/2)
		}
		check(tt.n - 1)
		for range tt.n {
			check(r.IntN(tt.n))
		}
		if _, _, ok, err := texts.at(&own, tt.n); ok || err != nil {
			t.Errorf("%+v: text after the last: %v, %v", tt, ok, err)
		}
		if spilled := texts.disk != nil; spilled != (tt.limit < 64<<20) {
			t.Errorf("%+v: on disk: %v", tt, spilled)
		}
		if kept := len(texts.blocks) << blockBits; kept > tt.limit {
			t.Errorf("%+v: %d bytes in memory", tt, kept)
		}
		if err := texts.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestXLSXLeavesNoTemporaryFile looks while the file is in use: what has no name needs no cleaning up.
func TestXLSXLeavesNoTemporaryFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	open, _ := numbered(900, 10)
	texts := newTexts(open, 0)
	var own []byte
	if _, _, ok, err := texts.at(&own, 500); !ok || err != nil || texts.disk == nil {
		t.Fatalf("text on disk: %v, %v", ok, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files with a name: %v, %v", left, err)
	}
	if err := texts.Close(); err != nil {
		t.Error(err)
	}
}

func TestXLSXIsTriedAgainWhenTheDiskFails(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	var shared, rows strings.Builder
	for i := range 40 {
		fmt.Fprintf(&shared, "<si><t>%s%d</t></si>", strings.Repeat("z", 100<<10), i)
		fmt.Fprintf(&rows, `<row><c t="s"><v>%d</v></c></row>`, i)
	}
	in := rowsBook(rows.String())
	in["xl/sharedStrings.xml"] = "<sst>" + shared.String() + "</sst>"
	got, err := readXLSX(in.zip(t), Options{})
	var u *Unsupported
	if err == nil || errors.As(err, &u) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%d rows, %v; want the failure of the disk", len(got), err)
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

// BenchmarkTexts asks for texts in the order of the file, as Excel and most others write them, and at random, as a sheet that
// was sorted does.
func BenchmarkTexts(b *testing.B) {
	const n = 100000
	for _, place := range []string{"memory", "disk"} {
		open, _ := numbered(n, 20)
		texts := newTexts(open, map[string]int{"memory": 64 << 20, "disk": 0}[place])
		var own []byte
		if _, _, _, err := texts.at(&own, n-1); err != nil {
			b.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 1))
		for order, next := range map[string]func(i int) int{
			"in order": func(i int) int { return i % n },
			"random":   func(int) int { return r.IntN(n) },
		} {
			b.Run(place+"/"+order, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					own = own[:0]
					if _, _, _, err := texts.at(&own, next(i)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		if err := texts.Close(); err != nil {
			b.Error(err)
		}
	}
}
