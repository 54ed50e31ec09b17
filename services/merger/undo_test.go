package merger

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// TestUndoGoesOnWhereAMergerDied has the first merger die after one step, and others fail until nobody would try again
// any more.
func TestUndoGoesOnWhereAMergerDied(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	b.while(ctx, b.finish, func() {
		if i := b.file(ctx, t, [2]string{"A1", "青木"}, [2]string{"A2", "井上"}); i.State != imports.StateCompleted {
			t.Fatalf("import is %s", i.State)
		}
		var tries atomic.Int64
		var wg sync.WaitGroup
		consuming, stop := context.WithCancel(ctx)
		wg.Go(func() {
			_ = b.queue.ConsumeUndo(consuming, finishers, func(ctx context.Context, j queue.Job) error {
				switch n := tries.Add(1); {
				case n == 1:
					i, err := b.db.ImportForWork(ctx, j.Tenant, j.Import)
					if err == nil {
						_, err = b.undoStep(ctx, i)
					}
					return errors.Join(queue.Unavailable(errors.New("died")), err)
				case n < 8:
					return errors.New("a step that breaks")
				}
				return b.undo(ctx, j)
			}, b.stuck)
		})
		_, err := b.db.RequestUndo(ctx, b.job.Tenant, b.job.ID, false, 0)
		must(t, err)
		failed := false
		for {
			u, err := b.db.Undo(ctx, b.job.Tenant, b.job.ID, false)
			must(t, err)
			failed = failed || u.Failure.Code != ""
			if u.State() == imports.UndoDone {
				if u.Counts.Removed != 2 || u.Failure.Code != "" {
					t.Errorf("the undo did %+v, and says %+v", u.Counts, u.Failure)
				}
				break
			}
		}
		if !failed {
			t.Error("nobody was told that the undo could not go on")
		}
		stop()
		wg.Wait()
	})
	if i, err := b.db.Import(t.Context(), b.job.Tenant, b.job.ID); err != nil || i.State != imports.StateUndone {
		t.Errorf("import is %+v, %v", i, err)
	}
	j := queue.Job{Tenant: b.job.Tenant, Import: imports.NewID()}
	err := b.undo(t.Context(), j)
	if !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("an unknown import was undone: %v", err)
	}
	must(t, b.stuck(t.Context(), j, err))
	must(t, b.undo(t.Context(), queue.Job{Tenant: b.job.Tenant, Import: b.job.ID})) // once more
}
