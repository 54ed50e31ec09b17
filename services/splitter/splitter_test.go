package splitter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

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

// bench is a splitter's handler on real parts.
type bench struct {
	*handler
	tenant tenant.ID
	url    string
	etag   string // recorded of a source instead of its own
	// rules, mapping and source are those of imports.
	rules   member.Rules
	mapping member.Mapping
	source  imports.Source
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db, url := postgrestest.New(t), queuetest.Server(t)
	ten, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	b := &bench{tenant: ten.ID, url: url, mapping: mapping, source: imports.Source{Format: "csv", MaxRows: 1 << 20}}
	q := b.connect(t)
	must(t, q.Prepare(t.Context()))
	b.handler = &handler{db: db, queue: q, blobs: blobtest.New(t), relay: relay.New(db, q, zap.NewNop()), log: zap.NewNop(), window: 32, budget: newBudget(1 << 30)}
	return b
}

func (b *bench) connect(t *testing.T) *queue.Queue {
	t.Helper()
	q, err := queue.Open(queue.Config{URL: b.url, Replicas: 1}, zap.NewNop())
	must(t, err)
	t.Cleanup(q.Close)
	return q
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var mapping = member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "備考"}, {Header: "氏名", Field: "name"}}

// running is an import of the file that has its list's turn; the file may be left out.
func (b *bench) running(t *testing.T, file string, cut imports.Cut) queue.Job {
	t.Helper()
	i, _, err := b.db.CreateImport(t.Context(), b.tenant, b.newImport())
	must(t, err)
	return b.begin(t, i, file, cut)
}

func (b *bench) newImport() postgres.NewImport {
	o := imports.Options{Rules: b.rules.Filled(), TimeZone: "Asia/Tokyo", Region: "JP"}
	return postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18}
}

// begin gives a new import its file and starts it.
func (b *bench) begin(t *testing.T, i *imports.Import, file string, cut imports.Cut) queue.Job {
	t.Helper()
	ctx := t.Context()
	source := b.source
	if file != "" {
		object, err := b.blobs.PutSource(ctx, b.tenant, i.ID.String(), strings.NewReader(file))
		must(t, err)
		source.Upload, source.Size, source.SHA256, source.ETag = object.Upload, object.Size, object.SHA256, object.ETag
	}
	if b.etag != "" {
		source.ETag = b.etag
	}
	_, err := b.db.SetUploaded(ctx, b.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	must(t, b.db.StartImport(ctx, b.tenant, i.ID, postgres.Settled{Options: i.Options, Mapping: b.mapping, Cut: cut, Source: source}))
	return queue.Job{Tenant: b.tenant, Import: i.ID}
}

// merge stands for a merger: it applies chunks, and tells of each.
func (b *bench) merge(ctx context.Context, t *testing.T, seen func(queue.Chunk)) {
	q := b.connect(t)
	_ = q.ConsumeChunks(ctx, 2, func(ctx context.Context, c queue.Chunk) error {
		seen(c)
		i, err := b.db.ImportForWork(ctx, c.Tenant, c.Import)
		if err != nil {
			return err
		}
		if c.Run != i.Run {
			return nil
		}
		plan, err := i.Plan()
		if err != nil {
			return err
		}
		r, err := b.db.MergeChunk(ctx, c.Tenant, postgres.ChunkWork{
			Import: i, Plan: plan, Lane: c.Lane, Seq: c.Seq,
			Parse: func() (rows []member.Row, err error) {
				err = imports.ReadBlock(string(c.Block), plan.Columns, c.Rows, func(r member.Row) {
					r.Values, r.Actions = make([]member.Value, len(plan.Fields)), make([]member.Action, len(plan.Fields))
					plan.Parse(&r)
					rows = append(rows, r)
				})
				return rows, err
			},
			Report: func(ctx context.Context, failed []member.Row) (int64, error) { return 0, b.report(ctx, c, failed) },
		})
		if errors.Is(err, postgres.ErrStopped) {
			return nil
		}
		if err == nil && (r.Last || r.Done) {
			_, err = b.db.FinishImport(ctx, c.Tenant, c.Import)
		}
		return err
	}, func(_ context.Context, _ queue.Job, why error) error {
		t.Errorf("chunk dropped: %v", why)
		return nil
	})
}

// report stores a chunk's failed rows as mergers do.
func (b *bench) report(ctx context.Context, c queue.Chunk, failed []member.Row) error {
	var lines bytes.Buffer
	for _, r := range failed {
		if err := json.NewEncoder(&lines).Encode(imports.FailedRow{Row: r.Number, Problems: r.Problems, Cells: r.Cells}); err != nil {
			return err
		}
	}
	return b.blobs.PutFailures(ctx, c.Tenant, c.Import.String(), c.Lane, c.Seq, lines.Bytes())
}

// merged splits and merges an import to its end.
func (b *bench) merged(t *testing.T, j queue.Job) *imports.Import {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	merging, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { b.merge(merging, t, func(queue.Chunk) {}) })
	must(t, b.handle(ctx, j))
	return b.ended(ctx, t, j)
}

// reasons are the numbers of an import's failed rows with their codes, in the order of the numbers.
func (b *bench) reasons(t *testing.T, i *imports.Import) (all []string) {
	t.Helper()
	f, err := b.db.Failures(t.Context(), i.Tenant, i.ID, 30)
	must(t, err)
	for _, row := range f.Sample {
		text := strconv.FormatInt(row.Row, 10)
		for _, p := range row.Problems {
			text += " " + string(p.Code)
		}
		all = append(all, text)
	}
	return all
}

// roster is a file of so many members.
func roster(rows int) string {
	var b strings.Builder
	b.WriteString("会員番号,備考,氏名\n")
	for n := range rows {
		fmt.Fprintf(&b, "M%05d,メモ,氏名%d\n", n, n)
	}
	return b.String()
}

func (b *bench) ended(ctx context.Context, t *testing.T, j queue.Job) *imports.Import {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		i, err := b.db.Import(ctx, j.Tenant, j.Import)
		must(t, err)
		if i.State.Final() {
			return i
		}
		<-tick.C
	}
}

func TestTwoSplittersOnOneImportDoNoHarm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j := b.running(t, roster(3000), imports.Cut{Lanes: 4, ChunkRows: 50, ChunkBytes: 1 << 16})
	var wg sync.WaitGroup
	wg.Go(func() { b.merge(ctx, t, func(queue.Chunk) {}) })
	errs := make([]error, 2)
	var splitters sync.WaitGroup
	for n := range errs {
		splitters.Go(func() {
			h := &handler{db: b.db, queue: b.connect(t), blobs: b.blobs, relay: b.relay, log: b.log, window: 32, budget: newBudget(1 << 30)}
			errs[n] = h.handle(ctx, j)
		})
	}
	splitters.Wait()
	must(t, errors.Join(errs...))
	if i := b.ended(ctx, t, j); i.State != imports.StateCompleted || i.Totals.Created != 3000 || i.Totals.Total != 3000 {
		t.Errorf("import is %s with %+v, want 3000 created", i.State, i.Totals)
	}
	cancel()
	wg.Wait()
}

func TestSplitterThatTakesOverSendsNoMergedChunkAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j := b.running(t, roster(1000), imports.Cut{Lanes: 2, ChunkRows: 50, ChunkBytes: 1 << 16})
	// The first splitter dies when six chunks are merged.
	first, die := context.WithCancel(ctx)
	var merged atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		b.merge(first, t, func(queue.Chunk) {
			if merged.Add(1) == 6 {
				die()
			}
		})
	})
	if err := b.handle(first, j); err == nil {
		t.Fatal("the splitter did not notice that it was to stop")
	}
	wg.Wait()
	before, err := b.db.OpenLedger(ctx, b.tenant, j.Import, 2)
	must(t, err)
	wg.Go(func() {
		b.merge(ctx, t, func(c queue.Chunk) {
			if c.Seq < before[c.Lane] {
				t.Errorf("chunk %d of lane %d was sent again", c.Seq, c.Lane)
			}
		})
	})
	must(t, b.handle(ctx, j))
	if i := b.ended(ctx, t, j); i.State != imports.StateCompleted || i.Totals.Created != 1000 {
		t.Errorf("import is %s with %+v, want 1000 created", i.State, i.Totals)
	}
	cancel()
	wg.Wait()
}

func TestCancelledImportIsLetGo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j := b.running(t, roster(1000), imports.Cut{Lanes: 2, ChunkRows: 10, ChunkBytes: 1 << 16})
	done := make(chan error, 1)
	go func() { done <- b.handle(ctx, j) }() // nobody merges: it has to wait
	for {
		busy, err := b.queue.BusyLanes(ctx, j.Import)
		must(t, err)
		if len(busy) == 2 {
			break
		}
	}
	must(t, b.db.CancelImport(ctx, b.tenant, j.Import))
	must(t, <-done)
	if i := b.ended(ctx, t, j); i.State != imports.StateCancelled || !i.Totals.Balanced() || i.Totals.NotProcessed != i.Totals.Total {
		t.Errorf("import is %s with %+v", i.State, i.Totals)
	}
}

// TestStoppingAnImportTakesAwayNoChunkOfAnother stops an import one of whose chunks is in hand, between two of another; a
// chunk that is in hand then and comes to nothing has to come again.
func TestStoppingAnImportTakesAwayNoChunkOfAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j := b.running(t, "", imports.Cut{Lanes: 1, ChunkRows: 10, ChunkBytes: 1 << 16})
	other := queue.Job{Tenant: b.tenant, Import: imports.NewID()}
	publish := func(j queue.Job, lane int) {
		must(t, b.queue.PublishChunk(ctx, queue.Chunk{Job: j, Chunk: imports.Chunk{Lane: lane, Rows: 1, Block: []byte("block")}}))
	}
	publish(other, 0)
	publish(j, 0)
	publish(other, 1)
	taken, release, fail := make(chan struct{}, 4), make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = b.queue.ConsumeChunks(ctx, 3, func(_ context.Context, c queue.Chunk) error {
			taken <- struct{}{}
			<-release
			if c.Import == other.Import && c.Lane == 0 {
				<-fail
				return queue.Unavailable(errors.New("the database is down"))
			}
			return nil
		}, b.dropped)
	})
	for range 3 {
		<-taken
	}
	must(t, b.db.CancelImport(ctx, b.tenant, j.Import))
	must(t, b.handle(ctx, j))
	close(release)
	for busy := map[int]bool(nil); len(busy) != 1; {
		var err error
		busy, err = b.queue.BusyLanes(ctx, other.Import)
		must(t, err)
	}
	close(fail)
	select {
	case <-taken:
	case <-ctx.Done():
		t.Error("a chunk in hand did not come again after the import of another was stopped")
	}
	cancel()
	wg.Wait()
}

// TestPauseInTheMiddleOfASourceLosesNoRow pauses an import again and again while it is cut and merged, and resumes it before
// the splitter that had it has noticed.
func TestPauseInTheMiddleOfASourceLosesNoRow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	const rows = 600
	j := b.running(t, roster(rows), imports.Cut{Lanes: 2, ChunkRows: 10, ChunkBytes: 1 << 16})
	var wg sync.WaitGroup
	split := func() {
		wg.Go(func() {
			if err := b.handle(ctx, j); err != nil && ctx.Err() == nil {
				t.Errorf("the splitter gave up: %v", err)
			}
		})
	}
	merged := make(chan struct{}, 10_000)
	split()
	wg.Go(func() { b.merge(ctx, t, func(queue.Chunk) { merged <- struct{}{} }) })
	for range 3 {
		for range 8 {
			<-merged
		}
		if err := b.db.PauseImport(ctx, b.tenant, j.Import); errors.Is(err, postgres.ErrConflict) {
			break // it was faster
		} else if err != nil {
			t.Fatal(err)
		}
		must(t, b.db.ResumeImport(ctx, b.tenant, j.Import))
		split()
	}
	if i := b.ended(ctx, t, j); i.State != imports.StateCompleted || i.Totals.Created != rows || i.Totals.Total != rows {
		t.Errorf("import is %s because of %+v with %+v, want %d created", i.State, i.Failure, i.Totals, rows)
	}
	cancel()
	wg.Wait()
}

func TestImportWithoutItsSourceFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file string
		etag string
		want member.Code
	}{
		"missing":  {"", "", member.SourceMissing},
		"replaced": {roster(10), "another", member.SourceChanged},
		"no rows":  {"会員番号,備考,氏名\n", "", member.NoRows},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.etag = tt.etag
			j := b.running(t, tt.file, imports.Cut{Lanes: 1, ChunkRows: 10, ChunkBytes: 1 << 16})
			err := b.handle(t.Context(), j)
			if err == nil {
				t.Fatal("the import was split")
			}
			must(t, b.dropped(t.Context(), j, err))
			if i := b.ended(t.Context(), t, j); i.State != imports.StateFailed || i.Failure.Code != tt.want {
				t.Errorf("import is %s because of %+v, want %s", i.State, i.Failure, tt.want)
			}
		})
	}
}

func TestImportInItsLastStageIsNotReadAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.rules.Mode = member.Replace
	j := b.running(t, "", imports.Cut{Lanes: 1, ChunkRows: 10, ChunkBytes: 1 << 10}) // reading it would fail
	_, err := b.db.OpenLedger(t.Context(), j.Tenant, j.Import, 1)
	must(t, err)
	must(t, b.db.EndOfSource(t.Context(), j.Tenant, j.Import, 0, []int64{0}))
	if done, err := b.db.FinishImport(t.Context(), j.Tenant, j.Import); err != nil || !done {
		t.Fatalf("the last stage has not begun: %v", err)
	}
	must(t, b.handle(t.Context(), j))
	i, err := b.db.Import(t.Context(), j.Tenant, j.Import)
	must(t, err)
	if i.Stage() != imports.StageFinishing {
		t.Errorf("import is %s, %q", i.State, i.Stage())
	}
}
