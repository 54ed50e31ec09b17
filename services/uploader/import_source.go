package uploader

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
)

// discardTimeout bounds how long an answer waits for the deletion of an upload that nobody needs.
const discardTimeout = 5 * time.Second

// putSource is PUT /v1/imports/{id}/source: the body is the file.
func (s *server) putSource(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	i, err := s.findImport(ctx, chi.URLParam(r, "id"))
	if err == nil && r.Header.Get("Content-Encoding") != "" {
		err = refuse(http.StatusUnsupportedMediaType, codeContentEncoding)
	}
	if err == nil {
		i, err = s.store(ctx, i, r.Body, r.ContentLength)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, s.view(i, sessionOf(ctx).lang()))
}

// store puts a file into object storage under a name of its own, inspects what is stored, and records it as the
// import's source. Until it is recorded, the import is as if nothing had come, whatever happens meanwhile. size is -1 where it is not
// known.
func (s *server) store(ctx context.Context, i *imports.Import, body io.Reader, size int64) (*imports.Import, error) {
	if err := checkWaiting(i); err != nil {
		return nil, err
	}
	left, err := s.checkRoom(ctx, i, size)
	if err != nil {
		return nil, err
	}
	in := &watched{from: s.within(ctx, i, body, left)}
	buffered := bufio.NewReaderSize(in, sheet.HeadSize)
	if err := checkHead(buffered, i.Options.Encoding); err != nil {
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
		return nil, storeRefusal(err)
	}
	return s.take(ctx, i, imports.Source{Upload: object.Upload, Size: object.Size, SHA256: object.SHA256, ETag: object.ETag})
}

// take inspects an upload that is stored, and records it as the import's source; one that cannot be imported is not kept.
func (s *server) take(ctx context.Context, i *imports.Import, source imports.Source) (*imports.Import, error) {
	i.Source = source
	found, err := s.inspectUpload(ctx, i)
	if err != nil {
		s.discard(ctx, i, source.Upload)
		return nil, err
	}
	if err := s.record(ctx, i, found); err != nil {
		return nil, err
	}
	return s.db.Import(ctx, i.Tenant, i.ID)
}

// checkWaiting refuses a file for an import that does not wait for one any more.
func checkWaiting(i *imports.Import) error {
	if i.State != imports.StateCreated && i.State != imports.StateUploaded {
		return refuse(http.StatusConflict, codeStarted)
	}
	return nil
}

// checkHead refuses what its first bytes show to be no CSV or workbook, before any of it is stored. Of text that makes
// no sense in any encoding, it is taken that it does in the one that the caller names.
func checkHead(r *bufio.Reader, encoding string) error {
	head, err := r.Peek(sheet.HeadSize)
	size := int64(len(head))
	if err == nil {
		size++ // there may be more
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("read upload: %w", err)
	}
	_, err = sheet.Detect(head, size)
	var unsupported *sheet.Unsupported
	if errors.As(err, &unsupported) && unsupported.Code == member.EncodingUnsupported && encoding != "" {
		return nil
	}
	return err
}

// inspectUpload looks at what was stored. A sheet or header row that the file does not have is a warning: another one
// can be chosen until the import starts.
func (s *server) inspectUpload(ctx context.Context, i *imports.Import) (*Inspection, error) {
	found, err := s.inspect(ctx, i, nil)
	var no *inspect.Impossible
	var warnings []member.Warning
	for errors.As(err, &no) {
		warnings = append(warnings, no.Warning)
		if no.Option == "sheet" {
			i.Options.Sheet = ""
		} else {
			i.Options.HeaderRow = 0
		}
		found, err = s.inspect(ctx, i, nil)
	}
	if err == nil {
		found.Warnings = append(found.Warnings, warnings...)
	}
	return found, err
}

// record makes the import uploaded, and deletes the upload that it does not have then: the one it had before, or this
// one, where it was started meanwhile with another one. After any other error this one may be the recorded one, and
// stays. The same upload may be recorded any number of times.
func (s *server) record(ctx context.Context, i *imports.Import, found *Inspection) error {
	i.Source.Format, i.Source.Gzip, i.Source.MaxRows = found.Format, found.Gzip, found.MaxRows
	replaced, err := s.db.SetUploaded(ctx, i.Tenant, i.ID, postgres.Inspected{Source: i.Source, Inspection: found})
	var beyond *postgres.LimitError
	switch {
	case errors.Is(err, postgres.ErrConflict):
		return s.conflict(ctx, i)
	case errors.As(err, &beyond): // others came at the same time
		s.discard(ctx, i, i.Source.Upload)
		return err
	case err != nil:
		return err
	}
	if replaced.Upload != "" && replaced.Upload != i.Source.Upload {
		s.discard(ctx, i, replaced.Upload)
	}
	return nil
}

// conflict settles what becomes of an upload to an import that was started or has ended meanwhile, and so keeps its
// source: another call may have recorded this very upload before.
func (s *server) conflict(ctx context.Context, i *imports.Import) error {
	now, err := s.db.Import(ctx, i.Tenant, i.ID)
	if err != nil {
		return err
	}
	if now.Source.Upload == i.Source.Upload {
		return nil
	}
	s.discard(ctx, i, i.Source.Upload)
	return refuse(http.StatusConflict, codeStarted)
}

// discard deletes an upload that is certainly not the import's source, even if the caller is gone. One that stays all
// the same does no harm but for its room: it goes with the import.
func (s *server) discard(ctx context.Context, i *imports.Import, upload string) {
	deleting, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer cancel()
	if err := s.blobs.DeleteSource(deleting, i.Tenant, i.ID.String(), upload); err != nil {
		sessionOf(ctx).note = err
	}
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
	var beyond *postgres.LimitError
	switch {
	case errors.As(err, &beyond):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, codeStalled)
	case ctx.Err() != nil:
		return refuse(statusClientGone, codeClientGone)
	}
	return &refusal{status: http.StatusBadRequest, code: codeIncomplete, cause: err}
}
