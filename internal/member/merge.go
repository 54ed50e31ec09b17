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

// Record is the stored state of one member, as far as a Plan touches it.
type Record struct {
	ID int64
	// Version grows by one with each row that changes the member; Stored is the version that was read.
	Version, Stored int32
	// Values stand in the order of Plan.Fields.
	Values []Value
	// ImportTags are loaded where the import has a tag.
	ImportTags []string
	// Before is what stood in Values when it was read, nil as long as none of them changed; TagsBefore what stood in
	// ImportTags, of one that is Tagged.
	Before     []Value
	TagsBefore []string
	Tagged     bool
	// Row is the number of the last row that changed or deleted the member.
	Row int64
	// LastSeen is when the member was seen last, in microseconds since 1970, or the least number where it never was;
	// loaded where several members can have a key.
	LastSeen int64
	// Next is another member with the same key, nil where there is none.
	Next *Record
	// Lead tells a lead from a member.
	Lead bool
	// Seen tells that an earlier row of the import was applied to the member; loaded where only first rows count.
	Seen bool
	// New tells a member that this batch creates from one that was stored before.
	New bool
	// Dirty tells a stored member that this batch changes; Touched that it changes more than its import tags.
	Dirty, Touched bool
	// Gone tells a stored member that this batch deletes; Released one that gave up a value of a unique field, which
	// another may have taken.
	Gone, Released bool
}

// set gives the member a value, and keeps what stood there before of one that was stored.
func (r *Record) set(field int, v Value) {
	if r.Before == nil && !r.New {
		r.Before = append([]Value(nil), r.Values...)
	}
	r.Values[field] = v
}

// Counts are the numbers of rows by outcome, and beside them counts that are not rows.
type Counts struct {
	Created, Updated, Unchanged, Deleted, Skipped, Failed int64
	// Protected counts opt-ins that the consent guard refused.
	Protected int64
	// Tagged counts the times that a member got the import's tag.
	Tagged int64
}

// Rows returns the number of rows that have an outcome.
func (c Counts) Rows() int64 {
	return c.Created + c.Updated + c.Unchanged + c.Deleted + c.Skipped + c.Failed
}

// Of returns the number of rows with an outcome.
func (c Counts) Of(o Outcome) int64 { return *c.place(o) }

func (c *Counts) add(o Outcome) { *c.place(o)++ }

// place is where the rows with an outcome are counted.
func (c *Counts) place(o Outcome) *int64 {
	switch o {
	case Created:
		return &c.Created
	case Updated:
		return &c.Updated
	case Unchanged:
		return &c.Unchanged
	case Deleted:
		return &c.Deleted
	case Skipped:
		return &c.Skipped
	case Failed:
	}
	return &c.Failed
}

// OptOut is the refusal of a consent by the owner of a contact: the field, and the contact as keys are compared.
type OptOut struct{ Field, Contact string }

// Holding is a value of a unique field, as keys are compared: the index in Plan.Fields, and the value.
type Holding struct {
	Field int
	Value string
}

// Batch merges rows into members, one row after another, in file order.
//
// It is the merge rule: storage loads what the rows match into Members, Holders and OptedOut, calls Merge, and
// writes the records that came out New, Dirty or Gone, and OptOuts. What a row does depends only on the rows
// before it and on what was stored, never on how the file was cut into batches.
type Batch struct {
	Plan *Plan
	// FirstID is the id of the member that the row with ordinal 0 would create, MaxRows how many ids from there on
	// are the import's own.
	FirstID, MaxRows int64
	// Members are the list's members of the import's kind by merge key, as selected for Plan.Rules.
	Members map[string]*Record
	// Holders are the members that have the rows' values of unique fields.
	Holders map[Holding]int64
	// OptedOut are the opt-outs that are remembered of contacts of the rows.
	OptedOut map[OptOut]struct{}
	// Allowance is how many members may still be created; nil for any number.
	Allowance *int64
	// Created are the new members, in file order.
	Created []*Record
	// OptOuts are those to be remembered, and, where false, forgotten, once the import has ended.
	OptOuts map[OptOut]bool
	// Counts add up over the rows merged.
	Counts Counts
	// Keyless is the number of rows that failed and have no key that could be read.
	Keyless int64
	// Watched has each row's member kept as it is before the row, for Changes.
	Watched bool
	former  former
}

// Merge applies one row and returns its outcome. A row that fails has its problems in r.Problems and
// changes nothing; one that is skipped has its reason in r.Skip.
func (b *Batch) Merge(r *Row) Outcome {
	r.Outcome = b.merge(r)
	b.Counts.add(r.Outcome)
	switch r.Outcome {
	case Failed:
		if r.Key == "" {
			b.Keyless++
		}
	case Created, Updated, Unchanged:
		b.tag(r)
	case Deleted, Skipped:
	}
	return r.Outcome
}

func (b *Batch) merge(r *Row) Outcome {
	if r.Key == "" {
		return Failed
	}
	if r.Skip != "" {
		return Skipped
	}
	chain := b.Members[r.Key]
	if b.Plan.Rules.Duplicates == DuplicatesFirst && b.seen(chain) {
		return skip(r, SkippedDuplicate)
	}
	if r.Failed() {
		return Failed
	}
	m, several := b.pick(chain)
	if several {
		r.Fail(MultipleMatches, b.Plan.KeyField().Key, "")
		return Failed
	}
	r.Member = m
	if b.Watched {
		b.former.look(m)
	}
	switch mode := b.Plan.Rules.Mode; {
	case m == nil && !mode.Creates():
		return skip(r, SkippedUnknown)
	case m == nil:
		return b.create(r)
	case mode == Append && !b.Own(m):
		return skip(r, SkippedKnown)
	case mode == Delete:
		m.Gone, m.Row = true, r.Number
		delete(b.Members, r.Key)
		return Deleted
	}
	o := b.update(m, r)
	m.Seen = m.Seen || o != Failed // A row that fails is not the first.
	return o
}

func skip(r *Row, why Code) Outcome {
	r.Skip, r.Problems = why, nil
	return Skipped
}

// Own reports whether the import created the member.
func (b *Batch) Own(m *Record) bool { return m.ID >= b.FirstID && m.ID < b.FirstID+b.MaxRows }

// seen reports whether an earlier row of the import was applied to one of the members.
func (b *Batch) seen(chain *Record) bool {
	for m := chain; m != nil; m = m.Next {
		if m.Seen || b.Own(m) {
			return true
		}
	}
	return false
}

// pick returns the one of the members with a key that a row is about, nil where there is none; several where the rules
// do not choose. An import of leads prefers the member to a lead with the same contact.
func (b *Batch) pick(chain *Record) (m *Record, several bool) {
	if chain == nil || chain.Next == nil {
		return chain, false
	}
	leads := true
	for m := chain; m != nil; m = m.Next {
		leads = leads && m.Lead
	}
	count := 0
	for o := chain; o != nil; o = o.Next {
		if o.Lead && !leads {
			continue
		}
		count++
		if m == nil || o.LastSeen > m.LastSeen || o.LastSeen == m.LastSeen && o.ID < m.ID {
			m = o
		}
	}
	rules := &b.Plan.Rules
	return m, count > 1 && (rules.Mode == Delete || rules.MultipleMatches != MultipleMostRecent)
}

// maxImportTags is how many import tags a member has at most: one more drops the first (seed 004).
const maxImportTags = 30

// tag gives the row's member the import's tag, which by itself does not make it updated.
func (b *Batch) tag(r *Row) {
	tag, m := b.Plan.Rules.ImportTag, r.Member
	if tag == "" {
		return
	}
	for _, t := range m.ImportTags {
		if t == tag {
			return
		}
	}
	if !m.Tagged {
		m.Tagged, m.TagsBefore = true, m.ImportTags
	}
	m.Row = r.Number
	tags := m.ImportTags[:len(m.ImportTags):len(m.ImportTags)]
	tags = append(tags, tag)
	m.ImportTags = tags[max(0, len(tags)-maxImportTags):]
	b.Counts.Tagged++
	if r.Outcome == Unchanged {
		m.Version++
		m.Dirty = !m.New
	}
}
