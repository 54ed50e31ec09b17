// Package blobtest gives each test a bucket of its own on a real S3-compatible server, one per test process. The
// package under test needs the TestMain that embeddedtest describes.
package blobtest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
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

// Keys returns the keys of all objects in the bucket, up to 1,000.
func Keys(tb testing.TB, cfg blob.Config) []string {
	tb.Helper()
	client := s3.New(s3.Options{
		BaseEndpoint: &cfg.Endpoint, UsePathStyle: true, Region: cfg.Region,
		Credentials: credentials.NewStaticCredentialsProvider(cfg.AccessKey, cfg.SecretKey, ""),
	})
	out, err := client.ListObjectsV2(tb.Context(), &s3.ListObjectsV2Input{Bucket: &cfg.Bucket})
	if err != nil {
		tb.Fatal(err)
	}
	keys := make([]string, len(out.Contents))
	for i, object := range out.Contents {
		keys[i] = aws.ToString(object.Key)
	}
	return keys
}
