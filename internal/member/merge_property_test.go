package member

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// meaning is what a cell says, as a person reads it: a value, nothing, that the field is to be cleared, or a problem.
type meaning struct {
	cell, value string
	clear       bool
	code        Code
}

const clearing = "##DELETE##"

// meanings are the cells that the random rows are made of. Common ones stand more than once.
var meanings = map[string][]meaning{
	"member_sn": {
		{cell: "A", value: "A"},
		{cell: "Ａ", value: "A"},
		{cell: " B", value: "B"},
		{cell: "B", value: "B"},
		{cell: "C", value: "C"},
		{cell: "c", value: "c"},
		{cell: "", code: KeyMissing},
		{cell: "　", code: KeyMissing},
		{cell: clearing, code: CannotClear},
	},
	"name": {{}, {}, {}, {cell: "青木", value: "青木"}, {cell: " 井上 ", value: "井上"}, {cell: "上田", value: "上田"}, {cell: clearing, code: CannotClear}},
	"last_name": {
		{},
		{cell: "佐藤", value: "佐藤"},
		{cell: "Sato", value: "Sato"},
		{cell: "佐藤", value: "佐藤"},
		{cell: clearing, clear: true},
	},
	"first_name": {{}, {cell: "Ann", value: "Ann"}, {cell: "Bob", value: "Bob"}, {cell: clearing, clear: true}},
	"email": {
		{},
		{},
		{cell: "a@docomo.ne.jp", value: "a@docomo.ne.jp"},
		{cell: "A@docomo.ne.jp", value: "A@docomo.ne.jp"},
		{cell: " a@example.jp", value: "a@example.jp"},
		{cell: clearing, clear: true},
		{cell: "a@", code: EmailInvalid},
	},
	"tags":              {{}, {cell: "x", value: "x"}, {cell: "y,x", value: "y x"}, {cell: `["z","y","z"]`, value: "z y"}, {cell: clearing, clear: true}, {cell: "a.b", code: TagCharacter}},
	"is_subscriber":     {{}, {}, {cell: "TRUE", value: "true"}, {cell: "○", value: "true"}, {cell: "FALSE", value: "false"}, {cell: clearing, code: CannotClear}, {cell: "?", code: BooleanInvalid}},
	"is_active":         {{}, {}, {cell: "1", value: "true"}, {cell: "0", value: "false"}, {cell: clearing, clear: true}, {cell: "?", code: BooleanInvalid}},
	"is_subscriber_sms": {{}, {}, {cell: "no", value: "true"}, {cell: "yes", value: "false"}, {cell: clearing, code: CannotClear}}, // the column says the opposite
}

var carriers = map[string]string{"a@docomo.ne.jp": "1", "A@docomo.ne.jp": "1", "a@example.jp": "0", "": ""}

// oracle is the merge rule in the simplest words: maps of text, one row after another.
type oracle struct {
	columns  []string
	members  map[string]map[string]string
	outcomes []Outcome
	problems []string
	counts   Counts
}

func (o *oracle) has(column string) bool { return slices.Contains(o.columns, column) }

func (o *oracle) row(ordinal int, row map[string]meaning) {
	outcome, problems := o.judge(ordinal, row)
	o.counts.add(outcome)
	o.outcomes = append(o.outcomes, outcome)
	o.problems = append(o.problems, strings.Join(problems, " "))
}

func (o *oracle) judge(ordinal int, row map[string]meaning) (Outcome, []string) {
	var problems []string
	for _, column := range o.columns {
		if code := row[column].code; code != "" {
			problems = append(problems, fmt.Sprintf("%s(%s)", code, column))
		}
	}
	if problems != nil {
		return Failed, problems
	}
	said := maps.Clone(row)
	if last, first := row["last_name"].value, row["first_name"].value; !o.has("name") && last != "" && first != "" {
		said["name"] = meaning{value: map[bool]string{true: first + " " + last, false: last + first}[last == "Sato"]}
	}
	key := row["member_sn"].value
	m := o.members[key]
	if m == nil {
		if said["name"].value == "" {
			return Failed, []string{"required(name)"}
		}
		m = map[string]string{"#id": fmt.Sprint(100 + ordinal), "#version": "1"}
		for _, column := range o.columns {
			if strings.HasPrefix(column, "is_") {
				m[column] = "true"
			}
		}
		if o.has("email") { // whose opt-outs are looked for
			m["is_subscriber"] = "true"
		}
		for column, c := range said {
			if c.value != "" {
				m[column] = c.value
			}
		}
		o.derive(m)
		o.members[key] = m
		return Created, nil
	}
	before := fmt.Sprint(m)
	for column, c := range said {
		switch {
		case c.clear && column == "is_active":
			m[column] = "true"
		case c.clear:
			m[column] = ""
		case c.value == "":
		case strings.HasPrefix(column, "is_subscriber") && m[column] == "false":
			if c.value == "true" {
				o.counts.Protected++
			}
		case column == "tags":
			for tag := range strings.FieldsSeq(c.value) {
				if !slices.Contains(strings.Fields(m[column]), tag) {
					m[column] = strings.TrimSpace(m[column] + " " + tag)
				}
			}
		default:
			m[column] = c.value
		}
	}
	o.derive(m)
	for column, value := range m {
		if value == "" {
			delete(m, column)
		}
	}
	if fmt.Sprint(m) == before {
		return Unchanged, nil
	}
	var version int
	_, _ = fmt.Sscan(m["#version"], &version)
	m["#version"] = fmt.Sprint(version + 1)
	return Updated, nil
}

func (o *oracle) derive(m map[string]string) {
	if carrier := carriers[m["email"]]; o.has("email") && carrier != "" {
		m["carrier"] = carrier
	} else {
		delete(m, "carrier")
	}
}

// dump writes down all that an import leaves behind.
func (o *oracle) dump() string {
	return dump(o.members, o.outcomes, o.problems, o.counts)
}

func dump(members map[string]map[string]string, outcomes []Outcome, problems []string, counts Counts) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(members)) {
		fmt.Fprintln(&b, key, members[key])
	}
	fmt.Fprintf(&b, "%v\n%q\n%+v", outcomes, problems, counts)
	return b.String()
}

// plain returns the members as the oracle writes them.
func (l *roster) plain() map[string]map[string]string {
	members := map[string]map[string]string{}
	for key, r := range l.stored {
		m := map[string]string{"#id": fmt.Sprint(r.ID), "#version": fmt.Sprint(r.Version)}
		for i := range l.plan.Fields {
			f := &l.plan.Fields[i]
			if f.Type == Tags {
				m[f.Key] = strings.Join(r.Values[i].List, " ")
			} else {
				m[f.Key] = show(f, r.Values[i])
			}
			if m[f.Key] == "" {
				delete(m, f.Key)
			}
		}
		members[key] = m
	}
	return members
}

// file is a random file of few keys, and the mapping that it has.
type file struct {
	plan *Plan
	rows []map[string]meaning
}

var mappings = [][]string{
	{"member_sn", "name", "email", "tags", "is_subscriber", "is_active", "!is_subscriber_sms"},
	{"last_name", "email", "member_sn", "first_name", "!is_subscriber_sms"},
	{"tags", "member_sn", "is_subscriber", "name", "last_name", "first_name"},
}

func randomFile(r *rand.Rand, plans []*Plan) file {
	f := file{plan: plans[r.IntN(len(plans))]}
	for range 1 + r.IntN(14) {
		row := map[string]meaning{}
		for _, field := range f.plan.Fields[:f.plan.Columns] {
			choices := meanings[field.Key]
			m := choices[r.IntN(len(choices))]
			if m.code != "" && r.IntN(4) > 0 {
				m = choices[r.IntN(len(choices))] // rows without a problem are more interesting
			}
			row[field.Key] = m
		}
		f.rows = append(f.rows, row)
	}
	return f
}

// cells returns the rows from first up to end as they stand in the file.
func (f *file) cells(first, end int) (rows [][]string) {
	for _, row := range f.rows[first:end] {
		var cells []string
		for _, field := range f.plan.Fields[:f.plan.Columns] {
			cells = append(cells, row[field.Key].cell)
		}
		rows = append(rows, cells)
	}
	return rows
}

// merge applies the file in batches that end at cuts, and returns all that it leaves behind.
func (f *file) merge(t *testing.T, l *roster, cuts ...int) string {
	t.Helper()
	var outcomes []Outcome
	var problems []string
	first := 0
	for _, end := range append(cuts, len(f.rows)) {
		o, p := l.apply(t, f.cells(first, end)...)
		outcomes, problems = append(outcomes, o...), append(problems, p...)
		first = end
	}
	return dump(l.plain(), outcomes, problems, l.counts)
}

func plansOf(t *testing.T) (plans []*Plan) {
	t.Helper()
	for _, m := range mappings {
		plans = append(plans, newPlan(t, "member_sn", m...))
	}
	return plans
}

// TestHowAFileIsCutChangesNothing is the invariant that outcome, members and counts depend on the file only, and that
// they are those of the rule read word by word.
func TestHowAFileIsCutChangesNothing(t *testing.T) {
	t.Parallel()
	plans := plansOf(t)
	seen := Counts{}
	for seed := range uint64(6000) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := randomFile(r, plans)
		o := oracle{members: map[string]map[string]string{}}
		for _, field := range f.plan.Fields[:f.plan.Columns] {
			o.columns = append(o.columns, field.Key)
		}
		for n, row := range f.rows {
			o.row(n, row)
		}
		want := o.dump()
		if got := f.merge(t, &roster{plan: f.plan}); got != want {
			t.Fatalf("seed %d, %q\nas one batch\n%s\nwant\n%s", seed, f.cells(0, len(f.rows)), got, want)
		}
		for range 3 {
			var cuts []int
			for n := range f.rows[1:] {
				if r.IntN(3) == 0 {
					cuts = append(cuts, n+1)
				}
			}
			if got := f.merge(t, &roster{plan: f.plan}, cuts...); got != want {
				t.Fatalf("seed %d, %q\nin batches that end at %d\n%s\nwant\n%s", seed, f.cells(0, len(f.rows)), cuts, got, want)
			}
		}
		seen = sum(seen, o.counts)
	}
	if least := min(seen.Created, seen.Updated, seen.Unchanged, seen.Failed, seen.Protected); least < 500 {
		t.Errorf("the files are too much alike: %+v", seen)
	}
}

// TestFileAgainChangesNothing: yesterday's file, imported again, writes no member.
func TestFileAgainChangesNothing(t *testing.T) {
	t.Parallel()
	plans := plansOf(t)
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 2))
		before := randomFile(r, plans)
		f := randomFile(r, []*Plan{before.plan})
		seen := map[string]bool{}
		f.rows = slices.DeleteFunc(f.rows, func(row map[string]meaning) bool {
			key := cmp.Or(row["member_sn"].value, row["member_sn"].cell)
			defer func() { seen[key] = true }()
			return seen[key]
		})
		l := &roster{plan: f.plan}
		before.merge(t, l)
		first, _ := l.apply(t, f.cells(0, len(f.rows))...)
		want := fmt.Sprint(l.plain())
		again, _ := l.apply(t, f.cells(0, len(f.rows))...)
		for n := range again {
			if again[n] != Unchanged && again[n] != Failed || (again[n] == Failed) != (first[n] == Failed) {
				t.Fatalf("seed %d, row %q: outcome %d, then %d; want unchanged", seed, f.cells(n, n+1), first[n], again[n])
			}
		}
		if got := fmt.Sprint(l.plain()); got != want {
			t.Fatalf("seed %d: members %s, were %s", seed, got, want)
		}
	}
}
