package member

// Outcome is what happened to one row. Every row has exactly one.
type Outcome uint8

// The outcomes of product.md.
const (
	Created Outcome = iota
	Updated
	Unchanged
	Deleted
	Skipped
	Failed
)

// Record is the stored state of one member, as far as a Plan writes it.
type Record struct {
	ID int64
	// Version grows by one with each row that changes the member; Stored is the version that was read.
	Version, Stored int32
	// Values stand in the order of Plan.Fields.
	Values []Value
	// New tells a member that this batch creates from one that was stored before.
	New bool
	// Dirty tells a stored member whose values this batch changes.
	Dirty bool
}

// Counts are the numbers of rows by outcome, and beside them counts that are not rows.
type Counts struct {
	Created, Updated, Unchanged, Deleted, Skipped, Failed int64
	// Protected counts opt-ins that the consent guard refused.
	Protected int64
}

// Rows returns the number of rows that have an outcome.
func (c Counts) Rows() int64 {
	return c.Created + c.Updated + c.Unchanged + c.Deleted + c.Skipped + c.Failed
}

func (c *Counts) add(o Outcome) {
	switch o {
	case Created:
		c.Created++
	case Updated:
		c.Updated++
	case Unchanged:
		c.Unchanged++
	case Deleted:
		c.Deleted++
	case Skipped:
		c.Skipped++
	case Failed:
		c.Failed++
	}
}

// Batch merges rows into members, one row after another, in file order.
//
// It is the merge rule: storage loads the members that the rows' keys match into Members, calls Merge, and
// writes the records that came out New or Dirty. What a row does depends only on the rows before it and on
// the stored members, never on how the file was cut into batches.
type Batch struct {
	Plan *Plan
	// FirstID is the id of the member that the row with ordinal 0 would create.
	FirstID int64
	// Members are the list's members by merge key.
	Members map[string]*Record
	// Created are the new members, in file order.
	Created []*Record
	// Counts add up over the rows merged.
	Counts Counts
}

// Merge applies one row and returns its outcome. A row that fails has its problems in r.Problems and
// changes nothing.
func (b *Batch) Merge(r *Row) Outcome {
	r.Outcome = b.merge(r)
	b.Counts.add(r.Outcome)
	return r.Outcome
}

func (b *Batch) merge(r *Row) Outcome {
	if r.Failed() {
		return Failed
	}
	m := b.Members[r.Key]
	if m == nil {
		return b.create(r)
	}
	if !b.update(m, r) {
		return Unchanged
	}
	m.Version++
	m.Dirty = !m.New
	return Updated
}

// create adds a member, unless a required field has no value.
func (b *Batch) create(r *Row) Outcome {
	p := b.Plan
	for _, key := range p.unmapped {
		r.Fail(Required, key, "")
	}
	for i := range p.Fields {
		if r.Actions[i] == Set {
			continue
		}
		f := &p.Fields[i]
		if f.Required {
			r.Fail(Required, f.Key, "")
		}
		if r.Actions[i] == Keep {
			r.Values[i] = f.Default
		}
	}
	if r.Failed() {
		return Failed
	}
	p.deriveCarrier(r.Values)
	m := &Record{ID: b.FirstID + r.Ordinal, Version: 1, Values: r.Values, New: true}
	b.Members[r.Key] = m
	b.Created = append(b.Created, m)
	return Created
}

// update applies the row's cells to a member and reports whether a value changed. Who opted out stays out:
// the guard of product.md, option consent.
func (b *Batch) update(m *Record, r *Row) bool {
	p, changed, emailChanged := b.Plan, false, false
	for i := range p.Fields {
		if r.Actions[i] == Keep || i == p.carrier {
			continue
		}
		if r.Values[i].Equal(m.Values[i]) {
			continue
		}
		f := &p.Fields[i]
		if f.Consent && m.Values[i].Set && !m.Values[i].Bool() {
			b.Counts.Protected++
			continue
		}
		v := r.Values[i]
		if isList(f.Type) && r.Actions[i] == Set {
			if v = union(m.Values[i], v); v.Equal(m.Values[i]) {
				continue
			}
		}
		m.Values[i] = v
		changed = true
		emailChanged = emailChanged || i == p.email
	}
	if emailChanged {
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
