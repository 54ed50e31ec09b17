package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// sampleRows is how many failed rows the database keeps per lane, so that the first so many of the import are
// among them.
const sampleRows = 30

// maxConflicts bounds how often a chunk is merged again because somebody else changed its members meanwhile.
const maxConflicts = 10

// boldConflicts is how often a chunk's members are read without being locked: changes of single members are few, mostly.
const boldConflicts = 3

// ErrOutOfTurn is returned for a chunk that comes before the one before it is merged. The queue does not let this
// happen; if it does, something was lost that will not come back by itself.
var ErrOutOfTurn = errors.New("chunk comes before its turn")

// ErrStopped is returned for a chunk of an import that is not running: nothing was done, and nothing is to be.
var ErrStopped = errors.New("import is not running")

// errChanged: a member that the batch changes was changed by somebody else since it was read.
var errChanged = errors.New("member changed meanwhile")

// ChunkWork is one chunk to merge.
type ChunkWork struct {
	Import *imports.Import
	Plan   *member.Plan
	Lane   int
	Seq    int64
	// AllNew expects every key of the chunk to be new, and does without looking them up, but for those of rows that fail.
	// It must be a unique one. If the index knows better, the chunk is merged again with a look.
	AllNew bool
	// Parse returns the chunk's rows, new at each call: a chunk that met a concurrent change is merged again
	// from the start.
	Parse func() ([]member.Row, error)
	// Report stores the failed rows, in file order, before the transaction commits. It may be called again
	// for the same chunk and must then replace what it stored. It returns how many bytes that takes.
	Report func(ctx context.Context, failed []member.Row) (bytes int64, err error)
	// locks has the members that the rows match kept as they are from when they are read.
	locks bool
}

// ChunkResult is what became of a chunk.
type ChunkResult struct {
	// Done tells that the chunk had been merged before: nothing was done now.
	Done bool
	// Known tells that AllNew was wrong.
	Known bool
	// Last tells that the chunk was the last of its lane, as far as the splitter has said.
	Last   bool
	Counts member.Counts
	// Beyond is the limit of the import that is exceeded now, so that it is to fail; its Code is empty where none is.
	Beyond member.Problem
}

// MergeChunk applies a chunk exactly once, in one transaction: the ledger's row first, which a second holder
// of the same chunk waits for; then the members that the rows match are read, merged in memory by
// member.Batch, and written by COPY. New members are copied straight into the table; the unique index, not a
// lock, finds a key that was created meanwhile, and changed members are found by their version: then the
// chunk is merged again, at last with locks on its members, so that no number of other changes keeps it from being merged.
func (db *DB) MergeChunk(ctx context.Context, t tenant.ID, w ChunkWork) (r ChunkResult, err error) {
	known := false
	for n := range maxConflicts {
		w.locks = n >= boldConflicts
		r, err = db.mergeOnce(ctx, t, w)
		r.Known = known
		if !conflicted(err) {
			break
		}
		known, w.AllNew = known || w.AllNew, false
	}
	if err != nil {
		return ChunkResult{}, fmt.Errorf("merge chunk %d of lane %d: %w", w.Seq, w.Lane, err)
	}
	return r, nil
}

func conflicted(err error) bool {
	if errors.Is(err, errChanged) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case codeSerializationFailure, codeDeadlock:
		return true
	case codeUniqueViolation:
		return pg.TableName == "member" || pg.TableName == "member_key"
	}
	return false
}

func (db *DB) mergeOnce(ctx context.Context, t tenant.ID, w ChunkWork) (r ChunkResult, err error) {
	rows, err := w.Parse()
	if err != nil {
		return r, err
	}
	conn, err := db.mergeConn(ctx)
	if err != nil {
		return r, err
	}
	defer conn.Release()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		m := merging{ctx: ctx, tx: tx, tenant: t, work: &w, rows: rows, layout: newLayout(w.Plan, w.Import.Options.DryRun), batch: member.Batch{
			Plan: w.Plan, FirstID: w.Import.FirstID, MaxRows: w.Import.Source.MaxRows, Members: make(map[string]*member.Record, len(rows)),
		}}
		if r.Done, err = m.takeTurn(); err != nil || r.Done {
			return err
		}
		if err := m.load(); err != nil {
			return err
		}
		failed, err := m.merge()
		if err != nil {
			return err
		}
		if err := m.doubt(failed); err != nil {
			return err
		}
		if err := m.write(); err != nil {
			return err
		}
		if err := m.report(failed); err != nil {
			return err
		}
		if err := m.keepPreview(); err != nil {
			return fmt.Errorf("keep preview: %w", err)
		}
		if err := m.end(failed); err != nil {
			return err
		}
		r.Counts, r.Last = m.batch.Counts, m.last
		r.Beyond, err = m.beyond()
		return err
	})
	return r, err
}

// merging is the work on one chunk inside its transaction.
type merging struct {
	ctx    context.Context
	tx     pgx.Tx
	tenant tenant.ID
	work   *ChunkWork
	rows   []member.Row
	layout *layout
	batch  member.Batch
	// before are the rows of the lane's earlier chunks.
	before  member.Counts
	last    bool
	loaded  loader
	preview []PreviewRow
}

// takeTurn locks the ledger's row: the chunk is the next of its lane, or done, or its import does not run. It reports
// whether the chunk has been merged before.
func (m *merging) takeTurn() (done bool, err error) {
	w := m.work
	var next int64
	var chunks *int64
	c := &m.before
	var b pgx.Batch
	b.Queue(`select pg_advisory_xact_lock_shared($1)`, membersLock(m.tenant, w.Import.ListID))
	b.Queue(`select n.next_seq, n.chunks, n.created, n.updated, n.unchanged, n.deleted, n.skipped, n.failed from import_lane n
		where n.tenant_id = $1 and n.import_id = $2 and n.lane = $3
			and exists (select from (select $4::integer as run) absent, import i, lateral (select run from (select i.*) own) r
				where i.tenant_id = $1 and i.id = $2 and i.state = 'running' and r.run = $4)
		for update of n`, m.tenant, w.Import.ID, w.Lane, w.Import.Run).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&next, &chunks, &c.Created, &c.Updated, &c.Unchanged, &c.Deleted, &c.Skipped, &c.Failed)
		})
	switch err := m.tx.SendBatch(m.ctx, &b).Close(); {
	case errors.Is(err, pgx.ErrNoRows):
		return false, ErrStopped
	case err != nil:
		return false, err
	case next < w.Seq:
		return false, fmt.Errorf("%w: lane stands at %d", ErrOutOfTurn, next)
	}
	m.last = chunks != nil && w.Seq+1 == *chunks
	if a := w.Import.Allowance; a != nil && w.Import.Cut.Lanes == 1 {
		m.batch.Allowance = new(*a - c.Created)
	}
	return next > w.Seq, nil
}

// merge applies the rows in file order and returns those that failed.
func (m *merging) merge() (failed []member.Row, err error) {
	for i := range m.rows {
		m.batch.Watched = m.previews(member.Updated) || m.previews(member.Unchanged)
		if m.batch.Merge(&m.rows[i]) == member.Failed {
			failed = append(failed, m.rows[i])
		} else if err := m.look(&m.rows[i]); err != nil {
			return nil, fmt.Errorf("preview row %d: %w", m.rows[i].Number, err)
		}
	}
	return failed, nil
}

// report has the failed rows stored, and notes the room that they take.
func (m *merging) report(failed []member.Row) error {
	if len(failed) == 0 {
		return nil
	}
	bytes, err := m.work.Report(m.ctx, failed)
	if err != nil {
		return fmt.Errorf("report failed rows: %w", err)
	}
	return ifMigrated(m.ctx, m.tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(m.ctx, `update import_lane set report_bytes = report_bytes + $4 where tenant_id = $1 and import_id = $2 and lane = $3`,
			m.tenant, m.work.Import.ID, m.work.Lane, bytes)
		return err
	})
}

// end moves the ledger and stores a bounded number of the failed rows.
func (m *merging) end(failed []member.Row) error {
	w, c := m.work, m.batch.Counts
	var b pgx.Batch
	var runs int
	b.Queue(stillRuns, m.tenant, w.Import.ID, w.Import.Run).QueryRow(func(row pgx.Row) error { return stopped(row.Scan(&runs)) })
	for i := range failed[:min(int64(len(failed)), max(0, sampleRows-m.before.Failed))] {
		r := &failed[i]
		b.Queue(`insert into import_problem (tenant_id, import_id, lane, row_number, problems, cells) values ($1, $2, $3, $4, $5, $6)
			on conflict do nothing`, // in a retry several rows may have the same number, or none
			m.tenant, w.Import.ID, w.Lane, r.Number, storableProblems(r.Problems), boundCells(r.Cells))
	}
	if err := m.keepExamples(failed); err != nil {
		return err
	}
	for p, n := range countProblems(failed) {
		b.Queue(`insert into import_problem_count as c (tenant_id, import_id, lane, code, field, rows) values ($1, $2, $3, $4, $5, $6)
			on conflict (tenant_id, import_id, lane, code, field) do update set rows = c.rows + excluded.rows`,
			m.tenant, w.Import.ID, w.Lane, p.Code, p.Field, n)
	}
	for p, n := range countNotes(m.rows) {
		b.Queue(`insert into import_note_count as c (tenant_id, import_id, lane, code, field, rows) values ($1, $2, $3, $4, $5, $6)
			on conflict (tenant_id, import_id, lane, code, field) do update set rows = c.rows + excluded.rows`,
			m.tenant, w.Import.ID, w.Lane, p.Code, p.Field, n)
	}
	b.Queue(`update import_lane set next_seq = $4, created = created + $5, updated = updated + $6, unchanged = unchanged + $7,
			deleted = deleted + $8, skipped = skipped + $9, failed = failed + $10, protected = protected + $11, tagged = tagged + $12,
			keyless = keyless + $13
		where tenant_id = $1 and import_id = $2 and lane = $3`, m.tenant, w.Import.ID, w.Lane, w.Seq+1,
		c.Created, c.Updated, c.Unchanged, c.Deleted, c.Skipped, c.Failed, c.Protected, c.Tagged, m.batch.Keyless)
	m.queueMended(&b)
	return m.tx.SendBatch(m.ctx, &b).Close()
}

// beyond returns the limit of the import that its lanes together exceed by now. A share of the file's rows is taken of
// as many as it can have; the exact number is known only at the end.
func (m *merging) beyond() (p member.Problem, err error) {
	o := &m.work.Import.Options
	if !o.MaxFailed.Set && !o.MaxChanged.Set {
		return p, nil
	}
	var failed, changed int64
	err = m.tx.QueryRow(m.ctx, `select sum(failed)::bigint, sum(updated + deleted)::bigint from import_lane where tenant_id = $1 and import_id = $2`,
		m.tenant, m.work.Import.ID).Scan(&failed, &changed)
	switch {
	case err != nil:
		return p, err
	case o.MaxFailed.Exceeded(failed, m.work.Import.Source.MaxRows):
		p = member.Problem{Code: member.MaxFailed, Detail: o.MaxFailed.String()}
	case o.MaxChanged.Exceeded(changed, m.work.Import.MembersBefore):
		p = member.Problem{Code: member.MaxChanged, Detail: o.MaxChanged.String()}
	}
	return p, nil
}

// countNotes counts rows by the repairs that were made in them, and by the reason for which they were skipped.
func countNotes(rows []member.Row) map[member.Problem]int64 {
	var counts map[member.Problem]int64
	add := func(code member.Code, field string) {
		if counts == nil {
			counts = map[member.Problem]int64{}
		}
		counts[member.Problem{Code: code, Field: field}]++
	}
	for i := range rows {
		switch r := &rows[i]; r.Outcome {
		case member.Skipped:
			add(r.Skip, "")
		case member.Failed, member.Deleted:
		case member.Created, member.Updated, member.Unchanged:
			for _, n := range r.Notes {
				add(n.Code, n.Field)
			}
		}
	}
	return counts
}

// countProblems counts rows by code and field; a row with the same problem twice counts once.
func countProblems(failed []member.Row) map[member.Problem]int64 {
	counts := map[member.Problem]int64{}
	for i := range failed {
		seen := map[member.Problem]bool{}
		for _, p := range failed[i].Problems {
			p.Detail = ""
			if !seen[p] {
				seen[p] = true
				counts[p]++
			}
		}
	}
	return counts
}

// maxSampleCell bounds a cell of the sample, in bytes; the report in object storage has it whole.
const maxSampleCell = 200

func boundCells(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		if len(c) > maxSampleCell {
			c = c[:maxSampleCell] + "…"
		}
		out[i] = storable(c)
	}
	return out
}

func storableProblems(problems []member.Problem) []member.Problem {
	out := slices.Clone(problems)
	for i := range out {
		out[i].Detail = storable(out[i].Detail)
	}
	return out
}
