package uploader

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/doctor"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/tenant"
)

// operationsView is what is being done, as the API shows it.
type operationsView struct {
	At      time.Time    `json:"at"`
	Queue   *queueView   `json:"queue,omitempty" doc:"What waits in the queue, of all accounts; absent where the queue cannot be reached, so that nothing moves."`
	Workers []workerView `json:"workers" doc:"The processes of the installation, by service and host."`
	Imports []activeView `json:"imports" doc:"The imports of the account that are under way, those first that are at it for longest; at most 200."`
	Dead    []letterView `json:"dead" doc:"Messages of the account's imports that could not be handled, the newest first; at most 50."`
	Mails   int          `json:"mails_waiting" doc:"Mails of the account that no mail server has taken yet."`
}

type queueView struct {
	Chunks uint64   `json:"chunks_waiting" doc:"Groups of rows that wait for a merger."`
	Jobs   uint64   `json:"jobs_waiting" doc:"Imports that wait for a splitter, a merger to finish or undo them, or a notifier."`
	Oldest *float64 `json:"oldest_seconds" doc:"For how long the oldest group of rows has been in the queue; null where there is none."`
}

type workerView struct {
	Service     string    `json:"service" enum:"uploader,splitter,merger,notifier"`
	Host        string    `json:"host"`
	Version     string    `json:"version"`
	StartedAt   time.Time `json:"started_at"`
	SeenAt      time.Time `json:"seen_at" doc:"When it last told of itself, which it does every ten seconds."`
	Busy        int       `json:"busy" doc:"How many things it was doing then."`
	Concurrency int       `json:"concurrency" doc:"How many it can do at the same time; 0 for any number."`
	Speed       float64   `json:"rows_per_second" doc:"How many rows it did lately: a splitter reads them, a merger merges them."`
}

type activeView struct {
	ID       string        `json:"id" format:"uuid"`
	FileName string        `json:"file_name"`
	List     string        `json:"list"`
	State    imports.State `json:"state" enum:"queued,running,paused,undoing"`
	Stage    imports.Stage `json:"stage" enum:"waiting,reading,merging,finishing,undoing"`
	Done     int64         `json:"done" doc:"Rows that have an outcome."`
	Total    int64         `json:"total" doc:"Rows that were read."`
	Speed    *float64      `json:"rows_per_second" doc:"Since it was last looked at; null at the first look."`
	Moved    *time.Time    `json:"last_progress_at" doc:"When it was last seen to have moved; null where it has not begun."`
	Stuck    bool          `json:"stuck" doc:"Whether it has run for ten minutes and does not move."`
}

type letterView struct {
	ID      uint64    `json:"id" doc:"For meibo dead show."`
	Import  string    `json:"import" format:"uuid"`
	Reason  string    `json:"reason" doc:"What went wrong, in the words of the program."`
	At      time.Time `json:"at"`
	Subject string    `json:"subject" enum:"chunk,started,merged,undo,finished" doc:"What was to be done."`
}

type operationsOutput struct{ Body operationsView }

// The queue is waited for so long; so many dead letters are shown.
const (
	queuePatience = 3 * time.Second
	maxLetters    = 50
)

// readOperations is GET /v1/operations. What the queue knows is left out where it is away: the rest is what people need then.
func (s *server) readOperations(ctx context.Context, _ *struct{}) (*operationsOutput, error) {
	t := tenantOf(ctx)
	out := &operationsOutput{Body: operationsView{At: time.Now().UTC(), Workers: []workerView{}, Imports: []activeView{}, Dead: []letterView{}}}
	workers, err := s.db.Workers(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range workers {
		out.Body.Workers = append(out.Body.Workers, workerView{w.Service, w.Host, w.Version, w.StartedAt, w.SeenAt, w.Busy, w.Concurrency, w.RowsPerSecond})
	}
	active, mails, err := s.db.Active(ctx, t)
	if err != nil {
		return nil, err
	}
	out.Body.Mails = mails
	out.Body.Imports = s.moves.look(t, active, time.Now())
	if err := s.lookAtQueue(ctx, t, &out.Body); err != nil {
		s.log.Warn("cannot look at the queue", zap.Error(err))
	}
	return out, nil
}

func (s *server) lookAtQueue(ctx context.Context, t tenant.ID, to *operationsView) error {
	ctx, cancel := context.WithTimeout(ctx, queuePatience)
	defer cancel()
	load, err := s.queue.Load(ctx)
	if err != nil {
		return err
	}
	to.Queue = &queueView{Chunks: load.Chunks, Jobs: load.Jobs}
	if !load.Oldest.IsZero() {
		to.Queue.Oldest = new(max(time.Since(load.Oldest).Seconds(), 0))
	}
	letters, err := s.queue.DeadLettersOf(ctx, t, maxLetters, func(ids []imports.ID) ([]imports.ID, error) { return s.db.OwnImports(ctx, t, ids) })
	if err != nil {
		return err
	}
	slices.SortFunc(letters, func(a, b queue.Letter) int { return cmp.Compare(b.ID, a.ID) })
	for _, l := range letters {
		what := strings.Split(l.Subject, ".")
		subject := what[0]
		if subject == "job" && len(what) > 1 {
			subject = what[1]
		}
		to.Dead = append(to.Dead, letterView{l.ID, l.Job.Import.String(), l.Reason, l.Time, subject})
	}
	return nil
}

// moves remember where imports were when they were looked at, to tell whether they move. It is of no harm where that is
// forgotten: another look tells again.
type moves struct {
	mu   sync.Mutex
	seen map[tenant.ID]map[imports.ID]moment
}

// moment is an import as it was at a look: at which place and since when it was seen there, and when it was last known to move.
type moment struct {
	place        string
	since, moved time.Time
	// done is how many rows had an outcome at that time, speed how many a second came from the look before.
	done  int64
	at    time.Time
	speed *float64
}

func newMoves() *moves { return &moves{seen: map[tenant.ID]map[imports.ID]moment{}} }

// steady is how long after one another two looks have to be that tell the speed.
const steady = time.Second

// look views a tenant's imports, and remembers how they are; what is not among them any more is forgotten.
func (m *moves) look(t tenant.ID, active []postgres.Active, now time.Time) []activeView {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, after := m.seen[t], make(map[imports.ID]moment, len(active))
	all := make([]activeView, 0, len(active))
	for _, a := range active {
		was, known := before[a.ID]
		is := moment{place: a.Work.Place, since: now, moved: now, done: a.Totals.Rows(), at: now}
		switch {
		case !known:
			is.moved = a.Work.Heard
		case was.place == is.place:
			is.since, is.moved = was.since, was.moved
		}
		if passed := now.Sub(was.at); known && passed < steady {
			is.done, is.at, is.speed = was.done, was.at, was.speed
		} else if known {
			is.speed = new(float64(max(is.done-was.done, 0)) / passed.Seconds())
		}
		after[a.ID] = is
		v := activeView{
			ID: a.ID.String(), FileName: a.FileName, List: a.List, State: a.State, Stage: a.Stage(), Done: a.Totals.Rows(), Total: a.Totals.Total, Speed: is.speed,
			Stuck: known && now.Sub(is.since) >= doctor.Apart && doctor.Stuck(a.Work, was.place, now, doctor.Patience),
		}
		if is.moved.Unix() > 0 { // the epoch stands for never
			v.Moved = new(is.moved.UTC())
		}
		all = append(all, v)
	}
	if m.seen[t] = after; len(after) == 0 {
		delete(m.seen, t)
	}
	return all
}
