package postgres_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/meibo/meibo/internal/member"
)

func TestPaceHasFewPointsHoweverOftenItIsNotedAndWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	c.start(t, 1)
	_, err := c.merge(t.Context(), 0, 0, 0, row("A1", "青木"), row("A2", "井上"), row("", "番号なし"))
	must(t, err)
	note := func() {
		t.Helper()
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for n := range errs {
			wg.Go(func() { errs[n] = c.db.NotePace(t.Context()) })
		}
		wg.Wait()
		must(t, errors.Join(errs...))
	}
	points := func() (n int) {
		c.ask(t, &n, `select cardinality(at) from import_pace where import_id = $1 and cardinality(at) = cardinality(done)`, c.job.ID)
		return n
	}
	must(t, c.db.NotePace(t.Context()))
	c.exec(t, `update import_pace set every = 3600`) // no test is so slow
	if note(); points() != 1 {
		t.Errorf("%d points of one moment", points())
	}
	c.exec(t, `update import_pace set at = array[at[1] - interval '2 h']`)
	if note(); points() != 2 {
		t.Errorf("%d points, want 2: time has passed", points())
	}
	// The clock was two hours ahead.
	c.exec(t, `update import_pace set at = array[at[1] + interval '2 h', at[2] + interval '2 h']`)
	if note(); points() != 3 {
		t.Errorf("%d points, want 3: the clock was set back, and the import goes on", points())
	}
	all, err := c.db.PaceOf(t.Context(), c.tenant, c.job.ID)
	must(t, err)
	for n, p := range all {
		if n == 0 && p.Done != 0 || n > 0 && (p.Done != 3 || p.At.Before(all[n-1].At)) {
			t.Errorf("point %d is %+v: time and rows never go back", n, p)
		}
	}
	// A long import, whose every second point goes when there are too many.
	c.exec(t, `update import_pace set at = array(select now() - interval '200 h' + n * interval '5 s' from generate_series(1, 238) n), done = array(select 1 from generate_series(1, 238))`)
	note()
	var every int
	if c.ask(t, &every, `select every from import_pace`); points() != 120 || every != 7200 {
		t.Errorf("%d points every %d seconds, want 120 every 7,200", points(), every)
	}
	c.finish(t, 1, 3)
	if all, err = c.db.PaceOf(t.Context(), c.tenant, c.job.ID); err != nil || len(all) != 122 || all[0].Done != 0 || all[121].Done != 3 {
		t.Errorf("%d points, %v", len(all), err)
	}
	if note(); points() != 120 {
		t.Errorf("%d points: the import has ended", points())
	}
}

func TestEveryCodeHasExamplesHoweverLateItComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	bad := []string{"A1", "青木", "no address", "", "", "", ""}
	for seq := range int64(3) {
		var rows [][]string
		for range 20 {
			rows = append(rows, bad)
		}
		if seq == 1 { // beyond the first 30
			rows = append(rows, row("", "番号なし"), row("", "番号なし"))
		}
		if seq == 2 {
			rows = append(rows, []string{"", "", "", "2020.01.01", "", "", ""}, row("", "番号なし"))
		}
		_, err := w.merge(t.Context(), 0, seq, seq*100, rows...)
		must(t, err)
	}
	f, err := w.db.Failures(t.Context(), w.tenant, w.job.ID, 30)
	must(t, err)
	if len(f.Sample) != 30 || f.Sample[29].Row != 111 {
		t.Errorf("%d rows in the sample, the last one %+v; want the first 30", len(f.Sample), f.Sample[len(f.Sample)-1])
	}
	for code, want := range map[member.Code][]int64{member.EmailInvalid: {2, 3, 4}, member.KeyMissing: {122, 123, 222}, member.DateDots: {222}} {
		got := []int64{}
		for _, r := range f.Examples[code] {
			got = append(got, r.Row)
		}
		if len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] {
			t.Errorf("examples of %s are rows %v, want %v", code, got, want)
		}
	}
	if len(f.Examples) != 3 {
		t.Errorf("examples of %d codes: %+v", len(f.Examples), f.Examples)
	}
}
