package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// mailRow is a row of the mapping of begin with an address.
func mailRow(sn, name, email string) []string { return []string{sn, name, email, "", "", "", ""} }

// unified returns which leads became part of which members, by the journal.
func (c *closing) unified(t *testing.T) (pairs string) {
	t.Helper()
	c.ask(t, &pairs, `select coalesce(string_agg(coalesce(j.before->>'email', j.before->>'phone') || '>' || coalesce(m.member_sn, m.email), ' ' order by j.member_id), '')
		from journal j join member m on m.tenant_id = j.tenant_id and m.id = (j.after->>'member_id')::bigint
		where j.tenant_id = $1 and j.import_id = $2 and act = 'unified'`, c.tenant, c.job.ID)
	return pairs
}

// TestLeadsBecomePartOfTheMembersOfTheFile has a lead for each reason to become part of a member, or not to.
func TestLeadsBecomePartOfTheMembersOfTheFile(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	matched := c.put(t, `member_sn, phone`, "MATCHED", "+81312345678")
	failed := c.put(t, `member_sn, email`, "FAILED", "failed@example.jp")
	c.put(t, `member_sn, email`, "UNNAMED", "unnamed@example.jp")
	c.lead(t, "New@Example.jp", nil)
	c.lead(t, nil, "+81312345678")
	c.lead(t, "failed@example.jp", nil)
	c.lead(t, "unnamed@example.jp", nil)
	c.lead(t, "nobody@example.jp", nil)
	c.put(t, `kind, email, contact_verified`, "lead", "new@example.jp", false)
	c.put(t, `kind, email, blocked_at`, "lead", "new@example.jp", time.Now())
	elsewhere := c.lead(t, "new@example.jp", nil)
	c.exec(t, `insert into member_list (tenant_id, name) values ($1, 'second')`, c.tenant)
	c.exec(t, `update member set list_id = (select id from member_list where tenant_id = $1 and name = 'second') where id = $2`, c.tenant, elsewhere)
	c.begin(t, imports.Options{})
	c.lead(t, "new@example.jp", nil) // since the start
	c.file(t, mailRow("NEW", "青木", "new@example.jp"))
	c.see(t, matched, 0)
	c.see(t, failed, nil)
	c.merged(t)
	c.ended(t, c.close(t), imports.StateCompleted, 0, 2)
	c.is(t, "unified", c.unified(t), "New@Example.jp>NEW +81312345678>MATCHED")
	c.is(t, "left", c.everybody(t), "MATCHED FAILED UNNAMED failed@example.jp unnamed@example.jp nobody@example.jp new@example.jp new@example.jp new@example.jp NEW new@example.jp")
}

func TestContactOfSeveralMembersGoesToTheLowestRow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		a, b any // rows of the members A and B, which were there before
		want string
	}{
		"a row that matched":       {1, 5, "A"},
		"whatever the id":          {5, 1, "B"},
		"failed rows do not count": {nil, 2, "B"},
		"the first created one":    {nil, nil, "N3"},
		"created before matched":   {4, 9, "N3"},
		"matched before created":   {9, 2, "B"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClosing(t)
			a := c.put(t, `member_sn, email`, "A", "x@example.jp")
			b := c.put(t, `member_sn, phone`, "B", "+81312345678")
			c.lead(t, "x@example.jp", "+81312345678")
			c.begin(t, imports.Options{})
			c.file(t, row("N0", "青木"), row("N1", "井上"), row("N2", "上田"), mailRow("N3", "遠藤", "x@example.jp"), mailRow("N4", "大野", "x@example.jp"))
			c.see(t, a, tt.a)
			c.see(t, b, tt.b)
			c.merged(t)
			c.ended(t, c.close(t), imports.StateCompleted, 0, 1)
			c.is(t, "unified", c.unified(t), "x@example.jp>"+tt.want)
		})
	}
}

func TestUnifiedMemberHasWhatEitherHad(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.put(t, `kind, email, phone, name, city, is_subscriber, is_subscriber_sms, tags, last_seen_at, bounce_count, is_active, birthday`,
		"lead", "taro@example.jp", "+81312345678", "リード", "渋谷区", false, false, []string{"web", "vip"},
		time.Date(2199, 1, 2, 3, 4, 5, 6000, time.UTC), 3, false, "1990-05-20")
	c.begin(t, imports.Options{})
	c.file(t, []string{"A1", "青木", "taro@example.jp", "", "男性", "vip", ""})
	c.merged(t)
	c.ended(t, c.close(t), imports.StateCompleted, 0, 1)
	m := c.only(t)
	got := fmt.Sprintln(m.Kind, m.Version, value(m, "member_sn").Text, value(m, "name").Text, value(m, "phone").Text, value(m, "city").Text, value(m, "sex").Int,
		value(m, "birthday").Any(member.Date), value(m, "is_subscriber").Bool(), value(m, "is_subscriber_sms").Bool(), value(m, "is_subscriber_line").Bool(),
		value(m, "tags").List, value(m, "last_seen_at").Any(member.DateTime), value(m, "bounce_count").Text, value(m, "is_active").Bool(),
		value(m, "created_at").Equal(member.DateTimeValue(*c.job.StartedAt)), value(m, "updated_at").Equal(member.DateTimeValue(*c.job.StartedAt)))
	want := "member 2 A1 青木 +81312345678 渋谷区 1 1990-05-20 false false true [vip web] 2199-01-02T03:04:05.000006Z 3 true true true\n"
	c.is(t, "member", got, want)
	c.is(t, "journal of the lead", c.journal(t, "unified"), "taro@example.jp")
	var journal string
	c.ask(t, &journal, `select concat_ws(' ', act, version) from journal where member_id = $1`, m.ID)
	c.is(t, "journal of the member", journal, "created 2")
	var out string
	c.ask(t, &out, `select string_agg(concat_ws(' ', field, contact, import_id = $1), ',' order by field) from opt_out`, c.job.ID)
	c.is(t, "opt-outs", out, "is_subscriber taro@example.jp t,is_subscriber_sms +81312345678 t")
}

func TestUnionsAreJournaledByField(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.put(t, `member_sn, name, email`, "A1", "青木", "x@example.jp")
	c.put(t, `kind, email, city, tags`, "lead", "x@example.jp", "渋谷区", []string{"first"})
	c.put(t, `kind, email, city, country, tags`, "lead", "X@example.jp", "新宿区", "日本", []string{"second"})
	c.begin(t, imports.Options{})
	c.file(t, mailRow("A1", "青木", "x@example.jp"))
	c.merged(t)
	c.ended(t, c.close(t), imports.StateCompleted, 0, 2)
	m := c.only(t)
	c.is(t, "member", fmt.Sprint(value(m, "city").Text, value(m, "country").Text, value(m, "tags").List, m.Version), "渋谷区日本[first second] 2")
	var journal string
	c.ask(t, &journal, `select string_agg(concat_ws(' ', act, before->>'city', version), ',' order by act, member_id) from journal where act = 'unified'`)
	c.is(t, "journal of the leads", journal, "unified 渋谷区 1,unified 新宿区 1")
	c.ask(t, &journal, `select concat_ws(' ', version, before - 'last_seen_at', after - 'last_seen_at') from journal where act = 'updated'`)
	c.is(t, "journal of the member", journal, `2 {"city": null, "tags": null, "country": null} {"city": "渋谷区", "tags": ["first", "second"], "country": "日本"}`)
}

func TestLeadsAreNeverUnifiedWithLeads(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	m := c.put(t, `member_sn, phone`, "M", "+81312345678")
	known := c.lead(t, "known@example.jp", "+81311111111")
	c.lead(t, "other@example.jp", "+81311111111")
	c.begin(t, imports.Options{Rules: member.Rules{Kind: member.KindLead}})
	c.exec(t, `insert into member (tenant_id, list_id, id, kind, created_at, updated_at, email, phone) values
		($1, $2, $3, 'lead', now(), now(), 'made@example.jp', '+81311111111'), ($1, $2, $3 + 1, 'lead', now(), now(), 'ours@example.jp', '+81312345678')`,
		c.tenant, c.list, c.job.FirstID)
	c.see(t, known, 3)
	c.see(t, m, 4)
	c.merged(t)
	c.ended(t, c.close(t), imports.StateCompleted, 0, 1)
	c.is(t, "unified", c.unified(t), "ours@example.jp>M")
	c.is(t, "left", c.everybody(t), "M known@example.jp other@example.jp made@example.jp")
}

// TestCustomValuesOfALeadFillThoseOfItsMember has a schema with custom fields, one of them a key, and values of a field
// that the list does not have any more.
func TestCustomValuesOfALeadFillThoseOfItsMember(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	lead := c.put(t, `kind, email, custom`, "lead", "x@example.jp",
		`{"shop": "渋谷", "card": "C1", "service": false, "since": "2020-01-02", "seen": "2026-01-02T03:04:05Z", "points": "12.5", "rank": 2, "likes": ["本"], "gone": {"kept": true}}`)
	m := c.put(t, `member_sn, email, custom`, "A1", "x@example.jp", `{"shop": "新宿", "service": true, "gone_too": 1}`)
	c.exec(t, `insert into member_key values ($1, $2, 'card', 'C1', $3, true), ($1, $2, 'shop', '渋谷', $3, false), ($1, $2, 'shop', '新宿', $4, false)`, c.tenant, c.list, lead, m)
	c.begin(t, imports.Options{})
	custom := func(key string, typ member.Type) member.Field { return member.Field{Key: key, Type: typ, Custom: true} }
	shop, card, service := custom("shop", member.String), custom("card", member.String), custom("service", member.Boolean)
	shop.MergeKey, card.Unique, service.Consent, service.Contacts = true, true, true, []string{"email"}
	var err error
	c.job.Schema, err = standard.With(shop, card, service, custom("since", member.Date), custom("seen", member.DateTime), custom("points", member.Number),
		member.Field{Key: "rank", Type: member.Choice, Custom: true, Choices: []member.Option{{Number: 2, Key: "gold"}}}, custom("likes", member.List))
	must(t, err)
	c.see(t, m, 0)
	c.merged(t)
	c.ended(t, c.close(t), imports.StateCompleted, 0, 1)
	var text string
	c.ask(t, &text, `select custom from member`)
	c.is(t, "custom values", text, `{"card": "C1", "gone": {"kept": true}, "rank": 2, "seen": "2026-01-02T03:04:05Z", "shop": "新宿", "likes": ["本"], "since": "2020-01-02", "points": "12.5", "service": false, "gone_too": 1}`)
	c.ask(t, &text, `select string_agg(concat_ws(' ', field, value, member_id), ',' order by field) from member_key`)
	c.is(t, "keys", text, fmt.Sprintf("card C1 %d,shop 新宿 %d", m, m))
	c.ask(t, &text, `select string_agg(concat_ws(' ', field, contact), ',') from opt_out`)
	c.is(t, "opt-outs", text, "service x@example.jp")
}

// TestUnificationGoesOnBatchByBatch has more leads than one step takes, some of which have no member.
func TestUnificationGoesOnBatchByBatch(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.exec(t, `with ids as (update member_id_counter set next_id = next_id + 2400 where tenant_id = $1)
		insert into member (tenant_id, list_id, id, kind, created_at, updated_at, member_sn, email)
		select $1, $2, n, case when n > 1200 then 'lead' else 'member' end, now(), now(), case when n <= 1200 then 'A' || n end, (n - 1) % 1200 || '@example.jp'
		from generate_series(1, 2400) n`, c.tenant, c.list)
	c.begin(t, imports.Options{})
	c.exec(t, `insert into import_seen select tenant_id, $2, id, id from member where tenant_id = $1 and id <= 1200 and id % 3 <> 0`, c.tenant, c.job.ID)
	c.merged(t)
	steps := 0
	for step := ""; step != "count"; steps++ {
		left, err := c.db.FinishStep(t.Context(), c.tenant, c.job)
		if err != nil || !left {
			t.Fatalf("the import has ended: %v", err)
		}
		c.ask(t, &step, `select step from import_finish`)
	}
	c.ended(t, c.close(t), imports.StateCompleted, 0, 800)
	if steps != 2 {
		t.Errorf("%d steps, want 2", steps)
	}
	var wrong int
	c.ask(t, &wrong, `select count(*) from journal where act = 'unified' and before->>'id' <> ((after->>'member_id')::bigint + 1200)::text`)
	if wrong != 0 {
		t.Errorf("%d leads became part of another member", wrong)
	}
}

// TestDryRunCountsWhatItWouldDo compares a dry run with the run: the members that the file touches stand in the shadow of
// the one, and in the list of the other.
func TestDryRunCountsWhatItWouldDo(t *testing.T) {
	t.Parallel()
	for _, kind := range []member.Kind{member.KindMember, member.KindLead} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			var totals [2]imports.Totals
			for n, dry := range []bool{true, false} {
				c := newClosing(t)
				moved := c.put(t, `member_sn, email`, "MOVED", "old@example.jp")
				c.put(t, `member_sn, email`, "GONE", "gone@example.jp")
				c.lead(t, "old@example.jp", nil)
				c.lead(t, "moved@example.jp", nil)
				c.lead(t, "new@example.jp", nil)
				c.lead(t, "gone@example.jp", nil)
				c.begin(t, imports.Options{Rules: member.Rules{Kind: kind, Mode: member.Replace}, MaxRemoved: imports.Percent(100), DryRun: dry})
				// What merging leaves behind: one member with another address, and a new one, of which one more lead would be part.
				c.touch(t, dry, moved, "MOVED", "member", "moved@example.jp")
				c.touch(t, dry, c.job.FirstID, "NEW", "member", "new@example.jp")
				c.touch(t, dry, c.job.FirstID+1, nil, "lead", "moved@example.jp")
				c.see(t, moved, 2)
				c.merged(t)
				before := c.everybody(t)
				totals[n] = c.close(t).Totals
				if after := c.everybody(t); dry && after != before {
					t.Errorf("the dry run left %q of %q", after, before)
				}
				var written int
				c.ask(t, &written, `select (select count(*) from journal) + (select count(*) from opt_out)`)
				if dry && written != 0 {
					t.Errorf("the dry run has written %d rows", written)
				}
			}
			if totals[0].Unified != 3 || totals[0].Removed == 0 || totals[0].Removed != totals[1].Removed || totals[0].Unified != totals[1].Unified {
				t.Errorf("the dry run counts %+v, the run %+v", totals[0], totals[1])
			}
		})
	}
}

// touch has the import make or change somebody, as a dry run or not.
func (c *closing) touch(t *testing.T, dry bool, id int64, sn any, kind, email string) {
	t.Helper()
	into := `member (tenant_id, list_id, id, member_sn, kind, email, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, now(), now())
		on conflict (tenant_id, id) do update set email = excluded.email`
	args := []any{c.tenant, c.list, id, sn, kind, email}
	if dry {
		into = strings.Replace(into, `member (`, `member_shadow (import_id, merge_key, `, 1)
		into = strings.Replace(into, `values (`, `values ($7, $6, `, 1)
		into = strings.Replace(into, `(tenant_id, id)`, `(tenant_id, import_id, id)`, 1)
		args = append(args, c.job.ID)
	}
	c.exec(t, `insert into `+into, args...)
}

func TestSweepDeletesWhatEndedImportsHaveLeft(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	fill := func() {
		for _, sql := range []string{
			`insert into import_seen select $1, $2, n, n from generate_series(1, 25) n`,
			`insert into member_shadow (tenant_id, list_id, id, created_at, updated_at, import_id, merge_key) select $1, $3, n, now(), now(), $2, 'x' from generate_series(1, 7) n`,
			`insert into import_finish (tenant_id, import_id) select $1, $2 where $3 > 0`,
		} {
			c.exec(t, strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(sql, "$1", c.tenant.String()), "$2", "'"+c.job.ID.String()+"'"), "$3", fmt.Sprint(c.list)))
		}
	}
	c.begin(t, imports.Options{})
	fill()
	must(t, c.db.CancelImport(t.Context(), c.tenant, c.job.ID))
	c.begin(t, imports.Options{})
	fill()
	_, err := c.db.FailImport(t.Context(), c.tenant, c.job.ID, member.Problem{Code: member.PoisonChunk})
	must(t, err)
	c.begin(t, imports.Options{})
	fill()
	var total, runs int64
	for n := int64(1); n > 0; runs++ {
		n, err = c.db.SweepScratch(t.Context(), 10)
		must(t, err)
		if n > 30 {
			t.Errorf("%d rows at once, want 10 of each table at most", n)
		}
		total += n
	}
	if total != 2*33 {
		t.Errorf("%d rows are swept in %d runs, want those of two imports", total, runs)
	}
	var left string
	c.ask(t, &left, `select concat_ws(' ', (select count(*) from import_seen where import_id = $1), (select count(*) from member_shadow where import_id = $1),
		(select count(*) from import_finish where import_id = $1))`, c.job.ID)
	c.is(t, "rows of the running import", left, "25 7 1")
}
