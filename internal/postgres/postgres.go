// Package postgres is every SQL statement of Meibo and the only importer of pgx.
//
// An exported method is a use case and owns its transaction. The tenant is the first parameter of every
// method that touches a tenant's rows. All of them run under a role of the application's own, whatever it logs in as.
// Methods that serve people run under one that row-level security confines to that tenant; the few that the splitter and
// merger use do not, because PostgreSQL refuses COPY into a table under row-level security.
//
// What a person or key causes is written to the audit log in the same transaction (audit): who it is comes with the
// context (WithActor).
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"

	"github.com/meibo/meibo/internal/tenant"
)

// Errors of this package that callers tell apart.
var (
	// ErrNotFound: there is no such row, or it belongs to another tenant.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the row is not in a state that allows the change.
	ErrConflict = errors.New("conflict")
	// ErrExists: a row of that name is there already.
	ErrExists = errors.New("exists already")
	// ErrReused: an idempotency key comes again, with another request.
	ErrReused = errors.New("idempotency key reused")
	// ErrURL: the address of the database cannot be read. What is wrong with it is not said: parsers quote what may be a
	// part of the password.
	ErrURL = errors.New("the database's address is not of the form postgres://user:password@host:port/database?sslmode=…")
)

// Config is how to reach the database.
type Config struct {
	URL string `env:"MEIBO_DATABASE_URL,required"`
	// MaxConns bounds the connections of one process.
	MaxConns int32 `env:"MEIBO_DATABASE_MAX_CONNS" envDefault:"8"`
}

// DB is a pool of connections to the members database.
type DB struct {
	pool *pgxpool.Pool
}

// Open connects lazily: it fails for a malformed URL, not for a database that is down.
func Open(ctx context.Context, c Config) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, ErrURL
	}
	cfg.MaxConns = c.MaxConns
	cfg.ConnConfig.ConnectTimeout = 10 * time.Second
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = "meibo"
	params["timezone"] = "UTC"
	params["jit"] = "off"
	// A service that was killed must not keep the locks of its transaction until TCP notices.
	params["tcp_keepalives_idle"] = "10"
	params["idle_in_transaction_session_timeout"] = "60000"
	cfg.AfterConnect = becomeApp
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &DB{pool: pool}, nil
}

// Close closes all connections.
func (db *DB) Close() { db.pool.Close() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.pool.Ping(ctx) }

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema to the newest version, as the login itself, which becomes or is the owner of everything. It is
// safe to run by several processes at once and again.
func (db *DB) Migrate(ctx context.Context) error {
	return db.migrate(ctx, func(m *migrate.Migrator) error { return m.Migrate(ctx) })
}

// migrate has the migrations applied.
func (db *DB) migrate(ctx context.Context, apply func(*migrate.Migrator) error) error {
	pooled, err := db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	conn := pooled.Hijack() // its role is not the pool's any more
	defer conn.Close(ctx)
	defer db.pool.Reset() // nor are those of the connections from before
	if _, err := conn.Exec(ctx, `set role none`); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	m, err := migrate.NewMigrator(ctx, conn, "schema_version")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := m.LoadMigrations(files); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := apply(m); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// inTx runs f in a transaction, which commits if f returns nil.
func (db *DB) inTx(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db.pool, f)
}

// asTenant runs f in a transaction that sees nothing but the tenant's rows, whatever its statements say.
func (db *DB) asTenant(ctx context.Context, t tenant.ID, f func(tx pgx.Tx) error) error {
	return db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('role', 'meibo_web', true), set_config('meibo.tenant_id', $1, true)`,
			t.String()); err != nil {
			return fmt.Errorf("enter tenant %s: %w", t, err)
		}
		return f(tx)
	})
}

// translate turns driver errors into the sentinels above.
func translate(err error) error {
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &pg) && pg.Code == codeUniqueViolation:
		return ErrExists
	}
	return err
}

const (
	codeUniqueViolation      = "23505"
	codeForeignKeyViolation  = "23503"
	codeSerializationFailure = "40001"
	codeDeadlock             = "40P01"
	codeUndefinedTable       = "42P01"
	codeUndefinedColumn      = "42703"
	codeUndefinedFunction    = "42883"
	codeLockNotAvailable     = "55P03"
	codeQueryCanceled        = "57014"
)

// olderSchema reports whether err says that the database is not migrated yet: what is kept there from the next version on
// is not there, and the rest of an import does without it.
func olderSchema(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == codeUndefinedTable || pg.Code == codeUndefinedColumn)
}

// ifMigrated runs f, within tx, as far as the database has what f needs: one that is not migrated yet is left as it was.
func ifMigrated(ctx context.Context, tx pgx.Tx, f func(tx pgx.Tx) error) error {
	if err := pgx.BeginFunc(ctx, tx, f); !olderSchema(err) {
		return err
	}
	return nil
}

// Unavailable reports whether err says that the database cannot do its work for now: it is down, starting, full, out
// of connections, of another schema version, or the connection broke. Any other error is the database's answer to the
// data, or ours, and repeating it for ever changes nothing.
func Unavailable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) >= 2 {
		switch pg.Code[:2] {
		case "08", "25", "28", "3D", "40", "42", "53", "55", "57", "58":
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		pgconn.SafeToRetry(err)
}

// storable returns s as PostgreSQL can store it: valid UTF-8 without NUL.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}
