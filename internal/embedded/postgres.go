package embedded

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// superuser is the role that owns everything in an embedded server.
const superuser = "postgres"

// PostgresConfig says where and how an embedded PostgreSQL server runs.
type PostgresConfig struct {
	// Dir keeps the data directory, the password and the log. It is made if need be.
	Dir string
	// Port on 127.0.0.1; 0 is the one used last, or any free one.
	Port int
	// Binaries is the folder of initdb and postgres; empty is the newest version found on this machine.
	Binaries string
	// Settings are added to, and win over, those that Meibo chooses (chapter "Server Configuration" of the PostgreSQL
	// manual), such as "shared_buffers": "1GB". Data survives a power loss unless they turn "fsync" off.
	Settings map[string]string
}

// Postgres is a PostgreSQL server: one that runs as our child, or, made by [AttachPostgres], one that somebody else runs.
type Postgres struct {
	address url.URL // with the password, without a database
	bin     binaries
	home    *home
	child   *process
}

// StartPostgres starts a server and returns when it answers. The first start makes the data directory (UTF-8, locale
// C). A server of the same directory that was left over by a killed process is stopped first, and one that was killed
// itself recovers. The error is [ErrNoPostgres] where no server is installed, [ErrInUse] where the directory is taken.
func StartPostgres(ctx context.Context, cfg PostgresConfig) (*Postgres, error) {
	h, err := openHome(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	p := &Postgres{home: h}
	if err := p.start(ctx, cfg); err != nil {
		h.close()
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	return p, nil
}

// AttachPostgres returns the server at the address, which is of the form postgres://user:password@host:port/…. Its
// Close does nothing.
func AttachPostgres(address string) (*Postgres, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("attach postgres: the address is not of the form postgres://user:password@host:port/database")
	}
	return &Postgres{address: *u}, nil
}

// URL returns the address of a database over TCP, with the password, for any client on this machine.
func (p *Postgres) URL(database string) string { return withDatabase(p.address, database) }

func withDatabase(u url.URL, database string) string {
	u.Path, u.RawPath = "/"+database, ""
	return u.String()
}

// CreateDatabase makes a database of that name unless there is one.
func (p *Postgres) CreateDatabase(ctx context.Context, name string) error {
	bin := p.bin
	if bin.dir == "" {
		found, err := findBinaries(ctx, "", 0)
		if err != nil {
			return fmt.Errorf("create database %s: %w", name, err)
		}
		bin = found
	}
	// The password goes by the environment: other users can read the arguments.
	server := p.address
	password, _ := server.User.Password()
	if server.User != nil {
		server.User = url.User(server.User.Username())
	}
	cmd := exec.Command(bin.program("createdb"), "--maintenance-db="+withDatabase(server, "postgres"), "--", name)
	cmd.Env = append(cleanEnv(), "PGPASSWORD="+password)
	out, err := run(ctx, cmd, nil)
	if err != nil && !strings.Contains(out, "already exists") {
		return fmt.Errorf("create database %s: %w: %s", name, err, out)
	}
	return nil
}

// Done is closed when the server has ended, by Close or by itself. It is nil for an attached server.
func (p *Postgres) Done() <-chan struct{} {
	if p.child == nil {
		return nil
	}
	return p.child.done
}

// Close ends all sessions and stops the server when it has written its data down ("fast shutdown").
func (p *Postgres) Close() error {
	if p.child == nil {
		return nil
	}
	defer p.home.close()
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{
		{syscall.SIGINT, 30 * time.Second},  // fast: roll back, write a checkpoint
		{syscall.SIGQUIT, 10 * time.Second}, // immediate: recover at the next start
	} {
		p.child.signal(step.signal)
		if p.child.endedWithin(step.wait) {
			return nil
		}
	}
	p.child.signal(syscall.SIGKILL)
	<-p.child.done
	return errors.New("stop postgres: it did not stop by itself and was killed")
}

// Crash ends the server as a failure would ("immediate shutdown"): sessions break off, nothing is written down, and the
// next start recovers from the log.
func (p *Postgres) Crash() {
	if p.child == nil {
		return
	}
	defer p.home.close()
	p.child.signal(syscall.SIGQUIT)
	if !p.child.endedWithin(5 * time.Second) {
		p.child.signal(syscall.SIGKILL)
		<-p.child.done
	}
}

// start does the work of [StartPostgres] in the directory that it holds.
func (p *Postgres) start(ctx context.Context, cfg PostgresConfig) error {
	data := p.home.join("data")
	major, err := versionOf(data)
	if err != nil {
		return err
	}
	if p.bin, err = findBinaries(ctx, cfg.Binaries, major); err != nil {
		return err
	}
	who, err := accountFor(data)
	if err != nil {
		return err
	}
	password, err := p.home.secret("password")
	if err != nil {
		return err
	}
	if err := stopLeftOver(ctx, data); err != nil {
		return err
	}
	if major == 0 {
		if err := p.initialise(ctx, who, password, cfg.Settings["fsync"] == "off"); err != nil {
			return err
		}
	}
	port, err := p.launch(ctx, cfg, who)
	if err != nil {
		return err
	}
	p.address = url.URL{Scheme: "postgres", User: url.UserPassword(superuser, password), Host: address(port), RawQuery: "sslmode=disable"}
	return p.home.keepPort(port)
}

// arguments returns the command line of the server.
func (p *Postgres) arguments(port int, extra map[string]string) []string {
	settings := map[string]string{
		"listen_addresses":        host,
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": "", // none: TCP asks for the password, and a path can be too long for a socket
		"max_connections":         "100",
		"shared_buffers":          "512MB", // the indexes of some million members
		"max_wal_size":            "4GB",   // an import writes much: fewer checkpoints
		"timezone":                "UTC",
		"log_timezone":            "UTC",
	}
	maps.Copy(settings, extra)
	args := []string{"-D", p.home.join("data")}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	return args
}
