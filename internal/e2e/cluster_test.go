package e2e

import (
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
	"github.com/meibo/meibo/internal/sample"
)

// TestLosingAServerOfTheQueueChangesNothing imports through a cluster of three and stops the server that takes the chunks in
// mid-import, then, when it is back, the one that takes the jobs.
func TestLosingAServerOfTheQueueChangesNothing(t *testing.T) {
	t.Parallel()
	nodes := queuetest.StartCluster(t)
	w := newWorld(t, func(s *devstack.Services) {
		for _, c := range []*queue.Config{&s.Uploader.Queue, &s.Splitter.Queue, &s.Merger.Queue, &s.Notifier.Queue} {
			c.URL, c.Replicas = nodes.URL, queuetest.Nodes
		}
	})
	content, want := sampleCSV(t, sample.Config{Rows: 30_000, Seed: 17, DefectRate: 0.01})
	i := w.start(t, "large.csv", content, client.Options{})
	merged := int64(0)
	for _, stream := range []string{"CHUNKS", "JOBS"} {
		eventually(t, func() bool {
			now, err := w.client.Import(t.Context(), i.ID)
			must(t, err)
			done := now.Total - now.NotProcessed
			return done > merged || now.State.Final()
		})
		lost := nodes.Leader(t, stream)
		lost.Stop(t)
		now, err := w.client.Import(t.Context(), i.ID)
		must(t, err)
		merged = now.Total - now.NotProcessed
		nodes.Leader(t, stream) // one of the others
		lost.Start(t)
	}
	if got, want := counts(w.wait(t, i.ID)), wantCounts(want.Total, want.Total-want.Failed, 0, 0, want.Failed); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	w.mails(t, 1)
	// The members are those of the file.
	if got, want := counts(w.load(t, "again.csv", content, client.Options{})), wantCounts(want.Total, 0, 0, want.Total-want.Failed, want.Failed); got != want {
		t.Errorf("again: got %s\nwant %s", got, want)
	}
}
