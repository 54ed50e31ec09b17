package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

// closing is a tenant whose imports have something left to do after their last chunk, and a connection that sees all.
type closing struct {
	*life
	url    string
	admin  *pgx.Conn
	list   int64
	chunks int64
	rows   int64
}

func newClosing(t *testing.T) *closing {
	t.Helper()
	url := postgrestest.URL(t)
	c := &closing{url: url, life: &life{&world{db: postgrestest.Open(t, url)}}}
	ten, err := c.db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	c.tenant = ten.ID
	c.admin, err = pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { c.admin.Close(context.Background()) })
	c.ask(t, &c.list, `select id from member_list where tenant_id = $1`, c.tenant)
	return c
}

func (c *closing) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := c.admin.Exec(t.Context(), sql, args...)
	must(t, err)
}

// ask reads the one value that a query returns.
func (c *closing) ask(t *testing.T, dst any, sql string, args ...any) {
	t.Helper()
	must(t, c.admin.QueryRow(t.Context(), sql, args...).Scan(dst))
}

// put adds somebody with these values of columns to the list, and returns the id.
func (c *closing) put(t *testing.T, columns string, values ...any) (id int64) {
	t.Helper()
	c.ask(t, &id, `update member_id_counter set next_id = next_id + 1 where tenant_id = $1 returning next_id - 1`, c.tenant)
	sql, args := `insert into member (tenant_id, list_id, id, created_at, updated_at, `+columns+`) values ($1, $2, $3, now(), now()`, []any{c.tenant, c.list, id}
	for n, v := range values {
		sql += fmt.Sprintf(`, $%d`, 4+n)
		args = append(args, v)
	}
	c.exec(t, sql+`)`, args...)
	return id
}

func (c *closing) lead(t *testing.T, email, phone any) int64 {
	t.Helper()
	return c.put(t, `kind, email, phone`, "lead", email, phone)
}

// crowd adds so many members with the numbers X1, X2 and so on.
func (c *closing) crowd(t *testing.T, n int) {
	t.Helper()
	c.exec(t, `with ids as (update member_id_counter set next_id = next_id + $3 where tenant_id = $1 returning next_id - $3 as first)
		insert into member (tenant_id, list_id, id, created_at, updated_at, member_sn)
		select $1, $2, first + n - 1, now(), now(), 'X' || n from ids, generate_series(1, $3::bigint) n`, c.tenant, c.list, n)
}

// begin starts an import under these options, which has the list's turn.
func (c *closing) begin(t *testing.T, o imports.Options) {
	t.Helper()
	o.Rules, o.TimeZone, o.Region = o.Rules.Filled(), "Asia/Tokyo", "JP"
	m := mapping
	if o.Key == "email" {
		m = member.Mapping{{Header: "メール", Field: "email"}, {Header: "電話", Field: "phone"}}
	}
	i, _, err := c.db.CreateImport(t.Context(), c.tenant, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
	must(t, err)
	source := imports.Source{Size: 1, Format: "csv", MaxRows: 100}
	_, err = c.db.SetUploaded(t.Context(), c.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	must(t, c.db.StartImport(t.Context(), c.tenant, i.ID, postgres.Settled{
		Options: o, Mapping: m, Cut: imports.Cut{Lanes: 1, ChunkRows: 10, ChunkBytes: 1000}, Source: source,
	}))
	_, err = c.db.OpenLedger(t.Context(), c.tenant, i.ID, 1)
	must(t, err)
	c.job, err = c.db.ImportForWork(t.Context(), c.tenant, i.ID)
	must(t, err)
	c.plan, err = c.job.Plan()
	must(t, err)
	c.chunks, c.rows = 0, 0
}

func replacing() imports.Options {
	return imports.Options{Rules: member.Rules{Mode: member.Replace}, MaxRemoved: imports.Percent(100)}
}

// file merges rows as the next chunk.
func (c *closing) file(t *testing.T, rows ...[]string) {
	t.Helper()
	_, err := c.merge(t.Context(), 0, c.chunks, c.rows, rows...)
	must(t, err)
	c.chunks, c.rows = c.chunks+1, c.rows+int64(len(rows))
}

// see notes that a row named a member that was there before; nil: the row failed.
func (c *closing) see(t *testing.T, id int64, ordinal any) {
	t.Helper()
	c.exec(t, `insert into import_seen values ($1, $2, $3, $4) on conflict (tenant_id, import_id, member_id) do update set row_ordinal = excluded.row_ordinal`,
		c.tenant, c.job.ID, id, ordinal)
}

// merged ends the file, so that the last stage begins.
func (c *closing) merged(t *testing.T) {
	t.Helper()
	c.finish(t, c.chunks, c.rows)
}

// close does what is left, and returns the import as it is then.
func (c *closing) close(t *testing.T) *imports.Import {
	t.Helper()
	for left := true; left; {
		var err error
		left, err = c.db.FinishStep(t.Context(), c.tenant, c.job)
		must(t, err)
	}
	return c.get(t, c.job.ID)
}

// everybody returns the numbers, or else addresses, or else phones, of everybody in all lists of all tenants, by id.
func (c *closing) everybody(t *testing.T) (names string) {
	t.Helper()
	c.ask(t, &names, `select coalesce(string_agg(coalesce(member_sn, email, phone), ' ' order by tenant_id, id), '') from member`)
	return names
}

// journal returns what the import's journal holds of an act, as the numbers or addresses that were there before.
func (c *closing) journal(t *testing.T, act string) (names string) {
	t.Helper()
	c.ask(t, &names, `select coalesce(string_agg(coalesce(before->>'member_sn', before->>'email', before->>'phone'), ' ' order by member_id), '')
		from journal where tenant_id = $1 and import_id = $2 and act = $3`, c.tenant, c.job.ID, act)
	return names
}

func (c *closing) is(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// ended checks an import's end.
func (c *closing) ended(t *testing.T, i *imports.Import, state imports.State, removed, unified int64) {
	t.Helper()
	if i.State != state || i.Totals.Removed != removed || i.Totals.Unified != unified || !i.Totals.Balanced() || i.Stage() != "" {
		t.Errorf("import is %s because of %+v with %+v, want %s with %d removed and %d unified", i.State, i.Failure, i.Totals, state, removed, unified)
	}
}

func TestImportWithNothingLeftIsCompletedAtItsLastChunk(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.begin(t, imports.Options{})
	c.file(t, row("A1", "青木"))
	c.events(t)
	c.merged(t)
	c.ended(t, c.get(t, c.job.ID), imports.StateCompleted, 0, 0)
	if got := c.events(t); !slices.Equal(got, []string{"finished " + c.job.ID.String()}) {
		t.Errorf("events %v, want finished", got)
	}
}

func TestLastStageBeginsOnceWhoeverFindsTheLedgerComplete(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.begin(t, replacing())
	c.file(t, row("A1", "青木"))
	if done, err := c.db.FinishImport(t.Context(), c.tenant, c.job.ID); done || err != nil {
		t.Errorf("before the end of the file: %v, %v", done, err)
	}
	must(t, c.db.EndOfSource(t.Context(), c.tenant, c.job.ID, 2, []int64{2}))
	if done, err := c.db.FinishImport(t.Context(), c.tenant, c.job.ID); done || err != nil {
		t.Errorf("before the last chunk: %v, %v", done, err)
	}
	if _, err := c.db.FinishStep(t.Context(), c.tenant, c.job); !errors.Is(err, postgres.ErrStopped) {
		t.Errorf("a step before the last stage: %v, want ErrStopped", err)
	}
	c.file(t, row("A2", "井上"))
	c.events(t)
	var wg sync.WaitGroup
	var winners [8]bool
	var errs [8]error
	for n := range winners {
		wg.Go(func() { winners[n], errs[n] = c.db.FinishImport(t.Context(), c.tenant, c.job.ID) })
	}
	wg.Wait()
	must(t, errors.Join(errs[:]...))
	won := slices.DeleteFunc(winners[:], func(won bool) bool { return !won })
	if got := c.events(t); len(won) != 1 || !slices.Equal(got, []string{"merged " + c.job.ID.String()}) {
		t.Errorf("%d winners and the events %v, want one and merged", len(won), got)
	}
	if i := c.get(t, c.job.ID); i.State != imports.StateRunning || i.Stage() != imports.StageFinishing || i.FinishedAt != nil {
		t.Errorf("import is %s, %s", i.State, i.Stage())
	}
	c.ended(t, c.close(t), imports.StateCompleted, 0, 0)
	if got := c.events(t); !slices.Equal(got, []string{"finished " + c.job.ID.String()}) {
		t.Errorf("events %v, want finished", got)
	}
}

func TestLimitsOfRowsAreJudgedByAllRows(t *testing.T) {
	t.Parallel()
	bad := row("", "番号なし")
	rows := func(n float64) imports.Limit { return imports.Limit{Set: true, Value: n} }
	for name, tt := range map[string]struct {
		options imports.Options
		want    member.Problem
	}{
		"half may fail":               {options: imports.Options{MaxFailed: imports.Percent(50)}},
		"fewer may fail":              {imports.Options{MaxFailed: imports.Percent(49)}, member.Problem{Code: member.MaxFailed, Detail: "49%"}},
		"one may fail":                {imports.Options{MaxFailed: rows(1)}, member.Problem{Code: member.MaxFailed, Detail: "1"}},
		"a quarter may change":        {options: imports.Options{MaxChanged: imports.Percent(25)}},
		"less may change":             {imports.Options{MaxChanged: imports.Percent(24)}, member.Problem{Code: member.MaxChanged, Detail: "24%"}},
		"before anybody is removed":   {imports.Options{Rules: member.Rules{Mode: member.Replace}, MaxFailed: rows(1)}, member.Problem{Code: member.MaxFailed, Detail: "1"}},
		"a dry run has the same end":  {imports.Options{DryRun: true, MaxFailed: rows(1)}, member.Problem{Code: member.MaxFailed, Detail: "1"}},
		"the list is that before it":  {options: imports.Options{MaxChanged: imports.Percent(30)}},
		"members count, leads do not": {imports.Options{MaxChanged: imports.Percent(22)}, member.Problem{Code: member.MaxChanged, Detail: "22%"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClosing(t)
			c.crowd(t, 4)
			c.lead(t, "l@example.jp", nil)
			c.begin(t, tt.options)
			c.file(t, row("X1", "青木"), row("A1", "井上"), bad, bad)
			c.events(t)
			c.merged(t)
			i := c.get(t, c.job.ID)
			if i.Failure != tt.want {
				t.Errorf("import is %s because of %+v, want %+v", i.State, i.Failure, tt.want)
			}
			if want := "finished " + i.ID.String(); tt.want.Code != "" && !slices.Equal(c.events(t), []string{want}) {
				t.Error("nobody is told of the end")
			}
		})
	}
}

func TestStartNotesWhatTheListIsLike(t *testing.T) {
	t.Parallel()
	share := imports.Options{MaxChanged: imports.Percent(5)}
	for name, tt := range map[string]struct {
		options   imports.Options
		leads     int
		withLeads bool
		before    int64
	}{
		"nothing to know":            {imports.Options{}, 0, false, 0},
		"leads in the list":          {imports.Options{}, 2, true, 0},
		"leads that it makes itself": {imports.Options{Rules: member.Rules{Kind: member.KindLead}}, 0, true, 0},
		"a share of members":         {share, 2, true, 3},
		"a share of leads":           {imports.Options{Rules: member.Rules{Kind: member.KindLead}, MaxChanged: imports.Percent(5)}, 2, true, 2},
		"replace removes a share":    {imports.Options{Rules: member.Rules{Mode: member.Replace}}, 0, false, 3},
		"replace removes a number":   {imports.Options{Rules: member.Rules{Mode: member.Replace}, MaxRemoved: imports.Limit{Set: true, Value: 5}}, 0, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClosing(t)
			c.crowd(t, 3)
			for range tt.leads {
				c.lead(t, "l@example.jp", nil)
			}
			c.begin(t, tt.options)
			if c.job.WithLeads != tt.withLeads || c.job.MembersBefore != tt.before {
				t.Errorf("with leads %v and %d before, want %v and %d", c.job.WithLeads, c.job.MembersBefore, tt.withLeads, tt.before)
			}
		})
	}
}

func TestSilentLastStageIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.begin(t, replacing())
	c.file(t, row("A1", "青木"))
	c.merged(t)
	c.events(t)
	c.exec(t, `update import_progress set seen_at = now() - interval '1 h'; update import set started_at = now() - interval '1 h'`)
	revive := func() int64 {
		n, err := c.db.Revive(t.Context(), 30*time.Minute)
		must(t, err)
		return n
	}
	if n := revive(); n != 1 {
		t.Errorf("%d imports are revived, want 1", n)
	}
	if got := c.events(t); !slices.Equal(got, []string{"merged " + c.job.ID.String()}) {
		t.Errorf("events %v, want merged", got)
	}
	c.exec(t, `update import_progress set seen_at = now() - interval '1 h'`)
	_, err := c.db.FinishStep(t.Context(), c.tenant, c.job)
	must(t, err)
	if n := revive(); n != 0 {
		t.Error("an import whose steps go on is revived")
	}
}

// TestImportsEndBeforeTheDatabaseIsMigrated takes away what only the new schema has.
func TestImportsEndBeforeTheDatabaseIsMigrated(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.exec(t, `drop table import_finish, import_seen, member_shadow;
		alter table import drop column removed, drop column unified, drop column warnings, drop column members_before,
			drop column with_leads, drop column finishing_at`)
	c.begin(t, imports.Options{})
	c.file(t, row("A1", "青木"))
	c.merged(t)
	c.ended(t, c.get(t, c.job.ID), imports.StateCompleted, 0, 0)
	_, err := c.db.Revive(t.Context(), time.Minute)
	must(t, err)
	n, err := c.db.SweepScratch(t.Context(), 10)
	if n != 0 || err != nil {
		t.Errorf("sweep = %d, %v; want nothing", n, err)
	}
}

func TestUnknownStepIsAnError(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.begin(t, replacing())
	c.merged(t)
	c.exec(t, `update import_finish set step = 'of a newer version'`)
	if _, err := c.db.FinishStep(t.Context(), c.tenant, c.job); err == nil || postgres.Unavailable(err) || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("error %v, want one that names the step", err)
	}
}
