package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/tenant"
)

// shop is a tenant whose imports follow one another in one list.
type shop struct {
	db     *postgres.DB
	admin  *pgx.Conn
	tenant tenant.ID
}

func newShop(t *testing.T, custom ...member.Definition) *shop {
	t.Helper()
	url := postgrestest.URL(t)
	s := &shop{db: postgrestest.Open(t, url)}
	var err error
	s.admin, err = pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { s.admin.Close(context.Background()) })
	ten, err := s.db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	s.tenant = ten.ID
	for _, d := range custom {
		problems, err := s.db.CreateField(t.Context(), s.tenant, d)
		if must(t, err); problems != nil {
			t.Fatal(problems)
		}
	}
	return s
}

func (s *shop) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := s.admin.Exec(t.Context(), sql, args...)
	must(t, err)
}

// run imports rows, whose first is the header of field keys, in chunks of so many, each of which comes twice; it returns
// the outcomes in words.
func (s *shop) run(t *testing.T, o imports.Options, chunk int, table ...string) *imports.Import {
	t.Helper()
	ctx := t.Context()
	o.TimeZone, o.Region = "Asia/Tokyo", "JP"
	var m member.Mapping
	for column := range strings.SplitSeq(table[0], ",") {
		key, blank, _ := strings.Cut(column, ":")
		m = append(m, member.Column{Header: key, Field: key, Blank: member.Blank(blank)})
	}
	i, _, err := s.db.CreateImport(ctx, s.tenant, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
	must(t, err)
	source := imports.Source{Upload: "u", Size: 1, Format: "csv", MaxRows: int64(len(table) - 1)}
	_, err = s.db.SetUploaded(ctx, s.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	cut := imports.Cut{Lanes: 1, ChunkRows: chunk, ChunkBytes: 1000}
	must(t, s.db.StartImport(ctx, s.tenant, i.ID, postgres.Settled{Options: o, Mapping: m, Cut: cut, Source: source}))
	_, err = s.db.OpenLedger(ctx, s.tenant, i.ID, 1)
	must(t, err)
	job, err := s.db.ImportForWork(ctx, s.tenant, i.ID)
	must(t, err)
	plan, err := job.Plan()
	must(t, err)
	seq := int64(0)
	allNew := job.IntoEmpty && !o.DryRun && plan.Rules.Key == "member_sn" && plan.Rules.Mode.Creates() // as mergers have it
	for n := 1; n < len(table); n += chunk {
		rows := table[n:min(n+chunk, len(table))]
		for range 2 {
			r, err := s.db.MergeChunk(ctx, s.tenant, postgres.ChunkWork{
				Import: job, Plan: plan, Seq: seq, AllNew: allNew,
				Parse:  func() ([]member.Row, error) { return parseRows(plan, n-1, rows), nil },
				Report: func(context.Context, []member.Row) (int64, error) { return 0, nil },
			})
			must(t, err)
			allNew = allNew && !r.Known
		}
		seq++
	}
	must(t, s.db.EndOfSource(ctx, s.tenant, i.ID, int64(len(table)-1), []int64{seq}))
	_, err = s.db.FinishImport(ctx, s.tenant, i.ID)
	must(t, err)
	for left := job.Finishes(); left; {
		left, err = s.db.FinishStep(ctx, s.tenant, job)
		must(t, err)
	}
	i, err = s.db.Import(ctx, s.tenant, i.ID)
	must(t, err)
	return i
}

func parseRows(plan *member.Plan, first int, lines []string) (rows []member.Row) {
	for n, line := range lines {
		r := member.Row{
			Number: int64(first + n + 2), Ordinal: int64(first + n), Cells: strings.Split(line, ","),
			Values: make([]member.Value, len(plan.Fields)), Actions: make([]member.Action, len(plan.Fields)),
		}
		plan.Parse(&r)
		rows = append(rows, r)
	}
	return rows
}

// outcomes are an import's counts that are not zero.
func outcomes(i *imports.Import) string {
	var s []string
	c := i.Totals.Counts
	for _, n := range []struct {
		name string
		n    int64
	}{
		{"created", c.Created},
		{"updated", c.Updated},
		{"unchanged", c.Unchanged},
		{"deleted", c.Deleted},
		{"skipped", c.Skipped},
		{"failed", c.Failed},
		{"protected", c.Protected},
		{"tagged", c.Tagged},
		{"not processed", i.Totals.NotProcessed},
	} {
		if n.n != 0 {
			s = append(s, fmt.Sprintf("%s %d", n.name, n.n))
		}
	}
	return strings.Join(s, ", ")
}

// problems are the codes of an import's failed rows and the notes of the others, with their numbers.
func (s *shop) problems(t *testing.T, i *imports.Import) string {
	t.Helper()
	var text string
	must(t, s.admin.QueryRow(t.Context(), `select coalesce(string_agg(code || case when field <> '' then '(' || field || ')' else '' end || ' ' || rows, ', ' order by code, field), '')
		from (select code, field, rows from import_problem_count where import_id = $1 union all select code, field, rows from import_note_count where import_id = $1) p`, i.ID).Scan(&text))
	return text
}

// members are the list's members as the expressions show them, by id.
func (s *shop) members(t *testing.T, expressions string) []string {
	t.Helper()
	rows, err := s.admin.Query(t.Context(), `select concat_ws(' ', `+expressions+`) from member where tenant_id = $1 order by id`, s.tenant)
	must(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return all
}

func rules(r member.Rules) imports.Options { return imports.Options{Rules: r} }

func TestRulesDecideWhatBecomesOfRows(t *testing.T) {
	t.Parallel()
	const four = `member_sn,name,email,city,tags,is_subscriber`
	before := []string{four, "A,青木,a@example.jp,東京,vip,", "B,馬場,b@example.jp,大阪,,FALSE", "C,千葉,shared@example.jp,,,", "D,土井,Shared@example.jp,,,"}
	shown := `member_sn, name, email, city, array_to_string(tags, '+'), is_subscriber`
	for name, tt := range map[string]struct {
		options  imports.Options
		rows     []string
		want     string
		problems string
		members  []string
	}{
		"append adds unknown keys only": {
			rules(member.Rules{Mode: member.Append}),
			[]string{four, "A,別人,,,,", "E,江藤,e@example.jp,,,", "E,二度目,,,,"},
			"created 1, skipped 2", "skipped_duplicate 1, skipped_known 1",
			[]string{"A 青木 a@example.jp 東京 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t", "E 江藤 e@example.jp t"},
		},
		"append with the last of several rows": {
			rules(member.Rules{Mode: member.Append, Duplicates: member.DuplicatesLast}),
			[]string{"member_sn,name", "E,江藤", "E,江頭", "A,別人"},
			"created 1, updated 1, skipped 1", "skipped_known 1",
			[]string{"A 青木 a@example.jp 東京 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t", "E 江頭 t"},
		},
		"update changes known keys only": {
			rules(member.Rules{Mode: member.Update}),
			[]string{"member_sn,city", "A,横浜", "Z,札幌", "B,大阪"},
			"updated 1, unchanged 1, skipped 1", "skipped_unknown 1",
			[]string{"A 青木 a@example.jp 横浜 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"delete removes what matches": {
			rules(member.Rules{Mode: member.Delete}),
			[]string{"member_sn,city", "A,", "Z,", "A,", ",", "B,bad"},
			"deleted 2, skipped 2, failed 1", "key_missing(member_sn) 1, skipped_unknown 2",
			[]string{"C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"blank clears where it is said": {
			rules(member.Rules{Blank: member.BlankClear}),
			[]string{"member_sn,name:keep,email,city:keep,tags,is_subscriber", "A,,,,,", "B,,##DELETE##,##DELETE##,x,"},
			"updated 2", "",
			[]string{"A 青木 東京 t", "B 馬場 x f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"what is required cannot be cleared": {
			rules(member.Rules{Blank: member.BlankClear}),
			[]string{"member_sn,name", "A,", "E,", "B,##DELETE##"},
			"failed 3", "cannot_clear(name) 2, required(name) 1",
			[]string{"A 青木 a@example.jp 東京 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"e-mail is a key in any case": {
			rules(member.Rules{Key: "email"}),
			[]string{"email,city", "A@Example.jp,名古屋", "x@example.jp,", "shared@example.jp,福岡"},
			"updated 1, failed 2", "multiple_matches(email) 1, required(name) 1",
			[]string{"A 青木 A@Example.jp 名古屋 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"the one seen last is meant": {
			rules(member.Rules{Key: "email", MultipleMatches: member.MultipleMostRecent}),
			[]string{"email,city", "shared@example.jp,福岡"},
			"updated 1", "",
			[]string{"A 青木 a@example.jp 東京 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 shared@example.jp 福岡 t"},
		},
		"delete always refuses several": {
			rules(member.Rules{Key: "email", Mode: member.Delete}),
			[]string{"email", "SHARED@example.jp", "a@example.jp"},
			"deleted 1, failed 1", "multiple_matches(email) 1",
			[]string{"B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"the id is a key but makes nobody": {
			rules(member.Rules{Key: "id"}),
			[]string{"id,city", "1,札幌", "99,札幌", "2,"},
			"updated 1, unchanged 1, failed 1", "unknown_id(id) 1",
			[]string{"A 青木 a@example.jp 札幌 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"the first of several rows counts": {
			rules(member.Rules{Duplicates: member.DuplicatesFirst}),
			[]string{"member_sn,name,city,birthday", "A,,札幌,bad", "A,,仙台,", "A,,盛岡,bad", "E,江藤,,", "E,江頭,,", "B,,大阪,", "B,,神戸,"},
			"created 1, updated 1, unchanged 1, skipped 3, failed 1", "date_invalid(birthday) 1, skipped_duplicate 3",
			[]string{"A 青木 a@example.jp 仙台 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t", "E 江藤 t"},
		},
		"lists are replaced where it is said": {
			rules(member.Rules{ListValues: member.ListReplace}),
			[]string{"member_sn,tags", "A,x", "B,y"},
			"updated 2", "",
			[]string{"A 青木 a@example.jp 東京 x t", "B 馬場 b@example.jp 大阪 y f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"rows without an address are skipped": {
			rules(member.Rules{SkipWithout: "email"}),
			[]string{"member_sn,email,birthday,name", "A,,bad,別人", "B,b@example.jp,,別人", "E,,,江藤"},
			"updated 1, skipped 2", "skipped_without 2",
			[]string{"A 青木 a@example.jp 東京 vip t", "B 別人 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"a member number belongs to one": {
			rules(member.Rules{Key: "email"}),
			[]string{"email,member_sn,name", "a@example.jp,B,", "b@example.jp,BB,", "a@example.jp,B,", "e@example.jp,B,江藤"},
			"updated 2, failed 2", "not_unique(member_sn) 2",
			[]string{"B 青木 a@example.jp 東京 vip t", "BB 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
		"replace puts back what the file does not say": {
			rules(member.Rules{Mode: member.Replace}),
			[]string{"member_sn,name,is_subscriber", "A,青木二,FALSE", "B,馬場,TRUE", "E,江藤,", "C,千葉,"},
			"created 1, updated 3, protected 1", "",
			[]string{"A 青木二 f", "B 馬場 f", "C 千葉 t", "D 土井 Shared@example.jp t", "E 江藤 t"},
		},
		"new members are asked for their consent": {
			rules(member.Rules{NewConsent: member.NewConsentRequired}),
			[]string{"member_sn,name,email,is_subscriber", "E,江藤,e@example.jp,", "F,福田,f@example.jp,TRUE", "A,,,", "G,後藤,,FALSE"},
			"created 2, unchanged 1, failed 1", "consent_required(is_subscriber) 1",
			[]string{"A 青木 a@example.jp 東京 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t", "F 福田 f@example.jp t", "G 後藤 f"},
		},
		"new members agree to nothing": {
			rules(member.Rules{NewConsent: member.NewConsentFalse}),
			[]string{"member_sn,name", "E,江藤"},
			"created 1", "",
			[]string{"A 青木 a@example.jp 東京 vip t", "B 馬場 b@example.jp 大阪 f", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t", "E 江藤 f"},
		},
		"who may opt others in does": {
			rules(member.Rules{Consent: member.ConsentAllow}),
			[]string{"member_sn,is_subscriber", "B,TRUE", "A,FALSE"},
			"updated 2", "",
			[]string{"A 青木 a@example.jp 東京 vip f", "B 馬場 b@example.jp 大阪 t", "C 千葉 shared@example.jp t", "D 土井 Shared@example.jp t"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, chunk := range []int{100, 1} {
				s := newShop(t)
				s.run(t, imports.Options{}, 100, before...)
				s.exec(t, `update member set last_seen_at = last_seen_at + interval '1 s' where member_sn = 'D'`)
				unchanged := s.members(t, `member::text`)
				dry := tt.options
				dry.DryRun = true
				i := s.run(t, dry, chunk, tt.rows...)
				if got, problems := outcomes(i), s.problems(t, i); got != tt.want || problems != tt.problems {
					t.Errorf("dry run in chunks of %d: %s, %s; want %s, %s", chunk, got, problems, tt.want, tt.problems)
				}
				if got := s.members(t, `member::text`); !slices.Equal(got, unchanged) {
					t.Errorf("after the dry run\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(unchanged, "\n"))
				}
				i = s.run(t, tt.options, chunk, tt.rows...)
				if got, problems := outcomes(i), s.problems(t, i); got != tt.want || problems != tt.problems {
					t.Errorf("in chunks of %d: %s, %s; want %s, %s", chunk, got, problems, tt.want, tt.problems)
				}
				if got := s.members(t, shown); !slices.Equal(got, tt.members) {
					t.Errorf("in chunks of %d\n%s\nwant\n%s", chunk, strings.Join(got, "\n"), strings.Join(tt.members, "\n"))
				}
			}
		})
	}
}

func TestOptOutsOutliveTheirMembers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name,email,phone,is_subscriber,is_subscriber_sms", "A,青木,A@example.jp,090-1234-5678,FALSE,", "B,馬場,b@example.jp,,,FALSE")
	// B has no number yet for which its opt-out could be remembered.
	s.run(t, imports.Options{}, 10, "member_sn,phone", "B,080-1111-2222")
	s.run(t, rules(member.Rules{Mode: member.Delete}), 10, "member_sn", "A", "B")
	i := s.run(t, imports.Options{}, 1, "member_sn,name,email,phone,is_subscriber",
		"C,千葉,a@EXAMPLE.jp,,TRUE", "D,土井,a@example.jp,08011112222,", "E,江藤,,,TRUE", "F,福田,f@example.jp,,TRUE")
	if got, want := outcomes(i), "created 4, protected 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	want := []string{"C f t", "D f f", "E t t", "F t t"}
	if got := s.members(t, `member_sn, is_subscriber, is_subscriber_sms`); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// Whoever moves to such an address is opted out, too, unless the import may opt in: then it is forgotten.
	i = s.run(t, imports.Options{}, 1, "member_sn,email", "E,A@example.jp")
	if got := s.members(t, `member_sn, is_subscriber`); outcomes(i) != "updated 1" || got[2] != "E f" {
		t.Errorf("%s: %q, want E opted out", outcomes(i), got)
	}
	s.run(t, rules(member.Rules{Consent: member.ConsentAllow}), 1, "member_sn,is_subscriber", "E,TRUE")
	s.run(t, imports.Options{}, 1, "member_sn,name,email", "G,後藤,a@example.jp")
	if got := s.members(t, `member_sn, is_subscriber`); got[2] != "E t" || got[4] != "G t" {
		t.Errorf("%q, want E and G opted in", got)
	}
}

func TestImportTagsAreKeptToThirty(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name", "A,青木", "B,馬場")
	updated := s.members(t, `updated_at, version`)
	for n := range 31 {
		i := s.run(t, rules(member.Rules{ImportTag: fmt.Sprintf("t%d", n)}), 1, "member_sn,name", "A,青木", "A,")
		if got, want := outcomes(i), "unchanged 2, tagged 1"; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	got := s.members(t, `cardinality(import_tags), import_tags[1], import_tags[30]`)
	if want := []string{"30 t1 t30", ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := s.members(t, `updated_at, version`); strings.Fields(got[0])[0] != strings.Fields(updated[0])[0] || !strings.HasSuffix(got[0], " 32") || got[1] != updated[1] {
		t.Errorf("%q, was %q: want A untouched but for its version", got, updated)
	}
}

func TestQuotaAllowsTheFirstRows(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name", "A,青木", "B,馬場", "C,千葉")
	s.exec(t, `update tenant set member_quota = 4`)
	s.exec(t, `update member set blocked_at = now() where member_sn = 'C'`)
	for range 2 {
		i := s.run(t, imports.Options{Rules: member.Rules{}, DryRun: true}, 1, "member_sn,name", "D,土井", "A,青山", "E,江藤", "F,福田", "D,土居")
		if got, want := outcomes(i), "created 2, updated 2, failed 1"; got != want {
			t.Errorf("dry run: %s, want %s", got, want)
		}
	}
	i := s.run(t, imports.Options{}, 2, "member_sn,name", "D,土井", "A,青山", "E,江藤", "F,福田", "D,土居")
	if got, want := outcomes(i)+": "+s.problems(t, i), "created 2, updated 2, failed 1: quota_exceeded 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	i = s.run(t, imports.Options{}, 2, "member_sn,name", "F,福田", "A,青木")
	if got, want := outcomes(i), "updated 1, failed 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCustomFieldsAreMergedIndexedAndCleared(t *testing.T) {
	t.Parallel()
	custom := []member.Definition{
		{Key: "shop_no", Type: "string", Label: member.Text{JA: "店番"}, MergeKey: true, Unique: true},
		{Key: "visits", Type: "number", Label: member.Text{JA: "来店回数"}},
		{Key: "first_visit", Type: "date", Label: member.Text{JA: "初来店日"}},
		{Key: "hobbies", Type: "list", Label: member.Text{JA: "趣味"}, CommaSeparated: true},
		{Key: "magazine", Type: "boolean", Label: member.Text{JA: "会報"}, Consent: true},
	}
	s := newShop(t, custom...)
	shown := `member_sn, custom->>'shop_no', custom->>'visits', custom->>'first_visit', custom->>'hobbies', custom->>'magazine'`
	i := s.run(t, imports.Options{}, 1, "member_sn,name,shop_no,visits,first_visit,hobbies,magazine,email",
		"A,青木,S1,3,2024/5/4,散歩,,a@example.jp", "B,馬場,S1,,,,TRUE,", "B,馬場,S2,,,,TRUE,", "C,千葉,,,,,FALSE,c@example.jp")
	if got, want := outcomes(i)+": "+s.problems(t, i), "created 3, failed 1: not_unique(shop_no) 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, dry := range []bool{true, false} {
		o := rules(member.Rules{Key: "shop_no"})
		o.DryRun = dry
		i = s.run(t, o, 1, "shop_no,visits,hobbies,first_visit,magazine,name", "S1,4.50,水泳,##DELETE##,TRUE,", "S2,,,,FALSE,", "S3,,,,,新人", "S9,bad,,,,", "S3,1,,,,")
		if got, want := outcomes(i)+": "+s.problems(t, i), "created 1, updated 3, failed 1: number_invalid(visits) 1"; got != want {
			t.Errorf("dry %t: %s, want %s", dry, got, want)
		}
	}
	want := []string{`A S1 4.5 ["散歩", "水泳"] true`, `B S2 false`, `C false`, `S3 1`}
	if got := s.members(t, shown); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// A number that is given up is free again, in the same import.
	i = s.run(t, imports.Options{}, 1, "member_sn,shop_no", "A,S7", "B,S1", "C,S1")
	if got, want := outcomes(i)+": "+s.problems(t, i), "updated 2, failed 1: not_unique(shop_no) 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var keys string
	must(t, s.admin.QueryRow(t.Context(), `select string_agg(value || ' ' || member_id, ', ' order by value) from member_key`).Scan(&keys))
	if keys != "S1 3, S3 10, S7 1" && !strings.HasPrefix(keys, "S1 3, ") {
		t.Errorf("keys %s", keys)
	}
}

func TestLimitsStopAnImport(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name", "A,青木", "B,馬場")
	limited := imports.Options{MaxFailed: imports.Limit{Set: true, Value: 1}}
	ctx := t.Context()
	w := &world{db: s.db, tenant: s.tenant}
	w.startWith(t, limited, 1)
	r, err := w.merge(ctx, 0, 0, 0, row("", "番号なし"))
	must(t, err)
	if r.Beyond.Code != "" {
		t.Errorf("one failed row is beyond %+v", r.Beyond)
	}
	r, err = w.merge(ctx, 0, 1, 1, row("", "番号なし"))
	must(t, err)
	if want := (member.Problem{Code: member.MaxFailed, Detail: "1"}); r.Beyond != want {
		t.Errorf("two failed rows: %+v, want %+v", r.Beyond, want)
	}
}
