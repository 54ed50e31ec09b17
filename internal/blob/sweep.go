package blob

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/meibo/meibo/internal/tenant"
)

const (
	tenantsPrefix = "tenants/"
	delimiter     = "/"
)

// StoredSource is an upload to an import as the store lists it.
type StoredSource struct {
	Import string
	Upload string
	Size   int64 // bytes
}

// AbortAbandoned gives up the uploads to imports that were begun before that time and of which no part has come since,
// and returns how many. It goes on where one cannot be given up; the error is the first one.
func (s *Store) AbortAbandoned(ctx context.Context, before time.Time) (aborted int, err error) {
	for p, listErr := range s.underWay(ctx, tenantsPrefix) {
		if listErr != nil {
			return aborted, errors.Join(err, listErr)
		}
		if _, _, _, ok := parseSource(p.key); !ok || !p.at.Before(before) {
			continue
		}
		done, oneErr := s.abortIfIdle(ctx, p.Parts, before)
		if done {
			aborted++
		}
		if err == nil {
			err = oneErr
		}
	}
	return aborted, err
}

// abortIfIdle gives up an upload of which no part has come since that time.
func (s *Store) abortIfIdle(ctx context.Context, p Parts, before time.Time) (bool, error) {
	pages := s3.NewListPartsPaginator(s.client, &s3.ListPartsInput{Bucket: &s.bucket, Key: &p.key, UploadId: &p.id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isNotFound(err) {
			return false, nil // it ended meanwhile
		}
		if err != nil {
			return false, fmt.Errorf("list parts: %w", err)
		}
		for _, part := range page.Parts {
			if !aws.ToTime(part.LastModified).Before(before) {
				return false, nil
			}
		}
	}
	if err := s.abort(ctx, p); err != nil {
		return false, err
	}
	return true, nil
}

// Tenants returns the tenants that have an object in the store, page by page. It ends at the first error.
func (s *Store) Tenants(ctx context.Context) iter.Seq2[tenant.ID, error] {
	return func(yield func(tenant.ID, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
			Bucket: &s.bucket, Prefix: aws.String(tenantsPrefix), Delimiter: aws.String(delimiter),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(0, fmt.Errorf("list tenants: %w", err))
				return
			}
			for _, p := range page.CommonPrefixes {
				name := strings.TrimSuffix(strings.TrimPrefix(aws.ToString(p.Prefix), tenantsPrefix), delimiter)
				id, ok := parseTenant(name)
				if ok && !yield(id, nil) {
					return
				}
			}
		}
	}
}

// SourcesBefore returns the tenant's sources that were stored before that time, page by page; a page may be empty. It
// ends at the first error.
func (s *Store) SourcesBefore(ctx context.Context, t tenant.ID, before time.Time) iter.Seq2[[]StoredSource, error] {
	return func(yield func([]StoredSource, error) bool) {
		for page, err := range s.pages(ctx, tenantsPrefix+t.String()+"/imports/") {
			if err != nil {
				yield(nil, fmt.Errorf("list sources: %w", err))
				return
			}
			if !yield(sourcesOf(page, t, before), nil) {
				return
			}
		}
	}
}

func sourcesOf(objects []types.Object, t tenant.ID, before time.Time) []StoredSource {
	var found []StoredSource
	for _, object := range objects {
		owner, importID, upload, ok := parseSource(aws.ToString(object.Key))
		if ok && owner == t && aws.ToTime(object.LastModified).Before(before) {
			found = append(found, StoredSource{Import: importID, Upload: upload, Size: aws.ToInt64(object.Size)})
		}
	}
	return found
}

// StoredFailures are the failed rows of a chunk as the store lists them.
type StoredFailures struct {
	Import string
	Lane   int
	Seq    int64 // of the chunk in its lane
}

// FailuresBefore returns the tenant's failed rows that were stored before that time, page by page; a page may be empty. It
// ends at the first error.
func (s *Store) FailuresBefore(ctx context.Context, t tenant.ID, before time.Time) iter.Seq2[[]StoredFailures, error] {
	return func(yield func([]StoredFailures, error) bool) {
		prefix := tenantsPrefix + t.String() + "/imports/"
		for page, err := range s.pages(ctx, prefix) {
			if err != nil {
				yield(nil, fmt.Errorf("list failures: %w", err))
				return
			}
			if !yield(failuresOf(page, prefix, before), nil) {
				return
			}
		}
	}
}

func failuresOf(objects []types.Object, prefix string, before time.Time) []StoredFailures {
	var found []StoredFailures
	for _, object := range objects {
		id, name, ok := strings.Cut(strings.TrimPrefix(aws.ToString(object.Key), prefix), "/failures/")
		if !ok || !aws.ToTime(object.LastModified).Before(before) {
			continue
		}
		if lane, seq, ok := parseFailures(name); ok {
			found = append(found, StoredFailures{Import: id, Lane: lane, Seq: seq})
		}
	}
	return found
}
