package postgres_test

import (
	"testing"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

// TestTimesThatAreComparedAreThoseOfTheDatabase has a database whose clock is three hours ahead of the services'.
func TestTimesThatAreComparedAreThoseOfTheDatabase(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.exec(t, `create schema ahead;
		create function ahead.now() returns timestamptz language sql stable as $$ select pg_catalog.now() + interval '3 h' $$;
		create function ahead.clock_timestamp() returns timestamptz language sql volatile as $$ select pg_catalog.clock_timestamp() + interval '3 h' $$;
		grant usage on schema ahead to public`)
	c.db = postgrestest.Open(t, c.url+"&search_path=ahead,pg_catalog,public")
	behind := func(when string) {
		t.Helper()
		var wrong string
		c.ask(t, &wrong, `select coalesce(string_agg(t.name || '.' || key, ' '), '') from (
				select 'import' as name, to_jsonb(i) as r from import i
				union all select 'import_progress', to_jsonb(p) from import_progress p
				union all select 'import_undo', to_jsonb(u) from import_undo u
				union all select 'opt_out', to_jsonb(o) from opt_out o
				union all select 'member', to_jsonb(m) - 'created_at' from member m where version > 1) t, jsonb_each_text(r)
			where key like '%\_at' and value::timestamptz < pg_catalog.now() + interval '2 h'`)
		if wrong != "" {
			t.Errorf("%s: %s are of another clock", when, wrong)
		}
	}
	id := c.put(t, `member_sn, name, email, is_subscriber, version`, "A1", "青木", "a@x.jp", false, 1)
	c.begin(t, replacing())
	must(t, c.db.PauseImport(t.Context(), c.tenant, c.job.ID))
	behind("paused")
	must(t, c.db.ResumeImport(t.Context(), c.tenant, c.job.ID))
	var err error
	c.job, err = c.db.ImportForWork(t.Context(), c.tenant, c.job.ID)
	must(t, err)
	_, _, err = c.db.Progress(t.Context(), c.tenant, c.job.ID, 1)
	must(t, err)
	c.file(t, row("B1", "馬場"))
	c.merged(t)
	i := c.close(t)
	var outs int
	c.ask(t, &outs, `select count(*) from opt_out`)
	if i.Totals.Removed != 1 || outs != 1 {
		t.Fatalf("%d are removed, and %d opt-outs remembered; want one", i.Totals.Removed, outs)
	}
	behind("merged")
	_, err = c.db.RequestUndo(t.Context(), c.tenant, i.ID, false, 0)
	must(t, err)
	for left := true; left; {
		left, err = c.db.UndoStep(t.Context(), c.tenant, i)
		must(t, err)
	}
	behind("undone")
	_, err = c.db.BlockMember(t.Context(), c.tenant, member.Standard(), id, true)
	must(t, err)
	behind("blocked")
}
