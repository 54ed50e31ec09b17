package e2e

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/sheet"
)

// TestCorrectedReportMeansWhatTheFileMeant uploads the report of failed rows as it is, with the one wrong cell of each
// row corrected.
func TestCorrectedReportMeansWhatTheFileMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	file := "memberId,name,phone,unsubscribeEmail,birthday\n" +
		"V1,=1+1,+819012345678,true,2024/2/30\n" +
		"V2,'quoted,090-1234-5678,false,2024/2/30\n"
	i := w.load(t, "file.csv", []byte(file), client.Options{})
	if got, want := counts(i), wantCounts(2, 0, 0, 0, 2); got != want {
		t.Fatalf("file\n got %s\nwant %s", got, want)
	}
	report := w.failuresCSV(t, i.ID)
	if !strings.Contains(report, "'=1+1") || !strings.Contains(report, "'+819012345678") {
		t.Errorf("the report is not safe to open in Excel:\n%s", report)
	}
	again := w.load(t, "report.csv", []byte(strings.ReplaceAll(report, "2024/2/30", "2024/2/29")), client.Options{})
	if got, want := counts(again), wantCounts(2, 2, 0, 0, 0); got != want {
		t.Fatalf("corrected report\n got %s\nwant %s", got, want)
	}
	want := map[string][3]any{
		"V1": {"=1+1", "+819012345678", false},
		"V2": {"'quoted", "+819012345678", true},
	}
	for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
		must(t, err)
		got := [3]any{m.Text("name"), m.Text("phone"), m.Fields["is_subscriber"]}
		if got != want[m.Text("member_sn")] {
			t.Errorf("member %s = %v, want %v", m.Text("member_sn"), got, want[m.Text("member_sn")])
		}
	}
}

// TestMisreadRowsOfAReportFailUntilTheyAreCorrected uploads the report of rows that could not be cut into their columns as
// it is, and then corrected.
func TestMisreadRowsOfAReportFailUntilTheyAreCorrected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	file := "会員番号,氏名,市区町村\nV1,山田, 太郎,横浜市\nV2,\"青\"木,札幌市\nV3,神戸市\n"
	for _, e := range []sheet.Encoding{sheet.UTF8, sheet.ShiftJIS} {
		i := w.load(t, "file.csv", encoded(t, file, e), client.Options{})
		if got, want := counts(i), wantCounts(3, 0, 0, 0, 3); got != want {
			t.Fatalf("%s: file\n got %s\nwant %s", e, got, want)
		}
		var report bytes.Buffer
		must(t, w.client.FailuresCSV(t.Context(), i.ID, &report))
		if got, want := counts(w.load(t, "report.csv", report.Bytes(), client.Options{})), wantCounts(3, 0, 0, 0, 3); got != want {
			t.Errorf("%s: report as it is\n got %s\nwant %s\n%q", e, got, want, report.Bytes())
		}
		corrected := edited(t, report.Bytes(), sheet.Options{Encoding: e, Delimiter: ','}, func(_, cells []string) {
			cells[4], cells[5] = "山田 太郎", "横浜市"+string(e)
		})
		again := w.load(t, "report.csv", corrected, client.Options{})
		if got := counts(again); again.Failed != 0 || again.Total != 3 {
			t.Errorf("%s: corrected report: %s", e, got)
		}
	}
}

// encoded is text in an encoding.
func encoded(t *testing.T, text string, e sheet.Encoding) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := io.WriteString(sheet.NewEncoder(&out, e), text)
	must(t, err)
	return out.Bytes()
}

// edited is a report in which a program has corrected cells, and which it saves as it was.
func edited(t *testing.T, report []byte, o sheet.Options, correct func(header, cells []string)) []byte {
	t.Helper()
	var rows [][]string
	all := sheet.OpenCSV(bytes.NewReader(report), o).Rows()
	if o.Format == sheet.XLSX {
		book, err := sheet.OpenXLSX(bytes.NewReader(report), int64(len(report)), o)
		must(t, err)
		defer book.Close()
		all = book.Rows()
	}
	for row, err := range all {
		must(t, err)
		var cells []string
		for _, c := range row.Cells {
			cells = append(cells, string(c))
		}
		if len(rows) > 0 {
			correct(rows[0], cells)
		}
		rows = append(rows, cells)
	}
	var out bytes.Buffer
	if o.Format == sheet.XLSX {
		must(t, sheet.WriteXLSX(&out, "Sheet1", slices.Values(rows)))
	} else {
		must(t, sheet.WriteDelimited(sheet.NewEncoder(&out, o.Encoding), o.Delimiter, slices.Values(rows)))
	}
	return out.Bytes()
}

// TestReportOfShiftJISIsCorrectedAndImported is what a marketing team does with a file of its shop system: the report
// opens in the same program, is corrected there, and goes up as it is.
func TestReportOfShiftJISIsCorrectedAndImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var file strings.Builder
	file.WriteString("会員番号,氏名,電話番号,生年月日,メモ\r\n")
	const rows, bad = 400, 40
	for n := range rows {
		birthday := "1990/5/20"
		if n%(rows/bad) == 3 {
			birthday = "1990/2/30"
		}
		fmt.Fprintf(&file, "%05d,髙﨑①㈱%d,03-1234-5678,%s,\"改行\r\nと,カンマ\"\r\n", n, n, birthday)
	}
	source := strings.Replace(file.String(), "髙﨑①㈱3,", "=髙﨑,", 1) // of a row that fails
	i := w.load(t, "会員.csv", encoded(t, source, sheet.ShiftJIS), client.Options{})
	if got, want := counts(i), wantCounts(rows, rows-bad, 0, 0, bad); got != want {
		t.Fatalf("file\n got %s\nwant %s", got, want)
	}
	var report, book bytes.Buffer
	must(t, w.client.FailuresCSV(t.Context(), i.ID, &report))
	must(t, w.client.FailuresXLSX(t.Context(), i.ID, &book))
	if !bytes.Contains(report.Bytes(), encoded(t, "'=髙﨑", sheet.ShiftJIS)) {
		t.Errorf("the report is not in Shift_JIS, or not safe:\n%q", report.Bytes())
	}
	correct := func(header, cells []string) {
		if cells[1] != "birthday" || cells[2] == "" {
			t.Errorf("row %s is wrong in %s: %s", cells[0], cells[1], cells[2])
		}
		cells[slices.Index(header, cells[1])] = "1990/2/28"
	}
	again := w.load(t, "会員_failures.csv", edited(t, report.Bytes(), sheet.Options{Encoding: sheet.ShiftJIS, Delimiter: ','}, correct), client.Options{})
	if got, want := counts(again), wantCounts(bad, bad, 0, 0, 0); got != want {
		t.Fatalf("corrected report\n got %s\nwant %s", got, want)
	}
	// The workbook says the same, and so changes nothing any more.
	again = w.load(t, "会員_failures.xlsx", edited(t, book.Bytes(), sheet.Options{Format: sheet.XLSX}, correct), client.Options{})
	if got, want := counts(again), wantCounts(bad, 0, 0, bad, 0); got != want {
		t.Fatalf("corrected workbook\n got %s\nwant %s", got, want)
	}
	names := 0
	for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
		must(t, err)
		if name := m.Text("name"); m.Text("member_sn") == "00003" && name != "=髙﨑" {
			t.Errorf("the name of 00003 is %q", name)
		} else if strings.HasPrefix(name, "髙﨑①㈱") {
			names++
		}
	}
	if names != rows-1 {
		t.Errorf("%d names, want %d", names, rows-1)
	}
}

// TestTextThatIsNotCorrectedIsNotImported uploads the report of a row whose name could not be decoded, first as it is.
func TestTextThatIsNotCorrectedIsNotImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	source := encoded(t, "会員番号,氏名,市区町村\r\nA1,山田,横浜市\r\nA2,山田×,横浜市\r\n", sheet.ShiftJIS)
	source = bytes.Replace(source, encoded(t, "×", sheet.ShiftJIS), []byte("\x81\xad"), 1) // of no character
	i := w.load(t, "会員.csv", source, client.Options{})
	if got, want := counts(i), wantCounts(2, 1, 0, 0, 1); got != want {
		t.Fatalf("file\n got %s\nwant %s", got, want)
	}
	report := w.failuresCSV(t, i.ID)
	if !strings.Contains(report, "山田\uFFFD") {
		t.Fatalf("the report does not show what could not be read:\n%s", report)
	}
	again := w.load(t, "failures.csv", []byte(report), client.Options{})
	if got, want := counts(again), wantCounts(1, 0, 0, 0, 1); got != want {
		t.Fatalf("report as it was\n got %s\nwant %s", got, want)
	}
	again = w.load(t, "failures.csv", []byte(strings.ReplaceAll(report, "山田\uFFFD", "山田")), client.Options{})
	if got, want := counts(again), wantCounts(1, 1, 0, 0, 0); got != want {
		t.Fatalf("corrected report\n got %s\nwant %s", got, want)
	}
}
