package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

const (
	childVariable = "MEIBO_EMBEDDED_CHILD"
	childS3       = "s3"
	s3Grace       = time.Second
)

// runIfChildCalled guards against a program that would start itself without end.
var runIfChildCalled atomic.Bool

// RunIfChild has to be the first call of main, or of TestMain, in a program that starts a [Stack] or an [S3]: it
// returns at once, unless the process is a server that this package started, which it then is until the process ends.
func RunIfChild() {
	runIfChildCalled.Store(true)
	if os.Getenv(childVariable) != childS3 {
		return
	}
	answer := os.NewFile(3, "answer")
	if err := runS3(os.Stdin, answer); err != nil {
		fmt.Fprintln(answer, err) // unread where the server was running already
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// s3Order is what the parent tells its child on standard input; the child runs until that is closed.
type s3Order struct {
	Dir            string
	Port           int
	Buckets        []string
	Access, Secret string
}

// runS3 is the child: it serves until orders ends, which it does when the parent closes it or dies.
func runS3(orders io.Reader, answer *os.File) error {
	lines := bufio.NewReader(orders)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	var order s3Order
	if err := json.Unmarshal(line, &order); err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, lines) // its end is the message
		cancel()
		// The gateway ends its requests, but also waits for connections that clients opened and did not use yet.
		time.AfterFunc(s3Grace, func() { os.Exit(0) })
	}()

	// The child of a killed parent may still be ending its requests.
	lock, err := os.OpenFile(filepath.Join(order.Dir, "child-lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open lock: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("wait for the server before: %w", err)
	}
	port, err := (&home{path: order.Dir}).port(order.Port)
	if err != nil {
		return err
	}
	storage, err := openBackend(order)
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, storage, gatewayConfig(order, port, func() {
		fmt.Fprintln(answer, strconv.Itoa(port))
		answer.Close()
	}))
}

// openBackend returns the storage of the gateway, with the buckets in it.
func openBackend(order s3Order) (backend.Backend, error) {
	root := filepath.Join(order.Dir, "buckets")
	for _, bucket := range order.Buckets {
		if err := os.MkdirAll(filepath.Join(root, bucket), 0o700); err != nil {
			return nil, fmt.Errorf("make bucket: %w", err)
		}
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("make storage: %w", err)
	}
	opts := posix.PosixOpts{CopyObjectThreshold: 5 << 30} // the limit of S3
	opts.SetNewDirPerm(0o700)
	opts.SetNewFilePerm(0o600)
	// Where the file system has no extended attributes, what belongs to an object is kept in files beside it.
	var attributes meta.MetadataStorer = meta.XattrMeta{}
	if err := (meta.XattrMeta{}).Test(root); err != nil {
		opts.SideCarDir = filepath.Join(order.Dir, "attributes")
		if err := os.MkdirAll(opts.SideCarDir, 0o700); err != nil {
			return nil, fmt.Errorf("make storage: %w", err)
		}
		if attributes, err = meta.NewSideCar(opts.SideCarDir); err != nil {
			return nil, fmt.Errorf("open storage: %w", err)
		}
	}
	if err := reviveUploads(root, attributes); err != nil {
		return nil, err
	}
	files, err := posix.New(root, attributes, opts)
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	return wholeParts{files}, nil
}

func gatewayConfig(order s3Order, port int, listening func()) *embedgw.Config {
	return &embedgw.Config{
		RootUserAccess: order.Access, RootUserSecret: order.Secret, Region: s3Region,
		Ports: []string{address(port)}, MaxConnections: 1000, MaxRequests: 1000,
		MultipartMaxParts: 10_000, // the limit of S3
		KeepAlive:         true, Quiet: true,
		S3Options: []s3api.Option{s3api.WithOnListen(listening)},
	}
}
