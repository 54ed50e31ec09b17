package e2e

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/meibo/meibo/internal/e2e/oracle"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// The size of the proof: as it is, or for a night (make oracle).
var (
	oracleCases = flag.Int("oracle.cases", 0, "random imports that TestPipelineDoesAsTheOracleSays tries; 0 is a fixed number for every day")
	oracleSeed  = flag.Uint64("oracle.seed", 1, "seed of the first of them; each further one is one more")
)

// atOnce is how many cases are under way at the same time.
const atOnce = 8

// TestPipelineDoesAsTheOracleSays is the proof of the merge rules and of determinism: random small files into random lists,
// each under several conditions: by 1, 2 and 8 workers, on 1 to 64 lanes, in chunks of any size, with a dry run before,
// with messages that come twice. The members, the counts, what is remembered of those who opted out and the failed rows must
// be what the oracle says, and the report the same byte for byte.
func TestPipelineDoesAsTheOracleSays(t *testing.T) {
	t.Parallel()
	cases := *oracleCases
	switch {
	case cases > 0:
	case raced || testing.Short():
		cases = 60
	default:
		cases = 120
	}
	p := newPresses(t)
	turn := make(chan struct{}, atOnce)
	var trials sync.WaitGroup
	var mu sync.Mutex
	wrong := map[uint64]string{}
	for n := range cases {
		turn <- struct{}{}
		trials.Go(func() {
			defer func() { <-turn }()
			seed := *oracleSeed + uint64(n)
			if why := p.trial(t.Context(), oracle.Random(seed)); why != "" {
				mu.Lock()
				defer mu.Unlock()
				wrong[seed] = why
			}
		})
		if mu.Lock(); len(wrong) >= enough {
			mu.Unlock()
			break
		}
		mu.Unlock()
	}
	trials.Wait()
	for n, seed := range slices.Sorted(maps.Keys(wrong)) {
		c, description := oracle.Random(seed), ""
		if n == 0 {
			c, wrong[seed] = p.shrink(t.Context(), c, wrong[seed])
			description = c.Describe()
		}
		t.Errorf("-oracle.seed=%d -oracle.cases=1\n%s%s", seed, description, wrong[seed])
	}
}

// enough is how many failures are shown; the first of them as a whole, and as small as it can be made.
const enough = 5

// presses do the same with different numbers of workers.
type presses map[int]*press

func newPresses(t *testing.T) presses {
	return presses{1: newPress(t, 1), 2: newPress(t, 2), 8: newPress(t, 8)}
}

// conditions are those of a case, by the number of workers.
func conditions(c *oracle.Case) map[int]condition {
	r := rand.New(rand.NewPCG(c.Seed, 1))
	few := func() int { return 1 + (len(c.Records)+r.IntN(20))/(1+r.IntN(8)) } // rows of a chunk, of which there are a handful
	return map[int]condition{
		1: {name: "1 worker, 1 lane", cut: imports.Cut{Lanes: 1, ChunkRows: 100, ChunkBytes: 1 << 16}},
		2: {name: "2 workers, dry run first", cut: imports.Cut{Lanes: 1 + r.IntN(8), ChunkRows: few(), ChunkBytes: 200 + r.IntN(2000)}, dry: true},
		8: {name: "8 workers, many lanes, messages come twice", cut: imports.Cut{Lanes: []int{2, 3, 5, 64}[r.IntN(4)], ChunkRows: 1 + few()/2, ChunkBytes: 1 << 16}, again: true},
	}
}

// mostTries bounds how often a case is tried to make it smaller.
const mostTries = 150

// shrink makes a case that went wrong smaller as long as it goes wrong, so that a person can see why.
func (p presses) shrink(ctx context.Context, c *oracle.Case, wrong string) (*oracle.Case, string) {
	tries := 0
	for smaller := true; smaller; {
		smaller = false
		for next := range c.Smaller() {
			if tries++; tries > mostTries {
				return c, wrong
			}
			if w := p.trial(ctx, next); w != "" {
				c, wrong, smaller = next, w, true
				break
			}
		}
	}
	return c, wrong
}

// trial imports a case under each of its conditions and says what is not as it must be, "" where all is well.
func (p presses) trial(ctx context.Context, c *oracle.Case) string {
	found := map[int]string{}
	reports := map[int]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for workers, how := range conditions(c) {
		wg.Go(func() {
			report, wrong, err := p[workers].trial(ctx, c, how)
			if err != nil {
				wrong = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			reports[workers] = report
			if wrong != "" {
				found[workers] = fmt.Sprintf("%s, %+v:\n%s", how.name, how.cut, wrong)
			}
		})
	}
	wg.Wait()
	if len(found) == 0 && (reports[1] != reports[2] || reports[1] != reports[8]) {
		found[0] = fmt.Sprintf("the reports differ:\n%s\n%s\n%s", reports[1], reports[2], reports[8])
	}
	var all strings.Builder
	for _, workers := range slices.Sorted(maps.Keys(found)) {
		all.WriteString(found[workers])
	}
	return all.String()
}

// trial imports a case under one condition and compares it with the oracle.
func (p *press) trial(ctx context.Context, c *oracle.Case, how condition) (report, wrong string, err error) {
	own := *c // the oracle's start of it is this import's
	c = &own
	c.CSV()
	h, err := p.settle(ctx, c)
	if err != nil {
		return "", "", err
	}
	if how.dry {
		if wrong, err = h.rehearse(ctx, c, how); wrong != "" || err != nil {
			return "", wrong, err
		}
	}
	got, err := h.load(ctx, c, how, false)
	if err != nil {
		return "", "", err
	}
	want, err := c.Expect(got.FirstID, *got.StartedAt)
	if err != nil {
		return "", "", err
	}
	var text strings.Builder
	if !stoppedOnTheWay(want) {
		for _, line := range got.report {
			text.WriteString(line.text)
		}
	}
	return text.String(), compare(c, got, want), nil
}

// rehearse makes a dry run, which must come to the same and change nothing.
func (h *house) rehearse(ctx context.Context, c *oracle.Case, how condition) (wrong string, err error) {
	got, err := h.load(ctx, c, how, true)
	if err != nil {
		return "", err
	}
	want, err := c.Expect(got.FirstID, *got.StartedAt)
	if err != nil {
		return "", err
	}
	want.Members, want.OptOuts = c.List.Members, c.List.OptOuts
	if wrong = compare(c, got, want); wrong != "" {
		wrong = "dry run:\n" + wrong
	}
	return wrong, nil
}

// stoppedOnTheWay reports whether the import ends before its last row, nobody knows where.
func stoppedOnTheWay(r oracle.Result) bool {
	return r.Failure == member.MaxFailed || r.Failure == member.MaxChanged
}

// compare says what is not as it must be.
func compare(c *oracle.Case, got *outcome, want oracle.Result) string {
	var b strings.Builder
	state := cmp.Or(string(want.Failure), string(imports.StateCompleted))
	if g := cmp.Or(string(got.Failure.Code), string(got.State)); g != state {
		fmt.Fprintf(&b, "  got  %s\n  want %s\n", g, state)
	}
	if stoppedOnTheWay(want) {
		return b.String()
	}
	g, w := oracle.Counts(got.Totals, got.tagged, got.keyless), oracle.Counts(want.Totals, want.Tagged, want.Keyless)
	if g != w {
		fmt.Fprintf(&b, "  got  %s\n  want %s\n", g, w)
	}
	schema, start := c.Import.Schema, *got.StartedAt
	b.WriteString(difference(lines(schema, got.members, start), lines(schema, want.Members, start)))
	b.WriteString(difference(optOuts(got.optOuts), optOuts(want.OptOuts)))
	b.WriteString(difference(got.index, indexOf(schema, want.Members)))
	var failed, wanted []string
	for _, line := range got.report {
		failed = append(failed, failedRow(line.FailedRow))
	}
	for _, row := range want.Failed {
		wanted = append(wanted, failedRow(row))
	}
	b.WriteString(difference(failed, wanted))
	return b.String()
}

func failedRow(r imports.FailedRow) string {
	return fmt.Sprintf("row %d fails: %s %q", r.Row, problems(r.Problems), r.Cells)
}

func optOuts(all []oracle.OptOut) (lines []string) {
	for _, o := range all {
		lines = append(lines, "opted out: "+o.Field+" "+o.Contact)
	}
	return lines
}
