package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// enter starts an import of so many rows and bytes in the list.
func (l *life) enter(t *testing.T, list string, rows, size int64, o imports.Options) (imports.ID, error) {
	t.Helper()
	o = o.Filled()
	o.TimeZone, o.Region = "Asia/Tokyo", "JP"
	i, _, err := l.db.CreateImport(t.Context(), l.tenant, postgres.NewImport{List: list, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
	must(t, err)
	source := imports.Source{Upload: "u", Size: size, Format: "csv", MaxRows: 1000}
	if _, err := l.db.SetUploaded(t.Context(), l.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}}); err != nil {
		return i.ID, err
	}
	return i.ID, l.db.StartImport(t.Context(), l.tenant, i.ID, postgres.Settled{
		Options: o, Mapping: mapping, Cut: imports.Cut{Lanes: 1, ChunkRows: 10, ChunkBytes: 1000}, Source: source, Rows: &rows,
	})
}

func (l *life) limit(t *testing.T, change func(*postgres.Limits)) {
	t.Helper()
	to, err := l.db.UpdateLimits(t.Context(), l.tenant, change)
	must(t, err)
	log, err := l.db.Audit(t.Context(), l.tenant, postgres.AuditFilter{Act: "tenant.limits", Limit: 1})
	must(t, err)
	if len(log) != 1 || (log[0].Detail["max_running"] == nil) != (to.Running == nil) {
		t.Errorf("the audit log says %+v of the limits %+v", log, to)
	}
}

// lists makes so many lists and returns their names, main first.
func (l *life) lists(t *testing.T, n int) []string {
	t.Helper()
	names := []string{postgres.MainList}
	for len(names) < n {
		name := fmt.Sprintf("list-%d", len(names))
		_, err := l.db.CreateList(t.Context(), l.tenant, postgres.List{Name: name})
		must(t, err)
		names = append(names, name)
	}
	return names
}

func TestLongestWaitOfATenantEndsFirst(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.limit(t, func(x *postgres.Limits) { x.Running = new(int64(2)) })
	var ids []imports.ID
	for _, list := range append(l.lists(t, 4), postgres.MainList) {
		id, err := l.enter(t, list, 1, 1, imports.Options{})
		must(t, err)
		ids = append(ids, id)
	}
	states := func() (all []imports.State) {
		for _, id := range ids {
			all = append(all, l.get(t, id).State)
		}
		return all
	}
	const running, queued, cancelled = imports.StateRunning, imports.StateQueued, imports.StateCancelled
	if got := states(); !slices.Equal(got, []imports.State{running, running, queued, queued, queued}) {
		t.Fatalf("states %v, want two running", got)
	}
	// Its list is free then, for the last one; but the third has waited longer, in another list.
	must(t, l.db.CancelImport(t.Context(), l.tenant, ids[0]))
	if got := states(); !slices.Equal(got, []imports.State{cancelled, running, running, queued, queued}) {
		t.Fatalf("states %v, want the third in the place of the first", got)
	}
	if n, err := l.db.SettleCancelled(t.Context()); err != nil || n != 0 {
		t.Errorf("%d cancelled imports are to be settled, %v; want none, whoever waits", n, err)
	}
	l.limit(t, func(x *postgres.Limits) { x.Running = new(int64(3)) })
	if got := states(); !slices.Equal(got, []imports.State{cancelled, running, running, running, queued}) {
		t.Fatalf("states %v, want the fourth as soon as the limit is higher", got)
	}
	l.limit(t, func(x *postgres.Limits) { x.Running = nil })
	if got := states(); !slices.Equal(got, []imports.State{cancelled, running, running, running, running}) {
		t.Fatalf("states %v, want all that can as soon as there is no limit", got)
	}
	if got := len(l.events(t)); got != 6 {
		t.Errorf("%d events, want one for each of five starts and one end", got)
	}
}

// TestLimitOfRunningImportsHoldsWhateverHappensAtOnce starts and ends imports of many lists at the same time: there are
// never more than may be, and nobody is forgotten.
func TestLimitOfRunningImportsHoldsWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	const limit, each = 2, 4
	l.limit(t, func(x *postgres.Limits) { x.Running = new(int64(limit)) })
	lists := l.lists(t, 5)
	var started, ended atomic.Int64
	var wg sync.WaitGroup
	for _, list := range lists {
		wg.Go(func() {
			for range each {
				if _, err := l.enter(t, list, 1, 1, imports.Options{}); err != nil {
					t.Error(err)
				}
				started.Add(1)
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			for deadline := time.Now().Add(2 * time.Minute); ended.Load() < int64(each*len(lists)) && !t.Failed(); {
				if time.Now().After(deadline) {
					t.Errorf("%d of %d started imports ended", ended.Load(), started.Load())
					return
				}
				page, err := l.db.Imports(t.Context(), l.tenant, postgres.ImportFilter{Limit: 100})
				if err != nil {
					t.Error(err)
					return
				}
				running := 0
				for _, i := range page {
					if i.State == imports.StateRunning {
						running++
					}
				}
				if running > limit {
					t.Errorf("%d imports run", running)
				}
				for _, i := range page {
					if i.State != imports.StateRunning {
						continue
					}
					done, err := l.db.FailImport(t.Context(), l.tenant, i.ID, member.Problem{Code: member.Internal})
					if err != nil {
						t.Error(err)
					}
					if done {
						ended.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestRowsOfADayAreLimited(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.limit(t, func(x *postgres.Limits) { x.RowsPerDay = new(int64(100)) })
	first, err := l.enter(t, postgres.MainList, 60, 1, imports.Options{})
	must(t, err)
	_, err = l.enter(t, postgres.MainList, 41, 1, imports.Options{})
	var beyond *postgres.LimitError
	if !errors.As(err, &beyond) || beyond.Storage || beyond.Limit != 100 || beyond.Used != 60 || beyond.Needed != 41 {
		t.Fatalf("error %v of %+v, want that 60 of 100 are used and 41 needed", err, beyond)
	}
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	must(t, err)
	if at, in := beyond.FreeAt.In(tokyo), time.Until(beyond.FreeAt); at.Format("15:04:05") != "00:00:00" || in > 24*time.Hour || in < -time.Hour {
		t.Errorf("free again at %s, want the next midnight", at)
	}
	if _, err := l.enter(t, postgres.MainList, 5000, 1, imports.Options{DryRun: true}); err != nil {
		t.Errorf("dry run: %v", err)
	}
	if _, err := l.enter(t, postgres.MainList, 40, 1, imports.Options{}); err != nil {
		t.Errorf("as many as are left: %v", err)
	}
	_, _, err = l.db.Progress(t.Context(), l.tenant, first, 7)
	must(t, err)
	must(t, l.db.CancelImport(t.Context(), l.tenant, first)) // when seven rows were read
	u, err := l.db.Usage(t.Context(), l.tenant)
	must(t, err)
	if u.RowsToday != 47 {
		t.Errorf("%d rows today, want 7 of the cancelled import and 40 of the other", u.RowsToday)
	}
}

func TestStorageIsLimited(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.limit(t, func(x *postgres.Limits) { x.Storage = new(int64(1000)) })
	id, err := l.enter(t, postgres.MainList, 1, 600, imports.Options{})
	must(t, err)
	other, err := l.enter(t, postgres.MainList, 1, 401, imports.Options{})
	var beyond *postgres.LimitError
	if !errors.As(err, &beyond) || !beyond.Storage || beyond.Limit != 1000 || beyond.Used != 600 || beyond.Needed != 401 {
		t.Fatalf("error %v of %+v, want that 600 of 1,000 are used and 401 needed", err, beyond)
	}
	upload := func(size int64) error {
		_, err := l.db.SetUploaded(t.Context(), l.tenant, other, postgres.Inspected{Source: imports.Source{Upload: "v", Size: size}, Inspection: map[string]any{}})
		return err
	}
	must(t, upload(400))
	must(t, upload(399)) // in the place of the one before
	if left, err := l.db.CheckStorage(t.Context(), l.tenant, other, 0); err != nil || left == nil || *left != 400 {
		t.Errorf("left are %v, %v; want 400", left, err)
	}
	l.job = l.get(t, id)
	l.plan, err = l.job.Plan()
	must(t, err)
	_, err = l.db.OpenLedger(t.Context(), l.tenant, id, 1)
	must(t, err)
	_, err = l.merge(t.Context(), 0, 0, 0, row("", "番号なし")) // whose report takes a byte
	must(t, err)
	if u, err := l.db.Usage(t.Context(), l.tenant); err != nil || u.Stored != 1000 {
		t.Errorf("stored are %d bytes, %v; want 1,000", u.Stored, err)
	}
	if _, err := l.db.CheckStorage(t.Context(), l.tenant, imports.NewID(), 0); !errors.As(err, &beyond) {
		t.Errorf("an upload of unknown size where nothing is left: %v", err)
	}
}
