// Package e2e is the proof: a file in, members and a mail out, through all four services and the real parts.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/embedded/embeddedtest"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	runIfPartCalled()
	embeddedtest.Main(m)
}

// patience bounds every wait of a test; nothing takes a tenth of it.
const patience = 3 * time.Minute

// parts are those of a test: a database of its own, migrated, on the server of all tests, and the others as its own
// processes and servers. Nothing is forced to the disk, as no test has a power loss. That a stack starts a PostgreSQL of
// its own is proved where that is done, in internal/embedded and internal/devstack.
func parts(t *testing.T) embedded.StackConfig {
	t.Helper()
	return embedded.StackConfig{DatabaseURL: postgrestest.URL(t), NATS: embedded.NATSConfig{SyncInterval: time.Minute}}
}

// world is a whole installation for one test.
type world struct {
	*devstack.Dev
	client *client.Client
}

func newWorld(t *testing.T, configure func(*devstack.Services)) *world {
	t.Helper()
	return newWorldWith(t, configure, logger(t))
}

// newWorldWith is newWorld with another log.
func newWorldWith(t *testing.T, configure func(*devstack.Services), log *zap.Logger) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d, err := devstack.Start(ctx, devstack.Options{
		Data: embeddedtest.Dir(t), Listen: "127.0.0.1:0", Parts: parts(t), Configure: configure, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return &world{Dev: d, client: client.New(d.Info.URL, d.Info.APIKey)}
}

// logger keeps the services' log and shows its end if the test fails.
func logger(t *testing.T) *zap.Logger {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	c := zap.NewProductionConfig()
	c.OutputPaths = []string{path}
	log, err := c.Build()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		text, _ := os.ReadFile(path)
		lines := strings.Split(string(text), "\n")
		t.Logf("log:\n%s", strings.Join(lines[max(0, len(lines)-60):], "\n"))
	})
	return log
}

// load uploads and starts a file, and waits for its end.
func (w *world) load(t *testing.T, name string, content []byte, o client.Options) client.Import {
	t.Helper()
	return w.wait(t, w.start(t, name, content, o).ID)
}

func (w *world) start(t *testing.T, name string, content []byte, o client.Options) client.Import {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	o.FileName = name
	i, err := w.client.Create(ctx, o)
	must(t, err)
	_, err = w.client.UploadSource(ctx, i.ID, bytes.NewReader(content), int64(len(content)), nil)
	must(t, err)
	i, err = w.client.Start(ctx, i.ID, client.Options{})
	must(t, err)
	return i
}

func (w *world) wait(t *testing.T, id string) client.Import {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	i, err := w.client.Watch(ctx, id, func(i client.Import) {
		if !i.Balanced() {
			t.Errorf("totals do not balance on the way: %+v", i)
		}
	})
	must(t, err)
	if !i.State.Final() || !i.Balanced() {
		t.Fatalf("import ended as %s with totals %+v", i.State, i)
	}
	return i
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// counts are the outcomes of an import in one line.
func counts(i client.Import) string {
	return fmt.Sprintf("%s: total %d, created %d, updated %d, unchanged %d, failed %d, not processed %d",
		i.State, i.Total, i.Created, i.Updated, i.Unchanged, i.Failed, i.NotProcessed)
}

func wantCounts(total, created, updated, unchanged, failed int) string {
	return counts(client.Import{State: imports.StateCompleted, Total: int64(total), Created: int64(created), Updated: int64(updated), Unchanged: int64(unchanged), Failed: int64(failed)})
}

// members returns all members as JSON lines in the order of their ids, without the times, which differ from run to run.
func (w *world) members(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
		must(t, err)
		line, err := json.Marshal(map[string]any{"id": m.ID, "kind": m.Kind, "version": m.Version, "fields": m.Fields})
		must(t, err)
		out.Write(line)
		out.WriteByte('\n')
	}
	return out.String()
}

func (w *world) failuresCSV(t *testing.T, id string) string {
	t.Helper()
	var out bytes.Buffer
	must(t, w.client.FailuresCSV(t.Context(), id, &out))
	return out.String()
}

// mails waits for so many mails and returns them.
func (w *world) mails(t *testing.T, n int) []string {
	t.Helper()
	var texts []string
	eventually(t, func() bool {
		names, err := filepath.Glob(filepath.Join(w.Info.MailDir, "*.eml"))
		must(t, err)
		texts = texts[:0]
		for _, name := range names {
			text, err := os.ReadFile(name)
			must(t, err)
			texts = append(texts, string(text))
		}
		return len(texts) >= n
	})
	if len(texts) != n {
		t.Fatalf("%d mails, want %d", len(texts), n)
	}
	return texts
}

// eventually waits until the condition holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("gave up waiting")
		}
	}
}
