package uploader

import (
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"path"
	"reflect"

	"github.com/go-chi/chi/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// reportRoom is what the columns of a report add to a row, beside its own length, in bytes.
const reportRoom = 64 << 10

// retryBody is what may be said of a retry. All else it has from the import.
type retryBody struct {
	FileName  string `json:"file_name,omitempty" maxLength:"255" example:"members_failures.csv" doc:"The name of the file, for people. Default: that of the report; beside a part file, the one it has."`
	Encoding  string `json:"encoding,omitempty" maxLength:"32" example:"Shift_JIS" doc:"How the text of a CSV is written. Default: as detected."`
	Delimiter string `json:"delimiter,omitempty" maxLength:"4" example:"," doc:"What separates the cells of a CSV. Default: as detected."`
	Sheet     string `json:"sheet,omitempty" maxLength:"255" doc:"The sheet of a workbook, by its name. Default: the first visible one."`
	HeaderRow int64  `json:"header_row,omitempty" minimum:"0" maximum:"1000000" doc:"The number of the row that names the columns, as Excel shows it. Default: as detected."`
}

type retryInput struct {
	ImportInput
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"The same key gives the same retry again, instead of another one; a form that brings another file is refused."`
	Body           *retryBody
}

// retryImport is POST /v1/imports/{id}/retry with JSON, or without a body.
func (s *server) retryImport(ctx context.Context, in *retryInput) (*importOutput, error) {
	root, err := s.rootOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var b retryBody
	if in.Body != nil {
		b = *in.Body
	}
	i, existed, err := s.newRetry(ctx, root, &b, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	status := http.StatusCreated
	if existed {
		status = http.StatusOK
	}
	return s.output(ctx, status, i), nil
}

// rootOf returns the import whose failed rows a retry of the import with that id is about: those of a retry are its
// root's. It is refused where no failed row is left, or none can be retried yet, or ever.
func (s *server) rootOf(ctx context.Context, id string) (*imports.Import, error) {
	i, err := s.findImport(ctx, id)
	if err != nil {
		return nil, err
	}
	switch {
	case i.State == imports.StateUndoing:
		return nil, refuse(http.StatusConflict, codeUndoing)
	case i.State == imports.StateUndone:
		return nil, refuse(http.StatusConflict, codeUndone)
	case !i.State.Final():
		return nil, refuse(http.StatusConflict, codeNotEnded)
	}
	if i.Parent != (imports.ID{}) {
		if i, err = s.db.Import(ctx, i.Tenant, i.Parent); err != nil {
			return nil, err
		}
	}
	if i.Options.DryRun {
		return nil, refuse(http.StatusConflict, codeRetryDryRun)
	}
	if i.ReportGoneAt != nil {
		return nil, refuse(http.StatusGone, codeReportExpired)
	}
	all, err := s.db.Retries(ctx, i.Tenant, []imports.ID{i.ID})
	if err != nil {
		return nil, err
	}
	left := i.Totals.Failed
	if r := all[i.ID]; r != nil {
		left -= r.Mended.Rows()
	}
	if left <= 0 {
		return nil, refuse(http.StatusConflict, codeNothingToRetry)
	}
	return i, nil
}

// newRetry creates a retry of root, which waits for its file.
func (s *server) newRetry(ctx context.Context, root *imports.Import, b *retryBody, idempotencyKey string) (*imports.Import, bool, error) {
	if !storable(idempotencyKey) {
		return nil, false, invalid(badOption("Idempotency-Key", "UTF-8"))
	}
	said := ImportOptions{Encoding: b.Encoding, Delimiter: b.Delimiter, Sheet: b.Sheet, HeaderRow: b.HeaderRow}
	options, err := said.apply(retryOptions(root.Options))
	if err != nil {
		return nil, false, err
	}
	name := baseName(b.FileName)
	if name == "" {
		name = reportName(root.FileName, path.Ext(root.FileName))
	}
	i, existed, err := s.db.CreateRetry(ctx, root.Tenant, root.ID, postgres.NewImport{
		FileName: name, Options: options, Mapping: s.retryMapping(root),
		MaxRowBytes: root.MaxRowBytes + reportRoom, User: callerOf(ctx).User.ID, IdempotencyKey: idempotencyKey,
	})
	if errors.Is(err, postgres.ErrConflict) {
		err = invalid(part{code: codeKeyReused, option: "Idempotency-Key"})
	}
	return i, existed, err
}

// retryOptions are the options of a retry: those of its root, but that nobody is removed for not being in a report, that
// the limit of failed rows was that of the whole file, and that the report is read as it is.
func retryOptions(root imports.Options) imports.Options {
	o := root.Filled()
	o.Preset = ""
	if o.Mode == member.Replace {
		o.Mode = member.Upsert
	}
	o.MaxFailed, o.MaxRemoved = imports.Limit{}, imports.Limit{}
	o.Encoding, o.Delimiter, o.Sheet, o.NoHeader, o.HeaderRow, o.MappingFrom = "", "", "", false, 0, ""
	return o
}

// retryMapping is the root's mapping for the columns of its report, without whose row numbers nothing can be retried. All
// of them have to be there, and no other is imported.
func (s *server) retryMapping(root *imports.Import) member.Mapping {
	m := member.Mapping{{Header: member.ReportRow}, {Header: member.ReportFields}, {Header: member.ReportReason}}
	headers := s.reportColumns(root)
	for _, c := range root.Mapping {
		if c.Field != "" {
			c.Header, headers = headers[0], headers[1:]
			m = append(m, c)
		}
	}
	return append(m, member.Column{})
}

// checkRetry refuses to say of a retry what it has from its root.
func checkRetry(o *ImportOptions) error {
	reading := ImportOptions{Encoding: o.Encoding, Delimiter: o.Delimiter, Sheet: o.Sheet, HeaderRow: o.HeaderRow}
	if !reflect.DeepEqual(*o, reading) {
		return refuse(http.StatusUnprocessableEntity, codeRetrySettled)
	}
	return nil
}

// checkReport refuses a file that is no report of failed rows. One without a single cell fails as any such file does.
func checkReport(found *Inspection) error {
	names := make([]string, len(found.Columns))
	for n := range found.Columns {
		names[n] = found.Columns[n].Header
	}
	if len(names) > 0 && !member.IsReport(names) {
		return refuse(http.StatusUnprocessableEntity, codeNotAReport, "columns", inspect.Shorten(names, mostColumns))
	}
	return nil
}

// cutOf is how an import is cut. A retry has one lane: its rows may stand in any order, in which they are reported again.
func cutOf(i *imports.Import) imports.Cut {
	cut := imports.NewCut(unpacked(i.Source))
	if i.Parent != (imports.ID{}) {
		cut.Lanes = 1
	}
	return cut
}

// retryForm reads the parts as they come, as importForm does.
func (s *server) retryForm(w http.ResponseWriter, r *http.Request, f *form, parts *multipart.Reader) (*imports.Import, error) {
	root, err := s.rootOf(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return nil, err
	}
	return s.readForm(r, f, parts, func(p *multipart.Part) error { return s.retryPart(w, r, root, f, p) })
}

func (s *server) retryPart(w http.ResponseWriter, r *http.Request, root *imports.Import, f *form, p *multipart.Part) error {
	if p.FormName() != "file" || f.created != nil {
		return s.formPart(w, r, f, p)
	}
	said := &f.body
	if said.List != "" || said.Profile != "" || len(said.NewFields) > 0 {
		return refuse(http.StatusUnprocessableEntity, codeRetrySettled)
	}
	if err := checkRetry(&said.ImportOptions); err != nil {
		return err
	}
	b := retryBody{FileName: said.FileName, Encoding: said.Encoding, Delimiter: said.Delimiter, Sheet: said.Sheet, HeaderRow: said.HeaderRow}
	if b.FileName == "" {
		b.FileName = p.FileName()
	}
	i, _, err := s.newRetry(r.Context(), root, &b, r.Header.Get("Idempotency-Key"))
	if err != nil {
		return err
	}
	f.created = i
	w.Header().Set("Location", importPath(i.ID))
	if i.State != imports.StateCreated {
		return sameSource(r.Context(), i, p)
	}
	stored, err := s.store(r.Context(), i, p, -1)
	if err == nil {
		f.created = stored
	}
	return err
}

// RetriesView is what an import shows of its retries.
type RetriesView struct {
	Retries   []string   `json:"retries,omitempty" doc:"The imports that retry failed rows of this one, in the order in which they were made; absent where there is none."`
	Converged *converged `json:"converged,omitempty" doc:"What has become of the rows of the file, with those that failed and were corrected since; absent where nothing was retried. Always total = created + updated + unchanged + deleted + skipped + failed + not_processed, with total and not_processed as they were."`
}

// converged are the outcomes of a file's rows, each of which counts once however often it was tried.
type converged struct {
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Deleted   int64 `json:"deleted"`
	Skipped   int64 `json:"skipped"`
	Failed    int64 `json:"failed" doc:"Rows that still fail."`
}

// addRetries completes what is shown of imports.
func (s *server) addRetries(ctx context.Context, views ...*importView) error {
	ids := make([]imports.ID, len(views))
	for n, v := range views {
		id, err := imports.ParseID(v.ID)
		if err != nil {
			return errors.Join(postgres.ErrNotFound, err)
		}
		ids[n] = id
	}
	all, err := s.db.Retries(ctx, tenantOf(ctx), ids)
	if err != nil {
		return err
	}
	for n, v := range views {
		r := all[ids[n]]
		if r == nil {
			continue
		}
		for _, id := range r.IDs {
			v.Retries = append(v.Retries, id.String())
		}
		m := r.Mended
		v.Converged = &converged{
			Created: v.Created + m.Created, Updated: v.Updated + m.Updated, Unchanged: v.Unchanged + m.Unchanged,
			Deleted: v.Deleted + m.Deleted, Skipped: v.Skipped + m.Skipped, Failed: v.Failed - m.Rows(),
		}
	}
	return nil
}
