package member

import (
	"fmt"
	"slices"
	"testing"
)

// roster is a list's members, as a database keeps them between batches.
type roster struct {
	plan   *Plan
	stored map[string]*Record
	counts Counts
	next   int64 // ordinal of the next row
}

// apply merges rows of cells as one batch, and returns their outcomes and problems.
func (l *roster) apply(t *testing.T, rows ...[]string) (outcomes []Outcome, problems []string) {
	t.Helper()
	b := Batch{Plan: l.plan, FirstID: 100, Members: map[string]*Record{}}
	for key, r := range l.stored {
		loaded := &Record{ID: r.ID, Version: r.Version, Stored: r.Version, Values: make([]Value, len(r.Values))}
		for i, v := range r.Values {
			loaded.Values[i] = v
			loaded.Values[i].List = slices.Clone(v.List)
		}
		b.Members[key] = loaded
	}
	for _, cells := range rows {
		r := parsed(l.plan, cells...)
		r.Ordinal = l.next
		l.next++
		outcomes = append(outcomes, b.Merge(&r))
		problems = append(problems, codes(r.Problems))
	}
	l.save(t, &b)
	return outcomes, problems
}

// save writes back what storage would: new and dirty records only.
func (l *roster) save(t *testing.T, b *Batch) {
	t.Helper()
	if l.stored == nil {
		l.stored = map[string]*Record{}
	}
	created := 0
	for key, r := range b.Members {
		switch {
		case r.New && r.Dirty:
			t.Errorf("member %s is both new and dirty", key)
		case r.New:
			created++
			l.stored[key] = r
		case r.Dirty:
			l.stored[key] = r
		case r.Version != r.Stored:
			t.Errorf("member %s has version %d and is not to be written", key, r.Version)
		}
	}
	if created != len(b.Created) {
		t.Errorf("%d new members, %d of them in Created", created, len(b.Created))
	}
	l.counts = sum(l.counts, b.Counts)
}

func sum(a, b Counts) Counts {
	return Counts{
		Created: a.Created + b.Created, Updated: a.Updated + b.Updated, Unchanged: a.Unchanged + b.Unchanged, Deleted: a.Deleted + b.Deleted,
		Skipped: a.Skipped + b.Skipped, Failed: a.Failed + b.Failed, Protected: a.Protected + b.Protected,
		Tagged: a.Tagged + b.Tagged,
	}
}

// field renders a member's value.
func (l *roster) field(key, field string) string {
	i := l.plan.index(field)
	return show(&l.plan.Fields[i], l.stored[key].Values[i])
}

func TestRowsMergeByTheRule(t *testing.T) {
	t.Parallel()
	type step struct {
		cells []string // member_sn, name, email, tags, is_subscriber, is_active, opposite of is_subscriber_sms
		want  Outcome
		why   string
	}
	type fields map[string]string
	for name, tt := range map[string]struct {
		steps     []step
		want      fields
		version   int32
		protected int64
	}{
		"a new member has the defaults": {
			[]step{{[]string{"A", "青木", "", "", "", "", ""}, Created, ""}},
			fields{"name": "青木", "email": "", "carrier": "", "tags": "", "is_subscriber": "true", "is_active": "true", "is_subscriber_sms": "true"},
			1, 0,
		},
		"a new member who opted out": {
			[]step{{[]string{"A", "青木", "", "", "FALSE", "FALSE", "TRUE"}, Created, ""}},
			fields{"is_subscriber": "false", "is_active": "false", "is_subscriber_sms": "false"},
			1, 0,
		},
		"an empty cell keeps": {
			[]step{{[]string{"A", "青木", "a@example.jp", "x", "FALSE", "FALSE", ""}, Created, ""}, {[]string{"A", "", "", "", "", "", ""}, Unchanged, ""}},
			fields{"name": "青木", "email": "a@example.jp", "tags": `["x"]`, "is_subscriber": "false", "is_active": "false"},
			1, 0,
		},
		"the carrier follows the address": {
			[]step{{[]string{"A", "青木", "a@docomo.ne.jp", "", "", "", ""}, Created, ""}, {[]string{"A", "", "a@ezweb.ne.jp", "", "", "", ""}, Updated, ""}},
			fields{"carrier": "3"},
			2, 0,
		},
		"without an address no carrier": {
			[]step{{[]string{"A", "青木", "a@docomo.ne.jp", "", "", "", ""}, Created, ""}, {[]string{"A", "", "##DELETE##", "", "", "", ""}, Updated, ""}},
			fields{"email": "", "carrier": ""},
			2, 0,
		},
		"who opted out stays out": {
			[]step{
				{[]string{"A", "青木", "", "", "FALSE", "", "TRUE"}, Created, ""},
				{[]string{"A", "", "", "", "TRUE", "", "FALSE"}, Unchanged, ""},
				{[]string{"A", "青木 一", "", "", "TRUE", "", ""}, Updated, ""},
			},
			fields{"name": "青木 一", "is_subscriber": "false", "is_subscriber_sms": "false"},
			2, 3,
		},
		"opting out in the file, too": {
			[]step{
				{[]string{"A", "青木", "", "", "", "", ""}, Created, ""},
				{[]string{"A", "", "", "", "FALSE", "", ""}, Updated, ""},
				{[]string{"A", "", "", "", "TRUE", "", ""}, Unchanged, ""},
			},
			fields{"is_subscriber": "false"},
			2, 1,
		},
		"activity is not consent": {
			[]step{{[]string{"A", "青木", "", "", "", "FALSE", ""}, Created, ""}, {[]string{"A", "", "", "", "", "TRUE", ""}, Updated, ""}},
			fields{"is_active": "true"},
			2, 0,
		},
		"a field with a default is cleared to it": {
			[]step{
				{[]string{"A", "青木", "", "", "", "##DELETE##", ""}, Created, ""},
				{[]string{"A", "", "", "", "", "FALSE", ""}, Updated, ""},
				{[]string{"A", "", "", "", "", "##DELETE##", ""}, Updated, ""},
				{[]string{"A", "", "", "", "", "##DELETE##", ""}, Unchanged, ""},
			},
			fields{"is_active": "true"},
			3, 0,
		},
		"tags unite in order": {
			[]step{
				{[]string{"A", "青木", "", "b,a,b", "", "", ""}, Created, ""},
				{[]string{"A", "", "", "a,c,b,c", "", "", ""}, Updated, ""},
				{[]string{"A", "", "", "c,a", "", "", ""}, Unchanged, ""},
			},
			fields{"tags": `["b","a","c"]`},
			2, 0,
		},
		"tags are cleared, then begin anew": {
			[]step{
				{[]string{"A", "青木", "", "a,b", "", "", ""}, Created, ""},
				{[]string{"A", "", "", "##DELETE##", "", "", ""}, Updated, ""},
				{[]string{"A", "", "", "##DELETE##", "", "", ""}, Unchanged, ""},
				{[]string{"A", "", "", "b", "", "", ""}, Updated, ""},
			},
			fields{"tags": `["b"]`},
			3, 0,
		},
		"only a new member needs a name": {
			[]step{
				{[]string{"A", "", "", "", "", "", ""}, Failed, "required(name)"},
				{[]string{"A", "青木", "", "", "", "", ""}, Created, ""},
				{[]string{"A", "", "a@example.jp", "", "", "", ""}, Updated, ""},
			},
			fields{"name": "青木", "email": "a@example.jp"},
			2, 0,
		},
		"a failed row changes nothing": {
			[]step{
				{[]string{"A", "青木", "", "x", "", "", ""}, Created, ""},
				{[]string{"A", "別人", "", "y", "FALSE", "FALSE", "perhaps"}, Failed, "boolean_invalid(is_subscriber_sms)"},
				{[]string{"A", "##DELETE##", "no address", "y", "##DELETE##", "", ""}, Failed, "cannot_clear(name) email_invalid(email) cannot_clear(is_subscriber)"},
				{[]string{"", "別人", "", "", "", "", ""}, Failed, "key_missing(member_sn)"},
			},
			fields{"name": "青木", "tags": `["x"]`, "is_subscriber": "true", "is_active": "true", "is_subscriber_sms": "true"},
			1, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := newPlan(t, "member_sn", "member_sn", "name", "email", "tags", "is_subscriber", "is_active", "!is_subscriber_sms")
			together, apart := &roster{plan: plan}, &roster{plan: plan}
			var rows [][]string
			var want Counts
			for n, s := range tt.steps {
				rows = append(rows, s.cells)
				want.add(s.want)
				got, problems := apart.apply(t, s.cells)
				if got[0] != s.want || problems[0] != s.why {
					t.Errorf("row %d alone: %d with %q, want %d with %q", n, got[0], problems[0], s.want, s.why)
				}
			}
			want.Protected = tt.protected
			got, problems := together.apply(t, rows...)
			for n, s := range tt.steps {
				if got[n] != s.want || problems[n] != s.why {
					t.Errorf("row %d: %d with %q, want %d with %q", n, got[n], problems[n], s.want, s.why)
				}
			}
			for _, l := range []*roster{together, apart} {
				for field, value := range tt.want {
					if got := l.field("A", field); got != value {
						t.Errorf("%s = %q, want %q", field, got, value)
					}
				}
				if len(l.stored) != 1 || l.stored["A"].Version != tt.version || l.counts != want {
					t.Errorf("%d members, version %d, %+v; want version %d, %+v", len(l.stored), l.stored["A"].Version, l.counts, tt.version, want)
				}
			}
		})
	}
}

func TestDerivedNameIsUpdatedWithBothParts(t *testing.T) {
	t.Parallel()
	l := &roster{plan: newPlan(t, "member_sn", "member_sn", "last_name", "first_name")}
	got, problems := l.apply(t,
		[]string{"A", "佐藤", ""}, // no name for a new member
		[]string{"A", "佐藤", "一郎"}, []string{"A", "佐藤", "一郎"}, []string{"A", "Sato", "Ichiro"})
	if want := "[5 0 2 1] [required(name)   ]"; fmt.Sprint(got, problems) != want {
		t.Errorf("outcomes %v %v, want %s", got, problems, want)
	}
	if name := l.field("A", "name"); name != "Ichiro Sato" {
		t.Errorf("name = %q", name)
	}
}

func TestNobodyIsCreatedWhereNoColumnFeedsARequiredField(t *testing.T) {
	t.Parallel()
	l := &roster{plan: newPlan(t, "member_sn", "member_sn", "email")}
	l.stored = map[string]*Record{"A": {ID: 7, Version: 4, Values: make([]Value, len(l.plan.Fields))}}
	got, problems := l.apply(t, []string{"A", "a@example.jp"}, []string{"B", "b@example.jp"})
	if want := "[1 5] [ required(name)]"; fmt.Sprint(got, problems) != want {
		t.Errorf("outcomes %v %v, want %s", got, problems, want)
	}
	if r := l.stored["A"]; r.ID != 7 || r.Version != 5 || len(l.stored) != 1 {
		t.Errorf("member = %+v", r)
	}
}

func TestIDsComeFromThePlaceInTheFile(t *testing.T) {
	t.Parallel()
	l := &roster{plan: newPlan(t, "member_sn", "member_sn", "name")}
	l.apply(t, []string{"A", "青木"}, []string{"", "井上"}, []string{"A", "青木 一"}, []string{"B", "井上"})
	l.apply(t, []string{"C", "上田"}, []string{"B", "江口"})
	for key, want := range map[string]int64{"A": 100, "B": 103, "C": 104} {
		if got := l.stored[key].ID; got != want {
			t.Errorf("id of %s = %d, want %d", key, got, want)
		}
	}
}
