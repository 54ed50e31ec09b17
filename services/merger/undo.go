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

// undo takes back what an import did, step by step, or tells what that would do. A message that comes again goes on where
// the work stands.
func (h *handler) undo(ctx context.Context, j queue.Job) error {
	start := time.Now()
	i, err := h.db.ImportForWork(ctx, j.Tenant, j.Import)
	if errors.Is(err, postgres.ErrNotFound) {
		return queue.Drop(err)
	}
	for left := true; left && err == nil; {
		left, err = h.undoStep(ctx, i)
		if left && err == nil && h.turn > 0 && time.Since(start) > h.turn {
			return queue.Later(otherTurns)
		}
	}
	switch {
	case err == nil:
		h.log.Info("import undone", zap.Stringer("import", j.Import), zap.Duration("in", time.Since(start)))
		h.relay.Kick() // the list's turn has passed on
		return nil
	case errors.Is(err, postgres.ErrStopped):
		h.log.Info("nothing left to undo", zap.Stringer("import", j.Import), zap.Duration("in", time.Since(start)))
		return nil
	case postgres.Unavailable(err):
		return queue.Unavailable(err)
	}
	return err
}

func (h *handler) undoStep(ctx context.Context, i *imports.Import) (left bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	return h.db.UndoStep(ctx, i.Tenant, i)
}

// errUndoStuck keeps the message of an undo that cannot go on: half of an import is worse than all of it or nothing, so
// it is tried again until it can.
var errUndoStuck = errors.New("an undo is not given up")

// stuck notes why an undo cannot go on. That of an import which nobody knows is ended.
func (h *handler) stuck(ctx context.Context, j queue.Job, why error) error {
	if errors.Is(why, postgres.ErrNotFound) || j.Tenant == 0 {
		h.log.Error("undo of an unknown import", zap.Stringer("import", j.Import), zap.Error(why))
		return nil
	}
	h.log.Error("import cannot be undone for now", zap.Stringer("import", j.Import), zap.Error(why))
	if err := h.db.FailUndo(ctx, j.Tenant, j.Import, imports.FailureOf(why, member.Internal)); err != nil {
		return err
	}
	return errUndoStuck
}
