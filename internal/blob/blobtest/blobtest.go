// Package blobtest gives each test a bucket of its own on a real S3-compatible server, one per test process. The
// package under test needs the TestMain that embeddedtest describes.
package blobtest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/embedded/embeddedtest"
)

// New returns a store with an empty bucket.
func New(tb testing.TB) *blob.Store {
	tb.Helper()
	return Open(tb, Config(tb))
}

// Config returns the configuration of a store whose bucket is not there yet.
func Config(tb testing.TB) blob.Config {
	tb.Helper()
	server, err := embeddedtest.S3()
	if err != nil {
		tb.Fatal(err)
	}
	return blob.Config{
		Endpoint: server.Endpoint, Region: server.Region, Bucket: "test-" + uuid.NewString(),
		AccessKey: server.AccessKey, SecretKey: server.SecretKey,
	}
}

// Open returns the store of a configuration, with its bucket.
func Open(tb testing.TB, cfg blob.Config) *blob.Store {
	tb.Helper()
	store, err := blob.Open(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	if err := store.EnsureBucket(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return store
}
