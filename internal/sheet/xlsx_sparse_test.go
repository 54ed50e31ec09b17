package sheet

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"
)

// lookBoolean stands for a cell that is no number.
const lookBoolean look = 255

// numberFormats are formats, and what becomes of a number under each.
var numberFormats = []struct {
	code string
	look look
}{
	{"General", lookNumber},
	{"0.00", lookNumber},
	{"#,##0;[Red]-#,##0", lookNumber},
	{"0.0%", lookNumber},
	{"@", lookNumber},
	{`0"日"`, lookNumber},
	{"yyyy/m/d", lookDate},
	{`[$-411]ggge"年"m"月"d"日"`, lookDate},
	{`m"月"d"日"`, lookDate},
	{"d-mmm-yy", lookDate},
	{"yyyy/m/d h:mm", lookDateTime},
	{`yyyy-mm-dd"T"hh:mm:ss`, lookDateTime},
	{"h:mm:ss", lookTime},
	{"[h]:mm:ss", lookElapsed},
}

// TestXLSXAgreesWithExcelizeOnSparseWorkbooks scatters cells of all kinds and formats over sheets, and compares each with
// what excelize reads in the file: text as it is, numbers as numbers, and dates by excelize's own calendar.
func TestXLSXAgreesWithExcelizeOnSparseWorkbooks(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 7))
		in, looks := scattered(t, r, seed%2 == 1)
		f, err := excelize.OpenReader(bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		raw, err := f.GetRows("Sheet1", excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		got, err := readXLSX(in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		cells := map[[2]int]string{}
		for _, row := range got {
			if row.fault.Code != "" {
				t.Fatalf("seed %d: row %d: %+v", seed, row.number, row.fault)
			}
			for c, cell := range row.cells {
				if cell != "" {
					cells[[2]int{int(row.number), c + 1}] = cell
				}
			}
		}
		for n, row := range raw {
			for c, value := range row {
				at := [2]int{n + 1, c + 1}
				if want := asRead(t, value, looks[at], seed%2 == 1); cells[at] != want && !sameNumber(cells[at], want) {
					t.Errorf("seed %d: cell %v is %q, excelize reads %q as %d: %q", seed, at, cells[at], value, looks[at], want)
				}
				delete(cells, at)
			}
		}
		if len(cells) > 0 {
			t.Errorf("seed %d: excelize has no %v", seed, cells)
		}
	}
}

// scattered is a workbook with cells here and there, and how each of its numbers is to be shown.
func scattered(t *testing.T, r *rand.Rand, date1904 bool) ([]byte, map[[2]int]look) {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &date1904}); err != nil {
		t.Fatal(err)
	}
	styles := make([]int, len(numberFormats))
	for i, format := range numberFormats {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format.code})
		if err != nil {
			t.Fatal(err)
		}
		styles[i] = id
	}
	looks := map[[2]int]look{}
	for range 400 {
		at := [2]int{1 + r.IntN(1000), 1 + r.IntN(60)}
		cell, _ := excelize.CoordinatesToCellName(at[1], at[0])
		style := r.IntN(len(styles))
		var value any
		switch r.IntN(5) {
		case 0:
			value = "t" + randomText(r)
		case 1:
			value = r.IntN(2) == 1
		case 2:
			value = r.IntN(60000) + 61
		default:
			value = math.Round(float64(r.Int64N(50000*secondsPerDay)))/secondsPerDay + 61
		}
		looks[at] = lookNumber
		switch value.(type) {
		case int, float64:
			looks[at] = numberFormats[style].look
		case bool:
			looks[at] = lookBoolean
		}
		if err := f.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellStyle("Sheet1", cell, cell, styles[style]); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), looks
}

// asRead is what excelize's raw value is to be, going by excelize's own dates.
func asRead(t *testing.T, raw string, l look, date1904 bool) string {
	t.Helper()
	if l == lookBoolean {
		return map[string]string{"0": "FALSE", "1": "TRUE"}[raw]
	}
	if l == lookNumber {
		if f, err := strconv.ParseFloat(raw, 64); err == nil {
			return strconv.FormatFloat(f, 'g', 15, 64)
		}
		return raw
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return raw
	}
	at, err := excelize.ExcelDateToTime(f, date1904)
	if err != nil {
		t.Fatal(err)
	}
	switch l {
	case lookDate:
		return at.Format("2006-01-02")
	case lookDateTime:
		return at.Format("2006-01-02T15:04:05")
	case lookTime:
		return at.Format("15:04:05")
	}
	seconds := int64(math.Round(f * secondsPerDay))
	return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}
