package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/meibo/meibo/internal/embedded"
)

// partVariable tells the test binary that it is to be a server, and which.
const partVariable = "MEIBO_E2E_PART"

// partOrder is what such a server is told: the queue or the mail catcher, which elsewhere run in their user's process.
type partOrder struct {
	Kind, Dir string
	Port      int
	MaxStore  int64
}

// runIfPartCalled returns at once, unless the process is such a server, which it then is until its input ends.
func runIfPartCalled() {
	text, called := os.LookupEnv(partVariable)
	if !called {
		return
	}
	if err := runPart(text); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runPart(text string) error {
	var o partOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var server io.Closer
	var address string
	switch o.Kind {
	case "nats":
		n, err := embedded.StartNATS(ctx, embedded.NATSConfig{Dir: o.Dir, Port: o.Port, MaxStore: o.MaxStore})
		if err != nil {
			return err
		}
		server, address = n, n.ClientURL()
	case "mail":
		m, err := embedded.StartMailCatcher(ctx, embedded.MailConfig{Dir: o.Dir, Port: o.Port})
		if err != nil {
			return err
		}
		server, address = m, m.Addr()
	default:
		return fmt.Errorf("there is no part %q", o.Kind)
	}
	fmt.Println(address)
	_, _ = io.Copy(io.Discard, os.Stdin) // its end is the message, also where the parent has died
	return server.Close()
}

// running is a part as a process.
type running interface {
	// Close stops it in order, Crash kills it.
	Close() error
	Crash()
}

// child is a part that the test binary is.
type child struct {
	cmd     *exec.Cmd
	input   io.Closer
	address string
}

func startChild(o partOrder) (*child, error) {
	order, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(binary)}
	c.cmd.Env = append(os.Environ(), partVariable+"="+string(order))
	log, err := os.OpenFile(o.Dir+".stderr", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c.cmd.Stderr = log
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.input, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	c.address = strings.TrimSpace(line)
	if _, _, splitErr := net.SplitHostPort(c.address[strings.LastIndexAny(c.address, "@")+1:]); err != nil || splitErr != nil {
		c.Crash()
		return nil, fmt.Errorf("start %s: %v: %s", o.Kind, err, c.address)
	}
	return c, nil
}

func (c *child) Close() error {
	late := time.AfterFunc(30*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	c.input.Close()
	return c.cmd.Wait()
}

func (c *child) Crash() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	c.input.Close()
}

// part is one of the things that Meibo needs, which can be killed and started again on the same data.
type part struct {
	name  string
	start func(context.Context) (now running, address string, err error)
	// moved is told where it can be reached.
	moved func(address string)

	busy sync.Mutex // held by the fault that it suffers
	now  running
}

func (p *part) up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now, address, err := p.start(ctx)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.now = now
	p.moved(address)
	return nil
}

func (p *part) down(crash bool) error {
	if p.now == nil {
		return nil
	}
	now := p.now
	p.now = nil
	if crash {
		now.Crash()
		return nil
	}
	return now.Close()
}

// parts are all four of them, by name.
func newParts(dir string, maxStore int64, moved func(part, address string)) map[string]*part {
	ports := map[string]int{}
	port := func(name string) int {
		if ports[name] == 0 {
			ports[name] = quietPort()
		}
		return ports[name]
	}
	all := map[string]*part{}
	add := func(name string, start func(ctx context.Context) (running, string, error)) {
		all[name] = &part{name: name, start: start, moved: func(address string) { moved(name, address) }}
	}
	add("postgres", func(ctx context.Context) (running, string, error) {
		p, err := embedded.StartPostgres(ctx, embedded.PostgresConfig{Dir: filepath.Join(dir, "postgres"), Port: port("postgres"), Settings: map[string]string{
			// Without fsync a kill loses nothing, only a power loss does. What was committed must have been written.
			"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "150",
		}})
		if err != nil {
			return nil, "", err
		}
		return p, p.URL("meibo"), p.CreateDatabase(ctx, "meibo")
	})
	add("s3", func(ctx context.Context) (running, string, error) {
		s, err := embedded.StartS3(ctx, embedded.S3Config{Dir: filepath.Join(dir, "s3"), Port: port("s3"), Buckets: []string{"meibo"}})
		if err != nil {
			return nil, "", err
		}
		return s, s.Endpoint, nil
	})
	for _, kind := range []string{"nats", "mail"} {
		add(kind, func(context.Context) (running, string, error) {
			c, err := startChild(partOrder{Kind: kind, Dir: filepath.Join(dir, kind), Port: port(kind), MaxStore: maxStore})
			if err != nil {
				return nil, "", err
			}
			return c, c.address, nil
		})
	}
	return all
}

// quietPort returns a free port below those that systems give to outgoing connections: one that is listened on again
// and again must not be taken by such a connection in between.
func quietPort() int {
	for {
		quiet.Lock()
		quiet.next++
		port := 20_000 + (os.Getpid()*37+quiet.next)%10_000
		quiet.Unlock()
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
			return port
		}
	}
}

var quiet struct {
	sync.Mutex
	next int
}

var errGone = errors.New("the process has ended by itself")
