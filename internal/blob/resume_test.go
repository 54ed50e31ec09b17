package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/blob"
)

// never is a limit of a cutter that does not cut.
func never(int) int64 { return -1 }

func TestOpenSourceGoesOnAfterACutConnection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		limit func(connection int) int64
		stall bool
	}{
		{"cut every 3 MB", func(int) int64 { return 3_000_000 }, false},
		{"cut every 3 MB, many in between at once", func(c int) int64 { return int64(c%3/2) * 3_000_000 }, false},
		{"silent every 7 MB", func(int) int64 { return 7_000_000 }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &cutter{limit: tt.limit, stall: tt.stall}
			through, direct := openThrough(t, c)
			through.Impatient(8, 200*time.Millisecond)
			want := noiseBytes(t, 20<<20)
			upload := put(t, direct, importID, bytes.NewReader(want))
			if got := readSource(t, through, importID, upload); !bytes.Equal(got, want) {
				t.Error("read other bytes than were stored")
			}
			if n := c.connections.Load(); n < 3 {
				t.Errorf("%d connections: nothing was cut", n)
			}
		})
	}
}

func TestOpenSourceGivesUpOnAStoreThatGivesNothing(t *testing.T) {
	t.Parallel()
	c := &cutter{limit: func(c int) int64 { return int64(2-min(c, 2)) * 1_000_000 }} // 1 MB, then nothing ever
	through, direct := openThrough(t, c)
	through.Impatient(5, time.Minute)
	upload := put(t, direct, importID, noise(20<<20))
	r, _, err := through.OpenSource(t.Context(), acme, importID, upload, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err == nil || n == 0 || n >= 1_000_000 {
		t.Errorf("read %d bytes, error %v; want less than a megabyte and an error", n, err)
	}
	if got := c.connections.Load(); got != 6 {
		t.Errorf("%d connections, want 1 + 5", got)
	}
}

func TestOpenSourceNeverMixesTwoVersions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, s *blob.Store, upload string) error
		want   error
	}{
		{"replaced", func(t *testing.T, s *blob.Store, upload string) error {
			return s.Replace(t.Context(), acme, importID, upload, io.MultiReader(strings.NewReader("x"), noise(20<<20)))
		}, nil},
		{"deleted", func(t *testing.T, s *blob.Store, upload string) error {
			return s.DeleteSource(t.Context(), acme, importID, upload)
		}, blob.ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &cutter{limit: func(int) int64 { return 9_000_000 }}
			through, direct := openThrough(t, c)
			upload := put(t, direct, importID, noise(20<<20))
			r, _, err := through.OpenSource(t.Context(), acme, importID, upload, "")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if err := tt.change(t, direct, upload); err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, r)
			if err == nil || n >= 9_000_000 || (tt.want != nil && !errors.Is(err, tt.want)) {
				t.Errorf("read %d bytes, error %v; want an error at the cut", n, err)
			}
		})
	}
}

func TestOpenSourceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := &cutter{limit: func(int) int64 { return 1_000_000 }, stall: true}
	through, direct := openThrough(t, c)
	upload := put(t, direct, importID, noise(20<<20))
	ctx, cancel := context.WithCancel(t.Context())
	r, _, err := through.OpenSource(ctx, acme, importID, upload, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, 100_000); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Errorf("read after the end of the context: %v, want %v", err, context.Canceled)
	}
}

func TestPutSourceSurvivesCutConnections(t *testing.T) {
	t.Parallel()
	// The server's answers are short: each connection is cut after a few of them.
	c := &cutter{limit: func(c int) int64 {
		if c <= 2 {
			return 100
		}
		return -1
	}}
	through, direct := openThrough(t, c)
	want := noiseBytes(t, 30<<20)
	upload := put(t, through, importID, bytes.NewReader(want))
	if got := readSource(t, direct, importID, upload); !bytes.Equal(got, want) {
		t.Error("read other bytes than were sent")
	}
}

func TestReadAfterCloseIsAnError(t *testing.T) {
	t.Parallel()
	through, _ := openThrough(t, &cutter{limit: never})
	if err := through.PutFailures(t.Context(), acme, importID, 1, 1, []byte("x")); err != nil {
		t.Fatal(err)
	}
	r, err := through.OpenFailures(t.Context(), acme, importID, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || err == nil {
		t.Errorf("read %d bytes, error %v; want none and an error", n, err)
	}
}
