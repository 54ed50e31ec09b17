package imports

import "github.com/meibo/meibo/internal/member"

// Stage is what is being done for an import.
type Stage string

// The stages of an import that is on its way; the others have none.
const (
	// StageWaiting: it is not its turn yet.
	StageWaiting Stage = "waiting"
	// StageReading: its source is being read, and merged at the same time.
	StageReading Stage = "reading"
	// StageMerging: its source is read, and rows are left to merge.
	StageMerging Stage = "merging"
	// StageFinishing: every row has its outcome, and leads are unified or members removed.
	StageFinishing Stage = "finishing"
	// StageUndoing: what it did is being taken back.
	StageUndoing Stage = "undoing"
)

// Stage returns what is being done for the import, or will be once it is no longer paused; empty before it is started and
// once it has ended.
func (i *Import) Stage() Stage {
	switch i.State {
	case StateQueued:
		return StageWaiting
	case StateRunning, StatePaused:
		return i.reached()
	case StateUndoing:
		return StageUndoing
	}
	return ""
}

func (i *Import) reached() Stage {
	switch {
	case i.FinishingAt != nil:
		return StageFinishing
	case i.SplitAt != nil:
		return StageMerging
	}
	return StageReading
}

// Finishes reports whether there is something left to do when every row of the import has its outcome: what looks at the
// list as a whole, and so must not begin before.
func (i *Import) Finishes() bool { return i.WithLeads || i.Options.Mode == member.Replace }

// maxRemovedDefault is the share of a list that replace may remove where nothing is said, in percent (product.md,
// option max_removed).
const maxRemovedDefault = 10

// RemovalLimit bounds the members that replace may remove: max_removed, or its default where nothing is said of it.
func (o Options) RemovalLimit() Limit {
	if o.MaxRemoved == (Limit{}) {
		return Percent(maxRemovedDefault)
	}
	return o.MaxRemoved
}

// MeasuresList reports whether a limit is a share of the list's members as they were when the import started.
func (o Options) MeasuresList() bool {
	return o.MaxChanged.Share || o.Mode == member.Replace && o.RemovalLimit().Share
}

// ExceededLimit returns the limit of rows that the totals of the import exceed, as the reason why it fails. The totals
// are those of all rows.
func (i *Import) ExceededLimit() (why member.Problem, exceeded bool) {
	o, t := i.Options, i.Totals
	switch {
	case o.MaxFailed.Exceeded(t.Failed, t.Total):
		return member.Problem{Code: member.MaxFailed, Detail: o.MaxFailed.String()}, true
	case o.MaxChanged.Exceeded(t.Updated+t.Deleted, i.MembersBefore):
		return member.Problem{Code: member.MaxChanged, Detail: o.MaxChanged.String()}, true
	}
	return why, false
}
