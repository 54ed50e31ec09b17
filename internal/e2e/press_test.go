package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/e2e/oracle"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
	"github.com/meibo/meibo/internal/relay"
	"github.com/meibo/meibo/internal/tenant"
	"github.com/meibo/meibo/services/merger"
	"github.com/meibo/meibo/services/splitter"
)

// press is a splitter and a merger on real parts, without the API in front of them: it imports many small files at once,
// each into the list of a tenant of its own, cut as the test likes.
type press struct {
	db    *postgres.DB
	sql   *pgxpool.Pool
	blobs *blob.Store
	relay *relay.Relay
	echo  *echo
	names atomic.Int64
}

func newPress(t *testing.T, workers int) *press {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	database, jobs, store := postgres.Config{URL: postgrestest.URL(t), MaxConns: 16}, queue.Config{URL: queuetest.Server(t), Replicas: 1}, blobtest.Config(t)
	log := logger(t)
	p := &press{db: postgrestest.Open(t, database.URL), blobs: blobtest.Open(t, store), echo: newEcho(t, jobs.URL)}
	var err error
	p.sql, err = pgxpool.New(ctx, database.URL)
	must(t, err)
	t.Cleanup(p.sql.Close)
	q, err := queue.Open(jobs, log)
	must(t, err)
	t.Cleanup(q.Close)
	must(t, q.Prepare(ctx))
	p.relay = relay.New(p.db, q, log)
	t.Cleanup(func() { cancel(); running.Wait() })
	for _, run := range []func() error{
		func() error { return p.relay.Run(ctx) },
		func() error {
			return splitter.Run(ctx, splitter.Config{Database: database, Queue: jobs, Blob: store, Concurrency: 16, MemoryBudget: 64 << 20, Window: 64}, log)
		},
		func() error {
			return merger.Run(ctx, merger.Config{Database: database, Queue: jobs, Blob: store, Concurrency: workers}, log)
		},
	} {
		running.Go(func() {
			if err := run(); err != nil {
				t.Errorf("a service ended: %v", err)
			}
		})
	}
	return p
}

// house is a tenant with the list of a case.
type house struct {
	*press
	tenant tenant.ID
	list   int64
}

// settle makes a tenant whose list is that of the case.
func (p *press) settle(ctx context.Context, c *oracle.Case) (*house, error) {
	ten, err := p.db.CreateTenant(ctx, postgres.Tenant{Name: fmt.Sprint("t", p.names.Add(1))})
	if err != nil {
		return nil, err
	}
	h := &house{press: p, tenant: ten.ID}
	if err := p.sql.QueryRow(ctx, `select id from member_list where tenant_id = $1`, ten.ID).Scan(&h.list); err != nil {
		return nil, err
	}
	if _, err := p.sql.Exec(ctx, `update member_id_counter set next_id = $2 where tenant_id = $1`, ten.ID, oracle.FirstFree); err != nil {
		return nil, err
	}
	if _, err := p.sql.Exec(ctx, `update tenant set member_quota = $2 where id = $1`, ten.ID, c.List.Quota); err != nil {
		return nil, err
	}
	for _, o := range c.List.OptOuts {
		_, err := p.sql.Exec(ctx, `insert into opt_out (tenant_id, list_id, field, contact, created_at) values ($1, $2, $3, $4, $5)`, ten.ID, h.list, o.Field, o.Contact, time.Now())
		if err != nil {
			return nil, err
		}
	}
	if c.Custom {
		if problems, err := p.db.EnsureFields(ctx, ten.ID, oracle.Custom); err != nil || len(problems) > 0 {
			return nil, fmt.Errorf("define fields: %v: %w", problems, err)
		}
	}
	return h, h.insert(ctx, c.Import.Schema, c.List.Members)
}

// outcome is what came of an import.
type outcome struct {
	*imports.Import
	tagged, keyless int64
	members         []oracle.Member
	optOuts         []oracle.OptOut
	// index is what the index of custom fields has that are keys or unique.
	index []string
	// report is the failed rows as object storage has them, in the order of the file.
	report []reportLine
}

type reportLine struct {
	imports.FailedRow
	text string
}

// load imports the file of a case and waits for the end.
func (h *house) load(ctx context.Context, c *oracle.Case, how condition, dry bool) (*outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o := c.Import.Options
	o.DryRun = dry
	i, _, err := h.db.CreateImport(ctx, h.tenant, postgres.NewImport{List: postgres.MainList, FileName: "case.csv", Options: o, MaxRowBytes: 1 << 18})
	if err != nil {
		return nil, err
	}
	object, err := h.blobs.PutSource(ctx, h.tenant, i.ID.String(), bytes.NewReader(c.CSV()))
	if err != nil {
		return nil, err
	}
	source := imports.Source{Upload: object.Upload, Size: object.Size, SHA256: object.SHA256, ETag: object.ETag, Format: "csv", MaxRows: int64(len(c.Records)) + 1}
	if _, err := h.db.SetUploaded(ctx, h.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}}); err != nil {
		return nil, err
	}
	if how.again {
		h.echo.add(i.ID)
	}
	if err := h.db.StartImport(ctx, h.tenant, i.ID, postgres.Settled{Options: o, Mapping: c.Import.Mapping, Cut: how.cut, Source: source}); err != nil {
		return nil, err
	}
	h.relay.Kick()
	if err := h.ended(ctx, i.ID); err != nil {
		return nil, err
	}
	return h.outcome(ctx, c, i.ID)
}

// ended waits until the import is final.
func (h *house) ended(ctx context.Context, id imports.ID) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		var final bool
		if err := h.sql.QueryRow(ctx, `select finished_at is not null from import where tenant_id = $1 and id = $2`, h.tenant, id).Scan(&final); final || err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return h.stuck(id)
		}
	}
}

// stuck says how far an import has come that does not end.
func (h *house) stuck(id imports.ID) error {
	var text string
	err := h.sql.QueryRow(context.Background(), `select concat_ws(' ', i.state, i.started_at, i.split_at, i.cut, p.rows_read, p.seen_at, now(),
			(select jsonb_agg(to_jsonb(l) order by lane) from import_lane l where l.tenant_id = i.tenant_id and l.import_id = i.id and (next_seq > 0 or chunks > 0 or lane = 0)))
		from import i left join import_progress p on p.tenant_id = i.tenant_id and p.import_id = i.id where i.tenant_id = $1 and i.id = $2`, h.tenant, id).Scan(&text)
	return fmt.Errorf("import %s of tenant %d does not end: %s (%v)", id, h.tenant, text, err)
}

func (h *house) outcome(ctx context.Context, c *oracle.Case, id imports.ID) (o *outcome, err error) {
	o = &outcome{}
	if o.Import, err = h.db.ImportForWork(ctx, h.tenant, id); err != nil {
		return nil, err
	}
	err = h.sql.QueryRow(ctx, `select coalesce(sum(tagged), 0), coalesce(sum(keyless), 0) from import_lane where tenant_id = $1 and import_id = $2`, h.tenant, id).Scan(&o.tagged, &o.keyless)
	if err != nil {
		return nil, err
	}
	if o.index, err = h.index(ctx); err != nil {
		return nil, err
	}
	if o.members, o.optOuts, err = h.state(ctx, c.Import.Schema); err != nil {
		return nil, err
	}
	o.report, err = h.failures(ctx, id)
	return o, err
}

// failures reads the failed rows of an import. Those of a chunk whose merging did not come to its commit do not count.
func (h *house) failures(ctx context.Context, id imports.ID) (lines []reportLine, err error) {
	merged, err := h.db.MergedChunks(ctx, h.tenant, id)
	if err != nil {
		return nil, err
	}
	var stored []blob.Failures
	for f, err := range h.blobs.ListFailures(ctx, h.tenant, id.String()) {
		if err != nil {
			return nil, err
		}
		if f.Lane < len(merged) && f.Seq < merged[f.Lane] {
			stored = append(stored, f)
		}
	}
	for _, f := range stored {
		r, err := h.blobs.OpenFailures(ctx, h.tenant, id.String(), f.Lane, f.Seq)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(r)
		if err := cmp.Or(err, r.Close()); err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			l := reportLine{text: line}
			if err := json.Unmarshal([]byte(line), &l.FailedRow); err != nil {
				return nil, err
			}
			lines = append(lines, l)
		}
	}
	slices.SortFunc(lines, func(a, b reportLine) int { return cmp.Compare(a.Row, b.Row) })
	return lines, nil
}

// condition is how an import is worked on; nothing that comes of it may depend on that.
type condition struct {
	name string
	cut  imports.Cut
	// dry has a dry run before; again has the queue deliver chunks, and the job, more than once.
	dry, again bool
}

// problems are the codes of a failed row, sorted, with their fields.
func problems(all []member.Problem) string {
	var s []string
	for _, p := range all {
		s = append(s, strings.TrimSpace(string(p.Code)+" "+p.Field))
	}
	slices.Sort(s)
	return strings.Join(s, ", ")
}
