package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// account is the user that the server runs as.
type account struct {
	name string
	uid  int
	gid  int
	cred *syscall.Credential // nil: ourselves
}

// accountFor returns ourselves, unless we are root, as whom PostgreSQL refuses to run: then it is the owner of the
// data directory, or, before there is one, the user postgres or nobody.
func accountFor(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	if info, err := os.Stat(data); err == nil {
		owner := info.Sys().(*syscall.Stat_t)
		return rootAs(strconv.Itoa(int(owner.Uid)), int(owner.Uid), int(owner.Gid)), nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			continue
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			continue
		}
		return rootAs(name, uid, gid), nil
	}
	return account{}, errors.New("find a user for postgres: it refuses to run as root, and there is no user postgres or nobody; run this as an ordinary user")
}

func rootAs(name string, uid, gid int) account {
	return account{name: name, uid: uid, gid: gid, cred: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// give makes the account the owner of path.
func (a account) give(path string) error {
	if a.cred == nil {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// explain adds what to do to the error of a program that the account may not start.
func (a account) explain(err error, dir string) error {
	if a.cred == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	for at := dir; at != "/"; at = filepath.Dir(at) {
		if info, statErr := os.Stat(at); statErr == nil && info.Mode()&0o001 == 0 && at != dir {
			return fmt.Errorf("%w: postgres cannot run as root and runs as the user %s, who may not pass through %s: "+
				"choose another data directory, run as an ordinary user, or chmod o+x %s", err, a.name, at, at)
		}
	}
	return fmt.Errorf("%w: postgres cannot run as root and runs as the user %s, who may not enter %s or start the programs", err, a.name, dir)
}

// versionOf returns the major version that made the data directory, 0 where there is none.
func versionOf(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read data directory: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read version of data directory: %w", err)
	}
	return major, nil
}

// initialise makes the data directory. It appears under its name only when it is whole.
func (p *Postgres) initialise(ctx context.Context, who account, password string, unsafe bool) error {
	fresh := p.home.join("data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove unfinished data directory: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	passwordFile := p.home.join("initdb-password")
	if err := writeFile(passwordFile, password); err != nil {
		return fmt.Errorf("pass password: %w", err)
	}
	defer os.Remove(passwordFile)
	for _, path := range []string{fresh, passwordFile} {
		if err := who.give(path); err != nil {
			return fmt.Errorf("give %s to user %s: %w", path, who.name, err)
		}
	}
	args := []string{
		"-D", fresh, "-U", superuser, "--pwfile", passwordFile, "--encoding=UTF8", "--locale=C",
		"--auth=scram-sha-256", "--no-instructions",
	}
	if unsafe {
		args = append(args, "--no-sync")
	}
	cmd := exec.Command(p.bin.program("initdb"), args...)
	cmd.Dir, cmd.Env = fresh, cleanEnv()
	if out, err := run(ctx, cmd, who.cred); err != nil {
		return fmt.Errorf("run initdb: %w: %s", who.explain(err, fresh), out)
	}
	if err := os.Rename(fresh, p.home.join("data")); err != nil {
		return fmt.Errorf("name data directory: %w", err)
	}
	return nil
}

// launch starts the server and returns its port when it answers. It starts it again where another process was quicker
// to take the port, or where what a killed server left behind is still going away.
func (p *Postgres) launch(ctx context.Context, cfg PostgresConfig, who account) (int, error) {
	log, err := p.home.openLog("postgres.log")
	if err != nil {
		return 0, err
	}
	defer log.Close()
	for attempt := 1; ; attempt++ {
		port, err := p.home.port(cfg.Port)
		if err != nil {
			return 0, err
		}
		from, err := log.Seek(0, 2)
		if err != nil {
			return 0, fmt.Errorf("read log: %w", err)
		}
		cmd := exec.Command(p.bin.program("postgres"), p.arguments(port, cfg.Settings)...)
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.home.join("data"), cleanEnv(), log, log
		// SIGINT is the fast shutdown: the children of a killed `meibo dev` leave their data whole.
		child, err := start(cmd, who.cred, syscall.SIGINT)
		if err != nil {
			return 0, fmt.Errorf("run postgres: %w", who.explain(err, cmd.Dir))
		}
		err = p.awaitReady(ctx, child)
		if err == nil {
			p.child = child
			return port, nil
		}
		said := p.logFrom(from)
		passes := strings.Contains(said, "could not bind") || strings.Contains(said, "pre-existing shared memory block")
		if ctx.Err() != nil || !passes || attempt == 20 {
			return 0, fmt.Errorf("run postgres: %w: %s", err, said)
		}
		if err := pause(ctx, 250*time.Millisecond); err != nil {
			return 0, fmt.Errorf("run postgres: %w: %s", err, said)
		}
	}
}

// awaitReady returns when the server accepts connections, which is when it says so in the last line of its
// postmaster.pid (as pg_ctl does it). It kills the server when ctx ends first.
func (p *Postgres) awaitReady(ctx context.Context, child *process) error {
	pidFile := p.home.join("data/postmaster.pid")
	pid := strconv.Itoa(child.cmd.Process.Pid)
	ended := false
	err := until(ctx, func() bool {
		select {
		case <-child.done:
			ended = true
			return true
		default:
		}
		text, _ := os.ReadFile(pidFile) // not there yet: not ready
		lines := strings.Split(string(text), "\n")
		return len(lines) >= 8 && lines[0] == pid && strings.TrimSpace(lines[7]) == "ready"
	})
	switch {
	case ended:
		return errors.New("it ended at once")
	case err != nil:
		child.signal(syscall.SIGQUIT)
		if !child.endedWithin(5 * time.Second) {
			child.signal(syscall.SIGKILL)
			<-child.done
		}
		return err
	}
	return nil
}

// logFrom returns what was written to the log from an offset on, at most its last 2,000 bytes.
func (p *Postgres) logFrom(offset int64) string {
	text, err := os.ReadFile(p.home.join("postgres.log"))
	if err != nil || offset > int64(len(text)) {
		return ""
	}
	text = text[offset:]
	return strings.TrimSpace(string(text[max(0, len(text)-2000):]))
}

// stopLeftOver stops the server that a killed process has left over on the data directory, and removes its
// postmaster.pid where that is sure to be stale: its number may belong to another process by now, which PostgreSQL
// would take for a running server.
func stopLeftOver(ctx context.Context, data string) error {
	pidFile := filepath.Join(data, "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read postmaster.pid: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, _ := strconv.Atoi(first) // 0 in a file that was not written to its end
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, 20 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		pids, complete := serversIn(data)
		if len(pids) == 0 {
			if !complete {
				return nil // PostgreSQL decides
			}
			if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove stale postmaster.pid: %w", err)
			}
			return nil
		}
		for _, pid := range pids {
			// The postmaster ends its children in order; once it is gone, they are told one by one.
			if pid == postmaster || !slices.Contains(pids, postmaster) || step.signal == syscall.SIGKILL {
				_ = syscall.Kill(pid, step.signal) // gone already is fine
			}
		}
		limited, cancel := context.WithTimeout(ctx, step.wait)
		_ = until(limited, func() bool { pids, _ := serversIn(data); return len(pids) == 0 })
		cancel()
		if ctx.Err() != nil {
			return fmt.Errorf("stop left-over server: %w", ctx.Err())
		}
	}
	return fmt.Errorf("stop left-over server: the processes of %s do not end", data)
}
