package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// SourceRef names a file in object storage: an upload to an import.
type SourceRef struct {
	Import imports.ID
	Upload string
}

// RecordedSources returns those of the files that their import names as its source.
func (db *DB) RecordedSources(ctx context.Context, t tenant.ID, files []SourceRef) (recorded map[SourceRef]bool, err error) {
	ids, uploads := make([]imports.ID, len(files)), make([]string, len(files))
	for n, f := range files {
		ids[n], uploads[n] = f.Import, f.Upload
	}
	recorded = make(map[SourceRef]bool)
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select i.id, f.upload from unnest($2::uuid[], $3::text[]) as f (id, upload)
			join import i on i.tenant_id = $1 and i.id = f.id and i.source->>'upload' = f.upload`, t, ids, uploads)
		if err != nil {
			return err
		}
		var f SourceRef
		_, err = pgx.ForEachRow(rows, []any{&f.Import, &f.Upload}, func() error {
			recorded[f] = true
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look up sources: %w", err)
	}
	return recorded, nil
}

// FailuresRef names the failed rows of a chunk in object storage.
type FailuresRef struct {
	Import imports.ID
	Lane   int
	Seq    int64
}

// NeededFailures returns those of the failed rows that are a part of their import, or may become one: the import is known and
// its report kept, and the chunk is merged, or may still be. In a database of the version before, all are needed.
func (db *DB) NeededFailures(ctx context.Context, t tenant.ID, stored []FailuresRef) (needed map[FailuresRef]bool, err error) {
	ids, lanes, seqs := make([]imports.ID, len(stored)), make([]int, len(stored)), make([]int64, len(stored))
	needed = make(map[FailuresRef]bool)
	for n, f := range stored {
		ids[n], lanes[n], seqs[n] = f.Import, f.Lane, f.Seq
	}
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select i.id, f.lane, f.seq from unnest($2::uuid[], $3::integer[], $4::bigint[]) as f (id, lane, seq)
			join import i on i.tenant_id = $1 and i.id = f.id and i.report_gone_at is null
			left join import_lane a on a.tenant_id = $1 and a.import_id = i.id and a.lane = f.lane
			where i.state not in ('completed', 'cancelled', 'undone') or f.seq < a.next_seq`, t, ids, lanes, seqs)
		if err != nil {
			return err
		}
		var f FailuresRef
		_, err = pgx.ForEachRow(rows, []any{&f.Import, &f.Lane, &f.Seq}, func() error {
			needed[f] = true
			return nil
		})
		return err
	})
	if olderSchema(err) {
		for _, f := range stored {
			needed[f] = true
		}
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up failed rows: %w", err)
	}
	return needed, nil
}
