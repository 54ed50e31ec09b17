// Package oracle says what an import must come to: the rules of merging written over again as plainly as they can be,
// for the proof that the pipeline keeps them however its work is divided. It takes the rows of a file one after another
// and looks through the whole list for each of them. It shares the reading of single cells with the pipeline
// (member.Field.Parse, which has tests of its own) and what is derived from values (member.Carrier, member.FullName), but
// nothing of the merging itself, and must not: two copies of one mistake would agree.
//
//	rows ──▶ readable ─▶ key ─▶ skip_without ─▶ duplicates ─▶ cells ─▶ match ─▶ mode ─▶ required, unique ─▶ quota ─▶ consent ─▶ written
//	                                         at the end: leads are unified, then members missing from a replacing file removed
//
// It is for tests. Nothing that runs links it.
package oracle

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// List is a list as an import finds it.
type List struct {
	Members []Member
	// OptOuts are those that the list remembers.
	OptOuts []OptOut
	// Quota is how many members and leads the tenant may have that are not blocked; nil for any number.
	Quota *int64
}

// Member is one member with everything that is stored of it.
type Member struct {
	ID         int64
	Kind       member.Kind
	Version    int
	CreatedAt  time.Time
	UpdatedAt  time.Time
	LastSeenAt time.Time // zero for never
	// Provisional members are not registered yet; of an Unverified lead nobody knows that the contact is its own.
	Provisional, Unverified, Blocked bool
	// Values are by the keys of the fields; a field without value has none.
	Values map[string]member.Value
}

// OptOut is a consent that was taken back for a contact.
type OptOut struct {
	Field, Contact string
}

// Import is what is to be imported, and what the start of the import has fixed.
type Import struct {
	Schema  *member.Schema
	Mapping member.Mapping
	Options imports.Options
	// FirstID is the id of the member that the first readable row would create, Start when the import began.
	FirstID int64
	Start   time.Time
	Rows    []Row
	// Stopped imports were ended before their last stage: nothing that looks at the whole file was done.
	Stopped bool
}

// Row is a record of the file that is not blank.
type Row struct {
	// Number is the one that Excel shows.
	Number int64
	Cells  []string
	// Left rows are those that were not merged yet when the import was stopped.
	Left bool
}

// Result is what must have come of an import.
type Result struct {
	// Failure is why the import failed, empty where it is completed. What is said of a failed import holds only where
	// the failure was found after the last row.
	Failure member.Code
	Totals  imports.Totals
	// Tagged members got the import tag, Keyless rows have no key that could be read.
	Tagged, Keyless int64
	// Members are in the order of their ids, OptOuts sorted, Failed in the order of their rows.
	Members  []Member
	OptOuts  []OptOut
	Failed   []imports.FailedRow
	Warnings []member.Code
}

// run is the work on one import.
type run struct {
	Import
	rules     member.Rules
	locale    *member.Locale
	list      []*Member
	allowance *int64
	ordinal   int64
	// times counts the rows of each key; merged holds the keys that a row was merged by.
	times  map[string]int
	merged map[string]bool
	// named are the members that rows name, with the first of those that were applied to them.
	named map[int64]naming
	// memory are the opt-outs that were there before; recorded and forgotten are what this import adds and takes back.
	memory, recorded, forgotten map[OptOut]bool
	// before is the number of members of the import's kind, leads tells whether there may be leads.
	before int64
	leads  bool
	result Result
}

type naming struct {
	ordinal int64
	applied bool
}

// Run imports into the list, which it leaves alone.
func Run(l List, i Import) (Result, error) {
	r, err := newRun(l, i)
	if err != nil {
		return Result{}, err
	}
	for n := range i.Rows {
		if i.Rows[n].Left {
			r.leave(&i.Rows[n])
		} else {
			r.row(&i.Rows[n])
		}
	}
	if !i.Stopped {
		r.finish()
	}
	return r.conclude(), nil
}

func newRun(l List, i Import) (*run, error) {
	locale, err := i.Options.Locale()
	if err != nil {
		return nil, err
	}
	r := &run{
		Import: i, rules: i.Options.Rules.Filled(), locale: locale,
		times: map[string]int{}, merged: map[string]bool{}, named: map[int64]naming{},
		memory: map[OptOut]bool{}, recorded: map[OptOut]bool{}, forgotten: map[OptOut]bool{},
	}
	r.leads = r.rules.Kind == member.KindLead // which it may make itself
	free := int64(0)
	for n := range l.Members {
		m := l.Members[n]
		m.Values = maps.Clone(m.Values)
		r.list = append(r.list, &m)
		if !m.Blocked {
			free--
		}
		if m.Kind == r.rules.Kind {
			r.before++
		}
		r.leads = r.leads || m.Kind == member.KindLead
	}
	if l.Quota != nil {
		free = max(0, free+*l.Quota)
		r.allowance = &free
	}
	for _, o := range l.OptOuts {
		r.memory[o] = true
	}
	for n := range i.Rows {
		if key, ok := r.keyOf(&i.Rows[n]); ok {
			r.times[key]++
		}
	}
	return r, nil
}

// conclude puts the result in order.
func (r *run) conclude() Result {
	for _, m := range r.list {
		r.result.Members = append(r.result.Members, *m)
	}
	slices.SortFunc(r.result.Members, func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
	kept := maps.Clone(r.memory)
	maps.DeleteFunc(kept, func(o OptOut, _ bool) bool { return r.forgotten[o] })
	maps.Copy(kept, r.recorded)
	r.result.OptOuts = slices.SortedFunc(maps.Keys(kept), func(a, b OptOut) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Contact, b.Contact))
	})
	r.result.Totals.Total = int64(len(r.Rows))
	return r.result
}

func (r *run) field(key string) *member.Field {
	return &r.Schema.Fields()[r.Schema.Index(key)]
}

// column returns the place in the file of the column that feeds a field, or -1.
func (r *run) column(field string) int {
	return slices.IndexFunc(r.Mapping, func(c member.Column) bool { return c.Field == field })
}
