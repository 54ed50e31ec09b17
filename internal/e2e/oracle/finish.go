package oracle

import (
	"cmp"
	"os"
	"slices"
	"strconv"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// defaultRemoved is how much of a list a replacing file may remove where nothing is said.
var defaultRemoved = imports.Percent(10)

// finish does what looks at the whole file: leads become part of the members that the file names, and members that a
// replacing file does not name go.
func (r *run) finish() {
	if os.Getenv("NOFINISH") != "" && len(r.Rows) > 0 {
		return
	}
	missing := r.missingMembers()
	o, c := r.Options, r.result.Totals.Counts
	switch {
	case len(r.Rows) == 0:
		r.result.Failure = member.NoRows
	case o.MaxFailed.Exceeded(c.Failed, int64(len(r.Rows))):
		r.result.Failure = member.MaxFailed
	case o.MaxChanged.Exceeded(c.Updated+c.Deleted, r.before):
		r.result.Failure = member.MaxChanged
	case r.rules.Mode == member.Replace && r.result.Keyless > 0:
		r.result.Warnings = append(r.result.Warnings, member.RemovalWithheld)
	case r.rules.Mode == member.Replace && r.maxRemoved().Exceeded(int64(len(missing)), r.before):
		r.result.Failure = member.MaxRemoved
	case r.rules.Mode == member.Replace:
		for _, m := range missing {
			r.remember(m)
			r.remove(m)
			r.result.Totals.Removed++
		}
	}
	if r.result.Failure == "" && r.leads {
		r.unify()
	}
}

func (r *run) maxRemoved() imports.Limit {
	if r.Options.MaxRemoved.Set {
		return r.Options.MaxRemoved
	}
	return defaultRemoved
}

// missingMembers are the members of the import's kind that were there before, that no row names, and that are not
// blocked.
func (r *run) missingMembers() (missing []*Member) {
	for _, m := range r.list {
		if _, named := r.named[m.ID]; !named && m.Kind == r.rules.Kind && m.ID < r.FirstID && !m.Blocked {
			missing = append(missing, m)
		}
	}
	return missing
}

// unify makes each lead part of the member that the lowest row names of those that have its address or number.
func (r *run) unify() {
	var leads []*Member
	for _, m := range r.list {
		if m.Kind == member.KindLead && !m.Unverified {
			leads = append(leads, m)
		}
	}
	slices.SortFunc(leads, func(a, b *Member) int { return cmp.Compare(a.ID, b.ID) })
	for _, lead := range leads {
		if m := r.memberOf(lead); m != nil {
			r.join(m, lead)
			r.remove(lead)
			r.result.Totals.Unified++
		}
	}
}

func (r *run) memberOf(lead *Member) (found *Member) {
	for _, m := range r.list {
		n := r.named[m.ID]
		same := comparableEmail(m) != "" && comparableEmail(m) == comparableEmail(lead) ||
			m.Values["phone"].Set && m.Values["phone"].Equal(lead.Values["phone"])
		if m.Kind == member.KindMember && n.applied && same && (found == nil || n.ordinal < r.named[found.ID].ordinal) {
			found = m
		}
	}
	return found
}

// join gives a member what it lacks and its lead has.
func (r *run) join(m, lead *Member) {
	before := comparableEmail(m)
	for _, f := range r.Schema.Fields() {
		v, w := m.Values[f.Key], lead.Values[f.Key]
		switch {
		case f.Consent && v.Set && w.Set:
			m.set(f.Key, member.BoolValue(v.Bool() && w.Bool()))
		case f.Key == "tags", f.Key == "import_tags":
			items := slices.Clone(v.List)
			for _, item := range w.List {
				if !slices.Contains(items, item) {
					items = append(items, item)
				}
			}
			if v.Set || w.Set {
				m.set(f.Key, member.ListValue(items))
			}
		case f.Key == "bounce_count":
			a, _ := strconv.Atoi(v.Text)
			b, _ := strconv.Atoi(w.Text)
			m.set(f.Key, member.TextValue(strconv.Itoa(max(a, b))))
		case !v.Set && w.Set && !f.ReadOnly:
			m.set(f.Key, w)
		}
	}
	if comparableEmail(m) != before {
		derive(m)
	}
	if lead.LastSeenAt.After(m.LastSeenAt) {
		m.LastSeenAt = lead.LastSeenAt
	}
	m.UpdatedAt = r.Start
	m.Version++
}
