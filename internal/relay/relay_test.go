package relay_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/embedded/embeddedtest"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
	"github.com/meibo/meibo/internal/relay"
	"github.com/meibo/meibo/internal/tenant"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// office is a database and a queue, which relays stand between.
type office struct {
	db     *postgres.DB
	server *queuetest.Instance
	tenant tenant.ID

	mu sync.Mutex
	// told is what receivers got, in order, as topic and import; changed is closed, and replaced, when it grows.
	told    []string
	changed chan struct{}
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{db: postgrestest.New(t), server: queuetest.Start(t), changed: make(chan struct{})}
	ten, err := o.db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	o.tenant = ten.ID
	must(t, o.connect(t).Prepare(t.Context()))
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) connect(t *testing.T) *queue.Queue {
	t.Helper()
	q, err := queue.Open(queue.Config{URL: o.server.URL, Replicas: 1}, zap.NewNop())
	must(t, err)
	t.Cleanup(q.Close)
	return q
}

// happen has so many imports started and ended, one after another, and returns what is to be told of them.
func (o *office) happen(t *testing.T, n int) (events []string) {
	t.Helper()
	ctx := t.Context()
	for range n {
		i, _, err := o.db.CreateImport(ctx, o.tenant, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", MaxRowBytes: 1 << 18})
		must(t, err)
		source := imports.Source{Size: 1, MaxRows: 1}
		_, err = o.db.SetUploaded(ctx, o.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
		must(t, err)
		must(t, o.db.StartImport(ctx, o.tenant, i.ID, postgres.Settled{
			Mapping: member.Mapping{{Field: "member_sn"}}, Cut: imports.Cut{Lanes: 1}, Source: source,
		}))
		must(t, o.db.CancelImport(ctx, o.tenant, i.ID))
		events = append(events, postgres.TopicStarted+" "+i.ID.String(), postgres.TopicFinished+" "+i.ID.String())
	}
	slices.Sort(events)
	return events
}

func (o *office) tell(event string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, event)
	close(o.changed)
	o.changed = make(chan struct{})
}

// while runs relays and receivers, calls f, and ends them.
func (o *office) while(t *testing.T, relays int, f func(ctx context.Context, kick func())) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	q := o.connect(t)
	note := func(topic string) queue.Handler[queue.Job] {
		return func(_ context.Context, j queue.Job) error {
			if j.Tenant != o.tenant {
				t.Errorf("event of tenant %s", j.Tenant)
			}
			o.tell(topic + " " + j.Import.String())
			return nil
		}
	}
	dropped := func(_ context.Context, j queue.Job, why error) error {
		t.Errorf("event of %s dropped: %v", j.Import, why)
		return nil
	}
	wg.Go(func() { _ = q.ConsumeStarted(ctx, 2, note(postgres.TopicStarted), dropped) })
	wg.Go(func() { _ = q.ConsumeFinished(ctx, 2, note(postgres.TopicFinished), dropped) })
	var kicks []func()
	for range relays {
		r := relay.New(o.db, o.connect(t), zap.NewNop())
		kicks = append(kicks, r.Kick)
		wg.Go(func() { _ = r.Run(ctx) })
	}
	f(ctx, func() {
		for _, kick := range kicks {
			kick()
		}
	})
}

// wait returns what was told once there are n events or more.
func (o *office) wait(ctx context.Context, t *testing.T, n int) []string {
	t.Helper()
	for {
		o.mu.Lock()
		told, changed := slices.Sorted(slices.Values(o.told)), o.changed
		o.mu.Unlock()
		if len(told) >= n {
			return told
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%d events were told, want %d", len(told), n)
		}
	}
}

// drained waits until the outbox is empty for a relay that looks at it.
func (o *office) drained(ctx context.Context, t *testing.T) {
	t.Helper()
	for {
		left := 0
		_, err := o.db.Relay(ctx, 100, func(context.Context, postgres.Event) error { left++; return errors.New("only looking") })
		if err == nil && left == 0 {
			return
		}
		must(t, ctx.Err())
	}
}

func equal(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told %d events %q\nwant %d, each once: %q", len(got), got, len(want), want)
	}
}

func TestEventOfACrashedRelayIsPublishedAgainAndReceivedOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	want := o.happen(t, 3)
	q := o.connect(t)
	published := 0
	crash := errors.New("crashed before the delete")
	for range 2 {
		n, err := o.db.Relay(t.Context(), 100, func(ctx context.Context, e postgres.Event) error {
			j := queue.Job{Tenant: e.Tenant, Import: e.Import}
			var err error
			if e.Topic == postgres.TopicStarted {
				err = q.PublishStarted(ctx, j, e.Seq)
			} else {
				err = q.PublishFinished(ctx, j, e.Seq)
			}
			must(t, err)
			published++
			return crash
		})
		if n != 0 || !errors.Is(err, crash) {
			t.Errorf("relay = %d, %v; want the crash", n, err)
		}
	}
	if published != 2 {
		t.Errorf("%d events were published before the crashes, want the oldest twice", published)
	}
	o.while(t, 1, func(ctx context.Context, _ func()) {
		o.wait(ctx, t, len(want))
		o.drained(ctx, t)
		more := o.happen(t, 1) // whatever is told twice would come before these
		want = slices.Sorted(slices.Values(append(want, more...)))
		equal(t, o.wait(ctx, t, len(want)), want)
	})
}

func TestEventsBeforeACrashAreNotPublishedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	want := o.happen(t, 3)
	var seen []string
	for range 3 {
		left := 2
		_, err := o.db.Relay(t.Context(), 100, func(_ context.Context, e postgres.Event) error {
			if left--; left < 0 {
				return errors.New("crashed")
			}
			seen = append(seen, e.Topic+" "+e.Import.String())
			return nil
		})
		must(t, err)
	}
	slices.Sort(seen)
	equal(t, seen, want)
}

func TestNothingIsLostWhileTheQueueIsDown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.while(t, 1, func(ctx context.Context, kick func()) {
		want := o.happen(t, 2)
		kick()
		o.wait(ctx, t, len(want))
		o.server.Stop(t)
		want = append(want, o.happen(t, 5)...)
		kick()
		// The relay holds the oldest event and cannot publish it.
		for {
			n := 0
			_, err := o.db.Relay(ctx, 1, func(_ context.Context, e postgres.Event) error {
				n = slices.Index(want, e.Topic+" "+e.Import.String())
				return errors.New("only looking")
			})
			if err == nil || n > 0 {
				break
			}
		}
		o.server.Start(t)
		kick()
		slices.Sort(want)
		equal(t, o.wait(ctx, t, len(want)), want)
		o.drained(ctx, t)
	})
}

func TestTwoRelaysPublishEachEventOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.while(t, 2, func(ctx context.Context, kick func()) {
		var want []string
		for range 10 {
			want = append(want, o.happen(t, 8)...)
			kick()
		}
		slices.Sort(want)
		o.wait(ctx, t, len(want))
		o.drained(ctx, t)
		equal(t, o.wait(ctx, t, len(want)), want)
	})
}

func TestTwoRelaysKeepTheOrderOfAnImportsEvents(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.happen(t, 1)
	var got []string
	note := func(_ context.Context, e postgres.Event) error { got = append(got, e.Topic); return nil }
	_, err := o.db.Relay(t.Context(), 1, func(ctx context.Context, e postgres.Event) error {
		// While this relay publishes that the import has started, another one comes. It may find nothing, or wait.
		other, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if _, err := o.db.Relay(other, 1, note); err != nil && other.Err() == nil {
			return err
		}
		return note(ctx, e)
	})
	must(t, err)
	for len(got) < 2 {
		_, err := o.db.Relay(t.Context(), 1, note)
		must(t, err)
	}
	equal(t, got, []string{postgres.TopicStarted, postgres.TopicFinished})
}
