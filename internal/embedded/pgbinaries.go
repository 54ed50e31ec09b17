package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// oldestPostgres is the oldest major version of PostgreSQL that Meibo runs on.
const oldestPostgres = 15

// ErrNoPostgres says that no PostgreSQL server that can be used is installed on this machine.
var ErrNoPostgres = errors.New("no usable PostgreSQL server is installed")

const howToInstall = "install PostgreSQL 15 or newer (Debian and Ubuntu: apt install postgresql; " +
	"macOS: brew install postgresql), or set the address of a running server in MEIBO_DATABASE_URL"

// binaries is a folder with the programs of one PostgreSQL version.
type binaries struct {
	dir   string
	major int
}

func (b binaries) program(name string) string { return filepath.Join(b.dir, name) }

// findBinaries returns the newest PostgreSQL on this machine that is at least [oldestPostgres]; with major not 0, only
// one of that version, as a data directory demands. A dir that is not empty is the only place that is searched.
func findBinaries(ctx context.Context, dir string, major int) (binaries, error) {
	places := []string{dir}
	if dir == "" {
		places = likelyPlaces(ctx)
	}
	var best binaries
	var seen []string
	for _, place := range places {
		found, ok := binariesIn(ctx, place)
		if !ok {
			continue
		}
		seen = append(seen, fmt.Sprintf("%d in %s", found.major, found.dir))
		fits := found.major >= oldestPostgres && (major == 0 || found.major == major)
		if fits && found.major > best.major {
			best = found
		}
	}
	if best.major != 0 {
		return best, nil
	}
	have := "none found"
	if len(seen) > 0 {
		have = "found only " + strings.Join(seen, ", ")
	}
	if major != 0 {
		return binaries{}, fmt.Errorf("%w: the data directory was made by version %d, which has to be installed (%s)", ErrNoPostgres, major, have)
	}
	return binaries{}, fmt.Errorf("%w: %s (%s)", ErrNoPostgres, howToInstall, have)
}

// likelyPlaces lists the folders where packages put PostgreSQL's programs, each once.
func likelyPlaces(ctx context.Context) []string {
	var places []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		places = append(places, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			places = append(places, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", // Debian
		"/usr/pgsql-*/bin",          // RPM packages of postgresql.org
		"/usr/local/pgsql/bin",      // from source
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(pattern) // the pattern is right
		places = append(places, found...)
	}
	seen := make(map[string]bool)
	var once []string
	for _, place := range places {
		real, err := filepath.EvalSymlinks(place)
		if err == nil && !seen[real] {
			seen[real] = true
			once = append(once, place)
		}
	}
	return once
}

// binariesIn tells whether dir holds a whole server, and of which version.
func binariesIn(ctx context.Context, dir string) (binaries, bool) {
	for _, name := range []string{"initdb", "createdb"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() {
			return binaries{}, false
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, false
	}
	major, ok := parseVersion(string(out))
	return binaries{dir: dir, major: major}, ok
}

// parseVersion returns the major version in what `postgres --version` prints, such as
// "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)" or "postgres (PostgreSQL) 18beta1".
func parseVersion(line string) (int, bool) {
	_, version, ok := strings.Cut(line, "(PostgreSQL) ")
	if !ok {
		return 0, false
	}
	digits := 0
	for digits < len(version) && '0' <= version[digits] && version[digits] <= '9' {
		digits++
	}
	major, err := strconv.Atoi(version[:digits])
	return major, err == nil
}
