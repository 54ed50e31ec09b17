package client

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// upload is a source on its way to the server. The HTTP transport may go on reading for a moment when the call has
// ended already; after stop nobody hears of it any more.
type upload struct {
	source io.Reader
	sent   func(bytes int64)

	mu      sync.Mutex
	bytes   int64
	stopped bool
	err     error // of the source
}

var errUploadStopped = errors.New("the upload has ended")

// Read hands over the next bytes. The source is read without the lock: a pipe may be silent for long.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.source.Read(p)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stopped {
		return 0, errUploadStopped
	}
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = fmt.Errorf("read the file: %w", err)
	}
	u.bytes += int64(n)
	if u.sent != nil && n > 0 {
		u.sent(u.bytes)
	}
	return n, err
}

// stop ends the calls of sent.
func (u *upload) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopped = true
}

// failure returns the error of the source.
func (u *upload) failure() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}
