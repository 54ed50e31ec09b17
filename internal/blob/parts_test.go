package blob_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/tenant"
)

// seeded is n bytes that never repeat, the same for the same seed.
func seeded(seed byte, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

func begin(t *testing.T, s *blob.Store) blob.Parts {
	t.Helper()
	p, _, err := s.BeginParts(t.Context(), acme, importID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func putPart(t *testing.T, s *blob.Store, p blob.Parts, number int, content []byte) blob.Part {
	t.Helper()
	part, err := s.PutPart(t.Context(), p, number, int64(len(content)), sha256.Sum256(content), bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return part
}

func listParts(t *testing.T, s *blob.Store, p blob.Parts) []blob.Part {
	t.Helper()
	parts, err := s.ListParts(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestPartSizeKeepsWithinTheLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ size, wanted, want int64 }{
		{0, 0, 8 << 20},
		{1, 0, 8 << 20},
		{1, 1, blob.MinPart},
		{1 << 30, 16 << 20, 16 << 20},
		{8 << 20 * 10_000, 0, 8 << 20},
		{8<<20*10_000 + 1, 0, 9 << 20},
		{blob.MaxObject, 0, 525 << 20},
		{blob.MaxObject, 5 << 20, 525 << 20},
		{0, 6 << 30, blob.MaxPart},
	} {
		got := blob.PartSize(c.size, c.wanted)
		if got != c.want || c.size > got*blob.MaxParts {
			t.Errorf("PartSize(%d, %d) = %d, want %d", c.size, c.wanted, got, c.want)
		}
	}
}

func TestPartsBecomeTheSource(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	first, second := seeded(1, blob.MinPart), seeded(2, 1000)
	p := begin(t, s)
	putPart(t, s, p, 2, second)
	putPart(t, s, p, 1, seeded(3, blob.MinPart+5)) // replaced by the next
	one := putPart(t, s, p, 1, first)
	if sum := md5.Sum(first); one != (blob.Part{Number: 1, Size: blob.MinPart, ETag: hex.EncodeToString(sum[:])}) {
		t.Errorf("part = %+v", one)
	}
	parts := listParts(t, s, p)
	if len(parts) != 2 || parts[0] != one || parts[1].Size != 1000 {
		t.Fatalf("parts = %+v", parts)
	}
	if _, err := s.StatSource(t.Context(), acme, importID, p.Upload); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("before they are put together: %v, want ErrNotFound", err)
	}
	if err := s.CompleteParts(t.Context(), p, parts); err != nil {
		t.Fatal(err)
	}
	object, err := s.StatSource(t.Context(), acme, importID, p.Upload)
	if err != nil || object.Size != blob.MinPart+1000 {
		t.Fatalf("object = %+v, %v", object, err)
	}
	r, size, err := s.OpenSource(t.Context(), acme, importID, p.Upload, object.ETag)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || size != int64(len(got)) || !bytes.Equal(got, append(first, second...)) {
		t.Errorf("read %d bytes of %d: %v", len(got), size, err)
	}
	if newest, err := s.NewestParts(t.Context(), acme, importID); err != nil || newest != p.Upload {
		t.Errorf("newest = %q, %v", newest, err)
	}
	if _, err := s.FindParts(t.Context(), acme, importID, ""); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("still under way: %v", err)
	}
}

func TestEverybodyFindsTheSameUpload(t *testing.T) {
	t.Parallel()
	cfg := blobtest.Config(t)
	stores := []*blob.Store{blobtest.Open(t, cfg), blobtest.Open(t, cfg), blobtest.Open(t, cfg), blobtest.Open(t, cfg)}
	var all sync.WaitGroup
	for _, s := range stores {
		all.Go(func() {
			if _, _, err := s.BeginParts(t.Context(), acme, importID); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	found := make(map[blob.Parts]bool)
	for _, s := range stores {
		p, begun, err := s.BeginParts(t.Context(), acme, importID)
		if err != nil || begun {
			t.Errorf("another one was begun: %v, %v", begun, err)
		}
		found[p] = true
	}
	if len(found) != 1 {
		t.Errorf("found %v, want one", found)
	}
	if _, err := stores[0].FindParts(t.Context(), tenant.ID(8), importID, ""); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("another tenant: %v, want ErrNotFound", err)
	}
}

func TestSourceSentInOneRequestIsNoUploadByParts(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := s.PutSource(t.Context(), acme, importID, r)
		done <- err
	}()
	if _, err := w.Write(seeded(1, 17<<20)); err != nil { // more than a part: its multipart upload is under way
		t.Fatal(err)
	}
	if p, err := s.FindParts(t.Context(), acme, importID, ""); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("found %+v, %v", p, err)
	}
	if err := s.AbortParts(t.Context(), acme, importID); err != nil {
		t.Error(err)
	}
	w.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if upload, err := s.NewestParts(t.Context(), acme, importID); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("newest = %q, %v", upload, err)
	}
}

func TestPartThatIsNotWholeIsNotStored(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	content := seeded(1, 3<<20)
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		from io.Reader
		want error
	}{
		"short":  {bytes.NewReader(content[1:]), io.ErrUnexpectedEOF},
		"broken": {io.MultiReader(bytes.NewReader(content[:2<<20]), iotest.ErrReader(broken)), broken},
		"other":  {bytes.NewReader(append([]byte("x"), content...)), blob.ErrDigest},
	} {
		t.Run(name, func(t *testing.T) {
			p := begin(t, s)
			if _, err := s.PutPart(t.Context(), p, 1, int64(len(content)), sha256.Sum256(content), c.from); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if parts := listParts(t, s, p); len(parts) != 0 {
				t.Errorf("stored %+v", parts)
			}
		})
	}
}

func TestPartOfAnEndedUploadIsNotFound(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	p := begin(t, s)
	if err := s.AbortParts(t.Context(), acme, importID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutPart(t.Context(), p, 1, 1, sha256.Sum256([]byte("a")), strings.NewReader("a")); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("put: %v, want ErrNotFound", err)
	}
	if _, err := s.ListParts(t.Context(), p); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("list: %v, want ErrNotFound", err)
	}
	if err := s.CompleteParts(t.Context(), p, []blob.Part{{Number: 1, ETag: strings.Repeat("0", 32)}}); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("complete: %v, want ErrNotFound", err)
	}
	if err := s.AbortParts(t.Context(), acme, importID); err != nil {
		t.Errorf("abort again: %v", err)
	}
}

// putURL sends content as anybody would.
func putURL(t *testing.T, url string, content []byte) (status int, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://meibo.example.com")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header
}

func TestSignedPartNeedsNoKeyAndExpires(t *testing.T) {
	t.Parallel()
	cfg := blobtest.Config(t)
	cfg.PublicEndpoint = cfg.Endpoint
	s := blobtest.Open(t, cfg)
	p := begin(t, s)
	content := seeded(1, 1<<20)
	url, err := s.SignPart(t.Context(), p, 3, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status, header := putURL(t, url, content)
	parts := listParts(t, s, p)
	if status != http.StatusOK || len(parts) != 1 || parts[0].Number != 3 || parts[0].Size != 1<<20 || header.Get("ETag") != `"`+parts[0].ETag+`"` {
		t.Errorf("status %d, %v, parts %+v", status, header, parts)
	}
	if err := s.CompleteParts(t.Context(), p, parts); err != nil { // without checksums on either side
		t.Error(err)
	}
	// What is refused is short: the store does not read it to its end.
	if status, _ := putURL(t, strings.Replace(url, "partNumber=3", "partNumber=4", 1), []byte("x")); status != http.StatusForbidden {
		t.Errorf("another part than the signed one: status %d", status)
	}
	if url, err = s.SignPart(t.Context(), begin(t, s), 1, time.Second); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for signed := time.Now(); ; <-tick.C {
		if status, _ = putURL(t, url, []byte("x")); status != http.StatusOK {
			break
		}
		if time.Since(signed) > time.Minute {
			t.Fatal("it has not expired")
		}
	}
	if status != http.StatusForbidden {
		t.Errorf("an expired address: status %d", status)
	}
}

func TestStoreWithoutPublicEndpointSignsNothing(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	if _, err := s.SignPart(t.Context(), begin(t, s), 1, time.Minute); !errors.Is(err, blob.ErrNotPublic) || s.Public() {
		t.Errorf("got %v, want ErrNotPublic", err)
	}
}

func TestBrowsersOfTheOriginMayPutParts(t *testing.T) {
	t.Parallel()
	cfg := blobtest.Config(t)
	cfg.PublicEndpoint = cfg.Endpoint
	s := blobtest.Open(t, cfg)
	for range 2 { // the second time the rules are there
		if err := s.AllowBrowsers(t.Context(), "https://meibo.example.com"); err != nil {
			t.Fatal(err)
		}
	}
	url, err := s.SignPart(t.Context(), begin(t, s), 1, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status, header := putURL(t, url, []byte("a"))
	if status != http.StatusOK || header.Get("Access-Control-Allow-Origin") != "https://meibo.example.com" ||
		!strings.Contains(header.Get("Access-Control-Expose-Headers"), "ETag") {
		t.Errorf("status %d, %v", status, header)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://meibo.example.com")
	req.Header.Set("Access-Control-Request-Method", http.MethodPut)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode >= 300 || !strings.Contains(res.Header.Get("Access-Control-Allow-Methods"), http.MethodPut) {
		t.Errorf("preflight: %d %v", res.StatusCode, res.Header)
	}
	if err := s.AllowBrowsers(t.Context(), "https://other.example.com"); err == nil {
		t.Error("rules of somebody else were taken for ours")
	}
}

func TestListOfPartsHasAllPages(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	p := begin(t, s)
	const n = 1003 // a page has 1,000
	for number := 1; number <= n; number++ {
		putPart(t, s, p, number, []byte{byte(number)})
	}
	parts := listParts(t, s, p)
	if len(parts) != n {
		t.Fatalf("%d parts, want %d", len(parts), n)
	}
	for i, part := range parts {
		if part.Number != i+1 || part.Size != 1 {
			t.Fatalf("part %d is %+v", i+1, part)
		}
	}
}

func TestPartOfNoBytesIsAPart(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	p := begin(t, s)
	putPart(t, s, p, 1, nil)
	parts := listParts(t, s, p)
	if err := s.CompleteParts(t.Context(), p, parts); err != nil {
		t.Fatal(err)
	}
	if object, err := s.StatSource(t.Context(), acme, importID, p.Upload); err != nil || object.Size != 0 {
		t.Errorf("object = %+v, %v", object, err)
	}
}

func TestPartsOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	p := begin(t, s)
	for _, c := range []struct {
		number int
		size   int64
	}{{0, 1}, {-1, 1}, {blob.MaxParts + 1, 1}, {1, blob.MaxPart + 1}, {1, -1}} {
		if _, err := s.PutPart(t.Context(), p, c.number, c.size, sha256.Sum256([]byte("a")), strings.NewReader("a")); err == nil {
			t.Errorf("part %d of %d bytes was taken", c.number, c.size)
		}
	}
	if got := fmt.Sprint(listParts(t, s, p)); got != "[]" {
		t.Errorf("parts = %s", got)
	}
}

// BenchmarkPutParts is an upload of 256 MiB by parts of 8 MiB, four at a time, to the end; PutSource is the same file in
// one request.
func BenchmarkPutParts(b *testing.B) {
	s := blobtest.New(b)
	data := seeded(1, 256<<20)
	const size = 8 << 20
	b.Run("parts", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			p, _, err := s.BeginParts(b.Context(), acme, importID)
			if err != nil {
				b.Fatal(err)
			}
			var group errgroup.Group
			group.SetLimit(4)
			parts := make([]blob.Part, len(data)/size)
			for n := range parts {
				group.Go(func() (err error) {
					content := data[n*size : (n+1)*size]
					parts[n], err = s.PutPart(b.Context(), p, n+1, size, sha256.Sum256(content), bytes.NewReader(content))
					return err
				})
			}
			if err := group.Wait(); err != nil {
				b.Fatal(err)
			}
			if err := s.CompleteParts(b.Context(), p, parts); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("PutSource", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.PutSource(b.Context(), acme, importID, bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
