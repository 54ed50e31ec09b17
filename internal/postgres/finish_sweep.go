package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// scratch are the tables of what only a running import needs, with the column that tells an import's rows apart.
var scratch = []struct{ table, column string }{{"import_seen", "member_id"}, {"member_shadow", "id"}, {"import_finish", "import_id"}, {"import_opt_out", "contact"}}

// SweepScratch deletes up to limit rows that imports have left which have ended, of each table of such rows, and returns
// how many. Of those that have failed and can be resumed it is kept. There is more if it is not 0.
func (db *DB) SweepScratch(ctx context.Context, limit int) (n int64, err error) {
	for _, s := range scratch {
		ended, err := db.endedWith(ctx, s.table)
		if olderSchema(err) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("sweep %s: %w", s.table, err)
		}
		left := int64(limit)
		for _, e := range ended {
			tag, err := db.pool.Exec(ctx, `delete from `+s.table+` where tenant_id = $1 and import_id = $2 and `+s.column+` in (
				select `+s.column+` from `+s.table+` where tenant_id = $1 and import_id = $2 order by `+s.column+` limit $3)`, e.tenant, e.id, left)
			if err != nil {
				return n, fmt.Errorf("sweep %s of import %s: %w", s.table, e.id, err)
			}
			n += tag.RowsAffected()
			if left -= tag.RowsAffected(); left <= 0 {
				break
			}
		}
	}
	return n, nil
}

type importOf struct {
	tenant tenant.ID
	id     imports.ID
}

// resumableBy is how much longer that is kept than an import can be resumed: whether it can goes by another clock.
const resumableBy = 24 * time.Hour

// endedWith returns the imports that have ended and have rows in the table. The index is asked for the next import after
// each, however many rows one has.
func (db *DB) endedWith(ctx context.Context, table string) ([]importOf, error) {
	rows, err := db.pool.Query(ctx, `with recursive k as (
			(select tenant_id, import_id from `+table+` order by tenant_id, import_id limit 1)
			union all
			select n.tenant_id, n.import_id from k, lateral (select tenant_id, import_id from `+table+` s
				where (s.tenant_id, s.import_id) > (k.tenant_id, k.import_id) order by tenant_id, import_id limit 1) n
		)
		select k.tenant_id, k.import_id from k join import i on i.tenant_id = k.tenant_id and i.id = k.import_id
		where i.finished_at is not null and not coalesce((to_jsonb(i)->>'settling')::boolean, false)
			and not (i.state = 'failed' and i.finished_at > now() - $1::interval and i.failure->>'code' = any($2))`,
		imports.ResumableFor+resumableBy, imports.Mendable())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanImportOf)
}

func scanImportOf(row pgx.CollectableRow) (o importOf, err error) {
	err = row.Scan(&o.tenant, &o.id)
	return o, err
}
