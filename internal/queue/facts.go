package queue

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
)

// Facts are what an operator's check has to know of the queue.
type Facts struct {
	// Stored is what JetStream keeps on the disk, Limit how much it may, 0 for no limit of the account.
	Stored, Limit uint64
	Streams       []StreamFacts
	Consumers     []ConsumerFacts
	// Chunks is how many chunks of each import wait or are worked on.
	Chunks map[imports.ID]int
	// Dead is how many messages were set aside that could not be handled.
	Dead uint64
}

// StreamFacts are those of one stream that the services use.
type StreamFacts struct {
	Name    string
	Missing bool
	Drift   []Drift
	// Messages wait in it, the oldest since Oldest, which is zero where there is none.
	Messages uint64
	Oldest   time.Time
	// Leaderless tells that a cluster has no leader for it; Lagging are the servers that do not keep up.
	Leaderless bool
	Lagging    []string
}

// ConsumerFacts are those of one consumer that the services use.
type ConsumerFacts struct {
	Name    string
	Missing bool
	Drift   []Drift
	// Pending messages were never delivered, Unacknowledged ones are being worked on, Redelivered ones came more than once.
	Pending        uint64
	Unacknowledged int
	Redelivered    int
	// Waiting is how many workers ask for a message.
	Waiting int
}

// Drift is a setting that is not as the services make it.
type Drift struct{ Field, Have, Want string }

// Look asks the server for all facts, within the time of ctx, and changes nothing. An error says that it could not be
// reached, or has no JetStream.
func Look(ctx context.Context, c Config) (f Facts, err error) {
	nc, err := nats.Connect(c.URL, nats.Name("meibo doctor"), nats.Timeout(5*time.Second))
	if err != nil {
		return f, fmt.Errorf("connect to queue: %w", withoutAddress(err))
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return f, fmt.Errorf("connect to queue: %w", err)
	}
	q := &Queue{nc: nc, js: js, log: zap.NewNop(), cfg: c}
	account, err := js.AccountInfo(ctx)
	if err != nil {
		return f, fmt.Errorf("ask JetStream: %w", err)
	}
	f.Stored, f.Limit = account.Store, uint64(max(account.Limits.MaxStore, 0))
	for _, want := range streams(c.Replicas) {
		s, err := q.streamFacts(ctx, want)
		if err != nil {
			return f, fmt.Errorf("look at stream %s: %w", want.Name, err)
		}
		f.Streams = append(f.Streams, s)
	}
	for name, want := range consumers() {
		s, err := q.consumerFacts(ctx, name, want)
		if err != nil {
			return f, fmt.Errorf("look at consumer %s: %w", name, err)
		}
		f.Consumers = append(f.Consumers, s)
	}
	slices.SortFunc(f.Consumers, func(a, b ConsumerFacts) int { return strings.Compare(a.Name, b.Name) })
	if dead, err := js.Stream(ctx, deadStream); err == nil {
		f.Dead = dead.CachedInfo().State.Msgs
	}
	f.Chunks, err = q.chunksByImport(ctx)
	return f, err
}

// Load is how much there is to do.
type Load struct {
	// Chunks and Jobs wait for a worker; what is being worked on does not count.
	Chunks, Jobs uint64
	// Oldest is since when the oldest chunk is in the queue, zero where there is none.
	Oldest time.Time
}

// Load returns how much there is to do.
func (q *Queue) Load(ctx context.Context) (l Load, err error) {
	for name, want := range consumers() {
		c, err := q.consumerFacts(ctx, name, want)
		if err != nil {
			return Load{}, fmt.Errorf("look at consumer %s: %w", name, err)
		}
		if name == mergerConsumer {
			l.Chunks = c.Pending
		} else {
			l.Jobs += c.Pending
		}
	}
	s, err := q.js.Stream(ctx, chunksStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return l, nil
	}
	if err != nil {
		return Load{}, fmt.Errorf("look at chunks: %w", err)
	}
	if state := s.CachedInfo().State; state.Msgs > 0 {
		l.Oldest = state.FirstTime
	}
	return l, nil
}

func (q *Queue) streamFacts(ctx context.Context, want jetstream.StreamConfig) (StreamFacts, error) {
	f := StreamFacts{Name: want.Name}
	s, err := q.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		f.Missing = true
		return f, nil
	}
	if err != nil {
		return f, err
	}
	info := s.CachedInfo()
	f.Drift = drift(reflect.ValueOf(info.Config), reflect.ValueOf(want), "Metadata", "Duplicates", "MaxConsumers", "ConsumerLimits")
	f.Messages = info.State.Msgs
	if f.Messages > 0 {
		f.Oldest = info.State.FirstTime
	}
	if c := info.Cluster; c != nil && c.Name != "" {
		f.Leaderless = c.Leader == ""
		for _, r := range c.Replicas {
			if !r.Current || r.Offline {
				f.Lagging = append(f.Lagging, r.Name)
			}
		}
	}
	return f, nil
}

func (q *Queue) consumerFacts(ctx context.Context, name string, want jetstream.ConsumerConfig) (ConsumerFacts, error) {
	f := ConsumerFacts{Name: name}
	c, err := q.js.Consumer(ctx, streamOf(name), name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		f.Missing = true
		return f, nil
	}
	if err != nil {
		return f, err
	}
	info := c.CachedInfo()
	f.Drift = drift(reflect.ValueOf(info.Config), reflect.ValueOf(want), "Name", "Metadata", "MaxWaiting", "Replicas")
	f.Pending, f.Unacknowledged, f.Redelivered, f.Waiting = info.NumPending, info.NumAckPending, info.NumRedelivered, info.NumWaiting
	return f, nil
}

// drift compares two configurations field by field. What the services leave at its zero value the server fills in, with
// -1 for no limit or with what is named in filled.
func drift(have, want reflect.Value, filled ...string) (all []Drift) {
	for i := range want.NumField() {
		name := want.Type().Field(i).Name
		h, w := have.Field(i), want.Field(i)
		if w.IsZero() && (slices.Contains(filled, name) || h.IsZero() || h.CanInt() && h.Int() == -1) {
			continue
		}
		if !reflect.DeepEqual(h.Interface(), w.Interface()) {
			all = append(all, Drift{Field: name, Have: fmt.Sprint(h.Interface()), Want: fmt.Sprint(w.Interface())})
		}
	}
	return all
}

// chunksByImport counts the chunks that are in the queue.
func (q *Queue) chunksByImport(ctx context.Context) (map[imports.ID]int, error) {
	byImport := map[imports.ID]int{}
	s, err := q.chunksStream(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return byImport, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at chunks: %w", err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(chunkSubject+">"))
	if err != nil {
		return nil, fmt.Errorf("look at chunks: %w", err)
	}
	for subject, n := range info.State.Subjects {
		byImport[importOf(subject)] += int(n)
	}
	return byImport, nil
}
