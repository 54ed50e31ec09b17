package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// retry says how long reading goes on without a single new byte.
type retry struct {
	tries   int           // connections
	first   time.Duration // pause before the second one, doubled each time
	longest time.Duration // pause
	idle    time.Duration // after which a connection that gives nothing counts as broken
}

// patience bears a store that restarts.
var patience = retry{tries: 14, first: 50 * time.Millisecond, longest: 5 * time.Second, idle: 30 * time.Second}

// resuming reads one version of one object over as many connections as it takes.
type resuming struct {
	store *Store
	ctx   context.Context // of the one who opened it: bounds all reading
	key   string
	etag  string
	size  int64

	at     int64 // bytes that were read
	body   io.ReadCloser
	cancel context.CancelFunc // of the connection
	idle   *time.Timer        // cancels it
	tries  int                // connections since the last byte
	ended  error              // what every further Read returns
}

// openResuming opens the newest version of the object, which must be that of etag, if this is not empty.
func (s *Store) openResuming(ctx context.Context, key, etag string) (*resuming, error) {
	requestCtx, cancel := context.WithCancel(ctx)
	out, err := s.client.GetObject(requestCtx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		cancel()
		return nil, named(err)
	}
	if out.ContentLength == nil || out.ETag == nil {
		cancel()
		out.Body.Close()
		return nil, errors.New("the store does not say the object's size and version")
	}
	if etag != "" && etag != *out.ETag {
		cancel()
		out.Body.Close()
		return nil, ErrChanged
	}
	r := &resuming{store: s, ctx: ctx, key: key, etag: *out.ETag, size: *out.ContentLength}
	r.connect(out.Body, cancel)
	return r, nil
}

func (r *resuming) connect(body io.ReadCloser, cancel context.CancelFunc) {
	r.body, r.cancel = body, cancel
	r.idle = time.AfterFunc(r.store.retry.idle, cancel)
	r.idle.Stop()
}

// Read returns what the connection gives, and makes a new one where it is broken.
func (r *resuming) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.ended == nil {
		r.idle.Reset(r.store.retry.idle)
		n, err := r.body.Read(p)
		r.idle.Stop() // only waiting for the store counts, not waiting for the reader's user
		r.at += int64(n)
		if n > 0 {
			r.tries = 0
		}
		switch {
		case err == nil:
			return n, nil
		case r.at == r.size:
			// At the last byte the SDK compares the checksum, where it has one of the whole object: its error counts.
			r.ended = err
		case r.at > r.size:
			r.ended = fmt.Errorf("read byte %d of an object of %d", r.at, r.size)
		case r.ctx.Err() != nil:
			r.ended = context.Cause(r.ctx)
		default:
			r.ended = r.reconnect(err)
		}
		if n > 0 {
			return n, nil // what ended it, if anything did, is for the next call
		}
	}
	return 0, r.ended
}

// reconnect asks for the rest of the object until the store gives it.
func (r *resuming) reconnect(broken error) error {
	r.disconnect()
	for {
		r.tries++
		if r.tries > r.store.retry.tries {
			return fmt.Errorf("read object at byte %d of %d: %w", r.at, r.size, broken)
		}
		if err := r.backOff(); err != nil {
			return err
		}
		err := r.requestRest()
		if err == nil {
			return nil
		}
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		if isFinal(err) {
			return fmt.Errorf("read object at byte %d of %d: %w", r.at, r.size, named(err))
		}
		broken = err
	}
}

// requestRest makes a connection that begins at the byte after the last one that was read, of the same version.
func (r *resuming) requestRest() error {
	ctx, cancel := context.WithCancel(r.ctx)
	waiting := time.AfterFunc(r.store.retry.idle, cancel)
	out, err := r.store.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &r.store.bucket, Key: &r.key, IfMatch: &r.etag,
		Range: aws.String("bytes=" + strconv.FormatInt(r.at, 10) + "-"),
	}, func(o *s3.Options) { o.Retryer = aws.NopRetryer{} }) // the tries are counted here
	waiting.Stop()
	if err != nil {
		cancel()
		return err
	}
	want := fmt.Sprintf("bytes %d-%d/%d", r.at, r.size-1, r.size)
	if have := aws.ToString(out.ContentRange); have != want {
		cancel()
		out.Body.Close()
		return fmt.Errorf("the store answered with the range %q instead of %q", have, want)
	}
	r.connect(out.Body, cancel)
	return nil
}

// backOff pauses before a try; not before the first, as a connection that broke says nothing of the store.
func (r *resuming) backOff() error {
	if r.tries == 1 {
		return nil
	}
	pause := min(r.store.retry.first<<(r.tries-2), r.store.retry.longest)
	timer := time.NewTimer(pause/2 + rand.N(pause/2+1)) // not all readers at the same moment
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

func (r *resuming) disconnect() {
	r.idle.Stop()
	r.cancel()
	r.body.Close()
}

// Close ends the reading.
func (r *resuming) Close() error {
	r.disconnect()
	if r.ended == nil {
		r.ended = errors.New("read object: it is closed")
	}
	return nil
}

// isFinal tells whether asking again is of no use: the object is gone, was replaced (412, RFC 9110) or may not be read.
func isFinal(err error) bool {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) {
		return false
	}
	switch status := answer.HTTPStatusCode(); status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return 400 <= status && status < 500
	}
}
