package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
)

// advancing is a server whose import makes one step each time that it is looked at, until it has made them all.
type advancing struct {
	t     *testing.T
	steps int64
	// stream answers a request for events.
	stream func(a *advancing, w http.ResponseWriter, r *http.Request)

	mu       sync.Mutex
	at       int64
	requests []string
}

func (a *advancing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, what, _ := strings.Cut(r.URL.Path, "/v1/imports/1")
	a.mu.Lock()
	a.requests = append(a.requests, what)
	a.mu.Unlock()
	if what == "/events" {
		a.stream(a, w, r)
		return
	}
	answer(a.t, w, http.StatusOK, a.step())
}

func (a *advancing) step() Import {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = min(a.at+1, a.steps)
	i := Import{ID: "1", State: imports.StateRunning, Total: a.at, Created: a.at}
	if a.at == a.steps {
		i.State = imports.StateCompleted
	}
	return i
}

func (a *advancing) count(what string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, r := range a.requests {
		if r == what {
			n++
		}
	}
	return n
}

func (a *advancing) send(w http.ResponseWriter) {
	text, err := json.Marshal(a.step())
	if err != nil {
		a.t.Error(err)
	}
	fmt.Fprintf(w, ": heartbeat\n\nevent: import\ndata: %s\n\n", text)
	_ = http.NewResponseController(w).Flush() // fails when the client has heard enough
}

func events(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
}

// watched watches the import and returns the totals that it was told of.
func (a *advancing) watched(ctx context.Context, change func(*timing)) ([]int64, Import, error) {
	c := newClient(a.t, a.ServeHTTP)
	if change != nil {
		change(&c.timing)
	}
	var told []int64
	i, err := c.Watch(ctx, "1", func(i Import) { told = append(told, i.Total) })
	return told, i, err
}

func TestWatchFollowsEventsToTheEnd(t *testing.T) {
	t.Parallel()
	a := &advancing{t: t, steps: 5, stream: func(a *advancing, w http.ResponseWriter, r *http.Request) {
		events(w)
		for r.Context().Err() == nil {
			a.send(w)
		}
	}}
	told, i, err := a.watched(t.Context(), nil)
	if err != nil || i.State != imports.StateCompleted || !slices.Equal(told, []int64{1, 2, 3, 4, 5}) {
		t.Errorf("got %v, %+v, %v", told, i, err)
	}
	if a.count("") != 1 || a.count("/events") != 1 {
		t.Errorf("requests were %q", a.requests)
	}
}

func TestWatchConnectsAgainWhenEventsBreakOff(t *testing.T) {
	t.Parallel()
	a := &advancing{t: t, steps: 9, stream: func(a *advancing, w http.ResponseWriter, _ *http.Request) {
		events(w)
		a.send(w)
		fmt.Fprint(w, "event: import\ndata: {\"id\"") // cut off in the middle
		panic(http.ErrAbortHandler)
	}}
	told, i, err := a.watched(t.Context(), nil)
	if err != nil || i.State != imports.StateCompleted || !slices.IsSorted(told) || told[len(told)-1] != 9 {
		t.Errorf("got %v, %+v, %v", told, i, err)
	}
	if n := a.count("/events"); n < 3 {
		t.Errorf("connected %d times", n)
	}
}

func TestWatchAsksWhereEventsDoNotComeThrough(t *testing.T) {
	t.Parallel()
	for name, stream := range map[string]func(*advancing, http.ResponseWriter, *http.Request){
		"no such route":  func(_ *advancing, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
		"something else": func(_ *advancing, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"empty stream":   func(_ *advancing, w http.ResponseWriter, _ *http.Request) { events(w) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &advancing{t: t, steps: 6, stream: stream}
			told, i, err := a.watched(t.Context(), nil)
			if err != nil || i.State != imports.StateCompleted || !slices.Equal(told, []int64{1, 2, 3, 4, 5, 6}) {
				t.Errorf("got %v, %+v, %v", told, i, err)
			}
			if n := a.count("/events"); n != 1 {
				t.Errorf("asked for events %d times", n)
			}
		})
	}
}

func TestWatchDoesNotTrustASilentStream(t *testing.T) {
	t.Parallel()
	a := &advancing{t: t, steps: 4, stream: func(_ *advancing, w http.ResponseWriter, r *http.Request) {
		events(w)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}}
	_, i, err := a.watched(t.Context(), func(timing *timing) { timing.quiet = 20 * time.Millisecond })
	if err != nil || i.State != imports.StateCompleted {
		t.Errorf("got %+v, %v", i, err)
	}
}

func TestWatchEndsWhenTheServerRefuses(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(t, w, http.StatusNotFound, Problem{Code: "not_found"})
	})
	if _, err := c.Watch(t.Context(), "1", nil); !IsProblem(err, "not_found") {
		t.Errorf("got %v", err)
	}
}

func TestWatchGivesUpOnAServerThatIsGone(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) { answer(t, w, http.StatusBadGateway, Problem{}) })
	c.timing.lost = 30 * time.Millisecond
	if _, err := c.Watch(t.Context(), "1", nil); err == nil {
		t.Error("got no error")
	}
}

func TestWatchThatIsInterruptedReturnsWhatItKnows(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	a := &advancing{t: t, steps: 1000, stream: func(a *advancing, w http.ResponseWriter, r *http.Request) {
		events(w)
		a.send(w)
		cancel()
		<-r.Context().Done()
	}}
	_, i, err := a.watched(ctx, nil)
	if ctx.Err() == nil || err == nil || i.ID != "1" {
		t.Errorf("got %+v, %v", i, err)
	}
}
