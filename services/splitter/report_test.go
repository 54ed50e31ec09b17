package splitter

import (
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// cutFirst returns the first row that the splitter makes of the line.
func cutFirst(t *testing.T, m member.Mapping, line string) (first member.Row) {
	t.Helper()
	i := &imports.Import{
		Mapping: m, Cut: imports.Cut{Lanes: 1, ChunkRows: 10, ChunkBytes: 1 << 16}, Source: imports.Source{MaxRows: 10},
		Options: imports.Options{Rules: member.Rules{}.Filled(), TimeZone: "Asia/Tokyo", Region: "JP"},
	}
	plan, err := i.Plan()
	must(t, err)
	cutter := imports.NewCutter(i.Cut, plan.Columns, func(c imports.Chunk) error {
		return imports.ReadBlock(string(c.Block), plan.Columns, c.Rows, func(r member.Row) { first = r })
	})
	c := newCutting(i, plan, cutter)
	for row, err := range sheet.OpenCSV(strings.NewReader(line), sheet.Options{Delimiter: ','}).Rows() {
		must(t, err)
		must(t, c.add(row))
	}
	must(t, cutter.Flush())
	return first
}

func TestGuardIsTakenOffReportsOnly(t *testing.T) {
	t.Parallel()
	file := member.Mapping{{Header: "note"}, {Header: "会員番号", Field: "member_sn"}, {Header: "氏名", Field: "name"}, {Header: "住所", Field: "city"}}
	if got := cutFirst(t, file, "x,A1,'=1+1,\uFFFD\n"); got.Failed() || !slices.Equal(got.Cells, []string{"A1", "'=1+1", "\uFFFD"}) {
		t.Errorf("a file's row = %+v", got)
	}
	report := member.Mapping{
		{Header: member.ReportRow},
		{Header: member.ReportFields},
		{Header: member.ReportReason},
		{Header: "member_sn", Field: "member_sn"},
		{Header: "name", Field: "name"},
	}
	if got := cutFirst(t, report, "2,\uFFFD,'=x\uFFFD,'+1,''=1\n"); got.Failed() || !slices.Equal(got.Cells, []string{"+1", "'=1"}) {
		t.Errorf("a report's row = %+v", got)
	}
	got := cutFirst(t, report, "2,name,x,A1,'=山\uFFFD\n")
	want := member.Problem{Code: member.Undecodable, Field: "name", Detail: "U+FFFD @ 3"}
	if len(got.Problems) != 1 || got.Problems[0] != want || !slices.Equal(got.Cells, []string{"A1", "=山\uFFFD"}) {
		t.Errorf("a report's row that nobody corrected = %+v", got)
	}
	if got := cutFirst(t, report, "2,name,x,A1,山〓\n"); len(got.Problems) != 1 || got.Problems[0].Detail != "U+3013 @ 2" {
		t.Errorf("a row of a report in Shift_JIS that nobody corrected = %+v", got)
	}
	// What is wrong with the row as a whole goes before.
	if got := cutFirst(t, report, "2,name,x,A1,\uFFFD,more\n"); len(got.Problems) != 1 || got.Problems[0].Code != member.TooManyCells {
		t.Errorf("a report's row with too many cells = %+v", got)
	}
}
