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

// CreateRetry is CreateImport for an import that retries failed rows of root: it goes into the list of root, whatever n
// says. ErrNotFound: there is no import root; ErrConflict: the idempotency key is that of an import that is no retry of it.
func (db *DB) CreateRetry(ctx context.Context, t tenant.ID, root imports.ID, n NewImport) (i *imports.Import, existed bool, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		id := imports.NewID()
		err := tx.QueryRow(ctx, `insert into import (tenant_id, id, parent_id, list_id, file_name, options, mapping, max_row_bytes, user_id, idempotency_key, created_at)
			select tenant_id, $2, id, list_id, $4, $5, $6, $7, nullif($8, 0), nullif($9, ''), $10 from import where tenant_id = $1 and id = $3
			on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing returning id`,
			t, id, root, n.FileName, n.Options, n.Mapping, n.MaxRowBytes, n.User, n.IdempotencyKey, time.Now()).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			existed = true
			err = tx.QueryRow(ctx, `select id from import where tenant_id = $1 and idempotency_key = $2`, t, n.IdempotencyKey).Scan(&id)
		}
		if err != nil {
			return err
		}
		i, err = getImport(ctx, tx, t, id)
		if err == nil && i.Parent != root {
			err = ErrConflict
		}
		if err != nil || existed {
			return err
		}
		return audit(ctx, tx, t, "import.retry", importObject(id), detail{"of": root.String(), "file_name": n.FileName})
	})
	if err != nil {
		return nil, false, fmt.Errorf("create retry of import %s: %w", root, translate(err))
	}
	return i, existed, nil
}

// Retries are those of an import, and what became of its failed rows by them.
type Retries struct {
	// IDs are in the order in which they were made.
	IDs []imports.ID
	// Mended are the failed rows by the outcome that a retry gave them; Failed is 0.
	Mended member.Counts
}

// Retries returns the retries of those of the imports that have any. A database of a version before has none.
func (db *DB) Retries(ctx context.Context, t tenant.ID, ids []imports.ID) (map[imports.ID]*Retries, error) {
	all := make(map[imports.ID]*Retries)
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select parent_id, id from import where tenant_id = $1 and parent_id = any($2) order by id`, t, ids)
		if err != nil {
			return err
		}
		var root, child imports.ID
		_, err = pgx.ForEachRow(rows, []any{&root, &child}, func() error {
			if all[root] == nil {
				all[root] = &Retries{}
			}
			all[root].IDs = append(all[root].IDs, child)
			return nil
		})
		if err != nil || len(all) == 0 {
			return err
		}
		return countMended(ctx, tx, t, all)
	})
	if err != nil && !olderSchema(err) {
		return nil, fmt.Errorf("retries: %w", err)
	}
	return all, nil
}

// countMended fills Mended of each.
func countMended(ctx context.Context, tx pgx.Tx, t tenant.ID, all map[imports.ID]*Retries) error {
	roots := make([]imports.ID, 0, len(all))
	for root := range all {
		roots = append(roots, root)
	}
	rows, err := tx.Query(ctx, `select import_id, count(*) filter (where outcome = 'created'), count(*) filter (where outcome = 'updated'),
			count(*) filter (where outcome = 'unchanged'), count(*) filter (where outcome = 'deleted'), count(*) filter (where outcome = 'skipped')
		from import_mended where tenant_id = $1 and import_id = any($2) group by import_id`, t, roots)
	if err != nil {
		return err
	}
	var root imports.ID
	var c member.Counts
	_, err = pgx.ForEachRow(rows, []any{&root, &c.Created, &c.Updated, &c.Unchanged, &c.Deleted, &c.Skipped}, func() error {
		all[root].Mended = c
		return nil
	})
	return err
}

// MendedRows calls yield with the number of each failed row of the import root that its retries have merged, except the
// one of the id except.
func (db *DB) MendedRows(ctx context.Context, t tenant.ID, root, except imports.ID, yield func(row int64)) error {
	rows, err := db.pool.Query(ctx, `select row_number from import_mended where tenant_id = $1 and import_id = $2 and child_id <> $3`, t, root, except)
	if err != nil {
		return fmt.Errorf("mended rows of import %s: %w", root, err)
	}
	var row int64
	if _, err := pgx.ForEachRow(rows, []any{&row}, func() error { yield(row); return nil }); err != nil {
		return fmt.Errorf("mended rows of import %s: %w", root, err)
	}
	return nil
}

// outcomeNames are the names of those that a row can have which does not fail: by these it is mended, and has a preview.
var outcomeNames = map[member.Outcome]string{
	member.Created: "created", member.Updated: "updated", member.Unchanged: "unchanged", member.Deleted: "deleted", member.Skipped: "skipped",
}

// queueMended notes what became of the rows of a retry that did not fail: each is the one of its root with its number.
func (m *merging) queueMended(b *pgx.Batch) {
	w := m.work
	if w.Import.Parent == (imports.ID{}) {
		return
	}
	numbers, outcomes := make([]int64, 0, len(m.rows)), make([]string, 0, len(m.rows))
	for i := range m.rows {
		if name, ok := outcomeNames[m.rows[i].Outcome]; ok {
			numbers, outcomes = append(numbers, m.rows[i].Number), append(outcomes, name)
		}
	}
	b.Queue(`insert into import_mended (tenant_id, import_id, row_number, outcome, child_id)
		select $1, $2, row_number, outcome, $5 from unnest($3::bigint[], $4::text[]) as r (row_number, outcome)
		on conflict do nothing`, m.tenant, w.Import.Parent, numbers, outcomes, w.Import.ID)
}
