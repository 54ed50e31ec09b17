package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// ImportForWork returns an import for a splitter or merger.
func (db *DB) ImportForWork(ctx context.Context, t tenant.ID, id imports.ID) (i *imports.Import, err error) {
	i, err = scanImport(db.pool.QueryRow(ctx, `select `+importColumns+importTables+`where i.tenant_id = $1 and i.id = $2`, t, id))
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", id, translate(err))
	}
	return i, nil
}

// OpenLedger makes the ledger of an import, if it is not there, and returns for each lane how many chunks are
// merged: a splitter that takes over need not send those again.
func (db *DB) OpenLedger(ctx context.Context, t tenant.ID, id imports.ID, lanes int) ([]int64, error) {
	next := make([]int64, lanes)
	err := db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into import_lane (tenant_id, import_id, lane) select $1, $2, generate_series(0, $3 - 1)
			on conflict do nothing`, t, id, lanes); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select lane, next_seq from import_lane where tenant_id = $1 and import_id = $2 and lane < $3`, t, id, lanes)
		if err != nil {
			return err
		}
		var lane int
		var n int64
		_, err = pgx.ForEachRow(rows, []any{&lane, &n}, func() error { next[lane] = n; return nil })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open ledger of import %s: %w", id, err)
	}
	return next, nil
}

// Progress notes how many data rows the splitter has read. It tells which run of the import is going on, 0 for none, and
// of how many equal parts of the queue it may use one: each tenant has the same part, and divides it among its imports that
// are being cut at the moment.
func (db *DB) Progress(ctx context.Context, t tenant.ID, id imports.ID, read int64) (run, parts int, err error) {
	err = db.pool.QueryRow(ctx, `with p as (insert into import_progress as p (tenant_id, import_id, rows_read, seen_at) values ($1, $2, $3, now())
			on conflict (tenant_id, import_id) do update set rows_read = greatest(p.rows_read, excluded.rows_read), seen_at = excluded.seen_at)
		select coalesce((select coalesce((to_jsonb(i)->>'run')::integer, 1) from import i where tenant_id = $1 and id = $2 and state = 'running'), 0),
			(select (1 + count(distinct i.tenant_id) filter (where i.tenant_id <> $1)) * (1 + count(*) filter (where i.tenant_id = $1))
				from import i join import_progress o on o.tenant_id = i.tenant_id and o.import_id = i.id
				where i.state = 'running' and i.split_at is null and i.id <> $2 and o.rows_read > 0 and o.seen_at > now() - interval '10 s')`,
		t, id, read).Scan(&run, &parts)
	if err != nil {
		return 0, 0, fmt.Errorf("note progress of import %s: %w", id, err)
	}
	return run, parts, nil
}

// NotePlace notes the number of the last row that the splitter has read, and about which part of the file it has. It goes
// forward only. A database that is not migrated yet does without it.
func (db *DB) NotePlace(ctx context.Context, t tenant.ID, id imports.ID, row int64, share float64) error {
	_, err := db.pool.Exec(ctx, `update import_progress set last_row = greatest(last_row, $3), read_share = greatest(read_share, $4)
		where tenant_id = $1 and import_id = $2`, t, id, row, share)
	if err != nil && !olderSchema(err) {
		return fmt.Errorf("note place of import %s: %w", id, err)
	}
	return nil
}

// EndOfSource records that the whole source is read: how many data rows it has and how many chunks each lane.
func (db *DB) EndOfSource(ctx context.Context, t tenant.ID, id imports.ID, rows int64, chunks []int64) error {
	if _, _, err := db.Progress(ctx, t, id, rows); err != nil {
		return err
	}
	err := db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update import_lane l set chunks = c.n from unnest($3::bigint[]) with ordinality c(n, place)
			where l.tenant_id = $1 and l.import_id = $2 and l.lane = c.place - 1`, t, id, chunks); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update import set split_at = coalesce(split_at, now()) where tenant_id = $1 and id = $2`, t, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("end of source of import %s: %w", id, err)
	}
	return nil
}

// tenantOfImport returns whose import it is.
func (db *DB) tenantOfImport(ctx context.Context, id imports.ID) (t tenant.ID, err error) {
	if err := db.pool.QueryRow(ctx, `select tenant_id from import where id = $1`, id).Scan(&t); err != nil {
		return 0, fmt.Errorf("tenant of import %s: %w", id, translate(err))
	}
	return t, nil
}
