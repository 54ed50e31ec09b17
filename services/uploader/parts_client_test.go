package uploader

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/nettest"
)

// largeCSV is a file of three parts, as a client cuts it.
func largeCSV() []byte {
	var b bytes.Buffer
	b.WriteString("会員番号,氏名\r\n")
	for n := 0; b.Len() < 18<<20; n++ {
		fmt.Fprintf(&b, "A%07d,青木 %d\r\n", n, n)
	}
	return b.Bytes()
}

// front stands before an API, counts requests and can be told to do something else than to pass them on.
type front struct {
	*httptest.Server
	backend atomic.Pointer[http.Handler]
	// before is called with each request; what it returns false for is broken off.
	before func(r *http.Request) bool

	mu   sync.Mutex
	seen []string // "PUT 1", "POST complete", …
}

func newFront(t *testing.T, backend http.Handler, before func(r *http.Request) bool) *front {
	t.Helper()
	f := &front{before: before}
	f.backend.Store(&backend)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.seen = append(f.seen, r.Method+" "+r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
		f.mu.Unlock()
		if f.before != nil && !f.before(r) {
			panic(http.ErrAbortHandler)
		}
		(*f.backend.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// count tells how many requests began so.
func (f *front) count(prefix string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.seen {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

func (w *world) uploadParts(ctx context.Context, url, id string, content []byte, sent func(int64)) (client.Import, error) {
	c := client.New(url, w.acme.key)
	defer c.Close()
	return c.UploadParts(ctx, id, bytes.NewReader(content), int64(len(content)), sent)
}

func (w *world) wantUploaded(i client.Import, err error, content []byte) {
	w.Helper()
	w.must(err)
	if i.State != imports.StateUploaded || i.SHA256 != hexOf(string(content)) || w.stored(i.ID) != string(content) || w.sources(i.ID) != 1 {
		w.Errorf("import = %+v, with %d sources", i, w.sources(i.ID))
	}
}

func TestClientBearsConnectionsThatBreak(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := largeCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	url := nettest.Cut(t, w.url, func(n int) int64 {
		if n > 12 {
			return -1
		}
		return int64(n) * (900 << 10) // the first ones break in the middle of a part
	}, func(n int) int64 {
		if n%5 == 4 {
			return 0 // the answer is lost
		}
		return -1
	})
	var last int64
	done, err := w.uploadParts(t.Context(), url, i.ID, content, func(sent int64) {
		if sent <= last || sent > int64(len(content)) {
			t.Errorf("sent %d after %d", sent, last)
		}
		last = sent
	})
	w.wantUploaded(done, err, content)
	if last != int64(len(content)) {
		t.Errorf("told of %d bytes of %d", last, len(content))
	}
}

func TestClientGoesOnAtAnotherServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := largeCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	ctx, kill := context.WithCancel(t.Context())
	a := newFront(t, w.server.router, func(r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/parts/3") {
			for len(w.partsOf(i.ID)) < 2 { // the others are there
				if r.Context().Err() != nil {
					return false
				}
			}
			kill() // the client
			return false
		}
		return true
	})
	if _, err := w.uploadParts(ctx, a.URL, i.ID, content, nil); err == nil {
		t.Fatal("it has not been interrupted")
	}
	b := newFront(t, w.server.router, nil)
	first := int64(0)
	done, err := w.uploadParts(t.Context(), b.URL, i.ID, content, func(sent int64) {
		if first == 0 {
			first = sent
		}
	})
	w.wantUploaded(done, err, content)
	if n := b.count("PUT"); n != 1 || b.count("PUT 3") != 1 || first == 0 {
		t.Errorf("%d parts were sent again: %v", n, b.seen)
	}
	// All is done: nothing is sent a third time.
	done, err = w.uploadParts(t.Context(), b.URL, i.ID, content, nil)
	w.wantUploaded(done, err, content)
	if n := b.count("PUT") + b.count("POST"); n != 1+2 {
		t.Errorf("requests: %v", b.seen)
	}
}

func (w *world) partsOf(id string) []partView {
	w.Helper()
	return want[partsView](w, http.StatusOK, w.get(w.parts(id))).Parts
}

func TestClientBearsAServerThatRestarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := largeCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	var down atomic.Int32
	f := newFront(t, w.server.router, func(r *http.Request) bool {
		return !strings.Contains(r.URL.Path, "/parts/") || down.Add(1) > 9 // nine requests in a row
	})
	done, err := w.uploadParts(t.Context(), f.URL, i.ID, content, nil)
	w.wantUploaded(done, err, content)
}

func TestClientReplacesPartsThatAreNotOfTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := largeCSV()
	i := w.create(`{"file_name":"members.csv"}`)
	w.begin(i.ID)
	w.mustPut(i.ID, 1, "会員番号,氏名\r\n")
	w.mustPut(i.ID, 2, string(content[8<<20:16<<20]))
	f := newFront(t, w.server.router, nil)
	done, err := w.uploadParts(t.Context(), f.URL, i.ID, content, nil)
	w.wantUploaded(done, err, content)
	if f.count("PUT 1") != 1 || f.count("PUT 2") != 0 || f.count("DELETE") != 0 {
		t.Errorf("requests: %v", f.seen)
	}

	w.begin(i.ID)
	w.mustPut(i.ID, 9, "of a larger file")
	other := content[:17<<20]
	done, err = w.uploadParts(t.Context(), f.URL, i.ID, other, nil)
	w.wantUploaded(done, err, other)
	if f.count("DELETE") != 1 {
		t.Errorf("requests: %v", f.seen)
	}
}

func TestClientSendsStraightToTheStoreIfItCan(t *testing.T) {
	t.Parallel()
	for name, reachable := range map[string]bool{"reachable": true, "not reachable": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			content := largeCSV()
			i := w.create(`{"file_name":"members.csv"}`)
			public := w.bucket
			if public.PublicEndpoint = public.Endpoint; !reachable {
				public.PublicEndpoint = "http://" + freeAddress(t)
			}
			s := *w.server
			s.blobs = blobtest.Open(t, public)
			f := newFront(t, s.routes("https://meibo.example.com"), nil)
			done, err := w.uploadParts(t.Context(), f.URL, i.ID, content, nil)
			w.wantUploaded(done, err, content)
			if n := f.count("PUT"); (n == 0) != reachable || f.count("POST urls") == 0 {
				t.Errorf("%d parts went through the server: %v", n, f.seen)
			}
		})
	}
}

func TestClientHearsRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.create(`{"file_name":"members.csv"}`)
	if _, err := w.uploadParts(t.Context(), w.url, i.ID, []byte("%PDF-1.7\n"), nil); !client.IsProblem(err, "format_unsupported") {
		t.Errorf("got %v", err)
	}
	started := w.uploaded(smallCSV)
	want[importView](w, http.StatusAccepted, w.post("/v1/imports/"+started.ID+"/start", "{}"))
	if _, err := w.uploadParts(t.Context(), w.url, started.ID, []byte(smallCSV), nil); !client.IsProblem(err, codeStarted) {
		t.Errorf("got %v", err)
	}
	empty := w.create(`{"file_name":"members.csv"}`)
	done, err := w.uploadParts(t.Context(), w.url, empty.ID, nil, nil)
	w.wantUploaded(done, err, nil)
}

// commas is a file of so many bytes that has one row.
type commas struct{ size int64 }

// ReadAt reads commas.
func (c commas) ReadAt(p []byte, off int64) (int, error) {
	n := min(int64(len(p)), c.size-off)
	for i := range p[:n] {
		p[i] = ','
		if off+int64(i) == 100 {
			p[i] = '\n'
		}
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// Not parallel: it measures the memory of the process, which is both the client and the server here.
func TestUploadByPartsNeedsLittleMemory(t *testing.T) {
	w := newWorld(t)
	i := w.create(`{"file_name":"large.csv"}`)
	const size = 256 << 20
	c := client.New(w.url, w.acme.key)
	defer c.Close()
	more := grown(func() {
		done, err := c.UploadParts(t.Context(), i.ID, commas{size}, size, nil)
		w.must(err)
		if done.Size != size {
			t.Errorf("import = %+v", done)
		}
	})
	if more > 24<<20 {
		t.Errorf("memory has grown by %d MiB for a file of %d MiB", more>>20, size>>20)
	}
}
