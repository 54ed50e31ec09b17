package queue_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/embedded/embeddedtest"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func open(t *testing.T, url string) *queue.Queue {
	t.Helper()
	q, err := queue.Open(queue.Config{URL: url, Replicas: 1}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	if err := q.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return q
}

func chunk(j queue.Job, lane int, seq int64) queue.Chunk {
	return queue.Chunk{Job: j, Chunk: imports.Chunk{Lane: lane, Seq: seq, Rows: 1, Block: []byte("block")}}
}

func newJob() queue.Job { return queue.Job{Tenant: 7, Import: imports.NewID()} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLaneHoldsOneChunk(t *testing.T) {
	t.Parallel()
	q := open(t, queuetest.Server(t))
	a, b := newJob(), newJob()
	must(t, q.PublishChunk(t.Context(), chunk(a, 0, 0)))
	must(t, q.PublishChunk(t.Context(), chunk(a, 2, 0)))
	must(t, q.PublishChunk(t.Context(), chunk(b, 0, 0)))
	if err := q.PublishChunk(t.Context(), chunk(a, 0, 1)); !errors.Is(err, queue.ErrLaneBusy) {
		t.Errorf("second chunk of a lane: %v, want ErrLaneBusy", err)
	}
	busy, err := q.BusyLanes(t.Context(), a.Import)
	must(t, err)
	if fmt.Sprint(busy) != "map[0:true 2:true]" {
		t.Errorf("busy lanes = %v, want 0 and 2", busy)
	}
}

func TestJobsArriveOnceDespiteARepeatingRelay(t *testing.T) {
	t.Parallel()
	q := open(t, queuetest.Server(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a, b := newJob(), newJob()
	for range 3 {
		must(t, q.PublishStarted(ctx, a, 1))
		must(t, q.PublishFinished(ctx, b, 2))
	}
	must(t, q.PublishStarted(ctx, b, 3))
	var started, finished []queue.Job
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = q.ConsumeFinished(ctx, 1, func(_ context.Context, j queue.Job) error { finished = append(finished, j); return nil }, never(t))
	})
	must(t, q.ConsumeStarted(ctx, 1, func(_ context.Context, j queue.Job) error {
		if started = append(started, j); len(started) == 2 {
			cancel()
		}
		return nil
	}, never(t)))
	wg.Wait()
	if len(started) != 2 || started[0] != a || started[1] != b {
		t.Errorf("started = %v, want %v and %v", started, a, b)
	}
}

func TestJobsGoToThoseTheyAreFor(t *testing.T) {
	t.Parallel()
	q := open(t, queuetest.Server(t))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j := newJob()
	must(t, q.PublishStarted(ctx, j, 1))
	must(t, q.PublishMerged(ctx, j, 2))
	must(t, q.PublishFinished(ctx, j, 3))
	told := make(chan string, 3)
	tell := func(what string) queue.Handler[queue.Job] {
		return func(_ context.Context, got queue.Job) error {
			if got != j {
				t.Errorf("%s of %v, want %v", what, got, j)
			}
			told <- what
			return nil
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = q.ConsumeStarted(ctx, 1, tell("started"), never(t)) })
	wg.Go(func() { _ = q.ConsumeMerged(ctx, 1, tell("merged"), never(t)) })
	wg.Go(func() { _ = q.ConsumeFinished(ctx, 1, tell("finished"), never(t)) })
	got := map[string]int{}
	for range 3 {
		got[<-told]++
	}
	cancel()
	wg.Wait()
	if fmt.Sprint(got) != "map[finished:1 merged:1 started:1]" {
		t.Errorf("told %v, want each once", got)
	}
}

func never(t *testing.T) queue.Dropped {
	return func(_ context.Context, j queue.Job, why error) error {
		t.Errorf("job %v dropped: %v", j, why)
		return nil
	}
}

func TestErrorsDecideTheFateOfAMessage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fail  func(try int) error
		tries int
		drops int
	}{
		"drop ends at once":         {func(int) error { return queue.Drop(errors.New("broken")) }, 1, 1},
		"unavailable is kept":       {func(try int) error { return until(try, 7, queue.Unavailable(errors.New("down"))) }, 7, 0},
		"a plain error is tried":    {func(try int) error { return until(try, 3, errors.New("hiccup")) }, 3, 0},
		"a panic is a plain error":  {func(try int) error { return panicUntil(try, 2) }, 2, 0},
		"a plain error is not kept": {func(int) error { return errors.New("always") }, 6, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := open(t, queuetest.Server(t))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			j := newJob()
			must(t, q.PublishChunk(ctx, chunk(j, 0, 0)))
			var tries, drops int
			must(t, q.ConsumeChunks(ctx, 1, func(context.Context, queue.Chunk) error {
				tries++
				err := tt.fail(tries)
				if err == nil {
					cancel()
				}
				return err
			}, func(_ context.Context, dropped queue.Job, why error) error {
				if drops++; drops == 1 {
					return errors.New("the database is down") // a message is not let go before its end is recorded
				}
				if dropped != j || why == nil {
					t.Errorf("dropped %v because of %v", dropped, why)
				}
				cancel()
				return nil
			}))
			if drops > 0 {
				drops, tries = drops-1, tries-1
			}
			if tries != tt.tries || drops != tt.drops {
				t.Errorf("%d tries, %d drops; want %d, %d", tries, drops, tt.tries, tt.drops)
			}
		})
	}
}

func until(try, last int, err error) error {
	if try < last {
		return err
	}
	return nil
}

func panicUntil(try, last int) error {
	if try < last {
		panic("out of order")
	}
	return nil
}

func TestLanesKeepFileOrderWithAnyWorker(t *testing.T) {
	t.Parallel()
	const lanes, chunks = 4, 12
	server := queuetest.Start(t)
	q := open(t, server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j := newJob()
	var done atomic.Int64
	var mu sync.Mutex
	seen := make([]int64, lanes)
	work := func(_ context.Context, c queue.Chunk) error {
		if rand.IntN(4) == 0 {
			return errors.New("again, please")
		}
		mu.Lock()
		defer mu.Unlock()
		switch {
		case c.Seq > seen[c.Lane]:
			t.Errorf("lane %d: chunk %d came before %d", c.Lane, c.Seq, seen[c.Lane])
		case c.Seq == seen[c.Lane]:
			seen[c.Lane]++
			if done.Add(1) == lanes*chunks {
				cancel()
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	for range 3 {
		other := open(t, server.URL)
		wg.Go(func() { _ = other.ConsumeChunks(ctx, 2, work, never(t)) })
	}
	next := make([]int64, lanes)
	for ctx.Err() == nil {
		for lane := range lanes {
			if next[lane] == chunks {
				continue
			}
			if err := q.PublishChunk(ctx, chunk(j, lane, next[lane])); err == nil {
				next[lane]++
			} else if !errors.Is(err, queue.ErrLaneBusy) && ctx.Err() == nil {
				t.Error(err)
			}
		}
	}
	wg.Wait()
	if done.Load() != lanes*chunks {
		t.Errorf("%d chunks done, want %d", done.Load(), lanes*chunks)
	}
}

func TestMessagesSurviveARestartOfTheServer(t *testing.T) {
	t.Parallel()
	server := queuetest.Start(t)
	q := open(t, server.URL)
	j := newJob()
	must(t, q.PublishChunk(t.Context(), chunk(j, 3, 9)))
	server.Restart(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got queue.Chunk
	must(t, q.ConsumeChunks(ctx, 1, func(_ context.Context, c queue.Chunk) error { got = c; cancel(); return nil }, never(t)))
	if got.Job != j || got.Lane != 3 || got.Seq != 9 || string(got.Block) != "block" {
		t.Errorf("got %+v", got)
	}
}

func TestUnreadableMessageTellsItsImportBySubject(t *testing.T) {
	t.Parallel()
	url := queuetest.Server(t)
	q := open(t, url)
	id := imports.NewID()
	nc, err := nats.Connect(url)
	must(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	must(t, err)
	_, err = js.Publish(t.Context(), "chunk."+id.String()+".0", []byte("no protobuf at all"))
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var told queue.Job
	must(t, q.ConsumeChunks(ctx, 1, func(context.Context, queue.Chunk) error {
		t.Error("a message that cannot be read was handled")
		return nil
	}, func(_ context.Context, j queue.Job, _ error) error { told = j; cancel(); return nil }))
	if told.Import != id || told.Tenant != 0 {
		t.Errorf("dropped %+v, want import %s", told, id)
	}
}

func TestLaterComesBackWithoutCountingAsAFailure(t *testing.T) {
	t.Parallel()
	q := open(t, queuetest.Server(t))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, q.PublishStarted(ctx, newJob(), 1))
	tries := 0
	must(t, q.ConsumeStarted(ctx, 1, func(context.Context, queue.Job) error {
		if tries++; tries == 12 {
			cancel()
			return nil
		}
		return queue.Later(time.Millisecond)
	}, never(t)))
	if tries != 12 {
		t.Errorf("%d tries, want 12", tries)
	}
}

func TestPrepareBringsOlderStreamsUpToDate(t *testing.T) {
	t.Parallel()
	url := queuetest.Server(t)
	j := newJob()
	must(t, open(t, url).PublishChunk(t.Context(), chunk(j, 0, 0)))
	nc, err := nats.Connect(url)
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	var names []string
	for s := range js.ListStreams(t.Context()).Info() {
		old := s.Config
		old.Description = "of an older version"
		_, err := js.UpdateStream(t.Context(), old)
		must(t, err)
		names = append(names, old.Name)
		for c := range streamOf(t, js, old.Name).ListConsumers(t.Context()).Info() {
			c.Config.MaxAckPending = 1
			_, err := js.UpdateConsumer(t.Context(), old.Name, c.Config)
			must(t, err)
		}
	}
	if len(names) != 3 {
		t.Fatalf("streams %v, want three", names)
	}
	q := open(t, url)
	for _, name := range names {
		s := streamOf(t, js, name)
		if got := s.CachedInfo().Config.Description; got == "of an older version" {
			t.Errorf("%s was left as it was", name)
		}
		for c := range s.ListConsumers(t.Context()).Info() {
			if c.Config.MaxAckPending == 1 {
				t.Errorf("consumer %s was left as it was", c.Name)
			}
		}
	}
	if busy, err := q.BusyLanes(t.Context(), j.Import); err != nil || !busy[0] {
		t.Errorf("the chunk is gone: %v, %v", busy, err)
	}
}

func streamOf(t *testing.T, js jetstream.JetStream, name string) jetstream.Stream {
	t.Helper()
	s, err := js.Stream(t.Context(), name)
	must(t, err)
	return s
}
