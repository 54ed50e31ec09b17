package merger

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// undo takes back what an import did, step by step, or tells what that would do. A message that comes again goes on where
// the work stands.
func (h *handler) undo(ctx context.Context, j queue.Job) error {
	return h.inSteps(ctx, j, "import undone", h.undoStep)
}

func (h *handler) undoStep(ctx context.Context, i *imports.Import) (left bool, err error) {
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
