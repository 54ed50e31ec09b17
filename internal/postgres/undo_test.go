package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// undo has an import undone, or tells what that would do. Each step is broken off now and then, wherever it is.
func (s *shop) undo(t *testing.T, r *rand.Rand, i *imports.Import, dry bool) *imports.Undo {
	t.Helper()
	_, err := s.db.RequestUndo(t.Context(), s.tenant, i.ID, dry, 0)
	must(t, err)
	for left := true; left; {
		if !dry && r.IntN(3) == 0 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(6000))*time.Microsecond)
			_, _ = s.db.UndoStep(ctx, s.tenant, i)
			cancel()
		}
		left, err = s.db.UndoStep(t.Context(), s.tenant, i)
		if errors.Is(err, postgres.ErrStopped) {
			break
		}
		must(t, err)
	}
	u, err := s.db.Undo(t.Context(), s.tenant, i.ID, dry)
	must(t, err)
	if u.State() != imports.UndoDone || u.Done != u.Total {
		t.Errorf("undo is %s with %d of %d members", u.State(), u.Done, u.Total)
	}
	return u
}

// all is everything of the list's members that an import can change, but for versions and when they were updated.
func (s *shop) all(t *testing.T) (text string) {
	t.Helper()
	must(t, s.admin.QueryRow(t.Context(), `select coalesce((select string_agg((to_jsonb(m) - '{version,updated_at}'::text[])::text, e'\n' order by id) from member m), '') || e'\nkeys\n'
		|| coalesce((select string_agg(k::text, e'\n' order by k::text) from member_key k), '') || e'\nopt-outs\n'
		|| coalesce((select string_agg(o::text, e'\n' order by o::text) from opt_out o), '')`).Scan(&text))
	return text
}

// difference is the lines that only one of the texts has.
func difference(before, after string) string {
	var out []string
	count := map[string]int{}
	for line := range strings.SplitSeq(before, "\n") {
		count[line]++
	}
	for line := range strings.SplitSeq(after, "\n") {
		count[line]--
	}
	for line, n := range count {
		if n != 0 {
			out = append(out, fmt.Sprintf("%+d %s", -n, line))
		}
	}
	return strings.Join(out, "\n")
}

func newUndoShop(t *testing.T) *shop {
	t.Helper()
	return newShop(t, member.Definition{Key: "rank", Type: "number"}, member.Definition{Key: "shop_no", Type: "string", MergeKey: true},
		member.Definition{Key: "card", Type: "string", Unique: true}, member.Definition{Key: "likes", Type: "list"},
		member.Definition{Key: "last_order", Type: "datetime"}, member.Definition{Key: "coupons", Type: "boolean", Consent: true})
}

// randomImport returns options and a table of rows that meet one another in every way.
func randomImport(r *rand.Rand) (imports.Options, []string) {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	o := imports.Options{MaxRemoved: imports.Percent(100), Rules: member.Rules{
		Mode:       member.Mode(pick("upsert", "upsert", "append", "update", "replace", "delete")),
		Key:        pick("member_sn", "member_sn", "email", "shop_no"),
		Blank:      member.Blank(pick("keep", "clear")),
		ListValues: member.ListValues(pick("append", "replace")),
		Consent:    member.ConsentRule(pick("guard", "allow")),
		ImportTag:  pick("", "spring", "summer"),
	}}
	if o.Mode != member.Delete {
		o.MultipleMatches = member.Multiple(pick("reject", "most_recent"))
	}
	if r.IntN(5) == 0 && o.Mode != member.Delete {
		o.Kind, o.Key = member.KindLead, pick("email", "phone")
	}
	digit := func(n int) string { return fmt.Sprint(r.IntN(n)) }
	cells := map[string]func() string{
		"member_sn": func() string { return "A" + digit(12) }, "name": func() string { return pick("青木", "井上", "上田") },
		"email": func() string {
			return pick("", "m", "m", "M") + digit(9) + pick("@docomo.ne.jp", "@docomo.ne.jp", "@example.jp")
		},
		"phone": func() string { return pick("", "0901234560") + digit(8) }, "birthday": func() string { return pick("", "2000-01-0"+digit(9)+"x") },
		"tags": func() string { return pick("", "vip", "old", "new") }, "likes": func() string { return pick("", `["x"]`, `["y"]`, `["z"]`) },
		"rank": func() string { return pick("", digit(3)+".5") }, "shop_no": func() string { return "S" + digit(12) },
		"card": func() string { return pick("", "C"+digit(12)) }, "last_order": func() string { return pick("", "2026-01-02 03:04", "2026-01-02T03:04:05.5Z") },
		"is_subscriber": func() string { return pick("", "0", "1", "1") }, "is_subscriber_sms": func() string { return pick("", "0", "1") },
		"coupons": func() string { return pick("", "0", "1") },
	}
	header := []string{o.Key}
	if o.Key != "name" {
		header = append(header, "name")
	}
	for key := range cells {
		if key != o.Key && key != "name" && r.IntN(2) == 0 && (key != "member_sn" || o.Kind != member.KindLead) {
			header = append(header, key)
		}
	}
	table := []string{strings.Join(header, ",")}
	for range 4 + r.IntN(12) {
		row := make([]string, len(header))
		for n, key := range header {
			row[n] = cells[key]()
			if key == o.Key {
				for row[n] == "" {
					row[n] = cells[key]()
				}
			}
			row[n] = strings.TrimSuffix(row[n], "x")
		}
		table = append(table, strings.Join(row, ","))
	}
	return o, table
}

// TestUndoneImportHasNeverBeen runs imports of all kinds on top of one another, and undoes some of them at once: then
// members, keys and opt-outs are what they were, and the dry run has told so.
func TestUndoneImportHasNeverBeen(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	s := newUndoShop(t)
	for round := range 40 {
		before := s.all(t)
		o, table := randomImport(r)
		i := s.run(t, o, 1+r.IntN(5), table...)
		after := s.all(t)
		if r.IntN(3) == 0 {
			continue
		}
		told := s.undo(t, r, i, true)
		if d := difference(after, s.all(t)); d != "" {
			t.Fatalf("round %d: the dry run of an undo has changed\n%s", round, d)
		}
		did := s.undo(t, r, i, false)
		if d := difference(before, s.all(t)); d != "" {
			t.Fatalf("round %d: the undo of an import %+v of\n%s\nleaves\n%s\nwith %+v", round, o.Rules, strings.Join(table, "\n"), d, did.Counts)
		}
		if !reflect.DeepEqual(told.Counts, did.Counts) || told.Total != did.Total || did.Counts.KeptInAll() != 0 {
			t.Fatalf("round %d: the undo did %+v, %d in all; the dry run told %+v, %d", round, did.Counts, did.Total, told.Counts, told.Total)
		}
		if i, err := s.db.Import(t.Context(), s.tenant, i.ID); err != nil || i.State != imports.StateUndone {
			t.Fatalf("import is %v, %v; want undone", i, err)
		}
	}
}
