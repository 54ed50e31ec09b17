package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"time"
)

// Watch calls changed with the import as it is now and whenever it has changed, and returns it when its state is
// final. It follows the server's events; where these break off it connects again, and where they do not come through
// it asks every second. It gives up after five minutes without an answer, or when the server refuses.
func (c *Client) Watch(ctx context.Context, id string, changed func(Import)) (Import, error) {
	w := &watch{client: c, id: id, changed: changed, answered: time.Now()}
	if err := w.run(ctx); err != nil {
		return w.last, fmt.Errorf("watch import: %w", err)
	}
	return w.last, nil
}

// watch is one Watch under way.
type watch struct {
	client  *Client
	id      string
	changed func(Import)
	last    Import
	// answered is when the server was heard last.
	answered time.Time
}

func (w *watch) run(ctx context.Context) error {
	timing := w.client.timing
	pause := timing.first
	for {
		before := w.answered
		err := w.once(ctx)
		switch {
		case w.last.State.Final():
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && isRefusal(err) && !temporary(err):
			return err
		case err != nil && time.Since(w.answered) > timing.lost:
			return err
		case w.answered.After(before) && err == nil:
			pause = timing.first // a stream that worked and ended: a server that restarts
		default:
			pause = min(2*pause, timing.last)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// once reads the import and then follows its events until they break off; if none came, it asks for the import until
// they deserve another try.
func (w *watch) once(ctx context.Context) error {
	if err := w.ask(ctx); err != nil || w.last.State.Final() {
		return err
	}
	events, err := w.follow(ctx)
	switch {
	case ctx.Err() != nil:
		return err
	case events || w.last.State.Final():
		return nil
	}
	return w.poll(ctx)
}

// ask reads the import once.
func (w *watch) ask(ctx context.Context) error {
	var i Import
	if err := w.client.call(ctx, request{method: http.MethodGet, path: importPath(w.id)}, &i); err != nil {
		return err
	}
	w.take(i)
	return nil
}

// poll asks until the import has ended, for as long as a stream may be quiet; then the events deserve another try.
func (w *watch) poll(ctx context.Context) error {
	for until := time.Now().Add(w.client.timing.quiet); time.Now().Before(until); {
		if err := sleep(ctx, w.client.timing.poll); err != nil {
			return err
		}
		if err := w.ask(ctx); err != nil || w.last.State.Final() {
			return err
		}
	}
	return nil
}

func (w *watch) take(i Import) {
	w.answered = time.Now()
	if reflect.DeepEqual(i, w.last) {
		return
	}
	w.last = i
	if w.changed != nil {
		w.changed(i)
	}
}

// follow takes events until the stream ends, is silent for too long, or tells of the end of the import. It reports
// whether there were any; the error is why there are no more.
func (w *watch) follow(ctx context.Context) (events bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(w.client.timing.quiet, cancel)
	defer silence.Stop()

	header := http.Header{"Accept": {"text/event-stream"}}
	res, err := w.client.send(ctx, request{method: http.MethodGet, path: importPath(w.id) + "/events", header: header}, nil)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind != "text/event-stream" {
		return false, errors.New("the answer is not a stream of events")
	}
	alive := func() { silence.Reset(w.client.timing.quiet) }
	err = readEvents(res.Body, alive, func(e event) error {
		if e.name != "import" {
			return nil
		}
		var i Import
		if err := json.Unmarshal(e.data, &i); err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		events = true
		w.take(i)
		if i.State.Final() {
			return io.EOF
		}
		return nil
	})
	return events, err
}
