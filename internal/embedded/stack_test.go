package embedded

import (
	"context"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestStackRestartKeepsDataAndSettings(t *testing.T) {
	t.Parallel()
	cfg := StackConfig{Dir: filepath.Join(passable(t), "deep", "data"), Postgres: PostgresConfig{Settings: unsafe()}}
	var before Settings
	var upload string
	for round := range 2 {
		s, err := StartStack(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		store := openBucket(t, s.Settings.S3Endpoint, s.Settings.S3Bucket, s.Settings.S3AccessKey, s.Settings.S3SecretKey)
		if round == 0 {
			before = s.Settings
			query(t, s.Settings.DatabaseURL, "CREATE TABLE kept AS SELECT 42 AS n")
			upload = storeText(t, store, "kept")
		}
		if s.Settings != before {
			t.Errorf("settings after a restart %+v, want %+v", s.Settings, before)
		}
		if got := query(t, s.Settings.DatabaseURL, "SELECT n FROM kept"); got != "42" {
			t.Errorf("read %q from the database, want 42", got)
		}
		if got := storedText(t, store, upload); got != "kept" {
			t.Errorf("read %q from the store, want kept", got)
		}
		if _, answer := dialNATS(t, s.Settings.NATSURL); answer != "PONG" {
			t.Errorf("nats answers %q", answer)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	checkPrivate(t, cfg.Dir)
}

// checkPrivate fails if another user can read a file.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() && info.Mode().Perm()&0o055 == 0 {
			return filepath.SkipDir // closed, whatever is in it
		}
		if info.Mode().Perm()&0o066 != 0 {
			t.Errorf("%s has mode %v: others can read or write it", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStackWithADatabaseOfSomebodyElseStartsNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const address = "postgres://u:p@db.example.com/meibo"
	s, err := StartStack(t.Context(), StackConfig{Dir: dir, DatabaseURL: address})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Settings.DatabaseURL != address || s.Settings.Environment()["MEIBO_DATABASE_URL"] != address {
		t.Errorf("database %s, want %s", s.Settings.DatabaseURL, address)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
		t.Error("a database was made")
	}
}

func TestStackThatCannotStartLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	_, err := StartStack(t.Context(), StackConfig{Dir: dir, Postgres: PostgresConfig{Binaries: t.TempDir()}})
	if !errors.Is(err, ErrNoPostgres) {
		t.Fatalf("%v, want %v", err, ErrNoPostgres)
	}
	for _, part := range []string{"s3", "nats", "mail", "postgres"} {
		h, err := openHome(filepath.Join(dir, part))
		if err != nil {
			t.Errorf("%s is still held: %v", part, err)
			continue
		}
		h.close()
	}
}

func TestStackWaitReportsAPartThatDied(t *testing.T) {
	t.Parallel()
	s, err := StartStack(t.Context(), StackConfig{Dir: passable(t), Postgres: PostgresConfig{Settings: unsafe()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ended); err != nil {
		t.Errorf("after the end of the context: %v", err)
	}
	s.postgres.child.signal(syscall.SIGKILL)
	if err := s.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "postgres") {
		t.Errorf("after the death of postgres: %v", err)
	}
}

func TestChildrenDieWithAKilledParent(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	h := startHelper(t, dir, nil)
	query(t, h.Settings.DatabaseURL, "CREATE TABLE kept AS SELECT 42 AS n")
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait() // killed
	h.awaitChildren(t)
	again := startHelper(t, dir, nil)
	defer again.input.Close()
	if got := query(t, again.Settings.DatabaseURL, "SELECT n FROM kept"); got != "42" {
		t.Errorf("read %q, want 42", got)
	}
}

func TestStackStartsRightAfterItsProcessWasKilled(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	h := startHelper(t, dir, nil)
	for range 2 {
		if err := h.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = h.cmd.Wait() // killed
		again := startHelper(t, dir, nil)
		if again.Settings != h.Settings {
			t.Errorf("settings after the death %+v, want %+v", again.Settings, h.Settings)
		}
		h = again
	}
	h.input.Close()
	if err := h.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestStackRunsAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	dir := passable(t)
	uid := os.Getuid()
	var cred *syscall.Credential // nil: we are one
	if uid == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ = strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		h := startHelper(t, dir, cred)
		if h.UID != uid {
			t.Errorf("ran as user %d, want %d", h.UID, uid)
		}
		query(t, h.Settings.DatabaseURL, "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS n")
		if got := query(t, h.Settings.DatabaseURL, "SELECT n FROM kept"); got != "42" {
			t.Errorf("read %q, want 42", got)
		}
		h.input.Close()
		if err := h.cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	// What an ordinary user made can be used by root later: the server then runs as that user.
	s, err := StartStack(t.Context(), StackConfig{Dir: dir, Postgres: PostgresConfig{Settings: unsafe()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := query(t, s.Settings.DatabaseURL, "SELECT n FROM kept"); got != "42" {
		t.Errorf("read %q, want 42", got)
	}
}
