// Package splitter reads sources and cuts them into chunks.
//
//	started ──▶ stream the source ──▶ rows ──▶ lane of the key ──▶ chunk ──▶ CHUNKS
//
// Cutting is deterministic: a job that comes again, because its splitter died or was thought to have, gives
// the same chunks again, from the first that is not merged yet. Two splitters on one import do no harm: the
// queue holds one chunk per lane, and the ledger lets each take effect once.
package splitter

import (
	"context"

	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/relay"
	"github.com/meibo/meibo/internal/run"
)

// Config is what a splitter reads from its environment.
type Config struct {
	Database postgres.Config
	Queue    queue.Config
	Blob     blob.Config
	Health   run.HealthConfig
	// Concurrency is how many imports one splitter cuts at the same time.
	Concurrency int `env:"MEIBO_SPLITTER_CONCURRENCY" envDefault:"16"`
	// MemoryBudget bounds the chunks that wait in memory, over all imports, in bytes.
	MemoryBudget int64 `env:"MEIBO_SPLITTER_MEMORY" envDefault:"100663296"`
	// Window is how many chunks may be in the queue over all imports; it is shared out among those that run.
	Window int `env:"MEIBO_SPLITTER_WINDOW" envDefault:"32"`
}

// Run cuts imports until ctx ends.
func Run(ctx context.Context, cfg Config, log *zap.Logger) error {
	db, err := postgres.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	q, err := queue.Open(cfg.Queue, log)
	if err != nil {
		return err
	}
	defer q.Close()
	blobs, err := blob.Open(ctx, cfg.Blob)
	if err != nil {
		return err
	}
	health := run.NewHealth()
	health.Register("database", db.Ping)
	health.Register("queue", q.Ping)
	health.Register("storage", blobs.Ping)
	h := &handler{db: db, queue: q, blobs: blobs, relay: relay.New(db, q, log), log: log, window: cfg.Window, budget: newBudget(cfg.MemoryBudget)}
	return run.All(ctx,
		func(ctx context.Context) error { return health.Serve(ctx, cfg.Health, log) },
		h.relay.Run,
		func(ctx context.Context) error { return q.ConsumeStarted(ctx, cfg.Concurrency, h.handle, h.dropped) },
	)
}

// budget is the memory that all imports of a splitter share. A part of it is kept from imports with several lanes, so
// that a small import never waits for the large ones.
type budget struct {
	all, large           *semaphore.Weighted
	allBytes, largeBytes int64
}

func newBudget(size int64) *budget {
	b := &budget{allBytes: size, largeBytes: size * 3 / 4}
	b.all, b.large = semaphore.NewWeighted(b.allBytes), semaphore.NewWeighted(b.largeBytes)
	return b
}

// take takes so many bytes, at most what there is at all, and returns how to give them back; not ok: there are too few
// for now. It never waits: another splitter may have room.
func (b *budget) take(bytes int64, large bool) (release func(), ok bool) {
	if !large {
		bytes = min(bytes, b.allBytes)
		if !b.all.TryAcquire(bytes) {
			return nil, false
		}
		return func() { b.all.Release(bytes) }, true
	}
	bytes = min(bytes, b.largeBytes)
	if !b.large.TryAcquire(bytes) {
		return nil, false
	}
	if !b.all.TryAcquire(bytes) {
		b.large.Release(bytes)
		return nil, false
	}
	return func() { b.all.Release(bytes); b.large.Release(bytes) }, true
}
