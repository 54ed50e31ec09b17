// Package relay publishes what committed transactions have left in the outbox.
//
// Between a commit and its message anything may crash; the outbox is what survives. Every uploader, splitter
// and merger runs a relay: whichever comes first publishes, and a message that goes out twice is harmless.
package relay

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// every is how long an event waits at most if the process that wrote it is gone.
const every = time.Second

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
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		r.drain(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-r.kick:
		case <-t.C:
		}
	}
}

func (r *Relay) drain(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := r.db.Relay(ctx, batch, r.publish)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("outbox not published", zap.Error(err))
		}
		if err != nil || n < batch {
			return
		}
	}
}

func (r *Relay) publish(ctx context.Context, e postgres.Event) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	j := queue.Job{Tenant: e.Tenant, Import: e.Import}
	if e.Topic == postgres.TopicStarted {
		return r.queue.PublishStarted(ctx, j, e.Seq)
	}
	return r.queue.PublishFinished(ctx, j, e.Seq)
}
