// Package uploader is the HTTP API: it takes in files, inspects them, starts imports, and tells what became of
// them.
//
//	create ──▶ source, or parts ──▶ (inspection) ──▶ start ──▶ events ──▶ failures
//
// A file is streamed to object storage with bounded memory. Nothing of an upload in one request that breaks off remains;
// one by parts can be gone on with at any uploader, until a janitor gives it up.
// Starting an import is one transaction that also writes the outbox, from which a relay tells the splitters.
// Uploaders keep no state: any number of them serve the same imports.
//
// What a handler returns as an error becomes a problem document (RFC 9457) in one place, problem.go, with a
// stable code and a sentence in the caller's language.
package uploader

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/heartbeat"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/relay"
	"github.com/meibo/meibo/internal/run"
)

// Bounds of the HTTP server. There is no bound on a whole request, which may be an upload of an hour: see
// idleTimeout.
const (
	headerTimeout   = 10 * time.Second
	keepAlive       = 2 * time.Minute
	maxHeaderBytes  = 64 << 10
	shutdownTimeout = 20 * time.Second
	bucketPause     = time.Second
)

// Run serves the API until ctx ends; requests that are under way then have some seconds to end.
func Run(ctx context.Context, cfg Config, log *zap.Logger) error {
	db, err := postgres.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	q, err := queue.Open(cfg.Queue, log)
	if err != nil {
		return err
	}
	defer q.Close()
	blobs, err := blob.Open(ctx, cfg.Blob)
	if err != nil {
		return err
	}
	health := run.NewHealth()
	health.Register("database", db.Ping)
	health.Register("queue", q.Ping)
	health.Register("storage", blobs.Ping)
	r := relay.New(db, q, log)
	s, err := newServer(cfg.PublicURL, db, q, blobs, r, log)
	if err != nil {
		return err
	}
	if err := s.limit(cfg.Access); err != nil {
		return err
	}
	s.heart = heartbeat.New(db, "uploader", 0, log)
	j := &janitor{db: db, blobs: blobs, expiry: cfg.UploadExpiry, log: log}
	return run.All(ctx,
		func(ctx context.Context) error { return health.Serve(ctx, cfg.Health, log) },
		func(ctx context.Context) error { return errors.Join(q.Prepare(ctx), r.Run(ctx)) },
		func(ctx context.Context) error { return ensureBucket(ctx, blobs, cfg.PublicURL, log) },
		j.run,
		(&keeper{db: db, blobs: blobs, log: log}).run,
		(&eraser{db: db, blobs: blobs, log: log, page: erasuresPage}).run,
		s.sweepAccounts,
		s.heart.Run,
		func(ctx context.Context) error { return s.listen(ctx, cfg.Listen) },
	)
}

// ensureBucket makes the bucket as soon as the storage answers, and lets browsers of the API's origin send parts to it,
// if they can reach it.
func ensureBucket(ctx context.Context, blobs *blob.Store, publicURL string, log *zap.Logger) error {
	for {
		err := blobs.EnsureBucket(ctx)
		if err == nil {
			return letBrowsersIn(ctx, blobs, publicURL, log)
		}
		if ctx.Err() != nil {
			return nil
		}
		log.Info("waiting for the object storage", zap.Error(err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(bucketPause):
		}
	}
}

// letBrowsersIn allows pages of the origin to send parts. Some stores have no rules for this, or do not let us set them:
// then an operator has to, or pages send their parts through the uploader.
func letBrowsersIn(ctx context.Context, blobs *blob.Store, publicURL string, log *zap.Logger) error {
	if !blobs.Public() {
		return nil
	}
	u, err := url.Parse(publicURL)
	if err != nil {
		return fmt.Errorf("MEIBO_PUBLIC_URL: %w", err)
	}
	if err := blobs.AllowBrowsers(ctx, u.Scheme+"://"+u.Host); err != nil && ctx.Err() == nil {
		log.Warn("pages cannot send parts straight to the object storage", zap.Error(err))
	}
	return nil
}

// listen serves until ctx ends, then lets requests end.
func (s *server) listen(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	s.log.Info("listening", zap.Stringer("address", listener.Addr()))
	warnings, err := zap.NewStdLogAt(s.log, zap.WarnLevel)
	if err != nil {
		return fmt.Errorf("log of the API: %w", err)
	}
	srv := &http.Server{
		Handler: s.router, ReadHeaderTimeout: headerTimeout, IdleTimeout: keepAlive, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: warnings,
	}
	srv.RegisterOnShutdown(s.stop)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve the API: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(ending); err != nil {
		return errors.Join(fmt.Errorf("end requests: %w", err), srv.Close())
	}
	return nil
}
