// Package merger merges chunks into members.
//
//	CHUNKS ──▶ parse and validate the cells ──▶ one transaction: ledger, members, counts ──▶ ack
//
// What looks across an import's chunks comes after the last of them, in steps of its own:
//
//	job.merged ──▶ unify leads, remove who is not in a replacing file ──▶ job.finished
//
// So is what takes all of that back:
//
//	job.undo ──▶ remove who was created, restore who was changed, bring back who was deleted
//
// Any number of mergers share the one consumer of the queue; starting and stopping them is all it takes to
// scale. A chunk is acknowledged only after its transaction has committed.
package merger

import (
	"context"
	"runtime"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/relay"
	"github.com/meibo/meibo/internal/run"
)

// Config is what a merger reads from its environment.
type Config struct {
	Database postgres.Config
	Queue    queue.Config
	Blob     blob.Config
	Health   run.HealthConfig
	// Concurrency is how many chunks one merger works on at the same time; 0 stands for one per processor.
	Concurrency int `env:"MEIBO_MERGER_CONCURRENCY" envDefault:"0"`
}

// Run merges chunks and finishes imports until ctx ends.
func Run(ctx context.Context, cfg Config, log *zap.Logger) error {
	workers := cfg.Concurrency
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	cfg.Database.MaxConns = max(cfg.Database.MaxConns, int32(workers+2*finishers)+2)
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
	h := &handler{db: db, queue: q, blobs: blobs, relay: relay.New(db, q, log), log: log, plans: newPlans(db), turn: finishTurn}
	return run.All(ctx,
		func(ctx context.Context) error { return health.Serve(ctx, cfg.Health, log) },
		h.relay.Run,
		func(ctx context.Context) error { return q.ConsumeChunks(ctx, workers, h.handle, h.dropped) },
		func(ctx context.Context) error { return q.ConsumeMerged(ctx, finishers, h.finish, h.abandoned) },
		func(ctx context.Context) error { return q.ConsumeUndo(ctx, finishers, h.undo, h.stuck) },
		h.sweep,
		h.pace,
	)
}
