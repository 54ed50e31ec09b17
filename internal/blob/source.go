package blob

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	transfertypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/tenant"
)

// Object describes what was stored.
type Object struct {
	Upload string // names it among the uploads to its import
	Size   int64  // bytes
	SHA256 string // of the content, in hexadecimal
	ETag   string // the store's own mark of this version
}

// readBuffer is how much of a source is asked of the connection at once, in bytes.
const readBuffer = 512 << 10

// PutSource stores all that r gives as a new upload to the import, which leaves every other one alone, and returns when
// the store has confirmed that it has all of it. r is read once, in order, and may be of any length up to 80 GB; memory
// stays below 64 MiB. Where r or the upload fails, the error is returned and there is no upload by a name that anybody
// knows.
func (s *Store) PutSource(ctx context.Context, t tenant.ID, importID string, r io.Reader) (Object, error) {
	return s.putSource(ctx, t, importID, uuid.NewString(), r)
}

func (s *Store) putSource(ctx context.Context, t tenant.ID, importID, upload string, r io.Reader) (Object, error) {
	key, err := sourceKey(t, importID, upload)
	if err != nil {
		return Object{}, fmt.Errorf("store source: %w", err)
	}
	in := &measured{from: r, sha: sha256.New()}
	_, err = s.transfer.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: &s.bucket, Key: &key, Body: in,
		// One checksum of the whole object, which can be compared with ours, not one of the parts' checksums.
		ChecksumAlgorithm: transfertypes.ChecksumAlgorithmCrc32,
		ChecksumType:      transfertypes.ChecksumTypeFullObject,
	})
	if err != nil {
		return Object{}, fmt.Errorf("store source: %w", err)
	}
	stored, err := s.confirm(ctx, key, in)
	if err != nil {
		return Object{}, fmt.Errorf("confirm stored source: %w", err)
	}
	stored.Upload = upload
	return stored, nil
}

// confirm asks the store what it has under the key and compares it with what was sent: a store that was killed while
// it put the parts together can answer that all is well and have nothing.
func (s *Store) confirm(ctx context.Context, key string, sent *measured) (Object, error) {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return Object{}, named(err)
	}
	if have := aws.ToInt64(head.ContentLength); have != sent.size {
		return Object{}, fmt.Errorf("the store has %d of %d bytes", have, sent.size)
	}
	// A store may not know checksums of whole objects; each part was checked on its way then.
	if head.ChecksumCRC32 != nil && head.ChecksumType == types.ChecksumTypeFullObject {
		if want := encodeCRC32(sent.crc); *head.ChecksumCRC32 != want {
			return Object{}, fmt.Errorf("the store has other content: its CRC-32 is %s, that of the source %s", *head.ChecksumCRC32, want)
		}
	}
	return Object{Size: sent.size, SHA256: hex.EncodeToString(sent.sha.Sum(nil)), ETag: aws.ToString(head.ETag)}, nil
}

// encodeCRC32 writes a checksum as S3 does: base64 of its big-endian bytes.
func encodeCRC32(sum uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// OpenSource returns an upload to the import and its size in bytes. Where a connection breaks or stalls, reading goes
// on over a new one at the same byte of the same version; it fails only when the store gives nothing for about half a
// minute, when the source was replaced or deleted meanwhile, or when ctx ends, which also bounds the reading. The error
// is [ErrNotFound] where there is no such upload, as there is none without a name, and [ErrChanged] where it is not the
// version of etag, unless that is empty.
// The reader is not safe for concurrent use.
func (s *Store) OpenSource(ctx context.Context, t tenant.ID, importID, upload, etag string) (io.ReadCloser, int64, error) {
	if upload == "" {
		return nil, 0, fmt.Errorf("open source: %w", ErrNotFound)
	}
	key, err := sourceKey(t, importID, upload)
	if err != nil {
		return nil, 0, fmt.Errorf("open source: %w", err)
	}
	r, err := s.openResuming(ctx, key, etag)
	if err != nil {
		return nil, 0, fmt.Errorf("open source: %w", err)
	}
	return bufferedCloser{bufio.NewReaderSize(r, readBuffer), r}, r.size, nil
}

// DeleteSource deletes one upload to the import and nothing else. Deleting one that is not there is no error.
func (s *Store) DeleteSource(ctx context.Context, t tenant.ID, importID, upload string) error {
	key, err := sourceKey(t, importID, upload)
	if err != nil {
		return fmt.Errorf("delete source: %w", err)
	}
	_, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("delete source: %w", err)
	}
	return nil
}

// bufferedCloser reads by the buffer and closes what is behind it.
type bufferedCloser struct {
	*bufio.Reader
	io.Closer
}

// measured passes on what it reads and keeps its size and checksums. It hides that its source may be able to seek, so
// that the SDK reads it once.
type measured struct {
	from io.Reader
	size int64
	sha  hash.Hash
	crc  uint32
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.size += int64(n)
	m.sha.Write(p[:n])
	m.crc = crc32.Update(m.crc, crc32.IEEETable, p[:n])
	return n, err
}
