package uploader

import (
	"bufio"
	"container/heap"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
)

// reportBuffer is how much of each lane's failed rows is read at once, in bytes.
const reportBuffer = 64 << 10

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
