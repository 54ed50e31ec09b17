package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3api/middlewares"
)

// wholeParts refuses a part of which less has come than was announced. The gateway by itself takes the end of a broken
// connection for the end of the part, unless a checksum tells it otherwise, and stores zeros for the rest.
type wholeParts struct{ *posix.Posix }

// UploadPart stores a part, or fails where its bytes end early.
func (w wholeParts) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	if _, chunked := in.Body.(middlewares.ChecksumReader); !chunked && in.Body != nil && in.ContentLength != nil {
		in.Body = &announced{from: in.Body, left: *in.ContentLength}
	}
	return w.Posix.UploadPart(ctx, in)
}

// errBrokenOff is none of the errors that the gateway takes for the end.
var errBrokenOff = errors.New("the part broke off")

// announced is a body of which so many bytes are still to come.
type announced struct {
	from io.Reader
	left int64
}

// Read reads from the body.
func (a *announced) Read(p []byte) (int, error) {
	n, err := a.from.Read(p)
	a.left -= int64(n)
	if (err == io.EOF || err == io.ErrUnexpectedEOF) && a.left > 0 {
		err = errBrokenOff
	}
	return n, err
}

// unfinished ends the name of an upload while the gateway puts its parts together.
const unfinished = ".inprogress"

// reviveUploads gives uploads their names back that a gateway was putting together when it was killed: it would hide them,
// and answer that all is well when it is asked to complete them. Their parts are still there. No gateway is running.
func reviveUploads(root string, attributes meta.MetadataStorer) error {
	found, err := filepath.Glob(filepath.Join(root, "*", posix.MetaTmpMultipartDir, "*", "*"+unfinished))
	if err != nil {
		return fmt.Errorf("find unfinished uploads: %w", err)
	}
	for _, path := range found {
		id, _, ok := strings.Cut(filepath.Base(path), ".")
		if !ok {
			continue
		}
		name := filepath.Join(filepath.Dir(path), id)
		if err := os.Rename(path, name); err != nil {
			return fmt.Errorf("revive upload: %w", err)
		}
		bucket, inBucket, _ := strings.Cut(strings.TrimPrefix(path, root+string(filepath.Separator)), string(filepath.Separator))
		if err := attributes.RenameObject(bucket, inBucket, filepath.Join(filepath.Dir(inBucket), id)); err != nil {
			return fmt.Errorf("revive upload: %w", err)
		}
	}
	return nil
}
