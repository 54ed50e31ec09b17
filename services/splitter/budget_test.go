package splitter

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/tenant"
)

func TestLargeImportsLeaveRoomForSmallOnes(t *testing.T) {
	t.Parallel()
	b := newBudget(1000)
	releaseLarge, ok := b.take(1, 5000, true)
	if !ok {
		t.Fatal("an import that is larger than the budget can never be cut")
	}
	if _, ok := b.take(2, 500, true); ok {
		t.Error("a second large import got memory that is not there")
	}
	releaseSmall, ok := b.take(3, 200, false)
	if !ok {
		t.Error("a small import found no room beside a large one")
	}
	if _, ok := b.take(3, 200, false); ok {
		t.Error("the budget was exceeded")
	}
	releaseSmall()
	releaseLarge()
	releaseAll, ok := b.take(3, 5000, false)
	if !ok {
		t.Error("memory was not given back")
	}
	releaseAll()
}

// TestTenantLeavesHalfOfTheRoomToOthers has one tenant take all that it gets.
func TestTenantLeavesHalfOfTheRoomToOthers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ bytes, turns, own, other int }{
		"memory": {100, 0, 3, 3}, "turns": {1, 6, 3, 3}, "one that needs more than half": {600, 0, 1, 0},
	} {
		b := newBudget(800)
		b.turns = tt.turns
		took := func(id tenant.ID) (n int) {
			for {
				if _, ok := b.take(id, int64(tt.bytes), true); !ok {
					return n
				}
				n++
			}
		}
		if own, other := took(1), took(2); own != tt.own || other != tt.other {
			t.Errorf("%s: %d imports of one tenant, %d of another; want %d and %d", name, own, other, tt.own, tt.other)
		}
	}
}

func TestImportWithoutRoomIsLeftToOtherSplitters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b.budget = newBudget(1 << 20)
	full, _ := b.budget.take(b.tenant, 1<<20, false)
	j := b.running(t, roster(100), imports.Cut{Lanes: 4, ChunkRows: 50, ChunkBytes: 1 << 16})
	must(t, b.queue.PublishStarted(ctx, j, 1))
	var wg sync.WaitGroup
	wg.Go(func() { b.merge(ctx, t, func(queue.Chunk) {}) })
	var refused atomic.Int64
	wg.Go(func() {
		_ = b.queue.ConsumeStarted(ctx, 1, func(ctx context.Context, j queue.Job) error {
			err := b.handle(ctx, j)
			if err != nil && refused.Add(1) == 2 {
				full()
			}
			return err
		}, b.dropped)
	})
	if i := b.ended(ctx, t, j); i.State != imports.StateCompleted || refused.Load() < 2 {
		t.Errorf("import is %s after %d refusals", i.State, refused.Load())
	}
	cancel()
	wg.Wait()
}
