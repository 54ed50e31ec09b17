package oracle

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// defaultRemoved is how much of a list a replacing file may remove where nothing is said.
var defaultRemoved = imports.Percent(10)

// finish does what looks at the whole file: leads become part of the members that the file names, and members that a
// replacing file does not name go, if they are not too many.
func (r *run) finish() {
	o, c := r.Options, r.result.Totals.Counts
	switch {
	case len(r.Rows) == 0:
		r.result.Failure = member.NoRows
	case o.MaxFailed.Exceeded(c.Failed, int64(len(r.Rows))):
		r.result.Failure = member.MaxFailed
	case o.MaxChanged.Exceeded(c.Updated+c.Deleted, r.before):
		r.result.Failure = member.MaxChanged
	}
	if r.result.Failure != "" {
		return
	}
	if r.leads {
		r.unify()
	}
	if r.rules.Mode == member.Replace {
		r.removeMissing()
	}
}

func (r *run) removeMissing() {
	missing := r.missingMembers()
	switch {
	case r.result.Keyless > 0:
		r.result.Warnings = append(r.result.Warnings, member.RemovalWithheld)
	case r.maxRemoved().Exceeded(int64(len(missing)), r.before):
		r.result.Failure = member.MaxRemoved
	default:
		for _, m := range missing {
			r.remember(m)
			r.remove(m)
			r.result.Totals.Removed++
		}
	}
}

func (r *run) maxRemoved() imports.Limit {
	if r.Options.MaxRemoved == (imports.Limit{}) {
		return defaultRemoved
	}
	return r.Options.MaxRemoved
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

// together is how many leads are unified at the same time, in the order of their ids: what one of them gives a member
// makes no difference to whose the others are, and makes one version of the member together with what they give.
const together = 1000

// unify makes each lead part of the member that the lowest row names of those that have its address or number.
func (r *run) unify() {
	var leads []*Member
	for _, m := range r.list {
		if m.Kind == member.KindLead && !m.Unverified && !m.Blocked {
			leads = append(leads, m)
		}
	}
	slices.SortFunc(leads, func(a, b *Member) int { return cmp.Compare(a.ID, b.ID) })
	for some := range slices.Chunk(leads, together) {
		r.unifySome(some)
	}
}

func (r *run) unifySome(leads []*Member) {
	before := map[*Member]Member{} // the members that change
	into := make([]*Member, len(leads))
	for n, lead := range leads {
		into[n] = r.memberOf(lead)
	}
	for n, lead := range leads {
		m := into[n]
		if m == nil {
			continue
		}
		if _, ok := before[m]; !ok {
			before[m] = Member{LastSeenAt: m.LastSeenAt, Values: maps.Clone(m.Values)}
		}
		r.join(m, lead)
		r.remove(lead)
		r.result.Totals.Unified++
	}
	for m, old := range before {
		if !sameValues(m.Values, old.Values) || !m.LastSeenAt.Equal(old.LastSeenAt) {
			m.UpdatedAt = r.Start
			m.Version++
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

// join gives a member what it lacks and its lead has. Who opted out of either has opted out.
func (r *run) join(m, lead *Member) {
	old := Member{Values: maps.Clone(m.Values)}
	for _, f := range r.Schema.Fields() {
		v, w := m.Values[f.Key], lead.Values[f.Key]
		switch {
		case !w.Set || f.Automatic:
		case f.Consent && v.Set:
			m.set(f.Key, member.BoolValue(v.Bool() && w.Bool()))
		case f.Type == member.Tags:
			m.set(f.Key, member.ListValue(united(v.List, w.List, f.Key)))
		case f.Key == "bounce_count":
			a, _ := strconv.Atoi(v.Text)
			b, _ := strconv.Atoi(w.Text)
			m.set(f.Key, member.TextValue(strconv.Itoa(max(a, b))))
		case !v.Set, f.Type == member.List && len(v.List) == 0, f.Type == member.NumberList && len(v.List) == 0:
			m.set(f.Key, w)
		}
	}
	if comparableEmail(m) != comparableEmail(&old) {
		derive(m)
	}
	if lead.LastSeenAt.After(m.LastSeenAt) {
		m.LastSeenAt = lead.LastSeenAt
	}
	r.remember(lead)
	for _, f := range r.consents() {
		v, before := m.Values[f.Key], old.Values[f.Key]
		if !v.Set || v.Bool() {
			continue
		}
		fresh := contacts(m, &f)
		if v.Equal(before) {
			had := contacts(&old, &f)
			fresh = slices.DeleteFunc(fresh, func(c string) bool { return slices.Contains(had, c) })
		}
		r.record(&f, fresh)
	}
}

func united(a, b []string, field string) []string {
	items := slices.Clone(a)
	for _, item := range b {
		if !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	if field == "import_tags" {
		items = items[max(0, len(items)-maxImportTags):]
	}
	return items
}
