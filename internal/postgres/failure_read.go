package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
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
	// Examples are up to ProblemExamples rows with each code, likewise.
	Examples map[member.Code][]imports.FailedRow
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
		rows, err := tx.Query(ctx, `select row_number, problems, cells from import_problem p where tenant_id = $1 and import_id = $2
			and to_jsonb(p)->'extra' is distinct from 'true' order by row_number limit $3`, t, id, limit)
		if err != nil {
			return err
		}
		if f.Sample, err = pgx.CollectRows(rows, pgx.RowToStructByPos[imports.FailedRow]); err != nil {
			return err
		}
		f.Examples, err = problemExamples(ctx, tx, t, id)
		return err
	})
	if err != nil {
		return Failures{}, fmt.Errorf("failures of import %s: %w", id, err)
	}
	return f, nil
}

// ProblemExamples is how many rows with a code are shown as examples of it.
const ProblemExamples = 3

// problemExamples returns, of the failed rows that are kept of an import, the first ones with each code.
func problemExamples(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) (map[member.Code][]imports.FailedRow, error) {
	rows, err := tx.Query(ctx, `select code, row_number, problems, cells from (
			select c.code, p.row_number, p.problems, p.cells, row_number() over (partition by c.code order by p.row_number) as place
			from import_problem p, lateral (select distinct x->>'code' as code from jsonb_array_elements(p.problems) x) c
			where p.tenant_id = $1 and p.import_id = $2) e
		where place <= $3 order by code, place`, t, id, ProblemExamples)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[member.Code][]imports.FailedRow{}
	for rows.Next() {
		var code member.Code
		var r imports.FailedRow
		if err := rows.Scan(&code, &r.Row, &r.Problems, &r.Cells); err != nil {
			return nil, err
		}
		all[code] = append(all[code], r)
	}
	return all, rows.Err()
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
