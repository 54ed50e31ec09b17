package postgres_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

// said is what a caller says of a member: JSON, or text that is no JSON as it is.
func said(key string, values map[string]string) member.Said {
	s := member.Said{Rules: member.Rules{Key: key}, Locale: &member.Locale{Zone: time.UTC, Region: "JP"}, MaxBytes: 1 << 18, Values: map[string]json.RawMessage{}}
	for field, value := range values {
		raw := json.RawMessage(value)
		if !json.Valid(raw) {
			raw, _ = json.Marshal(value) // a string has JSON
		}
		s.Values[field] = raw
	}
	return s
}

// desk is a tenant whose members are changed one by one.
type desk struct {
	*world
	schema *member.Schema
	admin  *pgx.Conn
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	ten, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	admin, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, admin.Close(t.Context())) })
	return &desk{&world{db: db, tenant: ten.ID}, standard, admin}
}

func (d *desk) create(t *testing.T, key string, values map[string]string) postgres.Edited {
	t.Helper()
	out, err := d.db.CreateMember(t.Context(), d.tenant, d.schema, postgres.NewMember{List: postgres.MainList, Said: said(key, values)})
	must(t, err)
	return out
}

// made is a member that could be created.
func (d *desk) made(t *testing.T, key string, values map[string]string) postgres.Member {
	t.Helper()
	out := d.create(t, key, values)
	if len(out.Problems) > 0 || out.Holder != 0 || out.Member.ID == 0 {
		t.Fatalf("create %v = %+v", values, out)
	}
	return out.Member
}

func (d *desk) update(t *testing.T, id int64, values map[string]string) postgres.Edited {
	t.Helper()
	out, err := d.db.UpdateMember(t.Context(), d.tenant, d.schema, id, postgres.MemberChange{Said: said("", values)})
	must(t, err)
	return out
}

func (d *desk) value(m postgres.Member, key string) member.Value {
	return m.Values[d.schema.Index(key)]
}

// text returns what one value of the database is.
func (d *desk) text(t *testing.T, sql string, args ...any) (s string) {
	t.Helper()
	must(t, d.admin.QueryRow(t.Context(), `select coalesce((`+sql+`)::text, '')`, args...).Scan(&s))
	return s
}

// fieldCodes returns the problems as field:code, sorted.
func fieldCodes(problems []member.Problem) string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Field+":"+string(p.Code))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestMembersAreCreatedByTheRulesOfAnImport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := d.made(t, "member_sn", map[string]string{
		"member_sn": "Ａ１", "last_name": "青木", "first_name": "一", "email": "a@docomo.ne.jp", "phone": "090-1234-5678", "birthday": "令和6年5月4日",
		"sex": "女性", "tags": `["vip/gold","b","b"]`, "is_subscriber": "false", "city": "null", "device": "3",
	})
	got := fmt.Sprintln(value(m, "member_sn").Text, value(m, "name").Text, value(m, "phone").Text, value(m, "birthday").Int, value(m, "sex").Int, value(m, "tags").List,
		value(m, "carrier").Int, value(m, "is_subscriber").Bool(), value(m, "is_subscriber_sms").Bool(), value(m, "city").Set, value(m, "device").Int, m.Version, m.Kind, m.List)
	if want := "A1 青木一 +819012345678 19847 2 [vip/gold b] 1 false true false 3 1 member main\n"; got != want {
		t.Errorf("member = %swant %s", got, want)
	}
	if value(m, "created_at").Int != value(m, "last_seen_at").Int || time.Since(time.UnixMicro(value(m, "created_at").Int)) > time.Minute {
		t.Errorf("times = %+v", m.Values)
	}
	if got := d.text(t, `select field || ' ' || contact || ' ' || (import_id is null) from opt_out`); got != "is_subscriber a@docomo.ne.jp true" {
		t.Errorf("opt-out %q, want that of the new member", got)
	}
	out := d.create(t, "member_sn", map[string]string{
		"member_sn": "A2", "email": "a@@b", "phone": "1", "birthday": "2024.05.04", "sex": `["x"]`, "tags": `{"a":1}`, "color": "red", "carrier": "1", "is_active": "perhaps",
	})
	want := "birthday:date_dots carrier:read_only color:unknown_field email:email_invalid is_active:boolean_invalid phone:phone_invalid sex:value_type tags:value_type"
	if fieldCodes(out.Problems) != want {
		t.Errorf("problems %s, want %s", fieldCodes(out.Problems), want)
	}
	for _, c := range []struct {
		key    string
		values map[string]string
		want   string
	}{
		{"member_sn", map[string]string{"member_sn": "A3"}, "name:required"},
		{"member_sn", map[string]string{"name": "青木"}, "member_sn:key_missing"},
		{"email", map[string]string{"name": "青木", "email": "null", "city": `{}`}, "city:value_type email:key_missing"},
		{"email", map[string]string{"name": "", "email": "b@example.jp", "member_sn": "A1"}, "member_sn:not_unique name:required"},
	} {
		if got := fieldCodes(d.create(t, c.key, c.values).Problems); got != c.want {
			t.Errorf("%v: problems %s, want %s", c.values, got, c.want)
		}
	}
	if got := d.create(t, "member_sn", map[string]string{"member_sn": "A1", "name": "別人"}); got.Holder != m.ID || got.Member.ID != 0 {
		t.Errorf("the same key again = %+v, want member %d named", got, m.ID)
	}
	if n := d.text(t, `select count(*) from member`); n != "1" {
		t.Errorf("%s members, want 1: what is refused leaves nothing", n)
	}
	if id := d.made(t, "email", map[string]string{"email": "c@example.jp", "name": "次"}).ID; id != m.ID+1 {
		t.Errorf("id %d, want the next one: what is refused takes none", id)
	}
}

func TestLeadsAreKnownByAContact(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	lead := func(values map[string]string) postgres.Edited {
		s := said("email", values)
		s.Rules.Kind = member.KindLead
		out, err := d.db.CreateMember(t.Context(), d.tenant, standard, postgres.NewMember{List: postgres.MainList, Said: s})
		must(t, err)
		return out
	}
	out := lead(map[string]string{"email": "a@example.jp"})
	if out.Member.Kind != member.KindLead || len(out.Problems) > 0 {
		t.Fatalf("lead = %+v", out)
	}
	if got := fieldCodes(lead(map[string]string{"email": "b@example.jp", "member_sn": "A1"}).Problems); got != "member_sn:lead_member_number" {
		t.Errorf("lead with a number: %s", got)
	}
	if got := lead(map[string]string{"email": "A@example.jp"}); got.Holder != out.Member.ID {
		t.Errorf("the same lead again = %+v", got)
	}
	if got := fieldCodes(d.update(t, out.Member.ID, map[string]string{"email": "null"}).Problems); got != ":contact_missing" {
		t.Errorf("lead without contact: %s", got)
	}
	if got := d.update(t, out.Member.ID, map[string]string{"email": "", "phone": "090-1234-5678"}); got.Member.Version != 2 || value(got.Member, "email").Set {
		t.Errorf("lead with another contact = %+v", got)
	}
}

func TestUpdateChangesWhatIsSaidAndNothingElse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := d.made(t, "member_sn", map[string]string{"member_sn": "A1", "name": "青木", "email": "a@docomo.ne.jp", "tags": `["a"]`, "city": "港区", "birthday": "1990-05-20"})
	out := d.update(t, m.ID, map[string]string{"email": "b@example.jp", "tags": `["b"]`, "city": "null", "is_active": "null"})
	after := out.Member
	got := fmt.Sprintln(after.Version, value(after, "email").Text, value(after, "carrier").Int, value(after, "tags").List, value(after, "city").Set, value(after, "is_active").Bool(),
		value(after, "name").Text, value(after, "birthday").Int == value(m, "birthday").Int, value(after, "updated_at").Int > value(m, "updated_at").Int)
	if want := "2 b@example.jp 0 [b] false true 青木 true true\n"; got != want {
		t.Errorf("member = %swant %s", got, want)
	}
	if again := d.update(t, m.ID, map[string]string{"email": "b@example.jp"}); again.Member.Version != 2 || value(again.Member, "updated_at").Int != value(after, "updated_at").Int {
		t.Errorf("unchanged member = %+v", again.Member)
	}
	if got := fieldCodes(d.update(t, m.ID, map[string]string{"name": "null", "id": "9", "is_subscriber": "null"}).Problems); got != "id:read_only is_subscriber:cannot_clear" {
		t.Errorf("problems %s", got)
	}
	if got := fieldCodes(d.update(t, m.ID, map[string]string{"name": ""}).Problems); got != "name:cannot_clear" {
		t.Errorf("problems %s", got)
	}
	appended := said("", map[string]string{"tags": "b,c"})
	appended.Rules.ListValues = member.ListAppend
	more, err := d.db.UpdateMember(t.Context(), d.tenant, standard, m.ID, postgres.MemberChange{Said: appended, Versions: []int32{2}})
	must(t, err)
	if !slices.Equal(value(more.Member, "tags").List, []string{"b", "c"}) {
		t.Errorf("tags = %v", value(more.Member, "tags").List)
	}
	stale, err := d.db.UpdateMember(t.Context(), d.tenant, standard, m.ID, postgres.MemberChange{Said: said("", map[string]string{"name": "x"}), Versions: []int32{2}})
	if err != nil || !stale.Stale || stale.Member.Version != 3 || value(stale.Member, "name").Text != "青木" {
		t.Errorf("stale = %+v, %v", stale, err)
	}
	if _, err := d.db.UpdateMember(t.Context(), d.tenant, standard, 99, postgres.MemberChange{Said: said("", nil)}); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("unknown id: %v", err)
	}
}

func TestOptOutsAreRememberedAndOnlyThoseWhoMayLiftThem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := d.made(t, "email", map[string]string{"email": "a@example.jp", "name": "青木"})
	d.update(t, m.ID, map[string]string{"is_subscriber": "false"})
	if got := fieldCodes(d.update(t, m.ID, map[string]string{"is_subscriber": "true", "name": "青山"}).Problems); got != "is_subscriber:consent_protected" {
		t.Errorf("opting in under the guard: %s", got)
	}
	_, err := d.db.DeleteMember(t.Context(), d.tenant, standard, m.ID, nil)
	must(t, err)
	again := d.made(t, "email", map[string]string{"email": "A@EXAMPLE.JP", "name": "青木"})
	if value(again, "is_subscriber").Bool() {
		t.Error("who opted out was opted in by being deleted and created again")
	}
	if got := fieldCodes(d.create(t, "member_sn", map[string]string{"member_sn": "A1", "email": "a@example.jp", "name": "青木", "is_subscriber": "true"}).Problems); got != "is_subscriber:consent_protected" {
		t.Errorf("creating an opted-in member: %s", got)
	}
	lifted := said("", map[string]string{"is_subscriber": "true"})
	lifted.Rules.Consent = member.ConsentAllow
	out, err := d.db.UpdateMember(t.Context(), d.tenant, standard, again.ID, postgres.MemberChange{Said: lifted})
	must(t, err)
	if !value(out.Member, "is_subscriber").Bool() || d.text(t, `select count(*) from opt_out`) != "0" {
		t.Errorf("lifted = %+v", out)
	}
}

// TestDecisionOfAPersonOutlivesWhatAnImportNotedBefore: opt-ins of an import come into force when it ends.
func TestDecisionOfAPersonOutlivesWhatAnImportNotedBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start(t, 1)
	m := d.made(t, "member_sn", map[string]string{"member_sn": "A1", "email": "a@example.jp", "name": "青木"})
	_, err := d.admin.Exec(t.Context(), `insert into import_opt_out select tenant_id, id, 'is_subscriber', 'a@example.jp', false from import`)
	must(t, err)
	d.update(t, m.ID, map[string]string{"is_subscriber": "false"})
	d.finish(t, 0, 0)
	if got := d.text(t, `select string_agg(contact, ' ') from opt_out`); got != "a@example.jp" {
		t.Errorf("opt-outs %q: the import has lifted one that is newer", got)
	}
}

func TestQuotaHoldsForSingleMembers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.admin.Exec(t.Context(), `update tenant set member_quota = 2`)
	must(t, err)
	first := d.made(t, "member_sn", map[string]string{"member_sn": "A1", "name": "青木"})
	d.made(t, "member_sn", map[string]string{"member_sn": "A2", "name": "井上"})
	if got := fieldCodes(d.create(t, "member_sn", map[string]string{"member_sn": "A3", "name": "上田"}).Problems); got != ":quota_exceeded" {
		t.Errorf("the third: %s", got)
	}
	blocked, err := d.db.BlockMember(t.Context(), d.tenant, standard, first.ID, true)
	must(t, err)
	if blocked.Member.BlockedAt == nil || blocked.Member.Version != 2 {
		t.Errorf("blocked = %+v", blocked.Member)
	}
	again, err := d.db.BlockMember(t.Context(), d.tenant, standard, first.ID, true)
	must(t, err)
	if again.Member.Version != 2 || !again.Member.BlockedAt.Equal(*blocked.Member.BlockedAt) {
		t.Errorf("blocked again = %+v", again.Member)
	}
	d.made(t, "member_sn", map[string]string{"member_sn": "A3", "name": "上田"})
	refused, err := d.db.BlockMember(t.Context(), d.tenant, standard, first.ID, false)
	must(t, err)
	if fieldCodes(refused.Problems) != ":quota_exceeded" {
		t.Errorf("no room to unblock: %+v", refused)
	}
	_, err = d.admin.Exec(t.Context(), `update tenant set member_quota = 3`)
	must(t, err)
	free, err := d.db.BlockMember(t.Context(), d.tenant, standard, first.ID, false)
	must(t, err)
	if free.Member.BlockedAt != nil || free.Member.Version != 3 {
		t.Errorf("unblocked = %+v", free)
	}
}

func TestCustomFieldsAreIndexedAndUnique(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.schema = withCustom(t)
	m := d.made(t, "card", map[string]string{"name": "青木", "card": "C-1", "points": "12", "sizes": `["1",2.50]`, "news": "false", "email": "a@example.jp"})
	got := fmt.Sprintln(d.value(m, "card").Text, d.value(m, "points").Text, d.value(m, "sizes").List, d.value(m, "news").Bool(), d.text(t, `select string_agg(field || '=' || value || is_unique, ' ') from member_key`),
		d.text(t, `select string_agg(field, ' ') from opt_out`))
	if want := "C-1 12 [1 2.5] false card=C-1true news\n"; got != want {
		t.Errorf("member = %swant %s", got, want)
	}
	other := d.made(t, "card", map[string]string{"name": "井上", "card": "C-2"})
	if got := fieldCodes(d.update(t, other.ID, map[string]string{"card": "C-1"}).Problems); got != "card:not_unique" {
		t.Errorf("a card of another: %s", got)
	}
	out := d.update(t, m.ID, map[string]string{"card": "C-3", "points": "null"})
	if d.value(out.Member, "points").Set || d.text(t, `select custom::text from member where id = $1`, m.ID) != `{"card": "C-3", "news": false, "sizes": ["1", "2.5"]}` {
		t.Errorf("changed = %+v, %s", out.Member, d.text(t, `select custom::text from member where id = $1`, m.ID))
	}
	d.update(t, other.ID, map[string]string{"card": "C-1"})
	_, err := d.db.DeleteMember(t.Context(), d.tenant, d.schema, m.ID, nil)
	must(t, err)
	if keys := d.text(t, `select string_agg(value, ' ') from member_key`); keys != "C-1" {
		t.Errorf("keys %q, want that of the other member only", keys)
	}
}

// withCustom is the standard schema with fields that a tenant has defined.
func withCustom(t *testing.T) *member.Schema {
	t.Helper()
	s, err := standard.With(
		member.Field{Key: "card", Type: member.String, Custom: true, MergeKey: true, Unique: true},
		member.Field{Key: "points", Type: member.Number, Custom: true},
		member.Field{Key: "sizes", Type: member.NumberList, Custom: true},
		member.Field{Key: "news", Type: member.Boolean, Custom: true, Consent: true, Contacts: []string{"email"}},
		member.Field{Key: "joined", Type: member.Date, Custom: true},
		member.Field{Key: "plan", Type: member.Choice, Custom: true, Choices: []member.Option{{Number: 1, Key: "free"}, {Number: 2, Key: "paid"}}},
	)
	must(t, err)
	return s
}

func TestSameRequestMakesOneMember(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	request := func(hash string) (postgres.Edited, error) {
		return d.db.CreateMember(t.Context(), d.tenant, standard, postgres.NewMember{
			List: postgres.MainList, Said: said("email", map[string]string{"email": "a@example.jp", "name": "青木"}), IdempotencyKey: "k", Request: []byte(hash),
		})
	}
	results, errs := make([]postgres.Edited, 4), make([]error, 4)
	var wg sync.WaitGroup
	for n := range results {
		wg.Go(func() { results[n], errs[n] = request("h") })
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	existed := 0
	for _, r := range results {
		if r.Member.ID != results[0].Member.ID || r.Member.ID == 0 {
			t.Errorf("member %d, want %d", r.Member.ID, results[0].Member.ID)
		}
		if r.Existed {
			existed++
		}
	}
	if existed != 3 {
		t.Errorf("%d of 4 existed, want 3", existed)
	}
	if _, err := request("other"); !errors.Is(err, postgres.ErrReused) {
		t.Errorf("the key with another request: %v, want ErrReused", err)
	}
}

func TestSeenIsTheLatestTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := d.made(t, "member_sn", map[string]string{"member_sn": "A1", "name": "青木"})
	at := time.UnixMicro(value(m, "last_seen_at").Int).Add(time.Second)
	for _, when := range []time.Time{at, at.Add(-time.Hour)} {
		seen, err := d.db.SeeMember(t.Context(), d.tenant, standard, m.ID, when)
		must(t, err)
		if value(seen, "last_seen_at").Int != at.UnixMicro() || seen.Version != 1 {
			t.Errorf("seen = %+v, want at %v", seen, at)
		}
	}
}
