package inspect

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/sample"
	"github.com/meibo/meibo/internal/sheet"
)

// randomRows returns a header and rows of members, of some of the columns in some order.
func randomRows(t *testing.T, r *rand.Rand) [][]string {
	t.Helper()
	var b bytes.Buffer
	if _, err := sample.WriteCSV(&b, sample.Config{Rows: 10, Seed: r.Uint64(), DefectRate: 0.3}); err != nil {
		t.Fatal(err)
	}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), sheet.BOM)))
	reader.FieldsPerRecord = -1
	reader.LazyQuotes = true
	all, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns := r.Perm(len(all[0]))[:2+r.IntN(len(all[0])-2)]
	rows := make([][]string, len(all))
	for n, row := range all {
		for _, c := range columns {
			cell := ""
			if c < len(row) {
				cell = row[c]
			}
			rows[n] = append(rows[n], cell)
		}
	}
	return rows
}

func written(t *testing.T, rows [][]string) string {
	t.Helper()
	var b strings.Builder
	if err := sheet.WriteCSV(&b, func(yield func([]string) bool) {
		for _, row := range rows {
			if !yield(row) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// No row of data is left out above a header, and the header is found below whatever few lines stand above it: for any
// choice of columns.
func TestHeaderIsNoRowOfDataAndNoTitle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		rows := randomRows(t, r)
		if found := inspected(t, written(t, rows[1:]), Options{}); found.HeaderRow > 1 {
			t.Errorf("%d: row %d of data is the header of\n%s", n, found.HeaderRow, written(t, rows[1:]))
		}
		if found := inspected(t, written(t, rows), Options{}); found.HeaderRow != 1 {
			t.Errorf("%d: the header is in row %d of\n%s", n, found.HeaderRow, written(t, rows))
		}
		titled := append([][]string{{"会員一覧"}}, rows...)
		if found := inspected(t, written(t, titled), Options{}); found.HeaderRow != 2 {
			t.Errorf("%d: the header is in row %d of\n%s", n, found.HeaderRow, written(t, titled))
		}
	}
}
