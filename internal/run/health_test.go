package run

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

func probe(t *testing.T, h *Health, path string) (int, status) {
	t.Helper()
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	var s status
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil {
		t.Fatalf("%s: %v in %q", path, err, w.Body)
	}
	return w.Code, s
}

func TestReadyzListsTheFailedChecksByName(t *testing.T) {
	t.Parallel()
	h := NewHealth()
	if code, _ := probe(t, h, "/readyz"); code != http.StatusOK {
		t.Errorf("without checks: got %d, want 200", code)
	}
	h.Register("queue", func(context.Context) error { return nil })
	h.Register("postgres", func(context.Context) error { return errors.New("connection refused") })
	code, s := probe(t, h, "/readyz")
	if want := map[string]string{"postgres": "connection refused"}; code != http.StatusServiceUnavailable || !maps.Equal(s.Failures, want) {
		t.Errorf("got %d %v, want 503 %v", code, s.Failures, want)
	}
	if code, _ := probe(t, h, "/healthz"); code != http.StatusOK {
		t.Errorf("a process that waits for others is alive: got %d, want 200", code)
	}
	h.Register("postgres", func(context.Context) error { return nil })
	if code, _ := probe(t, h, "/readyz"); code != http.StatusOK {
		t.Errorf("after recovery: got %d, want 200", code)
	}
}

func TestReadyzAnswersWithinTwoSecondsWhateverHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHealth()
		for _, name := range []string{"blob", "queue"} {
			h.Register(name, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		}
		start := time.Now()
		code, s := probe(t, h, "/readyz")
		if took := time.Since(start); took != readyTimeout {
			t.Errorf("took %v, want %v", took, readyTimeout)
		}
		if code != http.StatusServiceUnavailable || len(s.Failures) != 2 {
			t.Errorf("got %d %v, want 503 and both names", code, s.Failures)
		}
	})
}

func TestServeAnswersUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- NewHealth().serve(ctx, listener) }()
	response, err := http.Get("http://" + listener.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("got %d, want 200", response.StatusCode)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestServeWithoutAnAddressWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewHealth().Serve(ctx, HealthConfig{}, zap.NewNop()); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestServeReportsAnAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := NewHealth().Serve(t.Context(), HealthConfig{Listen: listener.Addr().String()}, zap.NewNop()); err == nil {
		t.Error("got nil, want an error")
	}
}
