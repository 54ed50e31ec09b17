package uploader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// idleTimeout is how long a request may give no byte, or take none of its answer. The only other bound on uploads is
// slowest; there is none on streams.
const idleTimeout = 60 * time.Second

// session is what is known of a request beside the request itself.
type session struct {
	// language is that of Accept-Language; empty where the header names none that is spoken.
	language tenant.Language
	// caller is nil until the request is authenticated.
	caller *postgres.Caller
	// client is the address that the request comes from, as far as it is known.
	client netip.Addr
	// agent is what the client calls itself.
	agent string
	// token is what the session's cookie holds; empty for requests with a key.
	token string
	// err is a fault of ours, for the log.
	err error
	// note is something that did not work out and does not matter to the caller.
	note error
}

type sessionKey struct{}

func sessionOf(ctx context.Context) *session {
	if s, ok := ctx.Value(sessionKey{}).(*session); ok {
		return s
	}
	return &session{}
}

// callerOf returns who makes the request; only handlers behind authenticate may ask.
func callerOf(ctx context.Context) *postgres.Caller { return sessionOf(ctx).caller }

// tenantOf returns whose data the request is about.
func tenantOf(ctx context.Context) tenant.ID { return callerOf(ctx).Tenant.ID }

// lang is the language of the answer: the one asked for, else the caller's own.
func (s *session) lang() tenant.Language {
	switch {
	case s.language != "":
		return s.language
	case s.caller != nil:
		return s.caller.User.Language
	}
	return tenant.Japanese
}

// observe gives a request its session, survives its handler's panics, and writes its one line to the log: not
// the query, which may name a member, and never a header.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		defer s.heart.Begin()()
		ses := &session{language: s.acceptedLanguage(r)}
		r = r.WithContext(context.WithValue(r.Context(), sessionKey{}, ses))
		rec := &recorder{ResponseWriter: w, control: http.NewResponseController(w)}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &idleBody{ReadCloser: r.Body, control: rec.control}
		}
		aborted := s.guard(rec, r, ses, next)
		fields := []zap.Field{
			zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.String("route", chi.RouteContext(r.Context()).RoutePattern()),
			zap.Int("status", rec.status), zap.Int64("bytes", rec.bytes), zap.Duration("in", time.Since(start)),
		}
		if ses.caller != nil {
			fields = append(fields, zap.Stringer("tenant", ses.caller.Tenant.ID), zap.String("key", ses.caller.KeyName), zap.Int64("user", ses.caller.User.ID))
		}
		if ses.note != nil {
			fields = append(fields, zap.NamedError("note", ses.note))
		}
		if ses.err != nil {
			s.log.Error("request", append(fields, zap.Error(ses.err))...)
		} else {
			s.log.Info("request", fields...)
		}
		if aborted {
			panic(http.ErrAbortHandler)
		}
	})
}

// guard runs the handler. It reports whether the answer broke off half-way, which the caller must see as a
// broken connection.
func (s *server) guard(w *recorder, r *http.Request, ses *session, next http.Handler) (aborted bool) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		aborted = true
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			return
		}
		err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		ses.err = err
		if w.status == 0 {
			aborted = false
			s.fail(w, r, err)
		}
	}()
	next.ServeHTTP(w, r)
	return false
}

// recorder notes what is answered, and gives every write its time.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int
	bytes   int64
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader sends the status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		_ = w.control.SetWriteDeadline(time.Now().Add(idleTimeout)) // A recorder of tests has no deadlines.
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	_ = w.control.SetWriteDeadline(time.Now().Add(idleTimeout))
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// slowest is how many bytes a second a body has to come with on average, beyond its first idleTimeout: one that comes byte
// by byte holds its request for a minute, and not for days.
const slowest = 1 << 10

// idleBody ends a request whose body stalls, or comes too slowly.
type idleBody struct {
	io.ReadCloser
	control *http.ResponseController
	bytes   int64
	waited  time.Duration // for the bytes, not for what is done with them
}

// Read waits for the next bytes no longer than idleTimeout.
func (b *idleBody) Read(p []byte) (int, error) {
	start := time.Now()
	left := idleTimeout + time.Duration(b.bytes/slowest)*time.Second - b.waited
	_ = b.control.SetReadDeadline(start.Add(min(idleTimeout, left)))
	n, err := b.ReadCloser.Read(p)
	b.bytes += int64(n)
	b.waited += time.Since(start)
	if err != nil {
		// The deadline must not end the request later, while it is worked on.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
