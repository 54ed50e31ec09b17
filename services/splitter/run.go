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

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/heartbeat"
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
	MemoryBudget int64 `env:"MEIBO_SPLITTER_MEMORY" envDefault:"268435456"`
	// Window is how many chunks may be in the queue over all imports, whatever the number of workers; it is shared out among
	// the tenants whose imports are being cut.
	Window int `env:"MEIBO_SPLITTER_WINDOW" envDefault:"256"`
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
	h := &handler{
		db: db, queue: q, blobs: blobs, relay: relay.New(db, q, log), log: log, window: cfg.Window, budget: newBudget(cfg.MemoryBudget),
		heart: heartbeat.New(db, "splitter", cfg.Concurrency, log),
	}
	h.budget.turns = max(1, cfg.Concurrency*3/4)
	return run.All(ctx,
		func(ctx context.Context) error { return health.Serve(ctx, cfg.Health, log) },
		h.relay.Run,
		h.heart.Run,
		func(ctx context.Context) error {
			return q.ConsumeStarted(ctx, cfg.Concurrency, heartbeat.Counting(h.heart, h.handle), h.dropped)
		},
	)
}
