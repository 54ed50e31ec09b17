package uploader

import (
	"bufio"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

// reportBuffer is how much of each lane's failed rows is read at once, in bytes.
const reportBuffer = 64 << 10

// downloadFailures is GET /v1/imports/{id}/failures.csv: every failed row, in the order of the file.
func (s *server) downloadFailures(w http.ResponseWriter, r *http.Request) {
	i, err := s.findImport(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	rows, err := s.openReport(r.Context(), i)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer rows.close()
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="failures.csv"; filename*=UTF-8''`+url.PathEscape(reportName(i.FileName)))
	if err := s.writeReport(w, i, rows, sessionOf(r.Context()).lang()); err != nil {
		if r.Context().Err() == nil {
			sessionOf(r.Context()).err = err
		}
		// Half a report must not look like a whole one.
		panic(http.ErrAbortHandler)
	}
}

// reportName names the report of a file: members.csv has members_failures.csv.
func reportName(file string) string {
	return strings.TrimSuffix(file, path.Ext(file)) + "_failures.csv"
}

// writeReport writes the rows for Excel: in UTF-8 with a byte order mark, and without anything that it could
// take for a formula.
func (s *server) writeReport(w io.Writer, i *imports.Import, rows *report, lang tenant.Language) error {
	if _, err := io.WriteString(w, sheet.BOM); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	var failed error
	fields := reportColumns(i)
	err := sheet.WriteCSV(w, func(yield func([]string) bool) {
		record := append([]string{"rowNumber", "errorColumns", "errorReason"}, fields...)
		for yield(record) {
			row, err := rows.next()
			if err != nil || row == nil {
				failed = err
				return
			}
			columns, reason := s.reasons(row, lang)
			record = append(record[:0], strconv.FormatInt(row.Row, 10), strings.Join(columns, ","), sheet.Guard(reason))
			for n := range fields {
				cell := ""
				if n < len(row.Cells) {
					cell = sheet.Guard(row.Cells[n])
				}
				record = append(record, cell)
			}
		}
	})
	return errors.Join(failed, err)
}

// reportColumns are the headers of the cells in a report: the keys of the fields, so that it can be corrected and
// uploaded as it is; the file's own header for a column that says the opposite of its field, whose cells would mean the
// opposite under the key.
func reportColumns(i *imports.Import) []string {
	var columns []string
	for _, c := range i.Mapping {
		switch {
		case c.Field != "" && c.Inverted:
			columns = append(columns, sheet.Guard(c.Header))
		case c.Field != "":
			columns = append(columns, c.Field)
		}
	}
	return columns
}

// report merges the failed rows of an import's lanes, each of which is in the order of the file. It holds one
// row per lane in memory.
type report struct {
	lanes laneHeap
}

// openReport opens what the import's merged chunks have stored.
func (s *server) openReport(ctx context.Context, i *imports.Import) (*report, error) {
	merged, err := s.db.MergedChunks(ctx, i.Tenant, i.ID)
	if err != nil {
		return nil, err
	}
	lanes := make([]*lane, len(merged))
	for f, err := range s.blobs.ListFailures(ctx, i.Tenant, i.ID.String()) {
		if err != nil {
			return nil, err
		}
		if f.Lane >= len(merged) || f.Seq >= merged[f.Lane] {
			continue // of a chunk that was never committed
		}
		if lanes[f.Lane] == nil {
			lanes[f.Lane] = &lane{open: func(f blob.Failures) (io.ReadCloser, error) {
				return s.blobs.OpenFailures(ctx, i.Tenant, i.ID.String(), f.Lane, f.Seq)
			}}
		}
		lanes[f.Lane].objects = append(lanes[f.Lane].objects, f)
	}
	r := &report{}
	for _, l := range lanes {
		if l == nil {
			continue
		}
		more, err := l.advance()
		if err != nil {
			r.close()
			return nil, err
		}
		if more {
			r.lanes = append(r.lanes, l)
		}
	}
	heap.Init(&r.lanes)
	return r, nil
}

// next returns the next row, which is the caller's, or nil at the end.
func (r *report) next() (*imports.FailedRow, error) {
	if len(r.lanes) == 0 {
		return nil, nil
	}
	first := r.lanes[0]
	row := first.row
	more, err := first.advance()
	if err != nil {
		return nil, err
	}
	if more {
		heap.Fix(&r.lanes, 0)
	} else {
		heap.Pop(&r.lanes)
	}
	return row, nil
}

func (r *report) close() {
	for _, l := range r.lanes {
		l.close()
	}
}

// lane reads the failed rows of one lane, object by object.
type lane struct {
	objects []blob.Failures
	open    func(blob.Failures) (io.ReadCloser, error)
	body    io.ReadCloser
	rows    *json.Decoder
	row     *imports.FailedRow
}

// advance reads the next row. It reports whether there is one.
func (l *lane) advance() (bool, error) {
	for {
		if l.body == nil {
			if len(l.objects) == 0 {
				return false, nil
			}
			body, err := l.open(l.objects[0])
			if err != nil {
				return false, err
			}
			l.body, l.objects = body, l.objects[1:]
			l.rows = json.NewDecoder(bufio.NewReaderSize(body, reportBuffer))
		}
		l.row = &imports.FailedRow{}
		err := l.rows.Decode(l.row)
		if err == nil {
			return true, nil
		}
		l.close()
		if err != io.EOF {
			return false, fmt.Errorf("read failed rows: %w", err)
		}
	}
}

func (l *lane) close() {
	if l.body != nil {
		_ = l.body.Close() // nothing was written to it
		l.body = nil
	}
}

// laneHeap has the lane with the first row on top.
type laneHeap []*lane

func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return h[i].row.Row < h[j].row.Row }
func (h laneHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for container/heap; a report only ever loses lanes.
func (h *laneHeap) Push(l any) { *h = append(*h, l.(*lane)) }

// Pop removes the last lane.
func (h *laneHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
