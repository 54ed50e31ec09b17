package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// worker is one process of a service, with links of its own to what it needs.
type worker struct {
	name, service string
	program       string
	env           []string
	log           string
	// died is told of a process that ends without having been told to.
	died func(w *worker, err error)

	busy sync.Mutex // held by the fault that it suffers

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	told *atomic.Bool // that process is to end
}

// start runs the process; where it ends by itself it is started again, as whoever runs services has it.
func (w *worker) start() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	log, err := os.OpenFile(w.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(w.program)
	cmd.Env, cmd.Stdout, cmd.Stderr = w.env, log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	w.cmd, w.done, w.told = cmd, make(chan struct{}), new(atomic.Bool)
	go w.wait(cmd, w.done, w.told)
	return nil
}

func (w *worker) wait(cmd *exec.Cmd, done chan struct{}, told *atomic.Bool) {
	err := cmd.Wait()
	close(done)
	if told.Load() {
		return
	}
	w.died(w, fmt.Errorf("%w: %v", errGone, err))
	time.Sleep(time.Second)
	w.busy.Lock()
	defer w.busy.Unlock()
	if !told.Load() {
		if err := w.start(); err != nil {
			w.died(w, err)
		}
	}
}

func (w *worker) signal(sig syscall.Signal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cmd != nil {
		_ = w.cmd.Process.Signal(sig)
	}
}

// stop ends the process by a signal and returns when it has ended; ok tells that it did within the time, or else it is
// killed.
func (w *worker) stop(sig syscall.Signal, within time.Duration) (ok bool) {
	w.mu.Lock()
	cmd, done, told := w.cmd, w.done, w.told
	w.mu.Unlock()
	if cmd == nil {
		return true
	}
	told.Store(true)
	_ = cmd.Process.Signal(sig)
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-done:
		return true
	case <-late.C:
		_ = cmd.Process.Kill()
		<-done
		return false
	}
}

// programs builds the four services once for all towns of this process, into a folder that the first town removes.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "meibo-programs-")
	if err != nil {
		return "", err
	}
	args := []string{"build", "-buildvcs=false", "-o", dir + "/"}
	if *chaosClock {
		overlay, err := writeClock(filepath.Join(dir, "clock"))
		if err != nil {
			return "", fmt.Errorf("build services with another clock: %w", err)
		}
		args = append(args, "-overlay", overlay)
	}
	args = append(args, "../../cmd/uploader", "../../cmd/splitter", "../../cmd/merger", "../../cmd/notifier")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build services: %w\n%s", err, out)
	}
	return dir, nil
})
