// Package queue is the message flow between the services on NATS JetStream, and the only importer of its
// client.
//
//	JOBS    job.started.<import>    ──▶ consumer splitter
//	        job.merged.<import>     ──▶ consumer finisher
//	        job.undo.<import>       ──▶ consumer undoer
//	        job.finished.<import>   ──▶ consumer notifier
//	CHUNKS  chunk.<import>.<lane>   ──▶ consumer merger
//	DEAD    dead.<subject>              what could not be handled, until an operator has looked at it
//
// The first two are work-queue streams: a message leaves its stream when it is acknowledged, which is after the
// receiver's work is committed. CHUNKS holds at most one message per subject, so that a lane's next chunk can
// only be stored once the one before it is done: each lane is merged strictly in file order by whichever
// worker is free, and an import never has more chunks in the queue than lanes.
//
// Every message may come more than once. What makes that harmless is the receivers' ledgers in the database,
// not the streams' windows for duplicates; chunks carry no message id at all, because within such a window a
// chunk that is published again would be swallowed.
//
// Nothing is ever purged: the chunks of an import that has been stopped go as all others do, by the mergers' hands, which
// refuse them. A purge of some subjects beneath a consumer of all of them moves the server's floor of acknowledgements
// past messages that others still have in hand (seen in nats-server 2.15.2), and these are then never delivered again.
package queue

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
)

// Config is how to reach the queue.
type Config struct {
	URL string `env:"MEIBO_NATS_URL,required"`
	// Replicas is how many servers of a cluster keep each stream.
	Replicas int `env:"MEIBO_NATS_REPLICAS" envDefault:"1"`
}

// Streams and consumers, as data. Names are part of an installation: operators see them.
const (
	jobsStream   = "JOBS"
	chunksStream = "CHUNKS"

	splitterConsumer = "splitter"
	finisherConsumer = "finisher"
	undoerConsumer   = "undoer"
	notifierConsumer = "notifier"
	mergerConsumer   = "merger"

	startedSubject  = "job.started."
	mergedSubject   = "job.merged."
	undoSubject     = "job.undo."
	finishedSubject = "job.finished."
	chunkSubject    = "chunk."
)

// ackWait is how long a message may be silent in a worker's hands before another worker gets it; workers say
// three times as often that they are still at it.
const ackWait = 10 * time.Second

func streams(replicas int) []jetstream.StreamConfig {
	return []jetstream.StreamConfig{
		{
			Name: jobsStream, Description: "imports that have started, come to their last stage or their end, or are to be undone",
			Subjects:  []string{startedSubject + "*", mergedSubject + "*", undoSubject + "*", finishedSubject + "*"},
			Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Replicas: replicas,
			Duplicates: 2 * time.Minute,
		},
		{
			Name: chunksStream, Description: "rows on their way to the mergers",
			Subjects:  []string{chunkSubject + "*.*"},
			Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Replicas: replicas,
			MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
		},
		{
			Name: deadStream, Description: "messages that could not be handled, for operators",
			Subjects:  []string{deadSubject + ">"},
			Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Replicas: replicas,
			MaxAge: deadAge, MaxMsgs: deadMessages, Duplicates: 10 * time.Minute,
		},
	}
}

func consumers() map[string]jetstream.ConsumerConfig {
	consumer := func(name, subject string) jetstream.ConsumerConfig {
		return jetstream.ConsumerConfig{
			Durable: name, FilterSubject: subject, AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: ackWait, MaxDeliver: -1, MaxAckPending: 10_000,
		}
	}
	return map[string]jetstream.ConsumerConfig{
		splitterConsumer: consumer(splitterConsumer, startedSubject+"*"),
		finisherConsumer: consumer(finisherConsumer, mergedSubject+"*"),
		undoerConsumer:   consumer(undoerConsumer, undoSubject+"*"),
		notifierConsumer: consumer(notifierConsumer, finishedSubject+"*"),
		mergerConsumer:   consumer(mergerConsumer, chunkSubject+"*.*"),
	}
}

// Queue is a connection to the streams.
type Queue struct {
	nc  *nats.Conn
	js  jetstream.JetStream
	log *zap.Logger
	cfg Config
	// patience and again are newerPatience and newerAgain, but for tests.
	patience, again time.Duration

	// buffers holds encoded chunks: the client has copied one by the time the server has answered.
	buffers sync.Pool

	mu     sync.Mutex
	chunks jetstream.Stream // see chunksStream
}

// Open connects, now or as soon as the server is there, and reconnects for ever. The streams are made by
// Prepare.
func Open(c Config, log *zap.Logger) (*Queue, error) {
	nc, err := nats.Connect(c.URL, nats.Name("meibo"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(200*time.Millisecond), nats.PingInterval(10*time.Second), nats.Timeout(5*time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("queue connection lost", zap.Error(err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("queue connected again") }),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to queue: %w", withoutAddress(err))
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("connect to queue: %w", err)
	}
	return &Queue{nc: nc, js: js, log: log, cfg: c, patience: newerPatience, again: newerAgain, buffers: sync.Pool{New: func() any { return new([]byte) }}}, nil
}

// withoutAddress returns err, unless it is about an address that cannot be read, which it would quote with its password.
func withoutAddress(err error) error {
	var unreadable *url.Error
	if errors.As(err, &unreadable) {
		return errors.New("the address is not of the form nats://user:password@host:port")
	}
	return err
}

// Close ends the connection.
func (q *Queue) Close() { q.nc.Close() }

// Ping reports whether the server answers and has the streams.
func (q *Queue) Ping(ctx context.Context) error {
	for _, s := range streams(q.cfg.Replicas) {
		if _, err := q.js.Stream(ctx, s.Name); err != nil {
			return fmt.Errorf("stream %s: %w", s.Name, err)
		}
	}
	return nil
}

// Prepare makes the streams and consumers, or brings them up to date, and waits for the server as long as ctx
// allows. Services call it in any order.
func (q *Queue) Prepare(ctx context.Context) error {
	for {
		err := q.prepare(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		q.log.Info("waiting for the queue", zap.Error(err))
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

func (q *Queue) prepare(ctx context.Context) error {
	// A cluster that has no leader yet answers nothing at all: short attempts, again and again.
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, s := range streams(q.cfg.Replicas) {
		// All services come here as they start. Creating what is there already as it is to be changes nothing; an update
		// would, beneath the consumers that another service makes at that moment.
		_, err := q.js.CreateStream(ctx, s)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			_, err = q.js.UpdateStream(ctx, s)
		}
		if err != nil {
			return fmt.Errorf("prepare stream %s: %w", s.Name, err)
		}
	}
	for name, c := range consumers() {
		_, err := q.js.CreateConsumer(ctx, streamOf(name), c)
		if errors.Is(err, jetstream.ErrConsumerExists) {
			_, err = q.js.UpdateConsumer(ctx, streamOf(name), c)
		}
		if err != nil {
			return fmt.Errorf("prepare consumer %s: %w", name, err)
		}
	}
	return nil
}

func streamOf(consumer string) string {
	if consumer == mergerConsumer {
		return chunksStream
	}
	return jobsStream
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// ErrTooLarge is returned for a chunk that the server will never take.
var ErrTooLarge = errors.New("chunk exceeds the queue's message size limit")

// ErrLaneBusy is returned for a chunk whose lane still holds a chunk: the chunk is to be published again once
// the lane is free.
var ErrLaneBusy = errors.New("lane is busy")

// PublishStarted, PublishMerged and PublishFinished tell the splitters, the mergers and the notifiers of an import. event
// is unique to what is told, so that the relay's repetitions within two minutes are dropped early.
func (q *Queue) PublishStarted(ctx context.Context, j Job, event int64) error {
	return q.publishJob(ctx, startedSubject, j, event)
}

// PublishMerged tells the mergers that every row of an import is merged and that something is left to do.
func (q *Queue) PublishMerged(ctx context.Context, j Job, event int64) error {
	return q.publishJob(ctx, mergedSubject, j, event)
}

// PublishUndo tells the mergers that an import is to be undone, or that a dry run is to tell what that would do.
func (q *Queue) PublishUndo(ctx context.Context, j Job, event int64) error {
	return q.publishJob(ctx, undoSubject, j, event)
}

// PublishFinished tells the notifiers that an import has ended.
func (q *Queue) PublishFinished(ctx context.Context, j Job, event int64) error {
	return q.publishJob(ctx, finishedSubject, j, event)
}

func (q *Queue) publishJob(ctx context.Context, subject string, j Job, event int64) error {
	data, err := encodeJob(subject, j)
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%s%s.%d", subject, j.Import, event)
	if _, err := q.js.Publish(ctx, subject+j.Import.String(), data, jetstream.WithMsgID(id)); err != nil {
		return fmt.Errorf("publish %s%s: %w", subject, j.Import, err)
	}
	return nil
}

// PublishChunk stores a chunk. nil: it is stored. ErrLaneBusy: it is not, its lane holds one. Any other error:
// nobody knows, and the same chunk must be published again, never the next one; unless it is ErrTooLarge.
func (q *Queue) PublishChunk(ctx context.Context, c Chunk) error {
	buf := q.buffers.Get().(*[]byte)
	defer q.buffers.Put(buf)
	data, err := encodeChunk((*buf)[:0], c)
	if err != nil {
		return err
	}
	*buf = data
	_, err = q.js.Publish(ctx, laneSubject(c.Import, c.Lane), data, jetstream.WithRetryAttempts(0))
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == codeStoreFailed && strings.Contains(api.Description, "per subject") {
		return ErrLaneBusy
	}
	if errors.Is(err, nats.ErrMaxPayload) {
		return ErrTooLarge
	}
	if err != nil {
		return fmt.Errorf("publish chunk %d of lane %d: %w", c.Seq, c.Lane, err)
	}
	return nil
}

// codeStoreFailed is the server's answer for each reason why it did not store a message; only its text tells
// "maximum messages per subject exceeded" from a full stream.
const codeStoreFailed = 10077

func laneSubject(id imports.ID, lane int) string {
	return chunkSubject + id.String() + "." + strconv.Itoa(lane)
}

// BusyLanes returns which lanes of an import hold a chunk.
func (q *Queue) BusyLanes(ctx context.Context, id imports.ID) (map[int]bool, error) {
	prefix := chunkSubject + id.String() + "."
	s, err := q.chunksStream(ctx)
	if err != nil {
		return nil, fmt.Errorf("busy lanes: %w", err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(prefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("busy lanes: %w", err)
	}
	busy := make(map[int]bool, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		lane, err := strconv.Atoi(strings.TrimPrefix(subject, prefix))
		if err != nil {
			return nil, fmt.Errorf("busy lanes: subject %q", subject)
		}
		busy[lane] = true
	}
	return busy, nil
}

// Mergers returns how many workers merge chunks at the moment, or wait for one.
func (q *Queue) Mergers(ctx context.Context) (int, error) {
	c, err := q.js.Consumer(ctx, chunksStream, mergerConsumer)
	if err != nil {
		return 0, fmt.Errorf("count mergers: %w", err)
	}
	info := c.CachedInfo()
	return info.NumAckPending + info.NumWaiting, nil
}

// chunksStream looks the stream up once: a splitter asks it every few milliseconds.
func (q *Queue) chunksStream(ctx context.Context) (jetstream.Stream, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.chunks == nil {
		s, err := q.js.Stream(ctx, chunksStream)
		if err != nil {
			return nil, err
		}
		q.chunks = s
	}
	return q.chunks, nil
}
