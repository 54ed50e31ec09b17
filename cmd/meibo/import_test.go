package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/nettest"
)

// largeFile is a file of so many members that is sent in parts, for the length of what is not imported of them.
func largeFile(t *testing.T, members int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "大きな 会員.csv")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("備考の長い文章。", partsFrom/members/24+1)
	fmt.Fprint(file, "会員番号,氏名,備考\r\n")
	for n := range members {
		fmt.Fprintf(file, "A%d,青木 %d,%s\r\n", n, n, long)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// throughTheServer starts all of Meibo without a way to the object storage from outside.
func throughTheServer(t *testing.T) devstack.Info {
	t.Helper()
	dev, err := devstack.Start(t.Context(), devstack.Options{
		Data: dataDir(t), Listen: "127.0.0.1:0",
		Configure: func(s *devstack.Services) { s.Uploader.Blob.PublicEndpoint = "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dev.Stop(); err != nil {
			t.Error(err)
		}
	})
	return dev.Info
}

func TestLargeFileGetsThroughAPoorConnection(t *testing.T) {
	t.Parallel()
	const members = 4000
	info, file := throughTheServer(t), largeFile(t, members)
	poor := nettest.Cut(t, info.URL, func(n int) int64 {
		if n%2 == 0 {
			return -1
		}
		return int64(n) << 20
	}, func(n int) int64 {
		if n == 3 {
			return 0
		}
		return -1
	})
	got := meibo(t.Context(), nil, "C", "import", file, "--json", "--server", poor, "--api-key", info.APIKey)
	if got.status != exitOK {
		t.Fatalf("got %+v", got)
	}
	if total := oneDocument(t, got.out)["total"]; total != float64(members) {
		t.Errorf("%v members, want %d", total, members)
	}
}

func TestInterruptedUploadIsResumed(t *testing.T) {
	t.Parallel()
	const members = 4000
	info, file := throughTheServer(t), largeFile(t, members)
	target, err := url.Parse(info.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	var interrupted atomic.Bool
	var again atomic.Int32
	pass := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isPart := r.Method == http.MethodPut
		if isPart && strings.HasSuffix(r.URL.Path, "/5") && interrupted.CompareAndSwap(false, true) {
			interrupt() // as by Ctrl-C
			panic(http.ErrAbortHandler)
		}
		if isPart && interrupted.Load() {
			again.Add(1)
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	server := []string{"--server", front.URL, "--api-key", info.APIKey}
	got := meibo(ctx, nil, "ja_JP.UTF-8", append([]string{"import", file}, server...)...)
	resume := regexp.MustCompile(`続きから再開するには：meibo import --resume (\S+) '(.+)'\n`).FindStringSubmatch(got.err)
	if got.status != exitInterrupted || resume == nil || resume[2] != file {
		t.Fatalf("got %+v", got)
	}
	got = meibo(t.Context(), nil, "C", append([]string{"import", "--json", "--resume", resume[1], file}, server...)...)
	document := oneDocument(t, got.out)
	if got.status != exitOK || document["total"] != float64(members) || document["id"] != resume[1] {
		t.Errorf("got %+v", got)
	}
	if n := again.Load(); n == 0 || n >= 5 {
		t.Errorf("%d parts were sent after the interruption, of 5", n)
	}
	// Another file is not taken for the one whose upload was interrupted.
	other := fileOf(t, "会員番号\nM-1\n")
	got = meibo(t.Context(), nil, "ja_JP.UTF-8", append([]string{"import", "--resume", resume[1], other}, server...)...)
	if got.status != exitUsage || !strings.Contains(got.err, filepath.Base(file)) {
		t.Errorf("another file: %+v", got)
	}
	// What has been started is only followed.
	if got = meibo(t.Context(), nil, "C", append([]string{"import", "--resume", resume[1], file}, server...)...); got.status != exitOK {
		t.Errorf("resumed again: %+v", got)
	}
}

func TestResumeTakesAFileAndNoOptions(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "会員番号\nM-1\n")
	for _, args := range [][]string{
		{"import", "--resume", "01", "-"},
		{"import", "--resume", "01", file, "--key", "email"},
		{"import", "--resume", "01", file, "--map", "a=b"},
	} {
		if got := meibo(t.Context(), newAPI(t, client.Import{}), "C", args...); got.status != exitUsage {
			t.Errorf("%q: got %+v", args, got)
		}
	}
}

func TestRefusedFileOfAResumedImportIsLeftAlone(t *testing.T) {
	t.Parallel()
	a := newAPI(t, client.Import{State: imports.StateUploaded})
	got := meibo(t.Context(), a, "C", "import", "--resume", "01", fileOf(t, "x"))
	if got.status != exitFailed || strings.Contains(got.err, "To go on") {
		t.Errorf("got %+v", got)
	}
	for _, request := range a.requests {
		if strings.HasSuffix(request, "/cancel") {
			t.Error("the import was cancelled")
		}
	}
}
