package client

import (
	"context"
	"crypto/md5" // what stores mark parts by
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// filePart is one part of the file.
type filePart struct {
	upload *partsUpload
	number int
	off    int64
	size   int64

	sha [sha256.Size]byte
	md5 string // in hexadecimal
}

// bring makes sure that the store has the part.
func (f *filePart) bring(ctx context.Context, direct bool, stored storedPart) (storedPart, error) {
	if err := f.digest(ctx); err != nil {
		return storedPart{}, err
	}
	p := f.upload
	if stored.Number == f.number && stored.Size == f.size && stored.ETag == f.md5 {
		p.tally.set(f.number, f.size)
		return storedPart{Number: f.number, ETag: stored.ETag}, nil
	}
	var etag string
	try := 0
	err := p.persist(ctx, func() (err error) {
		// Where the object storage could never be reached, or just now could not be, the server can.
		straight := direct && try%2 == 0 && (p.reached.Load() > 0 || p.unreached.Load() < partsAtOnce)
		try++
		if etag, err = f.try(ctx, straight); err != nil {
			p.tally.set(f.number, 0)
		}
		return err
	})
	return storedPart{Number: f.number, ETag: etag}, err
}

// digest reads the part for what tells it from others.
func (f *filePart) digest(ctx context.Context) error {
	sha, sum := sha256.New(), md5.New()
	section := io.NewSectionReader(f.upload.source, f.off, f.size)
	n, err := io.Copy(io.MultiWriter(sha, sum), &contextReader{ctx, section})
	if err == nil && n != f.size {
		err = io.ErrUnexpectedEOF
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return &fileError{fmt.Errorf("read the file: %w", err)}
	}
	sha.Sum(f.sha[:0])
	f.md5 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// try sends the part once and returns its ETag. A connection that takes no byte for some time counts as broken.
func (f *filePart) try(ctx context.Context, straight bool) (etag string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := f.upload.client.timing.quiet
	idle := time.AfterFunc(quiet, cancel)
	defer idle.Stop()
	body := &upload{source: io.NewSectionReader(f.upload.source, f.off, f.size), sent: func(bytes int64) {
		idle.Reset(quiet)
		f.upload.tally.set(f.number, bytes)
	}}
	defer body.stop()
	if straight {
		etag, err = f.sendStraight(ctx, body)
		if err == nil {
			f.upload.reached.Add(1)
		} else {
			f.upload.unreached.Add(1)
		}
	} else {
		etag, err = f.sendThrough(ctx, body)
	}
	if readErr := body.failure(); readErr != nil && err != nil && !isRefusal(err) {
		return "", &fileError{readErr}
	}
	return etag, err
}

// sendThrough has the server pass the part on.
func (f *filePart) sendThrough(ctx context.Context, body *upload) (string, error) {
	r := request{method: http.MethodPut, path: f.upload.path("/" + strconv.Itoa(f.number)), header: http.Header{
		"Content-Type":   {"application/octet-stream"},
		"Content-Digest": {"sha-256=:" + base64.StdEncoding.EncodeToString(f.sha[:]) + ":"},
	}}
	req, err := f.upload.client.newRequest(ctx, r, body)
	if err != nil {
		return "", err
	}
	f.measure(req)
	res, err := f.upload.client.do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var stored storedPart
	err = decode(r, res.Body, &stored)
	return stored.ETag, err
}

// sendStraight puts the part into the object storage. Whatever goes wrong there is a reason to try the other way.
func (f *filePart) sendStraight(ctx context.Context, body *upload) (string, error) {
	var signed struct {
		Items []struct {
			URL string `json:"url"`
		} `json:"items"`
	}
	ask := request{method: http.MethodPost, path: f.upload.path("/urls"), body: map[string][]int{"numbers": {f.number}}}
	if err := f.upload.call(ctx, ask, &signed); err != nil {
		return "", err
	}
	if len(signed.Items) != 1 {
		return "", fmt.Errorf("send part: %d addresses for one", len(signed.Items))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, signed.Items[0].URL, body)
	if err != nil {
		return "", fmt.Errorf("send part: %w", err)
	}
	f.measure(req)
	res, err := f.upload.direct.Do(req)
	if err != nil {
		return "", fmt.Errorf("send part: %w", cause(err))
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("send part: the object storage answers %s", res.Status)
	}
	// What the store has must be what was sent; where it marks parts in another way, the server has to tell.
	if etag := strings.Trim(res.Header.Get("ETag"), `"`); etag != f.md5 {
		return "", fmt.Errorf("send part: the object storage has %s, not %s", etag, f.md5)
	}
	return f.md5, nil
}

// cause is the error without the address, which lets in whoever reads it.
func cause(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// measure tells the length of the body. A length of 0 would mean that it is not known.
func (f *filePart) measure(req *http.Request) {
	req.ContentLength = f.size
	if f.size == 0 {
		req.Body = http.NoBody
	}
}

// tally adds up how much of each part has been handed over, and never tells of less than before.
type tally struct {
	sent func(bytes int64)

	mu      sync.Mutex
	parts   map[int]int64
	sum     int64
	told    int64
	stopped bool
}

func newTally(sent func(bytes int64)) *tally { return &tally{sent: sent, parts: make(map[int]int64)} }

// set says how many bytes of a part are handed over.
func (t *tally) set(number int, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum += bytes - t.parts[number]
	t.parts[number] = bytes
	if t.sent != nil && !t.stopped && t.sum > t.told {
		t.told = t.sum
		t.sent(t.told)
	}
}

// restart forgets all parts.
func (t *tally) restart() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum = 0
	clear(t.parts)
}

// stop ends the calls of sent.
func (t *tally) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
}
