package splitter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/queue"
)

var reportMapping = member.Mapping{
	{Header: member.ReportRow},
	{Header: member.ReportFields},
	{Header: member.ReportReason},
	{Header: "member_sn", Field: "member_sn"},
	{Header: "name", Field: "name"},
}

// retrying is a running import of a report to root.
func (b *bench) retrying(t *testing.T, root imports.ID, report string, cut imports.Cut) queue.Job {
	t.Helper()
	b.mapping = reportMapping
	i, _, err := b.db.CreateRetry(t.Context(), b.tenant, root, b.newImport())
	must(t, err)
	return b.begin(t, i, report, cut)
}

const reportHeader = "rowNumber,errorColumns,errorReason,member_sn,name\n"

var oneLane = imports.Cut{Lanes: 1, ChunkRows: 2, ChunkBytes: 1 << 16}

func TestRetriedRowsStandForThoseOfTheirNumbers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	// Rows 2, 4, 6 and 7 fail.
	root := b.merged(t, b.running(t, "会員番号,備考,氏名\n,x,青木\nA3,x,井上\n,x,上田\nA5,x,江藤\n,x,大野\nA7,加藤\n", imports.Cut{Lanes: 3, ChunkRows: 1, ChunkBytes: 1 << 16}))
	if root.Totals.Failed != 4 || root.Totals.Created != 2 {
		t.Fatalf("root: %+v", root.Totals)
	}
	report := reportHeader +
		" 6 ,,,A6,大野\n" + // in another order
		"2,,,A2,青木\n" +
		"4,,,,まだ空\n" +
		"7,,,A7\n" + // cut wrongly
		"3,,,A3,井上\n" + // did not fail
		",,,A8,木村\n" +
		"x,,,A9,久保\n" +
		"-7,,,A9,久保\n" +
		"99999999999999999,,,A9,久保\n"
	first := b.merged(t, b.retrying(t, root.ID, report, oneLane))
	want := []string{"0 row_number_missing", "3 row_number_unknown", "4 key_missing", "7 too_few_cells", "99999999999999999 row_number_unknown"}
	if got := b.reasons(t, first); !slices.Equal(got, want) || first.Totals.Created != 2 || first.Totals.Failed != 7 {
		t.Errorf("first retry: %+v with failed rows\n%s\nwant 2 created, 7 failed and\n%s", first.Totals, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// The same file once more mends nothing; of two corrections of row 4 nobody knows the right one.
	report = reportHeader + "6,,,A6,別人\n2,,,A2,別人\n4,,,A4,上田\n7,,,A7,加藤\n4,,,B4,上田\n"
	second := b.merged(t, b.retrying(t, root.ID, report, oneLane))
	want = []string{"2 row_mended", "4 row_number_repeated", "6 row_mended"}
	if got := b.reasons(t, second); !slices.Equal(got, want) || second.Totals.Created != 1 || second.Totals.Failed != 4 {
		t.Errorf("second retry: %+v with failed rows\n%s\nwant 1 created, 4 failed and\n%s", second.Totals, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	all, err := b.db.Retries(t.Context(), b.tenant, []imports.ID{root.ID})
	must(t, err)
	if got := all[root.ID]; got == nil || got.Mended != (member.Counts{Created: 3}) || !slices.Equal(got.IDs, []imports.ID{first.ID, second.ID}) {
		t.Errorf("retries = %+v", got)
	}
}

// TestRetryThatIsCutAgainIsTheSame has the splitter die when some rows are mended already.
func TestRetryThatIsCutAgainIsTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var file, report strings.Builder
	file.WriteString("会員番号,備考,氏名\n")
	report.WriteString(reportHeader)
	const rows = 60
	for n := range rows {
		fmt.Fprintf(&file, ",x,氏名%d\n", n)
		fmt.Fprintf(&report, "%d,,,A%d,氏名%d\n", n+2, n, n)
	}
	root := b.merged(t, b.running(t, file.String(), oneLane))
	j := b.retrying(t, root.ID, report.String(), oneLane)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dying, die := context.WithCancel(ctx)
	var wg sync.WaitGroup
	merged := 0
	wg.Go(func() {
		b.merge(dying, t, func(queue.Chunk) {
			if merged++; merged == 6 {
				die()
			}
		})
	})
	if err := b.handle(dying, j); err == nil {
		t.Fatal("the splitter did not notice that it was to stop")
	}
	wg.Wait()
	if i := b.merged(t, j); i.Totals.Created != rows || i.Totals.Total != rows {
		t.Errorf("retry: %+v, want %d created", i.Totals, rows)
	}
}

func TestRowsOfARetryWithoutRowNumbersFail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	root := b.merged(t, b.running(t, "会員番号,備考,氏名\n,x,青木\n", oneLane))
	i, _, err := b.db.CreateRetry(t.Context(), b.tenant, root.ID, b.newImport())
	must(t, err)
	i = b.merged(t, b.begin(t, i, "会員番号,備考,氏名\nA1,x,青木\n", oneLane))
	if got := b.reasons(t, i); !slices.Equal(got, []string{"0 row_number_missing"}) || i.Totals.Failed != 1 {
		t.Errorf("%+v with failed rows %v, want one without a number", i.Totals, got)
	}
}
