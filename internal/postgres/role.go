package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// The roles of the database. Services log in as whoever they are given, and work as appRole, which owns nothing and can
// change neither the schema nor the audit log. What serves people steps down from there to meibo_web, which sees one tenant.
// Migrations, and what only operators do, work as the login itself.
const appRole = "meibo_app"

// becomeApp makes a new connection work as appRole, if the database is migrated so far that the role may do its work, and the
// login may become it: where not, it goes on as itself, as in the version before. A connection from before the migration
// stays as it is until the pool renews it, within the hour.
func becomeApp(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `select set_config('role', rolname, false) from pg_roles where rolname = $1
		and pg_has_role(session_user, oid, case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end)
		and coalesce(has_table_privilege(oid, to_regclass('audit'), 'select'), false)`, appRole)
	if err != nil {
		return fmt.Errorf("become %s: %w", appRole, err)
	}
	return nil
}

// asOperator runs f in a transaction as the login itself: one that is not more than a member of appRole may not do what
// is not granted to that.
func (db *DB) asOperator(ctx context.Context, f func(tx pgx.Tx) error) error {
	return db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local role none`); err != nil {
			return fmt.Errorf("enter as operator: %w", err)
		}
		return f(tx)
	})
}
