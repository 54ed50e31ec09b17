package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// mentions returns the tables whose rows hold the text.
func (c *closing) mentions(t *testing.T, text string) (found []string) {
	t.Helper()
	s := &street{admin: c.admin}
	for _, table := range s.tables(t) {
		var n int
		c.ask(t, &n, fmt.Sprintf(`select count(*) from %s r where r::text like '%%' || $1 || '%%'`, table.name), text)
		if n > 0 {
			found = append(found, table.name)
		}
	}
	return found
}

func TestErasedMemberIsNowhere(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.start(t, 1)
	_, err := c.merge(t.Context(), 0, 0, 0, row("A1", "青木"))
	must(t, err)
	c.finish(t, 1, 1)
	id := c.put(t, `member_sn, name, email, is_subscriber`, "T-001", "田中", "tanaka@example.jp", false)
	lead := c.put(t, `kind, name, email`, "lead", "田中 太", "lead@example.jp")
	// What imports write down: the member had another address, a lead became part of it.
	for _, sql := range []string{
		`insert into journal select $1, i.id, $2::bigint, i.started_at, 2, 2, 'updated', '{"email": "old@example.jp", "name": "田中"}', '{"email": "tanaka@example.jp"}' from import i where tenant_id = $1 and $3::bigint > 0`,
		`insert into journal select $1, i.id, $3::bigint, i.started_at, 3, 1, 'unified', to_jsonb(m), jsonb_build_object('member_id', $2::bigint) from import i, member m
			where i.tenant_id = $1 and m.tenant_id = $1 and m.id = $3`,
		`delete from member where tenant_id = $1 and id = $3 and $2::bigint > 0`,
		`insert into member_key select $1, list_id, 'card', 'T-001', $2, false from member where tenant_id = $1 and id = $2 and $3::bigint > 0`,
		`insert into import_seen select $1, id, $2::bigint, 1 from import where tenant_id = $1 and $3::bigint > 0`,
		`insert into opt_out select $1, list_id, 'is_subscriber', 'lead@example.jp', id, now() from import where tenant_id = $1 and $2::bigint + $3::bigint > 0`,
		`insert into import_problem select $1, id, 9, 0, '[]', '["T-001", "別の名前", "", "", "", "", ""]' from import where tenant_id = $1 and $2::bigint + $3::bigint > 0`,
		`insert into import_preview select $1, id, 'updated', 1, 2, $2::bigint, '', '[{"field": "name", "before": "田中", "after": "別の名前"}]' from import where tenant_id = $1 and $3::bigint > 0`,
		// A dry run names no member where it would create one.
		`update import set options = options || '{"dry_run": true}' where tenant_id = $1 and $2::bigint + $3::bigint > 0`,
		`insert into import_preview select $1, id, 'created', n, n, null, '', jsonb_build_array(jsonb_build_object('field', 'email', 'before', null, 'after', (array['tanaka@example.jp', 'other@example.jp'])[n]))
			from import, generate_series(1, 2) n where tenant_id = $1 and $2::bigint + $3::bigint > 0`,
	} {
		c.exec(t, sql, c.tenant, id, lead)
	}
	var unified *postgres.Unified
	if _, err := c.db.EraseMember(t.Context(), c.tenant, standard, lead); !errors.As(err, &unified) || unified.Member != id {
		t.Errorf("erase the lead: %v, want that it is member %d now", err, id)
	}
	e, err := c.db.EraseMember(t.Context(), c.tenant, standard, id)
	must(t, err)
	if e.Journal != 2 || len(e.Sources) != 1 || !e.Sources[0].Known || e.Sources[0].Until == nil {
		t.Errorf("erasure %+v, want 2 rows of the journal, and the source that is kept", e)
	}
	// The failed rows are the work that is left; an eraser finds them by the marks.
	all, err := c.db.Erasures(t.Context(), 10)
	must(t, err)
	i, err := c.db.NextErased(t.Context(), c.tenant, &all[0])
	if err != nil || i != nil {
		t.Errorf("next = %v, %v; the import had no failed rows", i, err)
	}
	sn, _ := standard.Field("member_sn")
	email, _ := standard.Field("email")
	if m := all[0].Marks; !m.Name(&sn, " Ｔ-００１", nil) || !m.Name(&email, "OLD@example.jp", nil) || !m.Name(&email, "lead@example.jp", nil) || m.Name(&email, "T-001", nil) || m.Name(&sn, "T-002", nil) {
		t.Error("the marks are not what the member was known by")
	}
	must(t, c.db.Erased(t.Context(), c.tenant, &all[0], c.job, 0, func(cells []string) bool { return cells[0] == "T-001" }))
	for _, text := range []string{"T-001", "田中", "old@example.jp", "lead@example.jp", "tanaka@example.jp"} {
		found := c.mentions(t, text)
		// An opt-out outlives the member, as an address and nothing else.
		if optedOut := strings.HasPrefix(text, "tanaka") || strings.HasPrefix(text, "lead"); optedOut && len(found) == 1 && found[0] == "opt_out" {
			continue
		}
		if len(found) > 0 {
			t.Errorf("%s is still in %v", text, found)
		}
	}
	var linked, others int
	if c.ask(t, &others, `select count(*) from import_preview`); others != 2 {
		t.Errorf("%d rows of previews are left, want the two of others", others)
	}
	if c.ask(t, &linked, `select count(*) from opt_out where import_id is not null`); linked != 0 {
		t.Errorf("%d opt-outs of the member tell their import", linked)
	}
	done, err := c.db.ErasureOf(t.Context(), c.tenant, id)
	if err != nil || done.FinishedAt == nil {
		t.Errorf("erasure = %+v, %v; want it finished", done, err)
	}
	if _, err := c.db.EraseMember(t.Context(), c.tenant, standard, id); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("erase again: %v, want ErrNotFound", err)
	}
}

func TestJournalGoesWhenNobodyCanUndoByIt(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	_, err := c.db.CreateTenant(t.Context(), postgres.Tenant{Name: "keeps-for-longer"})
	must(t, err)
	_, err = c.db.SetRetention(t.Context(), c.tenant, postgres.RetentionChange{JournalDays: new(1)})
	must(t, err)
	journal := func() (n int) {
		c.ask(t, &n, `select count(*) from journal where tenant_id = $1`, c.tenant)
		return n
	}
	expire := func(at time.Time) {
		for more := true; more; {
			more, err = c.db.ExpireJournal(t.Context(), c.tenant, at, 2)
			must(t, err)
		}
	}
	fill := func() {
		c.exec(t, `insert into journal select $1, i.id, n, i.started_at, n, 1, 'updated', '{}', '{}' from import i, generate_series(1, 5) n where i.tenant_id = $1 and i.id = $2`, c.tenant, c.job.ID)
	}
	c.start(t, 1)
	c.finish(t, 0, 0)
	fill()
	now := time.Now()
	if expire(now); journal() != 5 {
		t.Errorf("%d rows, want all 5: the import can be undone", journal())
	}
	c.exec(t, `insert into import_undo (tenant_id, import_id, dry_run, requested_at) values ($1, $2, false, now())`, c.tenant, c.job.ID)
	if expire(now.Add(48 * time.Hour)); journal() != 5 {
		t.Errorf("%d rows, want all 5: the import is to be undone", journal())
	}
	c.exec(t, `delete from import_undo`)
	if expire(now.Add(48 * time.Hour)); journal() != 0 {
		t.Errorf("%d rows, want none", journal())
	}
	// It stays so when journals are kept for longer from then on.
	_, err = c.db.SetRetention(t.Context(), c.tenant, postgres.RetentionChange{JournalDays: new(30)})
	must(t, err)
	if _, err := c.db.RequestUndo(t.Context(), c.tenant, c.job.ID, true, 0); !errors.Is(err, postgres.ErrUndoExpired) {
		t.Errorf("undo: %v, want ErrUndoExpired", err)
	}
	_, err = c.db.SetRetention(t.Context(), c.tenant, postgres.RetentionChange{JournalDays: new(1)})
	must(t, err)

	// Weeks go as a whole, but for those of imports that run.
	c.start(t, 1)
	fill()
	later := now.AddDate(0, 3, 0)
	for range 2 {
		_, err = c.db.DropJournal(t.Context(), later)
		must(t, err)
	}
	if journal() != 5 {
		t.Errorf("%d rows, want all 5: the import runs", journal())
	}
	must(t, c.db.CancelImport(t.Context(), c.tenant, c.job.ID))
	expire(later)
	if n, err := c.db.DropJournal(t.Context(), later); err != nil || n == 0 || journal() != 0 {
		t.Errorf("dropped %d weeks, %v; %d rows are left", n, err, journal())
	}
}

func TestSourceThatIsInUseIsKept(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.start(t, 1) // runs
	running := c.job.ID
	c.start(t, 1) // waits
	late := time.Now().AddDate(1, 0, 0)
	drop := func(_ context.Context, id imports.ID, _ string) error {
		if id == running || id == c.job.ID {
			t.Errorf("the source of import %s is dropped", id)
		}
		return nil
	}
	if done, err := c.db.ExpireSource(t.Context(), c.tenant, late, drop); done || err != nil {
		t.Errorf("expired %v, %v; want nothing", done, err)
	}
	// Where the file cannot be deleted, nothing says that it was.
	must(t, c.db.CancelImport(t.Context(), c.tenant, running))
	away := errors.New("the storage is away")
	if _, err := c.db.ExpireSource(t.Context(), c.tenant, late, func(context.Context, imports.ID, string) error { return away }); !errors.Is(err, away) {
		t.Errorf("expire: %v", err)
	}
	if i, err := c.db.Import(t.Context(), c.tenant, running); err != nil || i.SourceGoneAt != nil {
		t.Errorf("import = %+v, %v; want its source kept", i, err)
	}
}

func TestFailedRowsAreKeptForTheirRetry(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.start(t, 1)
	root := c.job.ID
	c.finish(t, 0, 0)
	c.start(t, 1)
	retry := c.job.ID
	c.exec(t, `update import set parent_id = $1 where id = $2`, root, retry)
	c.exec(t, `insert into import_preview select tenant_id, id, 'created', 1, 2, 1, '', '[]' from import where id = $1`, root)
	late, dropped := time.Now().AddDate(1, 0, 0), []imports.ID{}
	expire := func() bool {
		done, err := c.db.ExpireReport(t.Context(), c.tenant, late, func(_ context.Context, id imports.ID) error {
			dropped = append(dropped, id)
			return nil
		})
		must(t, err)
		return done
	}
	if expire() {
		t.Errorf("the failed rows of %v are dropped, and the retry of them runs", dropped)
	}
	if _, err := c.db.FailImport(t.Context(), c.tenant, retry, member.Problem{Code: member.Internal}); err != nil {
		t.Fatal(err)
	}
	if !expire() || dropped[0] != root {
		t.Errorf("dropped %v, want the failed rows of %s, which nobody retries any more", dropped, root)
	}
	if rows, err := c.db.Preview(t.Context(), c.tenant, root, ""); err != nil || len(rows) > 0 {
		t.Errorf("the preview is kept: %+v, %v", rows, err)
	}
	if err := c.db.ResumeImport(t.Context(), c.tenant, retry); !errors.Is(err, postgres.ErrReportExpired) {
		t.Errorf("resume the retry: %v, want ErrReportExpired", err)
	}
}
