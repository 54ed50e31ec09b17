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

// TestUndoKeepsWhatOthersHaveChangedSince has a member for each reason to keep something.
func TestUndoKeepsWhatOthersHaveChangedSince(t *testing.T) {
	t.Parallel()
	s := newUndoShop(t)
	r := rand.New(rand.NewPCG(1, 1))
	const header = "member_sn,name,email,city,tags,is_subscriber"
	s.run(t, imports.Options{}, 10, header, "A1,青木,a1@example.jp,渋谷区,old,1", "A2,井上,a2@example.jp,渋谷区,old,1", "A3,上田,a3@example.jp,渋谷区,old,1",
		"A4,江口,a4@example.jp,渋谷区,old,1", "A5,小川,a5@example.jp,渋谷区,old,1", "A6,加藤,a6@example.jp,渋谷区,old,1")
	i := s.run(t, imports.Options{MaxRemoved: imports.Percent(100), Rules: member.Rules{Mode: member.Replace}}, 10, header,
		"A1,青木,a1@docomo.ne.jp,新宿区,new,1", "A2,井上,a2@example.jp,新宿区,old,0", "A3,上田,a3@example.jp,新宿区,old,1", "B1,木村,b1@example.jp,港区,,1", "B2,久保,b2@example.jp,港区,,1")
	ids := map[string]int64{}
	for n, sn := range []string{"A1", "A2", "A3", "A4", "A5", "A6"} {
		ids[sn] = int64(n + 1)
	}
	var b1 int64
	must(t, s.admin.QueryRow(t.Context(), `select id from member where member_sn = 'B1'`).Scan(&b1))
	schema, err := s.db.Schema(t.Context(), s.tenant, i.ListID)
	must(t, err)
	edit := func(id int64, values map[string]string) {
		e, err := s.db.UpdateMember(t.Context(), s.tenant, schema, id, postgres.MemberChange{Said: said("", values)})
		if must(t, err); len(e.Problems) > 0 {
			t.Fatal(e.Problems)
		}
	}
	create := func(values map[string]string) {
		e, err := s.db.CreateMember(t.Context(), s.tenant, schema, postgres.NewMember{List: postgres.MainList, Said: said("member_sn", values)})
		if must(t, err); len(e.Problems) > 0 {
			t.Fatal(e.Problems)
		}
	}
	edit(ids["A1"], map[string]string{"city": "千代田区", "tags": `["new","vip"]`})          // one field by somebody else, a list by both
	create(map[string]string{"member_sn": "C1", "name": "田中", "email": "A1@example.jp"}) // whose address A1 had, and who opts out
	var c1 int64
	must(t, s.admin.QueryRow(t.Context(), `select id from member where member_sn = 'C1'`).Scan(&c1))
	edit(c1, map[string]string{"is_subscriber": "false"})
	edit(b1, map[string]string{"city": "中央区"})
	create(map[string]string{"member_sn": "A4", "name": "別人"}) // the key of one that was removed
	_, err = s.db.DeleteMember(t.Context(), s.tenant, schema, ids["A3"], nil)
	must(t, err)
	create(map[string]string{"member_sn": "C2", "name": "中村", "email": "a5@example.jp"}) // opts out with the address of one that was removed
	must(t, s.admin.QueryRow(t.Context(), `select id from member where member_sn = 'C2'`).Scan(&c1))
	edit(c1, map[string]string{"is_subscriber": "false"})

	told := s.undo(t, r, i, true)
	did := s.undo(t, r, i, false)
	want := imports.UndoCounts{Removed: 1, Restored: 2, Returned: 2, Kept: map[member.Code]int64{
		member.ChangedSince: 1, member.EditedSince: 1, member.KeyTaken: 1, member.OptedOutSince: 2, member.MemberGone: 1,
	}}
	if !reflect.DeepEqual(did.Counts, want) || !reflect.DeepEqual(told.Counts, want) {
		t.Errorf("the undo did %+v, and the dry run told %+v; want %+v", did.Counts, told.Counts, want)
	}
	got := strings.Join(s.members(t, `member_sn, name, email, city, tags, is_subscriber::text`), "\n")
	if want := `A1 青木 a1@example.jp 千代田区 {vip,old} false
A2 井上 a2@example.jp 渋谷区 {old} true
A5 小川 a5@example.jp 渋谷区 {old} false
A6 加藤 a6@example.jp 渋谷区 {old} true
B1 木村 b1@example.jp 中央区 true
C1 田中 A1@example.jp false
A4 別人 true
C2 中村 a5@example.jp false`; got != want {
		t.Errorf("members are\n%s\nwant\n%s", got, want)
	}
	kept, err := s.db.UndoKept(t.Context(), s.tenant, i.ID, false, imports.Kept{}, 2)
	must(t, err)
	rest, err := s.db.UndoKept(t.Context(), s.tenant, i.ID, false, kept[1], 10)
	must(t, err)
	if text := fmt.Sprint(append(kept, rest...)); text != fmt.Sprintf("[{1 {changed_since city }} {1 {opted_out_since is_subscriber }} {3 {member_gone  }} {4 {key_taken member_sn }} {5 {opted_out_since is_subscriber }} {%d {edited_since  }}]", b1) {
		t.Errorf("kept are %s", text)
	}
}

// TestImportsAreUndoneOneAfterAnother undoes the last of three, then those before it: what one of the later ones has done to
// a member of the first is nobody's change any more.
func TestImportsAreUndoneOneAfterAnother(t *testing.T) {
	t.Parallel()
	s := newUndoShop(t)
	r := rand.New(rand.NewPCG(1, 1))
	before := s.all(t)
	all := []*imports.Import{
		s.run(t, imports.Options{}, 10, "member_sn,name,card", "A1,青木,C1", "A2,井上,C2", "A3,上田,C3", "A4,江口,C4"),
		s.run(t, imports.Options{}, 1, "member_sn,name,card", "A1,青木 花子,C5", "A2,井上 花子,C1", "A1,青木 太郎,C6"),
		s.run(t, imports.Options{Rules: member.Rules{Mode: member.Delete}}, 10, "member_sn", "A3"),
	}
	schema, err := s.db.Schema(t.Context(), s.tenant, all[0].ListID)
	must(t, err)
	var id int64
	must(t, s.admin.QueryRow(t.Context(), `select id from member where member_sn = 'A4'`).Scan(&id))
	e, err := s.db.UpdateMember(t.Context(), s.tenant, schema, id, postgres.MemberChange{Said: said("", map[string]string{"name": "江口 花子"})})
	if must(t, err); len(e.Problems) > 0 {
		t.Fatal(e.Problems)
	}
	s.undo(t, r, all[2], false)
	s.undo(t, r, all[1], false)
	if u := s.undo(t, r, all[0], false); u.Counts.Removed != 3 || u.Counts.Kept[member.EditedSince] != 1 {
		t.Errorf("the last undo did %+v, want three removed and the one kept that somebody has edited; left is\n%s", u.Counts, difference(before, s.all(t)))
	}
}

// TestUndoIsRefusedWhereNothingCanBeTakenBack goes through the reasons.
func TestUndoIsRefusedWhereNothingCanBeTakenBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := rand.New(rand.NewPCG(1, 1))
	refused := func(i *imports.Import, want error) {
		t.Helper()
		for _, dry := range []bool{false, true} {
			if _, err := s.db.RequestUndo(t.Context(), s.tenant, i.ID, dry, 0); !errors.Is(err, want) {
				t.Errorf("undo (dry %v): %v, want %v", dry, err, want)
			}
		}
	}
	refused(s.run(t, imports.Options{DryRun: true}, 10, "member_sn,name", "A1,青木"), postgres.ErrNothingToUndo)
	i := s.run(t, imports.Options{}, 10, "member_sn,name", "A1,青木")
	s.exec(t, `update import set journaled = false where id = $1`, i.ID)
	refused(i, postgres.ErrNotJournaled)
	s.exec(t, `update import set journaled = true, finished_at = finished_at - interval '31 days' where id = $1`, i.ID)
	refused(i, postgres.ErrUndoExpired)
	s.exec(t, `update tenant set journal_days = 40`)
	s.undo(t, r, i, true)
	s.exec(t, `update import set started_at = started_at - interval '30 days' where id = $1`, i.ID) // the partition of its week is dropped
	refused(i, postgres.ErrUndoExpired)
	s.exec(t, `update import set started_at = started_at + interval '30 days' where id = $1`, i.ID)

	// One that runs has the list's turn: the undo waits for it, and later imports for the undo.
	life := &life{&world{db: s.db, tenant: s.tenant}}
	running := life.reach(t, imports.StateRunning)
	u, err := s.db.RequestUndo(t.Context(), s.tenant, i.ID, false, 0)
	must(t, err)
	queued := life.reach(t, imports.StateRunning) // which it will be at its turn
	if u.State() != imports.UndoQueued || life.get(t, i.ID).State != imports.StateCompleted {
		t.Errorf("undo is %s beside an import that runs", u.State())
	}
	must(t, s.db.CancelImport(t.Context(), s.tenant, running))
	if a, b := life.get(t, i.ID).State, life.get(t, queued).State; a != imports.StateUndoing || b != imports.StateQueued {
		t.Errorf("import is %s and the later one %s, want undoing and queued", a, b)
	}
	if err := s.db.CancelImport(t.Context(), s.tenant, i.ID); !errors.Is(err, postgres.ErrConflict) {
		t.Errorf("an undo was cancelled: %v", err)
	}
	s.undo(t, r, i, false)
	if a, b := life.get(t, i.ID).State, life.get(t, queued).State; a != imports.StateUndone || b != imports.StateRunning {
		t.Errorf("import is %s and the later one %s, want undone and running", a, b)
	}
	refused(i, postgres.ErrUndone)
}
