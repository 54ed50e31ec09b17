package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/meibo/meibo/internal/tenant"
)

// Failures names the stored failed rows of one chunk.
type Failures struct {
	Lane int
	Seq  int64 // of the chunk in its lane
	Size int64 // bytes
}

// PutFailures stores the failed rows of a chunk, in place of those stored before under the same lane and number.
func (s *Store) PutFailures(ctx context.Context, t tenant.ID, importID string, lane int, seq int64, data []byte) error {
	key, err := failuresKey(t, importID, lane, seq)
	if err != nil {
		return fmt.Errorf("store failures: %w", err)
	}
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(data)})
	if err != nil {
		return fmt.Errorf("store failures: %w", err)
	}
	return nil
}

// ListFailures lists the stored failed rows of an import by lane, then by number; objects of other names are left out.
// It ends after its first error.
func (s *Store) ListFailures(ctx context.Context, t tenant.ID, importID string) iter.Seq2[Failures, error] {
	return func(yield func(Failures, error) bool) {
		prefix, err := failuresPrefix(t, importID)
		if err != nil {
			yield(Failures{}, fmt.Errorf("list failures: %w", err))
			return
		}
		for page, err := range s.pages(ctx, prefix) {
			if err != nil {
				yield(Failures{}, fmt.Errorf("list failures: %w", err))
				return
			}
			for _, object := range page {
				lane, seq, ok := parseFailures(strings.TrimPrefix(aws.ToString(object.Key), prefix))
				if ok && !yield(Failures{Lane: lane, Seq: seq, Size: aws.ToInt64(object.Size)}, nil) {
					return
				}
			}
		}
	}
}

// OpenFailures returns the failed rows of a chunk, read like a source ([Store.OpenSource]). The error is [ErrNotFound]
// where none are stored.
func (s *Store) OpenFailures(ctx context.Context, t tenant.ID, importID string, lane int, seq int64) (io.ReadCloser, error) {
	key, err := failuresKey(t, importID, lane, seq)
	if err != nil {
		return nil, fmt.Errorf("open failures: %w", err)
	}
	r, err := s.openResuming(ctx, key, "")
	if err != nil {
		return nil, fmt.Errorf("open failures: %w", err)
	}
	return r, nil
}

// DeleteFailures deletes all failed rows of an import. Deleting none is no error.
func (s *Store) DeleteFailures(ctx context.Context, t tenant.ID, importID string) error {
	prefix, err := failuresPrefix(t, importID)
	if err != nil {
		return fmt.Errorf("delete failures: %w", err)
	}
	for page, err := range s.pages(ctx, prefix) {
		if err != nil {
			return fmt.Errorf("delete failures: %w", err)
		}
		if err := s.deleteAll(ctx, page); err != nil {
			return fmt.Errorf("delete failures: %w", err)
		}
	}
	return nil
}

// DeleteFailuresOf deletes the failed rows of one chunk. Deleting none is no error.
func (s *Store) DeleteFailuresOf(ctx context.Context, t tenant.ID, importID string, lane int, seq int64) error {
	key, err := failuresKey(t, importID, lane, seq)
	if err != nil {
		return fmt.Errorf("delete failures: %w", err)
	}
	_, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("delete failures: %w", err)
	}
	return nil
}

// DeleteImport deletes all objects of an import, and what unfinished uploads to it have stored. Deleting an import that
// has nothing stored is no error.
func (s *Store) DeleteImport(ctx context.Context, t tenant.ID, importID string) error {
	prefix, err := importPrefix(t, importID)
	if err != nil {
		return fmt.Errorf("delete import: %w", err)
	}
	// Uploads first: one that ends while its objects are deleted would add another.
	if err := s.abortUploads(ctx, prefix); err != nil {
		return fmt.Errorf("delete import: %w", err)
	}
	for page, err := range s.pages(ctx, prefix) {
		if err != nil {
			return fmt.Errorf("delete import: %w", err)
		}
		if err := s.deleteAll(ctx, page); err != nil {
			return fmt.Errorf("delete import: %w", err)
		}
	}
	return nil
}

// deleteAll deletes the objects of one page, whose length is the most that one request may name (1,000).
func (s *Store) deleteAll(ctx context.Context, page []types.Object) error {
	if len(page) == 0 {
		return nil
	}
	keys := make([]types.ObjectIdentifier, len(page))
	for i, object := range page {
		keys[i] = types.ObjectIdentifier{Key: object.Key}
	}
	out, err := s.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &s.bucket, Delete: &types.Delete{Objects: keys, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return err
	}
	for _, failed := range out.Errors {
		return fmt.Errorf("delete %s: %s", aws.ToString(failed.Key), aws.ToString(failed.Message))
	}
	return nil
}

// abortUploads ends the unfinished multipart uploads to keys with the prefix.
func (s *Store) abortUploads(ctx context.Context, prefix string) error {
	for p, err := range s.underWay(ctx, prefix) {
		if err != nil {
			return err
		}
		if err := s.abort(ctx, p.Parts); err != nil {
			return err
		}
	}
	return nil
}

// pages lists the objects with the prefix in the order of their keys. It ends after its first error.
func (s *Store) pages(ctx context.Context, prefix string) iter.Seq2[[]types.Object, error] {
	return func(yield func([]types.Object, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page.Contents, nil) {
				return
			}
		}
	}
}
