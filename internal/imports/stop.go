package imports

import (
	"slices"
	"time"

	"github.com/meibo/meibo/internal/member"
)

// ResumableFor is for how long after its failure an import can be resumed: so long is kept what only a running one needs.
const ResumableFor = 7 * 24 * time.Hour

// mendable are the failures whose cause lies outside the file and the options, so that an operator may mend it.
var mendable = []member.Code{member.PoisonChunk, member.NewerMessage, member.SourceMissing, member.QuotaExceeded, member.Internal}

// Mendable returns the codes of the failures after which an import can be resumed.
func Mendable() []member.Code { return slices.Clone(mendable) }

// CanMend reports whether what such a failure tells of can be mended.
func CanMend(code member.Code) bool { return slices.Contains(mendable, code) }

// Resumable reports whether the import can go on where it stood, at that time: it is paused, or it has failed, not long
// ago, for a reason that can be mended, and neither its source nor its failed rows are gone at the end of their retention.
func (i *Import) Resumable(now time.Time) bool {
	return i.State == StatePaused || i.failedMendably() && i.FinishedAt != nil && now.Sub(*i.FinishedAt) < ResumableFor &&
		i.SourceGoneAt == nil && i.ReportGoneAt == nil
}

// Starved reports whether the import could be resumed if its source were not gone at the end of its retention.
func (i *Import) Starved() bool { return i.failedMendably() && i.SourceGoneAt != nil }

func (i *Import) failedMendably() bool { return i.State == StateFailed && CanMend(i.Failure.Code) }

// Stop is how far an import had come when it was stopped.
type Stop struct {
	// Stage is what was being done; StageWaiting where the import had not begun.
	Stage Stage
	// Read data rows were read of the file, Merged of them have an outcome.
	Read, Merged int64
	// LastRow is the number of the last row that was read, as Excel shows it; 0 where it is not known.
	LastRow int64
	// Percent is how much of the file is merged, from 0 to 100: exact where all of it was read, and a guess by how much of
	// its bytes was read where not; -1 where nobody can tell.
	Percent int
}

// Stopped returns how far the import had come when it failed or was cancelled, or where it is paused; nil for any other,
// and one that was never started.
func (i *Import) Stopped() *Stop {
	if i.State != StateFailed && i.State != StateCancelled && i.State != StatePaused || i.QueuedAt == nil {
		return nil
	}
	s := &Stop{Stage: StageWaiting, Read: i.Totals.Total, Merged: i.Totals.Rows(), LastRow: i.LastRow}
	if i.StartedAt == nil {
		return s
	}
	s.Stage = i.reached()
	switch {
	case s.Read == 0:
	case i.SplitAt != nil:
		s.Percent = int(100 * s.Merged / s.Read)
	case i.ReadShare > 0:
		s.Percent = min(99, int(100*i.ReadShare*float64(s.Merged)/float64(s.Read)))
	default:
		s.Percent = -1
	}
	return s
}
