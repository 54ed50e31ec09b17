package uploader

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

func TestFailuresAreCountedAndShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(2)
	w.merge(id, 1, 0, []int64{3, 5}, []string{"", "い", "123"}, []string{"A5", "う", "x"})
	w.merge(id, 0, 0, []int64{2, 4}, []string{"A2", "あ", "090-1234-5678"}, []string{"A4", "え", "y"})
	f := want[failuresBody](w, http.StatusOK, w.get("/v1/imports/"+id+"/failures"))
	if f.Total != 3 || len(f.Counts) != 2 || f.Counts[0].Code != "phone_invalid" || f.Counts[0].Field != "phone" || f.Counts[0].Rows != 3 || f.Counts[0].Reason == "" {
		t.Errorf("failures = %+v", f)
	}
	if c := f.Codes; len(c) != 2 || c[0].Code != "phone_invalid" || c[0].Count != 3 || len(c[0].Examples) != 3 || c[1].Code != "key_missing" ||
		len(c[1].Examples) != 1 || c[1].Examples[0].RowNumber != 3 || c[1].Examples[0].Cells["name"] != "い" {
		t.Errorf("codes = %+v", c)
	}
	var numbers []int64
	for _, row := range f.Items {
		numbers = append(numbers, row.RowNumber)
	}
	if !slices.Equal(numbers, []int64{3, 4, 5}) {
		t.Fatalf("rows %v, want 3 4 5", numbers)
	}
	row := f.Items[0]
	if len(row.Problems) != 2 || !slices.Equal(row.ErrorColumns, []string{"member_sn", "phone"}) || row.Cells["name"] != "い" || row.Cells["phone"] != "123" ||
		!strings.Contains(row.ErrorReason, row.Problems[1].Reason) {
		t.Errorf("row = %+v", row)
	}
	i := want[importView](w, http.StatusOK, w.get("/v1/imports/"+id))
	if i.Created != 1 || i.Failed != 3 {
		t.Errorf("import = %+v", i)
	}
}

func TestImportWithoutFailuresHasAnEmptyReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	f := want[failuresBody](w, http.StatusOK, w.get("/v1/imports/"+id+"/failures"))
	if f.Total != 0 || len(f.Counts) != 0 || len(f.Items) != 0 {
		t.Errorf("failures = %+v", f)
	}
	a := w.get("/v1/imports/" + id + "/failures.csv")
	if want := sheet.BOM + "rowNumber,errorColumns,errorReason,member_sn,name,phone\r\n"; string(a.body) != want {
		t.Errorf("report %q, want %q", a.body, want)
	}
}

func TestReportHasTheRowsOfAllLanesInFileOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const lanes, chunks, rows = 3, 4, 25
	id := w.running(lanes)
	for seq := range int64(chunks) {
		for lane := range lanes {
			var numbers []int64
			var cells [][]string
			for n := range rows {
				number := (seq*rows+int64(n))*lanes + int64(lane) + 2
				numbers = append(numbers, number)
				cells = append(cells, []string{fmt.Sprintf("A%d", number), "=1+1", "bad, \"phone\""})
			}
			w.merge(id, lane, seq, numbers, cells...)
		}
	}
	// What a chunk stored that was never merged is no part of the import.
	w.must(w.report(t.Context(), w.job(id), 1, chunks, []member.Row{{Number: 9999, Problems: []member.Problem{{Code: member.KeyMissing}}}}))

	a := w.get("/v1/imports/" + id + "/failures.csv")
	if got := a.header.Get("Content-Type"); a.status != http.StatusOK || got != "text/csv; charset=utf-8" {
		t.Fatalf("status %d, content type %q: %s", a.status, got, a.body)
	}
	if got := a.header.Get("Content-Disposition"); !strings.Contains(got, "filename*=UTF-8''members_failures.csv") {
		t.Errorf("Content-Disposition = %q", got)
	}
	number := 0
	for row, err := range sheet.OpenCSV(bytes.NewReader(a.body), sheet.Options{}).Rows() {
		w.must(err)
		cells := bytes.Join(row.Cells, []byte("|"))
		want := "rowNumber|errorColumns|errorReason|member_sn|name|phone"
		if number > 0 {
			n := number + 1
			want = fmt.Sprintf("%d|phone|%s|A%d|'=1+1|bad, \"phone\"", n, row.Cells[2], n)
		}
		if string(cells) != want {
			t.Fatalf("row %d: %s, want %s", number, cells, want)
		}
		number++
	}
	if number != 1+lanes*chunks*rows {
		t.Errorf("%d rows, want %d", number, 1+lanes*chunks*rows)
	}
}

func TestBrokenReportIsABrokenConnection(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"csv", "xlsx"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			testBrokenReport(t, format)
		})
	}
}

func testBrokenReport(t *testing.T, format string) {
	w := newWorld(t)
	id := w.running(1)
	w.merge(id, 0, 0, []int64{2}, []string{"", "あ", ""})
	w.merge(id, 0, 1, []int64{3}, []string{"", "あ", ""})
	w.must(w.blobs.PutFailures(t.Context(), w.acme.tenant.ID, id, 0, 1, []byte(`{"row":3,`)))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/v1/imports/"+id+"/failures."+format, nil)
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+w.acme.key)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return // broken before anything came
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("half a report looks whole: %s", text)
	}
}

func laneOf(lines []byte) *lane {
	return &lane{objects: make([]blob.Failures, 1), open: func(blob.Failures) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(lines)), nil }}
}

func BenchmarkReport(b *testing.B) {
	const rows = 10_000
	var lines bytes.Buffer
	for n := range rows {
		fmt.Fprintf(&lines, `{"row":%d,"problems":[{"code":"phone_invalid","field":"phone"}],"cells":["A%d","青木 太郎","090"]}`+"\n", n+2, n)
	}
	s := &server{schema: member.Standard()}
	i := &imports.Import{Mapping: member.Mapping{{Field: "member_sn"}, {Field: "name"}, {Field: "phone"}}}
	b.ReportAllocs()
	b.SetBytes(int64(lines.Len()))
	for b.Loop() {
		l := laneOf(lines.Bytes())
		if _, err := l.advance(); err != nil {
			b.Fatal(err)
		}
		if err := writeReportCSV(io.Discard, sheet.UTF8, s.records(i, &report{lanes: laneHeap{l}}, "ja")); err != nil {
			b.Fatal(err)
		}
	}
}
