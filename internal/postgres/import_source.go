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
