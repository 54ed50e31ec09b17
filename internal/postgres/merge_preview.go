package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// PreviewRows is how many rows of each outcome a preview has. Each lane keeps so many, as the ledger tells, so that the
// first ones of the file are among them, whoever merged what when.
const PreviewRows = 10

// PreviewRow is what became of one row of an import, or would become of it.
type PreviewRow struct {
	// Row is the row's number as Excel shows it; Ordinal its place in the file.
	Row, Ordinal int64
	Outcome      string
	// Member is the member's id; nil where there is none, or it is one that a dry run would create.
	Member *int64
	// Code is why the row was skipped; empty where it was not.
	Code    member.Code
	Changes []member.Change
}

// previews reports whether another row of the lane with this outcome is to be kept.
func (m *merging) previews(o member.Outcome) bool {
	return m.before.Of(o)+m.batch.Counts.Of(o) < PreviewRows
}

// look keeps what became of a row that has just been merged, if it is one of the first of its lane.
func (m *merging) look(r *member.Row) error {
	if m.before.Of(r.Outcome)+m.batch.Counts.Of(r.Outcome) > PreviewRows {
		return nil
	}
	changes, err := m.batch.Changes(r)
	if err != nil {
		return err
	}
	p := PreviewRow{Row: r.Number, Ordinal: r.Ordinal, Outcome: outcomeNames[r.Outcome], Code: r.Skip, Changes: changes}
	if r.Member != nil && !(m.layout.dry && m.batch.Own(r.Member)) {
		p.Member = &r.Member.ID
	}
	m.preview = append(m.preview, p)
	return nil
}

// keepPreview stores the rows that are kept. A database that is not migrated yet keeps none.
func (m *merging) keepPreview() error {
	if len(m.preview) == 0 {
		return nil
	}
	return ifMigrated(m.ctx, m.tx, func(tx pgx.Tx) error {
		var b pgx.Batch
		for i := range m.preview {
			p := &m.preview[i]
			b.Queue(`insert into import_preview (tenant_id, import_id, outcome, ordinal, row_number, member_id, code, changes)
				values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
				m.tenant, m.work.Import.ID, p.Outcome, p.Ordinal, p.Row, p.Member, p.Code, p.Changes)
		}
		return tx.SendBatch(m.ctx, &b).Close()
	})
}

// Preview returns the first rows of each outcome of an import, or of one of them if it is not empty, in the order of the
// file: PreviewRows of each at most, and none that failed. It is empty where none has been merged yet, where they are not
// kept any more, and for an import that does not exist.
func (db *DB) Preview(ctx context.Context, t tenant.ID, id imports.ID, outcome string) (rows []PreviewRow, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, `select p.row_number, p.ordinal, p.outcome, p.member_id, p.code, p.changes
			from unnest(array['created', 'updated', 'unchanged', 'deleted', 'skipped']) o (outcome), lateral (
				select * from import_preview where tenant_id = $1 and import_id = $2 and outcome = o.outcome order by ordinal limit $3) p
			where $4 = '' or o.outcome = $4 order by p.ordinal`, t, id, PreviewRows, outcome)
		if err != nil {
			return err
		}
		rows, err = pgx.CollectRows(found, pgx.RowToStructByPos[PreviewRow])
		return err
	})
	if err != nil && !olderSchema(err) {
		return nil, fmt.Errorf("preview of import %s: %w", id, err)
	}
	return rows, nil
}
