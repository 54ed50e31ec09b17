package oracle

import (
	"slices"

	"github.com/meibo/meibo/internal/member"
)

// maxImportTags is how many import tags a member has at most (seed 004).
const maxImportTags = 30

// create makes a member of the row.
func (r *run) create(j *judged) member.Outcome {
	m := &Member{
		ID: r.FirstID + j.ordinal, Kind: r.rules.Kind, Version: 1,
		CreatedAt: r.Start, UpdatedAt: r.Start, LastSeenAt: r.Start,
		Provisional: r.rules.Registration == member.Provisional,
		Values:      map[string]member.Value{"bounce_count": member.TextValue("0")},
	}
	for _, f := range r.Schema.Fields() {
		if v, ok := j.sets[f.Key]; ok {
			m.Values[f.Key] = v
		} else if f.Default.Set && !f.Consent {
			m.Values[f.Key] = f.Default
		}
	}
	r.missing(m, j)
	r.notUnique(m, j)
	if len(j.problems) > 0 {
		return member.Failed
	}
	if r.allowance != nil && r.result.Totals.Created >= *r.allowance {
		j.fail(member.QuotaExceeded, "")
		return member.Failed
	}
	if r.consentMissing(j); len(j.problems) > 0 {
		return member.Failed
	}
	r.firstConsents(m, j)
	derive(m)
	r.tag(m)
	r.list = append(r.list, m)
	j.matches = []*Member{m}
	return member.Created
}

// missing notes what a new member must have and has not. A lead needs no more than a contact.
func (r *run) missing(m *Member, j *judged) {
	if m.Kind == member.KindLead {
		if !m.Values["email"].Set && !m.Values["phone"].Set {
			j.fail(member.ContactMissing, "")
		}
		return
	}
	for _, f := range r.Schema.Fields() {
		if f.Required && !m.Values[f.Key].Set {
			j.fail(member.Required, f.Key)
		}
	}
}

// notUnique notes each value of the row that another member of the list has already, where nobody may share it.
func (r *run) notUnique(m *Member, j *judged) {
	for _, f := range r.Schema.Fields() {
		v, given := j.sets[f.Key]
		if !f.Unique || !given || f.Key == "id" {
			continue
		}
		if slices.ContainsFunc(r.list, func(o *Member) bool { return o.ID != m.ID && o.keyValue(&f) == comparable(&f, v) }) {
			j.fail(member.NotUnique, f.Key)
		}
	}
}

// update changes a member as the row says.
func (r *run) update(m *Member, j *judged) member.Outcome {
	r.lost(m, j)
	r.notUnique(m, j)
	if len(j.problems) > 0 {
		return member.Failed
	}
	old := Member{Values: map[string]member.Value{}}
	for key, v := range m.Values {
		old.Values[key] = v
	}
	for _, f := range r.Schema.Fields() {
		if f.Consent {
			continue
		}
		if v, ok := r.after(m, j, &f); ok {
			m.set(f.Key, v)
		}
	}
	r.laterConsents(m, &old, j)
	if comparableEmail(m) != comparableEmail(&old) || m.Values["email"].Text != old.Values["email"].Text {
		derive(m)
	}
	outcome := member.Unchanged
	if !sameValues(m.Values, old.Values) {
		outcome = member.Updated
		m.UpdatedAt = r.Start
	}
	if r.tag(m) || outcome == member.Updated {
		m.Version++
	}
	return outcome
}

// lost notes what the row would take from a member that it cannot be without.
func (r *run) lost(m *Member, j *judged) {
	if m.Kind == member.KindLead {
		left := func(key string) bool {
			v, changes := r.after(m, j, r.field(key))
			return changes && v.Set || !changes && m.Values[key].Set
		}
		if !left("email") && !left("phone") {
			j.fail(member.ContactMissing, "")
		}
		return
	}
	for _, f := range r.Schema.Fields() {
		if f.Required && j.clears[f.Key] {
			j.fail(member.CannotClear, f.Key)
		}
	}
}

// after returns what a field becomes by the row; not ok where it stays as it is.
func (r *run) after(m *Member, j *judged, f *member.Field) (member.Value, bool) {
	v, given := j.sets[f.Key]
	switch {
	case given && r.appends(f):
		old := m.Values[f.Key]
		items := slices.Clone(old.List)
		for _, item := range v.List {
			if !slices.Contains(items, item) {
				items = append(items, item)
			}
		}
		return member.ListValue(items), true
	case given:
		return v, true
	case j.clears[f.Key]:
		return f.Default, true
	case r.rules.Mode == member.Replace && m.Kind == r.rules.Kind && r.column(f.Key) < 0 && !f.ReadOnly && !f.Required:
		return f.Default, true
	}
	return member.Value{}, false
}

// appends reports whether cells of the field add to what is there.
func (r *run) appends(f *member.Field) bool {
	if f.Type != member.List && f.Type != member.NumberList && f.Type != member.Tags {
		return false
	}
	policy := r.rules.ListValues
	if n := r.column(f.Key); n >= 0 && r.Mapping[n].ListValues != "" {
		policy = r.Mapping[n].ListValues
	}
	return policy == member.ListAppend
}

// tag gives a member the import's tag and reports whether it had not got it before.
func (r *run) tag(m *Member) bool {
	tags := m.Values["import_tags"].List
	if r.rules.ImportTag == "" || slices.Contains(tags, r.rules.ImportTag) {
		return false
	}
	tags = append(slices.Clone(tags), r.rules.ImportTag)
	m.set("import_tags", member.ListValue(tags[max(0, len(tags)-maxImportTags):]))
	r.result.Tagged++
	return true
}

// derive sets what follows from the other values.
func derive(m *Member) {
	if email := m.Values["email"]; email.Set {
		m.set("carrier", member.IntValue(member.Carrier(email.Text)))
	} else {
		m.set("carrier", member.Value{})
	}
}

func (m *Member) set(field string, v member.Value) {
	if v.Set {
		m.Values[field] = v
	} else {
		delete(m.Values, field)
	}
}

func sameValues(a, b map[string]member.Value) bool {
	if len(a) != len(b) {
		return false
	}
	for key, v := range a {
		if w, ok := b[key]; !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}
