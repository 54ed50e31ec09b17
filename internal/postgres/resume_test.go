package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// again has the work of the world go on as what the import is now.
func (l *life) again(t *testing.T) {
	t.Helper()
	var err error
	l.job, err = l.db.ImportForWork(t.Context(), l.tenant, l.job.ID)
	must(t, err)
}

// stuck merges a chunk until its last moment, in which it waits until it is let go on, and returns how, and what came of it.
func (l *life) stuck(t *testing.T, seq int64, rows ...[]string) (release func(), result <-chan error) {
	t.Helper()
	entered, gate, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	ctx := t.Context()
	go func() {
		_, err := l.mergeReporting(ctx, false, 0, seq, seq*100, func(context.Context, []member.Row) (int64, error) {
			close(entered)
			<-gate
			return 1, nil
		}, rows...)
		done <- err
	}()
	select {
	case <-entered:
	case err := <-done:
		t.Fatalf("the chunk ended before its report: %v", err)
	}
	return func() { close(gate) }, done
}

// TestStoppingWaitsForNoChunk has a chunk stand in the middle of its transaction while its import is cancelled, or paused:
// neither waits for it, and it has no effect any more.
func TestStoppingWaitsForNoChunk(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*life, imports.ID) error{
		"cancel": func(l *life, id imports.ID) error { return l.db.CancelImport(context.Background(), l.tenant, id) },
		"pause":  func(l *life, id imports.ID) error { return l.db.PauseImport(context.Background(), l.tenant, id) },
		"fail": func(l *life, id imports.ID) error {
			_, err := l.db.FailImport(context.Background(), l.tenant, id, member.Problem{Code: member.Internal})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t)
			l.start(t, 1)
			id := l.job.ID
			// A consent of both chunks: what the second has locked is among what is settled.
			_, err := l.merge(t.Context(), 0, 0, 0, []string{"A1", "青木", "a@example.jp", "", "", "", "TRUE"}, []string{"A1", "", "", "", "", "", "FALSE"})
			must(t, err)
			release, result := l.stuck(t, 1, []string{"A1", "", "", "", "", "", "FALSE"}, row("A2", "石井"), row("", "番号なし"))
			must(t, stop(l, id))
			want := imports.NewTotals(2, member.Counts{Created: 1, Updated: 1})
			if got := l.get(t, id).Totals; got != want {
				t.Errorf("totals are %+v, want %+v", got, want)
			}
			release()
			if err := <-result; !errors.Is(err, postgres.ErrStopped) {
				t.Errorf("the chunk ended with %v, want ErrStopped", err)
			}
			if got := l.get(t, id).Totals; got != want {
				t.Errorf("totals became %+v, want %+v", got, want)
			}
			if n, _, err := l.db.CountMembers(t.Context(), l.tenant, postgres.MemberFilter{List: postgres.MainList}); err != nil || n != 1 {
				t.Errorf("%d members, %v; want the one of the first chunk", n, err)
			}
		})
	}
}

func TestPausedImportKeepsItsTurnAndGoesOnExactly(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.start(t, 1)
	id := l.job.ID
	_, err := l.merge(t.Context(), 0, 0, 0, row("A1", "青木"))
	must(t, err)
	next := &life{&world{db: l.db, tenant: l.tenant}}
	next.start(t, 1)
	if err := l.db.PauseImport(t.Context(), l.tenant, next.job.ID); !errors.Is(err, postgres.ErrConflict) {
		t.Errorf("pause of a waiting import: %v, want ErrConflict", err)
	}
	l.events(t)
	for range 2 { // again is the same
		must(t, l.db.PauseImport(t.Context(), l.tenant, id))
	}
	if run, _, err := l.db.Progress(t.Context(), l.tenant, id, 3); err != nil || run != 0 {
		t.Errorf("run %d, %v goes on while the import is paused", run, err)
	}
	if _, err := l.merge(t.Context(), 0, 1, 1, row("A2", "石井")); !errors.Is(err, postgres.ErrStopped) {
		t.Errorf("chunk of a paused import: %v, want ErrStopped", err)
	}
	// Everything is read and merged but nobody may end it.
	must(t, l.db.EndOfSource(t.Context(), l.tenant, id, 3, []int64{2}))
	if done, err := l.db.FinishImport(t.Context(), l.tenant, id); err != nil || done {
		t.Errorf("finish of a paused import = %v, %v", done, err)
	}
	if i := l.get(t, id); i.State != imports.StatePaused || i.PausedAt == nil || i.Stage() != imports.StageMerging || l.get(t, next.job.ID).State != imports.StateQueued {
		t.Errorf("import is %s, stage %q; the next is %s", i.State, i.Stage(), l.get(t, next.job.ID).State)
	}
	before := *l.job
	must(t, l.db.ResumeImport(t.Context(), l.tenant, id))
	if got := l.events(t); !slices.Equal(got, []string{"started " + id.String()}) {
		t.Errorf("events = %v, want started", got)
	}
	if _, err := l.merge(t.Context(), 0, 1, 1, row("A2", "石井")); !errors.Is(err, postgres.ErrStopped) {
		t.Errorf("chunk of the run before: %v, want ErrStopped", err)
	}
	l.again(t)
	if l.job.Run != 2 || l.job.FirstID != before.FirstID || !l.job.StartedAt.Equal(*before.StartedAt) {
		t.Errorf("run %d with ids from %d, want run 2 with those from %d", l.job.Run, l.job.FirstID, before.FirstID)
	}
	_, err = l.merge(t.Context(), 0, 1, 1, row("A2", "石井"), row("", "番号なし"))
	must(t, err)
	if done, err := l.db.FinishImport(t.Context(), l.tenant, id); err != nil || !done {
		t.Errorf("finish = %v, %v", done, err)
	}
	if i, want := l.get(t, id), imports.NewTotals(3, member.Counts{Created: 2, Failed: 1}); i.State != imports.StateCompleted || i.Totals != want {
		t.Errorf("import is %s with %+v, want completed with %+v", i.State, i.Totals, want)
	}
	if err := l.db.ResumeImport(t.Context(), l.tenant, id); !errors.Is(err, postgres.ErrConflict) {
		t.Errorf("resume of a completed import: %v, want ErrConflict", err)
	}
	if got := l.get(t, next.job.ID).State; got != imports.StateRunning {
		t.Errorf("the next import is %s, want running", got)
	}
}

func TestPausedImportCanBeCancelledOrFail(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.start(t, 1)
	must(t, l.db.PauseImport(t.Context(), l.tenant, l.job.ID))
	must(t, l.db.CancelImport(t.Context(), l.tenant, l.job.ID))
	if err := l.db.ResumeImport(t.Context(), l.tenant, l.job.ID); !errors.Is(err, postgres.ErrConflict) {
		t.Errorf("resume of a cancelled import: %v, want ErrConflict", err)
	}
	l.start(t, 1)
	must(t, l.db.PauseImport(t.Context(), l.tenant, l.job.ID))
	if done, err := l.db.FailImport(t.Context(), l.tenant, l.job.ID, member.Problem{Code: member.PoisonChunk}); err != nil || !done {
		t.Errorf("fail of a paused import = %v, %v", done, err)
	}
}

// TestFailedImportGoesOnInItsOldPlace fails an import in the middle of its file, with what it needs while it runs, and has
// it go on behind another that was merged meanwhile.
func TestFailedImportGoesOnInItsOldPlace(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.startWith(t, imports.Options{Rules: member.Rules{Mode: member.Append}.Filled()}, 1)
	id := l.job.ID
	_, err := l.merge(t.Context(), 0, 0, 0, []string{"A1", "青木", "a@example.jp", "", "", "", "FALSE"}, row("", "番号なし"))
	must(t, err)
	done, err := l.db.FailImport(t.Context(), l.tenant, id, member.Problem{Code: member.PoisonChunk})
	if err != nil || !done {
		t.Fatalf("fail = %v, %v", done, err)
	}
	i := l.get(t, id)
	s := i.Stopped()
	if s == nil || s.Stage != imports.StageReading || s.Merged != 2 || !i.Resumable(time.Now()) || i.Resumable(time.Now().Add(imports.ResumableFor)) {
		t.Errorf("stopped = %+v, resumable %v", s, i.Resumable(time.Now()))
	}

	must(t, l.db.RecordNoRecipient(t.Context(), l.tenant, id, i.Run))
	if n, err := l.db.SweepScratch(t.Context(), 100); err != nil || n != 0 {
		t.Errorf("swept %d, %v of an import that can be resumed", n, err)
	}
	between := &life{&world{db: l.db, tenant: l.tenant}}
	between.start(t, 1)
	_, err = between.merge(t.Context(), 0, 0, 0, row("B1", "別の人"))
	must(t, err)
	l.events(t)
	must(t, l.db.ResumeImport(t.Context(), l.tenant, id))
	if i := l.get(t, id); i.State != imports.StateQueued || i.Failure.Code != "" || i.Totals.Rows() != 2 {
		t.Errorf("import is %s because of %+v with %+v, want queued with what it has done", i.State, i.Failure, i.Totals)
	}
	must(t, l.db.CancelImport(t.Context(), l.tenant, between.job.ID))
	_, err = l.db.SettleCancelled(t.Context())
	must(t, err)
	if i := l.get(t, id); i.State != imports.StateRunning {
		t.Fatalf("import is %s, want running", i.State)
	}
	start := *l.job.StartedAt
	l.again(t)
	if !l.job.StartedAt.Equal(start) || l.job.Run != 2 {
		t.Errorf("run %d started at %v, want 2 at %v", l.job.Run, l.job.StartedAt, start)
	}
	// A1 is the import's own, B1 is another's by now.
	_, err = l.merge(t.Context(), 0, 1, 2, row("A1", "二度目"), row("B1", "石井"), row("A2", "井上"), row("", "番号なし"))
	must(t, err)
	must(t, l.db.EndOfSource(t.Context(), l.tenant, id, 6, []int64{2}))
	if done, err := l.db.FinishImport(t.Context(), l.tenant, id); err != nil || !done {
		t.Errorf("finish = %v, %v", done, err)
	}
	i = l.get(t, id)
	if want := imports.NewTotals(6, member.Counts{Created: 2, Skipped: 2, Failed: 2}); i.State != imports.StateCompleted || i.Totals != want {
		t.Errorf("import is %s with %+v, want completed with %+v", i.State, i.Totals, want)
	}
	if mails, err := l.db.Mails(t.Context(), l.tenant, id); err != nil || len(mails) != 0 {
		t.Errorf("mails of the second run: %v, %v; want none yet", mails, err)
	}
}

func TestResumeIsRefusedWhereTheCauseIsTheFile(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.start(t, 1)
	_, err := l.db.FailImport(t.Context(), l.tenant, l.job.ID, member.Problem{Code: member.CorruptFile})
	must(t, err)
	if err := l.db.ResumeImport(t.Context(), l.tenant, l.job.ID); !errors.Is(err, postgres.ErrConflict) {
		t.Errorf("resume: %v, want ErrConflict", err)
	}
}
