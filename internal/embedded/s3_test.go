package embedded

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/meibo/meibo/internal/blob"
)

const importID = "0190a1b2-c3d4-7e5f-8a6b-1c2d3e4f5a6b"

func startS3(t *testing.T, dir string) *S3 {
	t.Helper()
	s, err := StartS3(t.Context(), S3Config{Dir: dir, Buckets: []string{"first"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openBucket(t *testing.T, endpoint, bucket, access, secret string) *blob.Store {
	t.Helper()
	store, err := blob.Open(t.Context(), blob.Config{
		Endpoint: endpoint, Region: s3Region, Bucket: bucket, AccessKey: access, SecretKey: secret,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// storeText stores a text and returns what it is found by.
func storeText(t *testing.T, store *blob.Store, text string) (upload string) {
	t.Helper()
	stored, err := store.PutSource(t.Context(), 1, importID, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return stored.Upload
}

func storedText(t *testing.T, store *blob.Store, upload string) string {
	t.Helper()
	r, _, err := store.OpenSource(t.Context(), 1, importID, upload, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestS3RestartKeepsObjectsKeysAndPort(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"closed", "killed"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, err := StartS3(t.Context(), S3Config{Dir: dir, Buckets: []string{"first"}})
			if err != nil {
				t.Fatal(err)
			}
			store := openBucket(t, s.Endpoint, "first", s.AccessKey, s.SecretKey)
			if err := store.Ping(t.Context()); err != nil {
				t.Fatalf("the bucket is not there: %v", err)
			}
			upload := storeText(t, store, "kept")
			if end == "killed" {
				s.child.signal(syscall.SIGKILL)
				<-s.Done()
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			again := startS3(t, dir)
			if again.Endpoint != s.Endpoint || again.AccessKey != s.AccessKey || again.SecretKey != s.SecretKey {
				t.Errorf("after a restart %+v, want %+v", again, s)
			}
			if got := storedText(t, store, upload); got != "kept" {
				t.Errorf("read %q, want kept", got)
			}
		})
	}
}

func TestS3DirectoryIsForOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startS3(t, dir)
	if _, err := StartS3(t.Context(), S3Config{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("second start: %v, want %v", err, ErrInUse)
	}
}

func TestS3OnATakenPortIsAnError(t *testing.T) {
	t.Parallel()
	taken, err := listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = StartS3(t.Context(), S3Config{Dir: t.TempDir(), Port: portOf(taken)})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("%v, want that the port is taken", err)
	}
}

func TestS3NeedsRunIfChild(t *testing.T) { // not parallel: it changes what other tests need
	runIfChildCalled.Store(false)
	defer runIfChildCalled.Store(true)
	if _, err := StartS3(t.Context(), S3Config{Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "RunIfChild") {
		t.Errorf("%v, want an error that names RunIfChild", err)
	}
}
