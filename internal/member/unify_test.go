package member_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/member"
)

// unifyFields are the standard fields and custom ones of every type that a rule tells apart.
func unifyFields(t *testing.T) []member.Field {
	t.Helper()
	s, err := member.Standard().With(
		member.Field{Key: "shop", Type: member.String, Custom: true},
		member.Field{Key: "service", Type: member.Boolean, Custom: true, Consent: true, Contacts: []string{"email"}},
		member.Field{Key: "interests", Type: member.List, Custom: true},
		member.Field{Key: "labels", Type: member.Tags, Custom: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	return s.Fields()
}

// person is a set of values by key, the rest of which are not set.
func person(fields []member.Field, values map[string]member.Value) []member.Value {
	out := make([]member.Value, len(fields))
	for i := range fields {
		out[i] = values[fields[i].Key]
	}
	return out
}

func TestUnify(t *testing.T) {
	t.Parallel()
	fields := unifyFields(t)
	text, yes, no := member.TextValue, member.BoolValue(true), member.BoolValue(false)
	tags := func(items ...string) member.Value { return member.ListValue(items) }
	at := func(day int) member.Value {
		return member.DateTimeValue(time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC))
	}
	many := make([]string, 30)
	for i := range many {
		many[i] = fmt.Sprintf("t%d", i)
	}
	for name, tt := range map[string]struct {
		field              string
		member, lead, want member.Value
	}{
		"the member's value stays":              {"name", text("青木"), text("あおき"), text("青木")},
		"the lead fills what is empty":          {"phone", member.Value{}, text("+819012345678"), text("+819012345678")},
		"nothing stays nothing":                 {"city", member.Value{}, member.Value{}, member.Value{}},
		"custom fields are filled":              {"shop", member.Value{}, text("渋谷"), text("渋谷")},
		"custom values stay":                    {"shop", text("新宿"), text("渋谷"), text("新宿")},
		"an empty list is filled":               {"interests", tags(), tags("本"), tags("本")},
		"a list with values stays":              {"interests", tags("車"), tags("本"), tags("車")},
		"the lead's opt-out wins":               {"is_subscriber", yes, no, no},
		"the member's opt-out wins":             {"is_subscriber", no, yes, no},
		"both agree":                            {"is_subscriber", yes, yes, yes},
		"a consent not asked for is the lead's": {"service", member.Value{}, yes, yes},
		"a custom opt-out wins":                 {"service", yes, no, no},
		"the lead was not asked":                {"service", yes, member.Value{}, yes},
		"tags are united":                       {"tags", tags("a", "b"), tags("b", "c"), tags("a", "b", "c")},
		"custom tags are united":                {"labels", tags("a"), tags("c"), tags("a", "c")},
		"import tags are united":                {"import_tags", member.Value{}, tags("x"), tags("x")},
		"the oldest import tag is dropped":      {"import_tags", tags(many...), tags("x"), tags(append(many[1:len(many):len(many)], "x")...)},
		"last seen is the later":                {"last_seen_at", at(3), at(5), at(5)},
		"last seen is not the earlier":          {"last_seen_at", at(5), at(3), at(5)},
		"bounces are the larger":                {"bounce_count", text("9"), text("10"), text("10")},
		"bounces are not the smaller":           {"bounce_count", text("10"), text("9"), text("10")},
		"creation is the member's":              {"created_at", at(5), at(3), at(5)},
		"the id is the member's":                {"id", text("7"), text("3"), text("7")},
		"activity is the member's":              {"is_active", no, yes, no},
	} {
		a := person(fields, map[string]member.Value{tt.field: tt.member})
		b := person(fields, map[string]member.Value{tt.field: tt.lead})
		got := member.Unify(fields, a, b)
		if want := person(fields, map[string]member.Value{tt.field: tt.want}); !slices.EqualFunc(got, want, member.Value.Equal) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestUnifyDerivesTheCarrierOfALeadsAddress(t *testing.T) {
	t.Parallel()
	fields := unifyFields(t)
	lead := person(fields, map[string]member.Value{"email": member.TextValue("taro@docomo.ne.jp"), "carrier": member.IntValue(member.CarrierDocomo)})
	got := member.Unify(fields, person(fields, nil), lead)
	if !slices.EqualFunc(got, lead, member.Value.Equal) {
		t.Errorf("%+v, want the address and its carrier", got)
	}
	own := person(fields, map[string]member.Value{"email": member.TextValue("taro@example.jp"), "carrier": member.IntValue(member.CarrierPC)})
	if got := member.Unify(fields, own, lead); !slices.EqualFunc(got, own, member.Value.Equal) {
		t.Errorf("%+v, want the member's address and carrier", got)
	}
}

// TestUnifyTakesNothingFromTheMember unifies random people: no value of the member is lost, nobody is opted in who opted
// out, and a lead that became part of a member changes it no more.
func TestUnifyTakesNothingFromTheMember(t *testing.T) {
	t.Parallel()
	fields := unifyFields(t)
	r := rand.New(rand.NewPCG(1, 2))
	anybody := func() []member.Value {
		out := make([]member.Value, len(fields))
		for i := range fields {
			if r.IntN(3) == 0 {
				continue
			}
			switch fields[i].Type {
			case member.Boolean:
				out[i] = member.BoolValue(r.IntN(2) == 0)
			case member.List, member.Tags:
				items := make([]string, r.IntN(4))
				for n := range items {
					items[n] = fmt.Sprint(n + r.IntN(2)*10)
				}
				out[i] = member.ListValue(items)
			case member.Date, member.DateTime, member.Choice:
				out[i] = member.IntValue(r.Int64N(3))
			default:
				out[i] = member.TextValue(fmt.Sprint(r.IntN(3)))
			}
		}
		return out
	}
	for range 2000 {
		m, lead := anybody(), anybody()
		got := member.Unify(fields, m, lead)
		for i := range fields {
			f := &fields[i]
			switch {
			case f.Consent && (m[i].Set && !m[i].Bool() || lead[i].Set && !lead[i].Bool()) && got[i].Bool():
				t.Fatalf("%s: %+v and %+v became an opt-in", f.Key, m[i], lead[i])
			case m[i].Set && !got[i].Set:
				t.Fatalf("%s: %+v was lost", f.Key, m[i])
			}
			for _, item := range m[i].List {
				if !slices.Contains(got[i].List, item) {
					t.Fatalf("%s: %s was lost of %v", f.Key, item, m[i].List)
				}
			}
		}
		if again := member.Unify(fields, got, lead); !slices.EqualFunc(again, got, member.Value.Equal) {
			t.Fatalf("unified twice: %+v, once %+v", again, got)
		}
	}
}

func TestOnlyAddressAndNumberAreSharedContacts(t *testing.T) {
	t.Parallel()
	fields := unifyFields(t)
	text := member.TextValue
	a := person(fields, map[string]member.Value{"email": text("Taro@example.jp"), "phone": text("+819012345678"), "line_id": text("u1"), "name": text("青木")})
	for name, tt := range map[string]struct {
		values map[string]member.Value
		want   bool
	}{
		"the address in other case": {map[string]member.Value{"email": text("taro@EXAMPLE.jp")}, true},
		"the number":                {map[string]member.Value{"email": text("x@example.jp"), "phone": text("+819012345678")}, true},
		"neither":                   {map[string]member.Value{"email": text("x@example.jp"), "line_id": text("u1"), "name": text("青木")}, false},
		"no contact":                {nil, false},
	} {
		if got := member.SharesContact(fields, a, person(fields, tt.values)); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if member.SharesContact(fields, person(fields, nil), person(fields, nil)) {
		t.Error("two without contacts share one")
	}
}
