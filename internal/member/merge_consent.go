package member

import "iter"

// Consents. Under the guard of product.md, option consent, an import never opts in who opted out: neither a member
// whose consent is false, nor a contact for which an opt-out is remembered. Opt-outs are remembered by contact, so that
// deleting and creating a member again does not undo them. Within an import its own opt-outs do not count as remembered:
// rows of one contact may belong to members of different lanes.

// checkConsents has the row of a new member fail where a consent must be given and is not: that of a mapped column, and
// that of a contact which the row gives.
func (b *Batch) checkConsents(r *Row) {
	p := b.Plan
	if p.Rules.NewConsent != NewConsentRequired {
		return
	}
	for _, c := range p.consents {
		if r.Actions[c.field] == Set {
			continue
		}
		f := &p.Fields[c.field]
		needed := c.field < p.Columns
		for _, i := range c.contacts {
			needed = needed || !f.Custom && r.Actions[i] == Set
		}
		if needed {
			r.Fail(ConsentRequired, f.Key, "")
		}
	}
}

// consentsOfNew settles the consents of a member that the row creates.
func (b *Batch) consentsOfNew(r *Row) {
	p := b.Plan
	for _, c := range p.consents {
		given, v := r.Actions[c.field] == Set, &r.Values[c.field]
		switch {
		case given && !v.Bool():
			b.remember(c, r.Values, true)
			continue
		case !given && p.Fields[c.field].Custom:
			*v = Value{}
		case !given:
			*v = BoolValue(p.Rules.NewConsent == NewConsentTrue)
		}
		if v.Bool() {
			b.guard(c, c.contacts, given, v, r.Values)
		}
	}
}

// consentsOfKnown settles the consents of a member before the row's other values are applied, and reports whether one
// changed.
func (b *Batch) consentsOfKnown(m *Record, r *Row) (changed bool) {
	p := b.Plan
	for _, c := range p.consents {
		given, old := r.Actions[c.field] == Set, m.Values[c.field]
		moved := b.moves(c, m, r)
		if !given && moved == nil {
			continue
		}
		contacts := b.contactsAfter(c, m, r)
		v := old
		if given {
			v = r.Values[c.field]
		}
		switch {
		case v.Bool() && old.Set && !old.Bool() && p.Rules.Consent == ConsentGuard:
			v = old
			b.Counts.Protected++
		case v.Bool() && !old.Bool():
			b.guard(c, c.contacts, given, &v, contacts)
		case v.Bool() && moved != nil:
			b.guard(c, moved, given, &v, contacts)
		}
		if v.Set && !v.Bool() && (moved != nil || !v.Equal(old)) {
			b.remember(c, contacts, true)
		}
		if !v.Equal(old) {
			m.set(c.field, v)
			changed = true
		}
	}
	return changed
}

// guard turns the consent v off if an opt-out is remembered for one of these contacts, those that are new to it; one that
// a cell gives is refused so, unless the import may opt in: then the opt-outs of all its contacts are forgotten.
func (b *Batch) guard(c consentPlace, contacts []int, given bool, v *Value, values []Value) {
	if given && b.Plan.Rules.Consent == ConsentAllow {
		b.remember(c, values, false)
		return
	}
	for _, i := range contacts {
		if _, out := b.OptedOut[b.Plan.optOut(c, i, values)]; out {
			*v = BoolValue(false)
			if given {
				b.Counts.Protected++
			}
			return
		}
	}
}

// remember notes the opt-out, or opt-in, of every contact. An opt-out of the same import wins.
func (b *Batch) remember(c consentPlace, values []Value, out bool) {
	for _, i := range c.contacts {
		if o := b.Plan.optOut(c, i, values); o.Contact != "" {
			if b.OptOuts == nil {
				b.OptOuts = map[OptOut]bool{}
			}
			b.OptOuts[o] = b.OptOuts[o] || out
		}
	}
}

// OptOuts returns the opt-outs that may be remembered of a member with these values: of each consent that a row can
// change, by each contact.
func (p *Plan) OptOuts(values []Value) iter.Seq[OptOut] {
	return func(yield func(OptOut) bool) {
		for _, c := range p.consents {
			for _, i := range c.contacts {
				if values[i].Set && !yield(p.optOut(c, i, values)) {
					return
				}
			}
		}
	}
}

func (p *Plan) optOut(c consentPlace, contact int, values []Value) OptOut {
	return OptOut{Field: p.Fields[c.field].Key, Contact: KeyOf(&p.Fields[contact], values[contact])}
}

// moves returns the contacts of the consent of which the row gives the member another one.
func (b *Batch) moves(c consentPlace, m *Record, r *Row) (moved []int) {
	for _, i := range c.contacts {
		f := &b.Plan.Fields[i]
		if r.Actions[i] != Keep && r.Values[i].Set && KeyOf(f, r.Values[i]) != KeyOf(f, m.Values[i]) {
			moved = append(moved, i)
		}
	}
	return moved
}

// contactsAfter returns the member's values with the contacts that the row gives it.
func (b *Batch) contactsAfter(c consentPlace, m *Record, r *Row) []Value {
	for n, i := range c.contacts {
		if r.Actions[i] == Keep || r.Values[i].Equal(m.Values[i]) {
			continue
		}
		after := append([]Value(nil), m.Values...)
		for _, i := range c.contacts[n:] {
			if r.Actions[i] != Keep {
				after[i] = r.Values[i]
			}
		}
		return after
	}
	return m.Values
}
