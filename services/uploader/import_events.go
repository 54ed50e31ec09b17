package uploader

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/meibo/meibo/internal/imports"
)

// The database is asked for changes while somebody listens, and a listener hears something at least every
// aliveEvery, so that both ends notice a connection that has died.
const (
	pollEvery  = 250 * time.Millisecond
	aliveEvery = 15 * time.Second
)

// streamEvents is GET /v1/imports/{id}/events.
func (s *server) streamEvents(w http.ResponseWriter, r *http.Request) {
	i, err := s.findImport(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must not collect events
	w.WriteHeader(http.StatusOK)
	if err := s.follow(w, r, i); err != nil && r.Context().Err() == nil {
		sessionOf(r.Context()).note = err
	}
}

// follow sends the import whenever it has changed, until it is final, and not about to be undone, or nobody who may
// listens any more.
func (s *server) follow(w http.ResponseWriter, r *http.Request, i *imports.Import) error {
	ctx, lang := r.Context(), sessionOf(r.Context()).lang()
	control := http.NewResponseController(w)
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var last []byte
	var spoke time.Time
	asked := time.Now()
	for {
		shown := s.view(i, lang)
		if i.State.Final() { // only then it may have retries
			if err := s.addRetries(ctx, shown); err != nil {
				return err
			}
		}
		if err := s.addUndos(ctx, []*imports.Import{i}, shown); err != nil {
			return err
		}
		data, err := json.Marshal(shown)
		if err != nil {
			return fmt.Errorf("write event: %w", err)
		}
		message := ""
		if !bytes.Equal(data, last) {
			message = "event: import\ndata: " + string(data) + "\n\n"
		} else if time.Since(spoke) >= aliveEvery {
			message = ": still here\n\n"
		}
		if time.Since(asked) >= aliveEvery { // a key that was revoked, or somebody signed out, hears no more
			if s.identify(r, sessionOf(ctx)) != nil {
				return nil
			}
			asked = time.Now()
		}
		if message != "" {
			if _, err := w.Write([]byte(message)); err != nil {
				return fmt.Errorf("write event: %w", err)
			}
			if err := control.Flush(); err != nil {
				return fmt.Errorf("write event: %w", err)
			}
			last, spoke = data, time.Now()
		}
		if i.State.Final() && (shown.Undo == nil || shown.Undo.State == imports.UndoDone) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.stopping: // the listener comes again, to whichever uploader is there then
			return nil
		case <-poll.C:
		}
		if i, err = s.db.Import(ctx, i.Tenant, i.ID); err != nil {
			return err
		}
	}
}
