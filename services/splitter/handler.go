package splitter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/relay"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/source"
)

type handler struct {
	db     *postgres.DB
	queue  *queue.Queue
	blobs  *blob.Store
	relay  *relay.Relay
	log    *zap.Logger
	window int
	budget *budget
}

// handle cuts one import. What can fail here is what the import needs (database, queue, storage), which comes
// back, or the source itself, which does not get better.
func (h *handler) handle(ctx context.Context, j queue.Job) error {
	start := time.Now()
	rows, err := h.split(ctx, j)
	var failure *imports.Failure
	var unsupported *sheet.Unsupported
	switch {
	case errors.Is(err, errStopped):
		return h.queue.PurgeChunks(ctx, j.Import) // what was published between its end and now
	case errors.As(err, &failure):
		return queue.Drop(err)
	case errors.As(err, &unsupported):
		return queue.Drop(&imports.Failure{Problem: member.Problem{Code: unsupported.Code, Detail: unsupported.Detail}, Err: err})
	case errors.Is(err, blob.ErrNotFound):
		return queue.Drop(&imports.Failure{Problem: member.Problem{Code: member.SourceMissing}, Err: err})
	case errors.Is(err, blob.ErrChanged):
		return queue.Drop(&imports.Failure{Problem: member.Problem{Code: member.SourceChanged}, Err: err})
	case err != nil && postgres.Permanent(err):
		return err
	case err != nil:
		return queue.Unavailable(err)
	}
	h.log.Info("source read", zap.Stringer("import", j.Import), zap.Int64("rows", rows), zap.Duration("in", time.Since(start)))
	if done, err := h.db.FinishImport(ctx, j.Tenant, j.Import); err != nil {
		return queue.Unavailable(err)
	} else if done {
		h.relay.Kick()
	}
	return nil
}

// dropped fails an import whose source cannot be read.
func (h *handler) dropped(ctx context.Context, j queue.Job, why error) error {
	h.log.Error("import fails", zap.Stringer("import", j.Import), zap.Error(why))
	if j.Tenant == 0 {
		return nil
	}
	if _, err := h.db.FailImport(ctx, j.Tenant, j.Import, imports.FailureOf(why, member.PoisonChunk)); err != nil {
		return err
	}
	h.relay.Kick()
	return h.queue.PurgeChunks(ctx, j.Import)
}

// split streams the import's source into chunks and returns the number of data rows.
func (h *handler) split(ctx context.Context, j queue.Job) (int64, error) {
	i, err := h.db.ImportForWork(ctx, j.Tenant, j.Import)
	if err != nil {
		return 0, err
	}
	if i.State != imports.StateRunning {
		return 0, errStopped
	}
	plan, err := i.Plan()
	if err != nil {
		return 0, &imports.Failure{Problem: member.Problem{Code: member.HeaderChanged}, Err: err}
	}
	weight := 2 * min(int64(i.Cut.Lanes)*int64(i.Cut.ChunkBytes), max(i.Source.Size, 64<<10)*2)
	release, err := h.budget.acquire(ctx, weight, i.Cut.Lanes > 1)
	if err != nil {
		return 0, err
	}
	defer release()
	merged, err := h.db.OpenLedger(ctx, i.Tenant, i.ID, i.Cut.Lanes)
	if err != nil {
		return 0, err
	}
	p := newPump(h, i, merged)
	if err := p.checkIn(ctx); err != nil {
		return 0, err
	}
	src, err := source.Open(ctx, h.blobs, i)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	chunks, err := cutRows(ctx, src, i, plan, p)
	if err != nil {
		return 0, err
	}
	if p.read == 0 {
		return 0, &imports.Failure{Problem: member.Problem{Code: member.EmptyFile}}
	}
	return p.read, h.db.EndOfSource(ctx, i.Tenant, i.ID, p.read, chunks)
}

// cutRows hands every row to its lane and returns the number of chunks per lane once all are in the queue.
func cutRows(ctx context.Context, src *source.Source, i *imports.Import, plan *member.Plan, p *pump) ([]int64, error) {
	cutter := imports.NewCutter(i.Cut, plan.Columns, func(chunk imports.Chunk) error { return p.offer(ctx, chunk) })
	p.release = cutter.Release
	c := newCutting(i, plan, cutter)
	for row, err := range src.Rows() {
		if err != nil {
			return nil, fmt.Errorf("read source: %w", err)
		}
		p.read++
		if err := c.add(row); err != nil {
			return nil, err
		}
	}
	if err := c.cutter.Flush(); err != nil {
		return nil, err
	}
	return c.cutter.Chunks(), p.drain(ctx, 0)
}

// cutting turns rows of the file into rows of the mapped columns, and finds their lanes.
type cutting struct {
	cut     imports.Cut
	plan    *member.Plan
	cutter  *imports.Cutter
	width   int
	columns []int // the file's columns that are imported, in order
	fields  []string
	cells   [][]byte
	ordinal int64
}

func newCutting(i *imports.Import, plan *member.Plan, cutter *imports.Cutter) *cutting {
	c := &cutting{cut: i.Cut, plan: plan, cutter: cutter, width: len(i.Mapping), fields: make([]string, len(i.Mapping))}
	for n, column := range i.Mapping {
		c.fields[n] = column.Field
		if column.Field != "" {
			c.columns = append(c.columns, n)
		}
	}
	c.cells = make([][]byte, len(c.columns))
	return c
}

// add judges whether the row can be read at all: that is the splitter's part; every other rule is the
// merger's.
func (c *cutting) add(row *sheet.Row) error {
	problem := c.problem(row)
	for n, column := range c.columns {
		c.cells[n] = nil
		if column < len(row.Cells) {
			c.cells[n] = row.Cells[column]
		}
	}
	ordinal, lane := c.ordinal, 0
	if problem.Code == "" {
		c.ordinal++
		lane = c.cut.Lane(c.plan.RouteKey(string(c.cells[c.plan.Key])))
	} else {
		lane = int(row.Number % int64(c.cut.Lanes))
	}
	return c.cutter.Add(lane, row.Number, ordinal, problem, c.cells)
}

func (c *cutting) problem(row *sheet.Row) member.Problem {
	if row.Fault.Code != "" {
		p := member.Problem{Code: row.Fault.Code, Detail: row.Fault.Detail}
		if n := row.Fault.Column; n > 0 && n <= len(c.fields) {
			p.Field = c.fields[n-1]
		}
		return p
	}
	detail := fmt.Sprintf
	switch n := len(row.Cells); {
	case n < c.width:
		return member.Problem{Code: member.TooFewCells, Detail: detail("%d/%d", n, c.width)}
	case n > c.width:
		return member.Problem{Code: member.TooManyCells, Detail: detail("%d/%d", n, c.width)}
	}
	return member.Problem{}
}
