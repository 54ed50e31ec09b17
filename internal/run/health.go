package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

// readyTimeout bounds how long /readyz waits for its checks.
const readyTimeout = 2 * time.Second

// HealthConfig says where a service answers about its health. A service in a process with others leaves
// Listen empty, and then answers nowhere.
type HealthConfig struct {
	Listen string `env:"MEIBO_ADMIN_LISTEN" envDefault:":9090"`
}

// Check reports whether something that a service needs answers; it returns before its context ends.
type Check func(context.Context) error

// Health answers whoever runs the process: /healthz says that it lives, /readyz whether what it needs answers.
//
// /readyz is 200 with {"status":"ready"}, or 503 with {"status":"not ready","failures":{"postgres":"…"}}.
// It is for the operator's network only: failures are told as they are.
type Health struct {
	mu     sync.Mutex
	checks map[string]Check
}

// NewHealth returns a Health without checks, which is ready.
func NewHealth() *Health { return &Health{checks: make(map[string]Check)} }

// Register adds a check to /readyz, in place of an earlier one of that name.
func (h *Health) Register(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks[name] = check
}

// Handler returns the two routes.
func (h *Health) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeStatus(w, http.StatusOK, status{Status: "alive"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if failures := h.failures(r.Context()); len(failures) > 0 {
			writeStatus(w, http.StatusServiceUnavailable, status{Status: "not ready", Failures: failures})
			return
		}
		writeStatus(w, http.StatusOK, status{Status: "ready"})
	})
	return mux
}

type status struct {
	Status   string            `json:"status"`
	Failures map[string]string `json:"failures,omitempty"`
}

func writeStatus(w http.ResponseWriter, code int, s status) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(s) // Nobody is left to tell when the prober hung up.
}

// failures runs all checks at once and returns the reasons of those that failed, by name.
func (h *Health) failures(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	h.mu.Lock()
	checks := maps.Clone(h.checks)
	h.mu.Unlock()
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed = make(map[string]string)
	)
	for name, check := range checks {
		wg.Go(func() {
			if err := check(ctx); err != nil {
				mu.Lock()
				failed[name] = err.Error()
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

// Serve answers on cfg.Listen until ctx ends, and then returns nil.
func (h *Health) Serve(ctx context.Context, cfg HealthConfig, log *zap.Logger) error {
	if cfg.Listen == "" {
		<-ctx.Done()
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen for health checks: %w", err)
	}
	log.Info("answering health checks", zap.Stringer("address", listener.Addr()))
	return h.serve(ctx, listener)
}

func (h *Health) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: h.Handler(), ReadHeaderTimeout: 5 * time.Second}
	// Answers here are short: closing at once loses nobody anything, and a probe must not hold up the end.
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer health checks: %w", err)
	}
	return nil
}
