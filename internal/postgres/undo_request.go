package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// TopicUndo is the topic of the outbox that tells the mergers of an undo, or of a dry run of one.
const TopicUndo = "undo"

// Why an import cannot be undone.
var (
	// ErrUndone: it has been undone already.
	ErrUndone = errors.New("import is undone")
	// ErrUndoExpired: the time in which it could be undone is over, and what it changed is not known any more.
	ErrUndoExpired = errors.New("import can no longer be undone")
	// ErrNothingToUndo: it was a dry run, or never had its turn.
	ErrNothingToUndo = errors.New("import has changed nothing")
	// ErrNotJournaled: it ran under a version of Meibo that kept no journal of what imports change.
	ErrNotJournaled = errors.New("import kept no journal")
)

// RequestUndo has an import undone as soon as it is its list's turn, or, as a dry run, has it told what that would do. An
// undo that waits or runs stays as it is; a dry run begins again. ErrConflict: the import has not ended. ErrNotFound:
// there is no such import. The other errors are those above.
func (db *DB) RequestUndo(ctx context.Context, t tenant.ID, id imports.ID, dryRun bool, user int64) (u *imports.Undo, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		list, err := lockListOf(ctx, tx, t, id)
		if err != nil {
			return err
		}
		wanted, err := undoable(ctx, tx, t, id)
		if err != nil {
			return err
		}
		if wanted && dryRun {
			err = requestDryRun(ctx, tx, t, id, user)
		} else if wanted {
			err = requestUndo(ctx, tx, t, id, user)
		}
		if err != nil {
			return err
		}
		if wanted {
			if err := audit(ctx, tx, t, "import.undo", importObject(id), detail{"dry_run": dryRun}); err != nil {
				return err
			}
		}
		if err := runNext(ctx, tx, t, list); err != nil {
			return err
		}
		all, err := readUndos(ctx, tx, t, []imports.ID{id}, dryRun)
		u = all[id]
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("undo import %s: %w", id, translate(err))
	}
	return u, nil
}

// undoable reports whether the import can be undone; false without an error where it is being undone.
func undoable(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) (bool, error) {
	i, err := getImport(ctx, tx, t, id)
	if err != nil {
		return false, err
	}
	switch {
	case i.State == imports.StateUndone:
		return false, ErrUndone
	case i.State == imports.StateUndoing:
		return false, nil
	case !i.State.Final():
		return false, ErrConflict
	case i.Options.DryRun, i.StartedAt == nil:
		return false, ErrNothingToUndo
	}
	var journaled, kept bool
	var days int
	err = tx.QueryRow(ctx, `select i.journaled, t.journal_days, `+journalKept+` from import i join tenant t on t.id = i.tenant_id
		where i.tenant_id = $1 and i.id = $2`, t, id).Scan(&journaled, &days, &kept)
	switch {
	case err != nil:
		return false, err
	case !journaled:
		return false, ErrNotJournaled
	case !kept, time.Now().After(i.FinishedAt.AddDate(0, 0, days)):
		return false, ErrUndoExpired
	}
	return true, nil
}

// journalKept tells whether the journal of the import i is still there: it has not been given up, also if it would be kept for
// longer by now, nor has any run of the import that failed long ago lost its part. That of a week is dropped as a whole. A week that
// has just begun may have no partition of its own yet.
const journalKept = `(to_jsonb(i)->>'journal_gone_at' is null and (to_regclass('journal_' || to_char(date_trunc('week', i.started_at, 'UTC') at time zone 'UTC', 'YYYYMMDD')) is not null
	or i.started_at > now() - interval '7 days'
	or exists (select from journal j where j.tenant_id = i.tenant_id and j.import_id = i.id and j.created_at = i.started_at)))`

func requestUndo(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, user int64) error {
	_, err := tx.Exec(ctx, `insert into import_undo (tenant_id, import_id, dry_run, user_id, requested_at) values ($1, $2, false, nullif($3, 0), clock_timestamp())
		on conflict do nothing`, t, id, user)
	return err
}

// requestDryRun begins a dry run, again from the start where there was one before. It needs no turn.
func requestDryRun(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, user int64) error {
	var b pgx.Batch
	b.Queue(`insert into import_undo (tenant_id, import_id, dry_run, user_id, requested_at, started_at) values ($1, $2, true, nullif($3, 0), now(), now())
		on conflict (tenant_id, import_id, dry_run) do update set user_id = excluded.user_id, requested_at = excluded.requested_at,
			started_at = excluded.started_at, finished_at = null, step = '', position = 0, total = 0, done = 0, counts = '{}', failure = null`,
		t, id, user)
	b.Queue(`delete from import_undo_kept where tenant_id = $1 and import_id = $2 and dry_run`, t, id)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	return addToOutbox(ctx, tx, TopicUndo, t, id)
}

// undoNext gives the list's turn to the undo that has waited longest, if nobody has it and no import has waited longer.
// The list is locked.
func undoNext(ctx context.Context, tx pgx.Tx, t tenant.ID, list int64) error {
	var id imports.ID
	err := tx.QueryRow(ctx, `with next as (
			select u.import_id, u.requested_at from import_undo u join import i on i.tenant_id = u.tenant_id and i.id = u.import_id
			where u.tenant_id = $1 and u.started_at is null and not u.dry_run and i.list_id = $2 and i.state in ('completed', 'failed', 'cancelled')
			order by u.requested_at, u.import_id limit 1)
		update import i set state = 'undoing' from next
		where i.tenant_id = $1 and i.id = next.import_id
			and not exists (select from import o where o.tenant_id = $1 and o.list_id = $2 and (o.state in ('running', 'paused', 'undoing') or o.settling))
			and not exists (select from import o where o.tenant_id = $1 and o.list_id = $2 and o.state = 'queued' and o.queued_at < next.requested_at)
		returning i.id`, t, list).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update import_undo set started_at = clock_timestamp() where tenant_id = $1 and import_id = $2 and not dry_run`, t, id); err != nil {
		return err
	}
	return addToOutbox(ctx, tx, TopicUndo, t, id)
}

// Undo returns the undoing of an import, or the latest dry run of it. ErrNotFound: nobody has asked for one.
func (db *DB) Undo(ctx context.Context, t tenant.ID, id imports.ID, dryRun bool) (u *imports.Undo, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		all, err := readUndos(ctx, tx, t, []imports.ID{id}, dryRun)
		if u = all[id]; u == nil && err == nil {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("undo of import %s: %w", id, err)
	}
	return u, nil
}

// Undos returns the undoings of those of the imports that are, or are to be, undone. A database of the version before has none.
func (db *DB) Undos(ctx context.Context, t tenant.ID, ids []imports.ID) (all map[imports.ID]*imports.Undo, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		all, err = readUndos(ctx, tx, t, ids, false)
		return err
	})
	if olderSchema(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("undos of imports: %w", err)
	}
	return all, nil
}

func readUndos(ctx context.Context, tx pgx.Tx, t tenant.ID, ids []imports.ID, dryRun bool) (map[imports.ID]*imports.Undo, error) {
	rows, err := tx.Query(ctx, `select import_id, dry_run, requested_at, started_at, finished_at, done, total, counts, coalesce(failure, '{"code":""}')
		from import_undo where tenant_id = $1 and import_id = any($2) and dry_run = $3`, t, ids, dryRun)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[imports.ID]*imports.Undo{}
	for rows.Next() {
		var u imports.Undo
		if err := rows.Scan(&u.Import, &u.DryRun, &u.RequestedAt, &u.StartedAt, &u.FinishedAt, &u.Done, &u.Total, &u.Counts, &u.Failure); err != nil {
			return nil, err
		}
		all[u.Import] = &u
	}
	return all, rows.Err()
}

// UndoKept returns what an undo, or the latest dry run of it, leaves as it is: up to limit members and fields behind that
// one, in order.
func (db *DB) UndoKept(ctx context.Context, t tenant.ID, id imports.ID, dryRun bool, after imports.Kept, limit int) (page []imports.Kept, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select member_id, field, code from import_undo_kept
			where tenant_id = $1 and import_id = $2 and dry_run = $3 and (member_id, field) > ($4, $5) order by member_id, field limit $6`,
			t, id, dryRun, after.Member, after.Problem.Field, limit)
		if err != nil {
			return err
		}
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (k imports.Kept, err error) {
			err = row.Scan(&k.Member, &k.Problem.Field, &k.Problem.Code)
			return k, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("what the undo of import %s keeps: %w", id, err)
	}
	return page, nil
}
