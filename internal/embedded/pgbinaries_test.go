package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakePostgres makes a folder of programs of a version.
func fakePostgres(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"initdb", "createdb", "postgres"} {
		script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s'\n", version)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindBinariesSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		dir   string
		major int
		want  []string // in the error; none: no error
	}{
		{"fits", fakePostgres(t, "17.2 (Debian 17.2-1)"), 0, nil},
		{"fits the data", fakePostgres(t, "16.1"), 16, nil},
		{"too old", fakePostgres(t, "14.9"), 0, []string{"install PostgreSQL 15 or newer", "found only 14"}},
		{"nothing", t.TempDir(), 0, []string{"install PostgreSQL 15 or newer", "MEIBO_DATABASE_URL"}},
		{"newer than the data", fakePostgres(t, "17.2"), 15, []string{"made by version 15", "found only 17"}},
		{"not a version", fakePostgres(t, "devel"), 0, []string{"install"}},
	} {
		found, err := findBinaries(t.Context(), tt.dir, tt.major)
		if len(tt.want) == 0 {
			if err != nil || found.dir != tt.dir {
				t.Errorf("%s: found %+v, %v", tt.name, found, err)
			}
			continue
		}
		if !errors.Is(err, ErrNoPostgres) {
			t.Errorf("%s: %v, want %v", tt.name, err, ErrNoPostgres)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v: want %q in it", tt.name, err, want)
			}
		}
	}
}

func TestParseVersionReadsWhatPackagesPrint(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]int{
		"postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 18.0 (Homebrew)\n":                18,
		"postgres (PostgreSQL) 19beta1\n":                        19,
		"postgres (PostgreSQL) \n":                               0,
		"postgres 15":                                            0,
		"":                                                       0,
	} {
		if got, ok := parseVersion(line); got != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v; want %d", line, got, ok, want)
		}
	}
}
