package sample

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

func csvOf(t *testing.T, c Config) (string, Expect) {
	t.Helper()
	var b strings.Builder
	e, err := WriteCSV(&b, c)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), e
}

// list is an oracle: members merged by the domain's own rules, one row after another.
type list struct {
	members map[string]*member.Record
}

// outcome is what importing a file into a list came to.
type outcome struct {
	counts   member.Counts
	byCode   map[member.Code]int
	failures []Failure
}

// load imports rows, of which the first is the header.
func (l *list) load(t *testing.T, rows func(yield func(*sheet.Row, error) bool)) outcome {
	t.Helper()
	o := outcome{byCode: make(map[member.Code]int)}
	b := member.Batch{Members: l.members}
	for row, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]string, len(row.Cells))
		for i, c := range row.Cells {
			cells[i] = string(c)
		}
		if b.Plan == nil {
			schema := member.Standard()
			plan, err := member.NewPlan(schema, schema.Suggest(cells), member.Rules{}, &member.Locale{Zone: time.UTC, Region: "JP"})
			if err != nil {
				t.Fatal(err)
			}
			b.Plan = plan
			continue
		}
		n := len(b.Plan.Fields)
		r := &member.Row{Number: row.Number, Cells: cells, Values: make([]member.Value, n), Actions: make([]member.Action, n)}
		switch {
		case row.Fault.Code != "":
			r.Fail(row.Fault.Code, "", row.Fault.Detail)
		case len(cells) < b.Plan.Columns:
			r.Fail(member.TooFewCells, "", "")
		case len(cells) > b.Plan.Columns:
			r.Fail(member.TooManyCells, "", "")
		}
		b.Plan.Parse(r)
		if b.Merge(r) != member.Failed {
			continue
		}
		if len(r.Problems) != 1 {
			t.Errorf("row %d has problems %v, want one", r.Number, r.Problems)
		}
		o.byCode[r.Problems[0].Code]++
		if len(o.failures) < maxFailures {
			o.failures = append(o.failures, Failure{r.Number, r.Problems[0].Code})
		}
	}
	o.counts = b.Counts
	return o
}

func newList() *list { return &list{members: make(map[string]*member.Record)} }

func rowsOfCSV(text string) func(func(*sheet.Row, error) bool) {
	return sheet.OpenCSV(strings.NewReader(text), sheet.Options{}).Rows()
}

func TestImportComesToWhatIsExpected(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{},
		{Rows: 8_000, Seed: 1},
		{Rows: 8_000, Seed: 2, Plain: true},
		{Rows: 8_000, Seed: 3, DefectRate: 0.05},
		{Rows: 2_000, Seed: 4, DefectRate: 1},
		{Rows: 3_000, Seed: 5, DefectRate: 0.1, Columns: []string{"name", "member_sn", "tags"}},
	} {
		text, want := csvOf(t, c)
		got := newList().load(t, rowsOfCSV(text))
		if got.counts.Rows() != int64(want.Total) || got.counts.Failed != int64(want.Failed) ||
			got.counts.Created != int64(want.Total-want.Failed) {
			t.Errorf("%+v: got %+v, want %d rows of which %d fail and the others create", c, got.counts, want.Total, want.Failed)
		}
		if !maps.Equal(got.byCode, want.ByCode) {
			t.Errorf("%+v: got problems %v, want %v", c, got.byCode, want.ByCode)
		}
		if !slices.Equal(got.failures, want.Failures) {
			t.Errorf("%+v: got failures %v, want %v", c, got.failures, want.Failures)
		}
	}
}

func TestEveryKindOfDefectOccursAtTheRateAsked(t *testing.T) {
	t.Parallel()
	_, e := csvOf(t, Config{Rows: 50_000, Seed: 7, DefectRate: 0.02})
	if e.Failed < 900 || e.Failed > 1100 {
		t.Errorf("got %d failed rows of 50,000, want about 1,000", e.Failed)
	}
	for _, d := range defects {
		if e.ByCode[d.code] == 0 {
			t.Errorf("no row fails with %s", d.code)
		}
	}
}

func TestLaterRevisionChangesTheShareAskedAndNothingElse(t *testing.T) {
	t.Parallel()
	base := Config{Rows: 10_000, Seed: 11, DefectRate: 0.03}
	for _, c := range []struct {
		rate     float64
		min, max int
	}{{0, 0, 0}, {0.2, 1_700, 2_200}, {1, 9_500, 10_000}} {
		l := newList()
		text, first := csvOf(t, base)
		l.load(t, rowsOfCSV(text))
		later := base
		later.Revision, later.ChangeRate = 1, c.rate
		text, second := csvOf(t, later)
		got := l.load(t, rowsOfCSV(text)).counts
		if second.Changed < c.min || second.Changed > c.max {
			t.Errorf("rate %v: %d rows change, want %d to %d", c.rate, second.Changed, c.min, c.max)
		}
		want := member.Counts{
			Updated: int64(second.Changed), Unchanged: int64(first.Total - first.Failed - second.Changed), Failed: int64(first.Failed),
		}
		if got != want {
			t.Errorf("rate %v: got %+v, want %+v", c.rate, got, want)
		}
	}
}

func TestRowDependsOnSeedAndPlaceOnly(t *testing.T) {
	t.Parallel()
	c := Config{Rows: 2_000, Seed: 5, DefectRate: 0.05}
	whole, _ := csvOf(t, c)
	if again, _ := csvOf(t, c); again != whole {
		t.Error("the same configuration gave other bytes")
	}
	c.Rows = 500
	if begin, _ := csvOf(t, c); !strings.HasPrefix(whole, begin) {
		t.Error("the shorter file is not how the longer one begins")
	}
	c.Seed = 6
	if other, _ := csvOf(t, c); strings.HasPrefix(whole, other) {
		t.Error("another seed gave the same rows")
	}
	c.Seed, c.Columns = 5, []string{"email", "member_sn"}
	narrow, _ := csvOf(t, c)
	if !strings.HasPrefix(narrow, "メールアドレス,会員番号\r\n") {
		t.Errorf("got %q, want the two columns asked for", narrow[:50])
	}
}

func TestHeadersMapToTheirFields(t *testing.T) {
	t.Parallel()
	schema := member.Standard()
	if len(columns) != 20 {
		t.Errorf("got %d columns, want 20", len(columns))
	}
	for _, c := range columns {
		if f, inverted, ok := schema.MatchColumn(c.label); !ok || inverted || f.Key != c.key {
			t.Errorf("%s means %q, want %q", c.label, f.Key, c.key)
		}
	}
}

func TestEmailAddressesAreUnique(t *testing.T) {
	t.Parallel()
	text, _ := csvOf(t, Config{Rows: 50_000, Seed: 9, Columns: []string{"member_sn", "email"}})
	seen := make(map[string]bool)
	for line := range strings.Lines(text) {
		_, email, _ := strings.Cut(strings.ToLower(strings.TrimSpace(line)), ",")
		if email != "" && seen[email] {
			t.Errorf("%s occurs twice", email)
		}
		seen[email] = true
	}
}

func TestFileHasQuotedLineBreaksAndBlankLines(t *testing.T) {
	t.Parallel()
	text, _ := csvOf(t, Config{Rows: 5_000, Seed: 1, DefectRate: 0.01})
	for _, part := range []string{"\"催事\n(百貨店)\"", "\r\n\r\n", ", "} {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q", part)
		}
	}
}

func TestConfigurationThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{Rows: -1},
		{DefectRate: 1.5},
		{ChangeRate: -0.1},
		{Revision: -1},
		{Columns: []string{"shoe_size"}},
		{Columns: []string{"name", "name"}},
		{Columns: []string{"city"}, DefectRate: 0.1},
	} {
		if _, err := WriteCSV(io.Discard, c); err == nil {
			t.Errorf("%+v: got no error", c)
		}
	}
}

type fullDisk struct{ left int }

var errFull = errors.New("no space left")

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrorIsReturned(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 100_000} {
		if _, err := WriteCSV(&fullDisk{room}, Config{Rows: 1_000}); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: got %v, want %v", room, err, errFull)
		}
	}
}

func BenchmarkWriteCSV(b *testing.B) {
	for _, bench := range []struct {
		name string
		c    Config
	}{
		{"spelled", Config{Rows: 10_000, Seed: 1, DefectRate: 0.01}},
		{"plain", Config{Rows: 10_000, Seed: 1, Plain: true}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var size bytes.Buffer
			if _, err := WriteCSV(&size, bench.c); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := WriteCSV(io.Discard, bench.c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(bench.c.Rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func TestWorkbookComesToWhatIsExpected(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	want, err := WriteXLSX(&file, Config{Rows: 5_000, Seed: 3, DefectRate: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	book, err := sheet.OpenXLSX(bytes.NewReader(file.Bytes()), int64(file.Len()), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	got := newList().load(t, book.Rows())
	if got.counts.Created != int64(want.Total-want.Failed) || got.counts.Failed != int64(want.Failed) {
		t.Errorf("got %+v, want %d rows of which %d fail and the others create", got.counts, want.Total, want.Failed)
	}
	if !maps.Equal(got.byCode, want.ByCode) || !slices.Equal(got.failures, want.Failures) {
		t.Errorf("got problems %v at %v, want %v at %v", got.byCode, got.failures, want.ByCode, want.Failures)
	}
	for _, code := range []member.Code{member.TooFewCells, member.TooManyCells} {
		if want.ByCode[code] > 0 {
			t.Errorf("a workbook has %d rows that fail with %s", want.ByCode[code], code)
		}
	}
}
