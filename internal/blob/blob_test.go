package blob_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/embedded/embeddedtest"
	"github.com/meibo/meibo/internal/tenant"
)

const (
	acme     = tenant.ID(7)
	importID = "0190a1b2-c3d4-7e5f-8a6b-1c2d3e4f5a6b"
	otherID  = "0190a1b2-c3d4-7e5f-8a6b-1c2d3e4f5a6c"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// noise is a stream of n bytes that never repeat, always the same.
func noise(n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{}), n)
}

func noiseBytes(t *testing.T, n int64) []byte {
	t.Helper()
	data, err := io.ReadAll(noise(n))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// put stores an upload and returns its name.
func put(tb testing.TB, s *blob.Store, id string, r io.Reader) string {
	tb.Helper()
	stored, err := s.PutSource(tb.Context(), acme, id, r)
	if err != nil {
		tb.Fatal(err)
	}
	return stored.Upload
}

func readSource(t *testing.T, s *blob.Store, id, upload string) []byte {
	t.Helper()
	r, size, err := s.OpenSource(t.Context(), acme, id, upload, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(data)) != size {
		t.Errorf("read %d bytes, the size given was %d", len(data), size)
	}
	return data
}

func TestSourceIsReadAsItWasStored(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 1, 8<<20 - 1, 8 << 20, 8<<20 + 1, 20 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			s := blobtest.New(t)
			want := noiseBytes(t, size)
			stored, err := s.PutSource(t.Context(), acme, importID, iotest.HalfReader(bytes.NewReader(want)))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(want)
			if stored.Size != size || stored.SHA256 != hex.EncodeToString(sum[:]) || stored.ETag == "" {
				t.Errorf("stored %+v, want size %d and SHA-256 %x", stored, size, sum)
			}
			if got := readSource(t, s, importID, stored.Upload); !bytes.Equal(got, want) {
				t.Error("read other bytes than were stored")
			}
		})
	}
}

func TestUploadsToOneImportLeaveEachOtherAlone(t *testing.T) {
	t.Parallel()
	cfg := blobtest.Config(t)
	s := blobtest.Open(t, cfg)
	texts := []string{"a much longer text", "short", "short", ""}
	uploads := make([]string, len(texts))
	var all sync.WaitGroup
	for i, text := range texts {
		all.Go(func() {
			stored, err := s.PutSource(t.Context(), acme, importID, strings.NewReader(text))
			if err != nil {
				t.Error(err)
			}
			uploads[i] = stored.Upload
		})
	}
	all.Wait()
	for i, text := range texts {
		if got := string(readSource(t, s, importID, uploads[i])); got != text {
			t.Errorf("read %q, want %q", got, text)
		}
	}
	if got := blobtest.Keys(t, cfg); len(got) != len(texts) {
		t.Errorf("stored %v, want %d objects", got, len(texts))
	}
}

func TestDeleteSourceDeletesOneUploadAndNothingElse(t *testing.T) {
	t.Parallel()
	cfg := blobtest.Config(t)
	s := blobtest.Open(t, cfg)
	kept, gone := put(t, s, importID, strings.NewReader("kept")), put(t, s, importID, strings.NewReader("gone"))
	if err := s.PutFailures(t.Context(), acme, importID, 1, 1, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is none
		if err := s.DeleteSource(t.Context(), acme, importID, gone); err != nil {
			t.Error(err)
		}
	}
	if err := s.DeleteSource(t.Context(), acme+1, importID, kept); err != nil {
		t.Error(err)
	}
	if _, _, err := s.OpenSource(t.Context(), acme, importID, gone, ""); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("OpenSource: %v, want %v", err, blob.ErrNotFound)
	}
	if got := string(readSource(t, s, importID, kept)); got != "kept" {
		t.Errorf("read %q, want kept", got)
	}
	if got := blobtest.Keys(t, cfg); len(got) != 2 {
		t.Errorf("left are %v, want the other upload and the failures", got)
	}
	if err := s.DeleteSource(t.Context(), acme, importID, ""); err == nil {
		t.Error("an upload without a name was deleted")
	}
}

// peak passes on what it reads, and keeps the largest heap that it saw.
type peak struct {
	from io.Reader
	read int64
	next int64
	heap uint64
}

func (p *peak) Read(b []byte) (int, error) {
	n, err := p.from.Read(b)
	p.read += int64(n)
	if p.read >= p.next {
		p.next += 4 << 20
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.heap = max(p.heap, m.HeapAlloc)
	}
	return n, err
}

func TestPutSourceMemoryDoesNotGrowWithTheFile(t *testing.T) { // not parallel: it measures the process
	s := blobtest.New(t)
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	in := &peak{from: noise(256 << 20)}
	if _, err := s.PutSource(t.Context(), acme, importID, in); err != nil {
		t.Fatal(err)
	}
	const limit = 64 << 20
	if grown := in.heap - min(in.heap, before.HeapAlloc); grown > limit {
		t.Errorf("the heap grew by %d MiB, want at most %d", grown>>20, limit>>20)
	} else {
		t.Logf("the heap grew by %d MiB", grown>>20)
	}
}

func TestPutSourceOfABrokenUploadStoresNothing(t *testing.T) {
	t.Parallel()
	boom := errors.New("client went away")
	for _, size := range []int64{1000, 20 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			cfg := blobtest.Config(t)
			s := blobtest.Open(t, cfg)
			broken := io.MultiReader(noise(size), iotest.ErrReader(boom))
			if _, err := s.PutSource(t.Context(), acme, importID, broken); !errors.Is(err, boom) {
				t.Errorf("PutSource: %v, want %v", err, boom)
			}
			if got := blobtest.Keys(t, cfg); len(got) != 0 {
				t.Errorf("stored %v, want nothing", got)
			}
			if n, err := s.Uploads(t.Context()); n != 0 || err != nil {
				t.Errorf("unfinished uploads: %d (%v), want none", n, err)
			}
		})
	}
}

func TestConfirmRefusesAnythingButWhatWasSent(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	data := noiseBytes(t, 9<<20) // two parts
	upload := put(t, s, importID, bytes.NewReader(data))
	size, crc := int64(len(data)), crc32.ChecksumIEEE(data)
	if err := s.Confirm(t.Context(), acme, importID, upload, size, crc); err != nil {
		t.Error(err)
	}
	if err := s.Confirm(t.Context(), acme, importID, upload, size+1, crc); err == nil {
		t.Error("another size was confirmed")
	}
	if err := s.Confirm(t.Context(), acme, importID, upload, size, crc+1); err == nil {
		t.Error("another content was confirmed")
	}
	if err := s.Confirm(t.Context(), acme, otherID, upload, size, crc); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("confirm of a missing object: %v, want %v", err, blob.ErrNotFound)
	}
}

func TestMissingObjectsAreErrNotFound(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	for _, upload := range []string{"", otherID} {
		if _, _, err := s.OpenSource(t.Context(), acme, importID, upload, ""); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("OpenSource(%q): %v, want %v", upload, err, blob.ErrNotFound)
		}
	}
	if _, err := s.OpenFailures(t.Context(), acme, importID, 0, 0); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("OpenFailures: %v, want %v", err, blob.ErrNotFound)
	}
	if err := s.DeleteImport(t.Context(), acme, importID); err != nil {
		t.Errorf("DeleteImport: %v", err)
	}
}

func TestAnotherTenantSeesNothing(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	upload := put(t, s, importID, strings.NewReader("x"))
	for _, other := range []tenant.ID{acme + 1, acme * 10} {
		if _, _, err := s.OpenSource(t.Context(), other, importID, upload, ""); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("OpenSource of tenant %s: %v, want %v", other, err, blob.ErrNotFound)
		}
		if err := s.DeleteImport(t.Context(), other, importID); err != nil {
			t.Error(err)
		}
	}
	if got := string(readSource(t, s, importID, upload)); got != "x" {
		t.Errorf("read %q, want x", got)
	}
}

func TestWrongKeysAreAnErrorOfTheirOwn(t *testing.T) {
	t.Parallel()
	cfg := blobtest.Config(t)
	blobtest.Open(t, cfg)
	cfg.SecretKey = strings.Repeat("0", len(cfg.SecretKey))
	s, err := blob.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, _, openErr := s.OpenSource(t.Context(), acme, importID, otherID, "")
	_, putErr := s.PutSource(t.Context(), acme, importID, strings.NewReader("x"))
	for name, err := range map[string]error{
		"Ping": s.Ping(t.Context()), "EnsureBucket": s.EnsureBucket(t.Context()), "OpenSource": openErr, "PutSource": putErr,
	} {
		if err == nil || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s with a wrong key: %v, want another error", name, err)
		}
	}
}

func TestPingTellsWhetherThereIsABucket(t *testing.T) {
	t.Parallel()
	cfg := blobtest.Config(t)
	s, err := blob.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("Ping without a bucket: no error")
	}
	var all sync.WaitGroup
	for range 4 { // services start at the same moment
		all.Go(func() {
			if err := s.EnsureBucket(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenReportsWhatIsWrongWithTheConfiguration(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		cfg  blob.Config
		want string
	}{
		{"no bucket", blob.Config{Region: "r"}, "MEIBO_S3_BUCKET"},
		{"no region", blob.Config{Bucket: "b"}, "MEIBO_S3_REGION"},
		{"half a key", blob.Config{Bucket: "b", Region: "r", AccessKey: "a"}, "MEIBO_S3_SECRET_KEY"},
		{"bare host", blob.Config{Bucket: "b", Region: "r", Endpoint: "localhost:9000"}, "MEIBO_S3_ENDPOINT"},
	} {
		if _, err := blob.Open(t.Context(), tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error that names %s", tt.name, err, tt.want)
		}
	}
}

func BenchmarkPutSource(b *testing.B) {
	s := blobtest.New(b)
	const size = 64 << 20
	data, _ := io.ReadAll(noise(size))
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.PutSource(b.Context(), acme, importID, bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenSource(b *testing.B) {
	s := blobtest.New(b)
	const size = 64 << 20
	upload := put(b, s, importID, noise(size))
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		r, _, err := s.OpenSource(b.Context(), acme, importID, upload, "")
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != size || err != nil {
			b.Fatal(n, err)
		}
		r.Close()
	}
}

func TestSourceOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	first, err := s.PutSource(t.Context(), acme, importID, strings.NewReader("first"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Replace(t.Context(), acme, importID, first.Upload, strings.NewReader("again")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.OpenSource(t.Context(), acme, importID, first.Upload, first.ETag); !errors.Is(err, blob.ErrChanged) {
		t.Errorf("error = %v, want ErrChanged", err)
	}
}

func TestStoreWithoutRoomIsToldFromOneThatIsDown(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{http.StatusInsufficientStorage: true, http.StatusForbidden: false} {
		full := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(full.Close)
		s, err := blob.Open(t.Context(), blob.Config{Endpoint: full.URL, Region: "us-east-1", Bucket: "b", AccessKey: "a", SecretKey: "s"})
		if err != nil {
			t.Fatal(err)
		}
		err = s.PutFailures(t.Context(), acme, importID, 0, 0, []byte("x"))
		if err == nil || blob.IsFull(err) != want {
			t.Errorf("status %d: %v, full: %t", status, err, blob.IsFull(err))
		}
	}
}
