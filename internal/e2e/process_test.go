package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/embedded/embeddedtest"
	"github.com/meibo/meibo/internal/sample"
)

// binaries builds the four services and returns the folder.
func binaries(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", dir+"/", "../../cmd/uploader", "../../cmd/splitter", "../../cmd/merger", "../../cmd/notifier")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

// cluster is the services as processes on embedded parts.
type cluster struct {
	world
	bin string
	env []string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	bin := binaries(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	own := parts(t)
	own.Dir = embeddedtest.Dir(t)
	stack, err := embedded.StartStack(ctx, own)
	must(t, err)
	t.Cleanup(func() {
		if err := stack.Close(); err != nil {
			t.Errorf("stop parts: %v", err)
		}
	})
	key, err := devstack.Prepare(ctx, stack.Settings.DatabaseURL, "demo", filepath.Join(t.TempDir(), "key"))
	must(t, err)
	listen, err := devstack.FreeAddress("127.0.0.1:0", false)
	must(t, err)
	c := &cluster{bin: bin, env: os.Environ()}
	for k, v := range stack.Settings.Environment() {
		c.env = append(c.env, k+"="+v)
	}
	c.env = append(c.env, "MEIBO_LISTEN="+listen, "MEIBO_PUBLIC_URL=http://"+listen, "MEIBO_ADMIN_LISTEN=127.0.0.1:0", "MEIBO_MAIL_FROM=meibo@example.jp")
	c.Dev = &devstack.Dev{Info: devstack.Info{URL: "http://" + listen, APIKey: key, MailDir: stack.Settings.MailDir}}
	c.client = client.New(c.Info.URL, key)
	return c
}

// run starts a service; it is killed at the end of the test if nobody has before.
func (c *cluster) run(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(c.bin, name))
	cmd.Env = c.env
	log, err := os.CreateTemp(t.TempDir(), name)
	must(t, err)
	cmd.Stdout, cmd.Stderr = log, log
	must(t, cmd.Start())
	t.Cleanup(func() {
		kill(cmd)
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s:\n%s", name, text[max(0, len(text)-4000):])
		}
		log.Close()
	})
	return cmd
}

// kill ends a process as kill -9 does.
func kill(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// stop asks a process to end, as an upgrade does, and waits until it has. One that has not told that it started knows
// nothing of signals yet.
func stop(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	eventually(t, func() bool {
		log, err := os.Stat(cmd.Stdout.(*os.File).Name())
		must(t, err)
		return log.Size() > 0
	})
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s ended with %v", filepath.Base(cmd.Path), err)
	}
}

func (c *cluster) untilReady(t *testing.T) {
	t.Helper()
	eventually(t, func() bool {
		for _, err := range c.client.Imports(t.Context()) {
			return err == nil
		}
		_, err := c.client.Create(t.Context(), client.Options{FileName: "probe"})
		return err == nil
	})
}

// TestKilledWorkersLoseAndRepeatNothing runs two splitters and two mergers as processes, and kills one of each in
// mid-import, again and again.
func TestKilledWorkersLoseAndRepeatNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	// Started before anything that they need is prepared, and in the opposite order.
	c.run(t, "notifier")
	mergers := []*exec.Cmd{c.run(t, "merger"), c.run(t, "merger")}
	splitters := []*exec.Cmd{c.run(t, "splitter"), c.run(t, "splitter")}
	c.run(t, "uploader")
	c.untilReady(t)
	content, want := sampleCSV(t, sample.Config{Rows: 20_000, Seed: 11, DefectRate: 0.01})
	i := c.start(t, "large.csv", content, client.Options{})
	for round, done := 0, int64(0); round < 3; round++ {
		eventually(t, func() bool {
			now, err := c.client.Import(t.Context(), i.ID)
			must(t, err)
			if !now.Balanced() {
				t.Errorf("totals do not balance: %s", counts(now))
			}
			merged := now.Total - now.NotProcessed
			return merged > done || now.State.Final()
		})
		now, err := c.client.Import(t.Context(), i.ID)
		must(t, err)
		done = now.Total - now.NotProcessed
		kill(mergers[round%2])
		mergers[round%2] = c.run(t, "merger")
		if round == 1 {
			kill(splitters[0])
			kill(splitters[1])
			splitters[0] = c.run(t, "splitter")
		}
	}
	// Then they are upgraded, one after another.
	for n := range mergers {
		stop(t, mergers[n])
		c.run(t, "merger")
	}
	stop(t, splitters[0])
	c.run(t, "splitter")
	got := c.wait(t, i.ID)
	if got, want := counts(got), wantCounts(want.Total, want.Total-want.Failed, 0, 0, want.Failed); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	checkFailures(t, &c.world, got, want)
	c.mails(t, 1)

	// The members are those that an undisturbed import gives.
	calm := newWorld(t, nil)
	calm.load(t, "large.csv", content, client.Options{})
	if c.members(t) != calm.members(t) {
		t.Error("the disturbed import gave other members than an undisturbed one")
	}
}
