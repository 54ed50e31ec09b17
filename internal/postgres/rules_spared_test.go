package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

func TestRowsThatAreSkippedDeleteNobody(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name", "A,青木", "B,馬場")
	i := s.run(t, rules(member.Rules{Mode: member.Delete, SkipWithout: "city"}), 1, "city,member_sn", "　,A", "東京,B")
	if got, want := outcomes(i)+": "+s.problems(t, i), "deleted 1, skipped 1: skipped_without 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := s.members(t, `member_sn`); !slices.Equal(got, []string{"A"}) {
		t.Errorf("%q are left, want A", got)
	}
}

func TestSkippedRowOfAReplacingFileNamesItsMember(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name", "A,青木", "B,馬場")
	o := rules(member.Rules{Mode: member.Replace, SkipWithout: "city"})
	i := s.run(t, o, 1, "member_sn,name,city", "A,青木,", "B,馬場,東京")
	var named int
	must(t, s.admin.QueryRow(t.Context(), `select count(*) from import_seen where import_id = $1`, i.ID).Scan(&named))
	if named != 2 {
		t.Errorf("%d members are in the file, want 2", named)
	}
}

func TestLeadsThatReplaceLeaveWhatTheFileDoesNotSayOfMembers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name,email,phone,city", "A,青木,a@example.jp,090-1111-2222,東京")
	leads := rules(member.Rules{Kind: member.KindLead, Key: "phone", Mode: member.Replace})
	leads.MaxRemoved = imports.Percent(100)
	i := s.run(t, leads, 1, "phone,birthday", "09011112222,1990-05-20")
	if got, want := outcomes(i), "updated 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	want := []string{"A a@example.jp 1990-05-20 東京"}
	if got := s.members(t, `member_sn, email, birthday, city`); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestOptOutsAreRememberedOfEveryContact: push notifications go to two kinds of devices; what is remembered of them does
// not depend on which of them the file has.
func TestOptOutsAreRememberedOfEveryContact(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name,apns_token,is_subscriber_pn", "A,青木,T1,FALSE", "B,馬場,T2,TRUE")
	s.exec(t, `delete from opt_out`)
	s.run(t, imports.Options{}, 10, "member_sn,fcm_token", "A,F1")
	i := s.run(t, imports.Options{}, 1, "member_sn,name,apns_token,fcm_token", "C,千葉,T1,", "D,土井,,F1")
	if got, want := outcomes(i), "created 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// B's own token was refused by somebody else, which is no reason to opt B out when another one is added.
	s.exec(t, `insert into opt_out (tenant_id, list_id, field, contact, created_at) select $1, id, 'is_subscriber_pn', 'T2', now() from member_list where tenant_id = $1`, s.tenant)
	s.run(t, imports.Options{}, 1, "member_sn,apns_token,fcm_token", "B,T2,F2")
	want := []string{"A f", "B t", "C f", "D f"}
	if got := s.members(t, `member_sn, is_subscriber_pn`); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRowThatFailsIsNotTheFirst: whether the rows come in one chunk or in two.
func TestRowThatFailsIsNotTheFirst(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name", "A,青木")
	o := rules(member.Rules{Blank: member.BlankClear, Duplicates: member.DuplicatesFirst})
	for _, chunk := range []int{1, 3} {
		city := fmt.Sprint("東京", chunk)
		i := s.run(t, o, chunk, "member_sn,name,city", "A,,札幌", "A,青木,"+city, "A,青木,横浜")
		if got, want := outcomes(i), "updated 1, skipped 1, failed 1"; got != want {
			t.Errorf("chunks of %d: %s, want %s", chunk, got, want)
		}
		if got := s.members(t, `city`); got[0] != city {
			t.Errorf("chunks of %d: %q, want %s", chunk, got, city)
		}
	}
}

// TestOptOutOfALeadOutlivesAnOptInOfItsMember: the row may opt the member in, but the lead that becomes part of it had opted
// out, which wins, and is remembered.
func TestOptOutOfALeadOutlivesAnOptInOfItsMember(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name,email,phone,is_subscriber", "A,青木,a@example.jp,090-1111-2222,FALSE")
	s.run(t, rules(member.Rules{Kind: member.KindLead, Key: "email"}), 10, "email,is_subscriber", "b@example.jp,FALSE")
	s.exec(t, `update member set phone = '+819011112222' where kind = 'lead'`)
	i := s.run(t, rules(member.Rules{Consent: member.ConsentAllow}), 1, "member_sn,is_subscriber", "A,TRUE")
	if i.Totals.Unified != 1 {
		t.Fatalf("%d unified, want 1", i.Totals.Unified)
	}
	var remembered []string
	must(t, s.admin.QueryRow(t.Context(), `select array_agg(contact order by contact) from opt_out where field = 'is_subscriber'`).Scan(&remembered))
	if want := []string{"a@example.jp", "b@example.jp"}; !slices.Equal(remembered, want) {
		t.Errorf("opted out are %q, want %q", remembered, want)
	}
}

func TestLeadsAreKnownByTheirContact(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	leads := rules(member.Rules{Kind: member.KindLead})
	i := s.run(t, leads, 1, "email,phone,name,city", "l@example.jp,,,東京", "L@example.jp,090-1111-2222,,", "##DELETE##,,,")
	if got, want := outcomes(i)+": "+s.problems(t, i), "created 1, updated 1, failed 1: cannot_clear(email) 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	i = s.run(t, imports.Options{}, 1, "member_sn,name,email", "A,青木,l@example.jp")
	if got, want := outcomes(i), "created 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := s.members(t, `kind, email, phone, city`)[0], "member l@example.jp +819011112222 東京"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestKeyThatALeadHasIsNotUnique: rows of members match no leads, but share their cards with none either.
func TestKeyThatALeadHasIsNotUnique(t *testing.T) {
	t.Parallel()
	s := newShop(t, member.Definition{Key: "card", Type: "string", MergeKey: true, Unique: true})
	s.run(t, rules(member.Rules{Kind: member.KindLead, Key: "email"}), 10, "email,card", "l@example.jp,K1")
	for _, dry := range []bool{true, false} {
		o := rules(member.Rules{Key: "card"})
		o.DryRun = dry
		i := s.run(t, o, 1, "card,name", "K1,青木", "K2,馬場", "K2,別人")
		if got, want := outcomes(i)+": "+s.problems(t, i), "created 1, updated 1, failed 1: not_unique(card) 1"; got != want {
			t.Errorf("dry run %v: %s, want %s", dry, got, want)
		}
	}
}

// TestRowThatFailsAsANewOneIsLookedUp: chunks of a list that was empty expect new keys, which the index refutes only for
// rows that are written.
func TestRowThatFailsAsANewOneIsLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, err := w.mergeAs(t.Context(), true, 0, 0, 0, row("B1", "江口"))
	must(t, err)
	r, err := w.mergeAs(t.Context(), true, 0, 1, 1, row("B1", ""), row("B2", ""))
	must(t, err)
	if want := (member.Counts{Unchanged: 1, Failed: 1}); r.Counts != want || !r.Known {
		t.Errorf("%+v, want %+v", r, want)
	}
}

// TestNumbersGoFromMemberToMember has a number go to another member, to a new one, and stay with one whom nothing changes.
func TestNumbersGoFromMemberToMember(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(t, imports.Options{}, 10, "member_sn,name,email", "A1,青木,a@example.jp", "A2,井上,b@example.jp", "A3,上田,c@example.jp")
	i := s.run(t, rules(member.Rules{Key: "email"}), 10, "member_sn,name,email", "A9,青木,a@example.jp", "A1,井上,b@example.jp", "A3,上田,c@example.jp", "A2,江口,d@example.jp")
	got := strings.Join(s.members(t, `member_sn, name`), ", ")
	if want := "A9 青木, A1 井上, A3 上田, A2 江口"; got != want || outcomes(i) != "created 1, updated 2, unchanged 1" {
		t.Errorf("members are %s (%s), want %s", got, outcomes(i), want)
	}
}
