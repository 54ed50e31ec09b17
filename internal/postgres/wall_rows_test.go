package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// table is a table of the schema; column holds the tenant, and is empty where the wall does not stand around it.
type table struct{ name, column string }

// outside are the tables that have no policy, and why that is right.
var outside = map[string]string{
	"outbox":          "the relay reads all tenants' events; the role that serves people may only add some, and read none",
	"sign_in_attempt": "counts attempts by hashes, of tenants that do not exist as well; the role that serves people cannot see it",
	"worker":          "the processes of the installation, which belong to no tenant; the role that serves people cannot see it",
	"schema_version":  "the number of the newest migration; it belongs to no tenant",
}

// tables returns every table of the database but for partitions, which nobody asks by their names, so that a new one is
// tried, too.
func (s *street) tables(t *testing.T) []table {
	t.Helper()
	rows, err := s.admin.Query(t.Context(), `select table_name, case when table_name = 'tenant' then 'id' else coalesce((select column_name from information_schema.columns c
			where c.table_schema = 'public' and c.table_name = t.table_name and column_name = 'tenant_id'), '') end
		from information_schema.tables t where table_schema = 'public'
			and not (select relispartition from pg_class where oid = format('public.%I', table_name)::regclass) order by table_name`)
	must(t, err)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (found table, err error) {
		err = row.Scan(&found.name, &found.column)
		return found, err
	})
	must(t, err)
	if len(all) < 10 {
		t.Fatalf("only the tables %v", all)
	}
	return all
}

// walled returns the tables that the wall has to stand around.
func (s *street) walled(t *testing.T) (walled []table) {
	t.Helper()
	for _, table := range s.tables(t) {
		if outside[table.name] != "" {
			continue
		}
		if table.column == "" {
			t.Errorf("table %s has no tenant_id, and is not one of those that need none", table.name)
			continue
		}
		for _, h := range []*house{s.a, s.b} {
			var n int
			must(t, s.admin.QueryRow(t.Context(), fmt.Sprintf(`select count(*) from %s where %s = $1`, table.name, table.column), h.tenant).Scan(&n))
			if n == 0 {
				t.Errorf("tenant %s has no row of table %s: the test shows nothing", h.tenant, table.name)
			}
		}
		walled = append(walled, table)
	}
	return walled
}

// as runs f as the role that serves people, in the tenant of that name, and undoes what it did.
func (s *street) as(t *testing.T, tenantID string, f func(ctx context.Context, tx pgx.Tx)) {
	t.Helper()
	tx, err := s.admin.Begin(t.Context())
	must(t, err)
	defer func() { must(t, tx.Rollback(context.Background())) }()
	_, err = tx.Exec(t.Context(), `set local role meibo_web`)
	must(t, err)
	if tenantID != "unset" {
		_, err = tx.Exec(t.Context(), `select set_config('meibo.tenant_id', $1, true)`, tenantID)
		must(t, err)
	}
	f(t.Context(), tx)
}

// try executes a statement without a where clause, and returns the number of rows, or -1 where the role may not, or where
// rows cannot be deleted because others depend on them.
func try(ctx context.Context, t *testing.T, tx pgx.Tx, sql string, args ...any) (n int64) {
	t.Helper()
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		n = tag.RowsAffected()
		return err
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" { // insufficient_privilege: no grant, or a policy
		return -1
	}
	if pg != nil && pg.Code == "23503" && strings.HasPrefix(sql, "delete") {
		return -1
	}
	if err != nil {
		t.Errorf("%s: %v", sql, err)
	}
	return n
}

func TestStatementsWithoutWhereSeeOneTenant(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	for _, table := range s.walled(t) {
		var own int64
		must(t, s.admin.QueryRow(t.Context(), fmt.Sprintf(`select count(*) from %s where %s = $1`, table.name, table.column), s.a.tenant).Scan(&own))
		s.as(t, s.a.tenant.String(), func(ctx context.Context, tx pgx.Tx) {
			if n := try(ctx, t, tx, `select from `+table.name); n != own && n != -1 {
				t.Errorf("select without where: %d rows of %s, want %d", n, table.name, own)
			}
			if n := try(ctx, t, tx, fmt.Sprintf(`select from %s where %s = $1`, table.name, table.column), s.b.tenant); n > 0 {
				t.Errorf("select: %d rows of b in %s", n, table.name)
			}
			if n := try(ctx, t, tx, `delete from `+table.name); n > own {
				t.Errorf("delete without where: %d rows of %s, want at most %d", n, table.name, own)
			}
		})
	}
}

func TestStatementsCannotChangeOrAddRowsOfAnotherTenant(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	for _, table := range s.walled(t) {
		set := s.settable(t, table)
		var own int64
		var stolen []byte
		must(t, s.admin.QueryRow(t.Context(), fmt.Sprintf(`select count(*) from %s where %s = $1`, table.name, table.column), s.a.tenant).Scan(&own))
		must(t, s.admin.QueryRow(t.Context(), fmt.Sprintf(`select to_jsonb(r) from %s r where %s = $1 limit 1`, table.name, table.column), s.b.tenant).Scan(&stolen))
		before := s.rows(t, s.b.tenant)
		tx, err := s.admin.Begin(t.Context())
		must(t, err)
		_, err = tx.Exec(t.Context(), `select set_config('role', 'meibo_web', true), set_config('meibo.tenant_id', $1, true)`, s.a.tenant.String())
		must(t, err)
		if n := try(t.Context(), t, tx, fmt.Sprintf(`update %s set %s = %s`, table.name, set[len(set)-1], set[len(set)-1])); n != own && n != -1 {
			t.Errorf("update without where: %d rows of %s, want %d", n, table.name, own)
		}
		if n := try(t.Context(), t, tx, fmt.Sprintf(`update %s set %s = %s where %s = $1`, table.name, set[len(set)-1], set[len(set)-1], table.column), s.b.tenant); n > 0 {
			t.Errorf("update: %d rows of b in %s", n, table.name)
		}
		columns := strings.Join(set, ", ")
		if n := try(t.Context(), t, tx, fmt.Sprintf(`insert into %s (%s) overriding system value select %s from jsonb_populate_record(null::%s, $1)`,
			table.name, columns, columns, table.name), string(stolen)); n != -1 {
			t.Errorf("insert: a row of b in %s", table.name)
		}
		if table.name != "tenant" { // whose id is assigned
			if n := try(t.Context(), t, tx, fmt.Sprintf(`update %s set tenant_id = $1`, table.name), s.b.tenant); n != -1 {
				t.Errorf("update: %d rows of %s were given to b", n, table.name)
			}
		}
		must(t, tx.Commit(t.Context()))
		if after := s.rows(t, s.b.tenant); after != before {
			t.Errorf("the rows of b became\n%s\nwere\n%s", after, before)
		}
	}
}

// settable returns the columns that a statement may write.
func (s *street) settable(t *testing.T, table table) []string {
	t.Helper()
	rows, err := s.admin.Query(t.Context(), `select column_name from information_schema.columns where table_schema = 'public' and table_name = $1
		and is_generated = 'NEVER' order by is_identity desc, ordinal_position`, table.name)
	must(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return columns
}

func TestWithoutATenantNothingIsVisible(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	walled := s.walled(t)
	for _, setting := range []string{"unset", ""} {
		s.as(t, setting, func(ctx context.Context, tx pgx.Tx) {
			for _, table := range walled {
				if n := try(ctx, t, tx, `select from `+table.name); n > 0 {
					t.Errorf("setting %q: %d rows of %s", setting, n, table.name)
				}
			}
		})
	}
}

// TestRoleThatServesPeopleReadsNoEvents is about the one table with tenant_id that has no policy.
func TestRoleThatServesPeopleReadsNoEvents(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	s.as(t, s.a.tenant.String(), func(ctx context.Context, tx pgx.Tx) {
		for _, sql := range []string{`select from outbox`, `update outbox set topic = topic`, `delete from outbox`, `select from schema_version`, `select from sign_in_attempt`, `select from worker`} {
			if n := try(ctx, t, tx, sql); n != -1 {
				t.Errorf("%s: %d rows, want no permission", sql, n)
			}
		}
	})
}
