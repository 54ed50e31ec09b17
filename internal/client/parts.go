package client

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meibo/meibo/internal/imports"
)

const (
	partsAtOnce = 4
	// rounds bounds how often an upload is looked at again that turned out not to be whole.
	rounds = 5
	// directDial is how long connecting straight to the object storage may take before parts go through the server.
	directDial = 5 * time.Second
)

// storedPart is a part as the server lists it.
type storedPart struct {
	Number int    `json:"number"`
	Size   int64  `json:"size,omitempty"`
	ETag   string `json:"etag"`
}

// begun is an upload by parts that can be gone on with.
type begun struct {
	Upload   string       `json:"upload"`
	PartSize int64        `json:"part_size"`
	Direct   bool         `json:"direct"`
	Parts    []storedPart `json:"parts"`
}

// completion is what the file must be.
type completion struct {
	Upload string       `json:"upload"`
	Size   int64        `json:"size"`
	SHA256 string       `json:"sha256"`
	Parts  []storedPart `json:"parts"`
}

// UploadParts sends the file of an import in parts, several at a time: straight to the object storage where that can be
// reached, else through the server. It goes on with what an earlier call, or another program, has left: parts that are
// there and equal those of the file are not sent again. Broken connections and servers that restart only delay it, as
// long as a part gets through every few minutes. When it returns with an error, what was sent stays for the next call,
// for about two days.
//
// Memory does not depend on the size of the file, which is read twice or three times. sent is called as by
// [Client.UploadSource]; it starts with what was there already.
func (c *Client) UploadParts(ctx context.Context, id string, source io.ReaderAt, size int64, sent func(bytes int64)) (Import, error) {
	p := &partsUpload{client: c, id: id, source: source, size: size, tally: newTally(sent), direct: directClient()}
	defer p.tally.stop()
	defer p.direct.CloseIdleConnections()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.sum = hashOf(ctx, source, size)
	p.progress.Store(time.Now().UnixNano())
	i, err := p.run(ctx)
	if err != nil {
		return Import{}, fmt.Errorf("upload parts: %w", err)
	}
	return i, nil
}

// partsUpload is one call of UploadParts.
type partsUpload struct {
	client *Client
	id     string
	source io.ReaderAt
	size   int64
	tally  *tally
	sum    <-chan hashed
	whole  *hashed // what sum has given

	direct *http.Client
	// reached and unreached count what was sent straight to the object storage, and what could not be.
	reached, unreached atomic.Int32
	// progress is when the last part got through, in nanoseconds of Unix time.
	progress atomic.Int64
	// told says that the client has been told that nothing gets through.
	told atomic.Bool
}

func (p *partsUpload) run(ctx context.Context) (Import, error) {
	for round := 1; ; round++ {
		i, err := p.round(ctx)
		if err == nil || round == rounds || !incomplete(err) {
			return i, err
		}
	}
}

// incomplete tells whether an upload is to be looked at again: it was given up, or a part is not what was sent.
func incomplete(err error) bool {
	for _, code := range []string{"no_upload", "part_missing", "part_invalid", "part_too_small", "size_mismatch"} {
		if IsProblem(err, code) {
			return true
		}
	}
	return false
}

// round sends what is missing and completes the upload.
func (p *partsUpload) round(ctx context.Context) (Import, error) {
	if i, done, err := p.uploaded(ctx); done || err != nil {
		return i, err
	}
	b, err := p.begin(ctx)
	if err != nil {
		return Import{}, err
	}
	parts, err := p.send(ctx, b)
	if err != nil {
		return Import{}, err
	}
	whole, err := p.hash()
	if err != nil {
		return Import{}, err
	}
	var i Import
	done := completion{Upload: b.Upload, Size: p.size, SHA256: whole, Parts: parts}
	err = p.persist(ctx, func() error {
		return p.call(ctx, request{method: http.MethodPost, path: p.path("/complete"), body: done}, &i)
	})
	return i, err
}

// uploaded tells whether the import has the file already: the answer of a completion may have been lost.
func (p *partsUpload) uploaded(ctx context.Context) (i Import, done bool, err error) {
	err = p.persist(ctx, func() error {
		i, err = p.client.Import(ctx, p.id)
		return err
	})
	if err != nil || i.State != imports.StateUploaded || i.Size != p.size {
		return i, false, err
	}
	whole, err := p.hash()
	return i, err == nil && whole == i.SHA256, err
}

// begin returns the upload that is under way, or a new one. One that was cut in another way cannot be gone on with.
func (p *partsUpload) begin(ctx context.Context) (b begun, err error) {
	path, size := p.path(""), map[string]int64{"size": p.size}
	for {
		err := p.persist(ctx, func() error { return p.call(ctx, request{method: http.MethodPost, path: path, body: size}, &b) })
		if err != nil || len(b.Parts) == 0 || int64(b.Parts[len(b.Parts)-1].Number) <= p.count(b.PartSize) {
			return b, err
		}
		if err := p.persist(ctx, func() error { return p.abort(ctx) }); err != nil {
			return b, err
		}
		b = begun{}
	}
}

func (p *partsUpload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.client.timing.call)
	defer cancel()
	res, err := p.client.send(ctx, request{method: http.MethodDelete, path: p.path("")}, nil)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// count returns how many parts the file has; an empty one has one.
func (p *partsUpload) count(partSize int64) int64 { return max(1, (p.size+partSize-1)/partSize) }

func (p *partsUpload) path(more string) string { return importPath(p.id) + "/parts" + more }

// send brings all parts to the store and returns them by number.
func (p *partsUpload) send(ctx context.Context, b begun) ([]storedPart, error) {
	if b.PartSize <= 0 {
		return nil, errors.New("the server names no size for the parts")
	}
	stored := make(map[int]storedPart, len(b.Parts))
	for _, part := range b.Parts {
		stored[part.Number] = part
	}
	p.tally.restart()
	parts := make([]storedPart, p.count(b.PartSize))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for n := range parts {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() (err error) {
			off := int64(n) * b.PartSize
			part := &filePart{upload: p, number: n + 1, off: off, size: min(b.PartSize, p.size-off)}
			parts[n], err = part.bring(ctx, b.Direct, stored[n+1])
			return err
		})
	}
	return parts, group.Wait()
}

// persist repeats a call with pauses until it succeeds, is refused for good, or nothing has got through for too long.
func (p *partsUpload) persist(ctx context.Context, call func() error) error {
	t := &p.client.timing
	started := time.Now()
	for pause := t.first; ; pause = min(2*pause, t.last) {
		err := call()
		switch {
		case err == nil:
			p.progress.Store(time.Now().UnixNano())
			p.told.Store(false)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case IsProblem(err, "still_assembling"):
			p.progress.Store(time.Now().UnixNano())
			started = time.Now()
		case !passing(err) || time.Since(started) > t.lost && time.Since(time.Unix(0, p.progress.Load())) > t.lost:
			return err
		case p.client.Waiting != nil && time.Since(started) > t.retry && p.told.CompareAndSwap(false, true):
			p.client.Waiting(err)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// passing tells whether an upload by parts bears the error: it says nothing of the file, and may be gone the next time.
func passing(err error) bool {
	var problem *Problem
	var file *fileError
	switch {
	case errors.As(err, &file):
		return false
	case errors.As(err, &problem):
		return problem.Status >= http.StatusInternalServerError || temporary(err) ||
			problem.Code == "upload_incomplete" || problem.Code == "digest_mismatch" || problem.Code == "not_direct"
	}
	return true
}

// fileError says that the file cannot be read.
type fileError struct{ error }

func (e *fileError) Unwrap() error { return e.error }

// call is one call with JSON, which a server may think about for a minute.
func (p *partsUpload) call(ctx context.Context, r request, out any) error {
	ctx, cancel := context.WithTimeout(ctx, p.client.timing.call+time.Minute)
	defer cancel()
	return p.client.callOnce(ctx, r, out)
}

// hashed is the SHA-256 of the file in hexadecimal.
type hashed struct {
	sum string
	err error
}

// hash waits for the SHA-256 of the file.
func (p *partsUpload) hash() (string, error) {
	if p.whole == nil {
		h := <-p.sum
		p.whole = &h
	}
	return p.whole.sum, p.whole.err
}

// hashOf reads the file beside its upload.
func hashOf(ctx context.Context, source io.ReaderAt, size int64) <-chan hashed {
	done := make(chan hashed, 1)
	go func() {
		sha := sha256.New()
		n, err := io.Copy(sha, &contextReader{ctx, io.NewSectionReader(source, 0, size)})
		if err == nil && n != size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			err = cmp.Or(ctx.Err(), error(&fileError{fmt.Errorf("read the file: %w", err)}))
		}
		done <- hashed{hex.EncodeToString(sha.Sum(nil)), err}
	}()
	return done
}

// contextReader ends when its context does.
type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (r *contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(b)
}

// directClient reaches the object storage, or knows soon that it cannot.
func directClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: directDial}).DialContext
	transport.MaxIdleConnsPerHost = partsAtOnce
	return &http.Client{Transport: transport}
}
