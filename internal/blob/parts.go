package blob

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" // what stores mark parts by
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/tenant"
)

// The limits of an upload by parts (S3 User Guide, "Amazon S3 multipart upload limits").
const (
	// MinPart is the least that every part but the last one may have, in bytes.
	MinPart = 5 << 20
	// MaxPart is the most that a part may have, in bytes.
	MaxPart = 5 << 30
	// MaxParts is the highest number of a part.
	MaxParts = 10_000
	// MaxObject is the most that all parts together may have, in bytes.
	MaxObject = 5 << 40
)

// ErrDigest says that the bytes of a part are not those that its sender has announced.
var ErrDigest = errors.New("the part is not what its digest says")

// ErrNotPublic says that the configuration names no endpoint that browsers reach.
var ErrNotPublic = errors.New("the object storage has no public endpoint")

// PartSize returns how large the parts of a file of size bytes should be: wanted, or 8 MiB where that is 0, but no less
// than what keeps the file within [MaxParts]. A size that is not known is 0. It depends on nothing else, so that who
// resumes an upload finds the borders of its parts again.
func PartSize(size, wanted int64) int64 {
	const step = 1 << 20
	if wanted == 0 {
		wanted = partSize
	}
	least := (size + MaxParts - 1) / MaxParts
	if least > wanted {
		wanted = (least + step - 1) / step * step
	}
	return min(max(wanted, MinPart), MaxPart)
}

// Parts is an upload by parts that is under way.
type Parts struct {
	// Upload names it, and the object that it will be, among the uploads to its import.
	Upload string
	key    string
	id     string // the store's own
}

// Part is one part as the store has it.
type Part struct {
	Number int
	Size   int64  // bytes
	ETag   string // the store's own mark of its content, most often its MD5 in hexadecimal
}

// BeginParts returns the upload by parts to the import that is under way, or begins one. Of callers who begin at the
// same moment, all get the same one, unless one of them asked so early that it saw no other: the next call of any
// method finds the same one for all.
func (s *Store) BeginParts(ctx context.Context, t tenant.ID, importID string) (p Parts, begun bool, err error) {
	p, err = s.FindParts(ctx, t, importID, "")
	if !errors.Is(err, ErrNotFound) {
		return p, false, err
	}
	own, err := s.createParts(ctx, t, importID)
	if err != nil {
		return Parts{}, false, fmt.Errorf("begin upload by parts: %w", err)
	}
	p, err = s.FindParts(ctx, t, importID, "")
	if err == nil && p == own {
		return p, true, nil
	}
	return p, false, errors.Join(err, s.abort(ctx, own))
}

func (s *Store) createParts(ctx context.Context, t tenant.ID, importID string) (Parts, error) {
	upload, err := uuid.NewV7()
	if err != nil {
		return Parts{}, err
	}
	p := Parts{Upload: upload.String()}
	if p.key, err = sourceKey(t, importID, p.Upload); err != nil {
		return Parts{}, err
	}
	// No checksum algorithm: a browser sends parts without checksums, and then none may have one.
	out, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: &p.key}, withoutChecksum)
	if err != nil {
		return Parts{}, err
	}
	p.id = aws.ToString(out.UploadId)
	return p, nil
}

// FindParts returns the upload by parts to the import that is under way: the one of that name, or, without a name, the
// one that was begun first. The store's list is all that it looks at, so that any process can go on with what another
// began. The error is [ErrNotFound] where there is none.
func (s *Store) FindParts(ctx context.Context, t tenant.ID, importID, upload string) (Parts, error) {
	all, err := s.allParts(ctx, t, importID)
	if err != nil {
		return Parts{}, fmt.Errorf("find upload by parts: %w", err)
	}
	for _, p := range all {
		if upload == "" || p.Upload == upload {
			return p, nil
		}
	}
	return Parts{}, fmt.Errorf("find upload by parts: %w", ErrNotFound)
}

// allParts lists the uploads by parts to an import that are under way, in the order in which they were begun: their
// names are UUIDs of version 7. A source that [Store.PutSource] is sending has a name of another version.
func (s *Store) allParts(ctx context.Context, t tenant.ID, importID string) ([]Parts, error) {
	prefix, err := sourcePrefix(t, importID)
	if err != nil {
		return nil, err
	}
	var all []Parts
	for p, err := range s.underWay(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if p.Upload = strings.TrimPrefix(p.key, prefix); byParts(p.Upload) {
			all = append(all, p.Parts)
		}
	}
	slices.SortFunc(all, func(a, b Parts) int { return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.id, b.id)) })
	return all, nil
}

// begunParts is an upload that is under way as the store lists it.
type begunParts struct {
	Parts
	at time.Time
}

// underWay lists the multipart uploads to keys with the prefix, which are not named. It ends after its first error.
func (s *Store) underWay(ctx context.Context, prefix string) iter.Seq2[begunParts, error] {
	return func(yield func(begunParts, error) bool) {
		pages := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(begunParts{}, fmt.Errorf("list uploads: %w", err))
				return
			}
			for _, u := range page.Uploads {
				p := begunParts{Parts{key: aws.ToString(u.Key), id: aws.ToString(u.UploadId)}, aws.ToTime(u.Initiated)}
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

// ListParts returns the parts that the store has, by number.
func (s *Store) ListParts(ctx context.Context, p Parts) ([]Part, error) {
	var all []Part
	pages := s3.NewListPartsPaginator(s.client, &s3.ListPartsInput{Bucket: &s.bucket, Key: &p.key, UploadId: &p.id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list parts: %w", named(err))
		}
		for _, part := range page.Parts {
			all = append(all, Part{
				Number: int(aws.ToInt32(part.PartNumber)), Size: aws.ToInt64(part.Size), ETag: unquoted(part.ETag),
			})
		}
	}
	return all, nil
}

// PutPart stores the next size bytes of r, of which digest is the SHA-256, as a part, in place of the one with that number
// if there is one. They are passed on as they come: memory does not depend on the size. Where r ends early or gives other
// bytes, the store keeps nothing and the error is r's or [ErrDigest]; [ErrNotFound] says that the upload is not under
// way.
//
// The digest is part of the signed request, because a store may take what came of a broken one for the whole (versitygw
// does, with zeros at the end).
func (s *Store) PutPart(ctx context.Context, p Parts, number int, size int64, digest [sha256.Size]byte, r io.Reader) (Part, error) {
	if err := checkPart(number, size); err != nil {
		return Part{}, fmt.Errorf("store part: %w", err)
	}
	body := &checkedPart{from: r, left: size, want: digest, sha: sha256.New(), md5: md5.New()}
	out, err := s.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &s.bucket, Key: &p.key, UploadId: &p.id, PartNumber: aws.Int32(int32(number)),
		ContentLength: &size, Body: body,
	}, withoutChecksum, withPayloadHash(digest), func(o *s3.Options) { o.Retryer = aws.NopRetryer{} }) // the bytes come once
	switch {
	case body.err != nil:
		return Part{}, fmt.Errorf("store part %d: %w", number, body.err)
	case err != nil:
		return Part{}, fmt.Errorf("store part %d: %w", number, named(err))
	}
	stored := Part{Number: number, Size: size, ETag: unquoted(out.ETag)}
	if sum := hex.EncodeToString(body.md5.Sum(nil)); isMD5(stored.ETag, out.ServerSideEncryption) && stored.ETag != sum {
		return Part{}, fmt.Errorf("store part %d: the store has other content: its MD5 is %s, that of the part %s", number, stored.ETag, sum)
	}
	return stored, nil
}

// withPayloadHash has the SDK sign that hash of the body, instead of one that it makes by reading the body twice.
func withPayloadHash(digest [sha256.Size]byte) func(*s3.Options) {
	set := middleware.InitializeMiddlewareFunc("KnownPayloadHash",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(v4.SetPayloadHash(ctx, hex.EncodeToString(digest[:])), in)
		})
	return func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(set, middleware.Before) })
	}
}

// isMD5 tells whether an ETag is the MD5 of the content: not where it is encrypted by a key of the store's customer.
func isMD5(etag string, encryption types.ServerSideEncryption) bool {
	_, err := hex.DecodeString(etag)
	return err == nil && len(etag) == 2*md5.Size && (encryption == "" || encryption == types.ServerSideEncryptionAes256)
}

// SignPart returns an address to which anybody can PUT the part until expires has passed.
func (s *Store) SignPart(ctx context.Context, p Parts, number int, expires time.Duration) (string, error) {
	if s.signer == nil {
		return "", fmt.Errorf("sign part: %w", ErrNotPublic)
	}
	if err := checkPart(number, 0); err != nil {
		return "", fmt.Errorf("sign part: %w", err)
	}
	signed, err := s.signer.PresignUploadPart(ctx, &s3.UploadPartInput{
		Bucket: &s.bucket, Key: &p.key, UploadId: &p.id, PartNumber: aws.Int32(int32(number)),
	}, s3.WithPresignExpires(expires), s3.WithPresignClientFromClientOptions(withoutChecksum))
	if err != nil {
		return "", fmt.Errorf("sign part: %w", err)
	}
	return signed.URL, nil
}

// Public tells whether parts can be signed, for senders outside.
func (s *Store) Public() bool { return s.signer != nil }

// PublicOrigin is the origin (RFC 6454) that browsers send parts to; empty where they do not reach the store, or there is none.
func (s *Store) PublicOrigin() string {
	if s == nil || s.public == nil {
		return ""
	}
	return s.public.Scheme + "://" + s.public.Host
}

// CompleteParts has the store put the parts together to the object of the upload. [ErrNotFound] says that the upload is
// not under way (any more). Without an error the object is there, or another call is about to make it: only
// [Store.StatSource] tells.
func (s *Store) CompleteParts(ctx context.Context, p Parts, parts []Part) error {
	list := make([]types.CompletedPart, len(parts))
	for i, part := range parts {
		list[i] = types.CompletedPart{PartNumber: aws.Int32(int32(part.Number)), ETag: aws.String(`"` + part.ETag + `"`)}
	}
	_, err := s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.bucket, Key: &p.key, UploadId: &p.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: list},
	}, withoutChecksum)
	if err != nil {
		return fmt.Errorf("put parts together: %w", named(err))
	}
	return nil
}

// AbortParts gives up all uploads by parts to the import that are under way.
func (s *Store) AbortParts(ctx context.Context, t tenant.ID, importID string) error {
	all, err := s.allParts(ctx, t, importID)
	if err != nil {
		return fmt.Errorf("give up upload by parts: %w", err)
	}
	var errs []error
	for _, p := range all {
		errs = append(errs, s.abort(ctx, p))
	}
	return errors.Join(errs...)
}

func (s *Store) abort(ctx context.Context, p Parts) error {
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &p.key, UploadId: &p.id})
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("give up upload by parts: %w", err)
	}
	return nil
}

// StatSource returns the size and the ETag of an upload to the import that is stored whole. The error is [ErrNotFound]
// where there is none.
func (s *Store) StatSource(ctx context.Context, t tenant.ID, importID, upload string) (Object, error) {
	key, err := sourceKey(t, importID, upload)
	if err != nil {
		return Object{}, fmt.Errorf("look up source: %w", err)
	}
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return Object{}, fmt.Errorf("look up source: %w", named(err))
	}
	return Object{Upload: upload, Size: aws.ToInt64(head.ContentLength), ETag: aws.ToString(head.ETag)}, nil
}

// NewestParts returns the name of the upload by parts to the import that was begun last of those that the store has put
// together. The error is [ErrNotFound] where there is none.
func (s *Store) NewestParts(ctx context.Context, t tenant.ID, importID string) (upload string, err error) {
	prefix, err := sourcePrefix(t, importID)
	if err != nil {
		return "", fmt.Errorf("list sources: %w", err)
	}
	for page, err := range s.pages(ctx, prefix) {
		if err != nil {
			return "", fmt.Errorf("list sources: %w", err)
		}
		for _, object := range page {
			if name := strings.TrimPrefix(aws.ToString(object.Key), prefix); byParts(name) {
				upload = max(upload, name)
			}
		}
	}
	if upload == "" {
		return "", fmt.Errorf("list sources: %w", ErrNotFound)
	}
	return upload, nil
}

// withoutChecksum has the SDK add none of its own.
func withoutChecksum(o *s3.Options) {
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
}

func checkPart(number int, size int64) error {
	if number < 1 || number > MaxParts {
		return fmt.Errorf("the number of a part is from 1 to %d, not %d", MaxParts, number)
	}
	if size < 0 || size > MaxPart {
		return fmt.Errorf("a part has at most %d bytes, not %d", int64(MaxPart), size)
	}
	return nil
}

func unquoted(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }

// checkedPart passes on the bytes of a part and withholds the last ones until all are known to be right: a request that
// ends early stores nothing.
type checkedPart struct {
	from io.Reader
	left int64
	want [sha256.Size]byte
	sha  hash.Hash
	md5  hash.Hash
	err  error // of the source
}

func (c *checkedPart) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.from.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.sha.Write(p[:n])
	c.md5.Write(p[:n])
	switch {
	case c.left == 0:
		if !bytes.Equal(c.want[:], c.sha.Sum(nil)) {
			c.err = ErrDigest
			return 0, c.err
		}
		return n, nil
	case err == io.EOF:
		c.err = io.ErrUnexpectedEOF
		return n, c.err
	case err != nil:
		c.err = err
	}
	return n, err
}
