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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// S3Config says where and how an embedded S3-compatible server runs.
type S3Config struct {
	// Dir keeps the buckets, the keys and the log. It is made if need be.
	Dir string
	// Port on 127.0.0.1; 0 is the one used last, or any free one.
	Port int
	// Buckets are made if they are not there.
	Buckets []string
}

// S3 is an S3-compatible server (versitygw) that keeps objects as files. It runs as a child because it changes the
// working directory of its process. It does not call fsync: after a power loss the newest objects may be missing.
type S3 struct {
	// Endpoint is the server's address for clients that use path-style addressing, such as http://127.0.0.1:40001.
	Endpoint string
	// Region is the one that requests have to be signed for.
	Region string
	// AccessKey and SecretKey may do everything. They stay the same for the same directory.
	AccessKey, SecretKey string

	home  *home
	child *process
	alive io.Closer // the child ends when this does
}

const s3Region = "us-east-1"

// StartS3 starts a server and returns when it answers. [RunIfChild] has to be the first call of the program.
func StartS3(ctx context.Context, cfg S3Config) (*S3, error) {
	if !runIfChildCalled.Load() {
		return nil, errors.New("start s3: main or TestMain has to call embedded.RunIfChild first: this program is started again as the server")
	}
	h, err := openHome(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start s3: %w", err)
	}
	s := &S3{home: h, Region: s3Region}
	if err := s.start(ctx, cfg); err != nil {
		h.close()
		return nil, fmt.Errorf("start s3: %w", err)
	}
	return s, nil
}

func (s *S3) start(ctx context.Context, cfg S3Config) error {
	var err error
	if s.AccessKey, err = s.home.secret("access-key"); err != nil {
		return err
	}
	if s.SecretKey, err = s.home.secret("secret-key"); err != nil {
		return err
	}
	order := s3Order{Dir: s.home.path, Port: cfg.Port, Buckets: cfg.Buckets, Access: s.AccessKey, Secret: s.SecretKey}
	for attempt := 1; ; attempt++ {
		port, err := s.launch(ctx, order)
		if err == nil {
			s.Endpoint = "http://" + address(port)
			return s.home.keepPort(port)
		}
		// Another process may have been quicker to take the port that the child had found free.
		if ctx.Err() != nil || attempt == 3 || !strings.Contains(err.Error(), "address already in use") {
			return err
		}
	}
}

// launch starts the child, gives it its order and returns the port that it says it listens on.
func (s *S3) launch(ctx context.Context, order s3Order) (int, error) {
	binary, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("find this program: %w", err)
	}
	text, err := json.Marshal(order)
	if err != nil {
		return 0, fmt.Errorf("write order: %w", err)
	}
	log, err := s.home.openLog("s3.log")
	if err != nil {
		return 0, err
	}
	defer log.Close()
	orderOut, orderIn, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("make pipe: %w", err)
	}
	defer orderOut.Close()
	answerOut, answerIn, err := os.Pipe()
	if err != nil {
		orderIn.Close()
		return 0, fmt.Errorf("make pipe: %w", err)
	}
	defer answerOut.Close()
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), childVariable+"="+childS3)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = orderOut, log, log, []*os.File{answerIn}
	child, err := start(cmd, nil, 0) // 0: the child sees the end of its input when we die, and ends in order
	answerIn.Close()
	if err != nil {
		orderIn.Close()
		return 0, fmt.Errorf("run the server: %w", err)
	}
	if _, err = orderIn.Write(append(text, '\n')); err == nil {
		var port int
		if port, err = awaitPort(ctx, answerOut); err == nil {
			s.child, s.alive = child, orderIn
			return port, nil
		}
	}
	orderIn.Close()
	child.signal(syscall.SIGKILL)
	<-child.done
	return 0, fmt.Errorf("run the server: %w", err)
}

// awaitPort reads the child's one line: its port, or why it has none.
func awaitPort(ctx context.Context, from *os.File) (int, error) {
	stop := context.AfterFunc(ctx, func() { from.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := bufio.NewReader(from).ReadString('\n')
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, errors.New("it ended before it listened; its log says why")
	}
	line = strings.TrimSpace(line)
	port, err := strconv.Atoi(line)
	if err != nil {
		return 0, errors.New(line)
	}
	return port, nil
}

// Done is closed when the server has ended, by Close or by itself.
func (s *S3) Done() <-chan struct{} { return s.child.done }

// Close lets the server end its requests, for a second at most, and stops it.
func (s *S3) Close() error {
	defer s.home.close()
	s.alive.Close()
	if s.child.endedWithin(s3Grace + 5*time.Second) {
		return nil
	}
	s.child.signal(syscall.SIGKILL)
	<-s.child.done
	return errors.New("stop s3: it did not stop by itself and was killed")
}

// Crash kills the server in the midst of its requests.
func (s *S3) Crash() {
	defer s.home.close()
	s.child.signal(syscall.SIGKILL)
	<-s.child.done
	s.alive.Close()
}
