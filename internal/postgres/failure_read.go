package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// Failures are what the database keeps of an import's failed rows.
type Failures struct {
	// Counts are rows by code and field, the most frequent first; a row with several problems is in several.
	Counts []ProblemCount
	// Notes are the rows that were skipped or repaired, likewise.
	Notes []ProblemCount
	// Sample is the first failed rows in the order of the file; long cells are cut.
	Sample []imports.FailedRow
}

// Failures returns the counts and up to limit rows, which is at most 30. It is empty for an import without
// failures, and for one that does not exist.
func (db *DB) Failures(ctx context.Context, t tenant.ID, id imports.ID, limit int) (f Failures, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if f.Counts, err = problemCounts(ctx, tx, t, id); err != nil {
			return err
		}
		if f.Notes, err = noteCounts(ctx, tx, t, id); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select row_number, problems, cells from import_problem where tenant_id = $1 and import_id = $2
			order by row_number limit $3`, t, id, limit)
		if err != nil {
			return err
		}
		f.Sample, err = pgx.CollectRows(rows, pgx.RowToStructByPos[imports.FailedRow])
		return err
	})
	if err != nil {
		return Failures{}, fmt.Errorf("failures of import %s: %w", id, err)
	}
	return f, nil
}

// MergedChunks returns for each lane how many of its chunks are merged: what object storage holds of later
// ones was never committed, and is no part of the import.
func (db *DB) MergedChunks(ctx context.Context, t tenant.ID, id imports.ID) (merged []int64, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select next_seq from import_lane where tenant_id = $1 and import_id = $2 order by lane`, t, id)
		if err != nil {
			return err
		}
		merged, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("merged chunks of import %s: %w", id, err)
	}
	return merged, nil
}
