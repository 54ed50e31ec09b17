package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Worker is a process of the installation, as it last told of itself.
type Worker struct {
	ID uuid.UUID
	// Service is uploader, splitter, merger or notifier.
	Service, Host, Version string
	StartedAt              time.Time
	// SeenAt is when it was last heard of, by the clock of the database.
	SeenAt time.Time
	// Concurrency is how many things it can do at the same time, 0 for any number; Busy how many it was doing.
	Concurrency, Busy int
	// Rows is how many rows it has done since it began, RowsPerSecond how many lately.
	Rows          int64
	RowsPerSecond float64
}

// Processes that were not heard of for so long are taken for gone, and forgotten after a while.
const (
	WorkerLost   = 45 * time.Second
	workerForget = 10 * time.Minute
)

// Beat notes what a process says of itself, and forgets those that have long been silent. Its speed is that since its last
// beat. A database that is not migrated yet notes nothing.
func (db *DB) Beat(ctx context.Context, w Worker) error {
	var b pgx.Batch
	b.Queue(`insert into worker as w (id, service, host, version, started_at, seen_at, concurrency, busy, rows_done)
		values ($1, $2, $3, $4, $5, clock_timestamp(), $6, $7, $8)
		on conflict (id) do update set seen_at = excluded.seen_at, concurrency = excluded.concurrency, busy = excluded.busy, rows_done = excluded.rows_done,
			rows_per_second = (excluded.rows_done - w.rows_done) / greatest(extract(epoch from excluded.seen_at - w.seen_at), 0.001)`,
		w.ID, w.Service, storable(w.Host), storable(w.Version), w.StartedAt, w.Concurrency, w.Busy, w.Rows)
	b.Queue(`delete from worker where seen_at < clock_timestamp() - $1::interval`, workerForget)
	if err := db.pool.SendBatch(ctx, &b).Close(); err != nil && !olderSchema(err) {
		return fmt.Errorf("note process %s: %w", w.ID, err)
	}
	return nil
}

// Leave forgets a process that ends.
func (db *DB) Leave(ctx context.Context, id uuid.UUID) error {
	if _, err := db.pool.Exec(ctx, `delete from worker where id = $1`, id); err != nil && !olderSchema(err) {
		return fmt.Errorf("forget process %s: %w", id, err)
	}
	return nil
}

// Workers returns the processes that are there, by service and host.
func (db *DB) Workers(ctx context.Context) (all []Worker, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		all, err = workers(ctx, tx)
		return err
	})
	if olderSchema(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("processes: %w", err)
	}
	return all, nil
}

func workers(ctx context.Context, tx pgx.Tx) ([]Worker, error) {
	rows, err := tx.Query(ctx, `select id, service, host, version, started_at, seen_at, concurrency, busy, rows_done, rows_per_second from worker
		where seen_at > clock_timestamp() - $1::interval order by service, host, id limit 1000`, WorkerLost)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Worker])
}
