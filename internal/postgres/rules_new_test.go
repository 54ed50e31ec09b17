package postgres_test

import (
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// TestRowsOfAnEmptyListThatFail has rows whose member an earlier chunk created, in a list that was empty: they would fail
// as new members, or fail where they are no first rows, and nothing else tells that their keys are known by then.
func TestRowsOfAnEmptyListThatFail(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		rules member.Rules
		quota any
		table []string
		want  string
	}{
		{
			"no name",
			member.Rules{},
			nil,
			[]string{"member_sn,name,city", "A,青木,東京", "A,,大阪", "B,,京都"},
			"created 1, updated 1, failed 1",
		},
		{
			"no consent",
			member.Rules{NewConsent: member.NewConsentRequired},
			nil,
			[]string{"member_sn,name,email,is_subscriber", "A,青木,a@example.jp,true", "A,青木二,,", "B,馬場,b@example.jp,"},
			"created 1, updated 1, failed 1",
		},
		{
			"no room",
			member.Rules{},
			1,
			[]string{"member_sn,name", "A,青木", "A,青木二", "B,馬場"},
			"created 1, updated 1, failed 1",
		},
		{
			"not the first",
			member.Rules{Mode: member.Append},
			nil,
			[]string{"member_sn,name,birthday", "A,青木,", "A,青木,x", "B,馬場,x"},
			"created 1, skipped 1, failed 1",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, chunk := range []int{1, 10} {
				s := newShop(t)
				s.exec(t, `update tenant set member_quota = $2 where id = $1`, s.tenant, tc.quota)
				if got := outcomes(s.run(t, imports.Options{Rules: tc.rules}, chunk, tc.table...)); got != tc.want {
					t.Errorf("in chunks of %d: %s, want %s", chunk, got, tc.want)
				}
			}
		})
	}
}
