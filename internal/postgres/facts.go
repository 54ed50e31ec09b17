package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// Facts are what an operator's check has to know of the database. They are read without a lock that anybody waits for.
type Facts struct {
	// Version is server_version_num: 150004 is 15.4.
	Version int
	// Schema is the version of the database's schema, 0 where it has none, Newest that of this program.
	Schema, Newest int
	// WebRole tells that the role of row-level security exists and that ours may become it.
	WebRole bool
	// Bypass tells that our role is not bound by row-level security, which COPY needs.
	Bypass bool
	// Open are the tables of tenants that have no row-level security.
	Open []string
	// Connections are those in use of all that the server allows to us.
	Connections, MaxConnections int
	// Clock is how far the server's clock is ahead of ours.
	Clock time.Duration
	// Bytes is the size of the database.
	Bytes int64
	// Sessions are in a transaction for long, or wait for one.
	Sessions []Backend
	// Outbox is how many messages wait to be published, OutboxAge since when the oldest does.
	Outbox    int
	OutboxAge time.Duration
	// Work are the imports that are neither final nor new.
	Work []Work
	// Uploads is how many uploads have not ended, UploadAge since when the oldest has not.
	Uploads   int
	UploadAge time.Duration
	// Mails is how many mails nobody has taken of imports that have ended, MailAge since when the oldest is due.
	Mails   int
	MailAge time.Duration
	// JournalUntil is when the journal's last partition ends, zero where it has none.
	JournalUntil time.Time
}

// Backend is somebody's connection that others may have to wait for.
type Backend struct {
	PID         int
	Application string
	// State is active or idle in transaction.
	State string
	// Age is since when its transaction runs.
	Age time.Duration
	// BlockedBy are the sessions that it waits for, Blocks how many wait for it.
	BlockedBy []int
	Blocks    int
}

// Work is an import that is under way.
type Work struct {
	Tenant tenant.ID
	Import imports.ID
	List   int64
	State  imports.State
	File   string
	// Since is when it came into its queue, or started.
	Since time.Time
	// Heard is when a splitter or a finisher last told of it; zero where none has.
	Heard time.Time
	// Split tells that the whole file is read, Finishing that all rows are merged.
	Split, Finishing bool
	// Place is how far it has come: rows read, chunks merged, the last step and how far that is. It differs where anything
	// has moved.
	Place string
	// Merged are the chunks that are merged, Chunks all of them, 0 where nobody knows yet.
	Merged, Chunks int64
}

// longTransaction is since when a transaction is told of.
const longTransaction = 30 * time.Second

// Facts reads everything that is known; where the schema is of another version, what it does not have is left out.
func (db *DB) Facts(ctx context.Context) (f Facts, err error) {
	if f.Newest, err = newestSchema(); err != nil {
		return f, err
	}
	for _, read := range []func(context.Context, pgx.Tx, *Facts) error{
		serverFacts, clockFact, sessionFacts, schemaFact, wallFacts, outboxFacts, workFacts, uploadFacts, mailFacts, journalFact,
	} {
		err := db.inTx(ctx, func(tx pgx.Tx) error { return read(ctx, tx, &f) })
		if err != nil && !olderSchema(err) {
			return f, fmt.Errorf("look at the database: %w", err)
		}
	}
	return f, nil
}

// newestSchema returns the number of the last migration.
func newestSchema() (newest int, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	number := regexp.MustCompile(`/(\d+)_`)
	for _, file := range files {
		if m := number.FindStringSubmatch(file); m != nil {
			n, _ := strconv.Atoi(m[1])
			newest = max(newest, n)
		}
	}
	return newest, nil
}

func serverFacts(ctx context.Context, tx pgx.Tx, f *Facts) error {
	return tx.QueryRow(ctx, `select current_setting('server_version_num')::int,
			(select rolsuper or rolbypassrls from pg_roles where rolname = current_user),
			(select count(*) from pg_stat_activity where backend_type = 'client backend'),
			current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
			pg_database_size(current_database())`).Scan(&f.Version, &f.Bypass, &f.Connections, &f.MaxConnections, &f.Bytes)
}

// clockFact takes the server's time for that of the middle of the question.
func clockFact(ctx context.Context, tx pgx.Tx, f *Facts) error {
	asked := time.Now()
	var said time.Time
	if err := tx.QueryRow(ctx, `select clock_timestamp()`).Scan(&said); err != nil {
		return err
	}
	took := time.Since(asked)
	f.Clock = said.Sub(asked.Add(took / 2))
	if f.Clock.Abs() <= took/2 { // within what cannot be known
		f.Clock = 0
	}
	return nil
}

func sessionFacts(ctx context.Context, tx pgx.Tx, f *Facts) error {
	rows, err := tx.Query(ctx, `with s as (
			select pid, application_name, state, clock_timestamp() - xact_start as age, pg_blocking_pids(pid) as blockers
			from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid())
		select pid, application_name, coalesce(state, ''), age, blockers, (select count(*) from s o where s.pid = any(o.blockers))
		from s where age > $1 or exists (select from s o where s.pid = any(o.blockers) and o.age > $1) order by age desc limit 20`, longTransaction)
	if err != nil {
		return err
	}
	f.Sessions, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Backend])
	return err
}

func schemaFact(ctx context.Context, tx pgx.Tx, f *Facts) error {
	return tx.QueryRow(ctx, `select version from schema_version`).Scan(&f.Schema)
}

func wallFacts(ctx context.Context, tx pgx.Tx, f *Facts) error {
	if err := tx.QueryRow(ctx, `select coalesce((select pg_has_role(session_user, oid, 'member') from pg_roles where rolname = 'meibo_web'), false)`).Scan(&f.WebRole); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
		where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p' and not c.relrowsecurity
			and c.relnamespace = current_schema()::regnamespace
			and has_table_privilege('meibo_web', c.oid, 'select') order by 1`)
	if err != nil {
		return err
	}
	f.Open, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return err
}

func outboxFacts(ctx context.Context, tx pgx.Tx, f *Facts) error {
	return tx.QueryRow(ctx, `select count(*), coalesce(clock_timestamp() - min(created_at), '0') from outbox`).Scan(&f.Outbox, &f.OutboxAge)
}

// workFacts asks for what newer versions have as JSON, which older ones answer, too.
func workFacts(ctx context.Context, tx pgx.Tx, f *Facts) error {
	rows, err := tx.Query(ctx, workQuery+` order by 6 limit 1000`)
	if err != nil {
		return err
	}
	f.Work, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Work])
	return err
}

const workQuery = `select i.tenant_id, i.id, i.list_id, i.state, i.file_name, coalesce(i.started_at, i.queued_at, i.created_at),
			coalesce(p.seen_at, 'epoch'), i.split_at is not null, to_jsonb(i)->>'finishing_at' is not null,
			concat_ws('/', p.rows_read, l.merged, s.step, s.position), l.merged, l.chunks
		from import i left join import_progress p on p.tenant_id = i.tenant_id and p.import_id = i.id
			left join import_finish s on s.tenant_id = i.tenant_id and s.import_id = i.id,
			lateral (select coalesce(sum(next_seq), 0)::bigint as merged,
				case when count(*) = count(a.chunks) then coalesce(sum(a.chunks), 0)::bigint else 0 end as chunks
				from import_lane a where a.tenant_id = i.tenant_id and a.import_id = i.id) l
		where i.state in ('queued', 'running', 'paused', 'undoing')`

func uploadFacts(ctx context.Context, tx pgx.Tx, f *Facts) error {
	return tx.QueryRow(ctx, `select count(*), coalesce(clock_timestamp() - min(created_at), '0') from import where state = 'created'`).Scan(&f.Uploads, &f.UploadAge)
}

func mailFacts(ctx context.Context, tx pgx.Tx, f *Facts) error {
	return tx.QueryRow(ctx, `select count(*), coalesce(clock_timestamp() - min(i.finished_at), '0')
		from mail m join import i on i.tenant_id = m.tenant_id and i.id = m.import_id where m.sent_at is null and m.failure is null`).Scan(&f.Mails, &f.MailAge)
}

func journalFact(ctx context.Context, tx pgx.Tx, f *Facts) error {
	var day *time.Time
	err := tx.QueryRow(ctx, `select max(substr(c.relname, 9)::date + 7) from pg_inherits h join pg_class c on c.oid = h.inhrelid
		where h.inhparent = to_regclass('journal') and c.relname ~ '^journal_[0-9]{8}$'`).Scan(&day)
	if day != nil {
		f.JournalUntil = *day
	}
	return err
}
