package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// Active is an import that is under way.
type Active struct {
	*imports.Import
	Work Work
}

// maxActive bounds the imports that Active returns.
const maxActive = 200

// Active returns the tenant's imports that wait, run, are paused or are being undone, those first that are at it for longest,
// and how many of its mails wait for a mail server.
func (db *DB) Active(ctx context.Context, t tenant.ID) (all []Active, mails int, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, workQuery+` and i.tenant_id = $1 order by 6 limit $2`, t, maxActive)
		if err != nil {
			return err
		}
		work, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Work])
		if err != nil {
			return err
		}
		ids, place := make([]imports.ID, len(work)), map[imports.ID]*imports.Import{}
		for n := range work {
			ids[n] = work[n].Import
		}
		if rows, err = tx.Query(ctx, `select `+importColumns+importTables+`where i.tenant_id = $1 and i.id = any($2)`, t, ids); err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*imports.Import, error) { return scanImport(row) })
		if err != nil {
			return err
		}
		for _, i := range found {
			place[i.ID] = i
		}
		for _, w := range work {
			if i := place[w.Import]; i != nil {
				all = append(all, Active{i, w})
			}
		}
		return tx.QueryRow(ctx, `select count(*) from mail where tenant_id = $1 and sent_at is null and failure is null`, t).Scan(&mails)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("imports under way: %w", err)
	}
	return all, mails, nil
}

// OwnImports returns those of the imports that are the tenant's.
func (db *DB) OwnImports(ctx context.Context, t tenant.ID, ids []imports.ID) (own []imports.ID, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id from import where tenant_id = $1 and id = any($2)`, t, ids)
		if err != nil {
			return err
		}
		own, err = pgx.CollectRows(rows, pgx.RowTo[imports.ID])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("own imports: %w", err)
	}
	return own, nil
}
