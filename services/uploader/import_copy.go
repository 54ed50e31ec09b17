package uploader

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// sourceOf returns the import whose file the new one shall have a copy of, and puts its list and the name of its file into
// what is said where they are left out. It is nil where nothing is said of another import.
func (s *server) sourceOf(ctx context.Context, b *createBody) (*imports.Import, error) {
	if b.SourceOf == "" {
		return nil, nil
	}
	from, err := s.findImport(ctx, b.SourceOf)
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		return nil, invalid(wrongOption("source_of"))
	case err != nil:
		return nil, err
	case from.SourceGoneAt != nil:
		return nil, refuse(http.StatusGone, codeSourceExpired)
	case from.Source.Upload == "":
		return nil, refuse(http.StatusConflict, codeNotUploaded)
	}
	b.List, b.FileName = cmp.Or(b.List, from.List), cmp.Or(b.FileName, from.FileName)
	return from, nil
}

// copied gives an import that waits for its file a copy of the one that from has. Where that fails, nothing is left of the
// import but its cancellation: its caller knows nothing of it.
func (s *server) copied(ctx context.Context, i, from *imports.Import) (*imports.Import, error) {
	with, err := s.copySource(ctx, i, from)
	if err != nil {
		dropping, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTime)
		defer cancel()
		if err := s.db.CancelImport(dropping, i.Tenant, i.ID); err != nil && !errors.Is(err, postgres.ErrConflict) {
			sessionOf(ctx).note = err
		}
	}
	return with, err
}

func (s *server) copySource(ctx context.Context, i, from *imports.Import) (*imports.Import, error) {
	if _, err := s.checkRoom(ctx, i, from.Source.Size); err != nil {
		return nil, err
	}
	object, err := s.blobs.CopySource(ctx, i.Tenant, blob.Original{
		Import: from.ID.String(), Upload: from.Source.Upload, ETag: from.Source.ETag, Size: from.Source.Size,
	}, i.ID.String())
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return nil, refuse(http.StatusConflict, string(member.SourceMissing))
	case errors.Is(err, blob.ErrChanged):
		return nil, refuse(http.StatusConflict, string(member.SourceChanged))
	case err != nil:
		return nil, storeRefusal(err)
	}
	return s.take(ctx, i, imports.Source{Upload: object.Upload, Size: object.Size, SHA256: from.Source.SHA256, ETag: object.ETag})
}
