package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
)

// calm bounds how long after the last fault everything may still take. It is generous: the machine may be busy.
const calm = 5 * time.Minute

// audit looks at an installation after the storm, past the links.
type audit struct {
	*town
	*press
	errands []*errand
	all     map[imports.ID]*imports.Import
	before  []before
}

// check waits until all errands are done, and looks at everything that they have left behind.
func (c *town) check(ctx context.Context, errands []*errand, r *rand.Rand) {
	a := &audit{town: c, press: &press{}, errands: errands, all: map[imports.ID]*imports.Import{}}
	if err := a.open(ctx); err != nil {
		c.blame("look at what has come of it: %v", err)
		return
	}
	defer a.db.Close()
	defer a.sql.Close()
	if !a.until(ctx, "every import is in a final state", a.unfinished) {
		return
	}
	if err := a.read(ctx); err != nil {
		c.blame("read imports: %v", err)
		return
	}
	a.members(ctx)
	a.until(ctx, "every mail is sent", a.unsent)
	if len(c.wrong) == 0 {
		a.takeBack(ctx, r, *chaosClock)
	}
	a.until(ctx, "the queue is empty", a.queued)
	c.restart("MEIBO_UPLOAD_EXPIRY=1s")
	a.until(ctx, "what only running imports need is gone", a.scratch)
	a.until(ctx, "the object storage has only what imports name", a.orphans)
	a.mails()
}

func (a *audit) open(ctx context.Context) (err error) {
	database := a.parts["postgres"].now.(interface{ URL(string) string }).URL("meibo")
	if a.db, err = postgres.Open(ctx, postgres.Config{URL: database, MaxConns: 4}); err != nil {
		return err
	}
	if a.sql, err = pgxpool.New(ctx, database); err != nil {
		return err
	}
	access, err := a.access()
	if err != nil {
		return err
	}
	a.blobs, err = blob.Open(ctx, blob.Config{Endpoint: a.storage, Region: "us-east-1", Bucket: "meibo", AccessKey: access.key, SecretKey: access.secret})
	return err
}

// until waits until nothing is left, as long as there is any hope, and reports whether that came true.
func (a *audit) until(ctx context.Context, what string, left func(context.Context) (string, error)) bool {
	ctx, cancel := context.WithTimeout(ctx, calm)
	defer cancel()
	start := time.Now()
	for {
		text, err := left(ctx)
		if text == "" && err == nil {
			a.note("%s, after %v", what, time.Since(start).Round(time.Millisecond))
			return true
		}
		if ctx.Err() != nil {
			a.blame("in %v it has not come true that %s: %s (%v)", calm, what, text, err)
			return false
		}
		rest(ctx, 100*time.Millisecond)
	}
}

// text is one line of what a query finds.
func (a *audit) text(ctx context.Context, query string, args ...any) (string, error) {
	rows, err := a.sql.Query(ctx, query, args...)
	if err != nil {
		return "", err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(lines, "; "), err
}

// unfinished are the imports that have been started and have not ended.
func (a *audit) unfinished(ctx context.Context) (string, error) {
	return a.text(ctx, `select concat_ws(' ', i.id, i.file_name, i.state, i.started_at, i.split_at, i.finishing_at, p.rows_read, p.seen_at,
			(select jsonb_agg(jsonb_build_array(lane, next_seq, chunks) order by lane) from import_lane l where l.tenant_id = i.tenant_id and l.import_id = i.id))
		from import i left join import_progress p on p.tenant_id = i.tenant_id and p.import_id = i.id
		where i.finished_at is null and i.state not in ('created', 'uploaded')`)
}

func (a *audit) read(ctx context.Context) error {
	for _, e := range a.errands {
		id, err := imports.ParseID(e.id)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		if a.all[id], err = a.db.ImportForWork(ctx, e.who.id, id); err != nil {
			return err
		}
		i := a.all[id]
		if !i.Totals.Balanced() {
			a.blame("%s: the totals do not add up: %+v", e.name, i.Totals)
		}
		want := imports.StateCompleted
		if e.asked {
			want = imports.StateCancelled
		}
		if i.State != want && (want == imports.StateCancelled || i.State != imports.StateCancelled || e.cancelled == 0) {
			a.blame("%s is %s, not %s: %+v", e.name, i.State, want, i.Failure)
		}
	}
	return nil
}

// unsent are the imports that somebody is still to be told of.
func (a *audit) unsent(ctx context.Context) (string, error) {
	return a.text(ctx, `select concat_ws(' ', i.id, i.state, m.recipient, m.failure) from import i left join mail m on m.tenant_id = i.tenant_id and m.import_id = i.id
		where i.state in ('completed', 'failed') and m.sent_at is null`)
}

// queued is what the streams hold.
func (a *audit) queued(ctx context.Context) (text string, err error) {
	err = a.withQueue(func(js jetstream.JetStream) error {
		streams := js.ListStreams(ctx)
		for s := range streams.Info() {
			if s.State.Msgs > 0 {
				text += fmt.Sprintf("%s has %d messages; ", s.Config.Name, s.State.Msgs)
			}
			stream, err := js.Stream(ctx, s.Config.Name)
			if err != nil {
				return err
			}
			consumers := stream.ListConsumers(ctx)
			for c := range consumers.Info() {
				if c.NumPending > 0 || c.NumAckPending > 0 {
					text += fmt.Sprintf("%s has %d waiting and %d in work; ", c.Name, c.NumPending, c.NumAckPending)
				}
			}
			if err := consumers.Err(); err != nil {
				return err
			}
		}
		return streams.Err()
	})
	return text, err
}

// scratch is what the tables have that only running imports need.
func (a *audit) scratch(ctx context.Context) (string, error) {
	var queries []string
	for _, table := range []string{"outbox", "import_opt_out", "import_seen", "member_shadow", "import_finish"} {
		queries = append(queries, fmt.Sprintf("select '%s: ' || count(*) from %s having count(*) > 0", table, table))
	}
	return a.text(ctx, strings.Join(queries, " union all "))
}

// orphans are the objects that no import names, the failed rows that are in no report, and the uploads that nobody will
// complete.
func (a *audit) orphans(ctx context.Context) (string, error) {
	known := map[string]string{}
	rows, err := a.sql.Query(ctx, `select tenant_id || '/imports/' || id, coalesce(source->>'upload', '') from import`)
	if err != nil {
		return "", err
	}
	var key, upload string
	if _, err := pgx.ForEachRow(rows, []any{&key, &upload}, func() error { known[key] = upload; return nil }); err != nil {
		return "", err
	}
	bucket := filepath.Join(a.dir, "s3", "buckets", "meibo")
	var left []string
	err = filepath.WalkDir(filepath.Join(bucket, "tenants"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(filepath.Join(bucket, "tenants"), path)
		part := strings.SplitN(name, "/", 4)
		if len(part) < 4 {
			left = append(left, name)
			return nil
		}
		upload, ok := known[strings.Join(part[:3], "/")]
		if source, is := strings.CutPrefix(part[3], "source-"); !ok || is && source != upload {
			left = append(left, name)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	for id, i := range a.all {
		merged, err := a.db.MergedChunks(ctx, i.Tenant, id)
		if err != nil {
			return "", err
		}
		for f, err := range a.blobs.ListFailures(ctx, i.Tenant, id.String()) {
			if err != nil {
				return "", err
			}
			if f.Lane >= len(merged) || f.Seq >= merged[f.Lane] {
				left = append(left, fmt.Sprintf("failed rows of chunk %d of lane %d of import %s, which is not merged", f.Seq, f.Lane, id))
			}
		}
	}
	uploads, _ := filepath.Glob(filepath.Join(bucket, ".sgwtmp", "multipart", "*", "*"))
	for _, u := range uploads {
		left = append(left, "unfinished "+filepath.Base(u))
	}
	return strings.Join(left, "; "), nil
}

// mails compares the mails with the imports: one for each that is completed or failed, or the same again.
func (a *audit) mails() {
	ids := map[imports.ID][]string{}
	names, _ := filepath.Glob(filepath.Join(a.mailDir, "*.eml"))
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			a.blame("%v", err)
			continue
		}
		m, err := mail.ReadMessage(f)
		f.Close()
		if err != nil {
			a.blame("%s: %v", name, err)
			continue
		}
		text := strings.Trim(m.Header.Get("Message-ID"), "<>")
		part := strings.Split(text, ".")
		id, err := imports.ParseID(part[min(1, len(part)-1)])
		if err != nil || a.all[id] == nil {
			a.blame("a mail %q is about no import", text)
			continue
		}
		ids[id] = append(ids[id], text)
	}
	for id, i := range a.all {
		all := slices.Compact(slices.Sorted(slices.Values(ids[id])))
		want := 0
		if i.State == imports.StateCompleted || i.State == imports.StateFailed {
			want = 1
		}
		if len(all) != want {
			a.blame("import %s (%s) has the mails %v, want %d", id, i.State, all, want)
		}
	}
}
