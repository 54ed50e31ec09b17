package uploader

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/source"
	"github.com/meibo/meibo/internal/tenant"
)

// Inspection is what is known of a source from its beginning.
type Inspection = inspect.Inspection

// inspect looks at the stored source of an import, read by the import's options; header says whether it has one, nil
// lets it be guessed. What an earlier import of the same file is goes into the source. The error is a
// *sheet.Unsupported for what cannot be read as a table, and an *inspect.Impossible for what cannot be read so.
func (s *server) inspect(ctx context.Context, i *imports.Import, header *bool) (*Inspection, error) {
	o, err := s.readBy(ctx, i, header)
	if err != nil {
		return nil, err
	}
	if i.Source.Earlier, err = s.db.EarlierImport(ctx, i.Tenant, i.ID, i.Source.SHA256); err != nil {
		return nil, err
	}
	schema, err := s.fields(ctx, i)
	if err != nil {
		return nil, err
	}
	found, err := inspect.Look(s.file(ctx, i), o, schema)
	if err != nil {
		return nil, err
	}
	found.Fields = schema.Fingerprint()
	found.Warnings = append(found.Warnings, profileWarnings(i, found)...)
	if e := i.Source.Earlier; e != nil {
		found.Warnings = append(found.Warnings, member.Warning{Problem: e.Warning(o.Locale.Zone)})
	}
	return found, nil
}

// readBy says how an import's source is to be read.
func (s *server) readBy(ctx context.Context, i *imports.Import, header *bool) (inspect.Options, error) {
	locale, err := i.Options.Locale()
	if err != nil {
		return inspect.Options{}, err
	}
	rules := i.Options.Filled()
	o := inspect.Options{
		Encoding: sheet.Encoding(i.Options.Encoding), Sheet: i.Options.Sheet, Header: header, HeaderRow: i.Options.HeaderRow,
		MaxRowBytes: i.MaxRowBytes, Key: rules.Key, Locale: locale,
		CreatesNobody: rules.Kind == member.KindLead || rules.Mode == member.Update || rules.Mode == member.Delete,
	}
	if i.Options.Delimiter != "" {
		o.Delimiter = i.Options.Delimiter[0]
	}
	if header == nil && i.Options.NoHeader {
		o.Header = new(bool)
	}
	for _, c := range i.Mapping {
		if c.Header != "" {
			o.Named = append(o.Named, c.Header)
		}
	}
	remembered, err := s.db.RememberedMappings(ctx, i.Tenant, i.ListID)
	for _, m := range remembered {
		o.Remembered = append(o.Remembered, inspect.RememberedMapping{Import: m.Import.String(), FileName: m.FileName, At: m.At, Mapping: m.Mapping})
	}
	return o, err
}

// file is the stored source of an import.
func (s *server) file(ctx context.Context, i *imports.Import) inspect.File {
	return inspect.File{
		Size: i.Source.Size,
		Open: func() (io.ReadCloser, error) {
			body, _, err := s.blobs.OpenSource(ctx, i.Tenant, i.ID.String(), i.Source.Upload, i.Source.ETag)
			return body, err
		},
		Spool: func() (inspect.Spooled, int64, error) {
			if i.Source.Size > source.MaxWorkbook {
				return nil, 0, tooLarge(source.MaxWorkbook)
			}
			return source.Spool(ctx, s.blobs, i)
		},
	}
}

// tooLarge refuses a workbook that does not fit on the disk that it is read from.
func tooLarge(limit int64) *sheet.Unsupported {
	detail := strconv.FormatInt(limit>>30, 10) + " GiB"
	say := func(lang tenant.Language) string {
		return member.Problem{Code: member.FileTooLarge, Detail: detail}.Sentence(lang, nil)
	}
	return &sheet.Unsupported{
		Code: member.FileTooLarge, Detail: detail, Reason: member.Text{JA: say(tenant.Japanese), EN: say(tenant.English)},
	}
}

// impossible refuses an option that the file cannot be read by, with the values that it could be.
func (s *server) impossible(err error) error {
	var no *inspect.Impossible
	if !errors.As(err, &no) {
		return err
	}
	return invalid(part{code: string(no.Warning.Code), option: no.Option, say: func(lang tenant.Language) string {
		return no.Warning.Sentence(lang, s.schema) + " " + sentence(codeOption, nil, []string{"option", no.Option, "accepted", no.Accepted}, lang)
	}})
}

// inspectionInput says how the source is to be read for a try.
type inspectionInput struct {
	ImportInput
	Encoding  string `query:"encoding" maxLength:"32" example:"Shift_JIS" doc:"Read the text in this encoding."`
	Delimiter string `query:"delimiter" maxLength:"4" example:";" doc:"Cut the rows at this delimiter; tab for a tabulator."`
	Sheet     string `query:"sheet" maxLength:"255" doc:"Read this sheet of a workbook."`
	HeaderRow int64  `query:"header_row" minimum:"0" maximum:"1000000" doc:"Take the row of this number, as Excel shows it, for the header."`
	NoHeader  string `query:"no_header" enum:"true,false" doc:"Whether the first row is data already."`
}

// options are what the query says, as a start would say it.
func (in *inspectionInput) options() *ImportOptions {
	o := &ImportOptions{Encoding: in.Encoding, Delimiter: in.Delimiter, Sheet: in.Sheet, HeaderRow: in.HeaderRow}
	if in.NoHeader != "" {
		o.NoHeader = new(in.NoHeader == "true")
	}
	return o
}

type inspectionOutput struct{ Body inspect.Shown }

// readInspection is GET /v1/imports/{id}/inspection. With anything in the query nothing is stored.
func (s *server) readInspection(ctx context.Context, in *inspectionInput) (*inspectionOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if i.SourceGoneAt != nil {
		return nil, refuse(http.StatusGone, codeSourceExpired)
	}
	schema, err := s.fields(ctx, i)
	if err != nil {
		return nil, err
	}
	found, err := s.inspectionOf(ctx, i)
	if err != nil {
		return nil, err
	}
	if o := in.options(); o.reads() {
		found, err = s.try(ctx, i, o)
	} else {
		found, err = s.refreshed(ctx, i, found)
	}
	if err != nil {
		return nil, err
	}
	return &inspectionOutput{Body: found.In(sessionOf(ctx).lang(), schema)}, nil
}

// try inspects the source as it would be read with these options.
func (s *server) try(ctx context.Context, i *imports.Import, o *ImportOptions) (*Inspection, error) {
	var err error
	if i.Options, err = o.apply(i.Options); err != nil {
		return nil, err
	}
	found, err := s.inspect(ctx, i, o.header())
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return nil, refuse(http.StatusConflict, string(member.SourceMissing))
	case errors.Is(err, blob.ErrChanged):
		return nil, refuse(http.StatusConflict, string(member.SourceChanged))
	}
	return found, s.impossible(err)
}

// inspectionOf returns what was found when the source was uploaded.
func (s *server) inspectionOf(ctx context.Context, i *imports.Import) (*Inspection, error) {
	found := inspect.New()
	err := s.db.Inspection(ctx, i.Tenant, i.ID, found)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, refuse(http.StatusConflict, codeNotUploaded)
	}
	return found, err
}
