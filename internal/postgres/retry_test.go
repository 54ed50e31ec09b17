package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// retry ends the running import, and starts one that retries rows of root.
func (w *world) retry(t *testing.T, root imports.ID) {
	t.Helper()
	ctx := t.Context()
	must(t, w.db.CancelImport(ctx, w.tenant, w.job.ID))
	i, existed, err := w.db.CreateRetry(ctx, w.tenant, root, postgres.NewImport{FileName: "b.csv", Options: w.job.Options, Mapping: mapping, MaxRowBytes: 1 << 18})
	must(t, err)
	if existed || i.Parent != root || i.ListID != w.job.ListID || i.State != imports.StateCreated {
		t.Fatalf("retry = %+v, existed %v", i, existed)
	}
	source := w.job.Source
	_, err = w.db.SetUploaded(ctx, w.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	must(t, w.db.StartImport(ctx, w.tenant, i.ID, postgres.Settled{Options: i.Options, Mapping: mapping, Cut: w.job.Cut, Source: source}))
	_, err = w.db.OpenLedger(ctx, w.tenant, i.ID, 1)
	must(t, err)
	w.job, err = w.db.ImportForWork(ctx, w.tenant, i.ID)
	must(t, err)
}

// mergeNumbered merges rows that stand for rows of those numbers.
func (w *world) mergeNumbered(t *testing.T, seq int64, numbers []int64, cells ...[]string) postgres.ChunkResult {
	t.Helper()
	r, err := w.db.MergeChunk(t.Context(), w.tenant, postgres.ChunkWork{
		Import: w.job, Plan: w.plan, Seq: seq,
		Parse: func() (rows []member.Row, err error) {
			for n, c := range cells {
				r := member.Row{
					Number: numbers[n], Ordinal: seq*10 + int64(n), Cells: c,
					Values: make([]member.Value, len(w.plan.Fields)), Actions: make([]member.Action, len(w.plan.Fields)),
				}
				w.plan.Parse(&r)
				rows = append(rows, r)
			}
			return rows, nil
		},
		Report: func(context.Context, []member.Row) (int64, error) { return 0, nil },
	})
	must(t, err)
	return r
}

// converged returns what became of the failed rows of an import.
func (w *world) converged(t *testing.T, root imports.ID) postgres.Retries {
	t.Helper()
	all, err := w.db.Retries(t.Context(), w.tenant, []imports.ID{root, imports.NewID()})
	must(t, err)
	if len(all) != 1 || all[root] == nil {
		t.Fatalf("retries of %d imports, want those of one", len(all))
	}
	return *all[root]
}

func TestMendedRowsCountOnceByTheirFirstOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	root := w.job.ID
	if all, err := w.db.Retries(t.Context(), w.tenant, []imports.ID{root}); err != nil || len(all) != 0 {
		t.Fatalf("retries = %v, %v; want none", all, err)
	}
	w.retry(t, root)
	first := w.job.ID
	// Two rows fail without a number, and two with the same: none of them is in the way of another.
	numbers := []int64{7, 3, 0, 0, 9, 9}
	cells := [][]string{row("A1", "青木"), row("A1", "赤木"), row("", "x"), row("", "y"), row("", "x"), row("", "y")}
	r := w.mergeNumbered(t, 0, numbers, cells...)
	if want := (member.Counts{Created: 1, Updated: 1, Failed: 4}); r.Counts != want {
		t.Fatalf("counts = %+v, want %+v", r.Counts, want)
	}
	if again := w.mergeNumbered(t, 0, numbers, cells...); !again.Done {
		t.Errorf("the chunk was merged again: %+v", again)
	}
	w.retry(t, root)
	w.mergeNumbered(t, 0, []int64{3, 9}, row("A1", "別人"), row("A9", "久保"))
	got := w.converged(t, root)
	if want := (member.Counts{Created: 2, Updated: 1}); got.Mended != want || !slices.Equal(got.IDs, []imports.ID{first, w.job.ID}) {
		t.Errorf("retries = %+v, want %+v by %s and %s", got, want, first, w.job.ID)
	}
	for except, want := range map[imports.ID][]int64{{}: {3, 7, 9}, first: {9}, w.job.ID: {3, 7}} {
		var rows []int64
		must(t, w.db.MendedRows(t.Context(), w.tenant, root, except, func(row int64) { rows = append(rows, row) }))
		if slices.Sort(rows); !slices.Equal(rows, want) {
			t.Errorf("mended except by %s: rows %v, want %v", except, rows, want)
		}
	}

	// What a retry has mended fails again once it is undone.
	must(t, w.db.CancelImport(t.Context(), w.tenant, w.job.ID))
	_, err := w.db.RequestUndo(t.Context(), w.tenant, w.job.ID, false, 0)
	must(t, err)
	w.job, err = w.db.ImportForWork(t.Context(), w.tenant, w.job.ID)
	must(t, err)
	for left := true; left; {
		left, err = w.db.UndoStep(t.Context(), w.tenant, w.job)
		must(t, err)
	}
	if got, want := w.converged(t, root).Mended, (member.Counts{Created: 1, Updated: 1}); got != want {
		t.Errorf("after the undo of the second retry %+v are mended, want %+v", got, want)
	}
}

func TestRetryWithTheSameIdempotencyKeyIsTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	n := postgres.NewImport{FileName: "b.csv", Options: w.job.Options, IdempotencyKey: "k", MaxRowBytes: 1 << 18}
	i, existed, err := w.db.CreateRetry(t.Context(), w.tenant, w.job.ID, n)
	must(t, err)
	again, existedAgain, err := w.db.CreateRetry(t.Context(), w.tenant, w.job.ID, n)
	must(t, err)
	if existed || !existedAgain || again.ID != i.ID {
		t.Errorf("retries %s (existed %v) and %s (existed %v), want one", i.ID, existed, again.ID, existedAgain)
	}
	if _, _, err := w.db.CreateRetry(t.Context(), w.tenant, i.ID, n); !errors.Is(err, postgres.ErrConflict) {
		t.Errorf("the key for a retry of another import: %v, want ErrConflict", err)
	}
}
