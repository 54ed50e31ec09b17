package doctor

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/embedded/embeddedtest"
	"github.com/meibo/meibo/internal/mail/mailtest"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// TestRealPartsAreSeenAsTheyAre looks at real parts: first as they are to be, then each out of order, then all down.
func TestRealPartsAreSeenAsTheyAre(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	database := postgres.Config{URL: postgrestest.URL(t), MaxConns: 2}
	jobs := queue.Config{URL: queuetest.Server(t), Replicas: 1}
	q, err := queue.Open(jobs, zap.NewNop())
	must(t, err)
	t.Cleanup(q.Close)
	must(t, q.Prepare(ctx))
	store := blobtest.Config(t)
	store.PublicEndpoint = store.Endpoint
	blobtest.Open(t, store)
	server := mailtest.New(t)
	sending := server.Config()
	cfg := Config{Database: &database, Queue: &jobs, Blob: &store, Mail: &sending, Patience: time.Minute, Apart: time.Millisecond, Stuck: time.Minute}
	if found := Examine(ctx, cfg); len(problems(found)) > 0 {
		t.Fatalf("found %+v", found)
	}
	if n := len(server.Messages()); n > 0 {
		t.Errorf("%d mails were sent", n)
	}
	if keys := blobtest.Keys(t, store); len(keys) > 0 {
		t.Errorf("left %v in the store", keys)
	}

	disorder(t, ctx, database.URL, jobs.URL)
	got := codes(Examine(ctx, cfg))
	for _, want := range []string{"schema_behind", "outbox_waits", "table_open", "stream_drift", "consumer_missing", "import_stuck"} {
		if !slices.Contains(got, want) {
			t.Errorf("found %v, want %s among them", got, want)
		}
	}

	down := nowhere(t)
	database.URL, jobs.URL, store.Endpoint, sending.Addr = "postgres://meibo:hidden-1@"+down+"/meibo", "nats://meibo:hidden-2@"+down, "http://"+down, down
	store.SecretKey, sending.User, sending.Password = "hidden-3", "u", "hidden-4"
	cfg.Patience, cfg.Services = 10*time.Second, []string{"http://" + down}
	found := Examine(ctx, cfg)
	for _, want := range []string{"database_unreachable", "queue_unreachable", "storage_bucket", "mail_unreachable", "service_not_ready"} {
		if !slices.Contains(codes(found), want) {
			t.Errorf("found %v, want %s among them", codes(found), want)
		}
	}
	for _, f := range found {
		if strings.Contains(f.What.JA+f.What.EN, "hidden-") {
			t.Errorf("shows a secret: %+v", f)
		}
	}
}

// disorder makes of parts that are well some that are not.
func disorder(t *testing.T, ctx context.Context, database, jobs string) {
	t.Helper()
	db := postgrestest.Open(t, database)
	tenant, err := db.CreateTenant(ctx, postgres.Tenant{Name: "hanaya"})
	must(t, err)
	i, _, err := db.CreateImport(ctx, tenant.ID, postgres.NewImport{List: postgres.MainList, FileName: "会員.csv", MaxRowBytes: 1 << 18})
	must(t, err)
	conn, err := pgx.Connect(ctx, database)
	must(t, err)
	defer conn.Close(context.WithoutCancel(ctx))
	for sql, args := range map[string][]any{
		`update import set state = 'running', started_at = now() - interval '1 hour' where id = $1`:                          {i.ID},
		`insert into outbox (topic, tenant_id, import_id, created_at) values ('started', $1, $2, now() - interval '1 hour')`: {tenant.ID, i.ID},
		`alter table member disable row level security`:                                                                      nil,
		`update schema_version set version = 8`:                                                                              nil,
	} {
		_, err := conn.Exec(ctx, sql, args...)
		must(t, err)
	}
	nc, err := nats.Connect(jobs)
	must(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	must(t, err)
	must(t, js.DeleteConsumer(ctx, "CHUNKS", "merger"))
	s, err := js.Stream(ctx, "JOBS")
	must(t, err)
	changed := s.CachedInfo().Config
	changed.MaxMsgs = 5
	_, err = js.UpdateStream(ctx, changed)
	must(t, err)
}

// nowhere is an address at which nothing listens.
func nowhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func problems(found []Finding) (all []Finding) {
	for _, f := range found {
		if f.Severity == Problem {
			all = append(all, f)
		}
	}
	return all
}

func codes(found []Finding) (all []string) {
	for _, f := range found {
		all = append(all, f.Code)
	}
	return all
}

// TestAStoreThatForgetsIsToldOf: each trial of the store has its own finding.
func TestAStoreThatForgetsIsToldOf(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bucket", "put", "get", "multipart", "presign", "delete"} {
		found := Judge(Facts{Now: time.Now(), Storage: []blob.Trial{{Name: name, Err: errors.New("no")}}})
		if got := codes(found); !slices.Equal(got, []string{"storage_" + name}) {
			t.Errorf("%s: found %v", name, got)
		}
	}
}
