package blob

import (
	"context"
	"crypto/sha256"
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

// Confirm compares what is stored as the source with a size and a CRC-32.
func (s *Store) Confirm(ctx context.Context, t tenant.ID, importID string, size int64, crc uint32) error {
	key, err := sourceKey(t, importID)
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
