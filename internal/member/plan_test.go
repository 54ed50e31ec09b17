package member

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// mapped is the mapping of these fields; "-" is a column that is not imported, "!" in front inverts.
func mapped(fields ...string) Mapping {
	m := make(Mapping, len(fields))
	for i, f := range fields {
		m[i].Header = fmt.Sprintf("列%d", i)
		if m[i].Field, m[i].Inverted = strings.CutPrefix(f, "!"); f == "-" {
			m[i].Field = ""
		}
	}
	return m
}

func newPlan(tb testing.TB, key string, fields ...string) *Plan {
	tb.Helper()
	p, err := NewPlan(Standard(), mapped(fields...), Rules{Key: key}, tokyo(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestPlanHasMappedFieldsInColumnOrderThenDerivedOnes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key     string
		columns []string
		want    string
		key1    int
		cells   int
	}{
		"as they stand":                      {"member_sn", []string{"birthday", "member_sn", "name"}, "birthday member_sn name", 1, 3},
		"without the not imported":           {"member_sn", []string{"-", "name", "-", "member_sn"}, "name member_sn", 1, 2},
		"carrier and consent of the address": {"member_sn", []string{"email", "member_sn", "name"}, "email member_sn name carrier is_subscriber", 1, 3},
		"name of its parts":                  {"member_sn", []string{"member_sn", "last_name", "first_name"}, "member_sn last_name first_name name", 0, 3},
		"name is mapped itself":              {"member_sn", []string{"member_sn", "last_name", "first_name", "name"}, "member_sn last_name first_name name", 0, 4},
		"one part is no name":                {"member_sn", []string{"member_sn", "last_name"}, "member_sn last_name", 0, 2},
		"name, carrier and consent":          {"email", []string{"first_name", "email", "last_name"}, "first_name email last_name name carrier is_subscriber", 1, 3},
	} {
		p := newPlan(t, tt.key, tt.columns...)
		var got []string
		for i := range p.Fields {
			got = append(got, p.Fields[i].Key)
		}
		if strings.Join(got, " ") != tt.want || p.Key != tt.key1 || p.Columns != tt.cells || p.KeyField().Key != tt.key {
			t.Errorf("%s: fields %v, key %d, %d columns; want %s, %d, %d", name, got, p.Key, p.Columns, tt.want, tt.key1, tt.cells)
		}
	}
}

func TestPlanKnowsRequiredFieldsThatNobodyFeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		columns []string
		want    []string
	}{
		{[]string{"member_sn", "name"}, nil},
		{[]string{"member_sn", "first_name", "last_name"}, nil},
		{[]string{"member_sn", "last_name"}, []string{"name"}},
		{[]string{"member_sn"}, []string{"name"}},
	} {
		if p := newPlan(t, "member_sn", tt.columns...); !slices.Equal(p.unmapped, tt.want) {
			t.Errorf("%v: %v is not fed, want %v", tt.columns, p.unmapped, tt.want)
		}
	}
}

func TestNewPlanRefusesWhatCannotBeMerged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ key, columns string }{
		{"member_sn", "member_sn shoe_size"}, {"member_sn", "name"}, {"member_sn", ""}, {"shoe_size", "member_sn name"},
	} {
		if _, err := NewPlan(Standard(), mapped(strings.Fields(tt.columns)...), Rules{Key: tt.key}, tokyo(t)); err == nil {
			t.Errorf("key %s, columns %s: no error", tt.key, tt.columns)
		}
	}
}

func TestRouteKeyIsTheKeyOfTheParsedRow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ key, cell, want string }{
		{"member_sn", "A1", "A1"},
		{"member_sn", "　Ａ１ ", "A1"},
		{"member_sn", "a1", "a1"},
		{"email", " Taro@Example.JP ", "taro@example.jp"},
		{"phone", "090-1234-5678", "+819012345678"},
		{"phone", "+81 (0)90 1234 5678", "+819012345678"},
		// What is no key goes somewhere, always to the same place, and fails there.
		{"email", "no address", "no address"},
		{"member_sn", "", ""},
		{"member_sn", "　", "　"},
	} {
		p := newPlan(t, tt.key, tt.key, "name")
		if got := p.RouteKey(tt.cell); got != tt.want {
			t.Errorf("RouteKey(%q) by %s = %q, want %q", tt.cell, tt.key, got, tt.want)
		}
		r := parsed(p, tt.cell, "青木")
		if !r.Failed() && r.Key != tt.want {
			t.Errorf("key of the row %q = %q, want %q: the same as RouteKey", tt.cell, r.Key, tt.want)
		}
	}
}
