package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// judged is a row on its way.
type judged struct {
	*Row
	ordinal int64
	key     string
	// sets are the values that the cells give, clears the fields that they clear.
	sets     map[string]member.Value
	clears   map[string]bool
	problems []member.Problem
	// matches are the members that have the key, or the one of them that the row is about.
	matches []*Member
}

func (j *judged) fail(code member.Code, field string) {
	j.problems = append(j.problems, member.Problem{Code: code, Field: field})
}

// row judges a row and applies it.
func (r *run) row(row *Row) {
	j := &judged{Row: row, sets: map[string]member.Value{}, clears: map[string]bool{}}
	counts := &r.result.Totals.Counts
	outcome := r.apply(j)
	r.note(j, outcome)
	switch outcome {
	case member.Created:
		counts.Created++
	case member.Updated:
		counts.Updated++
	case member.Unchanged:
		counts.Unchanged++
	case member.Deleted:
		counts.Deleted++
	case member.Skipped:
		counts.Skipped++
		return
	case member.Failed:
		counts.Failed++
		r.result.Failed = append(r.result.Failed, imports.FailedRow{Row: row.Number, Problems: j.problems, Cells: r.mappedCells(row)})
		return
	}
	r.merged[j.key] = true
}

// leave passes over a row that was not merged; the id that it would have given stays its own.
func (r *run) leave(row *Row) {
	if _, unreadable := r.unreadable(row); !unreadable {
		r.ordinal++
	}
	r.result.Totals.NotProcessed++
}

// mappedCells are the cells of the columns that are imported, empty where the row is too short.
func (r *run) mappedCells(row *Row) []string {
	var cells []string
	for n, c := range r.Mapping {
		switch {
		case c.Field == "":
		case n < len(row.Cells):
			cells = append(cells, row.Cells[n])
		default:
			cells = append(cells, "")
		}
	}
	return cells
}

// apply takes the row as far as it goes and says what became of it.
func (r *run) apply(j *judged) member.Outcome {
	if p, ok := r.unreadable(j.Row); ok {
		r.result.Keyless++
		j.problems = append(j.problems, p)
		return member.Failed
	}
	j.ordinal = r.ordinal
	r.ordinal++
	key, ok := r.keyOf(j.Row)
	if !ok {
		r.result.Keyless++
		r.cells(j)
		return member.Failed
	}
	j.key = key
	j.matches = r.matches(key)
	if f := r.rules.SkipWithout; f != "" && r.isEmpty(j.Row, f) {
		return member.Skipped
	}
	switch {
	case r.rules.Duplicates == member.DuplicatesFirst && r.merged[key]:
		return member.Skipped
	case r.rules.Duplicates == member.DuplicatesReject && r.times[key] > 1:
		j.fail(member.DuplicateKey, r.rules.Key)
	}
	r.cells(j)
	if len(j.problems) > 0 {
		return member.Failed
	}
	if len(j.matches) > 1 {
		if r.rules.Mode == member.Delete || r.rules.MultipleMatches == member.MultipleReject {
			j.fail(member.MultipleMatches, r.rules.Key)
			return member.Failed
		}
		j.matches = j.matches[:1]
	}
	if len(j.matches) == 0 {
		return r.unknown(j)
	}
	return r.known(j.matches[0], j)
}

// unknown is a row whose key nobody has.
func (r *run) unknown(j *judged) member.Outcome {
	switch {
	case r.rules.Mode == member.Update, r.rules.Mode == member.Delete:
		return member.Skipped
	case r.rules.Key == "id":
		j.fail(member.UnknownID, "id")
		return member.Failed
	}
	return r.create(j)
}

// known is a row that is about a member.
func (r *run) known(m *Member, j *judged) member.Outcome {
	switch {
	case r.rules.Mode == member.Append && m.ID < r.FirstID:
		return member.Skipped
	case r.rules.Mode == member.Delete:
		r.remember(m)
		r.remove(m)
		return member.Deleted
	}
	return r.update(m, j)
}

// unreadable says why a row cannot be read, if it cannot: in these files that is its number of cells.
func (r *run) unreadable(row *Row) (member.Problem, bool) {
	code := member.TooFewCells
	switch n, want := len(row.Cells), len(r.Mapping); {
	case n == want:
		return member.Problem{}, false
	case n > want:
		code = member.TooManyCells
		fallthrough
	default:
		return member.Problem{Code: code, Detail: fmt.Sprintf("%d/%d", n, want)}, true
	}
}

// keyOf returns the row's key in the form in which keys are compared; not ok where it has none that can be read.
func (r *run) keyOf(row *Row) (key string, ok bool) {
	if _, unreadable := r.unreadable(row); unreadable {
		return "", false
	}
	f, cell := r.field(r.rules.Key), row.Cells[r.column(r.rules.Key)]
	if strings.TrimSpace(cell) == member.ClearMark {
		return "", false
	}
	v, _, problem := f.Parse(cell, r.locale)
	if problem != nil || !v.Set {
		return "", false
	}
	return comparable(f, v), true
}

// comparable is the form in which values of a key are compared: e-mail addresses in lower case of ASCII.
func comparable(f *member.Field, v member.Value) string {
	if f.Type != member.Email {
		return v.Text
	}
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, v.Text)
}

// isEmpty reports whether the row says nothing of a field.
func (r *run) isEmpty(row *Row, field string) bool {
	n := r.column(field)
	if n < 0 {
		return true
	}
	v, _, problem := r.field(field).Parse(row.Cells[n], r.locale)
	return problem == nil && !v.Set
}

// matches returns the members that a row of the key is about, the one that was seen last first. Rows of members match
// members only; of leads, members, and leads where no member has it; what leads delete is leads.
func (r *run) matches(key string) []*Member {
	if r.rules.Kind == member.KindMember {
		return r.holders(key, member.KindMember)
	}
	if found := r.holders(key, member.KindMember); len(found) > 0 && r.rules.Mode != member.Delete {
		return found
	}
	return r.holders(key, member.KindLead)
}

// holders returns the members of the kind that have the key.
func (r *run) holders(key string, kind member.Kind) (found []*Member) {
	f := r.field(r.rules.Key)
	for _, m := range r.list {
		if m.Kind == kind && m.keyValue(f) == key {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b *Member) int {
		return cmp.Or(b.LastSeenAt.Compare(a.LastSeenAt), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// keyValue returns a member's value of a field as keys are compared, "" for none.
func (m *Member) keyValue(f *member.Field) string {
	if f.Key == "id" {
		return fmt.Sprint(m.ID)
	}
	return comparable(f, m.Values[f.Key])
}

// note keeps which members the row names: all that have its key, and which of them it was applied to.
func (r *run) note(j *judged, outcome member.Outcome) {
	applied := outcome == member.Created || outcome == member.Updated || outcome == member.Unchanged
	name := func(m *Member, applied bool) {
		old, known := r.named[m.ID]
		if !known || applied && !old.applied {
			r.named[m.ID] = naming{ordinal: j.ordinal, applied: applied}
		}
	}
	if applied || j.key == "" {
		for _, m := range j.matches {
			name(m, applied)
		}
	}
	if j.key != "" {
		for _, m := range append(r.holders(j.key, member.KindMember), r.holders(j.key, member.KindLead)...) {
			name(m, false)
		}
	}
}

func (r *run) remove(m *Member) {
	r.list = slices.DeleteFunc(r.list, func(o *Member) bool { return o == m })
}
