// Package blob keeps what is too large for the database, sources and failed rows, in S3-compatible object storage. It is
// the only importer of the AWS SDK, and the only place where object keys are built:
//
//	tenants/<tenant>/imports/<import>/source-<upload>               one uploaded file, byte for byte; an upload by parts
//	                                                                that is under way has the key that it will have
//	tenants/<tenant>/imports/<import>/failures/<lane>-<seq>.jsonl   the failed rows of one chunk
//
// The contract: what [Store.PutSource] returned without an error is stored whole, beside all other uploads to the import,
// and is never replaced; what [Store.OpenSource] reads is that object from its first byte to its last, or ends with an
// error, however often the connection breaks; storing failures again under the same lane and number replaces them, so
// that a redelivered chunk does no harm. What is known of an upload by parts ([Store.BeginParts]) is the store's own list
// and nothing else, so that any process goes on with it. Nothing here reaches across tenants: the tenant is part of
// every key.
package blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// ErrNotFound says that there is no such object.
var ErrNotFound = errors.New("object not found")

// ErrChanged says that the object is not the version that was asked for.
var ErrChanged = errors.New("object has been replaced")

// Config says where the object storage is.
type Config struct {
	// Endpoint is the address of an S3-compatible store, such as http://127.0.0.1:9000, whose buckets are addressed by
	// path; empty is Amazon S3.
	Endpoint string `env:"MEIBO_S3_ENDPOINT"`
	// PublicEndpoint is the address of the same store for browsers and programs outside, to whom parts of uploads are
	// signed; empty where they cannot reach it, so that parts go through the uploader.
	PublicEndpoint string `env:"MEIBO_S3_PUBLIC_ENDPOINT"`
	Region         string `env:"MEIBO_S3_REGION" envDefault:"us-east-1"`
	Bucket         string `env:"MEIBO_S3_BUCKET" envDefault:"meibo"`
	// AccessKey and SecretKey may both be empty: then the SDK's usual sources (environment, role of the machine) apply.
	AccessKey string `env:"MEIBO_S3_ACCESS_KEY"`
	SecretKey string `env:"MEIBO_S3_SECRET_KEY"`
}

func (c Config) check() error {
	if c.Bucket == "" {
		return errors.New("MEIBO_S3_BUCKET is empty")
	}
	if c.Region == "" {
		return errors.New("MEIBO_S3_REGION is empty")
	}
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return errors.New("only one of MEIBO_S3_ACCESS_KEY and MEIBO_S3_SECRET_KEY is set")
	}
	for setting, endpoint := range map[string]string{"MEIBO_S3_ENDPOINT": c.Endpoint, "MEIBO_S3_PUBLIC_ENDPOINT": c.PublicEndpoint} {
		if endpoint == "" {
			continue
		}
		if u, err := url.Parse(endpoint); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return errors.New(setting + " is not of the form http://host:port or https://host:port")
		}
	}
	return nil
}

// Store is one bucket. It is safe for concurrent use.
type Store struct {
	client   *s3.Client
	transfer *transfermanager.Client
	signer   *s3.PresignClient // nil where the store cannot be reached from outside
	public   *url.URL          // of the store as seen from there
	bucket   string
	region   string
	retry    retry
}

// partSize × (partsAtOnce + 1) bounds the memory of one upload, and partSize × 10,000 (the parts that S3 allows) its
// size: 80 GB.
const (
	partSize    = 8 << 20
	partsAtOnce = 4
)

const (
	attempts        = 5
	abortTimeout    = 10 * time.Second
	idleConnections = 64
	socketBuffer    = 64 << 10
)

// Open returns the store. It does not connect: the store may be down while a service starts; [Store.Ping] tells.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("open object storage: %w", err)
	}
	// The default configuration is what makes the SDK send checksums.
	options := []func(*config.LoadOptions) error{
		config.WithRegion(cfg.Region),
		config.WithRetryMaxAttempts(attempts),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = idleConnections
			t.ReadBufferSize, t.WriteBufferSize = socketBuffer, socketBuffer
		})),
	}
	if cfg.AccessKey != "" {
		options = append(options, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(cfg.AccessKey, cfg.SecretKey, "")))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("open object storage: %w", err)
	}
	client := s3.NewFromConfig(loaded, func(o *s3.Options) {
		if cfg.Endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = aws.String(cfg.Endpoint), true
		}
		o.DisableLogOutputChecksumValidationSkipped = true // said once per resumed read otherwise
	})
	transfer := transfermanager.New(client, func(o *transfermanager.Options) {
		o.PartSizeBytes, o.MultipartUploadThreshold, o.Concurrency = partSize, partSize, partsAtOnce
		o.FailTimeout = abortTimeout
	})
	store := &Store{client: client, transfer: transfer, bucket: cfg.Bucket, region: cfg.Region, retry: patience}
	if cfg.PublicEndpoint != "" {
		if store.public, err = url.Parse(cfg.PublicEndpoint); err != nil {
			return nil, fmt.Errorf("open object storage: %w", err)
		}
		store.signer = s3.NewPresignClient(s3.NewFromConfig(loaded, func(o *s3.Options) {
			o.BaseEndpoint, o.UsePathStyle = aws.String(cfg.PublicEndpoint), true
		}))
	}
	return store, nil
}

// Ping tells whether the bucket can be reached with these keys.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket}); err != nil {
		return fmt.Errorf("reach bucket %s: %w", s.bucket, err)
	}
	return nil
}

// EnsureBucket makes the bucket unless there is one.
func (s *Store) EnsureBucket(ctx context.Context) error {
	_, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
	if err == nil {
		return nil
	}
	if !isNotFound(err) {
		return fmt.Errorf("reach bucket %s: %w", s.bucket, err)
	}
	input := &s3.CreateBucketInput{Bucket: &s.bucket}
	if s.region != "us-east-1" { // the one region that must not be named (manual of CreateBucket)
		input.CreateBucketConfiguration = &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(s.region),
		}
	}
	_, err = s.client.CreateBucket(ctx, input)
	var owned *types.BucketAlreadyOwnedByYou // made by another service at the same moment
	if err != nil && !errors.As(err, &owned) {
		return fmt.Errorf("make bucket %s: %w", s.bucket, err)
	}
	return nil
}

// isNotFound tells whether the store answered that there is no such thing.
func isNotFound(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "NoSuchKey", "NotFound", "NoSuchUpload":
		return true
	}
	return false
}

// IsFull tells whether the store refused something for want of room (507, RFC 4918).
func IsFull(err error) bool {
	var answer *awshttp.ResponseError
	return errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusInsufficientStorage
}

// named replaces the store's words for a missing object by [ErrNotFound].
func named(err error) error {
	if isNotFound(err) {
		return ErrNotFound
	}
	return err
}
