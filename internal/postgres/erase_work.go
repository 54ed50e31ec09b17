package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// ErasureWork is an erasure whose failed rows are looked for.
type ErasureWork struct {
	Tenant tenant.ID
	ID     int64
	Marks  *member.Marks

	list     int64
	asked    time.Time
	position imports.ID
}

// nextErased are the imports i that may have failed rows of the person of an erasure e beyond its position.
const nextErased = `i.tenant_id = e.tenant_id and i.list_id = e.list_id and i.id > coalesce(e.position, '00000000-0000-0000-0000-000000000000')
	and i.queued_at <= e.requested_at and i.report_gone_at is null and (i.finished_at is null or i.failed > 0)`

// Erasures returns the erasures that are not finished and wait for no import, the oldest first, up to limit: those that wait,
// such as for one that is paused, keep nobody else's from being done. Several may work on one at the same time: what one has
// taken out, another does not find.
func (db *DB) Erasures(ctx context.Context, limit int) ([]ErasureWork, error) {
	rows, err := db.pool.Query(ctx, `select tenant_id, id, list_id, salt, marks, requested_at, coalesce(position, '00000000-0000-0000-0000-000000000000')
		from erasure e where finished_at is null and not exists (select from (select i.finished_at from import i where `+nextErased+`
			order by i.id limit 1) next where next.finished_at is null)
		order by requested_at limit $1`, limit)
	if err == nil {
		var all []ErasureWork
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (w ErasureWork, err error) {
			var salt []byte
			var hashes [][]byte
			err = row.Scan(&w.Tenant, &w.ID, &w.list, &salt, &hashes, &w.asked, &w.position)
			w.Marks = member.NewMarks(salt, hashes)
			return w, err
		})
		if err == nil {
			return all, nil
		}
	}
	if olderSchema(err) {
		return nil, nil
	}
	return nil, fmt.Errorf("erasures: %w", err)
}

// NextErased returns the next import that may have failed rows of the person. Where there is none, the erasure is finished and
// its marks go. ErrConflict: the import has not ended, so that it may still fail rows; the erasure waits for it. Imports that
// are started later are not the erasure's.
func (db *DB) NextErased(ctx context.Context, t tenant.ID, w *ErasureWork) (i *imports.Import, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		i, err = scanImport(tx.QueryRow(ctx, `select `+importColumns+importTables+`
			where i.tenant_id = $1 and i.list_id = $2 and i.id > $3 and i.queued_at <= $4 and i.report_gone_at is null
				and (i.finished_at is null or i.failed > 0) order by i.id limit 1`, t, w.list, w.position, w.asked))
		if errors.Is(err, pgx.ErrNoRows) {
			i = nil
			if err := ifMigrated(ctx, tx, func(tx pgx.Tx) error { return w.forgetPlanned(ctx, tx, t) }); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `update erasure set finished_at = $3, marks = '{}', salt = '' where tenant_id = $1 and id = $2`, t, w.ID, time.Now())
			return err
		}
		if err == nil && i.FinishedAt == nil {
			err = ErrConflict
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("erasure %d: %w", w.ID, err)
	}
	return i, nil
}

// forgetPlanned deletes the person's rows of what dry runs of the list have said they would create: they name no member.
func (w *ErasureWork) forgetPlanned(ctx context.Context, tx pgx.Tx, t tenant.ID) error {
	rows, err := tx.Query(ctx, `select p.import_id, p.outcome, p.ordinal, p.changes, i.fields
		from import i join import_preview p on p.tenant_id = i.tenant_id and p.import_id = i.id
		where i.tenant_id = $1 and i.list_id = $2 and i.queued_at <= $3 and i.options->'dry_run' = 'true' and p.member_id is null and p.outcome <> 'skipped'`,
		t, w.list, w.asked)
	if err != nil {
		return err
	}
	var gone pgx.Batch
	var id imports.ID
	var outcome string
	var ordinal int64
	var changes []member.Change
	var catalog json.RawMessage
	_, err = pgx.ForEachRow(rows, []any{&id, &outcome, &ordinal, &changes, &catalog}, func() error {
		schema, err := schemas.of(catalog)
		if err != nil {
			return err
		}
		if w.Marks.NameChanges(schema, changes) {
			gone.Queue(`delete from import_preview where tenant_id = $1 and import_id = $2 and outcome = $3 and ordinal = $4`, t, id, outcome, ordinal)
		}
		changes = nil
		return nil
	})
	if err != nil {
		return err
	}
	return tx.SendBatch(ctx, &gone).Close()
}

// Erased notes that an import has no failed row of the person any more: rows were taken out of its report. Those that the
// database keeps of them are deleted by the condition.
func (db *DB) Erased(ctx context.Context, t tenant.ID, w *ErasureWork, i *imports.Import, rows int64, named func(cells []string) bool) error {
	err := db.inTx(ctx, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, `select row_number, cells from import_problem where tenant_id = $1 and import_id = $2`, t, i.ID)
		if err != nil {
			return err
		}
		gone := []int64{}
		var number int64
		var cells []string
		if _, err := pgx.ForEachRow(found, []any{&number, &cells}, func() error {
			if named(cells) {
				gone = append(gone, number)
			}
			cells = nil
			return nil
		}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from import_problem where tenant_id = $1 and import_id = $2 and row_number = any($3)`, t, i.ID, gone); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update erasure set position = $3, rows = rows + $4, reports = reports + case when $4 > 0 then 1 else 0 end,
				imports = case when $4 > 0 and not $3 = any(imports) then imports || $3::uuid else imports end
			where tenant_id = $1 and id = $2 and (position is null or position < $3)`, t, w.ID, i.ID, rows)
		return err
	})
	if err != nil {
		return fmt.Errorf("erasure %d in import %s: %w", w.ID, i.ID, err)
	}
	w.position = i.ID
	return nil
}
