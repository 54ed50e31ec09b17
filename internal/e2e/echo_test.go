package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meibo/meibo/internal/imports"
)

// echo publishes messages again that went to the queue, as happens where an answer or an acknowledgement is lost: each
// chunk of an import once more as soon as its lane is free, and the job itself, so that two splitters cut it.
type echo struct {
	js jetstream.JetStream
	of sync.Map // the imports, by their ids
}

// marked tells an echo from the first call.
const marked = "Echo"

func newEcho(t *testing.T, url string) *echo {
	t.Helper()
	nc, err := nats.Connect(url)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var calling sync.WaitGroup
	t.Cleanup(func() { cancel(); nc.Close(); calling.Wait() })
	e := &echo{}
	e.js, err = jetstream.New(nc)
	must(t, err)
	heard := func(m *nats.Msg) {
		tokens := strings.Split(m.Subject, ".")
		id := tokens[1]
		if tokens[0] == "job" {
			id = tokens[2]
		}
		if _, ok := e.of.Load(id); !ok || m.Header.Get(marked) != "" {
			return
		}
		calling.Go(func() { e.call(ctx, m) })
	}
	for _, subject := range []string{"chunk.>", "job.started.>"} {
		_, err = nc.Subscribe(subject, heard)
		must(t, err)
	}
	return e
}

// add has the messages of an import come twice.
func (e *echo) add(id imports.ID) { e.of.Store(id.String(), true) }

// call publishes a message again, as often as its lane is taken.
func (e *echo) call(ctx context.Context, m *nats.Msg) {
	again := &nats.Msg{Subject: m.Subject, Data: m.Data, Header: nats.Header{marked: {"1"}}}
	for range 50 {
		if _, err := e.js.PublishMsg(ctx, again, jetstream.WithRetryAttempts(0)); err == nil || ctx.Err() != nil {
			return
		}
	}
}
