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

// Undoing an import takes back what it did, the last first: members that it created go, those that it changed get their
// values back, and those that it deleted come back.
//
//	begin ──▶ created ──▶ release ──▶ updated ──▶ gone ──▶ opt_outs ──▶ mended ──▶ end
//
// Each step is done in bounded transactions that lock the row of import_undo, do their part in order of member id, and
// note how far they have come: so whoever goes on after a crash does nothing twice, and two at once do no harm. A dry run
// goes the same way, writes nothing, and so comes to the same counts.
const (
	undoBegin    = ""
	undoCreated  = "created"
	undoRelease  = "release"
	undoUpdated  = "updated"
	undoGone     = "gone"
	undoOptOuts  = "opt_outs"
	undoMended   = "mended"
	undoEnd      = "end"
	undoBatch    = 1000
	undoListed   = 100_000 // members and fields that are kept; all are counted
	undoVersions = `select member_id, max(version) from journal where tenant_id = $1 and import_id = $2 and created_at = $3 and member_id = any($4) group by member_id`
)

// UndoStep does the next part of undoing an import, which ImportForWork has returned, or of a dry run of that, in one
// transaction, and reports whether there is more to do. ErrStopped: there is nothing to do.
func (db *DB) UndoStep(ctx context.Context, t tenant.ID, i *imports.Import) (left bool, err error) {
	var u undoing
	for range maxConflicts {
		u = undoing{ctx: ctx, tenant: t, job: i, schema: i.Schema}
		if u.schema == nil {
			u.schema = member.Standard()
		}
		err = db.inTx(ctx, func(tx pgx.Tx) error {
			u.tx = tx
			if err := u.lock(); err != nil {
				return err
			}
			return u.do()
		})
		if !conflicted(err) {
			break
		}
	}
	if err != nil {
		return false, fmt.Errorf("undo import %s, step %q after %d: %w", i.ID, u.step, u.position, err)
	}
	return !u.ended || u.dry, nil // after a dry run, the undo itself may wait
}

// FailUndo notes why an undo cannot go on for the time being, until it can.
func (db *DB) FailUndo(ctx context.Context, t tenant.ID, id imports.ID, why member.Problem) error {
	why.Detail = storable(why.Detail)
	_, err := db.pool.Exec(ctx, `update import_undo set failure = $3 where tenant_id = $1 and import_id = $2 and started_at is not null and finished_at is null`,
		t, id, why)
	if err != nil {
		return fmt.Errorf("note that the undo of import %s cannot go on: %w", id, err)
	}
	return nil
}

// undoing is a part of a step within its transaction.
type undoing struct {
	ctx    context.Context
	tx     pgx.Tx
	tenant tenant.ID
	job    *imports.Import
	schema *member.Schema
	// dry writes nothing but counts.
	dry bool
	// step and position are where the work stands: position is the id of the last member that the step has dealt with.
	step        string
	position    int64
	total, done int64
	counts      imports.UndoCounts
	kept        []imports.Kept
	ended       bool
}

// lock takes the work from whoever else has it, as it stands then. Members of the list are not created meanwhile, as
// while a chunk is merged.
func (u *undoing) lock() error {
	var begun bool
	err := u.tx.QueryRow(u.ctx, `select dry_run, step, position, total, done, counts, dry_run or exists (
			select from import where tenant_id = $1 and id = $2 and state = 'undoing')
		from import_undo where tenant_id = $1 and import_id = $2 and started_at is not null and finished_at is null
		order by dry_run desc limit 1 for update`, u.tenant, u.job.ID).
		Scan(&u.dry, &u.step, &u.position, &u.total, &u.done, &u.counts, &begun)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !begun {
		return ErrStopped
	}
	if err != nil {
		return err
	}
	if u.counts.Kept == nil {
		u.counts.Kept = map[member.Code]int64{}
	}
	if !u.dry {
		if _, err := u.tx.Exec(u.ctx, `select pg_advisory_xact_lock_shared($1)`, membersLock(u.tenant, u.job.ListID)); err != nil {
			return err
		}
	}
	_, err = u.tx.Exec(u.ctx, lookUpByIndex)
	return err
}

// do does the next part of the step, and notes where the work stands then.
func (u *undoing) do() (err error) {
	switch u.step {
	case undoBegin:
		err = u.begin()
	case undoCreated:
		err = u.removeCreated()
	case undoRelease:
		err = u.release()
	case undoUpdated:
		err = u.restoreUpdated()
	case undoGone:
		err = u.bringBack()
	case undoOptOuts:
		err = u.settleOptOuts()
	case undoMended:
		err = u.breakMended()
	case undoEnd:
		err = u.end()
	default:
		err = fmt.Errorf("unknown step")
	}
	if err != nil {
		return err
	}
	var b pgx.Batch
	if len(u.kept) > 0 {
		u.queueKept(&b)
	}
	b.Queue(`update import_undo set step = $4, position = $5, total = $6, done = $7, counts = $8, failure = null, finished_at = case when $9 then now() end
		where tenant_id = $1 and import_id = $2 and dry_run = $3`, u.tenant, u.job.ID, u.dry, u.step, u.position, u.total, u.done, u.counts, u.ended)
	b.Queue(`insert into import_progress as p (tenant_id, import_id, seen_at) values ($1, $2, now())
		on conflict (tenant_id, import_id) do update set seen_at = excluded.seen_at`, u.tenant, u.job.ID)
	return u.tx.SendBatch(u.ctx, &b).Close()
}

// next goes over to another step.
func (u *undoing) next(step string) { u.step, u.position = step, 0 }

// start is that of the import, which all of its rows of the journal have as the time of their creation.
func (u *undoing) start() time.Time { return *u.job.StartedAt }

// own reports whether the import itself created the member of that id.
func (u *undoing) own(id int64) bool {
	return id >= u.job.FirstID && id < u.job.FirstID+u.job.Source.MaxRows
}

// keep notes what stays as it is.
func (u *undoing) keep(id int64, problems ...member.Problem) {
	for _, p := range problems {
		u.counts.Kept[p.Code]++
		if u.counts.KeptInAll() <= undoListed {
			u.kept = append(u.kept, imports.Kept{Member: id, Problem: p})
		}
	}
}

func (u *undoing) queueKept(b *pgx.Batch) {
	ids, fields, codes := make([]int64, len(u.kept)), make([]string, len(u.kept)), make([]string, len(u.kept))
	for n, k := range u.kept {
		ids[n], fields[n], codes[n] = k.Member, k.Problem.Field, string(k.Problem.Code)
	}
	b.Queue(`insert into import_undo_kept (tenant_id, import_id, dry_run, member_id, field, code)
		select $1, $2, $3, * from unnest($4::bigint[], $5::text[], $6::text[]) on conflict do nothing`, u.tenant, u.job.ID, u.dry, ids, fields, codes)
}

// begin counts the members that there are to deal with.
func (u *undoing) begin() error {
	err := u.tx.QueryRow(u.ctx, `select count(*) from (select distinct member_id from journal
		where tenant_id = $1 and import_id = $2 and created_at = $3 and (member_id < $4 or member_id >= $5)) m`,
		u.tenant, u.job.ID, u.start(), u.job.FirstID, u.job.FirstID+u.job.Source.MaxRows).Scan(&u.total)
	u.total += u.job.Totals.Created
	u.next(undoCreated)
	return err
}

// removeCreated deletes the next members that the import created, but for those that somebody has changed since.
func (u *undoing) removeCreated() error {
	if u.job.Totals.Created == 0 {
		u.next(undoRelease)
		return nil
	}
	lock := ` for update`
	if u.dry {
		lock = ``
	}
	rows, err := u.tx.Query(u.ctx, `select id, version from member where tenant_id = $1 and id >= $2 and id < $3 and id > $4 order by id limit $5`+lock,
		u.tenant, u.job.FirstID, u.job.FirstID+u.job.Source.MaxRows, u.position, undoBatch)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[versioned])
	if err != nil {
		return err
	}
	if len(found) == 0 {
		u.next(undoRelease)
		return nil
	}
	u.position = found[len(found)-1].ID
	u.done += int64(len(found))
	edited, err := u.edited(found)
	if err != nil {
		return err
	}
	gone := make([]int64, 0, len(found))
	for _, m := range found {
		if edited[m.ID] {
			u.keep(m.ID, member.Problem{Code: member.EditedSince})
		} else {
			gone = append(gone, m.ID)
		}
	}
	u.counts.Removed += int64(len(gone))
	if u.dry || len(gone) == 0 {
		return nil
	}
	var b pgx.Batch
	b.Queue(`delete from member where tenant_id = $1 and id = any($2)`, u.tenant, gone)
	b.Queue(`delete from member_key where tenant_id = $1 and member_id = any($2)`, u.tenant, gone)
	return u.tx.SendBatch(u.ctx, &b).Close()
}

type versioned struct {
	ID      int64
	Version int32
}

// edited returns which members that the import created have another version than it left them with: 1, or that of its
// last row of the journal.
func (u *undoing) edited(members []versioned) (map[int64]bool, error) {
	ids := make([]int64, len(members))
	for n, m := range members {
		ids[n] = m.ID
	}
	rows, err := u.tx.Query(u.ctx, undoVersions, u.tenant, u.job.ID, u.start(), ids)
	if err != nil {
		return nil, err
	}
	left := map[int64]int32{}
	var m versioned
	if _, err := pgx.ForEachRow(rows, []any{&m.ID, &m.Version}, func() error { left[m.ID] = m.Version; return nil }); err != nil {
		return nil, err
	}
	edited := map[int64]bool{}
	for _, m := range members {
		edited[m.ID] = m.Version != max(left[m.ID], 1)
	}
	return edited, nil
}

// breakMended has the next rows failed again that the import, a retry, had mended: they can be retried once more. The
// position is that of a row.
func (u *undoing) breakMended() error {
	if u.dry || u.job.Parent == (imports.ID{}) {
		u.next(undoEnd)
		return nil
	}
	var last *int64
	err := u.tx.QueryRow(u.ctx, `with next as materialized (select row_number, child_id from import_mended
			where tenant_id = $1 and import_id = $2 and row_number > $4 order by row_number limit $5),
		gone as (delete from import_mended where tenant_id = $1 and import_id = $2 and row_number = any(array(select row_number from next where child_id = $3)))
		select max(row_number) from next`, u.tenant, u.job.Parent, u.job.ID, u.position, undoBatch).Scan(&last)
	if err != nil {
		return err
	}
	if last == nil {
		u.next(undoEnd)
		return nil
	}
	u.position = *last
	return nil
}

// end has the import undone, and passes the list's turn on.
func (u *undoing) end() error {
	u.ended, u.done = true, u.total
	if u.dry {
		return nil
	}
	list, err := lockListOf(u.ctx, u.tx, u.tenant, u.job.ID)
	if err != nil {
		return err
	}
	if _, err := u.tx.Exec(u.ctx, `update import set state = 'undone' where tenant_id = $1 and id = $2 and state = 'undoing'`, u.tenant, u.job.ID); err != nil {
		return err
	}
	return runNext(u.ctx, u.tx, u.tenant, list)
}
