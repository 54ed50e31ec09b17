package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

// granted is what the services may do with the rows of each table: s(elect), i(nsert), u(pdate), d(elete). Whoever adds a
// table decides here, and grants it in the table's own migration (to meibo_app, which owns nothing).
var granted = map[string]string{
	"api_key": "siud", "app_user": "siud", "audit": "si", "custom_field": "siud", "erasure": "siu", "import": "siu",
	"import_finish": "siud", "import_lane": "siud", "import_mended": "siud", "import_note_count": "siud", "import_opt_out": "siud",
	"import_pace": "siu", "import_preview": "sid",
	"import_problem": "siud", "import_problem_count": "siud", "import_progress": "siud", "import_seen": "siud", "import_undo": "siud",
	"import_undo_kept": "siud", "journal": "sid", "mail": "siud", "mapping_memory": "siud", "member": "siud", "member_id_counter": "siu",
	"member_key": "siud", "member_list": "siud", "member_request": "siud", "member_shadow": "siud", "opt_out": "siud",
	"opt_out_lifted": "siud", "outbox": "siud", "profile": "siud", "schema_version": "s", "sign_in_attempt": "siud", "tenant": "su",
	"user_session": "siud", "user_token": "siud",
}

func TestServicesHaveOfEveryTableWhatWasDecided(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	admin, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { admin.Close(context.Background()) })
	rows, err := admin.Query(t.Context(), `select relname, case when has_table_privilege('meibo_app', oid, 'select') then 's' else '' end
			|| case when has_any_column_privilege('meibo_app', oid, 'insert') then 'i' else '' end || case when has_any_column_privilege('meibo_app', oid, 'update') then 'u' else '' end
			|| case when has_table_privilege('meibo_app', oid, 'delete') then 'd' else '' end,
			has_table_privilege('meibo_app', oid, 'truncate, references, trigger')
		from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`)
	must(t, err)
	var table, may string
	var more bool
	_, err = pgx.ForEachRow(rows, []any{&table, &may, &more}, func() error {
		if want, decided := granted[table]; !decided || may != want || more {
			t.Errorf("table %s: the services may %q (more than rows: %v), want %q: decide in granted, and grant in a migration", table, may, more, want)
		}
		return nil
	})
	must(t, err)
}

func TestOwnerWhoMayNotMakeTheRoleIsToldWhatASuperuserHasToRun(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	script, err := os.ReadFile("migrations/013_guard.sql")
	must(t, err)
	from, to := strings.Index(string(script), "do $$"), strings.Index(string(script), "$$;")
	name := "plain_" + c.admin.Config().Database
	c.exec(t, `create role `+name)
	c.exec(t, `set role `+name)
	_, err = c.admin.Exec(t.Context(), string(script[from:to+3]))
	if err == nil || !strings.Contains(err.Error(), `grant meibo_app to `+name+`;`) {
		t.Errorf("error %v, want the statements", err)
	}
	c.exec(t, `reset role`)
	c.exec(t, `drop role `+name)
}

// service is a login of its own for the services, as in production: a member of their role, and nothing else.
func service(t *testing.T, admin *pgx.Conn, address string) (db *postgres.DB, conn *pgx.Conn) {
	t.Helper()
	name := "service_" + strings.ReplaceAll(admin.Config().Database, "-", "_")
	_, err := admin.Exec(t.Context(), fmt.Sprintf(`create role %s login password 'secret' in role meibo_app`, name))
	must(t, err)
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), `drop role `+name); err != nil {
			t.Errorf("drop role: %v", err)
		}
	})
	u, err := url.Parse(address)
	must(t, err)
	u.User = url.UserPassword(name, "secret")
	conn, err = pgx.Connect(t.Context(), u.String())
	must(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return postgrestest.Open(t, u.String()), conn
}

func TestServicesNeedNoMoreThanTheirRoleAndCannotChangeTheAuditLog(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	owner := c.db
	db, conn := service(t, c.admin, c.url)
	c.db = db
	ctx := postgres.WithActor(t.Context(), postgres.Actor{Kind: postgres.ActorUser, User: 7, Name: "花子", Key: "web", Address: "192.0.2.1"})

	// An import to its end, a member by hand, retention, and the journal's weeks.
	c.start(t, 1)
	_, err := c.merge(t.Context(), 0, 0, 0, row("a", "青木"), row("b", "馬場"))
	must(t, err)
	c.finish(t, 1, 2)
	done, err := db.CreateMember(ctx, c.tenant, standard, postgres.NewMember{List: "main", Said: said("member_sn", map[string]string{"member_sn": "c", "name": "千葉"})})
	must(t, err)
	_, err = db.UpdateMember(ctx, c.tenant, standard, done.Member.ID, postgres.MemberChange{Said: said("", map[string]string{"name": "千葉 三郎"})})
	must(t, err)
	_, err = db.SweepScratch(t.Context(), 10)
	must(t, err)
	_, err = db.DropJournal(t.Context(), time.Now())
	must(t, err)
	_, err = db.ExpireLogs(t.Context(), c.tenant, time.Now(), 10)
	must(t, err)
	_, err = db.EraseMember(ctx, c.tenant, standard, done.Member.ID)
	must(t, err)
	var denied *pgconn.PgError
	if _, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: "another"}); !errors.As(err, &denied) || denied.Code != "42501" {
		t.Errorf("the services make a tenant: %v", err)
	}

	log, err := db.Audit(t.Context(), c.tenant, postgres.AuditFilter{Act: "member.", Limit: 10})
	must(t, err)
	if len(log) != 3 || log[2].Act != "member.create" || log[1].Act != "member.change" || log[0].Act != "member.erase" || log[0].Actor.Name != "花子" || log[0].Actor.Key != "web" {
		t.Errorf("audit log %+v", log)
	}
	for _, e := range log {
		if text := fmt.Sprint(e.Detail); strings.Contains(text, "千葉") {
			t.Errorf("%s: what the member's fields hold stands in the audit log: %s", e.Act, text)
		}
	}

	var before, after string
	c.ask(t, &before, `select jsonb_agg(a order by id)::text from audit a`)
	attack := func(conn *pgx.Conn, who string, statements ...string) {
		for _, sql := range statements {
			if _, err := conn.Exec(t.Context(), sql); !errors.As(err, &denied) || denied.Code != "42501" {
				t.Errorf("%s: %s: %v, want no permission", who, sql, err)
			}
		}
	}
	_, err = conn.Exec(t.Context(), `set role meibo_app`)
	must(t, err)
	change := []string{`update audit set act = 'x'`, `delete from audit`, `truncate audit`, `truncate audit, journal`}
	attack(conn, "services", append(change, `alter table audit disable trigger all`, `drop table audit`, `drop trigger audit_is_kept on audit`,
		`alter function audit_is_kept() owner to meibo_app`, `set session_replication_role = replica`,
		`insert into audit (tenant_id, at, actor_kind, actor, act, object) values (1, '2020-01-01', 'user', 'x', 'x', 'x')`,
		`insert into audit (tenant_id, id, actor_kind, actor, act, object) overriding system value values (1, 1000000, 'user', 'x', 'x', 'x')`)...)
	if _, err := conn.Exec(t.Context(), `select set_config('meibo.audit_expire', 'on', false), audit_expire(tenant_id, 'infinity', 1000) from audit`); err != nil {
		t.Error(err)
	}
	attack(c.admin, "owner", change...)
	if c.ask(t, &after, `select jsonb_agg(a order by id)::text from audit a`); after != before {
		t.Errorf("the audit log became %s, was %s", after, before)
	}
	_, err = owner.CreateTenant(t.Context(), postgres.Tenant{Name: "another"})
	must(t, err)
}

func TestServicesGoOnBeforeTheirRoleIsThere(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	script, err := os.ReadFile("migrations/013_guard.sql")
	must(t, err)
	_, down, _ := strings.Cut(string(script), "---- create above / drop below ----")
	c.exec(t, down)
	c.db = postgrestest.Open(t, c.url)
	c.start(t, 1)
	_, err = c.merge(t.Context(), 0, 0, 0, row("a", "青木"), row("", "番号なし"))
	must(t, err)
	c.finish(t, 1, 2)
	made, err := c.db.CreateMember(t.Context(), c.tenant, standard, postgres.NewMember{List: "main", Said: said("member_sn", map[string]string{"member_sn": "c", "name": "千葉"})})
	if err != nil || made.Member.ID == 0 {
		t.Errorf("create member: %+v, %v", made, err)
	}
	late := time.Now().AddDate(1, 0, 0)
	source, err := c.db.ExpireSource(t.Context(), c.tenant, late, nil)
	must(t, err)
	n, err := c.db.ExpireLogs(t.Context(), c.tenant, late, 10)
	must(t, err)
	if all, err := c.db.Erasures(t.Context(), 1); source || n != 0 || len(all) != 0 || err != nil {
		t.Errorf("%v, %d, %v, %v: want nothing to expire or erase", source, n, all, err)
	}
	if i, err := c.db.Import(t.Context(), c.tenant, c.job.ID); err != nil || i.Totals.Created != 1 {
		t.Errorf("import %+v, %v", i, err)
	}
}
