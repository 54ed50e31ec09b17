package postgres_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// found returns the names of the members that match, in their order.
func (d *desk) found(t *testing.T, f postgres.MemberFilter) string {
	t.Helper()
	f.List, f.Limit = postgres.MainList, 50
	page, err := d.db.Members(t.Context(), d.tenant, d.schema, f)
	must(t, err)
	var names []string
	for _, m := range page {
		names = append(names, d.value(m, "name").Text)
	}
	n, more, err := d.db.CountMembers(t.Context(), d.tenant, f)
	if err != nil || n != len(page) || more {
		t.Errorf("%+v: counted %d, %v, %v; found %d", f, n, more, err, len(page))
	}
	return strings.Join(names, " ")
}

func (d *desk) filters(t *testing.T, texts ...string) (filters []member.Filter) {
	t.Helper()
	for _, text := range texts {
		f, problem := d.schema.ParseFilter(text, &member.Locale{Zone: time.UTC, Region: "JP"})
		if problem != nil {
			t.Fatalf("filter %s: %+v", text, problem)
		}
		filters = append(filters, f)
	}
	return filters
}

// furnished is a desk with three members, Aoki, Inoue and Ueda, who is a lead.
func furnished(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.schema = withCustom(t)
	d.made(t, "member_sn", map[string]string{
		"member_sn": "A-1", "name": "Aoki", "email": "Aoki@docomo.ne.jp", "phone": "090-1234-5678", "birthday": "1990-05-20", "sex": "1", "tags": "vip/gold,x",
		"line_id": "U1", "city": "Minato:1", "card": "C-1", "points": "120", "sizes": `["1","2.5"]`, "joined": "2024-01-01", "plan": "paid", "news": "true", "is_subscriber_sms": "false",
	})
	d.made(t, "member_sn", map[string]string{
		"member_sn": "A-2", "name": "Inoue", "email": "inoue@example.jp", "birthday": "1985-01-01", "sex": "2", "tags": "x,y", "card": "C-2", "points": "9", "joined": "2023-01-01", "plan": "1",
	})
	lead := said("email", map[string]string{"name": "Ueda", "email": "ueda@example.jp", "tags": "[]"})
	lead.Rules.Kind = member.KindLead
	_, err := d.db.CreateMember(t.Context(), d.tenant, d.schema, postgres.NewMember{List: postgres.MainList, Said: lead})
	must(t, err)
	return d
}

func TestMembersAreSearchedByAnyField(t *testing.T) {
	t.Parallel()
	d := furnished(t)
	for filter, want := range map[string]string{
		"member_sn:eq:Ａ-1": "Aoki", "member_sn:ne:A-1": "Inoue Ueda", "member_sn:starts:A-": "Aoki Inoue", "member_sn:empty": "Ueda", "member_sn:contains:-2": "Inoue",
		"email:eq:AOKI@docomo.ne.jp": "Aoki", "email:contains:EXAMPLE": "Inoue Ueda", "email:starts:In": "Inoue", "email:ne:ueda@example.jp": "Aoki Inoue",
		"phone:eq:09012345678": "Aoki", "phone:starts:+8190": "Aoki", "phone:present": "Aoki", "line_id:eq:U1": "Aoki",
		"name:contains:O": "Aoki Inoue", "name:starts:ao": "Aoki", "city:eq:Minato:1": "Aoki",
		"birthday:gte:1990/5/20": "Aoki", "birthday:gt:1990-05-20": "", "birthday:lt:昭和64年1月1日": "Inoue", "birthday:lte:1985-01-01": "Inoue", "birthday:empty": "Ueda",
		"sex:eq:男性": "Aoki", "sex:ne:1": "Inoue Ueda", "carrier:eq:1": "Aoki",
		"is_subscriber_sms:eq:no": "Aoki", "is_active:eq:true": "Aoki Inoue Ueda", "bounce_count:lt:1": "Aoki Inoue Ueda", "created_at:gt:2024-01-01": "Aoki Inoue Ueda",
		"tags:any:y,vip/gold": "Aoki Inoue", `tags:all:["x","y"]`: "Inoue", "tags:none:y": "Aoki Ueda", "tags:empty": "Ueda", "tags:present": "Aoki Inoue",
		"card:eq:C-2": "Inoue", "card:starts:c-": "Aoki Inoue", "card:ne:C-2": "Aoki Ueda", "points:gt:9.5": "Aoki", "points:eq:9.0": "Inoue", "points:lte:9": "Inoue",
		"sizes:any:2.50": "Aoki", "sizes:none:1": "Inoue Ueda", "sizes:empty": "Inoue Ueda", "joined:lt:2024-01-01": "Inoue", "plan:eq:2": "Aoki",
		"news:eq:false": "Inoue Ueda", "news:eq:true": "Aoki",
	} {
		if got := d.found(t, postgres.MemberFilter{Filters: d.filters(t, filter)}); got != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
	if got := d.found(t, postgres.MemberFilter{Filters: d.filters(t, "tags:any:x", "birthday:lt:1990-01-01")}); got != "Inoue" {
		t.Errorf("two filters: %q, want Inoue: both have to hold", got)
	}
	id := d.text(t, `select min(id) from member`)
	if got := d.found(t, postgres.MemberFilter{Filters: d.filters(t, "id:gt:"+id)}); got != "Inoue Ueda" {
		t.Errorf("by id: %q", got)
	}
	if got := d.found(t, postgres.MemberFilter{Filters: d.filters(t, "id:eq:"+id)}); got != "Aoki" {
		t.Errorf("by id: %q", got)
	}
}

func TestEveryOperatorOfEveryFieldIsUnderstood(t *testing.T) {
	t.Parallel()
	d := furnished(t)
	values := map[member.Type]string{
		member.String: "JP", member.Email: "a@b", member.Phone: "+819012345678", member.Number: "1", member.Date: "2024-01-01", member.DateTime: "2024-01-01",
		member.Boolean: "true", member.Choice: "1", member.List: "a", member.NumberList: "1", member.Tags: "a",
	}
	for _, f := range d.schema.Fields() {
		for _, op := range f.Ops() {
			text := f.Key + ":" + string(op)
			if op != member.OpEmpty && op != member.OpPresent {
				text += ":" + values[f.Type]
			}
			d.found(t, postgres.MemberFilter{Filters: d.filters(t, text)})
		}
	}
}

func TestMembersAreFoundByWhatPeopleKnowThemBy(t *testing.T) {
	t.Parallel()
	d := furnished(t)
	for q, want := range map[string]string{
		"ok": "Aoki", "AOKI": "Aoki", "ａｏｋｉ@": "Aoki", "Ａ-1": "Aoki", "A-": "Aoki Inoue", "090-1234-5678": "Aoki", "+8190": "Aoki", "ueda": "Ueda",
		"@example": "", "nobody": "", "99": "",
	} {
		if got := d.found(t, postgres.MemberFilter{Words: d.schema.ParseWords(q, &member.Locale{Region: "JP"})}); got != want {
			t.Errorf("q=%s: %q, want %q", q, got, want)
		}
	}
}

func TestBlockedMembersAndKindsAreFoundWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	d := furnished(t)
	page, err := d.db.Members(t.Context(), d.tenant, d.schema, postgres.MemberFilter{List: postgres.MainList, MemberSN: "A-2", Limit: 1})
	must(t, err)
	_, err = d.db.BlockMember(t.Context(), d.tenant, d.schema, page[0].ID, true)
	must(t, err)
	for _, c := range []struct {
		filter postgres.MemberFilter
		want   string
	}{
		{postgres.MemberFilter{}, "Aoki Ueda"},
		{postgres.MemberFilter{Blocked: postgres.BlockedIncluded}, "Aoki Inoue Ueda"},
		{postgres.MemberFilter{Blocked: postgres.BlockedOnly}, "Inoue"},
		{postgres.MemberFilter{Kind: member.KindMember}, "Aoki"},
		{postgres.MemberFilter{Kind: member.KindLead}, "Ueda"},
	} {
		if got := d.found(t, c.filter); got != c.want {
			t.Errorf("%+v: %q, want %q", c.filter, got, c.want)
		}
	}
}

func TestSearchThatTakesTooLongIsSaidToBe(t *testing.T) {
	t.Parallel()
	d := furnished(t)
	tx, err := d.admin.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `lock table member in access exclusive mode`)
	must(t, err)
	f := postgres.MemberFilter{List: postgres.MainList, Limit: 1, Within: 20 * time.Millisecond}
	if _, err := d.db.Members(t.Context(), d.tenant, d.schema, f); !errors.Is(err, postgres.ErrTooSlow) {
		t.Errorf("search: %v, want ErrTooSlow", err)
	}
	if _, _, err := d.db.CountMembers(t.Context(), d.tenant, f); !errors.Is(err, postgres.ErrTooSlow) {
		t.Errorf("count: %v, want ErrTooSlow", err)
	}
	must(t, tx.Rollback(t.Context()))
	_, err = d.db.Members(t.Context(), d.tenant, d.schema, f)
	must(t, err)
}

// TestExactSearchesUseAnIndex: with ten thousand members, none of them may look at all.
func TestExactSearchesUseAnIndex(t *testing.T) {
	t.Parallel()
	d := furnished(t)
	_, err := d.admin.Exec(t.Context(), `insert into member (tenant_id, list_id, id, created_at, updated_at, name, member_sn, email, phone, line_id)
		select m.tenant_id, m.list_id, 1000 + n, now(), now(), 'x', 'N' || n, 'n' || n || '@example.com', '+8180' || n, 'L' || n
		from (select * from member where member_sn = 'A-1') m, generate_series(10000, 29999) n`)
	must(t, err)
	_, err = d.admin.Exec(t.Context(), `analyze member`)
	must(t, err)
	words := func(q string) *member.Words { return d.schema.ParseWords(q, &member.Locale{Region: "JP"}) }
	for name, f := range map[string]postgres.MemberFilter{
		"member_sn": {Filters: d.filters(t, "member_sn:eq:A-1")}, "email": {Filters: d.filters(t, "email:eq:aoki@docomo.ne.jp")}, "phone": {Filters: d.filters(t, "phone:eq:09012345678")},
		"line_id": {Filters: d.filters(t, "line_id:eq:U1")}, "card": {Filters: d.filters(t, "card:eq:C-1")}, "id": {Filters: d.filters(t, "id:eq:1")},
		"prefix": {Filters: d.filters(t, "email:starts:aoki@")}, "q email": {Words: words("aoki@d")}, "q phone": {Words: words("090-1234-5678")}, "q number": {Words: words("A-1")},
	} {
		if got := d.found(t, f); got != "Aoki" {
			t.Errorf("%s: %q, want Aoki", name, got)
		}
		if removed := d.removed(t, f); removed > 200 {
			t.Errorf("%s: %d members were looked at in vain, want a few", name, removed)
		}
	}
	if removed := d.removed(t, postgres.MemberFilter{Filters: d.filters(t, "city:eq:Minato:1")}); removed < 10_000 {
		t.Errorf("a field without an index: %d members were looked at in vain; the test shows nothing", removed)
	}
}

// removed returns how many rows the search reads and does not return, as the role that serves people.
func (d *desk) removed(t *testing.T, f postgres.MemberFilter) (n int) {
	t.Helper()
	var list int64
	must(t, d.admin.QueryRow(t.Context(), `select id from member_list where name = 'main'`).Scan(&list))
	where, args := f.Where(d.tenant, list)
	tx, err := d.admin.Begin(t.Context())
	must(t, err)
	defer func() { must(t, tx.Rollback(t.Context())) }()
	_, err = tx.Exec(t.Context(), `select set_config('role', 'meibo_web', true), set_config('meibo.tenant_id', $1, true)`, d.tenant.String())
	must(t, err)
	rows, err := tx.Query(t.Context(), `explain (analyze, costs off, timing off) select m.id from member m where `+where+` order by m.id limit 51`,
		append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	must(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	for _, line := range lines {
		if _, number, ok := strings.Cut(line, "Rows Removed by Filter: "); ok {
			removed, err := strconv.Atoi(number)
			must(t, err)
			n += removed
		}
	}
	return n
}
