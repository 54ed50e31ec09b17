package sheet

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/member"
)

// goldenSheet is a sheet as openpyxl reads it (testdata/golden/make.py).
type goldenSheet struct {
	Name   string
	Hidden bool
	Rows   []struct {
		Number int64
		Cells  []string
	}
}

// TestGolden reads workbooks that other programs wrote, and compares every cell with what other programs read.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/golden/*.xlsx")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d workbooks, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(file, ".xlsx")
		compareOpenpyxl(t, name, data)
		compareLibreOffice(t, name, data)
	}
}

func compareOpenpyxl(t *testing.T, name string, data []byte) {
	t.Helper()
	var sheets []goldenSheet
	raw, err := os.ReadFile(name + ".json")
	if err == nil {
		err = json.Unmarshal(raw, &sheets)
	}
	if err != nil {
		t.Fatal(err)
	}
	x, err := OpenXLSX(strings.NewReader(string(data)), int64(len(data)), Options{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer x.Close()
	if n := len(x.Sheets()); n != len(sheets) || x.Sheet().Name != "会員 一覧" {
		t.Errorf("%s: %d sheets, %d wanted; the first one is %q", name, n, len(sheets), x.Sheet().Name)
	}
	for i, want := range sheets {
		if got := x.Sheets()[i]; got.Name != want.Name || got.Hidden != want.Hidden {
			t.Errorf("%s: sheet %d is %+v, want %q, hidden %v", name, i+1, got, want.Name, want.Hidden)
		}
		got, err := readXLSX(data, Options{Sheet: want.Name})
		if err != nil || len(got) != len(want.Rows) {
			t.Fatalf("%s: %d rows in %q, %v; want %d", name, len(got), want.Name, err, len(want.Rows))
		}
		for i, row := range want.Rows {
			failed := slices.ContainsFunc(row.Cells, func(c string) bool { return c == "?" || strings.HasPrefix(c, "#") })
			if got[i].number != row.Number || (got[i].fault.Code == member.CellError) != failed {
				t.Errorf("%s: %s, want row %d, failed: %v", name, show(got[i:i+1]), row.Number, failed)
			}
			for c, cell := range got[i].cells {
				if c >= len(row.Cells) && cell != "" || c < len(row.Cells) && cell != strings.Trim(row.Cells[c], "?") {
					t.Errorf("%s: cell %d of row %d of %q is %q, openpyxl reads %q", name, c+1, row.Number, want.Name, cell, row.Cells)
				}
			}
		}
	}
}

func compareLibreOffice(t *testing.T, name string, data []byte) {
	t.Helper()
	f, err := os.Open(name + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := readCSV(t, f, Options{})
	got, err := readXLSX(data, Options{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	want = slices.DeleteFunc(want, func(r record) bool { return strings.Join(r.cells, "") == "" })
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, LibreOffice has %d", name, len(got), len(want))
	}
	for i, row := range want {
		for c, cell := range row.cells {
			have := got[i].cells[c]
			uncalculated := got[i].fault.Detail == "formula" && have == ""
			if !uncalculated && have != fromLibreOffice(cell) && !sameNumber(have, cell) && !nextSecond(have, fromLibreOffice(cell)) {
				t.Errorf("%s: cell %d of row %d is %q, LibreOffice reads %q", name, c+1, got[i].number, have, cell)
			}
		}
	}
}

var american = regexp.MustCompile(`^\d\d/\d\d/\d{4}( \d\d:\d\d:\d\d)?$|^\d\d:\d\d:\d\d [AP]M$`)

// fromLibreOffice writes a date or time as the package does.
func fromLibreOffice(cell string) string {
	if !american.MatchString(cell) {
		return cell
	}
	for from, to := range map[string]string{"01/02/2006": time.DateOnly, "01/02/2006 15:04:05": "2006-01-02T15:04:05", "03:04:05 PM": time.TimeOnly} {
		if at, err := time.Parse(from, cell); err == nil {
			return at.Format(to)
		}
	}
	return cell
}

func sameNumber(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err == nil && err2 == nil && x == y
}

// nextSecond reports whether a is the time a second after b: LibreOffice cuts fractions of a second off, so that 9:30, of which
// ExcelJS writes a little less, becomes 9:29:59.
func nextSecond(a, b string) bool {
	x, err := time.Parse(time.TimeOnly, a)
	y, err2 := time.Parse(time.TimeOnly, b)
	return err == nil && err2 == nil && x.Sub(y) == time.Second
}
