package uploader

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/sheet"
)

const (
	// answerWithin is how long a caller waits for a large file to be checked before it is asked to call again: shorter
	// than the patience of most proxies. The work goes on.
	answerWithin = 50 * time.Second
	// assemblyWait is how long an object may take to appear that another call is making. After that it is lost: a store
	// that was killed while it put the parts together says for ever that it has done so.
	assemblyWait  = 20 * time.Second
	assemblyPause = 100 * time.Millisecond
	// unseenLooks is how often an upload is looked for of which the store shows nothing.
	unseenLooks = 10
)

// partMark is a part as the caller knows it.
type partMark struct {
	Number int    `json:"number" minimum:"1" maximum:"10000"`
	ETag   string `json:"etag" doc:"As it was answered when the part was sent."`
}

// Completion is what the caller says of the file that the parts are.
type Completion struct {
	Upload string     `json:"upload,omitempty" format:"uuid" doc:"The upload, as it was named when it was begun. Default: the one that is under way."`
	Size   *int64     `json:"size,omitempty" minimum:"0" doc:"The size of the file in bytes."`
	SHA256 string     `json:"sha256,omitempty" pattern:"^[0-9A-Fa-f]{64}$" doc:"The SHA-256 of the file, in hexadecimal."`
	Parts  []partMark `json:"parts,omitempty" maxItems:"10000" doc:"All parts. If given, these and no others must be what has come."`
}

// CompletePartsInput completes an upload by parts.
type CompletePartsInput struct {
	ImportInput
	Body *Completion
}

// completeParts is POST /v1/imports/{id}/parts/complete. The work does not depend on the caller's connection: who calls
// again joins it, or finds it done, here or at another instance.
func (s *server) completeParts(ctx context.Context, in *CompletePartsInput) (*importOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var c Completion
	if in.Body != nil {
		c = *in.Body
	}
	c.Upload = strings.ToLower(c.Upload)
	if c.Upload == "" || c.Upload != i.Source.Upload {
		if err := checkWaiting(i); err != nil {
			return nil, err
		}
	}
	same, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("complete upload: %w", err)
	}
	done := s.completions.DoChan(i.ID.String()+string(same), func() (any, error) {
		work, cancel := s.detach(ctx)
		defer cancel()
		return s.complete(work, i, &c)
	})
	patience := time.NewTimer(answerWithin)
	defer patience.Stop()
	select {
	case r := <-done:
		if errors.Is(r.Err, context.Canceled) { // this instance stops
			return nil, refuse(http.StatusServiceUnavailable, codeUnavailable)
		}
		if r.Err != nil {
			return nil, r.Err
		}
		return s.output(ctx, http.StatusOK, r.Val.(*imports.Import)), nil
	case <-patience.C:
		return nil, refuse(http.StatusServiceUnavailable, codeAssembling)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// detach returns a context that outlives its request, but not the server.
func (s *server) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	ses := sessionOf(ctx)
	own := &session{language: ses.language, caller: ses.caller}
	work, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), sessionKey{}, own))
	go func() {
		select {
		case <-s.stopping:
			cancel()
		case <-work.Done():
		}
	}()
	return work, cancel
}

// complete makes the parts the import's source, and ends the same way however often and wherever it is called.
func (s *server) complete(ctx context.Context, i *imports.Import, c *Completion) (*imports.Import, error) {
	object, err := s.assemble(ctx, i, c)
	if err != nil {
		return nil, err
	}
	if c.Size != nil && object.Size != *c.Size {
		return nil, sizeMismatch(object.Size, *c.Size)
	}
	recorded := object.Upload == i.Source.Upload
	if recorded {
		object.SHA256 = i.Source.SHA256
	} else if object.SHA256, err = s.hash(ctx, i, object); err != nil {
		return nil, err
	}
	// The object stays all the same: another call may be about to record it. The janitor knows.
	if c.SHA256 != "" && !strings.EqualFold(c.SHA256, object.SHA256) {
		return nil, refuse(http.StatusUnprocessableEntity, codeHashMismatch, "sha256", object.SHA256)
	}
	if recorded {
		return i, nil
	}
	i.Source = imports.Source{Upload: object.Upload, Size: object.Size, SHA256: object.SHA256, ETag: object.ETag}
	found, err := s.inspectUpload(ctx, i)
	if err != nil {
		var unsupported *sheet.Unsupported
		if errors.As(err, &unsupported) {
			s.discard(ctx, i, object.Upload)
		}
		return nil, err
	}
	if err := s.record(ctx, i, found); err != nil {
		return nil, err
	}
	return s.db.Import(ctx, i.Tenant, i.ID)
}

// assemble returns the object that the parts are, and has it made if need be. An upload that is under way comes first.
func (s *server) assemble(ctx context.Context, i *imports.Import, c *Completion) (blob.Object, error) {
	p, err := s.blobs.FindParts(ctx, i.Tenant, i.ID.String(), c.Upload)
	if errors.Is(err, blob.ErrNotFound) {
		return s.assembled(ctx, i, c)
	}
	if err != nil {
		return blob.Object{}, storeFailure(err)
	}
	// A store that was killed at the end of its work may have the object and list the upload all the same.
	object, err := s.blobs.StatSource(ctx, i.Tenant, i.ID.String(), p.Upload)
	if err == nil {
		return object, nil
	}
	if !errors.Is(err, blob.ErrNotFound) {
		return blob.Object{}, storeFailure(err)
	}
	parts, err := s.blobs.ListParts(ctx, p)
	if err == nil && len(parts) == 0 && c.Size != nil && *c.Size == 0 {
		// An empty file needs a part as well.
		var empty blob.Part
		empty, err = s.blobs.PutPart(ctx, p, 1, 0, sha256.Sum256(nil), strings.NewReader(""))
		parts = []blob.Part{empty}
	}
	if err == nil {
		if err := checkParts(parts, c); err != nil {
			return blob.Object{}, err
		}
		total := int64(0)
		for _, part := range parts {
			total += part.Size
		}
		if _, err := s.checkRoom(ctx, i, total); err != nil {
			return blob.Object{}, err
		}
		err = s.blobs.CompleteParts(ctx, p, parts)
	}
	if err != nil && !errors.Is(err, blob.ErrNotFound) { // not found: another call was quicker
		return blob.Object{}, storeFailure(err)
	}
	return s.await(ctx, i, p.Upload)
}

// checkParts refuses parts that cannot be the file.
func checkParts(parts []blob.Part, c *Completion) error {
	if len(parts) == 0 {
		return refuse(http.StatusConflict, codePartMissing, "number", "1")
	}
	var size int64
	for n, part := range parts {
		if part.Number != n+1 {
			return refuse(http.StatusConflict, codePartMissing, "number", strconv.Itoa(n+1))
		}
		if part.Size < blob.MinPart && n < len(parts)-1 {
			return refuse(http.StatusConflict, codePartTooSmall, "number", strconv.Itoa(n+1))
		}
		size += part.Size
	}
	if c.Size != nil && size != *c.Size {
		return sizeMismatch(size, *c.Size)
	}
	if c.Parts == nil {
		return nil
	}
	marks := make(map[int]string, len(c.Parts))
	for _, mark := range c.Parts {
		marks[mark.Number] = strings.Trim(mark.ETag, `"`)
	}
	for _, part := range parts {
		if marks[part.Number] != part.ETag {
			return refuse(http.StatusConflict, codePartInvalid, "number", strconv.Itoa(part.Number))
		}
		delete(marks, part.Number)
	}
	for number := range marks {
		return refuse(http.StatusConflict, codePartMissing, "number", strconv.Itoa(number))
	}
	return nil
}

func sizeMismatch(have, want int64) error {
	return refuse(http.StatusConflict, codeSizeMismatch, "size", strconv.FormatInt(have, 10), "expected", strconv.FormatInt(want, 10))
}

// assembled returns the object of an upload that is not under way any more: the one that the caller names, or the newest
// one if it is newer than the file that the import has. The recorded one counts, too: its completion is repeated.
func (s *server) assembled(ctx context.Context, i *imports.Import, c *Completion) (blob.Object, error) {
	upload := c.Upload
	if upload == "" {
		var err error
		if upload, err = s.newest(ctx, i); err != nil {
			return blob.Object{}, storeFailure(err)
		}
		begun, _ := blob.BegunAt(upload)
		_, byParts := blob.BegunAt(i.Source.Upload)
		if i.Source.Upload != "" && !byParts && begun.Before(*i.UploadedAt) {
			return blob.Object{}, refuse(http.StatusConflict, codeNoUpload) // a file came in one request since
		}
	}
	if upload == i.Source.Upload {
		return blob.Object{Upload: upload, Size: i.Source.Size, SHA256: i.Source.SHA256, ETag: i.Source.ETag}, nil
	}
	return s.await(ctx, i, upload)
}

// newest returns the newest upload that has become an object. One that another call is putting together may for a moment
// be neither among the store's uploads any more nor among its objects yet.
func (s *server) newest(ctx context.Context, i *imports.Import) (upload string, err error) {
	for range unseenLooks {
		upload, err = s.blobs.NewestParts(ctx, i.Tenant, i.ID.String())
		if !errors.Is(err, blob.ErrNotFound) {
			break
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(assemblyPause):
		}
	}
	return upload, err
}

// await returns the object of an upload as soon as the store shows it.
func (s *server) await(ctx context.Context, i *imports.Import, upload string) (blob.Object, error) {
	waiting, cancel := context.WithTimeout(ctx, assemblyWait)
	defer cancel()
	for {
		object, err := s.blobs.StatSource(ctx, i.Tenant, i.ID.String(), upload)
		if err == nil {
			return object, nil
		}
		if !errors.Is(err, blob.ErrNotFound) {
			return blob.Object{}, storeFailure(err)
		}
		select {
		case <-waiting.Done():
			return blob.Object{}, errors.Join(ctx.Err(), storeFailure(err))
		case <-time.After(assemblyPause):
		}
	}
}

// hash returns the SHA-256 of an object, in hexadecimal: that of exactly the version which will be recorded.
func (s *server) hash(ctx context.Context, i *imports.Import, object blob.Object) (string, error) {
	body, _, err := s.blobs.OpenSource(ctx, i.Tenant, i.ID.String(), object.Upload, object.ETag)
	if err != nil {
		return "", storeFailure(err)
	}
	defer body.Close()
	sha := sha256.New()
	if _, err := io.Copy(sha, body); err != nil {
		return "", storeFailure(err)
	}
	return hex.EncodeToString(sha.Sum(nil)), nil
}
