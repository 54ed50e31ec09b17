package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/xuri/excelize/v2"
)

// WriteXLSX writes a workbook with one sheet of that name, in which every cell is text and formatted as such:
// leading zeros survive editing in Excel, and nothing is taken for a formula. Beyond some megabytes the rows
// wait in a temporary file.
//
// Excel's own limits hold: 1,048,576 rows of 16,384 cells are an error beyond, a cell is cut after 32,767
// characters, and control characters that XML cannot have become U+FFFD.
func WriteXLSX(w io.Writer, sheet string, rows iter.Seq[[]string]) (err error) {
	f := excelize.NewFile()
	// excelize would assemble the archive in memory first.
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) })
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.SetSheetName(f.GetSheetName(0), sheet); err != nil {
		return fmt.Errorf("name sheet %q: %w", sheet, err)
	}
	const asText = 49 // the built-in format @
	style, err := f.NewStyle(&excelize.Style{NumFmt: asText})
	if err != nil {
		return fmt.Errorf("make text style: %w", err)
	}
	sw, err := f.NewStreamWriter(sheet)
	if err != nil {
		return fmt.Errorf("begin sheet: %w", err)
	}
	if err := sw.SetColStyle(1, MaxColumns, style); err != nil {
		return fmt.Errorf("style columns: %w", err)
	}
	number := 0
	var cells []any
	for row := range rows {
		number++
		cells = cells[:0]
		for _, text := range row {
			cells = append(cells, excelize.Cell{StyleID: style, Value: text})
		}
		if err := sw.SetRow(fmt.Sprintf("A%d", number), cells); err != nil {
			return fmt.Errorf("write row %d: %w", number, err)
		}
	}
	if err := sw.Flush(); err != nil {
		return fmt.Errorf("end sheet: %w", err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}
