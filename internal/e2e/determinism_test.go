package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
)

// quarrel is a file in which keys come again and again, each time with other values, so that every change of order
// would show; and what it must come to, by the rules of product.md applied one row after another.
func quarrel(rows int) (csv []byte, want string, members map[string][3]string) {
	r := rand.New(rand.NewPCG(1, 2))
	members = map[string][3]string{}
	var created, updated, unchanged, failed int
	var b strings.Builder
	b.WriteString("会員番号,氏名,市区町村,会員ランク\n")
	for range rows {
		key := fmt.Sprintf("K%05d", r.IntN(rows/4))
		// Long cells make many chunks of few rows.
		level := pick(r, "", "0", "1", "2") + strings.Repeat("x", r.IntN(2)*r.IntN(250))
		cells := [3]string{pick(r, "青木", "井上", "上田", ""), pick(r, "横浜市", "札幌市", ""), level}
		if r.IntN(200) == 0 {
			key, cells[0] = "", "青木" // a record without any text is blank, and no row
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s\n", key, cells[0], cells[1], cells[2])
		old, known := members[key]
		switch {
		case key == "", !known && cells[0] == "":
			failed++
			continue
		case !known:
			created++
			members[key] = cells
			continue
		}
		now := old
		for i, c := range cells {
			if c != "" {
				now[i] = c
			}
		}
		if now == old {
			unchanged++
		} else {
			updated++
		}
		members[key] = now
	}
	return []byte(b.String()), wantCounts(rows, created, updated, unchanged, failed), members
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func TestResultDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	t.Parallel()
	rows := 24_000
	if raced {
		rows = 8_000
	}
	content, want, members := quarrel(rows)
	var dumps, reports []string
	for _, workers := range []int{1, 8} {
		w := newWorld(t, func(s *devstack.Services) {
			s.Merger.Concurrency = workers
			s.Splitter.Window = 2 * workers
		})
		i := w.load(t, "quarrel.csv", content, client.Options{})
		if got := counts(i); got != want {
			t.Errorf("%d workers\n got %s\nwant %s", workers, got, want)
		}
		for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
			must(t, err)
			got := [3]string{m.Text("name"), m.Text("city"), m.Text("member_level")}
			if got != members[m.Text("member_sn")] {
				t.Fatalf("%d workers: member %s = %q, want %q", workers, m.Text("member_sn"), got, members[m.Text("member_sn")])
			}
		}
		dumps, reports = append(dumps, w.members(t)), append(reports, w.failuresCSV(t, i.ID))
	}
	if dumps[0] != dumps[1] {
		t.Error("1 and 8 workers gave different members")
	}
	if reports[0] != reports[1] {
		t.Error("1 and 8 workers gave different reports")
	}
	if n := strings.Count(dumps[0], "\n"); n != len(members) {
		t.Errorf("%d members, want %d", n, len(members))
	}
}
