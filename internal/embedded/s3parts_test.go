package embedded

import (
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/nettest"
)

// beginParts begins an upload by parts.
func beginParts(t *testing.T, store *blob.Store) blob.Parts {
	t.Helper()
	p, _, err := store.BeginParts(t.Context(), 1, importID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestS3KilledWhileItPutsPartsTogetherCanDoItAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := StartS3(t.Context(), S3Config{Dir: dir, Buckets: []string{"first"}})
	if err != nil {
		t.Fatal(err)
	}
	store := openBucket(t, s.Endpoint, "first", s.AccessKey, s.SecretKey)
	p := beginParts(t, store)
	const text = "kept"
	part, err := store.PutPart(t.Context(), p, 1, int64(len(text)), sha256.Sum256([]byte(text)), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// What a gateway leaves that is killed then: see CompleteMultipartUpload of its package posix.
	uploads, err := filepath.Glob(filepath.Join(dir, "buckets", "first", ".sgwtmp", "multipart", "*", "*"))
	if err != nil || len(uploads) != 1 {
		t.Fatalf("uploads %v, %v", uploads, err)
	}
	if err := os.Rename(uploads[0], uploads[0]+"."+part.ETag+"-1.inprogress"); err != nil {
		t.Fatal(err)
	}
	startS3(t, dir)
	if found, err := store.FindParts(t.Context(), 1, importID, ""); err != nil || found != p {
		t.Fatalf("found %+v, %v; want %+v", found, err, p)
	}
	if err := store.CompleteParts(t.Context(), p, []blob.Part{part}); err != nil {
		t.Fatal(err)
	}
	if got := storedText(t, store, p.Upload); got != text {
		t.Errorf("read %q, want %q", got, text)
	}
}

func TestS3TakesNoPartThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := startS3(t, t.TempDir())
	const size = 1 << 20
	store, err := blob.Open(t.Context(), blob.Config{
		Endpoint: s.Endpoint, Region: s3Region, Bucket: "first", AccessKey: s.AccessKey, SecretKey: s.SecretKey,
		PublicEndpoint: nettest.Cut(t, s.Endpoint, func(int) int64 { return size / 2 }, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	p := beginParts(t, store)
	url, err := store.SignPart(t.Context(), p, 1, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = size
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Fatalf("status %d of a part that broke off", res.StatusCode)
	}
	if err := s.Close(); err != nil { // it has ended all requests then
		t.Fatal(err)
	}
	startS3(t, s.home.path)
	if parts, err := store.ListParts(t.Context(), p); err != nil || len(parts) != 0 {
		t.Errorf("parts %+v, %v; want none", parts, err)
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
