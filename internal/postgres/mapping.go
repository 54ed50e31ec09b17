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

// maxMappings is how many mappings are remembered for a list: the newest.
const maxMappings = 100

// RememberedMapping is the mapping that an import was started with.
type RememberedMapping struct {
	// Fingerprint is that of the file's columns.
	Fingerprint string
	Mapping     member.Mapping
	Import      imports.ID
	FileName    string
	At          time.Time
}

// RememberMapping keeps a mapping of files with these columns, in place of the one that was kept before. Of a list, the
// newest 100 are kept. A database of the version before keeps none.
func (db *DB) RememberMapping(ctx context.Context, t tenant.ID, list int64, m RememberedMapping) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		// Of two imports that start at the same moment, the later one stays.
		_, err := tx.Exec(ctx, `insert into mapping_memory as old (tenant_id, list_id, fingerprint, mapping, import_id, file_name, used_at)
			values ($1, $2, $3, $4, $5, $6, $7)
			on conflict (tenant_id, list_id, fingerprint) do update set mapping = excluded.mapping, import_id = excluded.import_id,
				file_name = excluded.file_name, used_at = excluded.used_at where old.used_at <= excluded.used_at`,
			t, list, m.Fingerprint, m.Mapping, m.Import, m.FileName, m.At)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `delete from mapping_memory where tenant_id = $1 and list_id = $2 and fingerprint in
			(select fingerprint from mapping_memory where tenant_id = $1 and list_id = $2 order by used_at desc, fingerprint offset $3)`,
			t, list, maxMappings)
		return err
	})
	if err != nil && !olderSchema(err) {
		return fmt.Errorf("remember mapping of import %s: %w", m.Import, err)
	}
	return nil
}

// RememberedMappings returns what is remembered for a list, the newest first.
func (db *DB) RememberedMappings(ctx context.Context, t tenant.ID, list int64) (all []RememberedMapping, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select fingerprint, mapping, import_id, file_name, used_at from mapping_memory
			where tenant_id = $1 and list_id = $2 order by used_at desc, fingerprint`, t, list)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[RememberedMapping])
		return err
	})
	if err != nil && !olderSchema(err) {
		return nil, fmt.Errorf("remembered mappings of list %d: %w", list, err)
	}
	return all, nil
}

// EarlierImport returns the newest completed import of a file with this content, in hexadecimal SHA-256, other than the
// one of the id; a dry run is none. nil where there is none, or a database of the version before cannot tell.
func (db *DB) EarlierImport(ctx context.Context, t tenant.ID, id imports.ID, sha256 string) (*imports.Earlier, error) {
	if sha256 == "" {
		return nil, nil
	}
	var e imports.Earlier
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select id, file_name, finished_at from import
			where tenant_id = $1 and source_sha256 = $3 and state = 'completed' and id <> $2
				and options->'dry_run' is distinct from 'true'
			order by finished_at desc limit 1`,
			t, id, sha256).Scan(&e.Import, &e.FileName, &e.At)
	})
	if errors.Is(err, pgx.ErrNoRows) || olderSchema(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("earlier import of the file of %s: %w", id, err)
	}
	return &e, nil
}
