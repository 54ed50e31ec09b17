package embedded

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is a child of ours. It is in a process group of its own, so that a Ctrl-C at the terminal reaches us alone
// and we decide the order in which things end.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
	err  error         // why it ended; read after done
}

// start starts cmd, as the user cred where that is not nil. With orphan not 0 the kernel sends the child that signal
// when we die, where the system can do that.
func start(cmd *exec.Cmd, cred *syscall.Credential, orphan syscall.Signal) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: cred}
	if orphan != 0 {
		setDeathSignal(cmd.SysProcAttr, orphan)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the signal when the thread that made the child ends, not the process: this thread stays as long
		// as the child does, and ends with the goroutine, which never unlocks it.
		runtime.LockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, <-started
}

// run runs cmd to its end and returns what it wrote. It kills it when ctx ends first.
func run(ctx context.Context, cmd *exec.Cmd, cred *syscall.Credential) (string, error) {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := start(cmd, cred, syscall.SIGKILL)
	if err != nil {
		return "", err
	}
	select {
	case <-p.done:
		return strings.TrimSpace(out.String()), p.err
	case <-ctx.Done():
		p.signal(syscall.SIGKILL)
		<-p.done
		return strings.TrimSpace(out.String()), ctx.Err()
	}
}

// signal sends sig; a child that has ended already is fine.
func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) }

// endedWithin tells whether the child ends within d.
func (p *process) endedWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// until calls ready every two milliseconds until it is true; it returns the error of ctx if that ends first.
func until(ctx context.Context, ready func() bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// pause waits for d; it returns the error of ctx if that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cleanEnv is the environment of PostgreSQL's programs: none of the variables (PGHOST, PGDATA, …) that would change
// what they do, and messages in English, which we read.
func cleanEnv() []string {
	env := []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
