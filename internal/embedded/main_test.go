package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helperVariable makes the test binary a program that runs a stack in the directory that it names.
const helperVariable = "MEIBO_EMBEDDED_TEST_DIR"

func TestMain(m *testing.M) {
	RunIfChild()
	if dir := os.Getenv(helperVariable); dir != "" {
		if err := runHelper(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// helperStack is what the helper says when its stack runs.
type helperStack struct {
	UID      int
	Settings Settings
	Children []int // process ids
}

// runHelper runs a stack until its input ends.
func runHelper(dir string) error {
	stack, err := StartStack(context.Background(), StackConfig{Dir: dir, Postgres: PostgresConfig{Settings: unsafe()}})
	if err != nil {
		return err
	}
	said := helperStack{
		UID: os.Getuid(), Settings: stack.Settings,
		Children: []int{stack.postgres.child.cmd.Process.Pid, stack.s3.child.cmd.Process.Pid},
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return stack.Close()
}

// helper is a running helper process.
type helper struct {
	helperStack
	cmd   *exec.Cmd
	input io.Closer
}

// startHelper starts a helper, as the user cred where that is not nil, and returns when its stack runs.
func startHelper(t *testing.T, dir string, cred *syscall.Credential) *helper {
	t.Helper()
	cmd := exec.Command(copyOfThisProgram(t))
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), helperVariable+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &helper{cmd: cmd, input: input}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		h.awaitChildren(t)
	})
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the helper ended: %v", errors.Join(err, cmd.Wait()))
	}
	if err := json.Unmarshal(line, &h.helperStack); err != nil {
		t.Fatal(err)
	}
	return h
}

// awaitChildren returns when the helper's children have ended.
func (h *helper) awaitChildren(t *testing.T) {
	t.Helper()
	for _, pid := range h.Children {
		await(t, "end of child "+strconv.Itoa(pid), func() bool { return !alive(pid) })
	}
}

// copyOfThisProgram copies the test binary to where every user may run it.
func copyOfThisProgram(t *testing.T) string {
	t.Helper()
	from, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(passable(t), "helper")
	syscall.ForkLock.RLock() // a child that is being started would hold the file open, which then cannot be run
	err = os.WriteFile(path, data, 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// passable returns a new directory through which other users may pass, as PostgreSQL is another user in tests that run
// as root.
func passable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "meibo-embedded-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// unsafe are settings for databases that do not have to survive a power loss.
func unsafe() map[string]string { return map[string]string{"fsync": "off"} }

func startPostgres(t *testing.T, dir string) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir, Settings: unsafe()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if ended(p) {
			return
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func ended(p *Postgres) bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

// query runs a statement in a database and returns the first column of what it gives.
func query(t *testing.T, address, statement string) string {
	t.Helper()
	bin, err := findBinaries(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin.program("psql"), "-X", "-A", "-t", "-q", "-c", statement, address).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", statement, err, out)
	}
	return strings.TrimSpace(string(out))
}

// await waits for a condition, for half a minute at most.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second) // also in a cleanup
	defer cancel()
	if err := until(ctx, condition); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// alive tells whether a process runs; one that only waits to be reaped does not.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // Linux only: elsewhere the first answer holds
	if err != nil {
		return !errors.Is(err, syscall.ESRCH)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
