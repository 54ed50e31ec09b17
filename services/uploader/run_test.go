package uploader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
	"github.com/meibo/meibo/internal/run"
)

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually waits until f returns nil.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	var err error
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		if err = f(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal(err)
}

func TestRunServesUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	cfg := Config{
		Database: postgres.Config{URL: url, MaxConns: 4},
		Queue:    queue.Config{URL: queuetest.Server(t), Replicas: 1},
		Blob:     blobtest.Config(t), // its bucket is not there yet
		Health:   run.HealthConfig{Listen: freeAddress(t)},
		Listen:   freeAddress(t), PublicURL: "http://meibo.example.com", Access: DefaultAccess,
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, cfg, zap.NewNop()) }()
	eventually(t, func() error {
		res, err := http.Get("http://" + cfg.Health.Listen + "/readyz")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK {
			return errors.New(string(text))
		}
		return nil
	})
	w := &world{T: t, db: postgrestest.Open(t, url), url: "http://" + cfg.Listen}
	w.acme = w.account("acme", "en")
	id := w.running(1)
	stream := make(chan *answer, 1)
	go func() { stream <- w.get("/v1/imports/" + id + "/events") }()
	eventually(t, func() error {
		if w.get("/v1/imports/"+id).status != http.StatusOK {
			return errors.New("no import")
		}
		return nil
	})
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("Run goes on")
	}
	if a := <-stream; a.status != http.StatusOK || !strings.Contains(string(a.body), id) {
		t.Errorf("stream = %d %s", a.status, a.body)
	}
}

func TestRunNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	cfg := Config{
		Database: postgres.Config{URL: postgrestest.URL(t), MaxConns: 2}, Queue: queue.Config{URL: queuetest.Server(t), Replicas: 1},
		Blob: blobtest.Config(t), Listen: freeAddress(t), PublicURL: "meibo",
	}
	if err := Run(t.Context(), cfg, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "MEIBO_PUBLIC_URL") {
		t.Errorf("Run = %v, want an error that names MEIBO_PUBLIC_URL", err)
	}
}

func TestLogHasOneLinePerRequestAndNothingSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	core, logs := observer.New(zap.DebugLevel)
	s := *w.server
	s.log = zap.New(core)
	h := httptest.NewServer(s.routes("https://meibo.example.com"))
	t.Cleanup(h.Close)
	w.url = h.URL
	w.get("/v1/members?email=secret@example.jp")
	w.get("/v1/members", "Authorization", "Bearer wrong-secret")
	lines := logs.TakeAll()
	if len(lines) != 2 {
		t.Fatalf("%d lines, want one per request", len(lines))
	}
	for _, l := range lines {
		if text := fmt.Sprint(l.ContextMap()); strings.Contains(text, "secret") || strings.Contains(text, w.acme.key) {
			t.Errorf("the log has a secret: %s", text)
		}
	}
	if m := lines[0].ContextMap(); m["status"] != int64(200) || m["route"] != "/v1/members" || m["tenant"] != w.acme.tenant.ID.String() || m["in"] == nil {
		t.Errorf("line = %v", m)
	}
	w.db.Close()
	wantProblem(w, http.StatusInternalServerError, codeInternal, w.get("/v1/me"))
	if l := logs.TakeAll(); len(l) != 1 || l[0].Level != zap.ErrorLevel || l[0].ContextMap()["error"] == nil {
		t.Errorf("lines = %v", l)
	}
}
