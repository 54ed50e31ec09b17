package sample

import (
	"fmt"
	"io"
	"slices"

	"github.com/meibo/meibo/internal/sheet"
)

// WriteXLSX writes the file as a workbook whose one sheet is called 会員. Rows with too few or too many cells do not
// occur in it: a sheet has no such thing as the end of a row.
func WriteXLSX(w io.Writer, c Config) (Expect, error) {
	inCells := slices.DeleteFunc(slices.Clone(defects), func(d defect) bool { return d.column == "" })
	g, err := newGenerator(c, inCells)
	if err != nil {
		return Expect{}, err
	}
	err = sheet.WriteXLSX(w, "会員", func(yield func([]string) bool) {
		cells := make([]string, len(g.columns))
		for i, k := range g.columns {
			cells[i] = columns[k].label
		}
		for i := 0; yield(cells) && i < c.Rows; i++ {
			g.next(i)
			for n := range g.columns {
				cells[n] = string(g.cell(n))
			}
		}
	})
	if err != nil {
		return Expect{}, fmt.Errorf("write sample: %w", err)
	}
	return g.expect, nil
}
