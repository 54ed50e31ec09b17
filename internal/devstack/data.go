package devstack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse says that another living process runs on the same data directory.
var ErrInUse = errors.New("the data directory is in use")

// makeData makes the directory if need be and returns its absolute name. Other users may pass through it, because the
// database may have to run as one, but see nothing.
func makeData(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(path, 0o711); err != nil {
		return "", err
	}
	return path, os.Chmod(path, 0o711)
}

// takeLock takes the directory for this process until the file is closed, or the process has died.
func takeLock(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "dev.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner, _ := os.ReadFile(lock.Name())
		lock.Close()
		return nil, fmt.Errorf("%w: %s, by process %s", ErrInUse, dir, strings.TrimSpace(string(owner)))
	}
	err = lock.Truncate(0)
	if err == nil {
		_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	return lock, nil
}

// writeInfo writes dev.json.
func writeInfo(path string, info Info) error {
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return fmt.Errorf("write dev.json: %w", err)
	}
	if err := writeFile(path, append(text, '\n')); err != nil {
		return fmt.Errorf("write dev.json: %w", err)
	}
	return nil
}

// writeFile replaces the file as a whole; only its owner can read it.
func writeFile(path string, text []byte) error {
	next := path + ".new"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
