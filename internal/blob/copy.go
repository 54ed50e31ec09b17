package blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/tenant"
)

// maxCopy is the largest object that S3 copies in one request, in bytes. Larger ones pass through us.
const maxCopy = 5 << 30

// Original is an upload that is copied.
type Original struct {
	Import, Upload string
	ETag           string // the version that is meant
	Size           int64  // bytes
}

// CopySource makes a new upload to the import out of one that another import of the tenant has, and returns when the store
// has all of it. It says nothing of the content's SHA-256, which is the original's. The error is [ErrNotFound] where the
// original is not there, and [ErrChanged] where it is not that version.
func (s *Store) CopySource(ctx context.Context, t tenant.ID, from Original, importID string) (Object, error) {
	if from.Size > maxCopy {
		return s.passCopy(ctx, t, from, importID)
	}
	source, err := sourceKey(t, from.Import, from.Upload)
	if err != nil {
		return Object{}, fmt.Errorf("copy source: %w", err)
	}
	upload := uuid.NewString()
	key, err := sourceKey(t, importID, upload)
	if err != nil {
		return Object{}, fmt.Errorf("copy source: %w", err)
	}
	place := (&url.URL{Path: s.bucket + "/" + source}).EscapedPath()
	in := &s3.CopyObjectInput{Bucket: &s.bucket, Key: &key, CopySource: &place}
	if from.ETag != "" {
		in.CopySourceIfMatch = &from.ETag
	}
	if _, err := s.client.CopyObject(ctx, in); err != nil {
		var answer *awshttp.ResponseError
		switch {
		case isNotFound(err):
			err = ErrNotFound
		case errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusPreconditionFailed:
			err = ErrChanged
		}
		return Object{}, fmt.Errorf("copy source: %w", err)
	}
	copied, err := s.StatSource(ctx, t, importID, upload)
	if err != nil {
		return Object{}, fmt.Errorf("confirm copied source: %w", err)
	}
	if copied.Size != from.Size {
		return Object{}, fmt.Errorf("confirm copied source: the store has %d of %d bytes", copied.Size, from.Size)
	}
	return copied, nil
}

// passCopy reads the original and stores what it reads.
func (s *Store) passCopy(ctx context.Context, t tenant.ID, from Original, importID string) (Object, error) {
	body, _, err := s.OpenSource(ctx, t, from.Import, from.Upload, from.ETag)
	if err != nil {
		return Object{}, err
	}
	object, err := s.PutSource(ctx, t, importID, body)
	return object, errors.Join(err, body.Close())
}
