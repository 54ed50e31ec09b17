package uploader

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
)

func TestOperationsShowWhatIsDoneForTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantProblem(w, http.StatusForbidden, codeAdminDenied, w.get("/v1/operations"))
	w.owner()
	mine := w.running(1)
	w.merge(mine, 0, 0, []int64{2}, []string{"A1", "あ", ""})
	acme := w.acme
	w.acme = w.account("globex", "ja")
	theirs := w.running(1)
	globex := w.acme
	w.acme = acme
	w.must(w.db.Beat(t.Context(), postgres.Worker{ID: uuid.New(), Service: "merger", Host: "n1", Version: "v1", StartedAt: time.Now(), Concurrency: 2, Busy: 1}))

	// A chunk of each cannot be merged.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for id, of := range map[string]account{mine: acme, theirs: globex} {
		w.must(w.queue.PublishChunk(ctx, queue.Chunk{Job: queue.Job{Tenant: of.tenant.ID, Import: w.id(id)}, Chunk: imports.Chunk{Rows: 1, Block: []byte("x")}}))
	}
	var dead atomic.Int64
	w.must(w.queue.ConsumeChunks(ctx, 1, func(context.Context, queue.Chunk) error { return queue.Drop(errors.New("broken")) },
		func(context.Context, queue.Job, error) error {
			if dead.Add(1) == 2 {
				cancel()
			}
			return nil
		}))
	if dead.Load() != 2 {
		t.Fatal("the chunks are not given up")
	}
	is := want[operationsView](w, http.StatusOK, w.get("/v1/operations"))
	if is.Queue == nil || len(is.Workers) != 1 || is.Workers[0].Host != "n1" || is.Workers[0].Busy != 1 {
		t.Errorf("queue %+v, workers %+v", is.Queue, is.Workers)
	}
	if len(is.Imports) != 1 || is.Imports[0].ID != mine || is.Imports[0].State != imports.StateRunning || is.Imports[0].Stage != imports.StageReading || is.Imports[0].Done != 1 || is.Imports[0].Stuck {
		t.Errorf("imports %+v, want the one of the account", is.Imports)
	}
	if len(is.Dead) != 1 || is.Dead[0].Import != mine || is.Dead[0].Reason != "broken" || is.Dead[0].Subject != "chunk" {
		t.Errorf("dead %+v, want the letter of the account", is.Dead)
	}

	// Without a queue, the rest is told.
	away, err := queue.Open(queue.Config{URL: queuetest.Server(t), Replicas: 1}, zap.NewNop())
	w.must(err)
	away.Close()
	w.server.queue = away
	if is := want[operationsView](w, http.StatusOK, w.get("/v1/operations")); is.Queue != nil || len(is.Imports) != 1 {
		t.Errorf("without a queue: %+v", is)
	}
}

func TestImportIsStuckThatIsLongAtOnePlace(t *testing.T) {
	t.Parallel()
	m, start := newMoves(), time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	i := &imports.Import{ID: imports.NewID(), State: imports.StateRunning}
	for n, look := range []struct {
		at    time.Duration
		place string
		rows  int64
		stuck bool
		moved time.Duration
		speed float64
	}{
		{time.Hour, "1", 0, false, 30 * time.Minute, -1},
		{time.Hour + 10*time.Second, "2", 5000, false, time.Hour + 10*time.Second, 500},
		{time.Hour + 10*time.Second + 1, "2", 5000, false, time.Hour + 10*time.Second, 500},
		{time.Hour + 20*time.Second, "2", 5000, true, time.Hour + 10*time.Second, 0},
		{time.Hour + 30*time.Second, "3", 6000, false, time.Hour + 30*time.Second, 100},
	} {
		i.Totals = imports.NewTotals(look.rows, member.Counts{Created: look.rows})
		work := postgres.Work{Import: i.ID, State: i.State, Since: start, Heard: start.Add(30 * time.Minute), Place: look.place}
		got := m.look(7, []postgres.Active{{Import: i, Work: work}}, start.Add(look.at))[0]
		if got.Stuck != look.stuck || got.Moved == nil || !got.Moved.Equal(start.Add(look.moved)) || (got.Speed == nil) != (look.speed < 0) || got.Speed != nil && *got.Speed != look.speed {
			t.Errorf("look %d: %+v, want %+v", n, got, look)
		}
	}
	if m.look(7, nil, start); len(m.seen) != 0 {
		t.Error("imports that are not under way any more are remembered")
	}
}
