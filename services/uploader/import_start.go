package uploader

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

// purgeTimeout bounds how long cancelling waits for the queue.
const purgeTimeout = 3 * time.Second

// startBody is what may still be said when an import starts.
type startBody struct {
	ImportOptions
}

type startInput struct {
	ImportInput
	Body *startBody
}

// startImport is POST /v1/imports/{id}/start.
func (s *server) startImport(ctx context.Context, in *startInput) (*importOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var o ImportOptions
	if in.Body != nil {
		o = in.Body.ImportOptions
	}
	i, err = s.start(ctx, i, &o)
	if err != nil {
		return nil, err
	}
	return s.output(ctx, http.StatusAccepted, i), nil
}

// start settles everything about an import and puts it into its list's queue.
func (s *server) start(ctx context.Context, i *imports.Import, o *ImportOptions) (*imports.Import, error) {
	switch i.State {
	case imports.StateCreated:
		return nil, refuse(http.StatusConflict, codeNotUploaded)
	case imports.StateUploaded:
	default:
		return nil, refuse(http.StatusConflict, codeStarted)
	}
	if err := s.checkSource(ctx, i); err != nil {
		return nil, err
	}
	var err error
	if i.Options, err = o.apply(i.Options); err != nil {
		return nil, err
	}
	i.Mapping = o.choices(i.Mapping, s.schema)
	found, err := s.inspectionFor(ctx, i, o.NoHeader)
	if err != nil {
		return nil, err
	}
	m, err := s.settle(i, found)
	if err != nil {
		return nil, err
	}
	i.Options.NoHeader, i.Options.Encoding, i.Options.Delimiter, i.Options.Sheet = !found.Header, found.Encoding, found.Delimiter, found.Sheet
	i.Source.MaxRows = found.MaxRows
	err = s.db.StartImport(ctx, i.Tenant, i.ID, postgres.Settled{
		Options: i.Options, Mapping: m, Cut: imports.NewCut(i.Source.Size), Source: i.Source,
	})
	if errors.Is(err, postgres.ErrConflict) {
		return nil, s.overtaken(ctx, i)
	}
	if err != nil {
		return nil, err
	}
	s.relay.Kick()
	return s.db.Import(ctx, i.Tenant, i.ID)
}

// checkSource makes sure that the source is there as it was uploaded, before anything depends on it.
func (s *server) checkSource(ctx context.Context, i *imports.Import) error {
	body, size, err := s.blobs.OpenSource(ctx, i.Tenant, i.ID.String(), i.Source.Upload, i.Source.ETag)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return s.overtaken(ctx, i)
	case errors.Is(err, blob.ErrChanged):
		return refuse(http.StatusConflict, string(member.SourceChanged))
	case err != nil:
		return &refusal{status: http.StatusServiceUnavailable, code: codeUnavailable, cause: err}
	}
	if err := body.Close(); err != nil {
		return err
	}
	if size != i.Source.Size {
		return refuse(http.StatusConflict, string(member.SourceChanged))
	}
	return nil
}

// inspectionFor returns the inspection of the upload, or a new one where the source is now to be read in
// another way.
func (s *server) inspectionFor(ctx context.Context, i *imports.Import, noHeader *bool) (*Inspection, error) {
	found, err := s.inspectionOf(ctx, i)
	if err != nil {
		return nil, err
	}
	same := func(said, was string) bool { return said == "" || was == "" || strings.EqualFold(said, was) }
	if same(i.Options.Delimiter, found.Delimiter) && same(i.Options.Sheet, found.Sheet) && (noHeader == nil || found.Header != *noHeader) {
		return found, nil
	}
	var header *bool
	if noHeader != nil {
		header = new(!*noHeader)
	}
	found, err = s.inspect(ctx, i, header)
	var unsupported *sheet.Unsupported
	if errors.As(err, &unsupported) && unsupported.Code == member.SheetMissing {
		return nil, invalid(part{code: string(unsupported.Code), option: "sheet", say: unsupported.Reason.In})
	}
	if errors.Is(err, blob.ErrNotFound) {
		return nil, s.overtaken(ctx, i) // deleted, as another upload replaced it
	}
	if err != nil {
		return nil, err
	}
	i.Source.MaxRows = found.MaxRows
	err = s.db.SetInspection(ctx, i.Tenant, i.ID, postgres.Inspected{Source: i.Source, Inspection: found})
	if errors.Is(err, postgres.ErrConflict) {
		return nil, s.overtaken(ctx, i)
	}
	return found, err
}

// overtaken says why an import cannot be started as it was read: it was started meanwhile, or another file came.
func (s *server) overtaken(ctx context.Context, i *imports.Import) error {
	now, err := s.db.Import(ctx, i.Tenant, i.ID)
	switch {
	case err != nil:
		return err
	case now.State != imports.StateUploaded:
		return refuse(http.StatusConflict, codeStarted)
	case now.Source.Upload == i.Source.Upload:
		return refuse(http.StatusConflict, string(member.SourceMissing))
	}
	return refuse(http.StatusConflict, string(member.SourceChanged))
}

// settle returns the import's mapping for the columns that its source has. The error is a refusal that names
// every column and field that keeps the import from starting.
func (s *server) settle(i *imports.Import, found *Inspection) (member.Mapping, error) {
	if len(found.Columns) == 0 {
		// A file without a single cell has no columns to map. It is imported all the same, and ends as a
		// failed import that says so, as any file without rows does.
		return member.Mapping{{Header: i.Options.Key, Field: i.Options.Key}}, nil
	}
	names := make([]string, len(found.Columns))
	for n := range found.Columns {
		names[n] = found.Columns[n].Header
	}
	if !found.Header && len(i.Mapping) == 0 {
		return nil, invalid(part{code: codeMappingRequired, option: "mapping"})
	}
	m, unknown := resolve(names, i.Mapping, found.Suggested)
	var wrong []part
	for _, header := range unknown {
		wrong = append(wrong, part{code: codeUnknownColumn, header: header, fill: []string{"header", header, "columns", shorten(names)}})
	}
	for _, p := range s.schema.CheckMapping(m, i.Options.Key) {
		wrong = append(wrong, part{
			code: string(p.Code), field: p.Field, header: p.Header,
			say: func(lang tenant.Language) string { return p.Sentence(lang, s.schema) },
		})
	}
	if len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	return m, nil
}

// shorten lists the first names.
func shorten(names []string) string {
	const most = 30
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", …"
}

// cancelImport is POST /v1/imports/{id}/cancel.
func (s *server) cancelImport(ctx context.Context, in *ImportInput) (*importOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	err = s.db.CancelImport(ctx, i.Tenant, i.ID)
	if errors.Is(err, postgres.ErrConflict) {
		return nil, refuse(http.StatusConflict, codeEnded)
	}
	if err != nil {
		return nil, err
	}
	s.relay.Kick()
	// What is on its way to the mergers is refused there; taking it out of the queue only saves work.
	purging, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	if err := s.queue.PurgeChunks(purging, i.ID); err != nil {
		sessionOf(ctx).note = err
	}
	if i, err = s.db.Import(ctx, i.Tenant, i.ID); err != nil {
		return nil, err
	}
	return s.output(ctx, http.StatusOK, i), nil
}
