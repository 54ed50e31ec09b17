package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// ErrOvertaken is returned for an import that cannot be resumed because of what was done since: a retry of the same rows
// has run or was undone, or the import itself is about to be.
var ErrOvertaken = errors.New("overtaken")

// ErrSourceExpired is returned for an import whose source is not kept any more.
var ErrSourceExpired = errors.New("source expired")

// PauseImport has a running import stand still at a chunk boundary: once it returns, nothing of the import is merged any
// more. It keeps its list's turn. An import that is paused stays so. ErrConflict: it does not run.
func (db *DB) PauseImport(ctx context.Context, t tenant.ID, id imports.ID) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if err := lockImport(ctx, tx, t, id); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update import set state = 'paused', paused_at = clock_timestamp() where tenant_id = $1 and id = $2 and state = 'running'`, t, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() > 0 {
			return audit(ctx, tx, t, "import.pause", importObject(id), nil)
		}
		i, err := getImport(ctx, tx, t, id)
		if err == nil && i.State != imports.StatePaused {
			err = ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("pause import %s: %w", id, err)
	}
	return nil
}

// ResumeImport has an import go on where its ledger stands, as another run of it. One that is paused runs on at once; one
// that has failed takes its old place in its list's queue, and what it has done stays as it is. ErrConflict: the import is
// neither paused nor Resumable; ErrSourceExpired, ErrReportExpired: what it needs is gone; ErrOvertaken: it has failed,
// and what was done since does not let it go on.
func (db *DB) ResumeImport(ctx context.Context, t tenant.ID, id imports.ID) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		list, err := lockListOf(ctx, tx, t, id)
		if err != nil {
			return err
		}
		if err := lockImport(ctx, tx, t, id); err != nil {
			return err
		}
		i, err := getImport(ctx, tx, t, id)
		switch {
		case err != nil:
			return translate(err)
		case i.Starved():
			return ErrSourceExpired
		case !i.Resumable(time.Now()):
			return ErrConflict
		case i.State == imports.StatePaused:
			_, err := tx.Exec(ctx, `update import set state = 'running', run = run + 1, paused_at = null, resumed_at = clock_timestamp()
				where tenant_id = $1 and id = $2`, t, id)
			if err != nil {
				return err
			}
			if err := announce(ctx, tx, i); err != nil {
				return err
			}
			return audit(ctx, tx, t, "import.resume", importObject(id), nil)
		}
		if err := audit(ctx, tx, t, "import.resume", importObject(id), detail{"failed": true}); err != nil {
			return err
		}
		return requeue(ctx, tx, i, list)
	})
	if err != nil {
		return fmt.Errorf("resume import %s: %w", id, err)
	}
	return nil
}

// ResumeImportOf is ResumeImport for a message that may not tell its tenant (0). It returns the state in which the import is
// after it, also where it was refused.
func (db *DB) ResumeImportOf(ctx context.Context, t tenant.ID, id imports.ID) (imports.State, error) {
	if t == 0 {
		var err error
		if t, err = db.tenantOfImport(ctx, id); err != nil {
			return "", err
		}
	}
	refused := db.ResumeImport(ctx, t, id)
	i, err := db.Import(ctx, t, id)
	if err != nil {
		return "", errors.Join(refused, err)
	}
	return i.State, refused
}

// announce tells those who go on with the import: splitters, which cut it again and leave out what the ledger has, or
// finishers.
func announce(ctx context.Context, tx pgx.Tx, i *imports.Import) error {
	topic := TopicStarted
	if i.FinishingAt != nil {
		topic = TopicMerged
	}
	return addToOutbox(ctx, tx, topic, i.Tenant, i.ID)
}

// requeue puts a failed import back into the queue of its list, which is locked.
func requeue(ctx context.Context, tx pgx.Tx, i *imports.Import, list int64) error {
	if err := rootKept(ctx, tx, i.Tenant, i.ID); err != nil {
		return err
	}
	var overtaken, forgotten bool
	err := tx.QueryRow(ctx, `select exists (select from import_undo where tenant_id = $1 and import_id = $2 and not dry_run and finished_at is null)
			or $3 <> '00000000-0000-0000-0000-000000000000'::uuid and exists (select from import o
				where o.tenant_id = $1 and o.id <> $2 and (o.id = $3 or o.parent_id = $3) and (greatest(o.started_at, o.resumed_at) > $4
					or exists (select from import_undo u where u.tenant_id = $1 and u.import_id = o.id and not u.dry_run and u.started_at > $4))),
			(select to_jsonb(i)->>'journal_gone_at' is not null from import i where tenant_id = $1 and id = $2)`,
		i.Tenant, i.ID, i.Parent, i.StartedAt).Scan(&overtaken, &forgotten)
	switch {
	case err != nil:
	case overtaken:
		err = ErrOvertaken
	case forgotten: // what it has changed so far: an undo would take back half of it
		err = ErrConflict
	}
	if err != nil {
		return err
	}
	// The opt-outs of the run that failed are settled; what is left of them by a chunk that did not commit says nothing.
	if _, err := tx.Exec(ctx, `delete from import_opt_out where tenant_id = $1 and import_id = $2`, i.Tenant, i.ID); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update import set state = 'queued', run = run + 1, resumed_at = clock_timestamp(), finished_at = null, failure = null,
			total = null, not_processed = null, created = null, updated = null, unchanged = null, deleted = null, skipped = null,
			failed = null, protected = null, tagged = null
		where tenant_id = $1 and id = $2`, i.Tenant, i.ID)
	if err != nil {
		return err
	}
	return runNext(ctx, tx, i.Tenant, list)
}

// goOn is what runNext does for an import that has run before: what was fixed then stays, but for the members that it may
// still create, where others have used up the quota meanwhile. It reports false where it cannot go on so: its rows are not
// merged in file order, which decides for whom there is room.
func goOn(ctx context.Context, tx pgx.Tx, i *imports.Import) (bool, error) {
	if i.Allowance != nil {
		left, err := quotaLeft(ctx, tx, i.Tenant, i.ID)
		if err != nil {
			return false, err
		}
		if created := i.Totals.Created; left != nil && *left < *i.Allowance-created {
			if i.Cut.Lanes > 1 {
				return false, nil
			}
			_, err := tx.Exec(ctx, `update import set allowance = $3 where tenant_id = $1 and id = $2`, i.Tenant, i.ID, created+max(*left, 0))
			if err != nil {
				return false, err
			}
		}
	}
	return true, announce(ctx, tx, i)
}

// runAgain gives an import that has run before its list's turn, which it has taken by now.
func runAgain(ctx context.Context, tx pgx.Tx, i *imports.Import, list int64) error {
	ok, err := goOn(ctx, tx, i)
	if err != nil || ok {
		return err
	}
	if _, err := markEnded(ctx, tx, i.Tenant, i.ID, imports.StateFailed, &member.Problem{Code: member.QuotaExceeded}, `true`); err != nil {
		return err
	}
	return runNext(ctx, tx, i.Tenant, list)
}

// settle passes on the turn of the list of a cancelled import, once its opt-outs are settled: of a large one there are many,
// and nobody who cancels it is to wait for that. Whoever comes first does it.
func (db *DB) settle(ctx context.Context, t tenant.ID, id imports.ID) error {
	return db.asTenant(ctx, t, func(tx pgx.Tx) error {
		list, err := lockListOf(ctx, tx, t, id)
		if err != nil {
			return err
		}
		return runNext(ctx, tx, t, list)
	})
}

// settleList settles the cancelled imports of a list that are not yet, so that the next finds what they have left.
func settleList(ctx context.Context, tx pgx.Tx, t tenant.ID, list int64) error {
	return ifMigrated(ctx, tx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `update import set settling = false where tenant_id = $1 and list_id = $2 and settling returning id`, t, list)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[imports.ID])
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := settleOptOuts(ctx, tx, t, id, list); err != nil {
				return err
			}
		}
		return nil
	})
}

// SettleCancelled does what is left to do for cancelled imports, and returns for how many. One that cannot be settled keeps
// no other from it.
func (db *DB) SettleCancelled(ctx context.Context) (n int, err error) {
	rows, err := db.pool.Query(ctx, `select tenant_id, id from import where settling order by finished_at limit 100`)
	if err != nil {
		return 0, fmt.Errorf("find cancelled imports: %w", err)
	}
	left, err := pgx.CollectRows(rows, scanImportOf)
	if olderSchema(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("find cancelled imports: %w", err)
	}
	for _, i := range left {
		if failed := db.settle(ctx, i.tenant, i.id); failed != nil {
			err = errors.Join(err, fmt.Errorf("settle cancelled import %s: %w", i.id, failed))
		} else {
			n++
		}
	}
	return n, err
}
