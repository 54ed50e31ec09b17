package embeddedtest

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

func TestServersAreStartedOnce(t *testing.T) {
	first, err := Postgres()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := Postgres(); again != first {
		t.Error("a second PostgreSQL server was started")
	}
	if err := first.CreateDatabase(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	store, err := S3()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := S3(); again != store {
		t.Error("a second S3 server was started")
	}
}

func TestDirLetsOtherUsersPass(t *testing.T) {
	info, err := os.Stat(Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o711 {
		t.Errorf("mode %v, want 0711", info.Mode())
	}
}

func TestMakeDirRemovesWhatKilledProcessesLeft(t *testing.T) {
	parent := t.TempDir()
	living, err := makeDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer living.lock.Close()
	killed := filepath.Join(parent, prefix+"killed")
	starting := filepath.Join(parent, prefix+"starting") // has no lock yet
	for _, dir := range []string{killed, starting} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(killed, "process-lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	next, err := makeDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	next.lock.Close()
	for dir, want := range map[string]bool{living.path: true, starting: true, killed: false} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", dir, err, want)
		}
	}
}
