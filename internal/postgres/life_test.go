package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

// life is a tenant without imports.
type life struct{ *world }

func newLife(t *testing.T) *life {
	t.Helper()
	db := postgrestest.New(t)
	ten, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	return &life{&world{db: db, tenant: ten.ID}}
}

// reach makes an import that has come to a state which is not final, and returns its id.
func (l *life) reach(t *testing.T, state imports.State) imports.ID {
	t.Helper()
	if state == imports.StateQueued {
		l.start(t, 1) // whose turn it is
	}
	if state == imports.StateQueued || state == imports.StateRunning {
		l.start(t, 1)
		return l.job.ID
	}
	i, _, err := l.db.CreateImport(t.Context(), l.tenant, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", MaxRowBytes: 1 << 18})
	must(t, err)
	if state == imports.StateUploaded {
		_, err := l.db.SetUploaded(t.Context(), l.tenant, i.ID, postgres.Inspected{Source: imports.Source{Size: 1}, Inspection: map[string]any{}})
		must(t, err)
	}
	return i.ID
}

func (l *life) get(t *testing.T, id imports.ID) *imports.Import {
	t.Helper()
	i, err := l.db.Import(t.Context(), l.tenant, id)
	must(t, err)
	return i
}

// events empties the outbox, and returns what it held as topic and import.
func (l *life) events(t *testing.T) (events []string) {
	t.Helper()
	_, err := l.db.Relay(t.Context(), 100, func(_ context.Context, e postgres.Event) error {
		events = append(events, e.Topic+" "+e.Import.String())
		return nil
	})
	must(t, err)
	return events
}

func TestFailedImportKeepsItsReasonAndTotals(t *testing.T) {
	t.Parallel()
	for _, state := range []imports.State{imports.StateQueued, imports.StateRunning} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			l := newLife(t)
			id := l.reach(t, state)
			var want imports.Totals
			if state == imports.StateRunning {
				_, err := l.merge(t.Context(), 0, 0, 0, row("A1", "青木"), row("", "番号なし"), []string{"A2", "井上", "", "", "", "", "FALSE"}, []string{"A2", "", "", "", "", "", "TRUE"})
				must(t, err)
				_, _, err = l.db.Progress(t.Context(), l.tenant, id, 9)
				must(t, err)
				want = imports.NewTotals(9, member.Counts{Created: 2, Unchanged: 1, Failed: 1, Protected: 1})
			}
			l.events(t)
			why := member.Problem{Code: member.SourceChanged, Detail: "detail"}
			done, err := l.db.FailImport(t.Context(), l.tenant, id, why)
			if err != nil || !done {
				t.Fatalf("fail = %v, %v", done, err)
			}
			i := l.get(t, id)
			if i.State != imports.StateFailed || i.Failure != why || i.FinishedAt == nil || i.Totals != want || !i.Totals.Balanced() {
				t.Errorf("import is %s because of %+v with %+v, want %+v", i.State, i.Failure, i.Totals, want)
			}
			if got := l.events(t); !slices.Equal(got, []string{"finished " + id.String()}) {
				t.Errorf("events = %v, want finished", got)
			}
			if done, err := l.db.FailImport(t.Context(), l.tenant, id, member.Problem{Code: member.PoisonChunk}); err != nil || done {
				t.Errorf("second failure = %v, %v; want nothing done", done, err)
			}
			if err := l.db.CancelImport(t.Context(), l.tenant, id); !errors.Is(err, postgres.ErrConflict) {
				t.Errorf("cancel of a failed import: %v, want ErrConflict", err)
			}
			if again := l.get(t, id); again.Failure != why || again.State != imports.StateFailed {
				t.Errorf("the reason became %+v", again.Failure)
			}
		})
	}
}

func TestOnlyQueuedAndRunningImportsFail(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	for _, state := range []imports.State{imports.StateCreated, imports.StateUploaded} {
		id := l.reach(t, state)
		if done, err := l.db.FailImport(t.Context(), l.tenant, id, member.Problem{Code: member.SourceMissing}); err != nil || done {
			t.Errorf("fail of %s = %v, %v; want nothing done", state, done, err)
		}
		if i := l.get(t, id); i.State != state || i.Failure.Code != "" {
			t.Errorf("%s became %s because of %+v", state, i.State, i.Failure)
		}
	}
}

func TestCancelEndsAnImportOfAnyStateOnce(t *testing.T) {
	t.Parallel()
	for _, state := range []imports.State{imports.StateCreated, imports.StateUploaded, imports.StateQueued, imports.StateRunning} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			l := newLife(t)
			id := l.reach(t, state)
			if got := l.get(t, id).State; got != state {
				t.Fatalf("import is %s, want %s", got, state)
			}
			var want imports.Totals
			if state == imports.StateRunning {
				_, err := l.merge(t.Context(), 0, 0, 0, []string{"A2", "井上", "", "", "", "", "FALSE"}, []string{"A2", "", "", "", "", "", "TRUE"})
				must(t, err)
				_, _, err = l.db.Progress(t.Context(), l.tenant, id, 5)
				must(t, err)
				want = imports.NewTotals(5, member.Counts{Created: 1, Unchanged: 1, Protected: 1})
			}
			l.events(t)
			must(t, l.db.CancelImport(t.Context(), l.tenant, id))
			i := l.get(t, id)
			if i.State != imports.StateCancelled || i.FinishedAt == nil || i.Failure.Code != "" || i.Totals != want {
				t.Errorf("import is %s with %+v, want cancelled with %+v", i.State, i.Totals, want)
			}
			if got := l.events(t); !slices.Equal(got, []string{"finished " + id.String()}) {
				t.Errorf("events = %v, want finished", got)
			}
			if err := l.db.CancelImport(t.Context(), l.tenant, id); !errors.Is(err, postgres.ErrConflict) {
				t.Errorf("second cancel: %v, want ErrConflict", err)
			}
			if done, err := l.db.FinishImport(t.Context(), l.tenant, id); err != nil || done {
				t.Errorf("finish of a cancelled import = %v, %v", done, err)
			}
		})
	}
}

func TestListsTurnPassesOnInStartOrder(t *testing.T) {
	t.Parallel()
	fail := func(l *life, id imports.ID) error {
		_, err := l.db.FailImport(context.Background(), l.tenant, id, member.Problem{Code: member.SourceMissing})
		return err
	}
	cancel := func(l *life, id imports.ID) error {
		if err := l.db.CancelImport(context.Background(), l.tenant, id); err != nil {
			return err
		}
		_, err := l.db.SettleCancelled(context.Background()) // on a slow machine it is not done yet
		return err
	}
	const q, r, f, c = imports.StateQueued, imports.StateRunning, imports.StateFailed, imports.StateCancelled
	for name, steps := range map[string][]struct {
		end    func(*life, imports.ID) error
		which  int
		states [3]imports.State
	}{
		"from the front":            {{fail, 0, [3]imports.State{f, r, q}}, {cancel, 1, [3]imports.State{f, c, r}}, {fail, 2, [3]imports.State{f, c, f}}},
		"one leaves the queue":      {{cancel, 1, [3]imports.State{r, c, q}}, {cancel, 0, [3]imports.State{c, c, r}}},
		"a failed one leaves it":    {{fail, 2, [3]imports.State{r, q, f}}, {fail, 0, [3]imports.State{f, r, f}}},
		"the queue empties forward": {{cancel, 2, [3]imports.State{r, q, c}}, {fail, 1, [3]imports.State{r, f, c}}, {cancel, 0, [3]imports.State{c, f, c}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t)
			var ids [3]imports.ID
			for n := range ids {
				l.start(t, 1)
				ids[n] = l.job.ID
			}
			l.events(t)
			running := ids[0]
			for n, s := range steps {
				must(t, s.end(l, ids[s.which]))
				want := []string{"finished " + ids[s.which].String()}
				for k, id := range ids {
					i := l.get(t, id)
					if i.State != s.states[k] {
						t.Errorf("step %d: import %d is %s, want %s", n, k, i.State, s.states[k])
					}
					if i.State == r && id != running {
						running, want = id, append(want, "started "+id.String())
					}
				}
				if got := l.events(t); !slices.Equal(got, want) {
					t.Errorf("step %d: events %v, want %v", n, got, want)
				}
			}
		})
	}
}

func TestImportsOfAListEndTogetherWithoutDeadlock(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	for range 10 {
		var ids []imports.ID
		for range 5 {
			l.start(t, 1)
			ids = append(ids, l.job.ID)
		}
		errs := make([]error, len(ids))
		var wg sync.WaitGroup
		for n, id := range ids {
			wg.Go(func() {
				if n%2 == 0 {
					errs[n] = l.db.CancelImport(t.Context(), l.tenant, id)
				} else {
					_, errs[n] = l.db.FailImport(t.Context(), l.tenant, id, member.Problem{Code: member.SourceMissing})
				}
			})
		}
		wg.Wait()
		must(t, errors.Join(errs...))
		for _, id := range ids {
			if i := l.get(t, id); !i.State.Final() {
				t.Fatalf("import is %s", i.State)
			}
		}
	}
}

func TestMemberIDsOfImportsDoNotOverlap(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.start(t, 1)
	first := l.job
	must(t, l.db.CancelImport(t.Context(), l.tenant, first.ID))
	l.start(t, 1)
	if first.FirstID != 1 || l.job.FirstID != first.FirstID+first.Source.MaxRows {
		t.Errorf("first ids are %d and %d, want 1 and %d", first.FirstID, l.job.FirstID, 1+first.Source.MaxRows)
	}
}

func TestProtectedIsInTheTotalsBeforeAndAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	for lane := range 2 {
		sn := []string{"A1", "A2"}[lane]
		_, err := w.merge(t.Context(), lane, 0, int64(lane*10), []string{sn, "青木", "", "", "", "", "FALSE"}, []string{sn, "", "", "", "", "", "TRUE"}, []string{sn, "一", "", "", "", "", "1"})
		must(t, err)
	}
	must(t, w.db.EndOfSource(t.Context(), w.tenant, w.job.ID, 6, []int64{1, 1}))
	want := imports.NewTotals(6, member.Counts{Created: 2, Updated: 2, Unchanged: 2, Protected: 4})
	for range 2 {
		i, err := w.db.Import(t.Context(), w.tenant, w.job.ID)
		must(t, err)
		if i.Totals != want {
			t.Errorf("totals of the %s import = %+v, want %+v", i.State, i.Totals, want)
		}
		_, err = w.db.FinishImport(t.Context(), w.tenant, w.job.ID)
		must(t, err)
	}
}

func TestIdempotencyKeyGivesOneImport(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	other, err := l.db.CreateTenant(t.Context(), postgres.Tenant{Name: "other"})
	must(t, err)
	n := postgres.NewImport{List: postgres.MainList, FileName: "a.csv", MaxRowBytes: 1 << 18, IdempotencyKey: "once"}
	ids := make([]imports.ID, 8)
	existed, errs := make([]bool, len(ids)), make([]error, len(ids))
	var wg sync.WaitGroup
	for k := range ids {
		wg.Go(func() {
			i, was, err := l.db.CreateImport(t.Context(), l.tenant, n)
			if errs[k] = err; err == nil {
				ids[k], existed[k] = i.ID, was
			}
		})
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	slices.SortFunc(ids, func(a, b imports.ID) int { return slices.Compare(a[:], b[:]) })
	made := 0
	for _, was := range existed {
		if !was {
			made++
		}
	}
	if ids = slices.Compact(ids); len(ids) != 1 || made != 1 {
		t.Errorf("%d imports, %d made; want one", len(ids), made)
	}
	i, was, err := l.db.CreateImport(t.Context(), other.ID, n)
	if err != nil || was || i.ID == ids[0] {
		t.Errorf("the key of another tenant gave %v, %v, %v; want an import of its own", i, was, err)
	}
	for range 2 { // without a key each is new
		n.IdempotencyKey = ""
		if _, was, err = l.db.CreateImport(t.Context(), l.tenant, n); err != nil || was {
			t.Errorf("import without a key: existed %v, %v", was, err)
		}
	}
}
