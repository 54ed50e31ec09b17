package merger

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// finishers is how many imports one merger finishes, and how many it undoes, at the same time: they wait for the database,
// not for it.
const finishers = 2

// An import with much left to do, or to undo, lets others have their turn for a moment, so often.
const (
	finishTurn = 2 * time.Second
	otherTurns = 50 * time.Millisecond
)

// stepLimit bounds one transaction of an import's last stage, or of its undoing.
const stepLimit = 5 * time.Minute

// finish does what an import has left once every row of it is merged, step by step. A message that comes again goes on
// where the work stands.
func (h *handler) finish(ctx context.Context, j queue.Job) error {
	return h.inSteps(ctx, j, "import finished", h.step)
}

func (h *handler) step(ctx context.Context, i *imports.Import) (left bool, err error) {
	return h.db.FinishStep(ctx, i.Tenant, i)
}

// inSteps does a work on an import step by step, each in bounded time, until none is left, or others have to have their
// turn. done is what the log says at its end, which may give the list's turn to another import.
func (h *handler) inSteps(ctx context.Context, j queue.Job, done string, step func(context.Context, *imports.Import) (left bool, err error)) error {
	start := time.Now()
	i, err := h.db.ImportForWork(ctx, j.Tenant, j.Import)
	if errors.Is(err, postgres.ErrNotFound) {
		return queue.Drop(err)
	}
	for left := true; left && err == nil; {
		left, err = bounded(ctx, i, step)
		if left && err == nil && h.turn > 0 && time.Since(start) > h.turn {
			return queue.Later(otherTurns)
		}
	}
	switch {
	case errors.Is(err, postgres.ErrStopped):
		h.log.Info("no step left", zap.Stringer("import", j.Import), zap.String("of", done), zap.Duration("in", time.Since(start)))
		return nil
	case err != nil && postgres.Unavailable(err):
		return queue.Unavailable(err)
	case err != nil:
		return err
	}
	h.log.Info(done, zap.Stringer("import", j.Import), zap.Duration("in", time.Since(start)))
	h.relay.Kick()
	return nil
}

func bounded(ctx context.Context, i *imports.Import, step func(context.Context, *imports.Import) (bool, error)) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	return step(ctx, i)
}

// abandoned fails an import that cannot be finished. What was done stays.
func (h *handler) abandoned(ctx context.Context, j queue.Job, why error) error {
	h.log.Error("import cannot be finished: it fails", zap.Stringer("import", j.Import), zap.Error(why))
	done, err := h.db.FailImportOf(ctx, j.Tenant, j.Import, imports.FailureOf(why, member.Internal))
	if done {
		h.relay.Kick()
	}
	return err
}

// What only running imports need is swept so often once they have ended, so many rows at a time.
const (
	sweepEvery = time.Minute
	sweepBatch = 10_000
)

// sweep deletes what imports have left behind until ctx ends.
func (h *handler) sweep(ctx context.Context) error {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		for n := int64(1); n > 0 && ctx.Err() == nil; {
			var err error
			if n, err = h.db.SweepScratch(ctx, sweepBatch); err != nil && ctx.Err() == nil {
				h.log.Warn("cannot sweep after imports", zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// pace notes how running imports come on, for people to see, until ctx ends.
func (h *handler) pace(ctx context.Context) error {
	t := time.NewTicker(postgres.PaceEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if err := h.db.NotePace(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("cannot note the pace of imports", zap.Error(err))
		}
	}
}
