// Package relay publishes what committed transactions have left in the outbox.
//
// Between a commit and its message anything may crash; the outbox is what survives. Every uploader, splitter
// and merger runs a relay: whichever comes first publishes, and a message that goes out twice is harmless.
package relay

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// every is how long an event waits at most if the process that wrote it is gone.
const every = time.Second

// An import of which no splitter or finisher has been heard for so long is taken up again; they are looked for so often.
const (
	silence     = 5 * time.Minute
	reviveEvery = time.Minute
)

// batch is how many events one transaction takes.
const batch = 100

// Relay publishes the outbox.
type Relay struct {
	db    *postgres.DB
	queue *queue.Queue
	log   *zap.Logger
	kick  chan struct{}
}

// New returns a relay; Run makes it work.
func New(db *postgres.DB, q *queue.Queue, log *zap.Logger) *Relay {
	return &Relay{db: db, queue: q, log: log, kick: make(chan struct{}, 1)}
}

// Kick has the outbox looked at now rather than within a second.
func (r *Relay) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Run publishes until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { r.settle(ctx) })
	t, revive := time.NewTicker(every), time.NewTicker(reviveEvery)
	defer t.Stop()
	defer revive.Stop()
	for {
		r.drain(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-r.kick:
		case <-t.C:
		case <-revive.C:
			r.revive(ctx)
		}
	}
}

// revive has imports taken up again that nobody works on any more, as after the queue has lost its disk. Cutting or
// finishing an import again is harmless.
func (r *Relay) revive(ctx context.Context) {
	n, err := r.db.Revive(ctx, silence)
	if err != nil && ctx.Err() == nil {
		r.log.Warn("cannot look for silent imports", zap.Error(err))
	}
	if n > 0 {
		r.log.Warn("silent imports taken up again", zap.Int64("imports", n))
	}
}

// settle does for cancelled imports what those who cancelled them did not wait for, until ctx ends. That may take long, and
// no event waits for it.
func (r *Relay) settle(ctx context.Context) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		n, err := r.db.SettleCancelled(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("cannot settle cancelled imports", zap.Error(err))
		}
		if n > 0 {
			r.Kick() // the turns of their lists have passed on
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (r *Relay) drain(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := r.publishBatch(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("outbox not published", zap.Error(err))
		}
		if err != nil || n < batch {
			return
		}
	}
}

// publishBatch is bounded in time: its transaction must not wait for ever for a queue that is down.
func (r *Relay) publishBatch(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return r.db.Relay(ctx, batch, r.publish)
}

func (r *Relay) publish(ctx context.Context, e postgres.Event) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	j := queue.Job{Tenant: e.Tenant, Import: e.Import}
	switch e.Topic {
	case postgres.TopicStarted:
		return r.queue.PublishStarted(ctx, j, e.Seq)
	case postgres.TopicMerged:
		return r.queue.PublishMerged(ctx, j, e.Seq)
	case postgres.TopicUndo:
		return r.queue.PublishUndo(ctx, j, e.Seq)
	}
	return r.queue.PublishFinished(ctx, j, e.Seq)
}
