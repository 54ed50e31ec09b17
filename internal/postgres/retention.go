package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// Retention is for how many days a tenant's things are kept: sources, failed rows and the journal from the end of their
// import on, the audit log from each act on.
type Retention struct {
	SourceDays  int
	ReportDays  int
	JournalDays int
	AuditDays   int
}

// The bounds of a Retention, in days. A journal is what an import can be undone by; the audit log is kept for a month at
// least, whoever wants it gone.
const (
	MaxKeptDays    = 3660
	MaxJournalDays = 366
	MinAuditDays   = 30
)

// RetentionChange is what is to become of a Retention; what is nil stays.
type RetentionChange struct {
	SourceDays, ReportDays, JournalDays, AuditDays *int
}

const retentionColumns = `source_days, report_days, journal_days, audit_days`

// Retention returns for how long the tenant's things are kept.
func (db *DB) Retention(ctx context.Context, t tenant.ID) (r Retention, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select `+retentionColumns+` from tenant where id = $1`, t).Scan(&r.SourceDays, &r.ReportDays, &r.JournalDays, &r.AuditDays)
	})
	if err != nil {
		return Retention{}, fmt.Errorf("retention of tenant %s: %w", t, translate(err))
	}
	return r, nil
}

// SetRetention changes for how long the tenant's things are kept, within the bounds, and returns it.
func (db *DB) SetRetention(ctx context.Context, t tenant.ID, to RetentionChange) (r Retention, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `update tenant set source_days = coalesce($2, source_days), report_days = coalesce($3, report_days),
				journal_days = coalesce($4, journal_days), audit_days = coalesce($5, audit_days)
			where id = $1 returning `+retentionColumns, t, to.SourceDays, to.ReportDays, to.JournalDays, to.AuditDays).
			Scan(&r.SourceDays, &r.ReportDays, &r.JournalDays, &r.AuditDays)
		if err != nil || to == (RetentionChange{}) {
			return err
		}
		return audit(ctx, tx, t, "retention.change", "tenant/"+t.String(), detail{
			"source_days": r.SourceDays, "report_days": r.ReportDays, "journal_days": r.JournalDays, "audit_days": r.AuditDays,
		})
	})
	if err != nil {
		return Retention{}, fmt.Errorf("set retention of tenant %s: %w", t, translate(err))
	}
	return r, nil
}
