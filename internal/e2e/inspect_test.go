package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/sheet"
)

// TestReportOfAnotherSystemIsImportedAsItIs: a title, a date and a blank line above the header, in Shift_JIS and as a
// workbook, with rows that fail among them.
func TestReportOfAnotherSystemIsImportedAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	rows := [][]string{
		{"会員一覧（本店）"},
		{"出力日", "2024/05/04"},
		{"会員番号", "お名前", "電話番号", "生年月日", "配信停止"},
		{"A1", "髙﨑 太郎", "9012345678", "1980/1/2", "1"},
		{"A2", "石井 花子", "", "13/05/1990", "0"},
		{"A3", "表\n示", "", "令和2年2月3日", ""},
		{"A4", "上田", "03-1234-5678"},
	}
	var text, book bytes.Buffer
	must(t, sheet.WriteCSV(&text, slices.Values(rows)))
	must(t, sheet.WriteXLSX(&book, "名簿", slices.Values(rows)))
	lines := strings.SplitAfterN(text.String(), "\r\n", 3)
	csv, err := japanese.ShiftJIS.NewEncoder().String(lines[0] + lines[1] + "\r\n" + lines[2])
	must(t, err)

	first := w.load(t, "会員.csv", []byte(csv), client.Options{})
	if got, want := counts(first), wantCounts(4, 2, 0, 0, 2); got != want {
		t.Errorf("CSV\n got %s\nwant %s", got, want)
	}
	if first.Encoding != "Shift_JIS" || first.HeaderRow != 4 || !first.Header {
		t.Errorf("import = %+v", first)
	}
	w.wantFailed(t, first.ID, "6 date_invalid", "8 too_few_cells")

	second := w.load(t, "会員.xlsx", book.Bytes(), client.Options{})
	if got, want := counts(second), wantCounts(4, 1, 0, 2, 1); got != want {
		t.Errorf("workbook\n got %s\nwant %s", got, want)
	}
	w.wantFailed(t, second.ID, "5 date_invalid")
	names := map[string]string{}
	for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
		must(t, err)
		names[m.Text("member_sn")] = m.Text("name") + " " + m.Text("phone")
	}
	want := map[string]string{"A1": "髙﨑 太郎 +819012345678", "A3": "表\n示 ", "A4": "上田 +81312345678"}
	if fmt.Sprint(names) != fmt.Sprint(want) {
		t.Errorf("members %q, want %q", names, want)
	}

	// The mapping is known by now, and so is the file.
	ctx := t.Context()
	again, err := w.client.Create(ctx, client.Options{FileName: "again.csv"})
	must(t, err)
	again, err = w.client.UploadSource(ctx, again.ID, strings.NewReader(csv), int64(len(csv)), nil)
	must(t, err)
	found, err := w.client.Inspection(ctx, again.ID)
	must(t, err)
	if found.Remembered == nil || found.Encoding != "Shift_JIS" || len(again.Warnings) != 1 || again.Warnings[0].Code != "same_file" {
		t.Errorf("inspection %+v of the import %+v", found, again)
	}
}

// wantFailed checks the failed rows, each by its number and first problem.
func (w *world) wantFailed(t *testing.T, id string, want ...string) {
	t.Helper()
	f, err := w.client.Failures(t.Context(), id)
	must(t, err)
	var got []string
	for _, item := range f.Items {
		got = append(got, fmt.Sprint(item.RowNumber, " ", item.Problems[0].Code))
	}
	if !slices.Equal(got, want) {
		t.Errorf("failed rows %q, want %q", got, want)
	}
}
