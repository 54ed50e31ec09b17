package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// Limits are what a tenant may have; nil is any number.
type Limits struct {
	// Running is how many imports may run at the same time, over all lists; others wait for their turn. What is paused or
	// being undone counts.
	Running *int64
	// RowsPerDay is how many rows the imports may have that are started on one day of the tenant's time zone. Dry runs do not
	// count, and what an import did not come to read does not once it has ended.
	RowsPerDay *int64
	// Storage is how many bytes the sources and the reports of failed rows may take.
	Storage *int64
}

// Usage is where a tenant stands.
type Usage struct {
	Limits
	// HaveTurn and Waiting are the imports that count as running, and those that wait.
	HaveTurn, Waiting int64
	// RowsToday count until FreeAt, the tenant's next midnight.
	RowsToday int64
	FreeAt    time.Time
	// Stored is in bytes.
	Stored int64
}

// LimitError says that something goes beyond a limit of its tenant.
type LimitError struct {
	// Storage tells the limit of bytes from that of rows.
	Storage bool
	// Limit, Used and Needed are in rows or bytes; Needed is 0 where nobody knows.
	Limit, Used, Needed int64
	// FreeAt is when the rows of today stop counting.
	FreeAt time.Time
}

// Error says what is exceeded, for the log.
func (e *LimitError) Error() string {
	what := "rows per day"
	if e.Storage {
		what = "bytes of storage"
	}
	return fmt.Sprintf("limit of %d %s: %d used, %d needed", e.Limit, what, e.Used, e.Needed)
}

// limitsOf returns the limits of a tenant. A database of the version before has none.
func limitsOf(ctx context.Context, tx pgx.Tx, t tenant.ID) (l Limits, err error) {
	err = tx.QueryRow(ctx, `select (r->>'max_running')::bigint, (r->>'max_rows_day')::bigint, (r->>'max_storage')::bigint
		from (select to_jsonb(t) as r from tenant t where id = $1) own`, t).Scan(&l.Running, &l.RowsPerDay, &l.Storage)
	return l, err
}

// UpdateLimits gives a tenant the limits that change makes of those it has, and starts the imports for which there is
// room now. What runs goes on.
func (db *DB) UpdateLimits(ctx context.Context, t tenant.ID, change func(*Limits)) (l Limits, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, turnsLock(t)); err != nil {
			return err
		}
		if l, err = limitsOf(ctx, tx, t); err != nil {
			return translate(err)
		}
		change(&l)
		if _, err := tx.Exec(ctx, `update tenant set max_running = $2, max_rows_day = $3, max_storage = $4 where id = $1`,
			t, l.Running, l.RowsPerDay, l.Storage); err != nil {
			return err
		}
		if err := audit(ctx, tx, t, "tenant.limits", "tenant/"+t.String(), detail{
			"max_running": l.Running, "max_rows_day": l.RowsPerDay, "max_storage": l.Storage,
		}); err != nil {
			return err
		}
		return runWaiting(ctx, tx, t, l)
	})
	if err != nil {
		return Limits{}, fmt.Errorf("set limits of tenant %s: %w", t, err)
	}
	return l, nil
}

// Usage returns where a tenant stands with its limits. Of a database of the version before, nothing is counted.
func (db *DB) Usage(ctx context.Context, t tenant.ID) (u Usage, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if u.Limits, err = limitsOf(ctx, tx, t); err != nil {
			return translate(err)
		}
		return ifMigrated(ctx, tx, func(tx pgx.Tx) error {
			if u.HaveTurn, err = haveTurn(ctx, tx, t); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `select count(*) from import where tenant_id = $1 and state = 'queued'`, t).Scan(&u.Waiting); err != nil {
				return err
			}
			if u.RowsToday, u.FreeAt, err = rowsToday(ctx, tx, t, imports.ID{}); err != nil {
				return err
			}
			u.Stored, err = stored(ctx, tx, t, imports.ID{})
			return err
		})
	})
	if err != nil {
		return Usage{}, fmt.Errorf("usage of tenant %s: %w", t, err)
	}
	return u, nil
}

// RowsLeft returns how many rows the tenant's imports may have today beside those that were started, nil for any number.
func (db *DB) RowsLeft(ctx context.Context, t tenant.ID) (left *int64, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		l, err := limitsOf(ctx, tx, t)
		if err != nil || l.RowsPerDay == nil {
			return err
		}
		used, _, err := rowsToday(ctx, tx, t, imports.ID{})
		left = new(max(*l.RowsPerDay-used, 0))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("rows left of tenant %s: %w", t, translate(err))
	}
	return left, nil
}

// rowsToday counts the rows of the imports other than except that were started today, and says when today ends.
func rowsToday(ctx context.Context, tx pgx.Tx, t tenant.ID, except imports.ID) (rows int64, until time.Time, err error) {
	from, until, err := countsFrom(ctx, tx, t, time.Now())
	if err != nil {
		return 0, until, err
	}
	err = tx.QueryRow(ctx, `select coalesce(sum(case when i.finished_at is not null then coalesce(i.total, 0) else greatest(i.rows_counted, p.rows_read, 0) end), 0)::bigint
		from import i left join import_progress p on p.tenant_id = i.tenant_id and p.import_id = i.id
		where i.tenant_id = $1 and i.queued_at >= $2 and i.id <> $3 and i.options->'dry_run' is distinct from 'true'`, t, from, except).Scan(&rows)
	return rows, until, err
}

// checkRows refuses an import of so many rows that would go beyond the tenant's limit of a day, and else notes them. The
// tenant's turns are locked. rows is nil where nobody has counted them, since there was no limit.
func checkRows(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, rows *int64, dryRun bool) error {
	if rows == nil || dryRun {
		return nil
	}
	l, err := limitsOf(ctx, tx, t)
	if err != nil || l.RowsPerDay == nil {
		return err
	}
	used, until, err := rowsToday(ctx, tx, t, id)
	if err != nil {
		return err
	}
	if used+*rows > *l.RowsPerDay {
		return &LimitError{Limit: *l.RowsPerDay, Used: used, Needed: *rows, FreeAt: until}
	}
	_, err = tx.Exec(ctx, `update import set rows_counted = $3 where tenant_id = $1 and id = $2`, t, id, *rows)
	return err
}

// CheckStorage refuses so many bytes for an import that would go beyond the tenant's limit with a *LimitError, and returns
// how many there may be, nil for any number. A source that the import has does not count: a new one takes its place.
func (db *DB) CheckStorage(ctx context.Context, t tenant.ID, id imports.ID, bytes int64) (left *int64, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		left, err = checkStorage(ctx, tx, t, id, bytes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check storage of tenant %s: %w", t, translate(err))
	}
	return left, nil
}

func checkStorage(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, bytes int64) (left *int64, err error) {
	l, err := limitsOf(ctx, tx, t)
	if err != nil || l.Storage == nil {
		return nil, err
	}
	used, err := stored(ctx, tx, t, id)
	if err != nil {
		return nil, err
	}
	if used+bytes > *l.Storage || used >= *l.Storage {
		return nil, &LimitError{Storage: true, Limit: *l.Storage, Used: used, Needed: bytes}
	}
	return new(*l.Storage - used), nil
}

// takeStorage is checkStorage for a source that is about to be recorded: until the transaction ends, no other one is.
func takeStorage(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, bytes int64) error {
	l, err := limitsOf(ctx, tx, t)
	if err != nil || l.Storage == nil {
		return err
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(xxhash.Sum64String(fmt.Sprintf("storage/%d", t)))); err != nil {
		return err
	}
	_, err = checkStorage(ctx, tx, t, id, bytes)
	return err
}

// stored adds up what object storage keeps for the tenant, but for the source of the import except, in bytes.
func stored(ctx context.Context, tx pgx.Tx, t tenant.ID, except imports.ID) (bytes int64, err error) {
	err = tx.QueryRow(ctx, `select (select coalesce(sum((source->>'size')::bigint), 0) from import where tenant_id = $1 and id <> $2 and source_gone_at is null)::bigint
		+ (select coalesce(sum(a.report_bytes), 0) from import_lane a join import i on i.tenant_id = a.tenant_id and i.id = a.import_id
			where a.tenant_id = $1 and a.report_bytes > 0 and i.report_gone_at is null)::bigint`, t, except).Scan(&bytes)
	return bytes, err
}

// countsFrom is when the day began whose rows count now, and when the next one does, where the tenant is.
func countsFrom(ctx context.Context, tx pgx.Tx, t tenant.ID, now time.Time) (from, until time.Time, err error) {
	err = tx.QueryRow(ctx, `select date_trunc('day', $2::timestamptz at time zone time_zone) at time zone time_zone,
		(date_trunc('day', $2::timestamptz at time zone time_zone) + interval '1 day') at time zone time_zone from tenant where id = $1`, t, now).Scan(&from, &until)
	return from, until, err
}
