package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// Topics of the outbox.
const (
	TopicStarted  = "started"
	TopicMerged   = "merged"
	TopicFinished = "finished"
)

// Settled is what is fixed when an import starts.
type Settled struct {
	Options imports.Options
	Mapping member.Mapping
	Cut     imports.Cut
	// Source is the version of the file that Mapping was made for.
	Source imports.Source
	// Rows is how many data rows the source has, where the tenant has a limit of them.
	Rows *int64
}

// cut returns the cut, with one lane where rows of different keys can get into one another's way.
func (s *Settled) cut(schema *member.Schema) (imports.Cut, error) {
	plan, err := (&imports.Import{Options: s.Options, Mapping: s.Mapping, Schema: schema}).Plan()
	if err != nil {
		return s.Cut, err
	}
	c := s.Cut
	if plan.OneLane() {
		c.Lanes = 1
	}
	return c, nil
}

// StartImport fixes the import's options, mapping, cut and fields and puts it into its list's queue; if the list is free,
// it is running at once. ErrConflict: it is not in the state uploaded, or another file was uploaded meanwhile. ErrFields: a
// field of the mapping is not in use. ErrReportExpired: it is a retry of rows that are gone. A *LimitError: it has too many
// rows for today.
func (db *DB) StartImport(ctx context.Context, t tenant.ID, id imports.ID, s Settled) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		list, err := lockListOf(ctx, tx, t, id)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update import set state = 'queued', queued_at = clock_timestamp(), options = $3, mapping = $4, source = $5
			where tenant_id = $1 and id = $2 and state = 'uploaded' and source->>'upload' = $6`,
			t, id, s.Options, s.Mapping, s.Source, s.Source.Upload)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrConflict
		}
		if err := rootKept(ctx, tx, t, id); err != nil {
			return err
		}
		if err := checkRows(ctx, tx, t, id, s.Rows, s.Options.DryRun); err != nil {
			return err
		}
		schema, err := keepFields(ctx, tx, t, list, id, s.Mapping)
		if err != nil {
			return err
		}
		cut, err := s.cut(schema)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update import set cut = $3 where tenant_id = $1 and id = $2`, t, id, cut); err != nil {
			return err
		}
		filled := s.Options.Filled()
		if err := audit(ctx, tx, t, "import.start", importObject(id), detail{"mode": filled.Mode, "kind": filled.Kind, "dry_run": filled.DryRun}); err != nil {
			return err
		}
		return runNext(ctx, tx, t, list)
	})
	if err != nil {
		return fmt.Errorf("start import %s: %w", id, err)
	}
	return nil
}

// ErrReportExpired is returned for a retry of failed rows that are not kept any more: nobody could tell which they were.
var ErrReportExpired = errors.New("report expired")

// rootKept keeps, until the transaction ends, the failed rows that a retry is about; any other import is about none.
func rootKept(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) error {
	var gone bool
	err := tx.QueryRow(ctx, `select to_jsonb(r)->>'report_gone_at' is not null from import r
		where r.tenant_id = $1 and r.id = (select parent_id from import where tenant_id = $1 and id = $2) for share`, t, id).Scan(&gone)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil && gone {
		err = ErrReportExpired
	}
	return err
}

// lockListOf locks the list of an import, and then the turns of its tenant, for whoever changes the states of imports, and
// returns the list. It comes before any row of them is locked, so that two who do so never wait for each other.
func lockListOf(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) (list int64, err error) {
	err = tx.QueryRow(ctx, `select list_id from import where tenant_id = $1 and id = $2`, t, id).Scan(&list)
	if err != nil {
		return 0, translate(err)
	}
	_, err = tx.Exec(ctx, `select pg_advisory_xact_lock($1), pg_advisory_xact_lock($2)`, listLock(t, list), turnsLock(t))
	return list, err
}

// noteImport gives the import's list its note: the one that the import has or, where the list has none, the name of the
// file (備考 of seed 003). A dry run writes none.
func noteImport(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) error {
	_, err := tx.Exec(ctx, `update member_list l set note = coalesce(i.options->>'note', i.file_name) from import i
		where i.tenant_id = $1 and i.id = $2 and l.tenant_id = $1 and l.id = i.list_id
			and (i.options->>'note' is not null or coalesce(l.note, '') = '') and i.options->'dry_run' is distinct from 'true'`, t, id)
	return err
}

// runNextOf gives the list's turn to the import, or the undo of one, that has waited longest, if nobody has it: one import
// at a time per list, in start order. Its member ids are reserved, and the splitters are told.
func runNextOf(ctx context.Context, tx pgx.Tx, t tenant.ID, list int64) error {
	if err := settleList(ctx, tx, t, list); err != nil {
		return err
	}
	if err := ifMigrated(ctx, tx, func(tx pgx.Tx) error { return undoNext(ctx, tx, t, list) }); err != nil {
		return err
	}
	id, err := takeListsTurn(ctx, tx, t, list)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	i, err := getImport(ctx, tx, t, id)
	if err != nil {
		return err
	}
	if i.FirstID != 0 {
		return runAgain(ctx, tx, i, list)
	}
	source, options := i.Source, i.Options
	if err := noteImport(ctx, tx, t, id); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `with ids as (update member_id_counter set next_id = next_id + $3 where tenant_id = $1 returning next_id - $3 as first)
		update import set first_member_id = ids.first,
			into_empty = not exists (select from member m where m.tenant_id = $1 and m.list_id = $4 and m.member_sn is not null)
		from ids where tenant_id = $1 and id = $2`, t, id, source.MaxRows, list)
	if err != nil {
		return err
	}
	if err := lookAtList(ctx, tx, t, id, list, options); err != nil {
		return err
	}
	if err := journaled(ctx, tx, t, id); err != nil {
		return err
	}
	if options.Filled().Mode.Creates() {
		if err := allow(ctx, tx, t, id, source.MaxRows); err != nil {
			return err
		}
	}
	return addToOutbox(ctx, tx, TopicStarted, t, id)
}

// takeListsTurn has the import run that has waited longest, and returns it. pgx.ErrNoRows: none waits, or one has the turn.
// Who cancels an import does not wait for the list: its row is locked, so that none runs that is cancelled at that moment.
func takeListsTurn(ctx context.Context, tx pgx.Tx, t tenant.ID, list int64) (id imports.ID, err error) {
	const sql = `update import set state = 'running', started_at = coalesce(started_at, clock_timestamp())
		where tenant_id = $1 and id = (select id from import where tenant_id = $1 and list_id = $2 and state = 'queued' order by queued_at, id limit 1 for update)
			and not exists (select from import where tenant_id = $1 and list_id = $2 and state in ('running', 'paused', 'undoing'))`
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, sql+` and not exists (select from import where tenant_id = $1 and list_id = $2 and settling) returning id`, t, list).Scan(&id)
	})
	if olderSchema(err) {
		err = tx.QueryRow(ctx, sql+` returning id`, t, list).Scan(&id)
	}
	return id, err
}

// allow fixes how many members an import of at most so many rows may create, where the tenant has a quota: what is left
// of it, less what other running imports may still create. An import that could create more is merged in file order.
func allow(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, rows int64) error {
	var quota *int64
	if err := tx.QueryRow(ctx, `select member_quota from tenant where id = $1`, t).Scan(&quota); err != nil || quota == nil {
		return err
	}
	left, err := quotaLeft(ctx, tx, t, id)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update import set allowance = $3::bigint, cut = case when $3 < $4::bigint then jsonb_set(cut, '{lanes}', '1') else cut end
		where tenant_id = $1 and id = $2`, t, id, min(max(*left, 0), rows), rows)
	return err
}

// quotaLeft returns how many members a tenant may still have beside those that running imports other than except may
// create, nil for any number. Until the transaction ends nobody else is told.
func quotaLeft(ctx context.Context, tx pgx.Tx, t tenant.ID, except imports.ID) (left *int64, err error) {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(xxhash.Sum64String(fmt.Sprintf("quota/%d", t)))); err != nil {
		return nil, err
	}
	err = tx.QueryRow(ctx, `select member_quota - (select count(*) from member m where m.tenant_id = $1 and m.blocked_at is null)
			- (select coalesce(sum(i.allowance - coalesce((select sum(a.created) from import_lane a where a.tenant_id = $1 and a.import_id = i.id), 0)), 0)::bigint
				from import i where i.tenant_id = $1 and i.state in ('running', 'paused') and i.id <> $2 and i.allowance is not null)
		from tenant where id = $1`, t, except).Scan(&left)
	return left, err
}

// lookAtList notes what an import needs to know of its list as it is when the import starts. An import of leads makes
// some itself.
func lookAtList(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, list int64, o imports.Options) error {
	kind := o.Filled().Kind
	return ifMigrated(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update import set
				with_leads = $4 = 'lead' or exists (select from member where tenant_id = $1 and list_id = $3 and kind = 'lead'),
				members_before = case when $5 then (select count(*) from member where tenant_id = $1 and list_id = $3 and kind = $4) end
			where tenant_id = $1 and id = $2`, t, id, list, string(kind), o.MeasuresList())
		return err
	})
}

// journaled notes that everything that the import changes is in the journal: its start was told to mergers that keep one.
func journaled(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) error {
	return ifMigrated(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update import set journaled = true where tenant_id = $1 and id = $2`, t, id)
		return err
	})
}

func addToOutbox(ctx context.Context, tx pgx.Tx, topic string, t tenant.ID, id imports.ID) error {
	_, err := tx.Exec(ctx, `insert into outbox (topic, tenant_id, import_id) values ($1, $2, $3)`, topic, t, id)
	return err
}

// lockImport locks the row of an import for whoever ends or pauses it, or sums it up. A chunk or a step of it that is
// under way is not waited for: it commits only after a look at this row, which it then keeps as it is for a moment. What is
// summed up under the lock is all there ever will be.
func lockImport(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) error {
	tag, err := tx.Exec(ctx, `select from import where tenant_id = $1 and id = $2 for update`, t, id)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	return err
}

// stillRuns has the transaction of a chunk or a step commit only while the import runs, in the run that it belongs to: no
// row where it does not. Of the release before the database knows no runs.
const stillRuns = `select 1 from (select $3::integer as run) absent, import i, lateral (select run from (select i.*) own) r
	where i.tenant_id = $1 and i.id = $2 and i.state = 'running' and r.run = $3 for key share of i`

// membersLock is the advisory lock of a list's members: merging a chunk holds it shared, whoever creates a member by
// itself exclusively, so that of a key that is not unique there are never two new members.
func membersLock(t tenant.ID, list int64) int64 {
	return int64(xxhash.Sum64String(fmt.Sprintf("members/%d/%d", t, list)))
}

// listLock is held by whoever gives a list's turn to an import.
func listLock(t tenant.ID, list int64) int64 {
	return int64(xxhash.Sum64String(fmt.Sprintf("list/%d/%d", t, list)))
}

// FailImport ends a running, paused or waiting import with a reason. What was merged stays. It reports whether it was
// this call that ended it.
func (db *DB) FailImport(ctx context.Context, t tenant.ID, id imports.ID, why member.Problem) (done bool, err error) {
	why.Detail = storable(why.Detail)
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		done, err = endImport(ctx, tx, t, id, imports.StateFailed, &why, `i.state in ('queued', 'running', 'paused')`)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("fail import %s: %w", id, err)
	}
	return done, nil
}

// FailImportOf is FailImport for a message that may not tell its tenant (0) or its import (the zero ID), as one that
// could not be read. An import that is not known has nothing to fail.
func (db *DB) FailImportOf(ctx context.Context, t tenant.ID, id imports.ID, why member.Problem) (done bool, err error) {
	if t == 0 {
		if t, err = db.tenantOfImport(ctx, id); errors.Is(err, ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	done, err = db.FailImport(ctx, t, id, why)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return done, err
}

// settleWait is how long cancelling waits for what else comes of it, which others do otherwise.
const settleWait = time.Second

// CancelImport ends an import that is not final, at a chunk boundary. It waits for nobody: neither for a chunk or a step
// that is under way, which will not commit, nor for whoever has the list, nor for the opt-outs of the import to be settled.
// ErrConflict: it has ended already; ErrNotFound: there is no such import.
func (db *DB) CancelImport(ctx context.Context, t tenant.ID, id imports.ID) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		done, err := markEnded(ctx, tx, t, id, imports.StateCancelled, nil, `i.finished_at is null`)
		if err == nil && !done {
			err = ErrConflict
		}
		if err != nil {
			return err
		}
		if err := holdTurn(ctx, tx, t, id); err != nil {
			return err
		}
		return audit(ctx, tx, t, "import.cancel", importObject(id), nil)
	})
	if err != nil {
		return fmt.Errorf("cancel import %s: %w", id, err)
	}
	settling, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	if err := db.settle(settling, t, id); err != nil && !olderSchema(err) && settling.Err() == nil && !Unavailable(err) {
		return fmt.Errorf("settle cancelled import %s: %w", id, err)
	}
	return nil
}

// holdTurn has a cancelled import that has run keep its list's turn until it is settled. A database that is not migrated
// yet knows nothing of that: there it is settled at once.
func holdTurn(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) error {
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update import set settling = true where tenant_id = $1 and id = $2 and started_at is not null`, t, id)
		return err
	})
	if !olderSchema(err) {
		return err
	}
	list, err := lockListOf(ctx, tx, t, id)
	if err != nil {
		return err
	}
	if err := settleOptOuts(ctx, tx, t, id, list); err != nil {
		return err
	}
	return runNext(ctx, tx, t, list)
}

// endImport makes the one change to a final state, if the condition holds, with the totals of the ledger;
// the list's turn passes on, and the event is published.
func endImport(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, to imports.State, why *member.Problem, condition string) (bool, error) {
	list, err := lockListOf(ctx, tx, t, id)
	if err != nil {
		return false, err
	}
	done, err := markEnded(ctx, tx, t, id, to, why, condition)
	if err != nil || !done {
		return false, err
	}
	if err := settleOptOuts(ctx, tx, t, id, list); err != nil {
		return false, err
	}
	return true, runNext(ctx, tx, t, list)
}

// markEnded is endImport but for the list's turn, which the import keeps.
func markEnded(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, to imports.State, why *member.Problem, condition string) (bool, error) {
	if err := lockImport(ctx, tx, t, id); err != nil {
		return false, err
	}
	// The ledger is read after the lock is held.
	tag, err := tx.Exec(ctx, `update import i set state = $3, finished_at = clock_timestamp(), failure = $4,
			total = greatest(s.read, s.done), not_processed = greatest(s.read, s.done) - s.done,
			created = s.created, updated = s.updated, unchanged = s.unchanged, deleted = s.deleted, skipped = s.skipped,
			failed = s.failed, protected = s.protected, tagged = s.tagged
		from (select coalesce(max(p.rows_read), 0) as read, coalesce(sum(a.created + a.updated + a.unchanged + a.deleted + a.skipped + a.failed), 0)::bigint as done,
				coalesce(sum(a.created), 0)::bigint created, coalesce(sum(a.updated), 0)::bigint updated, coalesce(sum(a.unchanged), 0)::bigint unchanged,
				coalesce(sum(a.deleted), 0)::bigint deleted, coalesce(sum(a.skipped), 0)::bigint skipped, coalesce(sum(a.failed), 0)::bigint failed,
				coalesce(sum(a.protected), 0)::bigint protected, coalesce(sum(a.tagged), 0)::bigint tagged
			from (select $1::bigint as tenant_id, $2::uuid as import_id) k
				left join import_progress p using (tenant_id, import_id) left join import_lane a using (tenant_id, import_id)) s
		where i.tenant_id = $1 and i.id = $2 and `+condition, t, id, to, why)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	return true, addToOutbox(ctx, tx, TopicFinished, t, id)
}

// settleOptOuts remembers the opt-outs of an import that has ended, and forgets those that it was allowed to lift; undo
// brings them back. The import's notes of them are swept later: a chunk that is under way, and will not commit, may have
// locked some. A database that is not migrated yet keeps nothing to undo by.
func settleOptOuts(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, list int64) error {
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		var b pgx.Batch
		b.Queue(rememberOptOuts+` do update set also = o.also || excluded.import_id
				where o.import_id <> excluded.import_id and excluded.import_id <> all(coalesce(o.also, '{}'))`, t, id, list)
		b.Queue(`with gone as (`+forgetOptOuts+` returning *)
			insert into opt_out_lifted (tenant_id, import_id, field, contact, by_import, also, created_at)
			select $1, $2, field, contact, import_id, also, created_at from gone on conflict do nothing`, t, id, list)
		return tx.SendBatch(ctx, &b).Close()
	})
	if !olderSchema(err) {
		return err
	}
	var b pgx.Batch
	b.Queue(rememberOptOuts+` do nothing`, t, id, list)
	b.Queue(forgetOptOuts, t, id, list)
	return tx.SendBatch(ctx, &b).Close()
}

// rememberOptOuts and forgetOptOuts do so with the opt-outs and opt-ins of the import $2, in its list $3. From each opt-in to
// its opt-out by the key: without statistics the planner might go through the import's rows for every opt-out of the list.
const (
	rememberOptOuts = `insert into opt_out as o (tenant_id, list_id, field, contact, import_id, created_at)
		select tenant_id, $3, field, contact, import_id, now() from import_opt_out where tenant_id = $1 and import_id = $2 and opted_out
		on conflict (tenant_id, list_id, field, contact)`
	forgetOptOuts = `delete from opt_out where ctid = any(array(select o.ctid from import_opt_out i, lateral (
			select ctid from opt_out where tenant_id = $1 and list_id = $3 and field = i.field and contact = i.contact offset 0) o
		where i.tenant_id = $1 and i.import_id = $2 and not i.opted_out))`
)
