package splitter

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// TestSmallImportOvertakesLargeOnes lets large imports of one tenant have one chunk merged after another, and counts how
// many it takes until the chunk of a small import of another tenant has its turn.
func TestSmallImportOvertakesLargeOnes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var large []queue.Job
	for _, list := range []string{postgres.MainList, "second", "third"} {
		if list != postgres.MainList {
			_, err := b.db.CreateList(ctx, b.tenant, postgres.List{Name: list})
			must(t, err)
		}
		n := b.newImport()
		n.List = list
		i, _, err := b.db.CreateImport(ctx, b.tenant, n)
		must(t, err)
		large = append(large, b.begin(t, i, roster(9000), imports.Cut{Lanes: 16, ChunkRows: 10, ChunkBytes: 1 << 16}))
	}
	const workers = 2 // of b.merge
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	turn, overtaken := make(chan struct{}), make(chan queue.Job, 100)
	wg.Go(func() {
		b.merge(ctx, t, func(c queue.Chunk) {
			if c.Tenant != b.tenant {
				overtaken <- c.Job
				return
			}
			select {
			case turn <- struct{}{}:
			case <-ctx.Done():
			}
		})
	})
	for _, j := range large {
		wg.Go(func() { _ = b.handle(ctx, j) })
	}
	const most = perWorker * workers
	begun := map[queue.Job]bool{}
	fair := func() bool {
		n := 0
		for _, j := range large {
			busy, err := b.queue.BusyLanes(ctx, j.Import)
			must(t, err)
			begun[j] = begun[j] || len(busy) > 0
			n += len(busy)
		}
		return n <= most && begun[large[0]] && begun[large[1]] && begun[large[2]]
	}
	// At first none has heard of the others.
	for settled := 0; settled < 20; {
		select {
		case <-turn:
		case <-ctx.Done():
			t.Fatalf("the large imports still have more than %d chunks in the queue", most)
		}
		if settled++; !fair() {
			settled = 0
		}
	}
	for n := range 3 {
		ten, err := b.db.CreateTenant(ctx, postgres.Tenant{Name: fmt.Sprint("small-", n)})
		must(t, err)
		small := *b
		small.tenant = ten.ID
		j := small.running(t, roster(10), imports.Cut{Lanes: 1, ChunkRows: 100, ChunkBytes: 1 << 16})
		must(t, b.handle(ctx, j)) // its chunk is in the line now
		before := 0
		for waiting := true; waiting; {
			select {
			case <-turn:
				before++
			case got := <-overtaken:
				waiting = got != j
			case <-ctx.Done():
				t.Fatal("the small import never had its turn")
			}
		}
		if before > 2*most {
			t.Errorf("%d chunks of large imports came before the one of a small import, want about %d", before, most)
		}
		if i := small.ended(ctx, t, j); i.State != imports.StateCompleted || i.Totals.Created != 10 {
			t.Errorf("small import is %s with %+v", i.State, i.Totals)
		}
	}
	for _, j := range large {
		if i, err := b.db.Import(ctx, j.Tenant, j.Import); err != nil || i.State != imports.StateRunning {
			t.Errorf("large import is %s, %v; want that the small ones did not wait for its end", i.State, err)
		}
	}
}
