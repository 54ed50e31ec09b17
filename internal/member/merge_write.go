package member

// create adds a member, unless a required field has no value, a unique one is taken, or there is no room.
func (b *Batch) create(r *Row) Outcome {
	p := b.Plan
	if p.KeyField().ReadOnly {
		r.Fail(UnknownID, p.KeyField().Key, "")
		return Failed
	}
	b.require(r)
	b.checkUnique(r, nil)
	if !r.Failed() && b.Allowance != nil && *b.Allowance <= 0 {
		r.Fail(QuotaExceeded, "", "")
	}
	if !r.Failed() {
		b.checkConsents(r)
	}
	if r.Failed() {
		return Failed
	}
	for i := range p.Fields {
		if r.Actions[i] == Keep && !p.Fields[i].Consent {
			r.Values[i] = p.Fields[i].Default
		}
	}
	p.deriveCarrier(r.Values)
	b.consentsOfNew(r)
	m := &Record{ID: b.FirstID + r.Ordinal, Version: 1, Values: r.Values, New: true, Lead: p.Rules.Kind == KindLead}
	if b.Allowance != nil {
		*b.Allowance--
	}
	b.hold(r, nil, m.ID)
	b.Members[r.Key] = m
	b.Created = append(b.Created, m)
	r.Member = m
	return Created
}

// require has the row fail for what a new member cannot be without: the required fields, and for a lead, which has
// none of them, a contact.
func (b *Batch) require(r *Row) {
	p := b.Plan
	for _, key := range p.unmapped {
		r.Fail(Required, key, "")
	}
	if p.Rules.Kind == KindLead {
		if r.Actions[p.email] != Set && r.Actions[p.phone] != Set {
			r.Fail(ContactMissing, "", "")
		}
		return
	}
	for i := range p.Fields {
		if p.Fields[i].Required && r.Actions[i] != Set {
			r.Fail(Required, p.Fields[i].Key, "")
		}
	}
}

// checkUnique has the row fail where it gives m, or a new member if that is nil, a value of a unique field that
// another member has.
func (b *Batch) checkUnique(r *Row, m *Record) {
	for _, i := range b.Plan.uniques {
		if r.Actions[i] != Set {
			continue
		}
		f := &b.Plan.Fields[i]
		if holder, taken := b.Holders[Holding{i, KeyOf(f, r.Values[i])}]; taken && (m == nil || holder != m.ID) {
			r.Fail(NotUnique, f.Key, "")
		}
	}
}

// hold notes that the member of that id, m if it was there before, now has the row's values of unique fields.
func (b *Batch) hold(r *Row, m *Record, id int64) {
	for _, i := range b.Plan.uniques {
		f := &b.Plan.Fields[i]
		if m != nil && r.Actions[i] != Keep && m.Values[i].Set {
			old := Holding{i, KeyOf(f, m.Values[i])}
			if b.Holders[old] == id {
				delete(b.Holders, old)
			}
			m.Released = true
		}
		if r.Actions[i] == Set {
			b.Holders[Holding{i, KeyOf(f, r.Values[i])}] = id
		}
	}
}

// update applies the row's cells to a member.
func (b *Batch) update(m *Record, r *Row) Outcome {
	p := b.Plan
	if p.Rules.Kind == KindLead && !m.Lead {
		for _, i := range p.resets { // It is the list's leads that become what the file says.
			r.Actions[i] = Keep
		}
	}
	for i := range p.Columns {
		if r.Actions[i] == Clear && p.Fields[i].Required && !m.Lead {
			r.Fail(CannotClear, p.Fields[i].Key, "")
		}
	}
	if m.Lead && b.contactless(m, r) {
		r.Fail(ContactMissing, "", "")
	}
	b.checkUnique(r, m)
	if r.Failed() {
		return Failed
	}
	b.hold(r, m, m.ID)
	if !b.apply(m, r) {
		return Unchanged
	}
	m.Version++
	m.Dirty, m.Touched, m.Row = !m.New, !m.New, r.Number
	return Updated
}

// contactless reports whether the row would leave a lead without a contact.
func (b *Batch) contactless(m *Record, r *Row) bool {
	p := b.Plan
	if p.Rules.Kind != KindLead {
		return false
	}
	left := func(i int) bool { return r.Actions[i] == Set || r.Actions[i] == Keep && m.Values[i].Set }
	return !left(p.email) && !left(p.phone)
}

// apply gives the member the row's values, and reports whether one changed.
func (b *Batch) apply(m *Record, r *Row) bool {
	p := b.Plan
	changed, emailChanged := b.consentsOfKnown(m, r), false
	for i := range p.Fields {
		f := &p.Fields[i]
		if r.Actions[i] == Keep || f.Consent || f.ReadOnly {
			continue
		}
		v := r.Values[i]
		if isList(f.Type) && r.Actions[i] == Set && !p.columns[i].listReplaces {
			v = union(m.Values[i], v)
		}
		if v.Equal(m.Values[i]) {
			continue
		}
		m.set(i, v)
		changed = true
		emailChanged = emailChanged || i == p.email
	}
	if emailChanged { // and so Before has the carrier as it was
		p.deriveCarrier(m.Values)
	}
	return changed
}

func (p *Plan) deriveCarrier(values []Value) {
	if p.carrier < 0 {
		return
	}
	if email := values[p.email]; email.Set {
		values[p.carrier] = IntValue(Carrier(email.Text))
	} else {
		values[p.carrier] = Value{}
	}
}

func isList(t Type) bool { return t == List || t == NumberList || t == Tags }

// union returns old with the items of add that it lacks, in their order: the option list_values = append.
func union(old, add Value) Value {
	out := old.List[:len(old.List):len(old.List)]
	seen := make(map[string]struct{}, len(old.List)+len(add.List))
	for _, item := range old.List {
		seen[item] = struct{}{}
	}
	for _, item := range add.List {
		if _, ok := seen[item]; !ok {
			seen[item] = struct{}{}
			out = append(out, item)
		}
	}
	return ListValue(out)
}
