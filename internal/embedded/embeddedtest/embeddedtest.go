// Package embeddedtest gives tests the servers that Meibo needs, one of each per test process, started when the first
// test asks for it.
//
// A package whose tests use it, directly or through blobtest or postgrestest, has
//
//	func TestMain(m *testing.M) { embeddedtest.Main(m) }
//
// The servers keep their data in temporary directories that are removed at the end, and promise nothing across a power
// loss. What a killed test process left behind is removed by the next one.
package embeddedtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/embedded"
)

const (
	prefix       = "meibo-test-"
	startTimeout = time.Minute
)

// shared is the state of this test process. It is a variable of the package because the tests of a process have nothing
// else in common.
var shared struct {
	running bool // Main was called

	mu    sync.Mutex
	dirs  map[string]lockedDir // by the directory that they are in
	close []func() error       // servers that were started
}

// lockedDir is a directory of shared servers.
type lockedDir struct {
	path string
	lock *os.File // kept, as the garbage collector would close it
}

// Main runs the tests of a package, stops the servers that they started, and ends the process.
func Main(m *testing.M) {
	embedded.RunIfChild()
	shared.running = true
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Postgres returns the PostgreSQL server of this test process.
var Postgres = sync.OnceValues(func() (*embedded.Postgres, error) {
	return startShared("postgres", databases(), func(ctx context.Context, dir string) (*embedded.Postgres, error) {
		return embedded.StartPostgres(ctx, embedded.PostgresConfig{Dir: dir, Settings: map[string]string{
			"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
			"max_wal_size": "256MB", "max_connections": "400", // several installations at once, each with its pools
		}})
	})
})

// S3 returns the S3-compatible server of this test process. It has no buckets.
var S3 = sync.OnceValues(func() (*embedded.S3, error) {
	return startShared("s3", os.TempDir(), func(ctx context.Context, dir string) (*embedded.S3, error) {
		return embedded.StartS3(ctx, embedded.S3Config{Dir: dir})
	})
})

// Dir returns a new directory that is removed when the test ends. Unlike those of [testing.T.TempDir], other users may
// pass through it: in tests that run as root, PostgreSQL runs as another user.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, err := passableDir(os.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("remove directory: %v", err)
		}
	})
	return dir
}

func passableDir(parent string) (string, error) {
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", fmt.Errorf("open directory: %w", err)
	}
	return dir, nil
}

// memory is where Linux has a file system in memory.
const memory = "/dev/shm"

// roomy is how much of it has to be free, in bytes: several times what the databases of a package take.
const roomy = 4 << 30

// databases returns the directory for the PostgreSQL server: in memory where there is room, as each test's own database
// is some hundred files, which take a disk longer to make and to remove than most tests run. Elsewhere it is the usual one.
func databases() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || uint64(fs.Bsize)*fs.Bavail < roomy {
		return os.TempDir()
	}
	return memory
}

// startShared starts a server that lives until the end of [Main], with its data below parent.
func startShared[T interface{ Close() error }](name, parent string, start func(ctx context.Context, dir string) (T, error)) (T, error) {
	var none T
	if !shared.running {
		return none, errors.New("share a test server: TestMain has to call embeddedtest.Main")
	}
	dir, err := sharedDir(parent)
	if err != nil {
		return none, fmt.Errorf("share a test server: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	server, err := start(ctx, filepath.Join(dir, name))
	if err != nil {
		return none, fmt.Errorf("share a test server: %w", err)
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.close = append(shared.close, server.Close)
	return server, nil
}

// sharedDir returns the directory of the shared servers below parent.
func sharedDir(parent string) (string, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if d, ok := shared.dirs[parent]; ok {
		return d.path, nil
	}
	d, err := makeDir(parent)
	if err != nil {
		return "", err
	}
	if shared.dirs == nil {
		shared.dirs = map[string]lockedDir{}
	}
	shared.dirs[parent] = d
	return d.path, nil
}

// stop closes the servers and removes their directories.
func stop() error {
	var errs []error
	for _, closeServer := range shared.close {
		errs = append(errs, closeServer())
	}
	for _, d := range shared.dirs {
		errs = append(errs, os.RemoveAll(d.path))
	}
	return errors.Join(errs...)
}

// makeDir makes a directory of shared servers, locked while this process lives, and removes those whose process was
// killed.
func makeDir(parent string) (lockedDir, error) {
	left, _ := filepath.Glob(filepath.Join(parent, prefix+"*", "process-lock")) // the pattern is right
	for _, lock := range left {
		if f, err := lockFile(lock); err == nil {
			os.RemoveAll(filepath.Dir(lock)) // as much of it as is ours
			f.Close()
		}
	}
	dir, err := passableDir(parent)
	if err != nil {
		return lockedDir{}, err
	}
	// The lock gets its name when it is held, so that no other process ever finds it free.
	path := filepath.Join(dir, "process-lock")
	f, err := lockFile(path + ".new")
	if err != nil {
		return lockedDir{}, fmt.Errorf("lock directory: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return lockedDir{}, fmt.Errorf("lock directory: %w", err)
	}
	return lockedDir{path: dir, lock: f}, nil
}

func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
