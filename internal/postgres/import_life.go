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
	TopicFinished = "finished"
)

// Settled is what is fixed when an import starts.
type Settled struct {
	Options imports.Options
	Mapping member.Mapping
	Cut     imports.Cut
	// Source is the version of the file that Mapping was made for.
	Source imports.Source
}

// StartImport fixes the import's options, mapping, cut and fields and puts it into its list's queue; if the list is free,
// it is running at once. ErrConflict: it is not in the state uploaded, or another file was uploaded meanwhile. ErrFields: a
// field of the mapping is not in use.
func (db *DB) StartImport(ctx context.Context, t tenant.ID, id imports.ID, s Settled) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		list, err := lockListOf(ctx, tx, t, id)
		if err != nil {
			return err
		}
		if _, err := keepFields(ctx, tx, t, list, id, s.Mapping); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update import set state = 'queued', queued_at = $3, options = $4, mapping = $5, cut = $6, source = $7
			where tenant_id = $1 and id = $2 and state = 'uploaded' and source->>'upload' = $8`,
			t, id, time.Now(), s.Options, s.Mapping, s.Cut, s.Source, s.Source.Upload)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrConflict
		}
		return runNext(ctx, tx, t, list)
	})
	if err != nil {
		return fmt.Errorf("start import %s: %w", id, err)
	}
	return nil
}

// lockListOf locks the list of an import for whoever changes the states of its imports, and returns it. It comes
// before any row of them is locked, so that two who do so never wait for each other.
func lockListOf(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) (list int64, err error) {
	err = tx.QueryRow(ctx, `select list_id from import where tenant_id = $1 and id = $2`, t, id).Scan(&list)
	if err != nil {
		return 0, translate(err)
	}
	_, err = tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, listLock(t, list))
	return list, err
}

// runNext gives the list's turn to the import that has waited longest, if no other import of it is running: one import
// at a time per list, in start order. Its member ids are reserved, and the splitters are told. The list is locked.
func runNext(ctx context.Context, tx pgx.Tx, t tenant.ID, list int64) error {
	var id imports.ID
	var source imports.Source
	err := tx.QueryRow(ctx, `update import set state = 'running', started_at = $3
		where tenant_id = $1 and id = (select id from import where tenant_id = $1 and list_id = $2 and state = 'queued' order by queued_at, id limit 1)
			and not exists (select from import where tenant_id = $1 and list_id = $2 and state = 'running')
		returning id, source`, t, list, time.Now()).Scan(&id, &source)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `with ids as (update member_id_counter set next_id = next_id + $3 where tenant_id = $1 returning next_id - $3 as first)
		update import set first_member_id = ids.first,
			into_empty = not exists (select from member m where m.tenant_id = $1 and m.list_id = $4 and m.member_sn is not null)
		from ids where tenant_id = $1 and id = $2`, t, id, source.MaxRows, list)
	if err != nil {
		return err
	}
	return addToOutbox(ctx, tx, TopicStarted, t, id)
}

func addToOutbox(ctx context.Context, tx pgx.Tx, topic string, t tenant.ID, id imports.ID) error {
	_, err := tx.Exec(ctx, `insert into outbox (topic, tenant_id, import_id) values ($1, $2, $3)`, topic, t, id)
	return err
}

// importLock is the advisory lock of an import: merging a chunk holds it shared, ending the import exclusively,
// so that what is summed up at the end is all there ever will be.
func importLock(id imports.ID) int64 { return int64(xxhash.Sum64(append([]byte("import"), id[:]...))) }

// listLock is held by whoever gives a list's turn to an import.
func listLock(t tenant.ID, list int64) int64 {
	return int64(xxhash.Sum64String(fmt.Sprintf("list/%d/%d", t, list)))
}

// FinishImport completes the import if the splitter has read its whole source and every chunk is merged. Any
// number of callers may ask; exactly one is told done.
func (db *DB) FinishImport(ctx context.Context, t tenant.ID, id imports.ID) (done bool, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		done, err = endImport(ctx, tx, t, id, imports.StateCompleted, nil,
			`i.state = 'running' and i.split_at is not null and not exists (select from import_lane n
				where n.tenant_id = i.tenant_id and n.import_id = i.id and n.next_seq is distinct from n.chunks)`)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("finish import %s: %w", id, err)
	}
	return done, nil
}

// FailImport ends a running or waiting import with a reason. What was merged stays. It reports whether it was
// this call that ended it.
func (db *DB) FailImport(ctx context.Context, t tenant.ID, id imports.ID, why member.Problem) (done bool, err error) {
	why.Detail = storable(why.Detail)
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		done, err = endImport(ctx, tx, t, id, imports.StateFailed, &why, `i.state in ('queued', 'running')`)
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

// CancelImport ends an import that is not final, at a chunk boundary. ErrConflict: it has ended already;
// ErrNotFound: there is no such import.
func (db *DB) CancelImport(ctx context.Context, t tenant.ID, id imports.ID) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		done, err := endImport(ctx, tx, t, id, imports.StateCancelled, nil, `i.finished_at is null`)
		if err != nil || done {
			return err
		}
		if _, err := getImport(ctx, tx, t, id); err != nil {
			return translate(err)
		}
		return ErrConflict
	})
	if err != nil {
		return fmt.Errorf("cancel import %s: %w", id, err)
	}
	return nil
}

// endImport makes the one change to a final state, if the condition holds, with the totals of the ledger;
// the list's turn passes on, and the event is published.
func endImport(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, to imports.State, why *member.Problem, condition string) (bool, error) {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, importLock(id)); err != nil {
		return false, err
	}
	list, err := lockListOf(ctx, tx, t, id)
	if err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, `update import i set state = $3, finished_at = $4, failure = $5,
			total = greatest(s.read, s.done), not_processed = greatest(s.read, s.done) - s.done,
			created = s.created, updated = s.updated, unchanged = s.unchanged, deleted = s.deleted, skipped = s.skipped,
			failed = s.failed, protected = s.protected
		from (select coalesce(max(p.rows_read), 0) as read, coalesce(sum(a.created + a.updated + a.unchanged + a.deleted + a.skipped + a.failed), 0)::bigint as done,
				coalesce(sum(a.created), 0)::bigint created, coalesce(sum(a.updated), 0)::bigint updated, coalesce(sum(a.unchanged), 0)::bigint unchanged,
				coalesce(sum(a.deleted), 0)::bigint deleted, coalesce(sum(a.skipped), 0)::bigint skipped, coalesce(sum(a.failed), 0)::bigint failed,
				coalesce(sum(a.protected), 0)::bigint protected
			from (select $1::bigint as tenant_id, $2::uuid as import_id) k
				left join import_progress p using (tenant_id, import_id) left join import_lane a using (tenant_id, import_id)) s
		where i.tenant_id = $1 and i.id = $2 and `+condition, t, id, to, time.Now(), why)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	if err := addToOutbox(ctx, tx, TopicFinished, t, id); err != nil {
		return false, err
	}
	return true, runNext(ctx, tx, t, list)
}
