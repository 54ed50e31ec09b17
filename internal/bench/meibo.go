package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/embedded"
)

// names are the services, in the order in which they are started.
var names = []string{"uploader", "splitter", "merger", "notifier"}

// meibo is the four services as processes, on a database of their own.
type meibo struct {
	processes []*exec.Cmd
	client    *client.Client
	url       string
	database  string
}

// usage is what a process took.
type usage struct {
	name string
	// peak is the most memory that it had, in bytes.
	peak int64
	cpu  time.Duration
}

func startMeibo(ctx context.Context, o options, s embedded.Settings, round int) (*meibo, error) {
	database, err := freshDatabase(ctx, s.DatabaseURL, fmt.Sprintf("pipeline_%d", round))
	if err != nil {
		return nil, err
	}
	key, err := devstack.Prepare(ctx, database, "bench", filepath.Join(o.dir, fmt.Sprintf("key-%d", round)))
	if err != nil {
		return nil, err
	}
	listen, err := devstack.FreeAddress("127.0.0.1:0", false)
	if err != nil {
		return nil, err
	}
	m := &meibo{database: database, url: "http://" + listen, client: client.New("http://"+listen, key)}
	for _, name := range names {
		if err := m.start(o, s, name, listen); err != nil {
			_, stopErr := m.stop()
			return nil, errors.Join(err, stopErr)
		}
	}
	return m, m.untilReady(ctx)
}

func (m *meibo) start(o options, s embedded.Settings, name, listen string) error {
	log, err := os.Create(filepath.Join(o.dir, name+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(o.bin, name))
	cmd.Env = os.Environ()
	for k, v := range s.Environment() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Env = append(cmd.Env, "MEIBO_DATABASE_URL="+m.database, "MEIBO_LISTEN="+listen, "MEIBO_ADMIN_LISTEN=127.0.0.1:0",
		"MEIBO_PUBLIC_URL=http://"+listen, "MEIBO_MAIL_FROM=meibo@example.jp")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; we stop them
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	m.processes = append(m.processes, cmd)
	return nil
}

// stop ends the services and tells what each took.
func (m *meibo) stop() ([]usage, error) {
	var all []usage
	var errs []error
	for n, p := range m.processes {
		errs = append(errs, p.Process.Signal(syscall.SIGTERM), p.Wait())
		if r, ok := p.ProcessState.SysUsage().(*syscall.Rusage); ok {
			all = append(all, usage{names[n], r.Maxrss << 10, p.ProcessState.UserTime() + p.ProcessState.SystemTime()})
		}
	}
	return all, errors.Join(errs...)
}

func (m *meibo) untilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if m.answers(ctx) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// answers reports whether the API answers at all.
func (m *meibo) answers(ctx context.Context) bool {
	for _, err := range m.client.Imports(ctx) {
		return err == nil
	}
	return true
}

// run imports the files, phase by phase: each as CSV, then the same content as a workbook.
func (m *meibo) run(ctx context.Context, f files, t *table) error {
	rows := int64(f.rows)
	for _, p := range []phase{
		{"meibo", fresh, f.first, rows, 0, 0},
		{"meibo", update, f.second, 0, rows, 0},
		{"meibo", unchanged, f.second, 0, 0, rows},
		{"xlsx", update, f.xlsx, 0, rows, 0},
		{"xlsx", unchanged, f.xlsx, 0, 0, rows},
	} {
		if p.file == "" {
			continue
		}
		if err := m.measure(ctx, p, t); err != nil {
			return fmt.Errorf("%s, %s: %w", p.way, p.name, err)
		}
	}
	return nil
}

// phase is one import and what has to come of it.
type phase struct {
	way, name, file             string
	created, updated, unchanged int64
}

func (m *meibo) measure(ctx context.Context, p phase, t *table) error {
	if err := psql(ctx, m.database, "checkpoint"); err != nil {
		return err
	}
	start := time.Now()
	i, err := m.load(ctx, p.file)
	if err != nil {
		return err
	}
	t.add(p.way, p.name, i.FinishedAt.Sub(start))
	fmt.Printf("           of this: upload and start %.2f s\n", i.StartedAt.Sub(start).Seconds())
	if i.Created != p.created || i.Updated != p.updated || i.Unchanged != p.unchanged || !i.Balanced() {
		return fmt.Errorf("%s with %d created, %d updated, %d unchanged, %d failed of %d", i.State, i.Created, i.Updated, i.Unchanged, i.Failed, i.Total)
	}
	return nil
}

// load takes a file from upload to completed.
func (m *meibo) load(ctx context.Context, path string) (client.Import, error) {
	file, err := os.Open(path)
	if err != nil {
		return client.Import{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return client.Import{}, err
	}
	i, err := m.client.Create(ctx, client.Options{FileName: filepath.Base(path)})
	if err != nil {
		return i, err
	}
	if _, err = m.client.UploadSource(ctx, i.ID, file, info.Size(), nil); err != nil {
		return i, err
	}
	if i, err = m.client.Start(ctx, i.ID, client.Options{}); err != nil {
		return i, err
	}
	if i, err = m.client.Watch(ctx, i.ID, func(client.Import) {}); err != nil {
		return i, err
	}
	if i.FinishedAt == nil || i.State != "completed" {
		return i, fmt.Errorf("import ended as %s", i.State)
	}
	return i, nil
}
