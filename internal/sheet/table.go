package sheet

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
