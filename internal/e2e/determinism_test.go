package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
)

// quarrel is a file in which keys come again and again, each time with other values, so that every change of order
// would show; and what it must come to, by the rules of product.md applied one row after another. sample is what a preview
// has to show.
func quarrel(rows int) (csv []byte, want string, members map[string][3]string, sample []string) {
	r := rand.New(rand.NewPCG(1, 2))
	members = map[string][3]string{}
	names, shown := [3]string{"name", "city", "member_level"}, map[string]int{}
	look := func(row int, outcome string, changes ...string) {
		if shown[outcome]++; shown[outcome] <= 10 {
			sample = append(sample, fmt.Sprintf("%d %s %q", row+2, outcome, changes))
		}
	}
	var created, updated, unchanged, failed int
	var b strings.Builder
	b.WriteString("会員番号,氏名,市区町村,会員ランク\n")
	for row := range rows {
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
			changes := []string{"member_sn: ->" + key}
			for i, c := range cells {
				if c != "" {
					changes = append(changes, names[i]+": ->"+cut(c))
				}
			}
			look(row, "created", changes...)
			continue
		}
		now := old
		var changes []string
		for i, c := range cells {
			if c != "" && c != old[i] {
				now[i] = c
				changes = append(changes, names[i]+": "+cut(old[i])+"->"+cut(c))
			}
		}
		if now == old {
			unchanged++
			look(row, "unchanged")
		} else {
			updated++
			look(row, "updated", changes...)
		}
		members[key] = now
	}
	return []byte(b.String()), wantCounts(rows, created, updated, unchanged, failed), members, sample
}

// cut is what a preview shows of a text.
func cut(text string) string {
	if len(text) > 200 && !strings.ContainsFunc(text, func(r rune) bool { return r > 127 }) {
		return text[:200] + "…"
	}
	return text
}

// preview returns what the import's preview shows, in the form of quarrel.
func (w *world) preview(t *testing.T, id string) (sample []string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Info.URL+"/v1/imports/"+id+"/preview", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+w.Info.APIKey)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	var body struct {
		Complete bool
		Items    []struct {
			RowNumber int `json:"row_number"`
			Outcome   string
			Changes   []struct{ Field, Before, After string }
		}
	}
	must(t, json.NewDecoder(res.Body).Decode(&body))
	if !body.Complete {
		t.Error("the preview of an import that has ended is not complete")
	}
	for _, r := range body.Items {
		var changes []string
		for _, c := range r.Changes {
			changes = append(changes, c.Field+": "+c.Before+"->"+c.After)
		}
		sample = append(sample, fmt.Sprintf("%d %s %q", r.RowNumber, r.Outcome, changes))
	}
	return sample
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func TestResultDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	t.Parallel()
	rows := 24_000
	if raced {
		rows = 8_000
	}
	content, want, members, sample := quarrel(rows)
	var dumps, reports []string
	for _, workers := range []int{1, 8} {
		w := newWorld(t, func(s *devstack.Services) {
			s.Merger.Concurrency = workers
			s.Splitter.Window = 2 * workers
		})
		planned := w.load(t, "quarrel.csv", content, client.Options{DryRun: true})
		i := w.load(t, "quarrel.csv", content, client.Options{})
		for what, i := range map[string]client.Import{"dry run": planned, "import": i} {
			if got := counts(i); got != want {
				t.Errorf("%d workers, %s\n got %s\nwant %s", workers, what, got, want)
			}
			if got := w.preview(t, i.ID); !slices.Equal(got, sample) {
				t.Errorf("%d workers, preview of the %s\n got %s\nwant %s", workers, what, strings.Join(got, "\n"), strings.Join(sample, "\n"))
			}
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
