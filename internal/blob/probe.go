package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"
)

// Trial is one thing that was tried on the store, and what came of it.
type Trial struct {
	// Name is bucket, put, get, multipart, presign, cors or delete.
	Name string
	Err  error
}

// probePrefix is where the objects of [Store.Probe] are: beside those of tenants.
const probePrefix = "doctor/"

// Probe tries everything that the services ask of the store with an object of its own, which it removes. origin is that of
// pages whose browsers send parts, empty where none do. It ends with the first of bucket and put that fails; the error of a
// signed address does not show it.
func (s *Store) Probe(ctx context.Context, origin string) (tried []Trial) {
	key, content := probePrefix+uuid.NewString(), []byte("meibo doctor")
	for _, step := range []struct {
		name string
		try  func() error
	}{
		{"bucket", func() error { return s.Ping(ctx) }},
		{"put", func() error {
			_, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(content)})
			return err
		}},
	} {
		err := step.try()
		tried = append(tried, Trial{step.name, err})
		if err != nil {
			return tried
		}
	}
	tried = append(tried,
		Trial{"get", s.tryGet(ctx, key, content)},
		Trial{"multipart", s.tryMultipart(ctx, key+"-parts")})
	if s.signer != nil {
		tried = append(tried, Trial{"presign", s.trySigned(ctx, key, content)})
		if origin != "" {
			tried = append(tried, Trial{"cors", s.tryBrowsers(ctx, origin)})
		}
	}
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key})
	return append(tried, Trial{"delete", err})
}

var errOtherContent = errors.New("what was read is not what was written")

func (s *Store) tryGet(ctx context.Context, key string, content []byte) error {
	got, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return err
	}
	return sameContent(got.Body, content)
}

func sameContent(r io.ReadCloser, content []byte) error {
	defer r.Close()
	got, err := io.ReadAll(io.LimitReader(r, int64(len(content))+1))
	if err == nil && !bytes.Equal(got, content) {
		err = errOtherContent
	}
	return err
}

// tryMultipart begins an upload by parts and gives it up, which is enough to know that both are allowed.
func (s *Store) tryMultipart(ctx context.Context, key string) error {
	begun, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return err
	}
	_, err = s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: begun.UploadId})
	return err
}

// trySigned reads the object by a signed address, as somebody outside would.
func (s *Store) trySigned(ctx context.Context, key string, content []byte) error {
	signed, err := s.signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, signed.URL, nil)
	if err != nil {
		return errors.New("the signed address is not one")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("reach %s: %w", request.URL.Host, errors.Unwrap(err)) // without the address, which is a key
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return fmt.Errorf("reach %s: status %d", request.URL.Host, answer.StatusCode)
	}
	return sameContent(answer.Body, content)
}

func (s *Store) tryBrowsers(ctx context.Context, origin string) error {
	have, err := s.client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &s.bucket})
	if err == nil && !slices.ContainsFunc(have.CORSRules, func(r types.CORSRule) bool { return letsIn(r, origin) }) {
		err = fmt.Errorf("the rules of bucket %s do not let %s PUT and read the header ETag", s.bucket, origin)
	}
	return err
}
