package uploader

import (
	"errors"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// drip gives so many bytes every half a minute, unless its deadline comes first.
type drip struct {
	http.ResponseWriter
	bytes    int
	deadline time.Time
}

func (d *drip) SetReadDeadline(t time.Time) error {
	d.deadline = t
	return nil
}

func (d *drip) Read(p []byte) (int, error) {
	if wait := time.Until(d.deadline); wait < 30*time.Second {
		time.Sleep(wait)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(30 * time.Second)
	return d.bytes, nil
}

func (d *drip) Close() error { return nil }

func TestBodyThatComesByteByByteIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body := func(bytes int) io.Reader {
			d := &drip{bytes: bytes}
			return &idleBody{ReadCloser: d, control: http.NewResponseController(d)}
		}
		start := time.Now()
		_, err := io.Copy(io.Discard, body(1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) > 2*idleTimeout {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		if n, err := io.Copy(io.Discard, io.LimitReader(body(32<<10), 32<<20)); err != nil || n != 32<<20 {
			t.Errorf("a slow line gives %d bytes, %v", n, err)
		}
	})
}
