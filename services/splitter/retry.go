package splitter

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// retry is what is known of the rows of a retry before they are cut. A row stands for the one of the root whose number
// it has; it fails where that is no failed one, or one that is mended already, or where several rows of the file say
// that they stand for it: nobody knows which of them is the correction.
//
// What it says is the same whenever the job comes again: the root has ended, and of what is mended since, that by the
// retry itself is left out; other retries of the list have ended before, or have not begun.
type retry struct {
	// column is the place of the column rowNumber; -1 where the file has none, as one without any cell.
	column int
	// failed are the numbers of the root's failed rows, mended those of them that earlier retries have merged.
	failed, mended imports.RowSet
	// seen are the numbers that stand in the file, as far as they are failed ones, and repeated those that do so again.
	seen, repeated imports.RowSet
}

// retryOf reads what a retry has to know of its root and of its own rows; nil for an import that is no retry.
func (p *pump) retryOf(ctx context.Context, i *imports.Import) (*retry, error) {
	if i.Parent == (imports.ID{}) {
		return nil, nil
	}
	r := &retry{column: slices.IndexFunc(i.Mapping, func(c member.Column) bool { return c.Header == member.ReportRow })}
	if err := p.failedRows(ctx, i, &r.failed); err != nil {
		return nil, err
	}
	if err := p.db.MendedRows(ctx, i.Tenant, i.Parent, i.ID, r.mended.Add); err != nil {
		return nil, err
	}
	err := p.eachRow(ctx, i, func(row *sheet.Row, _ func() float64) error {
		r.see(row)
		return nil
	})
	return r, err
}

// failedRows adds the numbers of the rows of the root that failed.
func (p *pump) failedRows(ctx context.Context, i *imports.Import, failed *imports.RowSet) error {
	merged, err := p.db.MergedChunks(ctx, i.Tenant, i.Parent)
	if err != nil {
		return err
	}
	for f, err := range p.blobs.ListFailures(ctx, i.Tenant, i.Parent.String()) {
		if err != nil {
			return err
		}
		if f.Lane >= len(merged) || f.Seq >= merged[f.Lane] {
			continue // of a chunk that was never committed
		}
		body, err := p.blobs.OpenFailures(ctx, i.Tenant, i.Parent.String(), f.Lane, f.Seq)
		if err != nil {
			return err
		}
		err = errors.Join(readNumbers(body, failed), body.Close())
		if err != nil {
			return fmt.Errorf("read failed rows of import %s: %w", i.Parent, err)
		}
	}
	return nil
}

// readNumbers adds the numbers of the rows of a chunk's report.
func readNumbers(report io.Reader, failed *imports.RowSet) error {
	lines := json.NewDecoder(bufio.NewReaderSize(report, 64<<10))
	for {
		var row struct {
			Row int64 `json:"row"`
		}
		if err := lines.Decode(&row); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if row.Row > 0 { // a row of a retry that has none has 0
			failed.Add(row.Row)
		}
	}
}

// cell returns the number that a row of the file says it stands for; 0 where it says none.
func (r *retry) cell(row *sheet.Row) int64 {
	if r.column < 0 || r.column >= len(row.Cells) {
		return 0
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(sheet.UnguardBytes(row.Cells[r.column]))), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// see notes the number of a row of the file.
func (r *retry) see(row *sheet.Row) {
	n := r.cell(row)
	if !r.failed.Has(n) {
		return
	}
	if r.seen.Has(n) {
		r.repeated.Add(n)
	}
	r.seen.Add(n)
}

// number returns the number of the row of the root that a row stands for, by which it is reported if it fails, and what
// is wrong with that number. Where there is none it is 0: the row's place in the file, which the problem's detail
// names, could be taken for the number of another row when the report is uploaded once more.
func (r *retry) number(row *sheet.Row) (int64, member.Problem) {
	n := r.cell(row)
	var code member.Code
	switch {
	case n == 0:
		code = member.RowNumberMissing
	case !r.failed.Has(n):
		code = member.RowNumberUnknown
	case r.mended.Has(n):
		code = member.RowMended
	case r.repeated.Has(n):
		code = member.RowNumberRepeated
	default:
		return n, member.Problem{}
	}
	return n, member.Problem{Code: code, Detail: strconv.FormatInt(row.Number, 10)}
}
