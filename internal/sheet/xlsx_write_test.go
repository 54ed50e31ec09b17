package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// pairs are rows without errors.
func pairs(rows ...[]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// sameAfterXLSX writes rows and reads them back.
func sameAfterXLSX(t testing.TB, rows [][]string) {
	t.Helper()
	var out bytes.Buffer
	if err := WriteXLSX(&out, "Sheet1", slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	got, err := readXLSX(out.Bytes(), Options{NoHeader: true})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for n, row := range rows {
		if strings.Trim(strings.Join(row, ""), " \t") == "" {
			continue
		}
		if i == len(got) || got[i].number != int64(n+1) || got[i].fault.Code != "" || !slices.Equal(trimCells(got[i].cells), trimCells(row)) {
			t.Fatalf("row %d %q was read as %+v", n+1, row, got[min(i, len(got)):min(i+1, len(got))])
		}
		i++
	}
	if i != len(got) {
		t.Fatalf("%d rows too many", len(got)-i)
	}
}

// trimCells leaves out the empty cells at the end of a row: a sheet is as wide as its widest one.
func trimCells(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func TestWriteWorkbookLosesNoCharacter(t *testing.T) {
	t.Parallel()
	sameAfterXLSX(t, [][]string{
		{"control", "\x01\x02\x1f\x7f", "a\rb", "a\r\nb", "\n", "\t", " x ", "\u0085\u2028"},
		{"escapes", "_x000D_", "_x0041", "_x0041\x01", "__x0041_", "_x005F_x0041_", "_x", "_xzzzz_"},
		{"last", "\uFFFE\uFFFF", "𠮷😀", "]]>", "<&>\"'", "=1+1", "'=1", "0012"},
		{"", "", "far", ""},
		{strings.Repeat("長", MaxCell)},
	})
}

func FuzzWriteXLSX(f *testing.F) {
	f.Add("_x0041", "\x01", "\uFFFE")
	f.Add("a\r\n", "<&>", "_x005F_")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, s := range []string{a, b, c} {
			if !storable([]byte(s)) || longerThan(s, MaxCell) {
				return
			}
		}
		sameAfterXLSX(t, [][]string{{"key", a, b}, {c}, {a, b, c, ""}})
	})
}

func TestWriteWorkbookFailsBeyondALimit(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		rows iter.Seq2[[]string, error]
		want string
	}{
		{"long cell", pairs([]string{"a", strings.Repeat("a", MaxCell+1)}), "row 1: column 2: " + errCellTooLong.Error()},
		{"long cell of pairs", pairs([]string{strings.Repeat("😀", MaxCell/2+1)}), errCellTooLong.Error()},
		{"wide row", pairs(make([]string, MaxColumns+1)), "16385 cells"},
		{"failing rows", func(yield func([]string, error) bool) { _ = yield([]string{"a"}, nil) && yield(nil, broken) }, broken.Error()},
		{"many rows", func(yield func([]string, error) bool) {
			for range MaxSheetRows + 1 {
				if !yield(nil, nil) {
					return
				}
			}
		}, "row 1048577: a sheet has 1048576 rows"},
	} {
		var out bytes.Buffer
		err := WriteWorkbook(&out, Worksheet{Name: "a", Rows: tt.rows})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error = %v, want %q", tt.name, err, tt.want)
		}
		if _, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len())); err == nil {
			t.Errorf("%s: half a workbook looks whole", tt.name)
		}
	}
	if err := WriteWorkbook(failing{}, Worksheet{Name: "a", Rows: pairs([]string{"a"})}); !errors.Is(err, errBroken) {
		t.Errorf("error = %v, want that of the writer", err)
	}
}

func TestFitCellSaysWhatItCuts(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("あ", MaxCell)
	for in, want := range map[string]string{
		"":                                   "",
		full:                                 full,
		full + "い":                           strings.Repeat("あ", MaxCell-1) + "\uFFFD",
		strings.Repeat("😀", MaxCell/2) + "a": strings.Repeat("😀", MaxCell/2) + "a",
		strings.Repeat("😀", MaxCell/2+1):     strings.Repeat("😀", MaxCell/2) + "\uFFFD",
	} {
		got, cut := FitCell(in)
		if got != want || cut != (got != in) || longerThan(got, MaxCell) {
			t.Errorf("FitCell of %d bytes = %d bytes, %t", len(in), len(got), cut)
		}
	}
}

func TestWriteWorkbookIsAsExcelWantsIt(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := WriteWorkbook(&out,
		Worksheet{
			Name: "会員", Header: true, Widths: []float64{10, 30},
			DropDowns: []DropDown{{Column: 2, Sheet: "It's", Row: 2, First: 3, Last: 5, Title: "注意", Warning: "一覧にない値です。"}},
			Rows:      pairs([]string{"番号", "性別"}, []string{"001", "男性"}),
		},
		Worksheet{Name: "It's", Header: true, Wrap: true, Rows: pairs([]string{"項目"}, []string{"sex", "", "男性", "女性", "不明"})},
	)
	if err != nil {
		t.Fatal(err)
	}
	// Our reader takes the first sheet.
	if rows, err := readXLSX(out.Bytes(), Options{}); err != nil || len(rows) != 2 || rows[1].cells[0] != "001" {
		t.Errorf("rows = %+v, %v", rows, err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); !slices.Equal(got, []string{"会員", "It's"}) {
		t.Errorf("sheets = %q", got)
	}
	if p, err := f.GetPanes("会員"); err != nil || !p.Freeze || p.YSplit != 1 {
		t.Errorf("panes = %+v, %v", p, err)
	}
	for cell, bold := range map[string]bool{"A1": true, "B2": false, "B9": false, "XFD9": false} {
		id, err := f.GetCellStyle("会員", cell)
		if err != nil {
			t.Fatal(err)
		}
		s, err := f.GetStyle(id)
		if err != nil || s.NumFmt != 49 || (s.Font != nil && s.Font.Bold) != bold {
			t.Errorf("style of %s = %+v, %v", cell, s, err)
		}
	}
	if w, err := f.GetColWidth("会員", "B"); err != nil || w != 30 {
		t.Errorf("width = %v, %v", w, err)
	}
	lists, err := f.GetDataValidations("会員")
	if err != nil || len(lists) != 1 || lists[0].Sqref != "B2:B1048576" || lists[0].Formula1 != "'It''s'!$C$2:$E$2" || *lists[0].ErrorStyle != "warning" {
		t.Errorf("drop-downs = %+v, %v", lists, err)
	}
	if c, err := f.GetCellType("会員", "A2"); err != nil || c != excelize.CellTypeInlineString {
		t.Errorf("type = %v, %v", c, err)
	}
}

func BenchmarkWriteXLSX(b *testing.B) {
	row := make([]string, 23)
	for i := range row {
		row[i] = "横浜市港北区1-2-3"
	}
	const rows = 20_000
	b.ReportAllocs()
	for b.Loop() {
		err := WriteXLSX(io.Discard, "a", func(yield func([]string) bool) {
			for n := range rows {
				if row[0] = strconv.Itoa(n); !yield(row) {
					return
				}
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
