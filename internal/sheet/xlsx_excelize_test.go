package sheet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// randomText is text of the kind that breaks readers. It leaves out what looks like an escape (_x000D_), which
// excelize does not escape in shared strings.
func randomText(r *rand.Rand) string {
	pieces := []string{"山田", "髙﨑", "😀", " ", "a", "\"", ",", "\n", "\t", "<b>", "&amp;", "_", "]]>", "0123", "=1+1", "'", "é", "ｱﾞ"}
	var b strings.Builder
	for range 1 + r.IntN(6) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// TestXLSXAgreesWithExcelize writes random cells of every kind with excelize, as shared strings and as inline
// ones, and compares the rows with what was written and with what excelize reads.
func TestXLSXAgreesWithExcelize(t *testing.T) {
	t.Parallel()
	const rows, columns = 200, 12
	r := rand.New(rand.NewPCG(1, 2))
	f := excelize.NewFile()
	defer f.Close()
	date, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	custom := "yyyy\"年\"m\"月\"d\"日\" hh:mm:ss"
	full, err := f.NewStyle(&excelize.Style{CustomNumFmt: &custom})
	if err != nil {
		t.Fatal(err)
	}
	sw, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("Shared"); err != nil {
		t.Fatal(err)
	}
	epoch := time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC)
	var want [][]string
	for n := range rows {
		var cells []any
		var texts []string
		for c := range columns {
			at := epoch.Add(time.Duration(r.Int64N(150*365*24*3600)) * time.Second)
			var value any
			text, style := "", 0
			switch k := r.IntN(8); {
			case c == 0 || k == 0:
				text = "row " + randomText(r)
				value = text
			case k == 1:
				number := r.Int64N(1 << 52)
				value, text = number, strconv.FormatInt(number, 10)
			case k == 2:
				number := float64(r.Int64N(1e9)) / 1000
				value, text = number, strconv.FormatFloat(number, 'f', -1, 64)
			case k == 3:
				value, text = r.IntN(2) == 1, ""
				text = strings.ToUpper(fmt.Sprint(value))
			case k == 4:
				value, text, style = at, at.Format(time.DateOnly), date
			case k == 5:
				value, text, style = at, at.Format("2006-01-02T15:04:05"), full
			case k == 6:
				value = nil
			default:
				text = randomText(r)
				value = text
			}
			texts = append(texts, text)
			cells = append(cells, excelize.Cell{StyleID: style, Value: value})
			name, _ := excelize.CoordinatesToCellName(c+1, n+1)
			if err := f.SetCellValue("Shared", name, value); err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStyle("Shared", name, name, style); err != nil {
				t.Fatal(err)
			}
		}
		if err := sw.SetRow(fmt.Sprintf("A%d", n+1), cells); err != nil {
			t.Fatal(err)
		}
		want = append(want, texts)
	}
	if err := sw.Flush(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Sheet1", "Shared"} {
		got, err := readXLSX(out.Bytes(), Options{Sheet: name, NoHeader: true})
		if err != nil {
			t.Fatal(err)
		}
		other, err := f.GetRows(name)
		if name == "Sheet1" { // the stream is in the archive only
			var again *excelize.File
			if again, err = excelize.OpenReader(bytes.NewReader(out.Bytes())); err == nil {
				defer again.Close()
				other, err = again.GetRows(name)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range got {
			if row.number != int64(i+1) || row.fault.Code != "" || !slices.Equal(row.cells, want[i]) {
				t.Fatalf("%s: row %d is %+v, want %q", name, i+1, row, want[i])
			}
			for c, text := range other[i] {
				_, dated := time.Parse(time.DateOnly, want[i][c][:min(10, len(want[i][c]))])
				if _, number := strconv.ParseFloat(text, 64); number != nil && dated != nil && text != row.cells[c] {
					t.Fatalf("%s: cell %d of row %d is %q, excelize reads %q", name, c+1, i+1, row.cells[c], text)
				}
			}
		}
		if len(got) != rows {
			t.Errorf("%s: %d rows, want %d", name, len(got), rows)
		}
	}
}

// textRows are rows of text with n cells each.
func textRows(r *rand.Rand, rows, n int) [][]string {
	out := make([][]string, rows)
	for i := range out {
		out[i] = append(out[i], fmt.Sprintf("%05d", i))
		for range n - 1 {
			out[i] = append(out[i], randomText(r))
		}
	}
	return out
}

func TestWriteXLSXIsReadBackTheSame(t *testing.T) {
	t.Parallel()
	want := textRows(rand.New(rand.NewPCG(3, 4)), 300, 8)
	want[0][3], want[0][4], want[0][5] = "0012", "_x000D_", "a_x005F_x0041_"
	var out bytes.Buffer
	if err := WriteXLSX(&out, "エラー行", slices.Values(want)); err != nil {
		t.Fatal(err)
	}
	if d, err := Detect(out.Bytes()[:min(out.Len(), HeadSize)], int64(out.Len())); err != nil || d.Format != XLSX {
		t.Errorf("Detect = %+v, %v", d, err)
	}
	got, err := readXLSX(out.Bytes(), Options{Sheet: "エラー行"})
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i := range want {
		if !slices.Equal(got[i].cells, want[i]) {
			t.Fatalf("row %d is %q, want %q", i+1, got[i].cells, want[i])
		}
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	kind, err := f.GetCellType("エラー行", "D1")
	if err != nil || kind == excelize.CellTypeNumber {
		t.Errorf("type of a cell = %v, %v", kind, err)
	}
	for _, cell := range []string{"D1", "Z999"} { // also where people add rows
		id, err := f.GetCellStyle("エラー行", cell)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := f.GetStyle(id); err != nil || s.NumFmt != 49 {
			t.Errorf("format of %s = %+v, %v; want text", cell, s, err)
		}
	}
}

func TestWriteXLSXRefusesABadSheetName(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteXLSX(&out, "a/b", slices.Values([][]string{{"x"}})); err == nil {
		t.Error("no error for a sheet called a/b")
	}
}

// workbook writes n rows of 20 columns with excelize, as inline or as shared strings.
func benchBook(b *testing.B, n int, shared bool) []byte {
	b.Helper()
	var rows [][]string
	for row, err := range OpenCSV(bytes.NewReader(members(n)), Options{Delimiter: ','}).Rows() {
		if err != nil {
			b.Fatal(err)
		}
		rows = append(rows, keep(row).cells)
	}
	var out bytes.Buffer
	if !shared {
		if err := WriteXLSX(&out, "Sheet1", slices.Values(rows)); err != nil {
			b.Fatal(err)
		}
		return out.Bytes()
	}
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		cell := fmt.Sprintf("A%d", i+1)
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Write(&out); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func BenchmarkXLSX(b *testing.B) {
	const rows = 20000
	for _, shared := range []bool{false, true} {
		in := benchBook(b, rows, shared)
		kind := map[bool]string{false: "inline", true: "shared"}[shared]
		b.Run("sheet/"+kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x, err := OpenXLSX(bytes.NewReader(in), int64(len(in)), Options{})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for _, err := range x.Rows() {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				x.Close()
				if n != rows+1 {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run("excelize/"+kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, err := excelize.OpenReader(bytes.NewReader(in))
				if err != nil {
					b.Fatal(err)
				}
				it, err := f.Rows("Sheet1")
				if err != nil {
					b.Fatal(err)
				}
				for it.Next() {
					if _, err := it.Columns(); err != nil {
						b.Fatal(err)
					}
				}
				f.Close()
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
