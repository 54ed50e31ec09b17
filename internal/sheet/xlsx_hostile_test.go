package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/member"
)

// rawPart is a part whose headers can say anything.
type rawPart struct {
	name, local  string // local is the name in its own header; "" for the same
	data         string
	size         uint64 // 0: the true one
	method       uint16
	again        bool   // its header says that it is where the part before it is
	offset       uint32 // of the local header; 0: its own
	flags        uint16
	wrongSum     bool
	packedLonger uint32 // added to the packed size
}

// rawZip writes an archive by hand, over the parts of the plain book.
func rawZip(t *testing.T, parts ...rawPart) []byte {
	t.Helper()
	le := binary.LittleEndian
	var out, list []byte
	n := 0
	given := map[string]bool{}
	for _, p := range parts {
		given[p.name] = true
	}
	var all []rawPart
	var at uint32
	for _, name := range slices.Sorted(maps.Keys(plainBook)) {
		if !given[name] {
			all = append(all, rawPart{name: name, data: plainBook[name]})
		}
	}
	for _, p := range append(all, parts...) {
		packed := []byte(p.data)
		if p.method == 0 {
			var b bytes.Buffer
			w, err := flate.NewWriter(&b, flate.BestCompression)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, p.data)
			w.Close()
			packed, p.method = b.Bytes(), zip.Deflate
		}
		if p.size == 0 {
			p.size = uint64(len(p.data))
		}
		if p.local == "" {
			p.local = p.name
		}
		sum := crc32.ChecksumIEEE([]byte(p.data))
		if p.wrongSum {
			sum++
		}
		fields := func(b []byte) []byte {
			b = le.AppendUint16(le.AppendUint16(le.AppendUint16(b, 20), p.flags), p.method)
			b = le.AppendUint32(append(b, 0, 0, 0, 0), sum)
			return le.AppendUint32(le.AppendUint32(b, uint32(len(packed))+p.packedLonger), uint32(p.size))
		}
		last := at
		at = uint32(len(out))
		switch {
		case p.again:
			at = last
		case p.offset > 0:
			at = p.offset
		default:
			out = le.AppendUint16(fields(append(out, "PK\x03\x04"...)), uint16(len(p.local)))
			out = append(append(append(out, 0, 0), p.local...), packed...)
		}
		list = le.AppendUint16(fields(append(append(list, "PK\x01\x02"...), 20, 0)), uint16(len(p.name)))
		list = append(list, make([]byte, 12)...)
		list = append(le.AppendUint32(list, at), p.name...)
		n++
	}
	start := len(out)
	out = append(append(out, list...), "PK\x05\x06\x00\x00\x00\x00"...)
	out = le.AppendUint16(le.AppendUint16(out, uint16(n)), uint16(n))
	out = le.AppendUint32(le.AppendUint32(out, uint32(len(list))), uint32(start))
	return append(out, 0, 0)
}

const sheetPart = "xl/worksheets/sheet1.xml"

func TestXLSXRefusesHostileWorkbooks(t *testing.T) {
	t.Parallel()
	rows := sheetXML(`<row><c><v>1</v></c></row>`)
	rels := func(extra string) string {
		return strings.Replace(plainBook["xl/_rels/workbook.xml.rels"], "<Relationship Id=\"rId1\"", extra+"<Relationship Id=\"rIdX\"", 1)
	}
	sheet := func(target, more string) string {
		return rels(`<Relationship Id="rId1" Type="` + relType + `worksheet" Target="` + target + `"` + more + `/>`)
	}
	entities := `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>`
	shared := strings.Replace(plainBook["xl/sharedStrings.xml"], "<sst", entities+"<sst", 1)
	external := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>`
	blanks := strings.Repeat(" ", ratioFree+1)
	nested := make([]byte, 0, 1<<20)
	for range 1 << 18 {
		nested = append(nested, "<a>"...)
	}
	tests := []struct {
		name string
		in   []byte
		want member.Code
	}{
		{"entity bomb", book{"xl/sharedStrings.xml": shared}.zip(t), member.CorruptFile},
		{"entity bomb in the sheet", book{sheetPart: entities + rows}.zip(t), member.CorruptFile},
		{"entity bomb in the styles", book{"xl/styles.xml": entities + "<styleSheet/>"}.zip(t), member.CorruptFile},
		{"entity bomb in the relationships", book{"_rels/.rels": entities + plainBook["_rels/.rels"]}.zip(t), member.CorruptFile},
		{"external entity", book{sheetPart: external + rows}.zip(t), member.CorruptFile},
		{"parameter entity in the workbook", book{"xl/workbook.xml": `<!DOCTYPE w [<!ENTITY % p SYSTEM "http://127.0.0.1/x">%p;]>` + plainBook["xl/workbook.xml"]}.zip(t), member.CorruptFile},
		{"bomb in the texts", book{"xl/sharedStrings.xml": "<sst>" + blanks + "</sst>"}.zip(t), member.FileTooLarge},
		{"bomb in the styles", book{"xl/styles.xml": "<styleSheet>" + blanks + "</styleSheet>"}.zip(t), member.FileTooLarge},
		{"overlapping parts", rawZip(t, rawPart{name: "xl/media/a", data: "aaaaaaaaaaaaaaaaaaaaaaaa", method: zip.Deflate, packedLonger: 100}, rawPart{name: "xl/media/b", data: "b"}), member.CorruptFile},
		{"a part that is another's too", rawZip(t, rawPart{name: "xl/media/a", data: "aaaa"}, rawPart{name: "xl/media/b", data: "aaaa", again: true}), member.CorruptFile},
		{"smaller than it is", rawZip(t, rawPart{name: sheetPart, data: sheetXML(strings.Repeat("<row><c><v>1</v></c></row>", 100000)), size: 1000}), member.CorruptFile},
		{"larger than it is", rawZip(t, rawPart{name: sheetPart, data: rows, size: 1 << 30}), member.CorruptFile},
		{"wrong checksum", rawZip(t, rawPart{name: sheetPart, data: rows, wrongSum: true}), member.CorruptFile},
		{"unknown method", rawZip(t, rawPart{name: sheetPart, data: rows, method: 99}), member.CorruptFile},
		{"encrypted part", rawZip(t, rawPart{name: sheetPart, data: rows, flags: 1}), member.EncryptedFile},
		{"beyond the archive", rawZip(t, rawPart{name: sheetPart, data: rows, offset: 1 << 30}), member.CorruptFile},
		{"path upwards", book{"xl/../../evil": "x"}.zip(t), member.CorruptFile},
		{"path upwards with backslashes", book{`xl\..\..\evil`: "x"}.zip(t), member.CorruptFile},
		{"a part twice in other case", book{"xl/Worksheets/SHEET1.xml": rows}.zip(t), member.CorruptFile},
		{"a part twice from the root", book{"/xl/worksheets/sheet1.xml": rows}.zip(t), member.CorruptFile},
		{"a part twice with backslashes", book{`xl\worksheets\sheet1.xml`: rows}.zip(t), member.CorruptFile},
		{"sheet outside of the archive", book{"xl/_rels/workbook.xml.rels": sheet("../../../../etc/passwd", "")}.zip(t), member.CorruptFile},
		{"sheet at another host", book{"xl/_rels/workbook.xml.rels": sheet("http://127.0.0.1/s.xml", ` TargetMode="External"`)}.zip(t), member.CorruptFile},
		{"workbook as its own sheet", book{"xl/_rels/workbook.xml.rels": sheet("workbook.xml", "")}.zip(t), member.CorruptFile},
		{"relationships as sheet", book{"xl/_rels/workbook.xml.rels": sheet("_rels/workbook.xml.rels", "")}.zip(t), member.CorruptFile},
		{"endless attributes", book{sheetPart: `<worksheet><sheetData><row ` + strings.Repeat(`a="b" `, 1<<19) + `/></sheetData></worksheet>`}.zip(t), member.CorruptFile},
		{"endless attribute", book{sheetPart: `<worksheet a="` + strings.Repeat(`>`, 3<<20)}.zip(t), member.CorruptFile},
		{"no attribute", rowsBook(`<row r=1><c><v>1</v></c></row>`).zip(t), member.CorruptFile},
		{"no attribute of a cell", rowsBook(`<row><c r="A1><v>1</v></c></row>`).zip(t), member.CorruptFile},
		{"endless nesting", book{sheetPart: string(nested)}.zip(t), member.CorruptFile},
		{"endless nesting where nobody looks", book{sheetPart: "<worksheet><extLst>" + string(nested)}.zip(t), member.CorruptFile},
		{"endless comment", book{sheetPart: "<!-- " + strings.Repeat("-", 1<<20)}.zip(t), member.CorruptFile},
		{"many sheets", book{"xl/workbook.xml": "<workbook><sheets>" + strings.Repeat(`<sheet name="a" r:id="x"/>`, maxParts+1) + "</sheets></workbook>"}.zip(t), member.FileTooLarge},
		{"many relationships", book{"xl/_rels/workbook.xml.rels": "<Relationships>" + strings.Repeat(`<Relationship Id="a" Type="b" Target="c"/>`, maxParts+1) + "</Relationships>"}.zip(t), member.FileTooLarge},
		{"many styles", book{"xl/styles.xml": "<styleSheet><cellXfs>" + strings.Repeat("<xf/>", maxStyles+1) + "</cellXfs></styleSheet>"}.zip(t), member.CorruptFile},
		{"ZIP64 with parts without number", zip64Of(plainBook.zip(t), 1<<40), member.FileTooLarge},
		{"ZIP64 that leads nowhere", zip64At(plainBook.zip(t), 1<<60), member.CorruptFile},
		{"with a password", container("EncryptedPackage"), member.EncryptedFile},
		{"an old workbook", container("Workbook"), member.FormatUnsupported},
		{"OLE2", append([]byte(ole2), plainBook.zip(t)...), member.FormatUnsupported},
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

// container is the beginning of an OLE2 container whose directory has that name.
func container(name string) []byte {
	out := make([]byte, 4096)
	copy(out, ole2)
	out[30], out[48] = 9, 3 // sectors of 512 bytes; the directory is sector 3
	for i, c := range []byte(name) {
		out[4*512+2*i] = c
	}
	return out
}

// zip64Of is zip64 with another number of parts.
func zip64Of(in []byte, parts uint64) []byte {
	out := zip64(in)
	i := bytes.LastIndex(out, []byte("PK\x06\x06"))
	binary.LittleEndian.PutUint64(out[i+32:], parts)
	return out
}

// zip64At is zip64 with its record in another place.
func zip64At(in []byte, at uint64) []byte {
	out := zip64(in)
	i := bytes.LastIndex(out, []byte("PK\x06\x07"))
	binary.LittleEndian.PutUint64(out[i+8:], at)
	return out
}

// TestXLSXStaysWithinItsMemory reads workbooks whose rows, cells and texts are as large as they get.
func TestXLSXStaysWithinItsMemory(t *testing.T) {
	huge := strings.Repeat("x", 32<<20)
	columns := strings.Repeat("<c><v>1</v></c>", 100000)
	var distinct strings.Builder
	for i := range 300000 {
		fmt.Fprintf(&distinct, "<si><t>%d %s</t></si>", i, strings.Repeat("z", 200))
	}
	tests := []struct {
		name string
		in   book
		want string
	}{
		{"a cell of 32 MiB", rowsBook(`<row><c t="inlineStr"><is><t>` + huge + `</t></is></c></row><row><c><v>1</v></c></row>`), "1 [] row_too_long(0 262144)\n2 [\"1\"]\n"},
		{"a number of 32 MiB", rowsBook(`<row><c><v>` + strings.ReplaceAll(huge, "x", "1") + `</v></c></row><row><c><v>1</v></c></row>`), "1 [] row_too_long(0 262144)\n2 [\"1\"]\n"},
		{"a text of 32 MiB", book{
			"xl/sharedStrings.xml": "<sst><si><t>" + huge + "</t></si><si><t>b</t></si></sst>",
			sheetPart:              sheetXML(`<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>`),
		}, "1 [] row_too_long(0 262144)\n2 [\"b\"]\n"},
		{"a row of 100,000 columns", rowsBook("<row>" + columns + "</row><row><c><v>1</v></c></row>"), "1 [] too_many_cells(0 100000/16384)\n2 [\"1\"]\n"},
		{"texts that do not fit", book{
			"xl/sharedStrings.xml": "<sst>" + distinct.String() + "</sst>",
			sheetPart:              sheetXML(`<row><c t="s"><v>299999</v></c></row>`),
		}, "1 [\"299999 " + strings.Repeat("z", 200) + "\"]\n"},
	}
	for _, tt := range tests {
		data := tt.in.zip(t)
		tt.in = nil
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := readXLSX(data, Options{})
		runtime.ReadMemStats(&after)
		if err != nil || show(got) != tt.want {
			t.Errorf("%s: %.100s%v, want %.100s", tt.name, show(got), err, tt.want)
		}
		// All that was ever allocated, which is more than was held at once.
		const rows = 4 << 20
		if used := int64(after.TotalAlloc - before.TotalAlloc); used > 2*(WorkbookMemory(int64(len(data)))+rows) {
			t.Errorf("%s: %d bytes of memory for a workbook of %d", tt.name, used, len(data))
		}
	}
}
