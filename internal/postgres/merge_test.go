package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/tenant"
)

// world is a tenant with a running import of the columns of mapping.
type world struct {
	db     *postgres.DB
	tenant tenant.ID
	job    *imports.Import
	plan   *member.Plan
}

var mapping = member.Mapping{
	{Header: "会員番号", Field: "member_sn"},
	{Header: "氏名", Field: "name"},
	{Header: "メール", Field: "email"},
	{Header: "誕生日", Field: "birthday"},
	{Header: "性別", Field: "sex"},
	{Header: "タグ", Field: "tags"},
	{Header: "メール受信", Field: "is_subscriber"},
}

func newWorld(t *testing.T, lanes int) *world {
	t.Helper()
	db := postgrestest.New(t)
	ten, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{db: db, tenant: ten.ID}
	w.start(t, lanes)
	return w
}

// start begins another import.
func (w *world) start(t *testing.T, lanes int) {
	t.Helper()
	w.startWith(t, imports.Options{Rules: member.Rules{}.Filled()}, lanes)
}

// startWith is start with options.
func (w *world) startWith(t *testing.T, o imports.Options, lanes int) {
	t.Helper()
	o.TimeZone, o.Region = "Asia/Tokyo", "JP"
	i, _, err := w.db.CreateImport(t.Context(), w.tenant, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	source := imports.Source{Size: 1, Format: "csv", MaxRows: 1000}
	_, err = w.db.SetUploaded(t.Context(), w.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	must(t, w.db.StartImport(t.Context(), w.tenant, i.ID, postgres.Settled{
		Options: o, Mapping: mapping, Cut: imports.Cut{Lanes: lanes, ChunkRows: 10, ChunkBytes: 1000}, Source: source,
	}))
	if _, err := w.db.OpenLedger(t.Context(), w.tenant, i.ID, lanes); err != nil {
		t.Fatal(err)
	}
	if w.job, err = w.db.ImportForWork(t.Context(), w.tenant, i.ID); err != nil {
		t.Fatal(err)
	}
	if w.plan, err = w.job.Plan(); err != nil {
		t.Fatal(err)
	}
}

// merge merges rows of cells as one chunk.
func (w *world) merge(ctx context.Context, lane int, seq, first int64, cells ...[]string) (postgres.ChunkResult, error) {
	return w.mergeAs(ctx, false, lane, seq, first, cells...)
}

func (w *world) mergeAs(ctx context.Context, allNew bool, lane int, seq, first int64, cells ...[]string) (postgres.ChunkResult, error) {
	return w.mergeReporting(ctx, allNew, lane, seq, first, func(context.Context, []member.Row) (int64, error) { return 1, nil }, cells...)
}

func (w *world) mergeReporting(ctx context.Context, allNew bool, lane int, seq, first int64, report func(context.Context, []member.Row) (int64, error), cells ...[]string) (postgres.ChunkResult, error) {
	return w.db.MergeChunk(ctx, w.tenant, postgres.ChunkWork{
		Import: w.job, Plan: w.plan, Lane: lane, Seq: seq, AllNew: allNew,
		Parse: func() ([]member.Row, error) {
			var rows []member.Row
			for n, c := range cells {
				r := member.Row{
					Number: first + int64(n) + 2, Ordinal: first + int64(n), Cells: c,
					Values: make([]member.Value, len(w.plan.Fields)), Actions: make([]member.Action, len(w.plan.Fields)),
				}
				w.plan.Parse(&r)
				rows = append(rows, r)
			}
			return rows, nil
		},
		Report: report,
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func row(sn, name string) []string { return []string{sn, name, "", "", "", "", ""} }

func TestMergeChunkTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	r, err := w.merge(t.Context(), 0, 0, 0, row("A1", "青木"), row("A2", "井上"))
	must(t, err)
	if want := (member.Counts{Created: 2}); r.Done || r.Counts != want {
		t.Errorf("first merge = %+v, want %+v", r, want)
	}
	again, err := w.merge(t.Context(), 0, 0, 0, row("A1", "青木"), row("A2", "井上"))
	must(t, err)
	if !again.Done || again.Counts != (member.Counts{}) {
		t.Errorf("second merge = %+v, want done", again)
	}
	i, err := w.db.Import(t.Context(), w.tenant, w.job.ID)
	must(t, err)
	if i.Totals.Created != 2 || !i.Totals.Balanced() {
		t.Errorf("totals = %+v, want 2 created", i.Totals)
	}
}

func TestConcurrentHoldersOfOneChunkMergeItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	var wg sync.WaitGroup
	results := make([]postgres.ChunkResult, 6)
	errs := make([]error, len(results))
	for n := range results {
		wg.Go(func() { results[n], errs[n] = w.merge(t.Context(), 0, 0, 0, row("A1", "青木"), row("A2", "井上")) })
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	done := 0
	for _, r := range results {
		if r.Done {
			done++
		}
	}
	if done != len(results)-1 {
		t.Errorf("%d of %d holders found the chunk done, want all but one", done, len(results))
	}
}

func TestChunkBeforeItsTurnIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	if _, err := w.merge(t.Context(), 0, 1, 0, row("A1", "青木")); err == nil {
		t.Error("chunk 1 was merged before chunk 0")
	}
}

func TestChunkOfAnEndedImportDoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	must(t, w.db.CancelImport(t.Context(), w.tenant, w.job.ID))
	if _, err := w.merge(t.Context(), 0, 0, 0, row("A1", "青木")); !errors.Is(err, postgres.ErrStopped) {
		t.Errorf("error = %v, want ErrStopped", err)
	}
	i, err := w.db.Import(t.Context(), w.tenant, w.job.ID)
	must(t, err)
	if i.State != imports.StateCancelled || i.Totals.Rows() != 0 {
		t.Errorf("import = %s with %+v", i.State, i.Totals)
	}
}

func TestRowsOfOneKeyApplyInFileOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	r, err := w.merge(t.Context(), 0, 0, 0,
		[]string{"A1", "青木", "a@example.jp", "1990-05-20", "男性", "vip/gold", ""},
		[]string{"A1", "", "b@example.jp", "", "", "vip/silver", "FALSE"},
		[]string{"A1", "", "", "", "", "vip/gold", "TRUE"},
		[]string{"A1", "青木 一", "##DELETE##", "##DELETE##", "", "", ""})
	must(t, err)
	if want := (member.Counts{Created: 1, Updated: 2, Unchanged: 1, Protected: 1}); r.Counts != want {
		t.Errorf("counts = %+v, want %+v", r.Counts, want)
	}
	m := w.only(t)
	if m.Version != 3 {
		t.Errorf("version = %d, want 3: one for each row that changed the member", m.Version)
	}
	got := fmt.Sprintln(value(m, "name").Text, value(m, "email").Set, value(m, "birthday").Set, value(m, "sex").Int, value(m, "tags").List, value(m, "is_subscriber").Bool())
	if want := "青木 一 false false 1 [vip/gold vip/silver] false\n"; got != want {
		t.Errorf("member = %s, want %s", got, want)
	}
}

var standard = member.Standard()

func value(m postgres.Member, key string) member.Value { return m.Values[standard.Index(key)] }

func (w *world) only(t *testing.T) postgres.Member {
	t.Helper()
	page, err := w.db.Members(t.Context(), w.tenant, standard, postgres.MemberFilter{List: postgres.MainList, Limit: 10})
	must(t, err)
	if len(page) != 1 {
		t.Fatalf("%d members, want 1", len(page))
	}
	return page[0]
}

func TestUpdateChangesOnlyWhatTheRowSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, err := w.merge(t.Context(), 0, 0, 0, []string{"A1", "青木", "a@docomo.ne.jp", "1990-05-20", "男性", "a/b,c", ""})
	must(t, err)
	before := w.only(t)
	if value(before, "carrier").Int != 1 {
		t.Errorf("carrier = %+v, want docomo", value(before, "carrier"))
	}
	w.finish(t, 1, 1)
	w.start(t, 1)
	r, err := w.merge(t.Context(), 0, 0, 0, []string{"A1", "青木", "", "", "", "", ""}, []string{"A1", "", "a@example.jp", "", "", "", ""})
	must(t, err)
	if want := (member.Counts{Unchanged: 1, Updated: 1}); r.Counts != want {
		t.Errorf("counts = %+v, want %+v", r.Counts, want)
	}
	after := w.only(t)
	if after.ID != before.ID || after.Version != before.Version+1 || !value(after, "created_at").Equal(value(before, "created_at")) || value(after, "updated_at").Int != w.job.StartedAt.UnixMicro() {
		t.Errorf("member = %+v, was %+v", after, before)
	}
	if value(after, "carrier").Int != 0 || value(after, "birthday").Int != value(before, "birthday").Int || !slices.Equal(value(after, "tags").List, value(before, "tags").List) {
		t.Errorf("values = %+v, were %+v", after, before)
	}
}

// finish ends the running import after so many chunks of lane 0.
func (w *world) finish(t *testing.T, chunks, rows int64) {
	t.Helper()
	must(t, w.db.EndOfSource(t.Context(), w.tenant, w.job.ID, rows, []int64{chunks}))
	done, err := w.db.FinishImport(t.Context(), w.tenant, w.job.ID)
	must(t, err)
	if !done {
		t.Fatal("import is not finished")
	}
}

func TestImportsOfOneListRunOneAfterAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	first := w.job.ID
	w.start(t, 1)
	second := w.job
	if second.State != imports.StateQueued {
		t.Fatalf("second import is %s, want queued", second.State)
	}
	if _, err := w.merge(t.Context(), 0, 0, 0, row("A1", "青木")); !errors.Is(err, postgres.ErrStopped) {
		t.Errorf("a chunk of a queued import: %v, want ErrStopped", err)
	}
	must(t, w.db.EndOfSource(t.Context(), w.tenant, first, 0, []int64{0}))
	if done, err := w.db.FinishImport(t.Context(), w.tenant, first); err != nil || !done {
		t.Fatalf("finish = %v, %v", done, err)
	}
	again, err := w.db.Import(t.Context(), w.tenant, second.ID)
	must(t, err)
	if again.State != imports.StateRunning {
		t.Errorf("second import is %s, want running", again.State)
	}
}

func TestFinishHasOneWinner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, err := w.merge(t.Context(), 0, 0, 0, row("A1", "青木"))
	must(t, err)
	must(t, w.db.EndOfSource(t.Context(), w.tenant, w.job.ID, 1, []int64{1}))
	var wg sync.WaitGroup
	won := make([]bool, 8)
	errs := make([]error, len(won))
	for n := range won {
		wg.Go(func() { won[n], errs[n] = w.db.FinishImport(t.Context(), w.tenant, w.job.ID) })
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	winners := 0
	for _, ok := range won {
		if ok {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d winners, want 1", winners)
	}
}

func TestKeyCreatedMeanwhileIsUpdated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	// Two lanes with the same keys stand for any two writers that meet on a key.
	var wg sync.WaitGroup
	results := make([]postgres.ChunkResult, 2)
	errs := make([]error, 2)
	for lane := range results {
		wg.Go(func() {
			for seq := range int64(5) {
				var rows [][]string
				for n := range 8 {
					rows = append(rows, row(fmt.Sprintf("K%d-%d", seq, n), fmt.Sprintf("名前%d", lane)))
				}
				r, err := w.merge(t.Context(), lane, seq, seq*100+int64(lane)*50, rows...)
				errs[lane] = errors.Join(errs[lane], err)
				results[lane].Counts.Created += r.Counts.Created
				results[lane].Counts.Updated += r.Counts.Updated
			}
		})
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	if created, updated := results[0].Counts.Created+results[1].Counts.Created, results[0].Counts.Updated+results[1].Counts.Updated; created != 40 || updated != 40 {
		t.Errorf("created %d, updated %d; want 40 of each: nothing lost, nothing twice", created, updated)
	}
}

func TestProblemsAreKeptInBoundedNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	for seq := range int64(3) {
		var rows [][]string
		for n := range 20 {
			rows = append(rows, []string{fmt.Sprintf("A%d-%d", seq, n), "青木", "no address", "", "", "", ""})
		}
		_, err := w.merge(t.Context(), 0, seq, seq*20, rows...)
		must(t, err)
	}
	f, err := w.db.Failures(t.Context(), w.tenant, w.job.ID, 30)
	must(t, err)
	if len(f.Sample) != 30 || f.Sample[0].Row != 2 || f.Sample[29].Row != 31 {
		t.Errorf("%d rows in the sample, want the first 30", len(f.Sample))
	}
	if len(f.Counts) != 1 || f.Counts[0].Rows != 60 || f.Counts[0].Field != "email" {
		t.Errorf("counts = %+v, want 60 rows with a problem in email", f.Counts)
	}
}

func TestKeysThatWereExpectedToBeNewAreFoundAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	if !w.job.IntoEmpty {
		t.Error("the list is empty, and the import does not know")
	}
	r, err := w.mergeAs(t.Context(), true, 0, 0, 0, row("A1", "青木"), row("A2", "井上"), row("A2", "井川"))
	must(t, err)
	if want := (member.Counts{Created: 2, Updated: 1}); r.Counts != want || r.Known {
		t.Errorf("new keys: %+v, want %+v", r, want)
	}
	r, err = w.mergeAs(t.Context(), true, 0, 1, 3, row("A1", "青山"), row("A3", "上田"))
	must(t, err)
	if want := (member.Counts{Created: 1, Updated: 1}); r.Counts != want || !r.Known {
		t.Errorf("a known key: %+v, want %+v and Known", r, want)
	}
	w.finish(t, 2, 5)
	if w.start(t, 1); w.job.IntoEmpty {
		t.Error("the list has members, and the import does not know")
	}
}
