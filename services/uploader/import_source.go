package uploader

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
)

// putSource is PUT /v1/imports/{id}/source: the body is the file.
func (s *server) putSource(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	i, err := s.findImport(ctx, chi.URLParam(r, "id"))
	if err == nil && r.Header.Get("Content-Encoding") != "" {
		err = refuse(http.StatusUnsupportedMediaType, codeContentEncoding)
	}
	if err == nil {
		i, err = s.store(ctx, i, r.Body)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, s.view(i, sessionOf(ctx).lang()))
}

// store puts a file into object storage as the import's source, inspects what is stored, and records it. Until
// it is recorded, the import is as if nothing had come.
func (s *server) store(ctx context.Context, i *imports.Import, body io.Reader) (*imports.Import, error) {
	if i.State != imports.StateCreated && i.State != imports.StateUploaded {
		return nil, refuse(http.StatusConflict, codeStarted)
	}
	in := &watched{from: body}
	buffered := bufio.NewReaderSize(in, sheet.HeadSize)
	if err := checkHead(buffered); err != nil {
		if in.err != nil {
			err = uploadFailure(ctx, in.err)
		}
		return nil, err
	}
	object, err := s.blobs.PutSource(ctx, i.Tenant, i.ID.String(), buffered)
	if err != nil {
		if in.err != nil || ctx.Err() != nil {
			return nil, uploadFailure(ctx, in.err)
		}
		return nil, &refusal{status: http.StatusServiceUnavailable, code: codeUnavailable, cause: err}
	}
	i.Source = imports.Source{Size: object.Size, SHA256: object.SHA256, ETag: object.ETag}
	found, err := s.inspectUpload(ctx, i)
	if errors.Is(err, blob.ErrChanged) {
		return nil, refuse(http.StatusConflict, string(member.SourceChanged)) // another upload came meanwhile
	}
	if err != nil {
		return nil, err
	}
	if err := s.record(ctx, i, found); err != nil {
		return nil, err
	}
	return s.db.Import(ctx, i.Tenant, i.ID)
}

// checkHead refuses what its first bytes show to be no CSV or workbook, before any of it is stored.
func checkHead(r *bufio.Reader) error {
	head, err := r.Peek(sheet.HeadSize)
	size := int64(len(head))
	if err == nil {
		size++ // there may be more
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("read upload: %w", err)
	}
	_, err = sheet.Detect(head, size)
	return err
}

// inspectUpload looks at what was stored. What cannot be read as a table is deleted. A sheet that the workbook
// does not have is a warning: another one can be chosen until the import starts.
func (s *server) inspectUpload(ctx context.Context, i *imports.Import) (*Inspection, error) {
	found, err := s.inspect(ctx, i, nil)
	var unsupported *sheet.Unsupported
	if errors.As(err, &unsupported) && unsupported.Code == member.SheetMissing && i.Options.Sheet != "" {
		warning := member.Problem{Code: member.SheetMissing, Detail: i.Options.Sheet}
		i.Options.Sheet = ""
		if found, err = s.inspect(ctx, i, nil); err == nil {
			found.Warnings = append(found.Warnings, warning)
		}
	}
	if errors.As(err, &unsupported) {
		if err := s.blobs.DeleteImport(ctx, i.Tenant, i.ID.String()); err != nil {
			return nil, err
		}
	}
	return found, err
}

// record makes the import uploaded.
func (s *server) record(ctx context.Context, i *imports.Import, found *Inspection) error {
	i.Source.Format, i.Source.MaxRows = found.Format, found.MaxRows
	err := s.db.SetUploaded(ctx, i.Tenant, i.ID, postgres.Inspected{Source: i.Source, Inspection: found})
	if errors.Is(err, postgres.ErrConflict) {
		return refuse(http.StatusConflict, codeStarted)
	}
	return err
}

// watched notes why its source ended, so that a broken upload is told from a broken store.
type watched struct {
	from io.Reader
	err  error
}

// Read reads from the source.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// uploadFailure says why the bytes of a request did not come.
func uploadFailure(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, codeStalled)
	case ctx.Err() != nil:
		return refuse(statusClientGone, codeClientGone)
	}
	return &refusal{status: http.StatusBadRequest, code: codeIncomplete, cause: err}
}
