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

	"github.com/meibo/meibo/internal/mail"
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

// environment is how the services and the commands of operators are told of everything, as lines for a shell.
func environment(i Info) string {
	var text strings.Builder
	for _, v := range [][2]string{
		{"MEIBO_SERVER", i.URL},
		{"MEIBO_API_KEY", i.APIKey},
		{"MEIBO_DATABASE_URL", i.DatabaseURL},
		{"MEIBO_NATS_URL", i.NATSURL},
		{"MEIBO_S3_ENDPOINT", i.S3Endpoint},
		{"MEIBO_S3_PUBLIC_ENDPOINT", i.S3Endpoint},
		{"MEIBO_S3_REGION", i.S3Region},
		{"MEIBO_S3_BUCKET", i.S3Bucket},
		{"MEIBO_S3_ACCESS_KEY", i.S3AccessKey},
		{"MEIBO_S3_SECRET_KEY", i.S3SecretKey},
		{"MEIBO_SMTP_ADDR", i.SMTPAddr},
		{"MEIBO_SMTP_TLS", mail.NoTLS.String()},
		{"MEIBO_MAIL_FROM", mailFrom},
	} {
		text.WriteString("export " + v[0] + "='" + strings.ReplaceAll(v[1], "'", `'\''`) + "'\n")
	}
	return text.String()
}

// writeEnvironment writes env, for a shell to read.
func writeEnvironment(path string, info Info) error {
	if err := writeFile(path, []byte(environment(info))); err != nil {
		return fmt.Errorf("write env: %w", err)
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
