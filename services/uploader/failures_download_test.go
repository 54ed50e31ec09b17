package uploader

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

// runningIn returns a started import whose source is in that encoding.
func (w *world) runningIn(encoding sheet.Encoding, format sheet.Format) string {
	w.Helper()
	i := w.uploaded("会員番号,氏名,電話番号\nA1,あ,\n")
	job := w.job(i.ID)
	job.Options.Encoding, job.Source.Format = string(encoding), string(format)
	m := member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "氏名", Field: "name"}, {Header: "電話番号", Field: "phone"}}
	w.must(w.db.StartImport(w.Context(), job.Tenant, job.ID, postgres.Settled{
		Options: job.Options, Mapping: m, Cut: imports.Cut{Lanes: 1, ChunkRows: 100, ChunkBytes: 1 << 20}, Source: job.Source,
	}))
	return i.ID
}

// failRow merges a row that came with a problem.
func (w *world) failRow(id string, p member.Problem, cells ...string) {
	w.Helper()
	job := w.job(id)
	_, err := w.db.OpenLedger(w.Context(), job.Tenant, job.ID, 1)
	w.must(err)
	plan, err := job.Plan()
	w.must(err)
	_, err = w.db.MergeChunk(w.Context(), job.Tenant, postgres.ChunkWork{
		Import: job, Plan: plan,
		Parse: func() ([]member.Row, error) {
			return []member.Row{{
				Number: 2, Problems: []member.Problem{p}, Cells: cells,
				Values: make([]member.Value, len(plan.Fields)), Actions: make([]member.Action, len(plan.Fields)),
			}}, nil
		},
		Report: func(ctx context.Context, failed []member.Row) (int64, error) {
			return 0, w.report(ctx, job, 0, 0, failed)
		},
	})
	w.must(err)
}

// rowsOf reads a downloaded file as an upload would be read.
func (w *world) rowsOf(a *answer, o sheet.Options) (rows [][]string) {
	w.Helper()
	all := sheet.OpenCSV(bytes.NewReader(a.body), o).Rows()
	if o.Format == sheet.XLSX {
		book, err := sheet.OpenXLSX(bytes.NewReader(a.body), int64(len(a.body)), o)
		w.must(err)
		defer book.Close()
		all = book.Rows()
	}
	for row, err := range all {
		w.must(err)
		cells := make([]string, len(row.Cells))
		for n, c := range row.Cells {
			cells[n] = string(c)
		}
		rows = append(rows, cells)
	}
	return rows
}

func TestReportIsInTheEncodingOfItsSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct {
		source    sheet.Encoding
		format    sheet.Format
		want      sheet.Encoding
		charset   string
		delimiter byte
		begin     string
	}{
		{"", sheet.CSV, sheet.UTF8, "utf-8", ',', sheet.BOM + "rowNumber,"},
		{sheet.UTF8, sheet.CSV, sheet.UTF8, "utf-8", ',', sheet.BOM + "rowNumber,"},
		{"", sheet.XLSX, sheet.UTF8, "utf-8", ',', sheet.BOM + "rowNumber,"},
		{sheet.ShiftJIS, sheet.CSV, sheet.ShiftJIS, "Shift_JIS", ',', "rowNumber,"},
		{sheet.EUCJP, sheet.CSV, sheet.EUCJP, "EUC-JP", ',', "rowNumber,"},
		{sheet.UTF16LE, sheet.CSV, sheet.UTF16LE, "UTF-16", '\t', "\xff\xfer\x00o\x00w\x00"},
		{sheet.UTF16BE, sheet.CSV, sheet.UTF16LE, "UTF-16", '\t', "\xff\xfer\x00o\x00w\x00"},
	} {
		id := w.runningIn(tt.source, tt.format)
		w.merge(id, 0, 0, []int64{2}, []string{"", "髙﨑①㈱,\"〜\"", "=1"})
		a := w.get("/v1/imports/"+id+"/failures.csv", "Accept-Language", "ja")
		if got := a.header.Get("Content-Type"); a.status != http.StatusOK || got != "text/csv; charset="+tt.charset {
			t.Errorf("%s: %d, content type %q, want %q", tt.source, a.status, got, tt.charset)
		}
		rows := w.rowsOf(a, sheet.Options{Encoding: tt.want, Delimiter: tt.delimiter})
		if !strings.HasPrefix(string(a.body), tt.begin) {
			t.Errorf("%s: report %q", tt.source, a.body)
		}
		name := "髙﨑①㈱,\"〜\""
		if tt.want == sheet.ShiftJIS || tt.want == sheet.EUCJP {
			name = "髙﨑①㈱,\"～\"" // all that these encodings have, and so their sources
		}
		if len(rows) != 2 || !slices.Equal(rows[1][:2], []string{"2", "member_sn,phone"}) || !slices.Equal(rows[1][3:], []string{"", name, "'=1"}) ||
			!strings.Contains(rows[1][2], "キー項目「会員番号」が空です。") {
			t.Errorf("%s: rows %q", tt.source, rows)
		}
		want[importView](w, http.StatusOK, w.post("/v1/imports/"+id+"/cancel", "")) // the list's next one may run
	}
}

func TestTextThatCouldNotBeDecodedIsReportedInUnicode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.runningIn(sheet.ShiftJIS, sheet.CSV)
	w.failRow(id, member.Problem{Code: member.Undecodable, Field: "name", Detail: "0x83 @ 4"}, "A1", "山\uFFFD", "")
	a := w.get("/v1/imports/" + id + "/failures.csv")
	if rows := w.rowsOf(a, sheet.Options{}); len(rows) != 2 || rows[1][4] != "山\uFFFD" || a.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("report %q", a.body)
	}
}

func TestRowsThatWereMisreadAreMarkedInTheReport(t *testing.T) {
	t.Parallel()
	mapping := member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "メモ"}, {Header: "氏名", Field: "name"}, {Header: "電話番号", Field: "phone"}}
	for _, tt := range []struct {
		problem member.Problem
		want    int
	}{
		{member.Problem{Code: member.TooManyCells, Detail: "5/4"}, 2},
		{member.Problem{Code: member.TooFewCells, Detail: "3/4"}, 2},
		{member.Problem{Code: member.CellError, Field: "name", Detail: "#N/A"}, 1},
		{member.Problem{Code: member.BadQuote, Field: "member_sn"}, 0},
		{member.Problem{Code: member.UnclosedQuote}, 2}, // in a column that is not imported
		{member.Problem{Code: member.KeyMissing, Field: "member_sn"}, -1},
		{member.Problem{Code: member.RowTooLong, Detail: "4096"}, -1},
	} {
		if got := doubted(mapping, &imports.FailedRow{Problems: []member.Problem{tt.problem}}); got != tt.want {
			t.Errorf("%+v: cell %d is marked, want %d", tt.problem, got, tt.want)
		}
	}
}

// TestEverySentenceFitsIntoTheEncodingsOfReports finds the characters that would be replaced.
func TestEverySentenceFitsIntoTheEncodingsOfReports(t *testing.T) {
	t.Parallel()
	w := &world{T: t}
	for _, e := range []sheet.Encoding{sheet.ShiftJIS, sheet.EUCJP} {
		for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
			for _, code := range member.Codes() {
				// What warns of files may quote U+FFFD; no row has such a problem.
				said := strings.ReplaceAll(member.Problem{Code: code, Field: "name"}.Sentence(lang, member.Standard()), "\uFFFD", "")
				var out bytes.Buffer
				_, err := io.WriteString(sheet.NewEncoder(&out, e), said)
				w.must(err)
				for row, err := range sheet.OpenCSV(&out, sheet.Options{Encoding: e, Delimiter: '\t'}).Rows() {
					w.must(err)
					if got := string(row.Cells[0]); strings.Contains(got, "〓") || len(got) != len(said) {
						t.Errorf("%s: %q becomes %q", e, said, got)
					}
				}
			}
		}
	}
}

func TestReportAsAWorkbook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.runningIn(sheet.ShiftJIS, sheet.CSV)
	w.merge(id, 0, 0, []int64{3, 5}, []string{"", "=1+1", "0120"}, []string{"'=A5", "a\r\nb\x01", "x"})
	a := w.get("/v1/imports/" + id + "/failures.xlsx?language=ja")
	if got := a.header.Get("Content-Type"); a.status != http.StatusOK || got != typeXLSX {
		t.Fatalf("status %d, content type %q", a.status, got)
	}
	if got := a.header.Get("Content-Disposition"); got != `attachment; filename="failures.xlsx"; filename*=UTF-8''members_failures.xlsx` {
		t.Errorf("Content-Disposition = %q", got)
	}
	rows := w.rowsOf(a, sheet.Options{Format: sheet.XLSX})
	if len(rows) != 3 || strings.Join(rows[0], "|") != "rowNumber|errorColumns|errorReason|member_sn|name|phone" ||
		!slices.Equal(rows[1][3:], []string{"", "'=1+1", "0120"}) || !slices.Equal(rows[2][3:], []string{"''=A5", "a\r\nb\x01", "x"}) ||
		rows[1][0] != "3" || rows[1][1] != "member_sn,phone" || !strings.HasPrefix(rows[1][2], "キー項目「会員番号」が空です。") {
		t.Errorf("rows %q", rows)
	}
}

func TestCellTooLongForExcelSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	long := strings.Repeat("長", sheet.MaxCell+1)
	w.merge(id, 0, 0, []int64{2, 3}, []string{"A1", long, ""}, []string{"", "い", ""})
	rows := w.rowsOf(w.get("/v1/imports/"+id+"/failures.xlsx?language=en"), sheet.Options{Format: sheet.XLSX})
	if want := long[:len("長")*(sheet.MaxCell-1)] + "\uFFFD"; len(rows) != 3 || rows[1][4] != want ||
		!strings.HasSuffix(rows[1][2], "Name is longer than a cell of Excel can be (32,767 characters) and is cut here. Please see the report as CSV (failures.csv) for all of it.") {
		t.Errorf("reason %q", rows[1][2])
	}
	if strings.Contains(rows[2][2], "cut") {
		t.Errorf("reason of another row %q", rows[2][2])
	}
	if rows := w.rowsOf(w.get("/v1/imports/"+id+"/failures.csv"), sheet.Options{}); rows[1][4] != long {
		t.Error("the CSV does not have all of it")
	}
}

func TestMoreFailuresThanASheetHoldsAreReportedAsCSVOnly(t *testing.T) {
	t.Parallel()
	i := &imports.Import{}
	if i.Totals.Failed = sheet.MaxSheetRows - 1; tooLongForExcel(i) != nil {
		t.Error("a full sheet is refused")
	}
	i.Totals.Failed++
	var r *refusal
	if err := tooLongForExcel(i); !errors.As(err, &r) || r.status != http.StatusUnprocessableEntity || r.code != codeReportTooLong {
		t.Fatalf("error = %v", err)
	}
	for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
		if said := r.in(lang).Detail; !strings.Contains(said, "failures.csv") || !strings.Contains(said, "1048575") {
			t.Errorf("detail %q", said)
		}
	}
}

func TestDownloadsRefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	for query, want := range map[string]string{"language=fr": codeOption, "lang=ja": codeUnknownOption} {
		for _, path := range []string{"/failures.csv?", "/failures.xlsx?", "/failures?"} {
			p := wantProblem(w, http.StatusUnprocessableEntity, want, w.get("/v1/imports/"+id+path+query))
			if want == codeOption && !strings.Contains(p.Detail, "ja") {
				t.Errorf("%s%s: %q names no accepted value", path, query, p.Detail)
			}
		}
	}
	f := want[failuresBody](w, http.StatusOK, w.get("/v1/imports/"+id+"/failures?language=ja"))
	if f.Total != 0 {
		t.Errorf("failures = %+v", f)
	}
	for _, path := range []string{"/failures.csv", "/failures.xlsx"} {
		wantProblem(w, http.StatusNotFound, codeNotFound, w.get("/v1/imports/0"+path))
	}
}

// TestInvertedColumnMapsBackByItself has columns whose headers nobody but the import's mapping knows.
func TestInvertedColumnMapsBackByItself(t *testing.T) {
	t.Parallel()
	s := &server{schema: member.Standard()}
	i := &imports.Import{Mapping: member.Mapping{
		{Header: "メルマガ停止フラグX", Field: "is_subscriber", Inverted: true},
		{Header: "配信停止(SMS)", Field: "is_subscriber_sms", Inverted: true},
		{Header: "=退会", Field: "is_active", Inverted: true},
		{Header: "備考"},
	}}
	got := s.reportColumns(i)
	if got[2] != "'=退会" {
		t.Errorf("columns %q", got)
	}
	for n, c := range s.schema.Suggest(got) {
		if c.Field != i.Mapping[n].Field || !c.Inverted {
			t.Errorf("%s is mapped to %q, inverted %t", c.Header, c.Field, c.Inverted)
		}
	}
}

func TestRecordsEndWithTheirError(t *testing.T) {
	t.Parallel()
	s := &server{schema: member.Standard()}
	broken := &lane{row: &imports.FailedRow{}, body: io.NopCloser(nil), rows: json.NewDecoder(strings.NewReader("{"))}
	err := writeReportCSV(io.Discard, sheet.UTF8, s.records(&imports.Import{}, &report{lanes: laneHeap{broken}}, tenant.English))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error = %v", err)
	}
}
