package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// host is the address that every part listens on: this machine only.
const host = "127.0.0.1"

// ErrInUse says that another living process has started a part on the same directory.
var ErrInUse = errors.New("the directory is in use by another process")

// home is the directory of one part, held by this process until close.
type home struct {
	path string // absolute
	lock *os.File
}

// openHome makes dir if need be and takes it for this process. Other users may pass through it (mode 0711) but see
// nothing: what is private inside has its own mode.
func openHome(dir string) (*home, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find directory: %w", err)
	}
	if err := makeDirs(path); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner, _ := os.ReadFile(lock.Name())
		lock.Close()
		return nil, fmt.Errorf("lock %s (held by process %s): %w", path, strings.TrimSpace(string(owner)), ErrInUse)
	}
	if err := lock.Truncate(0); err != nil {
		lock.Close()
		return nil, fmt.Errorf("write lock: %w", err)
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		lock.Close()
		return nil, fmt.Errorf("write lock: %w", err)
	}
	return &home{path: path, lock: lock}, nil
}

// makeDirs makes path and its missing parents with a mode that lets other users pass, whatever the umask is.
func makeDirs(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("make directory %s: a file is in its place", path)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("make directory: %w", err)
	}
	if err := makeDirs(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make directory: %w", err)
	}
	if err := os.Chmod(path, 0o711); err != nil {
		return fmt.Errorf("open directory: %w", err)
	}
	return nil
}

// close gives the directory back. Closing the file is not enough: a child that is being started at this moment has
// inherited it, and keeps it until its program runs.
func (h *home) close() {
	_ = syscall.Flock(int(h.lock.Fd()), syscall.LOCK_UN)
	h.lock.Close()
}

func (h *home) join(name string) string { return filepath.Join(h.path, name) }

// secret returns the secret that is kept in the file name, making a new one of 128 random bits the first time.
func (h *home) secret(name string) (string, error) {
	path := h.join(name)
	kept, err := os.ReadFile(path)
	if err == nil && len(kept) > 0 {
		return string(kept), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read secret: %w", err)
	}
	var random [16]byte
	rand.Read(random[:]) // never fails: crypto/rand
	made := hex.EncodeToString(random[:])
	if err := writeFile(path, made); err != nil {
		return "", fmt.Errorf("keep secret: %w", err)
	}
	return made, nil
}

// port returns the port to listen on: want if it is not 0, which then has to be free; else the one used last; else
// any. Between this call and the listening of a child the port can be taken by another process, so a child that cannot
// listen has to be started again with another one.
func (h *home) port(want int) (int, error) {
	l, err := h.listen(want)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return portOf(l), nil
}

// listen listens on the port that [home.port] describes.
func (h *home) listen(want int) (net.Listener, error) {
	if want != 0 {
		return listenAgain(want)
	}
	if last, err := os.ReadFile(h.join(".port")); err == nil {
		if n, err := strconv.Atoi(string(last)); err == nil {
			if l, err := listenAgain(n); err == nil {
				return l, nil
			}
		}
	}
	return listen(0)
}

// listenAgain listens on a port that may have been ours until a moment ago: a child that was being started when we left
// it keeps it until its program runs.
func listenAgain(port int) (net.Listener, error) {
	var l net.Listener
	var err error
	for range 20 {
		if l, err = listen(port); !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil, err
}

// keepPort remembers the port for the next start.
func (h *home) keepPort(port int) error {
	if err := writeFile(h.join(".port"), strconv.Itoa(port)); err != nil {
		return fmt.Errorf("keep port: %w", err)
	}
	return nil
}

func listen(port int) (net.Listener, error) {
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func address(port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// writeFile replaces the file as a whole; only its owner can read it.
func writeFile(path, text string) error {
	next := path + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// openLog opens a log file for appending; only its owner can read it.
func (h *home) openLog(name string) (*os.File, error) {
	f, err := os.OpenFile(h.join(name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return f, nil
}
