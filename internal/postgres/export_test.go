package postgres

import (
	"context"

	"github.com/jackc/tern/v2/migrate"

	"github.com/meibo/meibo/internal/tenant"
)

// Where is the condition of a search, so that its plan can be looked at.
func (f MemberFilter) Where(t tenant.ID, list int64) (string, []any) { return f.where(t, list) }

// MigrateTo brings the schema to a version, up or down, and returns the newest one.
func (db *DB) MigrateTo(ctx context.Context, version int32) (newest int32, err error) {
	err = db.migrate(ctx, func(m *migrate.Migrator) error {
		newest = int32(len(m.Migrations))
		return m.MigrateTo(ctx, version)
	})
	return newest, err
}
