// Package client is the HTTP client of Meibo's public API: what an integrator's program would do, used by the command
// line and by the end-to-end tests.
//
// A usual import is [Client.Create], [Client.UploadSource] (or [Client.UploadParts], which bears broken connections),
// [Client.Start] and [Client.Watch]. What the server refuses
// is a *[Problem]; any other error says that the server was not reached, or did not answer as Meibo does. Calls that
// may be repeated without harm are repeated while the server cannot be reached, for some seconds.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client calls one server with one API key. It may be used by many goroutines at once.
type Client struct {
	// Language is that of the reasons and problems in the answers, "ja" or "en"; empty is the one of the key's user.
	// Set it before the first call.
	Language string
	// Waiting, if set, is told why UploadParts does not get on, once each time that it has not for some seconds. It is
	// called from other goroutines. Set it before the first call.
	Waiting func(why error)

	server string
	key    string
	http   *http.Client
	timing timing
}

// timing is how patient a client is.
type timing struct {
	// first and last are the pauses between two tries; each pause doubles the one before.
	first, last time.Duration
	// retry bounds the time over which a single call is repeated.
	retry time.Duration
	// call bounds one try of a call, except for uploads, streams and reports.
	call time.Duration
	// quiet is after how long without a word a stream of events counts as dead; the server says something at least
	// every 15 seconds.
	quiet time.Duration
	// poll is how often an import is read while its events cannot be.
	poll time.Duration
	// lost is after how long without any answer watching is given up.
	lost time.Duration
}

// New returns a client of the server at that URL, such as http://127.0.0.1:8080.
func New(server, key string) *Client {
	return &Client{
		server: strings.TrimRight(server, "/"), key: key, http: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
		timing: timing{
			first: 100 * time.Millisecond, last: 3 * time.Second, retry: 3 * time.Second, call: 30 * time.Second,
			quiet: 40 * time.Second, poll: time.Second, lost: 5 * time.Minute,
		},
	}
}

// Close closes connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request is one call.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	// body is sent as JSON unless it is nil.
	body any
	// again tells that the call may be repeated.
	again bool
}

// call makes a request and reads the JSON answer into out, unless that is nil.
func (c *Client) call(ctx context.Context, r request, out any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
	}
	started := time.Now()
	for pause := c.timing.first; ; pause = min(2*pause, c.timing.last) {
		err := c.try(ctx, r, body, out)
		if err == nil || ctx.Err() != nil || !r.again || !temporary(err) || time.Since(started) > c.timing.retry {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// callOnce is call without any patience.
func (c *Client) callOnce(ctx context.Context, r request, out any) error {
	body, err := json.Marshal(r.body)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	res, err := c.send(ctx, r, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return decode(r, res.Body, out)
}

func (c *Client) try(ctx context.Context, r request, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timing.call)
	defer cancel()
	res, err := c.send(ctx, r, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return decode(r, res.Body, out)
}

// send sends a request and returns the answer, whose body the caller closes, if it is not a problem.
func (c *Client) send(ctx context.Context, r request, body []byte) (*http.Response, error) {
	req, err := c.newRequest(ctx, r, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.do(req)
}

func (c *Client) newRequest(ctx context.Context, r request, body io.Reader) (*http.Request, error) {
	target := c.server + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if r.header != nil {
		req.Header = r.header.Clone()
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("User-Agent", "meibo")
	if c.Language != "" {
		req.Header.Set("Accept-Language", c.Language)
	}
	return req, nil
}

func (c *Client) do(req *http.Request) (*http.Response, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("call the server: %w", err)
	}
	if res.StatusCode >= 300 {
		defer res.Body.Close()
		return nil, readProblem(res)
	}
	return res, nil
}

func decode(r request, body io.Reader, out any) error {
	if out == nil { // the answer has no content
		return nil
	}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("read answer to %s %s: %w", r.method, r.path, err)
	}
	// Read to the end, so that the connection can be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<10))
	return nil
}

// temporary tells whether the same call may have another answer soon.
func temporary(err error) bool {
	var p *Problem
	if !errors.As(err, &p) {
		return !errors.Is(err, context.Canceled)
	}
	switch p.Status {
	case http.StatusTooManyRequests:
		return p.Code != CodeRowsPerDay // which is free again tomorrow
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// sleep waits for d; it returns the error of ctx if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
