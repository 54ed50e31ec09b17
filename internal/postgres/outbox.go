package postgres

import (
	"context"
	"fmt"
	"time"

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

// relayLock is the advisory lock of whoever publishes the outbox.
const relayLock = 0x6d6569626f // "meibo"

// Relay hands up to limit events of the outbox to publish, oldest first, and deletes those that it took
// without an error. Of several relays one works at a time, so that events keep their order; an event that is published
// twice after a crash is harmless to its receivers. It returns how many it published.
func (db *DB) Relay(ctx context.Context, limit int, publish func(context.Context, Event) error) (n int, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, relayLock).Scan(&free); err != nil || !free {
			return err
		}
		rows, err := tx.Query(ctx, `select id, topic, tenant_id, import_id from outbox order by id limit $1`, limit)
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

// Revive puts running imports of which no splitter or finisher has been heard for so long into the outbox again, and
// returns how many. The row is asked as JSON, which a database that is not migrated yet answers, too.
func (db *DB) Revive(ctx context.Context, silence time.Duration) (int64, error) {
	tag, err := db.pool.Exec(ctx, `with silent as (
			select i.tenant_id, i.id, case when to_jsonb(i)->>'finishing_at' is null then $2 else $3 end as topic from import i left join import_progress p on p.tenant_id = i.tenant_id and p.import_id = i.id
			where i.state = 'running' and greatest(p.seen_at, i.started_at, (to_jsonb(i)->>'resumed_at')::timestamptz) < now() - $1::interval for update of i skip locked
		), seen as (
			insert into import_progress as p (tenant_id, import_id, seen_at) select tenant_id, id, now() from silent
			on conflict (tenant_id, import_id) do update set seen_at = excluded.seen_at
		)
		insert into outbox (topic, tenant_id, import_id) select topic, tenant_id, id from silent`,
		silence, TopicStarted, TopicMerged)
	if err != nil {
		return 0, fmt.Errorf("revive imports: %w", err)
	}
	undos, err := db.reviveUndos(ctx, silence)
	if err != nil {
		return 0, fmt.Errorf("revive undos: %w", err)
	}
	return tag.RowsAffected() + undos, nil
}

// reviveUndos is Revive for undos, and dry runs of them.
func (db *DB) reviveUndos(ctx context.Context, silence time.Duration) (int64, error) {
	tag, err := db.pool.Exec(ctx, `with silent as (
			select u.tenant_id, u.import_id from import_undo u left join import_progress p on p.tenant_id = u.tenant_id and p.import_id = u.import_id
			where u.started_at is not null and u.finished_at is null and greatest(p.seen_at, u.started_at) < now() - $1::interval for update of u skip locked
		), seen as (
			insert into import_progress as p (tenant_id, import_id, seen_at) select distinct tenant_id, import_id, now() from silent
			on conflict (tenant_id, import_id) do update set seen_at = excluded.seen_at
		)
		insert into outbox (topic, tenant_id, import_id) select distinct $2, tenant_id, import_id from silent`, silence, TopicUndo)
	if olderSchema(err) {
		return 0, nil
	}
	return tag.RowsAffected(), err
}
