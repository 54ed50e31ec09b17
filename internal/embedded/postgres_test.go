package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPostgresRestartKeepsDataPasswordAndPort(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	p := startPostgres(t, dir)
	for range 2 { // the second time it is there
		if err := p.CreateDatabase(t.Context(), "名簿-\"db\""); err != nil {
			t.Fatal(err)
		}
	}
	address := p.URL("名簿-\"db\"")
	query(t, address, "CREATE TABLE kept AS SELECT 42 AS n")
	if got := query(t, address, "SELECT current_setting('server_encoding') || ' ' || (SELECT datcollate FROM pg_database WHERE datname = current_database())"); got != "UTF8 C" {
		t.Errorf("encoding and locale: %s, want UTF8 C", got)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again := startPostgres(t, dir)
	if got := again.URL("名簿-\"db\""); got != address {
		t.Errorf("address after a restart %s, want %s", got, address)
	}
	if got := query(t, address, "SELECT n FROM kept"); got != "42" {
		t.Errorf("read %q, want 42", got)
	}
}

func TestPostgresAsksForThePassword(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, passable(t))
	wrong := p.address
	password, _ := wrong.User.Password()
	q := &Postgres{address: wrong, bin: p.bin}
	q.address.Host = strings.Replace(q.address.Host, "127.0.0.1", "localhost", 1)
	if err := q.CreateDatabase(t.Context(), "fine"); err != nil {
		t.Fatal(err)
	}
	attached, err := AttachPostgres(strings.Replace(p.URL("x"), password, "wrong", 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := attached.CreateDatabase(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "password authentication failed") {
		t.Errorf("with a wrong password: %v", err)
	} else if strings.Contains(err.Error(), "wrong") {
		t.Errorf("the error holds the password: %v", err)
	}
}

func TestPostgresStartsAfterItsPostmasterWasKilled(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	p := startPostgres(t, dir)
	query(t, p.URL("postgres"), "CREATE TABLE kept AS SELECT 42 AS n")
	p.child.signal(syscall.SIGKILL)
	<-p.Done()
	if err := p.Close(); err != nil {
		t.Errorf("close after the death: %v", err)
	}
	again := startPostgres(t, dir)
	if got := query(t, again.URL("postgres"), "SELECT n FROM kept"); got != "42" {
		t.Errorf("read %q, want 42", got)
	}
}

func TestPostgresStopsTheServerThatAKilledProcessLeftOver(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	orphan := startPostgres(t, dir)
	query(t, orphan.URL("postgres"), "CREATE TABLE kept AS SELECT 42 AS n")
	orphan.home.close() // what the system does with the lock of a killed process
	p := startPostgres(t, dir)
	await(t, "end of the server that was left over", func() bool { return ended(orphan) })
	if got := query(t, p.URL("postgres"), "SELECT n FROM kept"); got != "42" {
		t.Errorf("read %q, want 42", got)
	}
}

func TestPostgresIgnoresAPostmasterPidOfAnotherProgram(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	p := startPostgres(t, dir)
	pidFile := filepath.Join(dir, "data/postmaster.pid")
	stale, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	// After a restart of the machine the number belongs to somebody else: here, to the parent of this test.
	_, rest, _ := strings.Cut(string(stale), "\n")
	for name, text := range map[string]string{
		"another process": strconv.Itoa(os.Getppid()) + "\n" + rest,
		"cut off":         "",
	} {
		if err := os.WriteFile(pidFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		again := startPostgres(t, dir)
		if err := again.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPostgresStartsAfterAnUnfinishedFirstStart(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	if err := os.MkdirAll(filepath.Join(dir, "data.new/base"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := startPostgres(t, dir)
	if got := query(t, p.URL("postgres"), "SELECT 1"); got != "1" {
		t.Errorf("read %q, want 1", got)
	}
}

func TestPostgresDirectoryIsForOneProcess(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	p := startPostgres(t, dir)
	_, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("second start: %v, want %v and our process id", err, ErrInUse)
	}
	if ended(p) {
		t.Error("the second start stopped the first server")
	}
}

func TestPostgresTakesSettings(t *testing.T) {
	t.Parallel()
	p, err := StartPostgres(t.Context(), PostgresConfig{Dir: passable(t), Settings: map[string]string{"fsync": "off", "work_mem": "7MB"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := query(t, p.URL("postgres"), "SHOW work_mem"); got != "7MB" {
		t.Errorf("work_mem %s, want 7MB", got)
	}
}

func TestPostgresThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	startPostgres(t, dir).Close()
	started := time.Now()
	_, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir, Settings: map[string]string{"shared_buffers": "nonsense"}})
	if err == nil || !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("%v, want the words of the server", err)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %v to say so", took)
	}
	startPostgres(t, dir) // the failed start has left nothing
}

func TestPostgresInADirectoryOfOnesOwn(t *testing.T) {
	t.Parallel()
	closed := t.TempDir() // mode 0700
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := StartPostgres(t.Context(), PostgresConfig{Dir: filepath.Join(closed, "pg"), Settings: unsafe()})
	if os.Geteuid() != 0 {
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
		return
	}
	// As root, PostgreSQL is another user, who cannot get there.
	if err == nil {
		p.Close()
		t.Fatal("no error")
	}
	for _, want := range []string{"root", "may not pass through", "choose another data directory"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %q in it", err, want)
		}
	}
}

func TestAttachPostgresTakesOnlyAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "localhost", "http://localhost/x", "host=localhost password=secret", "postgres://a:secret%zz@h/x"} {
		if _, err := AttachPostgres(address); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want an error without the password", address, err)
		}
	}
	p, err := AttachPostgres("postgres://u:p@h:5/old?sslmode=require")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.URL("new"), "postgres://u:p@h:5/new?sslmode=require"; got != want {
		t.Errorf("URL %s, want %s", got, want)
	}
	if err := p.Close(); err != nil || p.Done() != nil {
		t.Errorf("close of an attached server: %v", err)
	}
}
