package doctor

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

var (
	now   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	stuck = imports.ID(uuid.MustParse("01a20d44-56d5-7277-8193-805c98c17fff"))
)

// well are the facts of an installation at which nothing is wrong, with an import that has run for long and moves, and
// another that waits for it.
func well() Facts {
	f := Facts{
		Now: now, Stuck: 10 * time.Minute, Mail: true, Services: map[string]error{"http://10.0.0.7:9090": nil},
		Storage: []blob.Trial{{Name: "bucket"}, {Name: "put"}, {Name: "delete"}},
		Database: &postgres.Facts{
			Version: 150004, Schema: 13, Newest: 13, WebRole: true, Bypass: true, Connections: 20, MaxConnections: 97,
			Outbox: 3, OutboxAge: time.Second, Mails: 1, MailAge: time.Second, JournalUntil: now.AddDate(0, 0, 14),
			Work: []postgres.Work{
				{Tenant: 7, Import: stuck, List: 2, State: imports.StateRunning, File: "会員.csv", Since: now.Add(-time.Hour), Place: "2000/3"},
				{Tenant: 7, Import: imports.ID{1}, List: 2, State: imports.StateQueued, Since: now.Add(-time.Hour)},
			},
		},
		Queue: &queue.Facts{
			Stored: 5, Limit: 100, Streams: []queue.StreamFacts{{Name: "JOBS"}, {Name: "CHUNKS"}}, Chunks: map[imports.ID]int{},
			Consumers: []queue.ConsumerFacts{{Name: "finisher", Waiting: 2}, {Name: "merger", Waiting: 2}, {Name: "notifier", Waiting: 4}, {Name: "splitter", Waiting: 16}},
		},
		Before: map[imports.ID]string{stuck: "1000/2"},
	}
	return f
}

func (f *Facts) consumer(name string) *queue.ConsumerFacts {
	i := slices.IndexFunc(f.Queue.Consumers, func(c queue.ConsumerFacts) bool { return c.Name == name })
	return &f.Queue.Consumers[i]
}

// stand has the import stand still.
func (f *Facts) stand() { f.Before[stuck] = f.Database.Work[0].Place }

func TestAWellInstallationHasNoFindings(t *testing.T) {
	t.Parallel()
	if found := Judge(well()); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
	// An import that has just started need not have moved.
	f := well()
	f.stand()
	f.Database.Work[0].Since = now.Add(-time.Minute)
	if found := Judge(f); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
	// Nothing is known of parts that are not looked at.
	if found := Judge(Facts{Now: now}); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

func TestEachDisorderIsFoundWithItsReason(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		disorder func(f *Facts)
		// want is severity, code and a part of the English sentences.
		want string
	}{
		"database down":    {func(f *Facts) { f.Database, f.DatabaseErr = nil, errors.New("refused") }, "problem database_unreachable refused"},
		"database too old": {func(f *Facts) { f.Database.Version = 130002 }, "problem database_too_old PostgreSQL 13"},
		"schema behind":    {func(f *Facts) { f.Database.Schema = 12 }, "problem schema_behind Run: meibo migrate"},
		"schema ahead":     {func(f *Facts) { f.Database.Schema = 14 }, "warning schema_ahead Update all services"},
		"web role":         {func(f *Facts) { f.Database.WebRole = false }, "problem role_missing GRANT meibo_web"},
		"no bypass":        {func(f *Facts) { f.Database.Bypass = false }, "problem bypass_missing BYPASSRLS"},
		"open table":       {func(f *Facts) { f.Database.Open = []string{"member"} }, "problem table_open is off on: member"},
		"connections":      {func(f *Facts) { f.Database.Connections = 95 }, "warning connections_scarce Of 97"},
		"clock":            {func(f *Facts) { f.Database.Clock = -time.Minute }, "warning clock_apart -1m0s"},
		"outbox":           {func(f *Facts) { f.Database.OutboxAge = time.Hour }, "problem outbox_waits 3 messages"},
		"mails":            {func(f *Facts) { f.Database.MailAge = time.Hour }, "warning mails_wait 1 mails"},
		"uploads":          {func(f *Facts) { f.Database.Uploads, f.Database.UploadAge = 2, 100*time.Hour }, "warning uploads_unfinished 2 uploads"},
		"journal":          {func(f *Facts) { f.Database.JournalUntil = now }, "warning journal_short merger"},
		"idle in transaction": {func(f *Facts) {
			f.Database.Sessions = []postgres.Backend{{PID: 99, State: "idle in transaction", Age: time.Hour}}
		}, "warning session_holds_locks pg_terminate_backend(99)"},
		"queue down":       {func(f *Facts) { f.Queue, f.QueueErr = nil, errors.New("no servers") }, "problem queue_unreachable no servers"},
		"queue full":       {func(f *Facts) { f.Queue.Stored = 95 }, "problem queue_full Of the 100"},
		"dead letters":     {func(f *Facts) { f.Queue.Dead = 4 }, "warning dead_letters meibo dead list"},
		"stream missing":   {func(f *Facts) { f.Queue.Streams[1].Missing = true }, "problem stream_missing CHUNKS"},
		"no leader":        {func(f *Facts) { f.Queue.Streams[1].Leaderless = true }, "problem stream_leaderless CHUNKS"},
		"replica behind":   {func(f *Facts) { f.Queue.Streams[1].Lagging = []string{"n3"} }, "warning replica_behind n3"},
		"stream drift":     {func(f *Facts) { f.Queue.Streams[0].Drift = []queue.Drift{{Field: "Replicas", Have: "1", Want: "3"}} }, "problem stream_drift Replicas 1, and is to have 3"},
		"consumer missing": {func(f *Facts) { f.consumer("merger").Missing = true }, "problem consumer_missing merger"},
		"consumer drift": {func(f *Facts) {
			f.consumer("merger").Drift = []queue.Drift{{Field: "AckWait", Have: "1s", Want: "10s"}}
		}, "problem consumer_drift AckWait 1s"},
		"no worker":   {func(f *Facts) { *f.consumer("notifier") = queue.ConsumerFacts{Name: "notifier", Pending: 3} }, "problem no_worker docker compose up -d notifier"},
		"redelivered": {func(f *Facts) { f.consumer("notifier").Redelivered = 2 }, "warning redelivered notifier"},
		"bucket":      {func(f *Facts) { f.Storage = []blob.Trial{{Name: "bucket", Err: errors.New("denied")}} }, "problem storage_bucket denied"},
		"cors":        {func(f *Facts) { f.Storage = []blob.Trial{{Name: "cors", Err: errors.New("no rule")}} }, "warning storage_cors CORS"},
		"mail down":   {func(f *Facts) { f.MailErr = errors.New("535") }, "problem mail_unreachable 535"},
		"service":     {func(f *Facts) { f.Services["http://10.0.0.7:9090"] = errors.New("status 503") }, "problem service_not_ready status 503"},
		"settings":    {func(f *Facts) { f.Errors = map[string]error{"queue": errors.New("MEIBO_NATS_URL is required")} }, "problem configuration MEIBO_NATS_URL"},
		"not started": {func(f *Facts) {
			f.Database.Work = f.Database.Work[1:]
		}, "problem import_not_started meibo imports cancel"},
		"stuck without a splitter": {func(f *Facts) { f.stand(); f.consumer("splitter").Waiting = 0 }, "problem import_stuck No splitter runs"},
		"stuck without a merger": {func(f *Facts) {
			f.stand()
			f.Queue.Chunks[stuck] = 3
			f.consumer("merger").Waiting = 0
		}, "problem import_stuck No merger runs"},
		"stuck at a chunk": {func(f *Facts) {
			f.stand()
			f.Queue.Chunks[stuck] = 3
			f.consumer("merger").Redelivered = 1
		}, "problem import_stuck chunks of this import: 3"},
		"stuck at its last step": {func(f *Facts) {
			f.stand()
			f.Database.Work[0].Finishing = true
			f.consumer("finisher").Missing = true
		}, "problem import_stuck There is no consumer finisher"},
		"stuck behind a lock": {func(f *Facts) {
			f.stand()
			f.Database.Sessions = []postgres.Backend{{PID: 8, State: "active", Age: 2 * time.Minute, BlockedBy: []int{9}}}
		}, "problem import_stuck pg_terminate_backend(9)"},
		"stuck, nobody knows why": {func(f *Facts) { f.stand() }, "problem import_stuck (会員.csv) of tenant 7 runs since 1h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := well()
			test.disorder(&f)
			found := Judge(f)
			want := strings.SplitN(test.want, " ", 3)
			if !slices.ContainsFunc(found, func(x Finding) bool {
				all := x.What.EN + "\n" + x.Why.EN + "\n" + x.Do.EN
				return string(x.Severity) == want[0] && x.Code == want[1] && strings.Contains(all, want[2])
			}) {
				t.Errorf("found %+v, want %s", found, test.want)
			}
			for _, x := range found {
				for _, s := range []string{x.What.JA, x.What.EN, x.Why.JA, x.Why.EN, x.Do.JA, x.Do.EN} {
					if s == "" || strings.Contains(s, "%!") {
						t.Errorf("%s says %q", x.Code, s)
					}
				}
			}
		})
	}
}

func TestTheWorstComesFirst(t *testing.T) {
	t.Parallel()
	f := well()
	f.Database.Clock = time.Minute
	f.MailErr = errors.New("down")
	found := Judge(f)
	if len(found) != 2 || found[0].Severity != Problem || found[1].Severity != Warning {
		t.Errorf("found %+v", found)
	}
}
