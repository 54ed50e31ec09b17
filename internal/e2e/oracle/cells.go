package oracle

import (
	"strings"

	"github.com/meibo/meibo/internal/member"
)

// cells reads every cell of a row and notes all that is wrong. A row that deletes needs its key only.
func (r *run) cells(j *judged) {
	for n, c := range r.Mapping {
		switch {
		case c.Field == "":
		case c.Field == r.rules.Key:
			r.keyCell(j, r.field(c.Field), j.Cells[n])
		case r.rules.Mode != member.Delete:
			r.cell(j, r.field(c.Field), c, j.Cells[n])
		}
	}
	first, last := j.sets["first_name"], j.sets["last_name"]
	if r.column("name") < 0 && r.Schema.Index("name") >= 0 && first.Set && last.Set {
		j.sets["name"] = member.TextValue(member.FullName(last.Text, first.Text))
	}
}

func (r *run) keyCell(j *judged, f *member.Field, cell string) {
	v, _, problem := f.Parse(cell, r.locale)
	switch {
	case strings.TrimSpace(cell) == member.ClearMark:
		j.fail(member.CannotClear, f.Key)
	case problem != nil:
		j.problems = append(j.problems, *problem)
	case !v.Set:
		j.fail(member.KeyMissing, f.Key)
	case f.Key != "id":
		j.sets[f.Key] = v
	}
}

func (r *run) cell(j *judged, f *member.Field, c member.Column, cell string) {
	if strings.TrimSpace(cell) == member.ClearMark {
		if f.Consent || f.Required && r.rules.Kind == member.KindMember {
			j.fail(member.CannotClear, f.Key)
			return
		}
		j.clears[f.Key] = true
		return
	}
	v, _, problem := f.Parse(cell, r.locale)
	switch {
	case problem != nil:
		j.problems = append(j.problems, *problem)
	case v.Set && c.Inverted:
		j.sets[f.Key] = member.Invert(v)
	case v.Set:
		j.sets[f.Key] = v
	default:
		r.emptyCell(j, f, c)
	}
}

// emptyCell is a cell without content: it says nothing, or that the field is to be empty.
func (r *run) emptyCell(j *judged, f *member.Field, c member.Column) {
	blank := r.rules.Blank
	if c.Blank != "" {
		blank = c.Blank
	}
	if blank == member.BlankClear && !f.Consent {
		j.clears[f.Key] = true
	}
}
