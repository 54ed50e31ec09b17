package queue_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
)

func letters(t *testing.T, q *queue.Queue) (all []queue.Letter) {
	t.Helper()
	for l, err := range q.DeadLetters(t.Context()) {
		must(t, err)
		all = append(all, l)
	}
	return all
}

// TestWhatCannotBeHandledIsKeptBeforeItEnds gives up a chunk, bytes that are no message, and an unreadable file: the first
// two are dead letters, the last is the business of who imports it. Others go on.
func TestWhatCannotBeHandledIsKeptBeforeItEnds(t *testing.T) {
	t.Parallel()
	server := queuetest.Start(t)
	q := open(t, server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	poison, fine, garbage, corrupt := newJob(), newJob(), newJob(), newJob()
	must(t, q.PublishChunk(ctx, chunk(poison, 3, 7)))
	must(t, q.PublishChunk(ctx, chunk(corrupt, 0, 0)))
	nc, err := nats.Connect(server.URL)
	must(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	must(t, err)
	_, err = js.Publish(ctx, "chunk."+garbage.Import.String()+".0", []byte("\xff\xffno message"))
	must(t, err)
	must(t, q.PublishChunk(ctx, chunk(fine, 0, 0)))
	var ended, merged atomic.Int64
	check := func() {
		if ended.Load() == 3 && merged.Load() == 1 {
			cancel()
		}
	}
	must(t, q.ConsumeChunks(ctx, 2, func(_ context.Context, c queue.Chunk) error {
		switch c.Job {
		case poison:
			return queue.Drop(errors.New("broken\r\nMeibo-Reason: forged"))
		case corrupt:
			return queue.Drop(&imports.Failure{Problem: member.Problem{Code: member.CorruptFile}})
		}
		merged.Add(1)
		check()
		return nil
	}, func(ctx context.Context, j queue.Job, _ error) error {
		if j.Import == corrupt.Import {
			ended.Add(1)
			check()
			return nil
		}
		for l, err := range q.DeadLetters(ctx) { // it is kept by now
			if err != nil {
				return err
			}
			if l.Job.Import == j.Import {
				ended.Add(1)
				check()
				return nil
			}
		}
		t.Errorf("import %s is told of before its message is kept", j.Import)
		cancel()
		return nil
	}))
	all := letters(t, q)
	if len(all) != 2 {
		t.Fatalf("%d dead letters, want 2: %+v", len(all), all)
	}
	for _, l := range all {
		c, ok := l.Chunk()
		switch l.Job.Import {
		case poison.Import:
			if !ok || c.Job != poison || c.Lane != 3 || c.Seq != 7 || string(c.Block) != "block" || l.Job.Tenant != poison.Tenant {
				t.Errorf("letter is %+v, %v", c, ok)
			}
			if !strings.Contains(l.Reason, "broken") || strings.ContainsAny(l.Reason, "\r\n") {
				t.Errorf("reason is %q", l.Reason)
			}
		case garbage.Import:
			if ok || string(l.Data) != "\xff\xffno message" || l.Subject != "chunk."+garbage.Import.String()+".0" {
				t.Errorf("letter is %+v, %v", l, ok)
			}
		default:
			t.Errorf("letter of %v", l.Job)
		}
		must(t, q.DropLetter(t.Context(), l.ID))
		if _, err := q.DeadLetter(t.Context(), l.ID); !errors.Is(err, queue.ErrNoLetter) {
			t.Errorf("a letter that was dropped: %v, want ErrNoLetter", err)
		}
	}
	if left := letters(t, q); len(left) != 0 {
		t.Errorf("%d letters are left", len(left))
	}
}

// TestNewerMessagesWaitForNewerWorkers publishes a message of a version that nobody knows: it is put back for a while, and
// then given up.
func TestNewerMessagesWaitForNewerWorkers(t *testing.T) {
	t.Parallel()
	server := queuetest.Start(t)
	q := open(t, server.URL)
	nc, err := nats.Connect(server.URL)
	must(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	must(t, err)
	j := newJob()
	data := queue.EncodeNewer(j)
	for _, patience := range []time.Duration{time.Hour, 0} {
		_, err = js.Publish(t.Context(), "job.started."+j.Import.String(), data)
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		q.SetPatience(patience, 10*time.Millisecond)
		var why error
		put := make(chan struct{})
		go func() { // until it was put back and has come again
			for ctx.Err() == nil && patience > 0 {
				c, err := js.Consumer(ctx, "JOBS", "splitter")
				if err == nil && c.CachedInfo().Delivered.Consumer >= 3 {
					break
				}
			}
			close(put)
			if patience > 0 {
				cancel()
			}
		}()
		must(t, q.ConsumeStarted(ctx, 1, func(context.Context, queue.Job) error { t.Error("it was handled"); return nil },
			func(_ context.Context, dropped queue.Job, err error) error {
				if dropped == j {
					why = err
				}
				cancel()
				return nil
			}))
		cancel()
		<-put
		switch kept := letters(t, q); {
		case patience > 0 && (why != nil || len(kept) > 0):
			t.Errorf("it was given up at once because of %v", why)
		case patience == 0 && (imports.FailureOf(why, "").Code != member.NewerMessage || len(kept) == 0 || kept[0].Job != j):
			t.Errorf("it was given up because of %v, and kept as %+v", why, kept)
		}
	}
}
