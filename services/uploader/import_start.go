package uploader

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// startBody is what may still be said when an import starts.
type startBody struct {
	ImportOptions
	NewFieldsOption
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
		if err := s.ensureFields(ctx, in.Body.NewFields); err != nil {
			return nil, err
		}
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
	if i.Parent != (imports.ID{}) {
		if err := checkRetry(o); err != nil {
			return nil, err
		}
	}
	if err := s.checkSource(ctx, i); err != nil {
		return nil, err
	}
	var err error
	if i.Options, err = o.apply(i.Options); err != nil {
		return nil, err
	}
	schema, err := s.fields(ctx, i)
	if err != nil {
		return nil, err
	}
	if err := checkOptions(ctx, i.Options, schema); err != nil {
		return nil, err
	}
	i.Mapping = o.choices(i.Mapping, schema)
	found, err := s.inspectionFor(ctx, i, o.header())
	if err != nil {
		return nil, err
	}
	if i.Parent != (imports.ID{}) {
		if err := checkReport(found); err != nil {
			return nil, err
		}
	}
	i.Options = i.Options.Filled()
	m, err := s.settle(i, found, schema)
	if err != nil {
		return nil, err
	}
	i.Options.Encoding, i.Options.Delimiter, i.Options.Sheet = found.Encoding, found.Delimiter, found.Sheet
	i.Options.NoHeader, i.Options.HeaderRow = !found.Header, found.HeaderRow
	i.Source.Gzip, i.Source.MaxRows = found.Gzip, found.MaxRows
	rows, err := s.countRows(ctx, i)
	if err != nil {
		return nil, err
	}
	err = s.db.StartImport(ctx, i.Tenant, i.ID, postgres.Settled{
		Options: i.Options, Mapping: m, Cut: cutOf(i), Source: i.Source, Rows: rows,
	})
	switch {
	case errors.Is(err, postgres.ErrConflict):
		return nil, s.overtaken(ctx, i)
	case errors.Is(err, postgres.ErrReportExpired):
		return nil, refuse(http.StatusGone, codeReportExpired)
	case errors.Is(err, postgres.ErrFields):
		return nil, refuse(http.StatusConflict, codeFieldsChanged)
	case err != nil:
		return nil, err
	}
	s.relay.Kick()
	s.rememberMapping(ctx, i, m, found)
	return s.db.Import(ctx, i.Tenant, i.ID)
}

// unpacked guesses the size of a source as it is read: tables of text shrink to about a fifth.
func unpacked(from imports.Source) int64 {
	if from.Gzip {
		return 5 * from.Size
	}
	return from.Size
}

// rememberMapping keeps the mapping for the next file with these columns. One without a header has no columns to be
// known by, and a retry has that of its root.
func (s *server) rememberMapping(ctx context.Context, i *imports.Import, m member.Mapping, found *Inspection) {
	if i.Parent != (imports.ID{}) || !found.Header || len(m) > inspect.MaxRemembered || len(found.Columns) == 0 {
		return
	}
	err := s.db.RememberMapping(ctx, i.Tenant, i.ListID, postgres.RememberedMapping{
		Fingerprint: inspect.Fingerprint(m), Mapping: m, Import: i.ID, FileName: i.FileName, At: time.Now(),
	})
	if err != nil {
		sessionOf(ctx).note = err // The import has started all the same.
	}
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
		return storeRefusal(err)
	}
	if err := body.Close(); err != nil {
		return err
	}
	if size != i.Source.Size {
		return refuse(http.StatusConflict, string(member.SourceChanged))
	}
	return nil
}

// inspectionFor returns the inspection of the upload, or a new one where the source is now to be read in another way.
// header says whether the source has one, nil leaves it as it was found.
func (s *server) inspectionFor(ctx context.Context, i *imports.Import, header *bool) (*Inspection, error) {
	found, err := s.inspectionOf(ctx, i)
	if err != nil {
		return nil, err
	}
	current, err := s.foundWithFields(ctx, i, found)
	if err != nil || current && foundSo(found, i, header) {
		return found, err
	}
	found, err = s.inspect(ctx, i, header)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, s.overtaken(ctx, i) // deleted, as another upload replaced it
	}
	if err != nil {
		return nil, s.impossible(err)
	}
	i.Source.Gzip, i.Source.MaxRows = found.Gzip, found.MaxRows
	err = s.db.SetInspection(ctx, i.Tenant, i.ID, postgres.Inspected{Source: i.Source, Inspection: found})
	if errors.Is(err, postgres.ErrConflict) {
		return nil, s.overtaken(ctx, i)
	}
	return found, err
}

// foundSo reports whether the source was read as the import's options say, shows the columns that are named, and is
// offered a mapping of imports with this key, if one is remembered.
func foundSo(found *Inspection, i *imports.Import, header *bool) bool {
	same := func(said, was string) bool { return said == "" || was == "" || strings.EqualFold(said, was) }
	o := &i.Options
	switch {
	case !same(o.Encoding, found.Encoding), !same(o.Delimiter, found.Delimiter), !same(o.Sheet, found.Sheet):
		return false
	case header != nil && found.Header != *header, o.HeaderRow > 0 && found.HeaderRow != o.HeaderRow:
		return false
	case found.Remembered != nil && !slices.ContainsFunc(found.Remembered.Mapping, func(c member.Column) bool { return c.Field == o.Filled().Key }):
		return false
	case found.Header || o.NoHeader:
		return true
	}
	return !slices.ContainsFunc(i.Mapping, func(c member.Column) bool {
		return c.Header != "" && !slices.ContainsFunc(found.Columns, func(f inspect.ColumnSummary) bool { return f.Header == strings.TrimSpace(c.Header) })
	})
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

// mostColumns is how many of a file's columns a refusal lists.
const mostColumns = 30

// settle returns the import's mapping for the columns that its source has, with filled options. The error is a refusal that names
// every column and field that keeps the import from starting.
func (s *server) settle(i *imports.Import, found *Inspection, schema *member.Schema) (member.Mapping, error) {
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
	otherwise := member.Mapping(found.Suggested)
	if i.Options.MappingFrom == imports.FromMemory && found.Remembered != nil {
		otherwise = found.Remembered.Mapping
	}
	m, unknown := resolve(names, i.Mapping, otherwise)
	var wrong []part
	for _, header := range append(unknown, settleColumns(m, &i.Options)...) {
		wrong = append(wrong, part{code: codeUnknownColumn, header: header, fill: []string{"header", header, "columns", inspect.Shorten(names, mostColumns)}})
	}
	wrong = append(wrong, checkColumns(m, &i.Options, schema)...)
	if len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	return m, nil
}

// mappingPart is what is wrong with a column of a mapping.
func mappingPart(p member.MappingProblem, schema *member.Schema) part {
	return part{
		code: string(p.Code), field: p.Field, header: p.Header,
		say: func(lang tenant.Language) string { return p.Sentence(lang, schema) },
	}
}
