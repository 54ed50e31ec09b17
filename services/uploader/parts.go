package uploader

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/sheet"
)

// Bounds of uploads by parts.
const (
	// signedFor is how long a part can be sent to the address that was signed for it.
	signedFor = time.Hour
	// A part without a digest has to be on disk before it can be sent on: this large at most, and so many of them.
	maxSpool  = 64 << 20
	maxSpools = 16
)

// partView is a part as the API shows it.
type partView struct {
	Number int    `json:"number" minimum:"1" maximum:"10000"`
	Size   int64  `json:"size" doc:"In bytes."`
	ETag   string `json:"etag" doc:"The store's mark of the part's content: its MD5 in hexadecimal, unless the store encrypts it with a key of yours."`
}

// partsView is an upload by parts as the API shows it.
type partsView struct {
	Upload string     `json:"upload" format:"uuid" doc:"Names the upload."`
	Direct bool       `json:"direct" doc:"Whether parts can be sent straight to the object storage (POST …/parts/urls)."`
	Size   int64      `json:"size" doc:"What has come so far, in bytes."`
	Parts  []partView `json:"parts" doc:"The parts that have come, by number."`
}

// begunView is an upload by parts that can be gone on with.
type begunView struct {
	PartSize int64 `json:"part_size" doc:"How large to make the parts, in bytes; the last one is what remains. The same for the same size and part_size, so that an upload that is resumed keeps the borders of its parts."`
	PartsFields
}

// BeginPartsInput begins or resumes an upload by parts.
type BeginPartsInput struct {
	ImportInput
	Body *struct {
		Size     int64 `json:"size,omitempty" minimum:"0" maximum:"5497558138880" doc:"The size of the file in bytes, if it is known. Larger files get larger parts, since there can be 10,000."`
		PartSize int64 `json:"part_size,omitempty" minimum:"5242880" maximum:"5368709120" doc:"How large you want the parts, in bytes. Default: 8 MiB, or what 10,000 parts need."`
	} `nameHint:"BeginParts"`
}

type beginPartsOutput struct {
	Status int
	Body   begunView
}

// beginParts is POST /v1/imports/{id}/parts.
func (s *server) beginParts(ctx context.Context, in *BeginPartsInput) (*beginPartsOutput, error) {
	i, err := s.waitingImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	size := int64(0)
	if in.Body != nil {
		size = in.Body.Size
	}
	if _, err := s.checkRoom(ctx, i, size); err != nil {
		return nil, err
	}
	p, begun, err := s.blobs.BeginParts(ctx, i.Tenant, i.ID.String())
	if err != nil {
		return nil, storeFailure(err)
	}
	out := &beginPartsOutput{Status: http.StatusOK}
	if begun {
		out.Status = http.StatusCreated
	}
	out.Body.PartSize = blob.PartSize(0, 0)
	if in.Body != nil {
		out.Body.PartSize = blob.PartSize(in.Body.Size, in.Body.PartSize)
	}
	out.Body.PartsFields, err = s.viewParts(ctx, p)
	return out, err
}

type partsOutput struct{ Body partsView }

// listParts is GET /v1/imports/{id}/parts.
func (s *server) listParts(ctx context.Context, in *ImportInput) (*partsOutput, error) {
	_, p, err := s.underWay(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	view, err := s.viewParts(ctx, p)
	return &partsOutput{view}, err
}

func (s *server) viewParts(ctx context.Context, p blob.Parts) (partsView, error) {
	parts, err := s.blobs.ListParts(ctx, p)
	if err != nil {
		return partsView{}, storeFailure(err)
	}
	v := partsView{Upload: p.Upload, Direct: s.blobs.Public(), Parts: make([]partView, 0, len(parts))}
	for _, part := range parts {
		v.Size += part.Size
		v.Parts = append(v.Parts, partView(part))
	}
	return v, nil
}

// waitingImport returns an import of the caller's that waits for its file.
func (s *server) waitingImport(ctx context.Context, id string) (*imports.Import, error) {
	i, err := s.findImport(ctx, id)
	if err != nil {
		return nil, err
	}
	return i, checkWaiting(i)
}

// underWay returns the upload by parts to an import that waits for its file.
func (s *server) underWay(ctx context.Context, id string) (*imports.Import, blob.Parts, error) {
	i, err := s.waitingImport(ctx, id)
	if err != nil {
		return nil, blob.Parts{}, err
	}
	p, err := s.blobs.FindParts(ctx, i.Tenant, i.ID.String(), "")
	if err != nil {
		return nil, blob.Parts{}, storeFailure(err)
	}
	return i, p, nil
}

// storeFailure says what the object storage's error means to who uploads by parts.
func storeFailure(err error) error {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return refuse(http.StatusConflict, codeNoUpload)
	case errors.Is(err, blob.ErrNotPublic):
		return refuse(http.StatusConflict, codeNotDirect)
	case errors.Is(err, context.Canceled):
		return err
	}
	return storeRefusal(err)
}

// storeRefusal is what a failure of the object storage means for the caller.
func storeRefusal(err error) *refusal {
	if blob.IsFull(err) {
		return &refusal{status: http.StatusInsufficientStorage, code: codeStorageFull, cause: err}
	}
	return &refusal{status: http.StatusServiceUnavailable, code: codeUnavailable, cause: err}
}

// SignPartsInput asks for addresses.
type SignPartsInput struct {
	ImportInput
	Body struct {
		Numbers []int `json:"numbers" minItems:"1" maxItems:"1000" doc:"The numbers of the parts, each from 1 to 10,000."`
	} `nameHint:"SignParts"`
}

// signedView is where one part can be sent.
type signedView struct {
	Number int    `json:"number"`
	URL    string `json:"url" doc:"PUT the part's bytes here, without any other header than Content-Length. Whoever has the address can do so."`
}

type signPartsOutput struct {
	Body struct {
		Items     []signedView `json:"items"`
		ExpiresAt time.Time    `json:"expires_at" doc:"After this, ask for others."`
	} `nameHint:"SignedParts"`
}

// signParts is POST /v1/imports/{id}/parts/urls.
func (s *server) signParts(ctx context.Context, in *SignPartsInput) (*signPartsOutput, error) {
	for _, number := range in.Body.Numbers {
		if number < 1 || number > blob.MaxParts {
			return nil, invalid(badOption("numbers", "1–10000"))
		}
	}
	i, p, err := s.underWay(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.checkPartRoom(ctx, i, p, slices.Max(in.Body.Numbers), 0); err != nil {
		return nil, err
	}
	out := &signPartsOutput{}
	out.Body.ExpiresAt = time.Now().Add(signedFor).UTC().Truncate(time.Second)
	for _, number := range in.Body.Numbers {
		url, err := s.blobs.SignPart(ctx, p, number, signedFor)
		if err != nil {
			return nil, storeFailure(err)
		}
		out.Body.Items = append(out.Body.Items, signedView{number, url})
	}
	return out, nil
}

// abortParts is DELETE /v1/imports/{id}/parts.
func (s *server) abortParts(ctx context.Context, in *ImportInput) (*struct{}, error) {
	i, err := s.waitingImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.blobs.AbortParts(ctx, i.Tenant, i.ID.String()); err != nil {
		return nil, storeFailure(err)
	}
	return nil, nil
}

// putPart is PUT /v1/imports/{id}/parts/{number}: the body is the part.
func (s *server) putPart(w http.ResponseWriter, r *http.Request) {
	stored, err := s.receivePart(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, partView(stored))
}

// receivePart checks what is said of a part before a byte of it is read.
func (s *server) receivePart(r *http.Request) (blob.Part, error) {
	i, err := s.waitingImport(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return blob.Part{}, err
	}
	number, err := strconv.Atoi(chi.URLParam(r, "number"))
	if err != nil || number < 1 || number > blob.MaxParts {
		return blob.Part{}, invalid(badOption("number", "1–10000"))
	}
	if r.Header.Get("Content-Encoding") != "" {
		return blob.Part{}, refuse(http.StatusUnsupportedMediaType, codeContentEncoding)
	}
	if r.ContentLength < 0 {
		return blob.Part{}, refuse(http.StatusLengthRequired, codeLengthRequired)
	}
	digest, given, err := contentDigest(r.Header)
	if err != nil {
		return blob.Part{}, err
	}
	if limit := int64(blob.MaxPart); r.ContentLength > limit {
		return blob.Part{}, refuse(http.StatusRequestEntityTooLarge, codePartTooLarge, "limit", "5 GiB")
	} else if !given && r.ContentLength > maxSpool {
		return blob.Part{}, refuse(http.StatusRequestEntityTooLarge, codePartTooLarge, "limit", "64 MiB")
	}
	p, err := s.blobs.FindParts(r.Context(), i.Tenant, i.ID.String(), "")
	if err != nil {
		return blob.Part{}, storeFailure(err)
	}
	if err := s.checkPartRoom(r.Context(), i, p, number, r.ContentLength); err != nil {
		return blob.Part{}, err
	}
	in := &watched{from: r.Body}
	if given {
		return s.passOn(r.Context(), i, p, number, r.ContentLength, digest, in)
	}
	return s.spoolPart(r.Context(), i, p, number, r.ContentLength, in)
}

// passOn sends a part to the object storage as it comes.
func (s *server) passOn(ctx context.Context, i *imports.Import, p blob.Parts, number int, size int64, digest [sha256.Size]byte, in *watched) (blob.Part, error) {
	body := io.Reader(in)
	if number == 1 {
		buffered := bufio.NewReaderSize(in, sheet.HeadSize)
		if err := checkHead(buffered, i.Options.Encoding); err != nil {
			if in.err != nil {
				err = uploadFailure(ctx, in.err)
			}
			return blob.Part{}, err
		}
		body = buffered
	}
	stored, err := s.blobs.PutPart(ctx, p, number, size, digest, body)
	switch {
	case errors.Is(err, blob.ErrDigest):
		return blob.Part{}, refuse(http.StatusUnprocessableEntity, codeDigestMismatch)
	case in.err != nil || err != nil && ctx.Err() != nil:
		return blob.Part{}, uploadFailure(ctx, in.err)
	case err != nil:
		return blob.Part{}, storeFailure(err)
	}
	return stored, nil
}

// spoolPart writes a part to disk to learn its digest, which the object storage must be told first, and passes it on.
func (s *server) spoolPart(ctx context.Context, i *imports.Import, p blob.Parts, number int, size int64, in *watched) (blob.Part, error) {
	select {
	case s.spools <- struct{}{}:
		defer func() { <-s.spools }()
	case <-ctx.Done():
		return blob.Part{}, uploadFailure(ctx, ctx.Err())
	}
	f, err := os.CreateTemp("", "meibo-part-*")
	if err != nil {
		return blob.Part{}, fmt.Errorf("spool part: %w", err)
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return blob.Part{}, fmt.Errorf("spool part: %w", err)
	}
	sha := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(f, sha), in, size); err != nil {
		if in.err != nil || err == io.EOF {
			return blob.Part{}, uploadFailure(ctx, err)
		}
		return blob.Part{}, fmt.Errorf("spool part: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return blob.Part{}, fmt.Errorf("spool part: %w", err)
	}
	return s.passOn(ctx, i, p, number, size, [sha256.Size]byte(sha.Sum(nil)), &watched{from: f})
}

// contentDigest reads the SHA-256 of RFC 9530, section 2, which is a dictionary of RFC 8941; given is false where the
// header has none. Digests by other algorithms are left to who understands them.
func contentDigest(h http.Header) (digest [sha256.Size]byte, given bool, err error) {
	for _, entry := range strings.Split(strings.Join(h.Values("Content-Digest"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(entry), "=")
		if name != "sha-256" {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(value, ":"), ":"))
		if err != nil || len(raw) != sha256.Size || len(value) < 2 || value[0] != ':' || value[len(value)-1] != ':' {
			return digest, false, invalid(badOption("Content-Digest", "sha-256=:…:"))
		}
		return [sha256.Size]byte(raw), true, nil
	}
	return digest, false, nil
}
