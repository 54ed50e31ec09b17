package splitter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/heartbeat"
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
	// heart counts the rows that are read; nil in tests.
	heart *heartbeat.Heart
}

// roomAgain is when an import is looked at again for which there was no room.
const roomAgain = 2 * time.Second

// handle cuts one import.
func (h *handler) handle(ctx context.Context, j queue.Job) error {
	start := time.Now()
	rows, err := h.split(ctx, j)
	if errors.Is(err, errStopped) {
		return nil // the mergers refuse what is left of it in the queue
	}
	if err != nil {
		return fate(err)
	}
	h.log.Info("source read", zap.Stringer("import", j.Import), zap.Int64("rows", rows), zap.Duration("in", time.Since(start)))
	if _, err := h.finish(ctx, j); err != nil {
		return queue.Unavailable(err)
	}
	return nil
}

// finish completes the import, or begins its last stage, if all of it is merged already, and reports whether it was; else
// whoever merges the last chunk does.
func (h *handler) finish(ctx context.Context, j queue.Job) (done bool, err error) {
	done, err = h.db.FinishImport(ctx, j.Tenant, j.Import)
	if done {
		h.relay.Kick()
	}
	return done, err
}

// fate says what an error of split means for the job. What the import needs (database, queue, storage) comes back; a
// source that cannot be read does not get better.
func fate(err error) error {
	var failure *imports.Failure
	var unsupported *sheet.Unsupported
	because := func(code member.Code, detail string) error {
		return queue.Drop(&imports.Failure{Problem: member.Problem{Code: code, Detail: detail}, Err: err})
	}
	switch {
	case errors.Is(err, errNoRoom):
		return queue.Later(roomAgain)
	case errors.As(err, &failure):
		return queue.Drop(err)
	case errors.As(err, &unsupported):
		return because(unsupported.Code, unsupported.Detail)
	case errors.Is(err, blob.ErrNotFound):
		return because(member.SourceMissing, "")
	case errors.Is(err, blob.ErrChanged):
		return because(member.SourceChanged, "")
	case errors.Is(err, postgres.ErrNotFound):
		return queue.Drop(err)
	}
	return queue.Unavailable(err)
}

// dropped fails an import whose source cannot be read.
func (h *handler) dropped(ctx context.Context, j queue.Job, why error) error {
	h.log.Error("import fails", zap.Stringer("import", j.Import), zap.Error(why))
	done, err := h.db.FailImportOf(ctx, j.Tenant, j.Import, imports.FailureOf(why, member.PoisonChunk))
	if err != nil {
		return err
	}
	if done {
		h.relay.Kick()
	}
	return nil
}

// errNoRoom: the splitter has no memory left for the import.
var errNoRoom = errors.New("no room for another import")

// split streams the import's source into chunks and returns the number of data rows.
func (h *handler) split(ctx context.Context, j queue.Job) (int64, error) {
	i, err := h.db.ImportForWork(ctx, j.Tenant, j.Import)
	if err != nil {
		return 0, err
	}
	if i.State != imports.StateRunning {
		return 0, errStopped
	}
	if i.FinishingAt != nil {
		return i.Totals.Total, nil
	}
	if i.SplitAt != nil { // a splitter before us came to the end
		if done, err := h.finish(ctx, j); done || err != nil {
			return i.Totals.Total, err
		}
	}
	plan, err := i.Plan()
	if err != nil {
		return 0, &imports.Failure{Problem: member.Problem{Code: member.HeaderChanged}, Err: err}
	}
	release, ok := h.budget.take(i.Tenant, memory(i), large(i))
	if !ok {
		// It is not forgotten: whoever looks for silent imports need not take it up again.
		if _, _, err := h.db.Progress(ctx, i.Tenant, i.ID, 0); err != nil {
			return 0, err
		}
		return 0, errNoRoom
	}
	defer release()
	merged, err := h.db.OpenLedger(ctx, i.Tenant, i.ID, i.Cut.Lanes)
	if err != nil {
		return 0, err
	}
	p := newPump(h, i, merged)
	ctx, stop, err := p.watch(ctx)
	if err != nil {
		return 0, err
	}
	defer stop()
	chunks, err := p.cut(ctx, i, plan)
	if cause := context.Cause(ctx); errors.Is(cause, errStopped) {
		return 0, cause
	}
	if err != nil {
		p.leave(ctx)
		return 0, err
	}
	if err := h.db.EndOfSource(ctx, i.Tenant, i.ID, p.read.Load(), chunks); err != nil {
		return 0, err
	}
	return p.read.Load(), h.db.NotePlace(ctx, i.Tenant, i.ID, p.row.Load(), 1)
}

// mostRowBits is what is taken for a set of rows, in bytes: of a file that may have more, or a gzip, nobody knows how many.
const mostRowBits = 16 << 20

// memory is about what cutting an import takes: a chunk that is filled and one that waits for each lane, or the small
// file as a whole; what its reader takes of a workbook, and what finding repeated keys takes.
func memory(i *imports.Import) int64 {
	bytes := 2 * int64(i.Cut.Lanes) * int64(i.Cut.ChunkBytes)
	if !i.Source.Gzip { // which says nothing of how much text there is
		bytes = min(bytes, 4*max(i.Source.Size, 64<<10))
	}
	if i.Source.Format == string(sheet.XLSX) {
		bytes += sheet.WorkbookMemory(i.Source.Size)
	}
	if i.Options.Duplicates == member.DuplicatesReject {
		bytes += min(keysInMemory, i.Source.MaxRows)*imports.SightingSize + min(i.Source.MaxRows/8, mostRowBits)
	}
	return bytes
}

// smallSource is the largest file whose cutting never takes long, in bytes.
const smallSource = 1 << 20

// large reports whether cutting the import may take long: as long as merging it does.
func large(i *imports.Import) bool {
	return i.Cut.Lanes > 1 || i.Source.Size > smallSource || i.Source.Gzip && i.Source.Size > smallSource/5
}

// cut reads the source to its end and returns the number of chunks per lane once all are in the queue.
func (p *pump) cut(ctx context.Context, i *imports.Import, plan *member.Plan) ([]int64, error) {
	cutter := imports.NewCutter(i.Cut, plan.Columns, func(chunk imports.Chunk) error { return p.offer(ctx, chunk) })
	p.release = cutter.Release
	c := newCutting(i, plan, cutter)
	if err := p.lookAhead(ctx, i, c); err != nil {
		return nil, err
	}
	chunks, err := p.cutRows(ctx, i, c)
	if err == nil && p.read.Load() == 0 {
		code := member.NoRows
		if i.Source.Size == 0 {
			code = member.EmptyFile
		}
		err = &imports.Failure{Problem: member.Problem{Code: code}}
	}
	return chunks, err
}

// lookAhead reads the source for what has to be known of all of its rows before the first is cut.
func (p *pump) lookAhead(ctx context.Context, i *imports.Import, c *cutting) (err error) {
	if c.retry, err = p.retryOf(ctx, i); err != nil {
		return err
	}
	c.repeated, err = p.repeatedKeys(ctx, i, c)
	c.ordinal = 0
	return err
}

// cutRows hands every row to its lane and returns the number of chunks per lane once all are in the queue.
func (p *pump) cutRows(ctx context.Context, i *imports.Import, c *cutting) ([]int64, error) {
	err := p.eachRow(ctx, i, func(row *sheet.Row, share func() float64) error {
		if n := p.read.Add(1); n%placeEvery == 0 {
			p.part.Store(math.Float64bits(share()))
		}
		p.row.Store(row.Number)
		p.heart.Rows(1)
		return c.add(row)
	})
	if err != nil {
		return nil, err
	}
	if err := c.cutter.Flush(); err != nil {
		return nil, err
	}
	return c.cutter.Chunks(), p.drain(ctx, 0)
}

// placeEvery is after how many rows the place in the file is noted.
const placeEvery = 256

// eachRow calls f for every data row of the source, until its first error or the end of ctx. share tells which part of the
// file is read.
func (p *pump) eachRow(ctx context.Context, i *imports.Import, f func(row *sheet.Row, share func() float64) error) error {
	src, err := source.Open(ctx, p.blobs, i)
	if err != nil {
		return err
	}
	defer src.Close()
	for row, err := range src.Rows() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("read source: %w", err)
		}
		if err := f(row, src.Share); err != nil {
			return err
		}
	}
	return nil
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
	// maxRows is the number of ids that are reserved for the import.
	maxRows int64
	// report tells that the source is a report of failed rows.
	report bool
	// repeated are the ordinals of the rows that fail because their key occurs more than once; nil for none.
	repeated *imports.RowSet
	// retry is what is known of the rows that are retried; nil for an import of its own.
	retry *retry
}

func newCutting(i *imports.Import, plan *member.Plan, cutter *imports.Cutter) *cutting {
	c := &cutting{
		cut: i.Cut, plan: plan, cutter: cutter, width: len(i.Mapping), maxRows: i.Source.MaxRows, fields: make([]string, len(i.Mapping)),
		report: i.Mapping.IsReport(),
	}
	for n, column := range i.Mapping {
		c.fields[n] = column.Field
		if column.Field != "" {
			c.columns = append(c.columns, n)
		}
	}
	c.cells = make([][]byte, len(c.columns))
	return c
}

// add judges whether the row can be read at all, and what only the whole file tells of it: that is the splitter's part;
// every other rule is the merger's.
func (c *cutting) add(row *sheet.Row) error {
	number, problem := c.read(row)
	ordinal, lane := c.ordinal, int(row.Number%int64(c.cut.Lanes))
	if problem.Code == "" {
		if _, err := c.next(); err != nil {
			return err
		}
		lane = c.cut.Lane(c.plan.RouteKey(string(c.cells[c.plan.Key])))
		if c.repeated.Has(ordinal) {
			problem = member.Problem{Code: member.DuplicateKey, Field: c.plan.KeyField().Key}
		}
	}
	return c.cutter.Add(lane, number, ordinal, problem, c.cells)
}

// next returns the ordinal of a readable row.
func (c *cutting) next() (ordinal int64, err error) {
	if c.ordinal >= c.maxRows {
		return 0, &imports.Failure{Problem: member.Problem{Code: member.SourceChanged}, Err: fmt.Errorf("more than the %d rows that ids are reserved for", c.maxRows)}
	}
	c.ordinal++
	return c.ordinal - 1, nil
}

// read puts the row's mapped columns into c.cells, and returns its number and what keeps it from being read.
func (c *cutting) read(row *sheet.Row) (number int64, problem member.Problem) {
	number, problem = row.Number, c.problem(row)
	if c.retry != nil {
		var wrong member.Problem
		if number, wrong = c.retry.number(row); problem.Code == "" {
			problem = wrong
		}
	}
	for n, column := range c.columns {
		c.cells[n] = nil
		if column >= len(row.Cells) {
			continue
		}
		c.cells[n] = row.Cells[column]
		if c.report {
			c.cells[n] = sheet.UnguardBytes(c.cells[n])
			if problem.Code == "" {
				problem = lost(c.cells[n], c.fields[column])
			}
		}
	}
	return number, problem
}

// lost returns the problem of a cell of a report that nobody has corrected where it stands for text that could not be
// read, or did not fit into a workbook.
func lost(cell []byte, field string) (p member.Problem) {
	at := bytes.Index(cell, []byte(member.ReportLost))
	if at < 0 && bytes.HasSuffix(cell, []byte(member.ReportLostNarrow)) {
		at = len(cell) - len(member.ReportLostNarrow)
	}
	if at >= 0 {
		r, _ := utf8.DecodeRune(cell[at:])
		p = member.Problem{Code: member.Undecodable, Field: field, Detail: fmt.Sprintf("%U @ %d", r, utf8.RuneCount(cell[:at])+1)}
	}
	return p
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
