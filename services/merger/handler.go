package merger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/heartbeat"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/relay"
)

type handler struct {
	db    *postgres.DB
	queue *queue.Queue
	blobs *blob.Store
	relay *relay.Relay
	log   *zap.Logger
	plans *plans
	slabs sync.Pool // of *slab
	// turn is how long one import is finished, or undone, while others wait; 0 is until it is done.
	turn time.Duration
	// heart counts the rows that are merged; nil in tests.
	heart *heartbeat.Heart
}

// handle merges one chunk. nil is returned only after the commit, or where there is nothing to do: the chunk
// is done already, or its import does not run any more.
func (h *handler) handle(ctx context.Context, c queue.Chunk) error {
	start := time.Now()
	p, err := h.plans.get(ctx, c.Job, c.Run)
	if errors.Is(err, postgres.ErrStopped) {
		h.skipped(c)
		return nil
	}
	if err != nil {
		return err
	}
	memory, _ := h.slabs.Get().(*slab)
	if memory == nil {
		memory = &slab{}
	}
	defer h.slabs.Put(memory)
	result, err := h.db.MergeChunk(ctx, c.Tenant, postgres.ChunkWork{
		Import: p.job, Plan: p.plan, Lane: c.Lane, Seq: c.Seq, AllNew: p.allNew.Load(),
		Parse:  func() ([]member.Row, error) { return memory.parse(p.plan, p.job.Cut.ChunkRows, c.Chunk) },
		Report: func(ctx context.Context, failed []member.Row) (int64, error) { return h.report(ctx, c, failed) },
	})
	switch {
	case errors.Is(err, postgres.ErrStopped):
		h.skipped(c)
		return nil
	case errors.Is(err, imports.ErrBlock):
		return queue.Drop(poison(c, p.plan, err))
	case err != nil && postgres.Unavailable(err):
		return queue.Unavailable(err)
	case err != nil:
		return poison(c, p.plan, err) // a report that could not be stored says itself that it is to be tried again
	}
	h.log.Info("chunk merged", zap.Stringer("import", c.Import), zap.Int("lane", c.Lane), zap.Int64("seq", c.Seq), zap.Bool("repeated", result.Done),
		zap.Int("rows", c.Rows), zap.Int64("failed", result.Counts.Failed), zap.Duration("in", time.Since(start)))
	if !result.Done {
		h.heart.Rows(int64(c.Rows))
	}
	if result.Known {
		p.allNew.Store(false)
	}
	if result.Beyond.Code != "" {
		return h.stop(ctx, c.Job, result.Beyond)
	}
	if !result.Last && !result.Done {
		return nil
	}
	done, err := h.db.FinishImport(ctx, c.Tenant, c.Import)
	if err != nil {
		return queue.Unavailable(err)
	}
	if done {
		h.relay.Kick()
	}
	return nil
}

// poison names the rows of a chunk that cannot be merged, as far as they can be read.
func poison(c queue.Chunk, plan *member.Plan, err error) error {
	var first, last int64
	unreadable := imports.ReadBlock(string(c.Block), plan.Columns, c.Rows, func(r member.Row) {
		if first == 0 || r.Number < first {
			first = r.Number
		}
		last = max(last, r.Number)
	})
	why := member.Problem{Code: member.PoisonChunk}
	if unreadable == nil && first > 0 {
		why.Detail = fmt.Sprintf("%d–%d", first, last)
	}
	return &imports.Failure{Problem: why, Err: err}
}

func (h *handler) skipped(c queue.Chunk) {
	h.log.Info("chunk of an import that does not run", zap.Stringer("import", c.Import), zap.Int("lane", c.Lane), zap.Int64("seq", c.Seq))
}

// stop fails an import that has gone beyond a limit.
func (h *handler) stop(ctx context.Context, j queue.Job, why member.Problem) error {
	h.log.Warn("import is beyond a limit: it fails", zap.Stringer("import", j.Import), zap.String("code", string(why.Code)), zap.String("limit", why.Detail))
	done, err := h.db.FailImport(ctx, j.Tenant, j.Import, why)
	if err != nil {
		return queue.Unavailable(err)
	}
	if done {
		h.relay.Kick()
	}
	return nil
}

// dropped fails the import of a chunk that cannot be merged, so that it blocks neither its lane nor others.
func (h *handler) dropped(ctx context.Context, j queue.Job, why error) error {
	h.log.Error("chunk cannot be merged: import fails", zap.Stringer("import", j.Import), zap.Error(why))
	done, err := h.db.FailImportOf(ctx, j.Tenant, j.Import, imports.FailureOf(why, member.PoisonChunk))
	if err != nil {
		return err
	}
	if done {
		h.relay.Kick()
	}
	return nil
}

// slab is the memory of one chunk's values, which is used again for the next.
type slab struct {
	values  []member.Value
	actions []member.Action
}

// parse reads a chunk's rows and judges their cells. The rows are valid until the next parse.
func (s *slab) parse(plan *member.Plan, maxRows int, c imports.Chunk) ([]member.Row, error) {
	if c.Rows > len(c.Block) || c.Rows > maxRows {
		return nil, fmt.Errorf("%w: %d rows in %d bytes, where a chunk has %d at most", imports.ErrBlock, c.Rows, len(c.Block), maxRows)
	}
	fields := len(plan.Fields)
	n := c.Rows * fields
	s.values, s.actions = slices.Grow(s.values[:0], n)[:n], slices.Grow(s.actions[:0], n)[:n]
	clear(s.values)
	clear(s.actions)
	rows := make([]member.Row, 0, c.Rows)
	err := imports.ReadBlock(string(c.Block), plan.Columns, c.Rows, func(r member.Row) {
		n := len(rows) * fields
		r.Values, r.Actions = s.values[n:n+fields:n+fields], s.actions[n:n+fields:n+fields]
		plan.Parse(&r)
		rows = append(rows, r)
	})
	return rows, err
}

// reportLimit bounds the storing of a report: the chunk's transaction is open meanwhile.
const reportLimit = 30 * time.Second

// report stores a chunk's failed rows, as JSON lines under a name that repeats when the chunk does, and returns how large
// they are.
func (h *handler) report(ctx context.Context, c queue.Chunk, failed []member.Row) (size int64, err error) {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	enc.SetEscapeHTML(false)
	for i := range failed {
		r := &failed[i]
		if err := enc.Encode(imports.FailedRow{Row: r.Number, Problems: r.Problems, Cells: r.Cells}); err != nil {
			return 0, fmt.Errorf("encode row %d: %w", r.Number, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, reportLimit)
	defer cancel()
	if err := h.blobs.PutFailures(ctx, c.Tenant, c.Import.String(), c.Lane, c.Seq, lines.Bytes()); err != nil {
		return 0, queue.Unavailable(err)
	}
	return int64(lines.Len()), nil
}
