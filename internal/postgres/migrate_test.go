package postgres_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

// released is the newest migration of the release before: its services run on the schema of this one, and those of this one
// on its schema, while an installation is upgraded.
const released = 8

// narrowed are the changes that the services of the release before could meet, by migration, and why they do not.
var narrowed = map[string]string{
	"3 check outbox_topic_check":   "takes more topics than before",
	"9 check outbox_topic_check":   "takes more topics than before",
	"9 check import_state_check":   "takes more states than before",
	"9 unique import_running":      "takes the place of one of the same name; what is new in it are states that were not there before",
	"9 gone unique import_running": "as above: nothing refers to it by its columns",
	"9 gone unique journal_pkey":   "nobody has written a journal before",
	"9 check journal_act_check1":   "says what it said in the table that had the name before",
	"10 unique mail_pkey":          "takes in the run; a notifier of before keeps the end of an import that it cannot note for a newer one, so that its mails wait",
	"10 gone unique mail_pkey":     "as above",
}

// shape is what statements can depend on in a schema.
type shape struct {
	columns map[string]column
	// checks and uniques are constraints and unique indexes by name: on which columns, and what they say.
	checks, uniques map[string]rule
}

type column struct {
	kind     string
	required bool // must be given
}

type rule struct {
	columns []string
	text    string
}

func shapeOf(ctx context.Context, t *testing.T, admin *pgx.Conn) shape {
	t.Helper()
	s := shape{columns: map[string]column{}, checks: map[string]rule{}, uniques: map[string]rule{}}
	each := func(sql string, into []any, f func()) {
		t.Helper()
		rows, err := admin.Query(ctx, sql)
		must(t, err)
		_, err = pgx.ForEachRow(rows, into, func() error { f(); return nil })
		must(t, err)
	}
	var name, kind, text string
	var required bool
	var columns []string
	each(`select table_name || '.' || column_name, data_type, is_nullable = 'NO' and column_default is null and is_identity = 'NO' and is_generated = 'NEVER'
		from information_schema.columns join pg_class k on k.oid = format('public.%I', table_name)::regclass
		where table_schema = 'public' and not k.relispartition`, []any{&name, &kind, &required},
		func() { s.columns[name] = column{kind, required} })
	of := `array(select r.relname || '.' || a.attname from pg_attribute a where a.attrelid = r.oid and a.attnum = any(%s) order by 1)`
	each(`select c.conname, `+fmt.Sprintf(of, "c.conkey")+`, pg_get_constraintdef(c.oid) from pg_constraint c join pg_class r on r.oid = c.conrelid
		where c.contype in ('c', 'f') and r.relnamespace = 'public'::regnamespace and not r.relispartition`, []any{&name, &columns, &text},
		func() { s.checks[name] = rule{slices.Clone(columns), text} })
	each(`select x.relname, `+fmt.Sprintf(of, "i.indkey::int2[]")+`, pg_get_indexdef(i.indexrelid) from pg_index i join pg_class r on r.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
		where i.indisunique and r.relnamespace = 'public'::regnamespace and not r.relispartition`, []any{&name, &columns, &text},
		func() { s.uniques[name] = rule{slices.Clone(columns), text} })
	return s
}

// narrows returns what in a schema a statement for the one before could meet.
func (s shape) narrows(before shape) (found []string) {
	tables := map[string]bool{}
	for name := range before.columns {
		tables[strings.Split(name, ".")[0]] = true
	}
	for name, was := range before.columns {
		if is, ok := s.columns[name]; !ok {
			found = append(found, "gone "+name)
		} else if is.kind != was.kind {
			found = append(found, "type "+name)
		}
	}
	for name, is := range s.columns {
		if is.required && !before.columns[name].required && tables[strings.Split(name, ".")[0]] {
			found = append(found, "required "+name)
		}
	}
	known := func(columns []string) bool { // only what knows nothing but new columns cannot be met
		return slices.ContainsFunc(columns, func(name string) bool { return before.columns[name] != column{} })
	}
	for name, is := range s.checks {
		if known(is.columns) && before.checks[name].text != is.text {
			found = append(found, "check "+name)
		}
	}
	for name, is := range s.uniques {
		if known(is.columns) && before.uniques[name].text != is.text {
			found = append(found, "unique "+name)
		}
	}
	for name, was := range before.uniques { // which ON CONFLICT refers to
		if s.uniques[name].text != was.text {
			found = append(found, "gone unique "+name)
		}
	}
	return found
}

// TestMigrationsLeaveTheReleaseBeforeAtWork takes the schema down to its beginning and up again, version by version: none
// takes away what statements for the one before need, or asks for what they do not give.
func TestMigrationsLeaveTheReleaseBeforeAtWork(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	newest, err := db.MigrateTo(t.Context(), 1)
	must(t, err)
	admin, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { admin.Close(context.Background()) })
	before := shapeOf(t.Context(), t, admin)
	unused := maps.Clone(narrowed)
	for version := int32(2); version <= newest; version++ {
		_, err := db.MigrateTo(t.Context(), version)
		must(t, err)
		now := shapeOf(t.Context(), t, admin)
		for _, what := range now.narrows(before) {
			key := fmt.Sprintf("%d %s", version, what)
			if delete(unused, key); narrowed[key] == "" {
				t.Errorf("migration %s: the services of the release before may not bear it", key)
			}
		}
		before = now
	}
	for key := range unused {
		t.Errorf("migration %s is no exception any more", key)
	}
}

// TestImportsGoOnBeforeTheMigration merges an import on the schema of the release before.
func TestImportsGoOnBeforeTheMigration(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	_, err := l.db.MigrateTo(t.Context(), released)
	must(t, err)
	l.start(t, 1)
	_, err = l.merge(t.Context(), 0, 0, 0, row("A1", "青木"), row("A2", "井上"), row("", "番号なし"))
	must(t, err)
	must(t, l.db.EndOfSource(t.Context(), l.tenant, l.job.ID, 3, []int64{1}))
	done, err := l.db.FinishImport(t.Context(), l.tenant, l.job.ID)
	must(t, err)
	i := l.get(t, l.job.ID)
	if want := (member.Counts{Created: 2, Failed: 1}); !done || i.State != imports.StateCompleted || i.Totals.Counts != want {
		t.Errorf("import is %s with %+v, want completed with %+v", i.State, i.Totals, want)
	}
	l.start(t, 1)
	_, err = l.merge(t.Context(), 0, 0, 0, row("A1", "青木 改"))
	must(t, err)
	must(t, l.db.CancelImport(t.Context(), l.tenant, l.job.ID))
	page, err := l.db.Members(t.Context(), l.tenant, standard, postgres.MemberFilter{List: postgres.MainList, Limit: 10})
	must(t, err)
	if len(page) != 2 || page[0].Version != 2 {
		t.Errorf("members %+v, want two, the first of which was changed", page)
	}
	if _, err := l.db.Usage(t.Context(), l.tenant); err != nil {
		t.Errorf("usage: %v", err)
	}
}
