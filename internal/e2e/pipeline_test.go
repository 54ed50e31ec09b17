package e2e

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sample"
)

func sampleCSV(t *testing.T, c sample.Config) ([]byte, sample.Expect) {
	t.Helper()
	var b bytes.Buffer
	e, err := sample.WriteCSV(&b, c)
	must(t, err)
	return b.Bytes(), e
}

func TestFileInMembersAndMailOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	content, want := sampleCSV(t, sample.Config{Rows: 5000, Seed: 7, DefectRate: 0.02})
	i := w.load(t, "会員.csv", content, client.Options{})
	if got, want := counts(i), wantCounts(want.Total, want.Total-want.Failed, 0, 0, want.Failed); got != want {
		t.Errorf("first import\n got %s\nwant %s", got, want)
	}
	if n := strings.Count(w.members(t), "\n"); n != want.Total-want.Failed {
		t.Errorf("%d members, want %d", n, want.Total-want.Failed)
	}
	checkFailures(t, w, i, want)

	again := w.load(t, "会員.csv", content, client.Options{})
	if got, want := counts(again), wantCounts(want.Total, 0, 0, want.Total-want.Failed, want.Failed); got != want {
		t.Errorf("the same file again\n got %s\nwant %s", got, want)
	}
	changed, want := sampleCSV(t, sample.Config{Rows: 5000, Seed: 7, DefectRate: 0.02, Revision: 1, ChangeRate: 0.3})
	third := w.load(t, "会員2.csv", changed, client.Options{})
	if got, want := counts(third), wantCounts(want.Total, 0, want.Changed, want.Total-want.Failed-want.Changed, want.Failed); got != want {
		t.Errorf("a changed file\n got %s\nwant %s", got, want)
	}
	ids := map[string]bool{}
	for _, text := range w.mails(t, 3) {
		m, err := mail.ReadMessage(strings.NewReader(text))
		must(t, err)
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		must(t, err)
		if subject != "CSVインポート処理完了" {
			t.Errorf("subject = %q", subject)
		}
		ids[m.Header.Get("Message-ID")] = true
	}
	if len(ids) != 3 {
		t.Errorf("message ids %v, want three", ids)
	}
}

// checkFailures compares the failed rows with what the sample says they are.
func checkFailures(t *testing.T, w *world, i client.Import, want sample.Expect) {
	t.Helper()
	f, err := w.client.Failures(t.Context(), i.ID)
	must(t, err)
	byCode := map[member.Code]int{}
	for _, c := range f.Counts {
		byCode[member.Code(c.Code)] += int(c.Rows)
	}
	for code, n := range want.ByCode {
		if byCode[code] != n {
			t.Errorf("%d rows with %s, want %d", byCode[code], code, n)
		}
	}
	if len(f.Items) != min(30, want.Failed) {
		t.Fatalf("%d rows in the sample, want the first 30", len(f.Items))
	}
	for n, item := range f.Items {
		if item.RowNumber != want.Failures[n].Row || item.Problems[0].Code != string(want.Failures[n].Code) || item.ErrorReason == "" {
			t.Errorf("failed row %d = %+v, want %+v", n, item, want.Failures[n])
		}
	}
	if lines := strings.Count(w.failuresCSV(t, i.ID), "\r\n"); lines < want.Failed+1 {
		t.Errorf("report has %d lines, want at least %d", lines, want.Failed+1)
	}
}

func TestWorkbookGivesTheSameMembersAsCSV(t *testing.T) {
	t.Parallel()
	c := sample.Config{Rows: 1500, Seed: 3}
	content, _ := sampleCSV(t, c)
	a := newWorld(t, nil)
	a.load(t, "a.csv", content, client.Options{})
	var book bytes.Buffer
	want, err := sample.WriteXLSX(&book, c)
	must(t, err)
	b := newWorld(t, nil)
	i := b.load(t, "b.xlsx", book.Bytes(), client.Options{})
	if got, want := counts(i), wantCounts(want.Total, want.Total-want.Failed, 0, 0, want.Failed); got != want {
		t.Errorf("workbook\n got %s\nwant %s", got, want)
	}
	if a.members(t) != b.members(t) {
		t.Error("the workbook gave other members than the CSV")
	}
}

func TestEmptyFileFailsWithASentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	i := w.load(t, "empty.csv", []byte("会員番号,氏名\r\n"), client.Options{})
	if i.State != imports.StateFailed || i.Error == nil || i.Error.Code != string(member.NoRows) || i.Error.Detail == "" || i.Total != 0 {
		t.Errorf("import = %s, error %+v", counts(i), i.Error)
	}
	m, err := mail.ReadMessage(strings.NewReader(w.mails(t, 1)[0]))
	must(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	must(t, err)
	if subject != "CSVインポート処理エラー" {
		t.Errorf("subject = %q", subject)
	}
}

func TestRaggedRowFailsAloneAndNothingShifts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	i := w.load(t, "ragged.csv", []byte("会員番号,氏名,メールアドレス\nA1,青木,a@example.jp\nA2,井上\nA3,上田,c@example.jp,余分\n\nA4,江口,d@example.jp\n"), client.Options{})
	if got, want := counts(i), wantCounts(4, 2, 0, 0, 2); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	f, err := w.client.Failures(t.Context(), i.ID)
	must(t, err)
	if len(f.Items) != 2 || f.Items[0].RowNumber != 3 || f.Items[0].Problems[0].Code != string(member.TooFewCells) ||
		f.Items[1].RowNumber != 4 || f.Items[1].Problems[0].Code != string(member.TooManyCells) {
		t.Errorf("failed rows = %+v", f.Items)
	}
	for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
		must(t, err)
		if sn := m.Text("member_sn"); sn != "A1" && sn != "A4" {
			t.Errorf("member %s was made from a ragged row", sn)
		}
	}
}

func TestCancelKeepsWhatIsMergedAndLetsTheNextImportRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	content, _ := sampleCSV(t, sample.Config{Rows: 60_000, Seed: 5})
	i := w.start(t, "large.csv", content, client.Options{})
	small, want := sampleCSV(t, sample.Config{Rows: 100, Seed: 6})
	next := w.start(t, "small.csv", small, client.Options{})
	if next.State != imports.StateQueued {
		t.Errorf("the second import of a list is %s while the first runs", next.State)
	}
	if _, err := w.client.Cancel(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	i = w.wait(t, i.ID)
	if i.State != imports.StateCancelled {
		t.Errorf("import = %s, want cancelled", counts(i))
	}
	next = w.wait(t, next.ID)
	if next.State != imports.StateCompleted || next.Total != int64(want.Total) {
		t.Errorf("next import = %s", counts(next))
	}
	still, err := w.client.Import(t.Context(), i.ID)
	must(t, err)
	if counts(still) != counts(i) {
		t.Errorf("the cancelled import went on: %s, was %s", counts(still), counts(i))
	}
}
