package queue_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
)

// TestWorkersThatStopLeaveNothingInTheirHands stops workers again and again while chunks come: a chunk that the server
// believes in the hands of somebody who is gone would have to wait until it is taken for lost.
func TestWorkersThatStopLeaveNothingInTheirHands(t *testing.T) {
	t.Parallel()
	url := queuetest.Server(t)
	q := open(t, url)
	nc, err := nats.Connect(url)
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	var published, done atomic.Int64
	for range 20 {
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			for ctx.Err() == nil && q.PublishChunk(t.Context(), chunk(newJob(), 0, 0)) == nil {
				published.Add(1)
			}
		})
		var left atomic.Int64
		left.Store(5)
		must(t, q.ConsumeChunks(ctx, 4, func(context.Context, queue.Chunk) error {
			if done.Add(1); left.Add(-1) == 0 {
				stop()
			}
			return nil
		}, never(t)))
		wg.Wait()
	}
	// What was given back comes at once. What was not would come in an hour.
	c, err := js.Consumer(t.Context(), "CHUNKS", "merger")
	must(t, err)
	patient := c.CachedInfo().Config
	patient.AckWait = time.Hour
	c, err = js.UpdateConsumer(t.Context(), "CHUNKS", patient)
	must(t, err)
	drained := int64(0)
	for deadline := time.Now().Add(2 * time.Minute); ; {
		left := int(streamOf(t, js, "CHUNKS").CachedInfo().State.Msgs)
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d chunks are in the hands of workers that have stopped", left)
		}
		batch, err := c.Fetch(left, jetstream.FetchMaxWait(time.Second))
		must(t, err)
		for msg := range batch.Messages() {
			must(t, msg.DoubleAck(t.Context()))
			drained++
		}
	}
	if drained != published.Load()-done.Load() {
		t.Errorf("%d chunks were left of %d published and %d done", drained, published.Load(), done.Load())
	}
}

// TestChunkInHandIsDoneBeforeAWorkerStops stops a worker in the middle of a chunk.
func TestChunkInHandIsDoneBeforeAWorkerStops(t *testing.T) {
	t.Parallel()
	q := open(t, queuetest.Server(t))
	j := newJob()
	must(t, q.PublishChunk(t.Context(), chunk(j, 0, 0)))
	ctx, stop := context.WithCancel(t.Context())
	must(t, q.ConsumeChunks(ctx, 1, func(work context.Context, _ queue.Chunk) error {
		stop()
		<-ctx.Done()
		return work.Err()
	}, never(t)))
	for deadline := time.Now().Add(2 * time.Minute); ; {
		busy, err := q.BusyLanes(t.Context(), j.Import)
		must(t, err)
		if len(busy) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the chunk was not acknowledged")
		}
	}
}
