package member

import "strings"

// Action is what a cell does to its field.
type Action uint8

// The actions of a cell.
const (
	// Keep leaves the field as it is: the cell is empty.
	Keep Action = iota
	// Set gives the field the cell's value.
	Set
	// Clear empties the field, or gives it its default where it has one: the cell says ##DELETE## (seed 003).
	Clear
)

// ClearMark is the cell content that clears a field whatever the import's blank option (seed 003).
const ClearMark = "##DELETE##"

// Row is one row of a file, parsed by a Plan.
type Row struct {
	// Number is the row's number as Excel shows it.
	Number int64
	// Ordinal is the row's place among the readable rows of its file; it makes the id of a created member,
	// so that ids do not depend on who merged what when.
	Ordinal int64
	// Key is the normalised merge key; "" where the row has none.
	Key string
	// Values and Actions stand in the order of Plan.Fields.
	Values  []Value
	Actions []Action
	// Problems is empty for a row that can be merged.
	Problems []Problem
	// Notes are repairs and other warnings; the row is merged all the same.
	Notes []Problem
	// Cells are the original cells of the mapped columns.
	Cells []string
	// Outcome is what became of the row, once it is merged.
	Outcome Outcome
}

// Failed reports whether the row cannot be merged.
func (r *Row) Failed() bool { return len(r.Problems) > 0 }

// Fail adds a problem.
func (r *Row) Fail(code Code, field, detail string) {
	r.Problems = append(r.Problems, Problem{Code: code, Field: field, Detail: detail})
}

// Parse reads the cells of r.Cells into r.Values and r.Actions, which must have the length of p.Fields and be
// zero. A row is judged in the order of product.md: readable, key, then every cell, so that all of its
// problems are reported and not only the first. A row that came with a problem of its own is not parsed, unless it is
// that its key occurs more than once.
func (p *Plan) Parse(r *Row) {
	if r.Failed() && r.Problems[0].Code != DuplicateKey {
		return
	}
	for i := range p.Columns {
		p.parseCell(r, i)
	}
	if p.name >= 0 && r.Actions[p.first] == Set && r.Actions[p.last] == Set {
		r.Values[p.name] = TextValue(FullName(r.Values[p.last].Text, r.Values[p.first].Text))
		r.Actions[p.name] = Set
	}
}

func (p *Plan) parseCell(r *Row, i int) {
	cell, f := r.Cells[i], &p.Fields[i]
	if len(cell) == 0 {
		if i == p.Key {
			r.Fail(KeyMissing, f.Key, "")
		}
		return
	}
	if isClearMark(cell) {
		p.clear(r, i)
		return
	}
	v, note, problem := f.Parse(cell, p.locale)
	switch {
	case problem != nil:
		r.Problems = append(r.Problems, *problem)
		return
	case !v.Set && i == p.Key:
		r.Fail(KeyMissing, f.Key, "")
		return
	case !v.Set:
		return
	}
	if note != "" {
		r.Notes = append(r.Notes, Problem{Code: note, Field: f.Key})
	}
	if p.inverted[i] {
		v = Invert(v)
	}
	if i == p.Key {
		r.Key = KeyOf(f, v)
	}
	r.Values[i], r.Actions[i] = v, Set
}

func isClearMark(cell string) bool {
	return strings.Contains(cell, ClearMark) && strings.TrimSpace(cell) == ClearMark
}

// clear notes that the cell clears its field, which the key, consent and required fields do not allow.
func (p *Plan) clear(r *Row, i int) {
	f := &p.Fields[i]
	if i == p.Key || f.Consent || f.Required {
		r.Fail(CannotClear, f.Key, "")
		return
	}
	// A field that always has a value is cleared to its default.
	r.Values[i], r.Actions[i] = f.Default, Clear
}
