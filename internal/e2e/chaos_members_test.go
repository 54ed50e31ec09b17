package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/e2e/oracle"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// members compares every list with what the oracle makes of its imports, in the order in which they had their turn.
func (a *audit) members(ctx context.Context) {
	lists := map[string][]*errand{}
	for _, e := range a.errands {
		name := fmt.Sprintf("tenant %d, list %s", e.who.id, e.list)
		lists[name] = append(lists[name], e)
	}
	for name, errands := range lists {
		if err := a.list(ctx, errands); err != nil {
			a.blame("%s: %v", name, err)
		}
	}
}

// errUnforeseen: an import was cancelled in the midst of its last stage, of which nobody knows how far it had come.
var errUnforeseen = errors.New("nobody can tell what is right")

func (a *audit) list(ctx context.Context, errands []*errand) error {
	schema := member.Standard()
	var l oracle.List
	var last *imports.Import
	var b before
	for _, e := range a.turns(errands) {
		id, _ := imports.ParseID(e.id)
		last = a.all[id]
		want, err := a.foresee(ctx, l, e, last)
		if errors.Is(err, errUnforeseen) {
			a.note("%s was cancelled in its last stage: the list is not compared", e.name)
			return nil
		}
		if err != nil {
			return err
		}
		if err := a.compare(ctx, e, last, want); err != nil {
			return err
		}
		b = before{last: e, list: l}
		l = oracle.List{Members: want.Members, OptOuts: want.OptOuts}
	}
	if last == nil {
		return nil
	}
	h := &house{press: a.press, tenant: last.Tenant, list: last.ListID}
	members, out, err := h.state(ctx, schema)
	if err != nil {
		return err
	}
	wrong := difference(lines(schema, members, *last.StartedAt), lines(schema, l.Members, *last.StartedAt))
	wrong += difference(optOuts(out), optOuts(l.OptOuts))
	a.before = append(a.before, b)
	if wrong != "" {
		return fmt.Errorf("members are not as they must be:\n%s", excerpt(wrong))
	}
	return nil
}

// turns are the imports of a list that had their turn, in that order, which is that of the ids that they were given. It must
// be that of their starts, whatever the clocks of the uploaders say.
func (a *audit) turns(errands []*errand) (ran []*errand) {
	at := func(e *errand) *imports.Import {
		id, _ := imports.ParseID(e.id)
		return a.all[id]
	}
	for _, e := range errands {
		if at(e).StartedAt != nil {
			ran = append(ran, e)
		} else if t := at(e).Totals; t.Total != 0 {
			a.blame("%s had no turn and has the totals %+v", e.name, t)
		}
	}
	asked := slices.Clone(ran)
	slices.SortFunc(ran, func(x, y *errand) int { return cmp.Compare(at(x).FirstID, at(y).FirstID) })
	for n, e := range ran {
		if e != asked[n] {
			a.blame("%s had its turn before %s, which was started first", e.name, asked[n].name)
			break
		}
	}
	return ran
}

// foresee is what the oracle makes of an import, or of as much of it as was merged when it was cancelled.
func (a *audit) foresee(ctx context.Context, l oracle.List, e *errand, i *imports.Import) (oracle.Result, error) {
	o := oracle.Import{Schema: member.Standard(), Mapping: i.Mapping, Options: i.Options, FirstID: i.FirstID, Start: *i.StartedAt}
	for n, cells := range e.records {
		o.Rows = append(o.Rows, oracle.Row{Number: int64(n) + 2, Cells: cells})
	}
	if i.State == imports.StateCancelled {
		if i.FinishingAt != nil && (i.Options.Mode == member.Replace || i.WithLeads) {
			return oracle.Result{}, errUnforeseen
		}
		o.Stopped = true
		merged := make([]int64, i.Cut.Lanes)
		rows, err := a.sql.Query(ctx, `select lane, next_seq from import_lane where tenant_id = $1 and import_id = $2`, i.Tenant, i.ID)
		if err != nil {
			return oracle.Result{}, err
		}
		for rows.Next() {
			var lane int
			var next int64
			if err := rows.Scan(&lane, &next); err != nil {
				return oracle.Result{}, err
			}
			merged[lane] = next
		}
		if err := rows.Err(); err != nil {
			return oracle.Result{}, err
		}
		if err := leave(&o, i, merged); err != nil {
			return oracle.Result{}, err
		}
	}
	return oracle.Run(l, o)
}

// leave marks the rows that are in none of the chunks that were merged: so many of each lane.
func leave(o *oracle.Import, i *imports.Import, merged []int64) error {
	plan, err := i.Plan()
	if err != nil {
		return err
	}
	left := make([]int, i.Cut.Lanes) // rows of the lane that are merged
	cutter := imports.NewCutter(i.Cut, 0, func(c imports.Chunk) error {
		if c.Seq < merged[c.Lane] {
			left[c.Lane] += c.Rows
		}
		return nil
	})
	key := slices.IndexFunc(i.Mapping, func(c member.Column) bool { return c.Field == i.Options.Filled().Key })
	lanes := make([]int, len(o.Rows))
	for n, row := range o.Rows {
		lanes[n] = int(row.Number % int64(i.Cut.Lanes))
		if len(row.Cells) == len(i.Mapping) {
			lanes[n] = i.Cut.Lane(plan.RouteKey(row.Cells[key]))
		}
		if err := cutter.Add(lanes[n], row.Number, 0, member.Problem{}, nil); err != nil {
			return err
		}
	}
	if err := cutter.Flush(); err != nil {
		return err
	}
	for n, lane := range lanes {
		left[lane]--
		o.Rows[n].Left = left[lane] < 0
	}
	return nil
}

// compare compares the totals of an import and its report with what they must be.
func (a *audit) compare(ctx context.Context, e *errand, i *imports.Import, want oracle.Result) error {
	var tagged, keyless int64
	err := a.sql.QueryRow(ctx, `select coalesce(sum(tagged), 0), coalesce(sum(keyless), 0) from import_lane where tenant_id = $1 and import_id = $2`, i.Tenant, i.ID).Scan(&tagged, &keyless)
	if err != nil {
		return err
	}
	got := i.Totals
	if i.State == imports.StateCancelled { // how far it had read is by chance
		got.Total, got.NotProcessed = want.Totals.Total, want.Totals.NotProcessed
	}
	if g, w := oracle.Counts(got, tagged, keyless), oracle.Counts(want.Totals, want.Tagged, want.Keyless); g != w {
		a.blame("%s (%s):\n  got  %s\n  want %s", e.name, i.State, g, w)
	}
	h := &house{press: a.press, tenant: i.Tenant, list: i.ListID}
	report, err := h.failures(ctx, i.ID)
	if err != nil {
		return err
	}
	var failed, wanted []string
	for _, line := range report {
		failed = append(failed, failedRow(line.FailedRow))
	}
	for _, row := range want.Failed {
		wanted = append(wanted, failedRow(row))
	}
	if wrong := difference(failed, wanted); wrong != "" {
		a.blame("%s (%s): the report is not as it must be:\n%s", e.name, i.State, excerpt(wrong))
	}
	return nil
}

// excerpt is the beginning of a long text.
func excerpt(s string) string {
	all := strings.SplitAfter(s, "\n")
	if len(all) <= 12 {
		return s
	}
	return strings.Join(all[:12], "") + fmt.Sprintf("  and %d lines more\n", len(all)-12)
}
