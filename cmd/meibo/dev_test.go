package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/queue"
)

// dataDir returns a directory that the database's user can pass to.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "meibo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

// running runs `meibo dev` on a directory until the returned function is called, which returns what it came to.
func running(t *testing.T, data string) (devstack.Info, func() told) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan told, 1)
	go func() {
		ended <- meibo(ctx, nil, "C", "dev", "--data", data, "--listen", "127.0.0.1:0", "--log-level", "error")
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(filepath.Join(data, "dev.json"))
		if err == nil {
			var info devstack.Info
			if err := json.Unmarshal(text, &info); err != nil {
				t.Fatal(err)
			}
			return info, func() told {
				cancel()
				return <-ended
			}
		}
		select {
		case got := <-ended:
			t.Fatalf("it ended: %+v", got)
		case <-tick.C:
		}
	}
}

func TestDevServesTheOtherCommandsAndKeepsWhatTheyDid(t *testing.T) {
	t.Parallel()
	data := dataDir(t)
	info, stop := running(t, data)
	if got := meibo(t.Context(), nil, "C", "dev", "--data", data); got.status != exitFailed || !strings.Contains(got.err, "in use") {
		t.Errorf("a second one on the directory: %+v", got)
	}
	key := anAccount(t, info.DatabaseURL)
	file := filepath.Join(t.TempDir(), "sample.csv")
	if got := meibo(t.Context(), nil, "C", "sample", "--rows", "50", "--defects", "0", "-o", file); got.status != exitOK {
		t.Fatalf("sample: %+v", got)
	}
	if got := meibo(t.Context(), nil, "C", "import", file, "--server", info.URL, "--api-key", key); got.status != exitOK {
		t.Fatalf("import: %+v", got)
	}
	deadLetters(t, info)
	if got := stop(); got.status != exitOK || !strings.Contains(got.out, info.APIKey) {
		t.Errorf("dev: %+v", got)
	}

	info, stop = running(t, data)
	got := meibo(t.Context(), nil, "C", "members", "list", "--limit", "0", "--json", "--server", info.URL, "--api-key", key)
	if items, _ := oneDocument(t, got.out)["items"].([]any); len(items) != 50 {
		t.Errorf("after a restart there are %d members", len(items))
	}
	undoes(t, "--server", info.URL, "--api-key", key)
	if got := stop(); got.status != exitOK {
		t.Errorf("dev: %+v", got)
	}
	if _, err := os.Stat(filepath.Join(data, "dev.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("dev.json after the end: %v", err)
	}
}

// undoes takes back the import of 50 members, after a dry run of that, and asks for it again.
func undoes(t *testing.T, flags ...string) {
	t.Helper()
	of := func(args ...string) told { return meibo(t.Context(), nil, "C", append(args, flags...)...) }
	listed, _ := oneDocument(t, of("imports", "list", "--json").out)["items"].([]any)
	if len(listed) == 0 {
		t.Fatal("no import is listed")
	}
	id, _ := listed[len(listed)-1].(map[string]any)["id"].(string)
	if got := of("imports", "undo", id, "--dry-run"); got.status != exitOK || !strings.Contains(got.out, "dry run") || !strings.Contains(got.out, "50") {
		t.Errorf("dry run of an undo: %+v", got)
	}
	if got := of("imports", "undo", id); got.status != exitOK || !strings.Contains(got.out, "is undone") || !strings.Contains(got.out, "50") {
		t.Errorf("undo: %+v", got)
	}
	if got := of("imports", "watch", id); got.status != exitOK || !strings.Contains(got.out, "is undone") {
		t.Errorf("watch of an undone import: %+v", got)
	}
	if got := of("imports", "undo", id); got.status != exitFailed || !strings.Contains(got.err, "undone") {
		t.Errorf("second undo: %+v", got)
	}
	if left, _ := oneDocument(t, of("members", "list", "--limit", "0", "--json").out)["items"].([]any); len(left) != 0 {
		t.Errorf("%d members are left", len(left))
	}
}

// anAccount makes a tenant with a user by the operator's commands, and returns the user's key.
func anAccount(t *testing.T, databaseURL string) string {
	t.Helper()
	var got told
	for _, args := range [][]string{
		{"migrate"},
		{"tenant", "create", "hanaya"},
		{"user", "create", "--tenant", "hanaya", "--email", "a@example.jp", "--name", "青木"},
		{"key", "create", "--tenant", "hanaya", "--user", "a@example.jp", "--name", "nightly"},
	} {
		got = meibo(t.Context(), nil, "ja_JP.UTF-8", append(args, "--database-url", databaseURL)...)
		if got.status != exitOK {
			t.Fatalf("%q: %+v", args, got)
		}
	}
	if again := meibo(t.Context(), nil, "C", "tenant", "create", "hanaya", "--database-url", databaseURL); again.status != exitFailed {
		t.Errorf("a second tenant of the name: %+v", again)
	}
	set := meibo(t.Context(), nil, "C", "tenant", "set", "hanaya", "--max-row-bytes", "4096", "--database-url", databaseURL)
	if set.status != exitOK || !strings.Contains(set.out, "4,096") || !strings.Contains(set.out, "Asia/Tokyo") {
		t.Errorf("tenant set: %+v, want the settings as they are now", set)
	}
	of := func(args ...string) told {
		return meibo(t.Context(), nil, "C", append(args, "--tenant", "hanaya", "--database-url", databaseURL)...)
	}
	if taken := of("user", "create", "--email", "A@example.jp", "--name", "x"); taken.status != exitFailed {
		t.Errorf("an address in another case: %+v", taken)
	}
	if users := of("user", "list"); users.status != exitOK || !strings.Contains(users.out, "a@example.jp") || !strings.Contains(users.out, "no password") {
		t.Errorf("user list: %+v", users)
	}
	if invited := of("user", "invite", "--email", "a@example.jp"); invited.status != exitOK || !strings.HasPrefix(invited.out, "meibo_token_") {
		t.Errorf("user invite: %+v", invited)
	}
	if made := of("key", "create", "--name", "looker", "--scope", "read", "--expires", "2999-12-31"); made.status != exitOK {
		t.Errorf("key create: %+v", made)
	}
	if revoked := of("key", "revoke", "3"); revoked.status != exitOK || !strings.Contains(revoked.err, "looker") {
		t.Errorf("key revoke: %+v", revoked)
	}
	if keys := of("key", "list"); keys.status != exitOK || !strings.Contains(keys.out, "nightly") || !strings.Contains(keys.out, "3000-01-01") {
		t.Errorf("key list: %+v", keys)
	}
	return strings.TrimSpace(got.out)
}

func TestDemoShowsAndChecksWhatItPromises(t *testing.T) {
	t.Parallel()
	got := meibo(t.Context(), nil, "ja_JP.UTF-8", "demo", "--rows", "2000", "--data", dataDir(t))
	if got.status != exitOK {
		t.Fatalf("got %+v", got)
	}
	for _, want := range []string{"CSVインポート処理完了", "トータル件数　：2,000", "■ まとめ", "会員_変更.xlsx"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not shown in\n%s", want, got.out)
		}
	}
}

// deadLetters has a chunk come that nobody can merge, and looks at it by the operator's commands.
func deadLetters(t *testing.T, info devstack.Info) {
	t.Helper()
	q, err := queue.Open(queue.Config{URL: info.NATSURL, Replicas: 1}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	lost := queue.Job{Tenant: 1, Import: imports.NewID()}
	if err := q.PublishChunk(t.Context(), queue.Chunk{Job: lost, Chunk: imports.Chunk{Lane: 2, Seq: 5, Rows: 1, Block: []byte("rows")}}); err != nil {
		t.Fatal(err)
	}
	operator := func(args ...string) told {
		t.Helper()
		return meibo(t.Context(), nil, "C", append(append([]string{"dead"}, args...), "--nats-url", info.NATSURL)...)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var items []any
	for len(items) == 0 {
		<-tick.C
		items, _ = oneDocument(t, operator("list", "--json").out)["items"].([]any)
	}
	letter, _ := items[0].(map[string]any)
	if letter["import"] != lost.Import.String() || letter["lane"] != 2.0 || letter["seq"] != 5.0 || letter["reason"] == "" {
		t.Errorf("letter is %v", letter)
	}
	id := fmt.Sprint(letter["id"])
	if got := operator("show", id); got.status != exitOK || !strings.Contains(got.out, "merger") || !strings.Contains(got.out, lost.Import.String()) {
		t.Errorf("show: %+v", got)
	}
	if got := operator("show", id, "--raw"); got.status != exitOK || !strings.Contains(got.out, "rows") {
		t.Errorf("show --raw: %+v", got)
	}
	if got := operator("resume", id, "--database-url", info.DatabaseURL); got.status != exitFailed {
		t.Errorf("resume of an import that is not there: %+v", got)
	}
	if got := operator("drop", id); got.status != exitOK {
		t.Errorf("drop: %+v", got)
	}
	if got := operator("show", id); got.status != exitFailed || !strings.Contains(got.err, "dead list") {
		t.Errorf("show of what was dropped: %+v", got)
	}
}
