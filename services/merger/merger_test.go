package merger

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
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

// bench is a merger's handler on real parts, with a running import of one column beside the key.
type bench struct {
	*handler
	job  *imports.Import
	plan *member.Plan
}

func newBench(t *testing.T, lanes int) *bench {
	t.Helper()
	db := postgrestest.New(t)
	q, err := queue.Open(queue.Config{URL: queuetest.Server(t), Replicas: 1}, zap.NewNop())
	must(t, err)
	t.Cleanup(q.Close)
	must(t, q.Prepare(t.Context()))
	blobs := blobtest.New(t)
	h := &handler{db: db, queue: q, blobs: blobs, relay: relay.New(db, q, zap.NewNop()), log: zap.NewNop(), plans: newPlans(db)}
	ten, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	b := &bench{handler: h}
	b.begin(t, ten.ID, lanes, imports.Options{})
	return b
}

// begin starts an import under these options, which has its list's turn.
func (b *bench) begin(t *testing.T, shop tenant.ID, lanes int, o imports.Options) {
	t.Helper()
	o.Rules, o.TimeZone, o.Region = o.Rules.Filled(), "Asia/Tokyo", "JP"
	m := member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "氏名", Field: "name"}}
	i, _, err := b.db.CreateImport(t.Context(), shop, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
	must(t, err)
	source := imports.Source{Size: 1, Format: "csv", MaxRows: 100_000}
	_, err = b.db.SetUploaded(t.Context(), shop, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	must(t, b.db.StartImport(t.Context(), shop, i.ID, postgres.Settled{
		Options: o, Mapping: m, Cut: imports.Cut{Lanes: lanes, ChunkRows: 100, ChunkBytes: 1 << 20}, Source: source,
	}))
	_, err = b.db.OpenLedger(t.Context(), shop, i.ID, lanes)
	must(t, err)
	b.job, err = b.db.ImportForWork(t.Context(), shop, i.ID)
	must(t, err)
	b.plan, err = b.job.Plan()
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) chunk(lane int, seq int64, rows ...[2]string) queue.Chunk {
	var block imports.Block
	block.Reset(2)
	for n, r := range rows {
		place := (seq*int64(b.job.Cut.Lanes)+int64(lane))*100 + int64(n)
		block.Add(place+2, place, member.Problem{}, [][]byte{[]byte(r[0]), []byte(r[1])})
	}
	return queue.Chunk{
		Job:   queue.Job{Tenant: b.job.Tenant, Import: b.job.ID},
		Chunk: imports.Chunk{Lane: lane, Seq: seq, Rows: len(rows), Block: bytes.Clone(block.Bytes())},
	}
}

// TestRedeliveredChunksCountOnce has each chunk delivered again after its commit, as when acknowledgements are lost, to
// two workers at once.
func TestRedeliveredChunksCountOnce(t *testing.T) {
	t.Parallel()
	const lanes, chunks = 3, 6
	b := newBench(t, lanes)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var handled atomic.Int64
	var deliveries sync.Map // of each chunk
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			_ = b.queue.ConsumeChunks(ctx, 2, func(ctx context.Context, c queue.Chunk) error {
				if err := b.handle(ctx, c); err != nil {
					return err
				}
				handled.Add(1)
				n, _ := deliveries.LoadOrStore([2]int64{int64(c.Lane), c.Seq}, new(atomic.Int64))
				// Not for ever: the pauses before a chunk comes again grow.
				if n.(*atomic.Int64).Add(1) <= (int64(c.Lane)+c.Seq)%3 {
					return queue.Unavailable(errors.New("the acknowledgement was lost"))
				}
				return nil
			}, b.dropped)
		})
	}
	for seq := range int64(chunks) {
		for lane := range lanes {
			c := b.chunk(lane, seq, [2]string{"A" + string(rune('0'+lane)), "氏名" + string(rune('0'+seq))}, [2]string{"", "key missing"})
			for err := b.queue.PublishChunk(ctx, c); err != nil; err = b.queue.PublishChunk(ctx, c) {
				if !errors.Is(err, queue.ErrLaneBusy) {
					t.Fatal(err)
				}
			}
		}
	}
	must(t, b.db.EndOfSource(ctx, b.job.Tenant, b.job.ID, lanes*chunks*2, []int64{chunks, chunks, chunks}))
	_, err := b.db.FinishImport(ctx, b.job.Tenant, b.job.ID) // as the splitter does; later it is the mergers' turn
	must(t, err)
	for {
		i, err := b.db.Import(ctx, b.job.Tenant, b.job.ID)
		must(t, err)
		if i.State.Final() {
			want := member.Counts{Created: lanes, Updated: lanes * (chunks - 1), Failed: lanes * chunks}
			if i.Totals.Counts != want || i.Totals.NotProcessed != 0 || i.State != imports.StateCompleted {
				t.Errorf("%s with %+v, want %+v", i.State, i.Totals, want)
			}
			break
		}
	}
	cancel()
	wg.Wait()
	if handled.Load() <= lanes*chunks {
		t.Errorf("%d deliveries for %d chunks: nothing was delivered again", handled.Load(), lanes*chunks)
	}
	b.checkReports(t, lanes*chunks)
}

// checkReports counts the failed rows in object storage.
func (b *bench) checkReports(t *testing.T, want int) {
	t.Helper()
	n := 0
	var reports []blob.Failures
	for f, err := range b.blobs.ListFailures(t.Context(), b.job.Tenant, b.job.ID.String()) {
		must(t, err)
		reports = append(reports, f)
	}
	for _, f := range reports {
		r, err := b.blobs.OpenFailures(t.Context(), b.job.Tenant, b.job.ID.String(), f.Lane, f.Seq)
		must(t, err)
		var text bytes.Buffer
		_, err = text.ReadFrom(r)
		must(t, err)
		must(t, r.Close())
		n += bytes.Count(text.Bytes(), []byte("\n"))
	}
	if n != want {
		t.Errorf("%d failed rows in the reports, want %d", n, want)
	}
}

func TestBrokenChunkFailsItsImport(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*queue.Chunk){
		"cut off":     func(c *queue.Chunk) { c.Block = c.Block[:len(c.Block)-2] },
		"too many":    func(c *queue.Chunk) { c.Rows = 1 << 20 },
		"out of turn": func(c *queue.Chunk) { c.Seq = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testBrokenChunk(t, spoil)
		})
	}
}

func testBrokenChunk(t *testing.T, spoil func(*queue.Chunk)) {
	b := newBench(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	broken := b.chunk(0, 0, [2]string{"A1", "青木"})
	spoil(&broken)
	must(t, b.queue.PublishChunk(ctx, broken))
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.queue.ConsumeChunks(ctx, 1, b.handle, b.dropped) })
	for {
		i, err := b.db.Import(ctx, b.job.Tenant, b.job.ID)
		must(t, err)
		if i.State.Final() {
			if i.State != imports.StateFailed || i.Failure.Code != member.PoisonChunk {
				t.Errorf("import is %s because of %+v, want failed with %s", i.State, i.Failure, member.PoisonChunk)
			}
			break
		}
	}
	for {
		busy, err := b.queue.BusyLanes(ctx, b.job.ID)
		must(t, err)
		if len(busy) == 0 {
			break
		}
	}
	cancel()
	wg.Wait()
}

// TestPoisonedImportGoesOnOnceItsCauseIsMended merges a chunk, meets one that cannot be merged, and an old one of the first
// run after the import was resumed: in the end every row counts once.
func TestPoisonedImportGoesOnOnceItsCauseIsMended(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	good := b.chunk(0, 0, [2]string{"A1", "青木"}, [2]string{"", "番号なし"})
	broken := b.chunk(0, 1, [2]string{"A2", "石井"})
	broken.Rows, broken.Run, good.Run = 1<<20, 1, 1
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.queue.ConsumeChunks(ctx, 2, b.handle, b.dropped) })
	publish := func(c queue.Chunk) {
		t.Helper()
		for err := b.queue.PublishChunk(ctx, c); err != nil; err = b.queue.PublishChunk(ctx, c) {
			if !errors.Is(err, queue.ErrLaneBusy) {
				t.Fatal(err)
			}
		}
	}
	until := func(done func(*imports.Import) bool) {
		t.Helper()
		for {
			i, err := b.db.Import(ctx, b.job.Tenant, b.job.ID)
			must(t, err)
			if done(i) {
				return
			}
		}
	}
	publish(good)
	publish(broken)
	until(func(i *imports.Import) bool { return i.State == imports.StateFailed })
	must(t, b.db.EndOfSource(ctx, b.job.Tenant, b.job.ID, 4, []int64{2}))
	n := 0
	for l, err := range b.queue.DeadLetters(ctx) {
		must(t, err)
		if c, ok := l.Chunk(); !ok || c.Import != b.job.ID || c.Seq != 1 {
			t.Errorf("letter is %+v", l)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d dead letters, want one", n)
	}
	must(t, b.db.ResumeImport(ctx, b.job.Tenant, b.job.ID))
	stale := b.chunk(0, 7, [2]string{"A9", "out of turn, but of a run that is over"})
	stale.Run = 1
	publish(stale)
	mended := b.chunk(0, 1, [2]string{"A2", "石井"}, [2]string{"A1", "青木一"})
	mended.Run = 2
	publish(mended)
	until(func(i *imports.Import) bool { return i.State.Final() })
	i, err := b.db.Import(ctx, b.job.Tenant, b.job.ID)
	must(t, err)
	if want := imports.NewTotals(4, member.Counts{Created: 2, Updated: 1, Failed: 1}); i.State != imports.StateCompleted || i.Totals != want {
		t.Errorf("%s because of %+v with %+v, want completed with %+v", i.State, i.Failure, i.Totals, want)
	}
	cancel()
	wg.Wait()
	b.checkReports(t, 1)
}
