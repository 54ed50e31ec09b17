package blob

import (
	"context"
	"crypto/sha256"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/meibo/meibo/internal/tenant"
)

// Parts that only tests reach from outside.
var (
	SourceKey     = sourceKey
	FailuresKey   = failuresKey
	ParseFailures = parseFailures
)

// Impatient makes reads of the store give up after tries connections without a byte, each of which may be silent for
// idle.
func (s *Store) Impatient(tries int, idle time.Duration) {
	s.retry = retry{tries: tries, first: time.Millisecond, longest: time.Millisecond, idle: idle}
}

// Replace stores an upload in place of another one, which nobody does but by accident.
func (s *Store) Replace(ctx context.Context, t tenant.ID, importID, upload string, r io.Reader) error {
	_, err := s.putSource(ctx, t, importID, upload, r)
	return err
}

// Confirm compares what is stored as an upload with a size and a CRC-32.
func (s *Store) Confirm(ctx context.Context, t tenant.ID, importID, upload string, size int64, crc uint32) error {
	key, err := sourceKey(t, importID, upload)
	if err != nil {
		return err
	}
	_, err = s.confirm(ctx, key, &measured{size: size, crc: crc, sha: sha256.New()})
	return err
}

// Uploads counts the unfinished multipart uploads of the bucket.
func (s *Store) Uploads(ctx context.Context) (int, error) {
	out, err := s.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &s.bucket})
	if err != nil {
		return 0, err
	}
	return len(out.Uploads), nil
}
