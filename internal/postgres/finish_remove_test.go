package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

// TestReplaceRemovesWhoIsNotInTheFileAndNobodyElse has a member for each reason to stay.
func TestReplaceRemovesWhoIsNotInTheFileAndNobodyElse(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	other, err := c.db.CreateTenant(t.Context(), postgres.Tenant{Name: "other"})
	must(t, err)
	named := c.put(t, `member_sn`, "NAMED")
	gone := c.put(t, `member_sn, email, is_subscriber`, "GONE", "Gone@Example.jp", false)
	failed := c.put(t, `member_sn`, "FAILED")
	c.put(t, `member_sn, blocked_at`, "BLOCKED", time.Now())
	c.lead(t, "lead@example.jp", nil)
	elsewhere := c.put(t, `member_sn`, "OTHER-LIST")
	c.exec(t, `insert into member_list (tenant_id, name) values ($1, 'second')`, c.tenant)
	c.exec(t, `update member set list_id = (select id from member_list where tenant_id = $1 and name = 'second') where tenant_id = $1 and id = $2`, c.tenant, elsewhere)
	c.exec(t, `insert into member (tenant_id, list_id, id, created_at, updated_at, member_sn) select $1, $2, $3, now(), now(), 'OTHER-TENANT'`, other.ID, c.list, gone)
	c.exec(t, `insert into member_key values ($1, $2, 'shop', 'x', $3, false), ($1, $2, 'shop', 'x', $4, false)`, c.tenant, c.list, gone, named)
	c.begin(t, replacing())
	c.put(t, `member_sn`, "SINCE")
	c.file(t, row("NAMED", "青木"), row("NEW", "井上"))
	c.see(t, named, 0)
	c.see(t, failed, nil)
	c.merged(t)
	c.ended(t, c.close(t), imports.StateCompleted, 1, 0)
	c.is(t, "left", c.everybody(t), "NAMED FAILED BLOCKED lead@example.jp OTHER-LIST NEW SINCE OTHER-TENANT")
	c.is(t, "journal", c.journal(t, "removed"), "GONE")
	var text string
	c.ask(t, &text, `select string_agg(concat_ws(' ', field, contact, import_id = $1), ',') from opt_out`, c.job.ID)
	c.is(t, "opt-outs", text, "is_subscriber gone@example.jp t")
	c.ask(t, &text, `select string_agg(member_id::text, ' ') from member_key`)
	c.is(t, "keys", text, fmt.Sprint(named))
	if i := c.get(t, c.job.ID); len(i.Warnings) != 0 {
		t.Errorf("warnings %+v", i.Warnings)
	}
}

func TestReplaceOfLeadsRemovesLeadsOnly(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.put(t, `member_sn`, "A1")
	c.lead(t, "gone@example.jp", nil)
	stays := c.lead(t, "stays@example.jp", nil)
	c.begin(t, imports.Options{Rules: member.Rules{Kind: member.KindLead, Mode: member.Replace}, MaxRemoved: imports.Percent(50)})
	c.see(t, stays, 0)
	c.merged(t)
	c.ended(t, c.close(t), imports.StateCompleted, 1, 0)
	c.is(t, "left", c.everybody(t), "A1 stays@example.jp")
}

func TestOnlyReplaceRemoves(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.put(t, `member_sn`, "A1")
	c.lead(t, "lead@example.jp", nil) // so that there is a last stage
	c.begin(t, imports.Options{})
	c.merged(t)
	c.ended(t, c.close(t), imports.StateCompleted, 0, 0)
	c.is(t, "left", c.everybody(t), "A1 lead@example.jp")
}

func TestRemovalIsWithheldIfARowHasNoKey(t *testing.T) {
	t.Parallel()
	for _, dry := range []bool{false, true} {
		t.Run(fmt.Sprintf("dry run %v", dry), func(t *testing.T) {
			t.Parallel()
			c := newClosing(t)
			c.crowd(t, 3)
			o := imports.Options{Rules: member.Rules{Mode: member.Replace}, DryRun: dry}
			c.begin(t, o)
			c.exec(t, `update import_lane set keyless = 1`)
			c.merged(t)
			i := c.close(t)
			c.ended(t, i, imports.StateCompleted, 0, 0)
			if len(i.Warnings) != 1 || i.Warnings[0].Code != member.RemovalWithheld {
				t.Errorf("warnings %+v, want %s", i.Warnings, member.RemovalWithheld)
			}
			c.is(t, "left", c.everybody(t), "X1 X2 X3")
		})
	}
}

func TestNobodyIsRemovedUnlessEveryChunkSucceeds(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.crowd(t, 2)
	c.begin(t, replacing())
	c.file(t, row("A1", "青木"))
	_, err := c.db.FailImport(t.Context(), c.tenant, c.job.ID, member.Problem{Code: member.PoisonChunk})
	must(t, err)
	must(t, c.db.EndOfSource(t.Context(), c.tenant, c.job.ID, 1, []int64{1}))
	if done, err := c.db.FinishImport(t.Context(), c.tenant, c.job.ID); done || err != nil {
		t.Errorf("the last stage of a failed import: %v, %v", done, err)
	}
	if _, err := c.db.FinishStep(t.Context(), c.tenant, c.job); !errors.Is(err, postgres.ErrStopped) {
		t.Errorf("a step of a failed import: %v, want ErrStopped", err)
	}
	c.ended(t, c.get(t, c.job.ID), imports.StateFailed, 0, 0)
	c.is(t, "left", c.everybody(t), "X1 X2 A1")
}

func TestRemovalBeyondItsLimitRemovesNobody(t *testing.T) {
	t.Parallel()
	rows := func(n float64) imports.Limit { return imports.Limit{Set: true, Value: n} }
	for name, tt := range map[string]struct {
		limit  imports.Limit
		detail string // of the failure; empty where all are removed
	}{
		"nothing said":       {imports.Limit{}, "10%"},
		"as many as allowed": {rows(3), ""},
		"one too many":       {rows(2), "2"},
		"none allowed":       {rows(0), "0"},
		"the share":          {imports.Percent(15), ""},
		"beyond the share":   {imports.Percent(14.9), "14.9%"},
		"the whole list":     {imports.Percent(100), ""},
	} {
		for _, dry := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, dry run %v", name, dry), func(t *testing.T) {
				t.Parallel()
				c := newClosing(t)
				c.crowd(t, 20)
				c.lead(t, "no member", nil)
				c.begin(t, imports.Options{Rules: member.Rules{Mode: member.Replace}, MaxRemoved: tt.limit, DryRun: dry})
				c.exec(t, `insert into import_seen select tenant_id, $2, id, 0 from member where tenant_id = $1 and id > 3`, c.tenant, c.job.ID)
				c.merged(t)
				i := c.close(t)
				left, state, removed := 18, imports.StateCompleted, int64(3)
				if tt.detail != "" {
					state, removed = imports.StateFailed, 0
				}
				if dry || tt.detail != "" {
					left = 21
				}
				c.ended(t, i, state, removed, 0)
				if tt.detail != "" && i.Failure != (member.Problem{Code: member.MaxRemoved, Detail: tt.detail}) {
					t.Errorf("failed because of %+v, want the limit %s", i.Failure, tt.detail)
				}
				var n int
				c.ask(t, &n, `select count(*) from member`)
				if n != left {
					t.Errorf("%d people left, want %d", n, left)
				}
			})
		}
	}
}

// awaitBlocked waits until somebody waits for a row that somebody else has.
func (c *closing) awaitBlocked(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.url) // a transaction would see the same activity for ever
	must(t, err)
	defer conn.Close(context.Background())
	for waiting := false; !waiting; {
		must(t, conn.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting))
	}
}

// batch is how many members one step removes.
const batch = 1000

// TestRemovalGoesOnAfterACrash has steps fail halfway, and others go on with another connection.
func TestRemovalGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.crowd(t, 2*batch+500)
	c.begin(t, replacing())
	c.merged(t)
	left := func() (n int64) { c.ask(t, &n, `select count(*) from member`); return n }
	crash := func() { // in the middle of a step, which waits for a member that somebody holds
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tx, err := c.admin.Begin(ctx)
		must(t, err)
		defer func() { must(t, tx.Rollback(context.Background())) }()
		_, err = tx.Exec(ctx, `select from member where id = (select min(id) + 10 from member) for update`)
		must(t, err)
		broken := make(chan error)
		go func() { _, err := c.db.FinishStep(ctx, c.tenant, c.job); broken <- err }()
		c.awaitBlocked(t)
		cancel()
		if err := <-broken; err == nil {
			t.Error("the step did not break")
		}
	}
	step := func() {
		_, err := postgrestest.Open(t, c.url).FinishStep(t.Context(), c.tenant, c.job)
		must(t, err)
	}
	step() // no leads
	step() // not too many
	for _, want := range []int64{batch + 500, 500, 0} {
		before := left()
		crash()
		if left() != before {
			t.Fatalf("a step that broke left %d members of %d", left(), before)
		}
		step()
		if left() != want {
			t.Fatalf("%d members left, want %d", left(), want)
		}
	}
	c.ended(t, c.close(t), imports.StateCompleted, 2*batch+500, 0)
	var n int64
	c.ask(t, &n, `select count(distinct before->>'member_sn') from journal where act = 'removed'`)
	if n != 2*batch+500 {
		t.Errorf("%d members in the journal", n)
	}
}

func TestFinishersAtOnceCountEverybodyOnce(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.crowd(t, 3*batch+1)
	c.begin(t, replacing())
	c.merged(t)
	c.events(t)
	var wg sync.WaitGroup
	var errs [4]error
	for n := range errs {
		wg.Go(func() {
			for left := true; left && errs[n] == nil; {
				left, errs[n] = c.db.FinishStep(t.Context(), c.tenant, c.job)
			}
			if errors.Is(errs[n], postgres.ErrStopped) {
				errs[n] = nil
			}
		})
	}
	wg.Wait()
	must(t, errors.Join(errs[:]...))
	c.ended(t, c.get(t, c.job.ID), imports.StateCompleted, 3*batch+1, 0)
	if got := c.events(t); len(got) != 1 {
		t.Errorf("events %v, want one", got)
	}
}

func TestCancelStopsTheRemovalBetweenItsSteps(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.crowd(t, 2*batch)
	c.begin(t, replacing())
	c.merged(t)
	for range 3 { // unify, count, the first batch
		_, err := c.db.FinishStep(t.Context(), c.tenant, c.job)
		must(t, err)
	}
	must(t, c.db.CancelImport(t.Context(), c.tenant, c.job.ID))
	if _, err := c.db.FinishStep(t.Context(), c.tenant, c.job); !errors.Is(err, postgres.ErrStopped) {
		t.Errorf("a step after the cancel: %v, want ErrStopped", err)
	}
	c.ended(t, c.get(t, c.job.ID), imports.StateCancelled, batch, 0)
	var left, journal int64
	c.ask(t, &left, `select count(*) from member`)
	c.ask(t, &journal, `select count(*) from journal where act = 'removed'`)
	if left != batch || journal != batch {
		t.Errorf("%d members left and %d in the journal, want %d each", left, journal, batch)
	}
}

// TestMembersChangedDuringTheirRemoval has somebody change members while the removal wants them.
func TestMembersChangedDuringTheirRemoval(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change        string
		left, journal string
		removed       int64
	}{
		"a change is in the journal":      {`update member set version = version + 1, member_sn = 'CHANGED' where id = $1`, "", "X1 CHANGED X3", 3},
		"a blocked member stays":          {`update member set blocked_at = now() where id = $1`, "X2", "X1 X3", 2},
		"a deleted member is not counted": {`delete from member where id = $1`, "", "X1 X3", 2},
		"one who became a lead stays":     {`update member set kind = 'lead' where id = $1`, "X2", "X1 X3", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClosing(t)
			c.crowd(t, 3)
			var second int64
			c.ask(t, &second, `select id from member where member_sn = 'X2'`)
			c.begin(t, replacing())
			c.merged(t)
			for range 2 {
				_, err := c.db.FinishStep(t.Context(), c.tenant, c.job)
				must(t, err)
			}
			tx, err := c.admin.Begin(t.Context())
			must(t, err)
			_, err = tx.Exec(t.Context(), tt.change, second)
			must(t, err)
			removal := make(chan error)
			go func() { _, err := c.db.FinishStep(t.Context(), c.tenant, c.job); removal <- err }()
			c.awaitBlocked(t)
			must(t, tx.Commit(t.Context()))
			must(t, <-removal)
			c.ended(t, c.close(t), imports.StateCompleted, tt.removed, 0)
			c.is(t, "left", c.everybody(t), tt.left)
			c.is(t, "journal", c.journal(t, "removed"), tt.journal)
		})
	}
}
