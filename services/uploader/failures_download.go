package uploader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

// failuresCSV is GET /v1/imports/{id}/failures.csv: every failed row, in the order of the file.
func (s *server) failuresCSV(w http.ResponseWriter, r *http.Request) {
	i, rows, err := s.requestedReport(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer rows.close()
	encoding, err := s.reportEncoding(r.Context(), i)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	attach(w, csvType(encoding), "failures.csv", reportName(i.FileName, ".csv"))
	if err := writeReportCSV(w, encoding, s.records(i, rows, sessionOf(r.Context()).lang())); err != nil {
		breakOff(r, err)
	}
}

// failuresXLSX is GET /v1/imports/{id}/failures.xlsx: the same as a workbook.
func (s *server) failuresXLSX(w http.ResponseWriter, r *http.Request) {
	i, rows, err := s.requestedReport(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer rows.close()
	if err := tooLongForExcel(i); err != nil {
		s.fail(w, r, err)
		return
	}
	attach(w, typeXLSX, "failures.xlsx", reportName(i.FileName, ".xlsx"))
	if err := s.writeReportXLSX(w, i, rows, sessionOf(r.Context()).lang()); err != nil {
		breakOff(r, err)
	}
}

// tooLongForExcel refuses a report that a sheet cannot hold: on two of them it could not be uploaded again.
func tooLongForExcel(i *imports.Import) error {
	if most := int64(sheet.MaxSheetRows - 1); i.Totals.Failed > most {
		return refuse(http.StatusUnprocessableEntity, codeReportTooLong, "detail", strconv.FormatInt(most, 10))
	}
	return nil
}

// requestedReport opens the failed rows that a request asks for.
func (s *server) requestedReport(r *http.Request) (*imports.Import, *report, error) {
	if _, err := parameters(r); err != nil {
		return nil, nil, err
	}
	i, err := s.findImport(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return nil, nil, err
	}
	if i.ReportGoneAt != nil {
		return nil, nil, refuse(http.StatusGone, codeReportExpired)
	}
	rows, err := s.openReport(r.Context(), i)
	return i, rows, err
}

// reportName names the report of a file: members.csv has members_failures.csv.
func reportName(file, ext string) string {
	return strings.TrimSuffix(file, path.Ext(file)) + "_failures" + ext
}

// reportEncoding is what the CSV report of an import is written in: its source's encoding, so that whoever has made the
// file can open the report in the same way. It is UTF-8 for a workbook, and where failed rows hold text that could not be
// decoded: only Unicode has a character to show for it.
func (s *server) reportEncoding(ctx context.Context, i *imports.Import) (sheet.Encoding, error) {
	switch e := sheet.Encoding(i.Options.Encoding); e {
	case sheet.UTF16LE, sheet.UTF16BE:
		return sheet.UTF16LE, nil
	case sheet.ShiftJIS, sheet.EUCJP:
		found, err := s.db.Failures(ctx, i.Tenant, i.ID, 0)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(found.Counts, func(c postgres.ProblemCount) bool { return c.Code == member.Undecodable }) {
			return e, nil
		}
	}
	return sheet.UTF8, nil
}

// csvType is the media type of a CSV in that encoding. UTF-16 has a byte order mark, which the name UTF-16LE would
// forbid (RFC 2781, section 3.3).
func csvType(e sheet.Encoding) string {
	switch e {
	case sheet.UTF8:
		return typeCSV + "; charset=utf-8"
	case sheet.UTF16LE:
		return typeCSV + "; charset=UTF-16"
	}
	return typeCSV + "; charset=" + string(e)
}

// writeReportCSV writes the records for people who double-click the file: with a byte order mark where there is such a
// thing, and with commas, whatever the source had; in UTF-16 with tabs, the only delimiter that Excel knows there.
func writeReportCSV(w io.Writer, e sheet.Encoding, records iter.Seq2[[]string, error]) error {
	out, delimiter := sheet.NewEncoder(w, e), byte(',')
	if e == sheet.UTF8 || e == sheet.UTF16LE {
		if _, err := io.WriteString(out, sheet.BOM); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if e == sheet.UTF16LE {
		delimiter = '\t'
	}
	var failed error
	err := sheet.WriteDelimited(out, delimiter, func(yield func([]string) bool) {
		for record, err := range records {
			if failed = err; err != nil || !yield(record) {
				return
			}
		}
	})
	return errors.Join(failed, err)
}

// The widths of a report's columns in a workbook, in characters.
var reportWidths = []float64{11, 22, 60}

const cellWidth = 18

// writeReportXLSX writes a workbook.
func (s *server) writeReportXLSX(w io.Writer, i *imports.Import, rows *report, lang tenant.Language) error {
	page := sheet.Worksheet{Name: "失敗した行", Header: true, Widths: reportWidths, Rows: fitting(s.records(i, rows, lang), s.kept(i), lang)}
	if lang == tenant.English {
		page.Name = "Failed rows"
	}
	for range s.reportColumns(i) {
		page.Widths = append(slices.Clip(page.Widths), cellWidth)
	}
	return sheet.WriteWorkbook(w, page)
}

// fitting are records whose cells fit into a workbook. One that does not is cut and says so, and ends in U+FFFD, with
// which it is not imported again: a file without a word of it would be worse, and one that Excel refuses useless.
func fitting(records iter.Seq2[[]string, error], schema *member.Schema, lang tenant.Language) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		var header []string
		for record, err := range records {
			if header == nil {
				header = slices.Clone(record)
			}
			for n := reportCells; n < len(record); n++ {
				var cut bool
				if record[n], cut = sheet.FitCell(record[n]); cut {
					label := header[n]
					if f, ok := schema.Field(label); ok {
						label = f.Label.In(lang)
					}
					record[2] = join(lang, record[2], sentence(codeCellCut, nil, []string{"field", label}, lang))
				}
			}
			for n := range min(reportCells, len(record)) {
				record[n], _ = sheet.FitCell(record[n])
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// reportCells is where the original cells begin.
const reportCells = 3

// records are the rows of the report as people read them, its header first, without anything that Excel could take for
// a formula. A record is valid until the next; one with an error is the last.
func (s *server) records(i *imports.Import, rows *report, lang tenant.Language) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		fields := s.reportColumns(i)
		speaker := speaker{schema: s.kept(i), lang: lang}
		record := append([]string{member.ReportRow, member.ReportFields, member.ReportReason}, fields...)
		for yield(record, nil) {
			row, err := rows.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if row == nil {
				return
			}
			columns, reason := speaker.reasons(row)
			record = append(record[:0], rowNumber(row.Row), strings.Join(columns, ","), sheet.Guard(reason))
			doubt := doubted(i.Mapping, row)
			for n := range fields {
				cell := ""
				if n < len(row.Cells) {
					cell = sheet.Guard(row.Cells[n])
				}
				if n == doubt {
					cell += member.ReportLost
				}
				record = append(record, cell)
			}
		}
	}
}

// rowNumber is a row's number in a report. A row of a retry may have none: then it must not be taken for that of another.
func rowNumber(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// misread are the problems of rows whose cells are not what the file says: a part of them is missing, or they stand in
// other columns than their own. Uploaded as they are, they would be taken for members.
var misread = []member.Code{member.TooFewCells, member.TooManyCells, member.BadQuote, member.UnclosedQuote, member.CellError}

// doubted returns the place, among the mapped columns, of the cell that is to be marked in a row that was misread: the one
// at fault, or the last. It is -1 for any other row.
func doubted(m member.Mapping, row *imports.FailedRow) int {
	at := slices.IndexFunc(row.Problems, func(p member.Problem) bool { return slices.Contains(misread, p.Code) })
	if at < 0 {
		return -1
	}
	n := 0
	for _, c := range m {
		switch c.Field {
		case "":
		case row.Problems[at].Field:
			return n
		default:
			n++
		}
	}
	return n - 1
}

// reportColumns are the headers of the cells in a report: the keys of the fields, so that it can be corrected and
// uploaded as it is; a header that says the opposite of its field for a column that does, whose cells would mean the
// opposite under the key.
func (s *server) reportColumns(i *imports.Import) []string {
	var columns []string
	for _, c := range i.Mapping {
		switch {
		case c.Field != "" && c.Inverted:
			columns = append(columns, opposite(s.kept(i), c))
		case c.Field != "":
			columns = append(columns, c.Field)
		}
	}
	return columns
}

// opposite is the column's own header if it maps back by itself, or a synonym of it that does.
func opposite(schema *member.Schema, c member.Column) string {
	f, _ := schema.Field(c.Field)
	for _, header := range append([]string{c.Header}, f.Inverted...) {
		if g, inverted, ok := schema.MatchColumn(sheet.Guard(header)); ok && inverted && g.Key == c.Field {
			return sheet.Guard(header)
		}
	}
	return sheet.Guard(c.Header)
}
