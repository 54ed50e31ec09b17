package imports

import (
	"time"

	"github.com/meibo/meibo/internal/member"
)

// Undo is the undoing of an import, or a dry run of it.
type Undo struct {
	Import ID
	// DryRun tells what an undo would do, and changes nothing.
	DryRun      bool
	RequestedAt time.Time
	// StartedAt is when it had its turn, nil while it waits; FinishedAt is nil while there is something left to do.
	StartedAt, FinishedAt *time.Time
	// Done of Total members are dealt with.
	Done, Total int64
	Counts      UndoCounts
	// Failure is why it cannot go on for the time being; its Code is empty where it can.
	Failure member.Problem
}

// UndoCounts are members, by what became of them, and what was left as it is.
type UndoCounts struct {
	// Removed members were created by the import, Restored ones changed, and Returned ones deleted, removed or unified.
	Removed  int64 `json:"removed,omitempty"`
	Restored int64 `json:"restored,omitempty"`
	Returned int64 `json:"returned,omitempty"`
	// Kept are members, or single fields of them, that stay as they are, by the reason why.
	Kept map[member.Code]int64 `json:"kept,omitempty"`
}

// KeptInAll returns how many members, or single fields of them, stay as they are.
func (c *UndoCounts) KeptInAll() (n int64) {
	for _, of := range c.Kept {
		n += of
	}
	return n
}

// Kept is a member, or a field of one, that an undo leaves as it is.
type Kept struct {
	Member int64
	// Problem names the field, where it is one, and why.
	Problem member.Problem
}

// UndoState is where an undo, or a dry run of one, stands.
type UndoState string

// The states of an undo.
const (
	UndoQueued  UndoState = "queued"
	UndoRunning UndoState = "running"
	UndoDone    UndoState = "done"
)

// State returns where the undo stands.
func (u *Undo) State() UndoState {
	switch {
	case u.FinishedAt != nil:
		return UndoDone
	case u.StartedAt != nil:
		return UndoRunning
	}
	return UndoQueued
}

// MovesUniques reports whether the import may have given unique values of members to others, so that undoing it must take
// all of them away before it gives one back.
func (i *Import) MovesUniques() bool {
	schema := i.Schema
	if schema == nil {
		schema = member.Standard()
	}
	rules := i.Options.Filled().Rules
	for _, f := range schema.Fields() {
		if !f.Unique || f.Key == "id" || f.Key == rules.Key {
			continue
		}
		if rules.Mode == member.Replace || i.WithLeads {
			return true
		}
		for _, c := range i.Mapping {
			if c.Field == f.Key {
				return true
			}
		}
	}
	return false
}
