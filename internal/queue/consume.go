package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// Handler does the work of one message. Its error decides the message's fate: nil acknowledges it; Drop ends
// it; Unavailable keeps it for as long as it takes; any other error has it tried again a bounded number of
// times with growing pauses, and then ends it too.
type Handler[T any] func(ctx context.Context, message T) error

// Dropped is called for a message before it is ended without having been done. j is the zero Job where the
// message could not even be read so far. If it returns an error, the message is kept and tried again.
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

// maxTries is how often a message is tried that fails for a reason of its own.
const maxTries = 6

// ConsumeStarted has up to workers imports handled at once, until ctx ends; then it waits for the handlers.
func (q *Queue) ConsumeStarted(ctx context.Context, workers int, h Handler[Job], dropped Dropped) error {
	return consume(ctx, q, splitterConsumer, workers, decodeStarted, func(j Job) Job { return j }, h, dropped)
}

// ConsumeFinished is ConsumeStarted for imports that have ended.
func (q *Queue) ConsumeFinished(ctx context.Context, workers int, h Handler[Job], dropped Dropped) error {
	return consume(ctx, q, notifierConsumer, workers, decodeFinished, func(j Job) Job { return j }, h, dropped)
}

// ConsumeChunks is ConsumeStarted for chunks.
func (q *Queue) ConsumeChunks(ctx context.Context, workers int, h Handler[Chunk], dropped Dropped) error {
	return consume(ctx, q, mergerConsumer, workers, decodeChunk, func(c Chunk) Job { return c.Job }, h, dropped)
}

func consume[T any](ctx context.Context, q *Queue, name string, workers int, decode func([]byte) (T, error), job func(T) Job, h Handler[T], dropped Dropped) error {
	if err := q.Prepare(ctx); err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for range workers {
		wg.Go(func() {
			f := fetcher{queue: q, name: name}
			for ctx.Err() == nil {
				msg, err := f.next(ctx)
				if err != nil {
					q.log.Warn("cannot fetch", zap.String("consumer", name), zap.Error(err))
					_ = pause(ctx, time.Second)
					continue
				}
				if msg != nil {
					handle(ctx, q, name, msg, decode, job, h, dropped)
				}
			}
		})
	}
	<-ctx.Done()
	return nil
}

// fetchWait is how long one request for a message stays with the server.
const fetchWait = 10 * time.Second

// fetcher gets messages for one worker, one by one: a worker holds no more than the one that it works on, so
// that every waiting message goes to whoever is free.
type fetcher struct {
	queue    *Queue
	name     string
	consumer jetstream.Consumer
}

// next waits for a message. nil: there is none for now.
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
	wait, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	batch, err := f.consumer.Fetch(1, jetstream.FetchContext(wait))
	if err != nil {
		f.consumer = nil
		return nil, ignoreEnd(ctx, err)
	}
	for msg := range batch.Messages() {
		return msg, nil
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
		f.consumer = nil
		return nil, ignoreEnd(ctx, err)
	}
	return nil, nil
}

// ignoreEnd returns nil for what fails because we are stopping.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("fetch: %w", err)
}

func handle[T any](ctx context.Context, q *Queue, name string, msg jetstream.Msg, decode func([]byte) (T, error), job func(T) Job, h Handler[T], dropped Dropped) {
	stop := q.keepAlive(msg)
	defer stop()
	m, err := decode(msg.Data())
	if err == nil {
		err = guard(ctx, m, h)
	}
	if err == nil {
		q.settle(msg, msg.Ack())
		return
	}
	tries := 1
	if meta, metaErr := msg.Metadata(); metaErr == nil {
		tries = int(meta.NumDelivered)
	}
	var drop dropError
	var unavailable unavailableError
	switch {
	case ctx.Err() != nil:
		q.settle(msg, msg.Nak()) // we are stopping: somebody else may go on at once
		return
	case errors.As(err, &drop), tries >= maxTries && !errors.As(err, &unavailable):
		if dropErr := dropped(ctx, job(m), err); dropErr == nil {
			q.settle(msg, msg.Term())
			return
		} else {
			err = errors.Join(err, dropErr)
		}
	}
	delay := min(100*time.Millisecond<<min(tries-1, 8), 15*time.Second)
	q.log.Warn("will try again", zap.String("consumer", name), zap.String("subject", msg.Subject()), zap.Int("tries", tries), zap.Duration("in", delay), zap.Error(err))
	q.settle(msg, msg.NakWithDelay(delay))
}

// guard turns a panic of the handler into an error: one message must not take the others down.
func guard[T any](ctx context.Context, m T, h Handler[T]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(ctx, m)
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
