package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// What has expired is deleted import by import and in bounded batches. Nothing is touched of an import that runs, waits, is
// being undone or is to be. In object storage things are deleted first, while the import's row is locked, so that nobody
// starts or resumes it meanwhile; then it is noted there. A process that dies in between leaves both to the next.

// final is the condition that an import i has ended, and nobody undoes it or has asked to.
const final = `i.finished_at is not null and i.state in ('completed', 'failed', 'cancelled', 'undone')
	and not exists (select from import_undo u where u.tenant_id = i.tenant_id and u.import_id = i.id and not u.dry_run and u.finished_at is null)`

// ExpireSource deletes the source of one import of the tenant that is kept for too long at that time, by drop, and reports
// whether there was one. One that was never started loses its file, too, and waits for another.
func (db *DB) ExpireSource(ctx context.Context, t tenant.ID, at time.Time, drop func(ctx context.Context, id imports.ID, upload string) error) (done bool, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		var id imports.ID
		var upload string
		var started bool
		err := tx.QueryRow(ctx, `select i.id, coalesce(i.source->>'upload', ''), i.state <> 'uploaded' from import i
			where i.tenant_id = $1 and i.source_gone_at is null and i.source is not null
				and coalesce(i.finished_at, i.uploaded_at) < $2::timestamptz - make_interval(days => (select source_days from tenant where id = $1))
				and (i.state = 'uploaded' or `+final+`)
			order by coalesce(i.finished_at, i.uploaded_at) limit 1 for update of i skip locked`, t, at).Scan(&id, &upload, &started)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := drop(ctx, id, upload); err != nil {
			return err
		}
		// Beside the file's name, an inspection has its first rows.
		gone, args := `update import set inspection = null, source_gone_at = $3 where tenant_id = $1 and id = $2`, []any{t, id, at}
		if !started {
			gone, args = `update import set state = 'created', inspection = null, source = null, uploaded_at = null where tenant_id = $1 and id = $2`, []any{t, id}
		}
		if _, err := tx.Exec(ctx, gone, args...); err != nil {
			return err
		}
		done = true
		return audit(ctx, tx, t, "import.source_expire", importObject(id), nil)
	})
	if err != nil && !olderSchema(err) {
		return false, fmt.Errorf("expire a source of tenant %s: %w", t, err)
	}
	return done, nil
}

// ExpireReport deletes the failed rows of one import of the tenant that are kept for too long at that time, those in object
// storage by drop, and the rows of its preview, and reports whether there was one. Their numbers stay. A retry of them that was started needs them to its
// end.
func (db *DB) ExpireReport(ctx context.Context, t tenant.ID, at time.Time, drop func(ctx context.Context, id imports.ID) error) (done bool, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		var id imports.ID
		err := tx.QueryRow(ctx, `select i.id from import i where i.tenant_id = $1 and i.report_gone_at is null
				and i.finished_at < $2::timestamptz - make_interval(days => (select report_days from tenant where id = $1)) and `+final+`
				and not exists (select from import r where r.tenant_id = $1 and r.parent_id = i.id and r.queued_at is not null and r.finished_at is null)
			order by i.finished_at limit 1 for update of i skip locked`, t, at).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := drop(ctx, id); err != nil {
			return err
		}
		var b pgx.Batch
		b.Queue(`delete from import_problem where tenant_id = $1 and import_id = $2`, t, id)
		b.Queue(`update import set report_gone_at = $3 where tenant_id = $1 and id = $2`, t, id, at)
		if err := tx.SendBatch(ctx, &b).Close(); err != nil {
			return err
		}
		err = ifMigrated(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `delete from import_preview where tenant_id = $1 and import_id = $2`, t, id)
			return err
		})
		if err != nil {
			return err
		}
		done = true
		return audit(ctx, tx, t, "import.report_expire", importObject(id), nil)
	})
	if err != nil && !olderSchema(err) {
		return false, fmt.Errorf("expire a report of tenant %s: %w", t, err)
	}
	return done, nil
}

// ExpireJournal gives up the journal of one import of the tenant that cannot be undone any more at that time, and reports
// whether there is more to do. Up to limit rows are deleted one by one where other tenants keep their journals for longer;
// else they go with their week (DropJournal).
func (db *DB) ExpireJournal(ctx context.Context, t tenant.ID, at time.Time, limit int) (more bool, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		var id imports.ID
		var longest bool
		err := tx.QueryRow(ctx, `select i.id, o.journal_days = (select max(journal_days) from tenant)
				and to_regclass('journal_' || to_char(date_trunc('week', i.started_at, 'UTC') at time zone 'UTC', 'YYYYMMDD')) is not null from import i join tenant o on o.id = i.tenant_id
			where i.tenant_id = $1 and i.journal_gone_at is null and i.started_at is not null
				and i.finished_at < $2::timestamptz - make_interval(days => o.journal_days) and `+final+`
			order by i.finished_at limit 1 for update of i skip locked`, t, at).Scan(&id, &longest)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		more = true
		if !longest {
			tag, err := tx.Exec(ctx, `delete from journal where tenant_id = $1 and import_id = $2 and member_id <= (select max(member_id) from (
				select member_id from journal where tenant_id = $1 and import_id = $2 order by member_id limit $3) first)`, t, id, limit)
			if err != nil || tag.RowsAffected() > 0 {
				return err
			}
		}
		var b pgx.Batch
		b.Queue(`delete from opt_out_lifted where tenant_id = $1 and import_id = $2`, t, id)
		b.Queue(`delete from import_undo_kept where tenant_id = $1 and import_id = $2`, t, id)
		b.Queue(`update import set journal_gone_at = $3 where tenant_id = $1 and id = $2`, t, id, at)
		return tx.SendBatch(ctx, &b).Close()
	})
	if err != nil && !olderSchema(err) {
		return false, fmt.Errorf("expire a journal of tenant %s: %w", t, err)
	}
	return more, nil
}

// weeksAhead is for how long ahead the journal has its partitions.
const weeksAhead = 14 * 24 * time.Hour

// DropJournal makes the partitions of the weeks to come and drops those of which no tenant needs anything any more at that
// time. Both want the table for themselves for a moment: where imports do not let them have it, the next time will do.
func (db *DB) DropJournal(ctx context.Context, at time.Time) (dropped int, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		// The merger's transactions are short: a second is more than most.
		if _, err := tx.Exec(ctx, `set local lock_timeout = '1s'`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `select journal_prepare($1, $2)`, at, at.Add(weeksAhead))
		return err
	})
	if err == nil {
		err = db.inTx(ctx, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `set local lock_timeout = '1s'`); err != nil {
				return err
			}
			return tx.QueryRow(ctx, `select journal_expire(least($1::timestamptz - make_interval(days => coalesce((select max(journal_days) from tenant), 366)),
				(select min(started_at) from import where started_at is not null and journal_gone_at is null)))`, at).Scan(&dropped)
		})
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == codeLockNotAvailable || pg.Code == codeUndefinedFunction) || olderSchema(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("drop old weeks of the journal: %w", err)
	}
	return dropped, nil
}

// ExpireLogs deletes up to limit entries of the tenant's audit log, and as many idempotency keys of members, that are kept
// for too long at that time, and returns how many.
func (db *DB) ExpireLogs(ctx context.Context, t tenant.ID, at time.Time, limit int) (n int64, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `select audit_expire($1, $2::timestamptz - make_interval(days => audit_days), $3) from tenant where id = $1`, t, at, limit).Scan(&n)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `delete from member_request where tenant_id = $1 and idempotency_key in (
			select idempotency_key from member_request where tenant_id = $1 and created_at < $2 order by created_at limit $3)`, t, at.Add(-keptRequests), limit)
		n += tag.RowsAffected()
		return err
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == codeUndefinedFunction || olderSchema(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("expire logs of tenant %s: %w", t, err)
	}
	return n, nil
}
