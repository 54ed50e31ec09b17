package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// Handler does the work of one message. Its error decides the message's fate: nil acknowledges it; Drop ends
// it; Later and Unavailable keep it for as long as it takes; any other error has it tried again a bounded number of
// times with growing pauses, and then ends it too.
type Handler[T any] func(ctx context.Context, message T) error

// Dropped is called for a message before it is ended without having been done; it is a dead letter by then. j has no tenant where the message could
// not be read, and no import where not even its subject tells it. If it returns an error, the message is kept and
// tried again.
type Dropped func(ctx context.Context, j Job, why error) error

type dropError struct{ error }

func (e dropError) Unwrap() error { return e.error }

// Drop marks an error that no repetition mends.
func Drop(err error) error { return dropError{err} }

type unavailableError struct{ error }

func (e unavailableError) Unwrap() error { return e.error }

// Unavailable marks an error of something that the work needs and that will come back: a database that is
// down is no reason to give up a message.
func Unavailable(err error) error { return unavailableError{err} }

type laterError struct{ delay time.Duration }

func (e laterError) Error() string { return "not now" }

// Later puts the message back for a while: nothing is wrong, but this worker has no room for it now. Another may.
func Later(delay time.Duration) error { return laterError{delay} }

// While an installation is brought up to date, old workers meet messages of newer ones: they put them back, so that a newer
// worker gets them, for as long as newerPatience, and so often.
const (
	newerPatience = 10 * time.Minute
	newerAgain    = 5 * time.Second
)

// maxTries is how often a message is tried that fails for a reason of its own.
const maxTries = 6

// A handler that takes longer than this is taken to hang, as on a connection that nobody answers.
const (
	chunkLimit    = 5 * time.Minute
	finishedLimit = 10 * time.Minute
)

// What is in hand when the service is asked to stop may still take so long; then it is given back to the others. A service
// has to be given a little longer than this before it is killed.
const (
	chunkGrace    = 10 * time.Second
	finishedGrace = 20 * time.Second // a mail that is on its way is sent once only if that can be noted
)

// ConsumeStarted has up to workers imports handled at once, until ctx ends. Then their jobs are given back to others.
func (q *Queue) ConsumeStarted(ctx context.Context, workers int, h Handler[Job], dropped Dropped) error {
	c := consumer[Job]{queue: q, name: splitterConsumer, decode: decodeStarted, job: func(j Job) Job { return j }, handle: h, dropped: dropped}
	return c.run(ctx, workers)
}

// ConsumeMerged is ConsumeStarted for imports whose rows are all merged.
func (q *Queue) ConsumeMerged(ctx context.Context, workers int, h Handler[Job], dropped Dropped) error {
	c := consumer[Job]{queue: q, name: finisherConsumer, decode: decodeMerged, job: func(j Job) Job { return j }, handle: h, dropped: dropped}
	return c.run(ctx, workers)
}

// ConsumeUndo is ConsumeStarted for imports that are to be undone.
func (q *Queue) ConsumeUndo(ctx context.Context, workers int, h Handler[Job], dropped Dropped) error {
	c := consumer[Job]{queue: q, name: undoerConsumer, decode: decodeUndo, job: func(j Job) Job { return j }, handle: h, dropped: dropped}
	return c.run(ctx, workers)
}

// ConsumeFinished is ConsumeStarted for imports that have ended; what is in hand when ctx ends is done first.
func (q *Queue) ConsumeFinished(ctx context.Context, workers int, h Handler[Job], dropped Dropped) error {
	c := consumer[Job]{queue: q, name: notifierConsumer, limit: finishedLimit, grace: finishedGrace, decode: decodeFinished, job: func(j Job) Job { return j }, handle: h, dropped: dropped}
	return c.run(ctx, workers)
}

// ConsumeChunks is ConsumeStarted for chunks; those in hand when ctx ends are done first.
func (q *Queue) ConsumeChunks(ctx context.Context, workers int, h Handler[Chunk], dropped Dropped) error {
	c := consumer[Chunk]{queue: q, name: mergerConsumer, limit: chunkLimit, grace: chunkGrace, decode: decodeChunk, job: func(c Chunk) Job { return c.Job }, handle: h, dropped: dropped}
	return c.run(ctx, workers)
}

// consumer is the work of one process on the messages of one kind.
type consumer[T any] struct {
	queue *Queue
	name  string
	// limit bounds a handler; 0 is none.
	limit time.Duration
	// grace is how long a handler may go on when the service stops.
	grace   time.Duration
	decode  func([]byte) (T, error)
	job     func(T) Job
	handle  Handler[T]
	dropped Dropped

	mu sync.Mutex
	// failures counts how often each message failed for a reason of its own, by its place in the stream. The server's
	// count of deliveries will not do: it also has those that an outage or a restart ended.
	failures map[uint64]int
}

func (c *consumer[T]) run(ctx context.Context, workers int) error {
	c.failures = map[uint64]int{}
	if err := c.queue.Prepare(ctx); err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for range workers {
		wg.Go(func() {
			f := fetcher{queue: c.queue, name: c.name}
			for ctx.Err() == nil {
				msg, err := f.next(ctx)
				if err != nil {
					c.queue.log.Warn("cannot fetch", zap.String("consumer", c.name), zap.Error(err))
					_ = pause(ctx, time.Second)
					continue
				}
				if msg != nil {
					c.take(ctx, msg)
				}
			}
		})
	}
	<-ctx.Done()
	return nil
}

const (
	// fetchWait is how long one request for a message stays with the server, which is heard of twice as often as lostAfter.
	fetchWait = 10 * time.Second
	lostAfter = 4 * time.Second
	// statusRoom is how many answers other than a message may come at once.
	statusRoom = 16
	// lastWait bounds how long a worker that stops waits for a message that is on its way to it.
	lastWait = 2 * time.Second
)

// fetcher gets messages for one worker, one by one: a worker holds no more than the one that it works on, so
// that every waiting message goes to whoever is free.
type fetcher struct {
	queue    *Queue
	name     string
	consumer jetstream.Consumer
}

// next waits for a message. nil: ctx has ended.
func (f *fetcher) next(ctx context.Context) (jetstream.Msg, error) {
	if f.consumer == nil {
		c, err := f.queue.js.Consumer(ctx, streamOf(f.name), f.name)
		if errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) {
			err = errors.Join(err, f.queue.prepare(ctx)) // the server lost its disk: begin again
		}
		if err != nil {
			return nil, ignoreEnd(ctx, err)
		}
		f.consumer = c
	}
	one, err := f.consumer.Messages(jetstream.StopAfter(1), jetstream.PullMaxMessages(statusRoom),
		jetstream.PullExpiry(fetchWait), jetstream.PullHeartbeat(lostAfter/2))
	if err == nil {
		var msg jetstream.Msg
		if msg, err = one.Next(jetstream.NextContext(ctx)); err == nil {
			one.Stop()
			return msg, nil
		}
		if ctx.Err() != nil {
			f.giveBack(one)
			return nil, nil
		}
		one.Stop()
	}
	f.consumer = nil
	return nil, ignoreEnd(ctx, err)
}

// giveBack ends a request for a message, and gives back the one with which the server may have answered meanwhile: nobody
// has to wait until it is taken for lost.
func (f *fetcher) giveBack(one jetstream.MessagesContext) {
	one.Drain()
	if msg, err := one.Next(jetstream.NextMaxWait(lastWait)); err == nil {
		f.queue.settle(msg, msg.Nak())
	}
	one.Stop()
}

// ignoreEnd returns nil for what fails because we are stopping.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("fetch: %w", err)
}

// take handles one message and decides its fate.
func (c *consumer[T]) take(ctx context.Context, msg jetstream.Msg) {
	q := c.queue
	stop := q.keepAlive(msg)
	defer stop()
	m, err := c.decode(msg.Data())
	if err == nil {
		work, end := graceful(ctx, c.grace)
		err = c.guard(work, m)
		end()
	}
	seq, deliveries := place(msg)
	var later laterError
	switch {
	case err == nil:
		c.forget(seq)
		q.settle(msg, msg.Ack())
		return
	case ctx.Err() != nil:
		q.settle(msg, msg.Nak()) // we are stopping: somebody else may go on at once
		return
	case errors.As(err, &later):
		q.settle(msg, msg.NakWithDelay(later.delay))
		return
	case c.newer(msg, err):
		q.log.Info("message of a newer version put back", zap.String("consumer", c.name), zap.String("subject", msg.Subject()), zap.Uint64("deliveries", deliveries))
		q.settle(msg, msg.NakWithDelay(q.again))
		return
	case c.hopeless(seq, err):
		dropErr := c.giveUp(ctx, msg, c.job(m), err)
		if dropErr == nil {
			c.forget(seq)
			q.settle(msg, msg.Term())
			return
		}
		err = errors.Join(err, dropErr)
	}
	delay := min(100*time.Millisecond<<min(deliveries-1, 8), 15*time.Second)
	q.log.Warn("will try again", zap.String("consumer", c.name), zap.String("subject", msg.Subject()), zap.Uint64("deliveries", deliveries), zap.Duration("in", delay), zap.Error(err))
	q.settle(msg, msg.NakWithDelay(delay))
}

// newer reports whether the message is one of a newer version that a newer worker may still come for.
func (c *consumer[T]) newer(msg jetstream.Msg, err error) bool {
	var f *imports.Failure
	if !errors.As(err, &f) || f.Problem.Code != member.NewerMessage {
		return false
	}
	meta, err := msg.Metadata()
	return err == nil && time.Since(meta.Timestamp) < c.queue.patience
}

// giveUp keeps a message as a dead letter, where that is of any use, and lets its end be recorded.
func (c *consumer[T]) giveUp(ctx context.Context, msg jetstream.Msg, j Job, why error) error {
	if j.Import == (imports.ID{}) {
		j.Import = importOf(msg.Subject())
	}
	if worthKeeping(why) {
		if err := c.queue.bury(ctx, c.name, msg, j, why); err != nil {
			return err
		}
	}
	return c.dropped(ctx, j, why)
}

// place returns where the message stands in its stream and how often it was delivered.
func place(msg jetstream.Msg) (seq, deliveries uint64) {
	meta, err := msg.Metadata()
	if err != nil {
		return 0, 1
	}
	return meta.Sequence.Stream, max(meta.NumDelivered, 1)
}

// importOf returns the import that a subject names; the zero ID where it names none.
func importOf(subject string) imports.ID {
	for part := range strings.SplitSeq(subject, ".") {
		if id, err := imports.ParseID(part); err == nil {
			return id
		}
	}
	return imports.ID{}
}

// hopeless reports whether the message is to be given up because of err.
func (c *consumer[T]) hopeless(seq uint64, err error) bool {
	var drop dropError
	var unavailable unavailableError
	if errors.As(err, &drop) {
		return true
	}
	if errors.As(err, &unavailable) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures[seq]++
	return c.failures[seq] >= maxTries
}

func (c *consumer[T]) forget(seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.failures, seq)
}

// guard bounds the handler in time and turns its panic into an error: one message must not take the others down.
func (c *consumer[T]) guard(ctx context.Context, m T) (err error) {
	if c.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.limit)
		defer cancel()
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.handle(ctx, m)
}

// graceful returns a context that ends so long after ctx does, or when end is called.
func graceful(ctx context.Context, grace time.Duration) (work context.Context, end func()) {
	if grace == 0 {
		return ctx, func() {}
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		_ = pause(work, grace)
		cancel()
	})
	return work, func() { stop(); cancel() }
}

// settle reports an acknowledgement that could not be sent. The message comes again, which is harmless.
func (q *Queue) settle(msg jetstream.Msg, err error) {
	if err != nil {
		q.log.Warn("acknowledgement not sent", zap.String("subject", msg.Subject()), zap.Error(err))
	}
}

// keepAlive tells the server until stop is called that the message is being worked on.
func (q *Queue) keepAlive(msg jetstream.Msg) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(ackWait / 3)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				q.settle(msg, msg.InProgress())
			}
		}
	})
	return func() { close(done); wg.Wait() }
}
