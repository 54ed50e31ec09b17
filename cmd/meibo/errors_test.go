package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
)

func TestWrongUsageIsToldInJapanese(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"imports list --limt 5 --api-key k":                           "--limt というオプションはありません。もしかして：\"--limit\"",
		"imports list --zzzzzzzz --api-key k":                         "--zzzzzzzz というオプションはありません。",
		"imports list extra --api-key k":                              "「extra」は指定できません。",
		"imports show --api-key k":                                    "次の引数を指定してください：\"<id>\"",
		"members list":                                                "次のオプションは必須です：--api-key=KEY",
		"imports":                                                     "次のいずれかを指定してください：",
		"members list --kind person --api-key k":                      "--kind の値 \"person\" は使用できません。",
		"members list --limit many --api-key k":                       "--limit には整数を指定してください（指定された値：\"many\"）。",
		"key create --tenant a --name x --expires x --database-url x": "--expires x：日付は 2026-04-01",
		"audit list --since soon --api-key k":                         "soon：日付は 2026-04-01",
	} {
		got := meibo(t.Context(), nil, "ja_JP.UTF-8", strings.Fields(line)...)
		if got.status != exitUsage || !strings.Contains(got.err, says) {
			t.Errorf("%s: status %d\n%swant %s", line, got.status, got.err, says)
		}
	}
	if got := inJapanese(`tenant "hanaya": not found`); got != "テナント「hanaya」" {
		t.Errorf("got %s", got)
	}
}

func TestErasingAsksFirst(t *testing.T) {
	t.Parallel()
	a := newAPI(t, client.Import{})
	got := meibo(t.Context(), a, "ja_JP.UTF-8", "members", "erase", "12")
	if got.status != exitUsage || !strings.Contains(got.err, "--yes") || len(a.requests) != 0 {
		t.Errorf("without a terminal: %+v after %v", got, a.requests)
	}
	for answer, want := range map[string]bool{"yes\n": true, "y\n": false, "": false} {
		c := &console{in: strings.NewReader(answer), err: new(strings.Builder), terminal: true}
		if err := (&membersErase{ID: 12}).confirm(c); (err == nil) != want {
			t.Errorf("answer %q: %v", answer, err)
		}
	}
	if err := (&membersErase{ID: 12, Yes: true}).confirm(&console{}); err != nil {
		t.Errorf("with --yes: %v", err)
	}
}

func TestTimesTellTheirZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	if read, err := time.Parse(timeLayout, timeText(at)); err != nil || !read.Equal(at) {
		t.Errorf("%s is not %v: %v", timeText(at), at, err)
	}
	i := ended(imports.StateCompleted, 1, 0)
	i.CreatedAt = at
	if got := meibo(t.Context(), newAPI(t, i), "C", "imports", "list"); !regexp.MustCompile(`\d [+-]\d\d:\d\d`).MatchString(got.out) {
		t.Errorf("imports list:\n%s", got.out)
	}
}
