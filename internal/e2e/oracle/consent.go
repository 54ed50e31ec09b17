package oracle

import (
	"slices"

	"github.com/meibo/meibo/internal/member"
)

// consents are the fields that say what somebody agrees to.
func (r *run) consents() (fields []member.Field) {
	for _, f := range r.Schema.Fields() {
		if f.Consent {
			fields = append(fields, f)
		}
	}
	return fields
}

// consentMissing notes each consent that a new member must be asked for and that the row does not tell: of a column whose
// cell is empty, or without a column, where the row gives its contact.
func (r *run) consentMissing(j *judged) {
	if r.rules.NewConsent != member.NewConsentRequired {
		return
	}
	for _, f := range r.consents() {
		_, given := j.sets[f.Key]
		asked := r.column(f.Key) >= 0
		for _, contact := range f.Contacts {
			asked = asked || j.sets[contact].Set && !f.Custom
		}
		if asked && !given {
			j.fail(member.ConsentRequired, f.Key)
		}
	}
}

// firstConsents gives a new member its consents: what the cell says, or what is said of new members; but FALSE where
// somebody has opted out with this contact.
func (r *run) firstConsents(m *Member, j *judged) {
	for _, f := range r.consents() {
		v, given := j.sets[f.Key]
		if !given && !f.Custom {
			v = member.BoolValue(r.rules.NewConsent == member.NewConsentTrue)
		}
		allowed := given && r.rules.Consent == member.ConsentAllow
		if !allowed && v.Bool() && r.optedOut(&f, contacts(m, &f)) {
			if given {
				r.result.Totals.Protected++
			}
			v = member.BoolValue(false)
		}
		m.set(f.Key, v)
		if given && r.rules.Consent == member.ConsentAllow && v.Bool() {
			r.forget(&f, contacts(m, &f))
		}
		if given && !j.sets[f.Key].Bool() {
			r.record(&f, contacts(m, &f))
		}
	}
}

// laterConsents applies the row's consents to a member whose other fields are changed already; old is what it was.
func (r *run) laterConsents(m, old *Member, j *judged) {
	for _, f := range r.consents() {
		before, cell := old.Values[f.Key], j.sets[f.Key]
		after := before
		if cell.Set {
			after = cell
		}
		now, then := contacts(m, &f), contacts(old, &f)
		fresh := slices.DeleteFunc(slices.Clone(now), func(c string) bool { return slices.Contains(then, c) })
		asked := fresh // the contacts that are now to be written to and were not
		if !before.Bool() {
			asked = now
		}
		switch {
		case !after.Bool():
		case cell.Set && r.rules.Consent == member.ConsentAllow:
			if !before.Bool() || len(fresh) > 0 {
				r.forget(&f, now)
			}
		case before.Set && !before.Bool(), r.optedOut(&f, asked):
			// Who opted out is not opted in.
			if cell.Set {
				r.result.Totals.Protected++
			}
			after = member.BoolValue(false)
		}
		m.set(f.Key, after)
		if after.Set && !after.Bool() && (!after.Equal(before) || len(fresh) > 0) {
			r.record(&f, now)
		}
	}
}

// contacts are the member's addresses and numbers that a consent is about, in the form in which they are compared.
func contacts(m *Member, f *member.Field) (values []string) {
	for _, key := range f.Contacts {
		v := m.Values[key]
		switch {
		case !v.Set:
		case key == "email":
			values = append(values, comparableEmail(m))
		default:
			values = append(values, v.Text)
		}
	}
	return values
}

func comparableEmail(m *Member) string {
	return comparable(&member.Field{Type: member.Email}, m.Values["email"])
}

// optedOut reports whether it is remembered of one of the contacts; what this import has recorded does not count.
func (r *run) optedOut(f *member.Field, contacts []string) bool {
	return slices.ContainsFunc(contacts, func(c string) bool { return r.memory[OptOut{f.Key, c}] })
}

func (r *run) record(f *member.Field, contacts []string) {
	for _, c := range contacts {
		r.recorded[OptOut{f.Key, c}] = true
	}
}

func (r *run) forget(f *member.Field, contacts []string) {
	for _, c := range contacts {
		r.forgotten[OptOut{f.Key, c}] = true
	}
}

// remember records what a member that goes has opted out of.
func (r *run) remember(m *Member) {
	for _, f := range r.consents() {
		if v := m.Values[f.Key]; v.Set && !v.Bool() {
			r.record(&f, contacts(m, &f))
		}
	}
}
