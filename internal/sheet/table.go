package sheet

import "iter"

// Below returns those of the rows of a file that stand below its header, which is the row of that number, or the first one
// where it is 0. In a workbook with rows above the header they are made as wide as the header. It can be ranged over once.
func Below(rows iter.Seq2[*Row, error], headerRow int64, f Format) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		below, skipped, width := false, false, 0
		for row, err := range rows {
			switch {
			case err != nil:
			case below && skipped && f == XLSX && row.Fault.Code == "":
				row.Cells = Fit(row.Cells, width)
			case below:
			case row.Number < headerRow:
				skipped = true
				continue
			default:
				below, width = true, len(Fit(row.Cells, 0))
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// Fit fills a row of a workbook up with empty cells to the width, or takes empty ones away down to it: the reader does
// so by the width of the first row, which may be a title above the table. A row with more text than that stays wider.
func Fit[C ~string | ~[]byte](cells []C, width int) []C {
	for len(cells) > width && len(cells[len(cells)-1]) == 0 {
		cells = cells[:len(cells)-1]
	}
	for len(cells) < width {
		var empty C
		cells = append(cells, empty)
	}
	return cells
}

// Settled returns how the text is read: its encoding, which a byte order mark says where there is one, and its
// delimiter. It reads the first bytes, and may be called at any time. A failure to read shows with the rows.
func (c *CSVReader) Settled() (Encoding, byte) {
	if !c.begun {
		c.begin()
	}
	return c.enc, c.delim
}
