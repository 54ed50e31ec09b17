package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

var start = time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)

// someone is a member with values as a person writes them: member_sn=A1 email=a@x.jp is_subscriber=false …
func someone(t *testing.T, id int64, kind member.Kind, values string) Member {
	t.Helper()
	m := Member{ID: id, Kind: kind, Version: 1, CreatedAt: longAgo, UpdatedAt: longAgo, LastSeenAt: longAgo, Values: map[string]member.Value{}}
	s := member.Standard()
	for _, key := range consents {
		m.Values[key] = member.BoolValue(true)
	}
	for pair := range strings.FieldsSeq(values) {
		key, cell, _ := strings.Cut(pair, "=")
		f, _ := s.Field(key)
		v, _, problem := f.Parse(cell, &member.Locale{Region: "JP"})
		if problem != nil {
			t.Fatal(problem)
		}
		m.Values[key] = v
	}
	return m
}

// runCase imports a file whose first line names its fields, and tells everything that came of it in words.
func runCase(t *testing.T, l List, rules member.Rules, file ...string) string {
	t.Helper()
	i := Import{Schema: member.Standard(), Options: imports.Options{Rules: rules, Region: "JP", MaxRemoved: imports.NoLimit}, FirstID: 100, Start: start}
	for key := range strings.SplitSeq(file[0], ",") {
		i.Mapping = append(i.Mapping, member.Column{Header: key, Field: key})
	}
	for n, line := range file[1:] {
		i.Rows = append(i.Rows, Row{Number: int64(n) + 2, Cells: strings.Split(line, ",")})
	}
	r, err := Run(l, i)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, c := range []struct {
		name string
		n    int64
	}{
		{"created", r.Totals.Created},
		{"updated", r.Totals.Updated},
		{"unchanged", r.Totals.Unchanged},
		{"deleted", r.Totals.Deleted},
		{"skipped", r.Totals.Skipped},
		{"removed", r.Totals.Removed},
		{"unified", r.Totals.Unified},
		{"protected", r.Totals.Protected},
		{"tagged", r.Tagged},
	} {
		if c.n > 0 {
			words = append(words, fmt.Sprint(c.name, " ", c.n))
		}
	}
	for _, f := range r.Failed {
		for _, p := range f.Problems {
			words = append(words, strings.TrimSpace(fmt.Sprint(f.Row, " ", p.Code, " ", p.Field)))
		}
	}
	for _, w := range r.Warnings {
		words = append(words, string(w))
	}
	if r.Failure != "" {
		words = append(words, string(r.Failure))
	}
	return strings.Join(words, ", ")
}

func TestOracleIsRightWhereItIsHard(t *testing.T) {
	t.Parallel()
	a := someone(t, 1, member.KindMember, "member_sn=A name=青木 email=a@x.jp phone=09012345678 city=東京")
	twin := someone(t, 2, member.KindMember, "member_sn=B name=馬場 email=A@x.jp is_subscriber=false")
	lead := someone(t, 3, member.KindLead, "email=l@x.jp phone=09012345678 birthday=1990-05-20 is_subscriber=false")
	blocked := someone(t, 4, member.KindMember, "member_sn=C name=千葉")
	blocked.Blocked = true
	all := List{Members: []Member{a, twin, lead, blocked}}
	for name, tt := range map[string]struct {
		list  List
		rules member.Rules
		file  []string
		want  string
	}{
		"all problems of a row without its key": {all, member.Rules{}, []string{"birthday,member_sn,email", "x,,y"}, "2 date_invalid birthday, 2 key_missing member_sn, 2 email_invalid email"},
		"skipping wins over bad cells":          {all, member.Rules{SkipWithout: "city"}, []string{"member_sn,city,birthday", "A,,x", ",,x"}, "skipped 1, 3 key_missing member_sn, 3 date_invalid birthday"},
		"who failed is not the first":           {all, member.Rules{Duplicates: member.DuplicatesFirst}, []string{"member_sn,birthday", "A,x", "A,1990-05-20", "A,1991-05-20"}, "updated 1, skipped 1, unified 1, 2 date_invalid birthday"},
		"all rows of a repeated key":            {all, member.Rules{Duplicates: member.DuplicatesReject}, []string{"member_sn,birthday", "A,x", "Ａ,", "B,"}, "unchanged 1, 2 duplicate_key member_sn, 2 date_invalid birthday, 3 duplicate_key member_sn"},
		"added, then updated by the same file":  {List{}, member.Rules{Mode: member.Append, Duplicates: member.DuplicatesLast}, []string{"member_sn,name", "N,青木", "N,井上"}, "created 1, updated 1"},
		"several have the key":                  {all, member.Rules{Key: "email"}, []string{"email,city", "a@X.jp,大阪"}, "2 multiple_matches email"},
		"several, and nobody is deleted":        {all, member.Rules{Key: "email", Mode: member.Delete, MultipleMatches: member.MultipleMostRecent}, []string{"email", "a@x.jp"}, "2 multiple_matches email"},
		"deleted once":                          {all, member.Rules{Mode: member.Delete}, []string{"member_sn,birthday", "A,x", "A,"}, "deleted 1, skipped 1"},
		"no id is made by a file":               {all, member.Rules{Key: "id"}, []string{"id,name", "99,青木"}, "2 unknown_id id"},
		"required fields are not emptied":       {all, member.Rules{Blank: member.BlankClear}, []string{"member_sn,name", "A,", "N,", "B,##DELETE##"}, "2 cannot_clear name, 3 required name, 4 cannot_clear name"},
		"a number is somebody else's":           {all, member.Rules{Key: "phone"}, []string{"phone,member_sn", "09012345678,B"}, "2 not_unique member_sn"},
		"a lead needs a contact, and no name":   {List{}, member.Rules{Kind: member.KindLead, Key: "line_id"}, []string{"line_id,email", "U1,", "U2,u@x.jp"}, "created 1, 2 contact_missing"},
		"a lead's file updates the member":      {all, member.Rules{Kind: member.KindLead, Key: "phone"}, []string{"phone,city", "09012345678,大阪"}, "updated 1, unified 1"},
		"who opted out stays out":               {all, member.Rules{}, []string{"member_sn,is_subscriber,city", "B,TRUE,", "B,TRUE,大阪"}, "updated 1, unchanged 1, protected 2"},
		"unless the file may opt in":            {all, member.Rules{Consent: member.ConsentAllow}, []string{"member_sn,is_subscriber", "B,TRUE"}, "updated 1"},
		"what the key's contact refused":        {List{OptOuts: []OptOut{{"is_subscriber", "n@x.jp"}}}, member.Rules{}, []string{"member_sn,name,email,is_subscriber", "N,青木,N@x.jp,TRUE", "M,青木,N@x.jp,"}, "created 2, protected 1"},
		"consents that must be given":           {List{}, member.Rules{NewConsent: member.NewConsentRequired}, []string{"member_sn,name,email,is_subscriber_line", "N,青木,n@x.jp,", "M,青木,,TRUE"}, "created 1, 2 consent_required is_subscriber, 2 consent_required is_subscriber_line"},
		"a tag does not make a row updated":     {all, member.Rules{ImportTag: "春"}, []string{"member_sn,city", "A,東京", "A,大阪"}, "updated 1, unchanged 1, unified 1, tagged 1"},
		"missing, failed and blocked members":   {all, member.Rules{Mode: member.Replace}, []string{"member_sn,name,birthday", "A,青木,x"}, "removed 1, 2 date_invalid birthday"},
		"nobody goes where a key is unreadable": {all, member.Rules{Mode: member.Replace}, []string{"member_sn,name,phone", "A,青木,09012345678", ",馬場,"}, "updated 1, unified 1, 3 key_missing member_sn, removal_withheld"},
		"quota, in the order of the file":       {List{Members: []Member{a, blocked}, Quota: new(int64(2))}, member.Rules{}, []string{"member_sn,name", "N,", "M,青木", "A,青木", "O,井上"}, "created 1, unchanged 1, 2 required name, 5 quota_exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := runCase(t, tt.list, tt.rules, tt.file...); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestRandomCasesReachEveryRule: what no case does proves nothing.
func TestRandomCasesReachEveryRule(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for seed := range uint64(2000) {
		c := Random(seed)
		c.CSV()
		r, err := c.Expect(FirstFree, start)
		if err != nil {
			t.Fatal(err)
		}
		n := r.Totals
		for name, n := range map[string]int64{
			"created": n.Created, "updated": n.Updated, "unchanged": n.Unchanged, "deleted": n.Deleted, "skipped": n.Skipped, "removed": n.Removed,
			"unified": n.Unified, "protected": n.Protected, "tagged": r.Tagged, "keyless": r.Keyless, string(r.Failure): 1,
		} {
			if n > 0 {
				seen[name]++
			}
		}
		for _, f := range r.Failed {
			for _, p := range f.Problems {
				seen[string(p.Code)]++
			}
		}
		for _, w := range r.Warnings {
			seen[string(w)]++
		}
		if n.Rows() != n.Total {
			t.Errorf("seed %d: totals do not balance: %+v", seed, n)
		}
	}
	for _, name := range slices.Concat(
		[]string{"created", "updated", "unchanged", "deleted", "skipped", "removed", "unified", "protected", "tagged", "keyless"},
		codes(member.KeyMissing, member.TooFewCells, member.TooManyCells, member.DuplicateKey, member.MultipleMatches, member.QuotaExceeded,
			member.ContactMissing, member.UnknownID, member.Required, member.CannotClear, member.NotUnique, member.ConsentRequired,
			member.EmailInvalid, member.PhoneInvalid, member.DateDots, member.MaxFailed, member.MaxChanged, member.MaxRemoved, member.RemovalWithheld),
	) {
		if seen[name] < 10 {
			t.Errorf("%d cases with %s are too few", seen[name], name)
		}
	}
}

func codes(of ...member.Code) (names []string) {
	for _, c := range of {
		names = append(names, string(c))
	}
	return names
}

func TestSmallerCasesLackAPartAndAreStillCases(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		c := Random(seed)
		before := c.Describe()
		for smaller := range c.Smaller() {
			if len(smaller.CSV()) == 0 || smaller.Describe() == before {
				t.Errorf("seed %d: a case that is not smaller:\n%s", seed, smaller.Describe())
			}
			if _, err := smaller.Expect(FirstFree, start); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
		if c.Describe() != before {
			t.Errorf("seed %d: the case itself has changed", seed)
		}
	}
}
