package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// Event is something to publish because of a committed transaction.
type Event struct {
	// Seq is unique and grows.
	Seq    int64
	Topic  string
	Tenant tenant.ID
	Import imports.ID
}

// Relay hands up to limit events of the outbox to publish, oldest first, and deletes those that it took
// without an error. Several relays may run at once; an event that is published twice after a crash is
// harmless to its receivers. It returns how many it published.
func (db *DB) Relay(ctx context.Context, limit int, publish func(context.Context, Event) error) (n int, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, topic, tenant_id, import_id from outbox order by id limit $1 for update skip locked`, limit)
		if err != nil {
			return err
		}
		events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Event])
		if err != nil {
			return err
		}
		done := make([]int64, 0, len(events))
		var failed error
		for _, e := range events {
			if failed = publish(ctx, e); failed != nil {
				break
			}
			done = append(done, e.Seq)
		}
		if len(done) > 0 {
			if _, err := tx.Exec(ctx, `delete from outbox where id = any($1)`, done); err != nil {
				return err
			}
		}
		if n = len(done); n > 0 {
			return nil
		}
		return failed
	})
	if err != nil {
		return 0, fmt.Errorf("relay outbox: %w", err)
	}
	return n, nil
}
