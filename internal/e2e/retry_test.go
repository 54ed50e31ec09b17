package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/sheet"
)

// retry uploads a corrected report to its import, and waits for its end.
func (w *world) retry(t *testing.T, id string, report []byte) client.Import {
	t.Helper()
	i, err := w.client.Retry(t.Context(), id, client.RetryOptions{})
	must(t, err)
	_, err = w.client.UploadSource(t.Context(), i.ID, bytes.NewReader(report), int64(len(report)), nil)
	must(t, err)
	_, err = w.client.Start(t.Context(), i.ID, client.Options{})
	must(t, err)
	return w.wait(t, i.ID)
}

// converged is what became of all rows of an import's file, in one line.
func (w *world) converged(t *testing.T, id string) string {
	t.Helper()
	i, err := w.client.Import(t.Context(), id)
	must(t, err)
	n := i.Converged
	if n == nil {
		t.Fatalf("import %s has not been retried", id)
	}
	if n.Rows()+i.NotProcessed != i.Total {
		t.Errorf("%d rows have converged, of %d", n.Rows(), i.Total)
	}
	return fmt.Sprintf("created %d, updated %d, unchanged %d, failed %d by %d retries", n.Created, n.Updated, n.Unchanged, n.Failed, len(i.Retries))
}

// TestFailedRowsConverge is what a team does whose file has bad rows: it corrects some of them, then the others, and
// somebody uploads an old report once more.
func TestFailedRowsConverge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var file strings.Builder
	file.WriteString("会員番号,氏名,電話番号,生年月日,配信停止,メモ\r\n")
	const rows, bad = 300, 30
	for n := range rows {
		birthday := "1990/5/20"
		if n%(rows/bad) == 3 {
			birthday = "1990/2/30"
		}
		fmt.Fprintf(&file, "%05d,=髙﨑①%d,03-1234-5678,%s,1,\"改行\r\nと,カンマ\"\r\n", n, n, birthday)
	}
	root := w.load(t, "会員.csv", encoded(t, file.String(), sheet.ShiftJIS), client.Options{})
	if got, want := counts(root), wantCounts(rows, rows-bad, 0, 0, bad); got != want {
		t.Fatalf("file\n got %s\nwant %s", got, want)
	}
	var report bytes.Buffer
	must(t, w.client.FailuresCSV(t.Context(), root.ID, &report))
	csv := sheet.Options{Encoding: sheet.ShiftJIS, Delimiter: ','}
	done := 0
	some := edited(t, report.Bytes(), csv, func(header, cells []string) {
		if done++; done <= 10 {
			cells[slices.Index(header, "birthday")] = "1990/2/28"
		}
	})
	first := w.retry(t, root.ID, some)
	if got, want := counts(first), wantCounts(bad, 10, 0, 0, bad-10); got != want || first.Parent == nil || *first.Parent != root.ID {
		t.Fatalf("first retry of %v\n got %s\nwant %s", first.Parent, got, want)
	}
	if got, want := w.converged(t, root.ID), "created 280, updated 0, unchanged 0, failed 20 by 1 retries"; got != want {
		t.Errorf("after the first retry: %s, want %s", got, want)
	}
	// The same once more: what was imported is not imported again, and what was not corrected fails again.
	again := w.retry(t, root.ID, some)
	if got, want := counts(again), wantCounts(bad, 0, 0, 0, bad); got != want {
		t.Errorf("the same report again\n got %s\nwant %s", got, want)
	}
	// The report of a retry, which lists what still fails, goes to the retry; it counts for the same original.
	var book bytes.Buffer
	must(t, w.client.FailuresXLSX(t.Context(), first.ID, &book))
	last := w.retry(t, first.ID, edited(t, book.Bytes(), sheet.Options{Format: sheet.XLSX}, func(header, cells []string) {
		cells[slices.Index(header, "birthday")] = "1990/2/28"
	}))
	if got, want := counts(last), wantCounts(20, 20, 0, 0, 0); got != want || *last.Parent != root.ID {
		t.Errorf("last retry of %s\n got %s\nwant %s", *last.Parent, got, want)
	}
	if got, want := w.converged(t, root.ID), "created 300, updated 0, unchanged 0, failed 0 by 3 retries"; got != want {
		t.Errorf("after the last retry: %s, want %s", got, want)
	}
	if _, err := w.client.Retry(t.Context(), root.ID, client.RetryOptions{}); err == nil || !strings.Contains(err.Error(), "nothing_to_retry") && !strings.Contains(err.Error(), "失敗した行がありません") {
		t.Errorf("another retry: %v, want that nothing is left", err)
	}
	if i, err := w.client.Import(t.Context(), root.ID); err != nil || i.State != imports.StateCompleted || i.Failed != bad {
		t.Errorf("the original is %+v, %v; want its own numbers", i, err)
	}
	for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
		must(t, err)
		if m.Fields["is_subscriber"] != false || !strings.HasPrefix(m.Text("name"), "=髙﨑①") {
			t.Errorf("member %s = %v", m.Text("member_sn"), m.Fields)
		}
	}
}
