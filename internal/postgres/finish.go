package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// After its last chunk an import may have work left that looks across lanes: leads become part of members, and a
// replacing file removes the members that it does not name.
//
//	FinishImport ──▶ unify ──▶ count ──▶ remove ──▶ end
//	                                └─ max_removed ──▶ failed
//
// Each step is done in bounded transactions that lock the import's row of import_finish, do their part in order of member
// id, and note how far it has come: so whoever goes on after a crash does nothing twice, and two at once do no harm.
const (
	stepUnify  = "unify"
	stepCount  = "count"
	stepRemove = "remove"
	stepEnd    = "end"
)

// finishBatch is how many members, or leads, one transaction of a step removes or unifies.
const finishBatch = 1000

// FinishImport ends the import, or begins its last stage where something is left to do, if the splitter has read its
// whole source and every chunk is merged. Beyond a limit of rows it ends as failed. Any number of callers may ask; exactly
// one is told done, and that there is an event in the outbox.
func (db *DB) FinishImport(ctx context.Context, t tenant.ID, id imports.ID) (done bool, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := lockListOf(ctx, tx, t, id); err != nil {
			return err
		}
		i, err := lockMerged(ctx, tx, t, id)
		if err != nil || i == nil {
			return err
		}
		if why, exceeded := i.ExceededLimit(); exceeded {
			done, err = endImport(ctx, tx, t, id, imports.StateFailed, &why, `i.state = 'running'`)
			return err
		}
		if i.Finishes() {
			done = true
			return beginFinish(ctx, tx, i)
		}
		done, err = endImport(ctx, tx, t, id, imports.StateCompleted, nil, `i.state = 'running'`)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("finish import %s: %w", id, err)
	}
	return done, nil
}

// lockMerged locks the import and returns it, if it runs, every chunk of it is merged, and its last stage has not begun;
// nil if not.
func lockMerged(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) (*imports.Import, error) {
	if err := lockImport(ctx, tx, t, id); err != nil {
		return nil, err
	}
	i, err := getImport(ctx, tx, t, id)
	if err != nil {
		return nil, translate(err)
	}
	if i.State != imports.StateRunning || i.SplitAt == nil || i.FinishingAt != nil {
		return nil, nil
	}
	var left bool
	err = tx.QueryRow(ctx, `select exists (select from import_lane n where n.tenant_id = $1 and n.import_id = $2 and n.next_seq is distinct from n.chunks)`,
		t, id).Scan(&left)
	if err != nil || left {
		return nil, err
	}
	return i, nil
}

// beginFinish begins the import's last stage, and has the mergers told.
func beginFinish(ctx context.Context, tx pgx.Tx, i *imports.Import) error {
	var b pgx.Batch
	b.Queue(`update import set finishing_at = now() where tenant_id = $1 and id = $2`, i.Tenant, i.ID)
	b.Queue(`insert into import_finish (tenant_id, import_id, step) values ($1, $2, $3)`, i.Tenant, i.ID, stepUnify)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	return addToOutbox(ctx, tx, TopicMerged, i.Tenant, i.ID)
}

// FinishStep does the next part of the last stage of an import, which ImportForWork has returned, in one transaction, and
// reports whether the import runs on after it. ErrStopped: it does not run, or has not come to that stage.
func (db *DB) FinishStep(ctx context.Context, t tenant.ID, i *imports.Import) (left bool, err error) {
	f := finishing{ctx: ctx, tenant: t, job: i}
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		f.tx = tx
		if err := f.lock(); err != nil {
			return err
		}
		if err := f.lookUp(); err != nil {
			return err
		}
		return f.do()
	})
	if err != nil {
		return false, fmt.Errorf("finish import %s, step %q after %d: %w", i.ID, f.step, f.position, err)
	}
	return !f.ended, nil
}

// finishing is a part of a step within its transaction.
type finishing struct {
	ctx    context.Context
	tx     pgx.Tx
	tenant tenant.ID
	job    *imports.Import
	// step and position are where the work stands: position is the id of the last member that the step has dealt with.
	step     string
	position int64
	ended    bool
}

// lock takes the work from whoever else has it, as it stands then. An import that stops meanwhile is found out at the end.
func (f *finishing) lock() error {
	err := f.tx.QueryRow(f.ctx, `select step, position from import_finish where tenant_id = $1 and import_id = $2 for update`,
		f.tenant, f.job.ID).Scan(&f.step, &f.position)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrStopped
	}
	if err != nil {
		return err
	}
	var running bool
	err = f.tx.QueryRow(f.ctx, `select exists (select from import where tenant_id = $1 and id = $2 and state = 'running' and finishing_at is not null)`,
		f.tenant, f.job.ID).Scan(&running)
	if err == nil && !running {
		err = ErrStopped
	}
	return err
}

// lookUpByIndex has the planner find rows by index, where there is one. It must be told: a list that was just filled has no
// statistics.
const lookUpByIndex = `select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('enable_hashjoin', 'on', true)`

func (f *finishing) lookUp() error {
	_, err := f.tx.Exec(f.ctx, lookUpByIndex)
	return err
}

// do does the next part of the step, and notes where the work stands then.
func (f *finishing) do() (err error) {
	switch f.step {
	case stepUnify:
		err = f.unify()
	case stepCount:
		err = f.count()
	case stepRemove:
		err = f.remove()
	case stepEnd:
		f.ended, err = endImport(f.ctx, f.tx, f.tenant, f.job.ID, imports.StateCompleted, nil, `i.state = 'running'`)
	default:
		err = fmt.Errorf("unknown step")
	}
	if err != nil || f.ended {
		return err
	}
	var b pgx.Batch
	var runs int
	b.Queue(stillRuns, f.tenant, f.job.ID, f.job.Run).QueryRow(func(row pgx.Row) error { return stopped(row.Scan(&runs)) })
	b.Queue(`update import_finish set step = $3, position = $4 where tenant_id = $1 and import_id = $2`, f.tenant, f.job.ID, f.step, f.position)
	b.Queue(`update import_progress set seen_at = now() where tenant_id = $1 and import_id = $2`, f.tenant, f.job.ID)
	return f.tx.SendBatch(f.ctx, &b).Close()
}

// stopped is ErrStopped where there is no row of stillRuns.
func stopped(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrStopped
	}
	return err
}

// next goes over to another step.
func (f *finishing) next(step string) { f.step, f.position = step, 0 }

// fail ends the import with a reason.
func (f *finishing) fail(why member.Problem) (err error) {
	f.ended, err = endImport(f.ctx, f.tx, f.tenant, f.job.ID, imports.StateFailed, &why, `i.state = 'running'`)
	return err
}

// end is the id behind the last one that is reserved for the import: members from there on are somebody else's.
func (f *finishing) end() int64 { return f.job.FirstID + f.job.Source.MaxRows }

// add counts members beside the rows of the import, in the column removed or unified.
func (f *finishing) add(column string, n int64) error {
	if n == 0 {
		return nil
	}
	_, err := f.tx.Exec(f.ctx, `update import set `+column+` = coalesce(`+column+`, 0) + $3 where tenant_id = $1 and id = $2`, f.tenant, f.job.ID, n)
	return err
}
