package member

import (
	"fmt"
	"strings"
	"testing"
)

// parsed is a row of these cells, as a merger parses it.
func parsed(p *Plan, cells ...string) Row {
	r := Row{Cells: cells, Values: make([]Value, len(p.Fields)), Actions: make([]Action, len(p.Fields))}
	p.Parse(&r)
	return r
}

// at renders what a row does to a field.
func at(p *Plan, r *Row, field string) string {
	i := p.index(field)
	if i < 0 {
		return "no such field"
	}
	f := &p.Fields[i]
	return [...]string{Keep: "keep", Set: "set", Clear: "clear"}[r.Actions[i]] + " " + show(f, r.Values[i])
}

func codes(problems []Problem) string {
	var s []string
	for _, p := range problems {
		s = append(s, fmt.Sprintf("%s(%s)", p.Code, p.Field))
	}
	return strings.Join(s, " ")
}

func TestCellsSetKeepOrClear(t *testing.T) {
	t.Parallel()
	p := newPlan(t, "member_sn", "member_sn", "name", "email", "birthday", "tags", "is_active", "!is_subscriber_sms")
	for _, tt := range []struct {
		cells []string
		want  map[string]string
	}{
		{
			[]string{"A1", "青木", "a@example.jp", "1990/5/20", "b,a,b", "no", "TRUE"},
			map[string]string{
				"member_sn": "set A1", "name": "set 青木", "email": "set a@example.jp", "birthday": "set 1990-05-20", "tags": `set ["b","a"]`,
				"is_active": "set false", "is_subscriber_sms": "set false", "carrier": "keep ",
			},
		},
		{
			[]string{"Ａ１", "", " ", "　", "\t", "", ""},
			map[string]string{
				"member_sn": "set A1", "name": "keep ", "email": "keep ", "birthday": "keep ", "tags": "keep ",
				"is_active": "keep ", "is_subscriber_sms": "keep ",
			},
		},
		{
			// A field that always has a value is cleared to its default.
			[]string{"A1", "", "##DELETE##", " ##DELETE## ", "##DELETE##", "##DELETE##", "FALSE"},
			map[string]string{"email": "clear ", "birthday": "clear ", "tags": "clear ", "is_active": "clear true", "is_subscriber_sms": "set true"},
		},
		{
			[]string{"A1", "## DELETE ##", "", "", "##delete##", "", ""},
			map[string]string{"name": "set ## DELETE ##", "tags": `set ["##delete##"]`},
		},
	} {
		r := parsed(p, tt.cells...)
		if r.Failed() || r.Key != "A1" {
			t.Errorf("%q: key %q, problems %v", tt.cells, r.Key, r.Problems)
		}
		for field, want := range tt.want {
			if got := at(p, &r, field); got != want {
				t.Errorf("%q: %s is %q, want %q", tt.cells, field, got, want)
			}
		}
	}
}

func TestEveryProblemOfARowIsReported(t *testing.T) {
	t.Parallel()
	p := newPlan(t, "member_sn", "name", "member_sn", "email", "is_subscriber", "tags", "birthday")
	for _, tt := range []struct {
		cells []string
		want  string
	}{
		{[]string{"青木", "A1", "", "", "", ""}, ""},
		{[]string{"青木", "", "", "", "", ""}, "key_missing(member_sn)"},
		{[]string{"青木", "　", "", "", "", ""}, "key_missing(member_sn)"},
		{[]string{"青木", "##DELETE##", "", "", "", ""}, "cannot_clear(member_sn)"},
		{[]string{"##DELETE##", "A1", "", "##DELETE##", "", ""}, "cannot_clear(name) cannot_clear(is_subscriber)"},
		{
			[]string{"##DELETE##", "", "no address", "perhaps", "a/b/c", "1990.05.20"},
			"cannot_clear(name) key_missing(member_sn) email_invalid(email) boolean_invalid(is_subscriber) tag_levels(tags) date_dots(birthday)",
		},
		{[]string{"青木", strings.Repeat("A", 256), "", "", "a b", ""}, "too_long(member_sn) tag_character(tags)"},
	} {
		r := parsed(p, tt.cells...)
		if got := codes(r.Problems); got != tt.want {
			t.Errorf("%q: problems %s, want %s", tt.cells, got, tt.want)
		}
	}
}

func TestRowThatCouldNotBeReadKeepsItsOwnProblemOnly(t *testing.T) {
	t.Parallel()
	p := newPlan(t, "member_sn", "member_sn", "email")
	r := Row{Cells: []string{"", "no address"}, Values: make([]Value, len(p.Fields)), Actions: make([]Action, len(p.Fields)), Problems: []Problem{{Code: TooFewCells}}}
	p.Parse(&r)
	if got := codes(r.Problems); got != "too_few_cells()" {
		t.Errorf("problems %s", got)
	}
}

func TestRepairsAreNotedAndDoNotFailTheRow(t *testing.T) {
	t.Parallel()
	p := newPlan(t, "member_sn", "member_sn", "phone")
	f := p.Fields[1]
	_, note, _ := f.Parse("9012345678", p.locale)
	if note == "" {
		t.Fatal("a lost leading zero is not noted")
	}
	r := parsed(p, "A1", "9012345678")
	if r.Failed() || len(r.Notes) != 1 || r.Notes[0] != (Problem{Code: note, Field: "phone"}) || at(p, &r, "phone") != "set +819012345678" {
		t.Errorf("row = %+v", r)
	}
}

func TestNameIsMadeOfItsParts(t *testing.T) {
	t.Parallel()
	p := newPlan(t, "member_sn", "member_sn", "last_name", "first_name")
	for _, tt := range []struct{ last, first, want string }{
		{"佐藤", "一郎", "set 佐藤一郎"},
		{"Sato", "Ichiro", "set Ichiro Sato"},
		{"佐藤", "", "keep "},
		{"", "一郎", "keep "},
		{"##DELETE##", "一郎", "keep "},
		{"", "", "keep "},
	} {
		r := parsed(p, "A1", tt.last, tt.first)
		if got := at(p, &r, "name"); got != tt.want || r.Failed() {
			t.Errorf("%q %q: name is %q, want %q (%v)", tt.last, tt.first, got, tt.want, r.Problems)
		}
	}
	own := newPlan(t, "member_sn", "member_sn", "last_name", "first_name", "name")
	r := parsed(own, "A1", "佐藤", "一郎", "さとう いちろう")
	if got := at(own, &r, "name"); got != "set さとう いちろう" {
		t.Errorf("name is %q although it has a column of its own", got)
	}
}
