package inspect

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// Checked is what reading a whole file has shown.
type Checked struct {
	// Rows is the number of data rows, and Faulty that of those which cannot be imported, whatever they are mapped to.
	Rows   int64   `json:"rows"`
	Faulty int64   `json:"faulty"`
	Faults []Fault `json:"faults"`
}

// Fault is what is wrong with some rows, in one column where it is in one; the columns beyond the first few share one.
type Fault struct {
	Code   member.Code `json:"code"`
	Rows   int64       `json:"rows"`
	First  []int64     `json:"first_rows"`
	Column string      `json:"column,omitempty"`
	// Detail is that of the first row.
	Detail string `json:"detail"`
}

// Warning is the fault as a warning, for people.
func (f *Fault) Warning() member.Warning {
	return member.Warning{Problem: member.Problem{Code: f.Code, Detail: f.Detail}, Column: f.Column, Rows: f.First}
}

// Check reads the whole file as the inspection found that it is to be read, in bounded memory, and judges every row as
// an import would before it looks at the cells. The error is a *sheet.Unsupported, or a failure to read.
func Check(f File, found *Inspection, o Options) (Checked, error) {
	o.Encoding, o.Sheet = sheet.Encoding(found.Encoding), found.Sheet
	if found.Delimiter != "" {
		o.Delimiter = []byte(found.Delimiter)[0]
	}
	t, err := open(f, o)
	if err != nil {
		return Checked{}, err
	}
	c, err := t.check(found)
	return c, errors.Join(err, t.close())
}

func (t *table) check(found *Inspection) (Checked, error) {
	c := Checked{Faults: []Fault{}}
	if t.options.NoHeader = !found.Header; t.options.NoHeader {
		if err := t.begin(); err != nil {
			return c, err
		}
	}
	rows, width := t.Rows(), len(found.Columns)
	if found.Header {
		rows = sheet.Below(rows, found.HeaderRow, t.detected.Format)
	}
	for row, err := range rows {
		if err != nil {
			return c, fmt.Errorf("check file: %w", err)
		}
		c.Rows++
		fault := row.Fault
		if n := len(row.Cells); fault.Code == "" && n != width {
			fault = sheet.Fault{Code: member.TooFewCells, Detail: fmt.Sprintf("%d/%d", n, width)}
			if n > width {
				fault.Code = member.TooManyCells
			}
		}
		if fault.Code != "" {
			c.add(row.Number, fault, found.Columns)
		}
	}
	slices.SortStableFunc(c.Faults, func(a, b Fault) int { return cmp.Compare(b.Rows, a.Rows) })
	return c, nil
}

func (c *Checked) add(row int64, fault sheet.Fault, columns []ColumnSummary) {
	c.Faulty++
	column := ""
	if n := fault.Column; n > 0 && n <= len(columns) {
		column = columns[n-1].Header
	}
	alike := 0
	at := slices.IndexFunc(c.Faults, func(f Fault) bool {
		if f.Code == fault.Code && f.Column != "" {
			alike++
		}
		return f.Code == fault.Code && f.Column == column
	})
	if at < 0 && alike >= warnedColumns && column != "" {
		column = "" // the rest of the columns together
		at = slices.IndexFunc(c.Faults, func(f Fault) bool { return f.Code == fault.Code && f.Column == "" })
	}
	if at < 0 {
		at = len(c.Faults)
		c.Faults = append(c.Faults, Fault{Code: fault.Code, Column: column, Detail: clip(fault.Detail), First: []int64{}})
	}
	f := &c.Faults[at]
	if f.Rows++; len(f.First) < warnedRows {
		f.First = append(f.First, row)
	}
}
