package merger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/queue"
)

// while consumes chunks, finishes imports as finish says, and relays, until f returns.
func (b *bench) while(ctx context.Context, finish queue.Handler[queue.Job], f func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { _ = b.relay.Run(ctx) })
	wg.Go(func() { _ = b.queue.ConsumeChunks(ctx, 2, b.handle, b.dropped) })
	for range 2 {
		wg.Go(func() { _ = b.queue.ConsumeMerged(ctx, finishers, finish, b.abandoned) })
	}
	f()
}

// file publishes one chunk and the end of the source, and waits for the import's end.
func (b *bench) file(ctx context.Context, t *testing.T, rows ...[2]string) *imports.Import {
	t.Helper()
	must(t, b.db.EndOfSource(ctx, b.job.Tenant, b.job.ID, int64(len(rows)), []int64{1}))
	must(t, b.queue.PublishChunk(ctx, b.chunk(0, 0, rows...)))
	for {
		i, err := b.db.Import(ctx, b.job.Tenant, b.job.ID)
		must(t, err)
		if i.State.Final() {
			return i
		}
	}
}

func replacing() imports.Options {
	return imports.Options{Rules: member.Rules{Mode: member.Replace}, MaxRemoved: imports.Percent(100)}
}

// TestReplaceGoesOnWhereAFinisherDied has the first finisher die after one step, and its message come twice.
func TestReplaceGoesOnWhereAFinisherDied(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var deliveries atomic.Int64
	died := errors.New("died")
	handled := make(chan struct{}, 16)
	finish := func(ctx context.Context, j queue.Job) error {
		defer func() { handled <- struct{}{} }()
		if deliveries.Add(1) > 1 {
			return b.finish(ctx, j)
		}
		if err := b.queue.PublishMerged(ctx, j, 1<<40); err != nil {
			return err
		}
		i, err := b.db.ImportForWork(ctx, j.Tenant, j.Import)
		if err == nil {
			_, err = b.step(ctx, i)
		}
		return errors.Join(queue.Unavailable(died), err)
	}
	b.while(ctx, finish, func() {
		var old [][2]string
		for n := range 90 {
			old = append(old, [2]string{fmt.Sprintf("OLD%d", n), "旧会員"})
		}
		if i := b.file(ctx, t, old...); i.State != imports.StateCompleted || i.Totals.Created != 90 {
			t.Fatalf("the list was not filled: %s, %+v", i.State, i.Totals)
		}
		b.begin(t, b.job.Tenant, 1, replacing())
		i := b.file(ctx, t, [2]string{"NEW1", "新会員"}, [2]string{"NEW2", "新会員"})
		if i.State != imports.StateCompleted || i.Totals.Removed != 90 || i.Totals.Created != 2 || !i.Totals.Balanced() {
			t.Errorf("import is %s because of %+v with %+v", i.State, i.Failure, i.Totals)
		}
		for range 3 { // both messages, and the first again
			<-handled
		}
	})
	if i, err := b.db.Import(t.Context(), b.job.Tenant, b.job.ID); err != nil || i.Totals.Removed != 90 {
		t.Errorf("%v, %+v", err, i.Totals)
	}
}

func TestImportThatCannotBeFinishedFailsWithAReason(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	must(t, b.db.CancelImport(ctx, b.job.Tenant, b.job.ID))
	b.begin(t, b.job.Tenant, 1, replacing())
	var tries atomic.Int64
	b.while(ctx, func(context.Context, queue.Job) error { tries.Add(1); return errors.New("a step that always breaks") }, func() {
		i := b.file(ctx, t, [2]string{"A1", "青木"})
		if i.State != imports.StateFailed || i.Failure.Code != member.Internal || i.Totals.Created != 1 {
			t.Errorf("import is %s because of %+v with %+v", i.State, i.Failure, i.Totals)
		}
	})
	if tries.Load() < 2 {
		t.Errorf("given up after %d tries", tries.Load())
	}
}

func TestFinishingAnUnknownImportEndsItsMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	j := queue.Job{Tenant: b.job.Tenant, Import: imports.NewID()}
	err := b.finish(t.Context(), j)
	if err == nil {
		t.Fatal("an unknown import was finished")
	}
	must(t, b.abandoned(t.Context(), j, err))
	must(t, b.finish(t.Context(), queue.Job{Tenant: b.job.Tenant, Import: b.job.ID})) // one that has not come to its last stage
}
