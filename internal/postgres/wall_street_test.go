package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/tenant"
)

// house is a tenant with rows in every table.
type house struct {
	*world
	user     postgres.User
	key      string
	member   int64
	uploaded imports.ID // an import that could be started
}

// street is two tenants in one database, and a connection that sees both.
type street struct {
	a, b  *house
	admin *pgx.Conn
}

func newStreet(t *testing.T) *street {
	t.Helper()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	admin, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { admin.Close(context.Background()) })
	s := &street{a: newHouse(t, db, "a-shop", 1), b: newHouse(t, db, "b-shop", 3), admin: admin}
	for _, h := range []*house{s.a, s.b} {
		s.furnish(t, h)
	}
	return s
}

// furnish gives a tenant a row in those tables that imports like its own leave empty.
func (s *street) furnish(t *testing.T, h *house) {
	t.Helper()
	for _, sql := range []string{
		`insert into member_key select tenant_id, list_id, 'shop', 'x', id, false from member where tenant_id = $1 limit 1`,
		`insert into opt_out select tenant_id, list_id, 'is_subscriber', 'x@example.com', id, now() from import where tenant_id = $1 limit 1`,
		`insert into import_opt_out select tenant_id, id, 'is_subscriber', 'x@example.com', true from import where tenant_id = $1 limit 1`,
		`insert into import_seen select tenant_id, id, 1, 1 from import where tenant_id = $1 limit 1`,
		`insert into journal (tenant_id, import_id, member_id, created_at, act, before) select tenant_id, id, 1, now(), 'removed', '{}' from import where tenant_id = $1 limit 1`,
		`insert into import_undo (tenant_id, import_id, dry_run, requested_at) select tenant_id, id, true, now() from import where tenant_id = $1 limit 1`,
		`insert into import_undo_kept (tenant_id, import_id, dry_run, member_id, code) select tenant_id, id, true, 1, 'changed_since' from import where tenant_id = $1 limit 1`,
		`insert into opt_out_lifted select tenant_id, id, 'is_subscriber', 'x@example.com', null, null, now() from import where tenant_id = $1 limit 1`,
		`insert into member_shadow (tenant_id, list_id, id, created_at, updated_at, import_id, merge_key)
			select tenant_id, list_id, 1, now(), now(), id, 'x' from import where tenant_id = $1 limit 1`,
		`insert into import_note_count select tenant_id, id, 0, 'duplicate_key', 'member_sn', 1 from import where tenant_id = $1 limit 1`,
		`insert into import_pace select tenant_id, id, array[now()], array[1::bigint], 5 from import where tenant_id = $1 limit 1`,
		`insert into import_mended select tenant_id, id, 2, 'created', id from import where tenant_id = $1 limit 1`,
		`insert into custom_field (tenant_id, key, definition, created_at) select id, name, jsonb_build_object('key', name, 'type', 'string'), now() from (
			select id, replace(name, '-', '_') as name from tenant where id = $1) t`,
		`insert into member_list (tenant_id, name, settings) select id, name || '-list', '{"required": {"name": false}}' from tenant where id = $1`,
		`insert into profile select tenant_id, name, id, '{}', null, now(), now() from member_list where tenant_id = $1 and name <> 'main'`,
		`insert into member_request select tenant_id, 'request', '\x01', id, now() from member where tenant_id = $1 limit 1`,
		`insert into erasure (tenant_id, member_id, list_id, salt, marks, requested_at) select tenant_id, 1000 + tenant_id, id, '', '{}', now() from member_list where tenant_id = $1 limit 1`,
		`insert into user_session (tenant_id, user_id, hash, address, agent, expires_at) select tenant_id, id, sha256(email::bytea), '192.0.2.1', 'x', now() + interval '1 day'
			from app_user where tenant_id = $1 limit 1`,
		`insert into user_token (tenant_id, user_id, hash, expires_at) select tenant_id, id, sha256(name::bytea || email::bytea), now() + interval '1 day'
			from app_user where tenant_id = $1 limit 1`,
		`insert into import_finish (tenant_id, import_id) select tenant_id, id from import where tenant_id = $1 limit 1`,
	} {
		_, err := s.admin.Exec(t.Context(), sql, h.tenant)
		must(t, err)
	}
}

// newHouse makes a tenant with so many members, the last of which only it has.
func newHouse(t *testing.T, db *postgres.DB, name string, members int) *house {
	t.Helper()
	ten, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: name})
	must(t, err)
	h := &house{world: &world{db: db, tenant: ten.ID}}
	h.user, err = db.CreateUser(t.Context(), ten.ID, postgres.User{Email: "owner@" + name + ".example", Name: "所有者", Role: "owner"})
	must(t, err)
	h.key, err = db.CreateKey(t.Context(), ten.ID, "key", h.user.ID)
	must(t, err)
	h.start(t, 1)
	rows := [][]string{{"", "番号なし", "", "", "", "", ""}}
	for n := range members {
		rows = append(rows, row(fmt.Sprintf("%s-%d", name, n), name))
	}
	_, err = h.merge(t.Context(), 0, 0, 0, rows...)
	must(t, err)
	_, _, err = db.Progress(t.Context(), ten.ID, h.job.ID, int64(len(rows)))
	must(t, err)
	must(t, db.RecordNoRecipient(t.Context(), ten.ID, h.job.ID, 1))
	page, err := db.Members(t.Context(), ten.ID, standard, postgres.MemberFilter{List: postgres.MainList, Limit: 10})
	must(t, err)
	h.member = page[len(page)-1].ID
	i, _, err := db.CreateImport(t.Context(), ten.ID, postgres.NewImport{List: postgres.MainList, FileName: "b.csv", Options: h.job.Options, MaxRowBytes: 1 << 18})
	must(t, err)
	h.uploaded = i.ID
	_, err = db.SetUploaded(t.Context(), ten.ID, i.ID, postgres.Inspected{Source: h.job.Source, Inspection: map[string]any{"by": name}})
	must(t, err)
	must(t, db.RememberMapping(t.Context(), ten.ID, h.job.ListID, remembered(name, h.uploaded)))
	return h
}

// list returns the id of the tenant's list that is not main.
func (s *street) list(ctx context.Context, h *house) (id int64) {
	_ = s.admin.QueryRow(ctx, `select id from member_list where tenant_id = $1 and name <> 'main' order by id limit 1`, h.tenant).Scan(&id) // 0 is none
	return id
}

// erased returns the id of a member of the tenant who was erased.
func (s *street) erased(ctx context.Context, h *house) (id int64) {
	_ = s.admin.QueryRow(ctx, `select member_id from erasure where tenant_id = $1`, h.tenant).Scan(&id) // 0 is none
	return id
}

// first returns the lowest id that a table has of the tenant's.
func (s *street) first(ctx context.Context, table string, h *house) (id int64) {
	_ = s.admin.QueryRow(ctx, `select min(id) from `+table+` where tenant_id = $1`, h.tenant).Scan(&id) // 0 is none
	return id
}

// rows returns all that the tables hold of a tenant.
func (s *street) rows(t *testing.T, id tenant.ID) string {
	t.Helper()
	var all strings.Builder
	for _, table := range s.tables(t) {
		if table.column == "" {
			continue
		}
		var text string
		must(t, s.admin.QueryRow(t.Context(), fmt.Sprintf(`select coalesce(string_agg(r::text, e'\n' order by r::text), '') from %s r where %s = $1`,
			table.name, table.column), id).Scan(&text))
		fmt.Fprintf(&all, "%s:\n%s\n", table.name, text)
	}
	return all.String()
}
