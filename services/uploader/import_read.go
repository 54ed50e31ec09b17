package uploader

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// importView is an import as the API shows it.
type importView struct {
	ID       string        `json:"id" format:"uuid" doc:"Identifies the import; ids made later sort later."`
	State    imports.State `json:"state" enum:"created,uploaded,queued,running,paused,completed,failed,cancelled,undoing,undone" doc:"Where the import stands. The states completed, failed and cancelled are final, unless the import is resumed or undone; so is undone."`
	Stage    imports.Stage `json:"stage" enum:",waiting,reading,merging,finishing,undoing" doc:"What is being done for the import: it waits for its turn, its source is read and merged, the rest is merged, every row is done and leads are unified or members removed, or all of it is taken back. Empty before it is started and once it has ended."`
	List     string        `json:"list" example:"main" doc:"The list that the members are imported into."`
	FileName string        `json:"file_name" example:"members.csv"`
	OptionsView
	Size      int64           `json:"size" doc:"Of the source, in bytes; 0 until it is uploaded."`
	SHA256    string          `json:"sha256" doc:"Of the source, in hexadecimal; empty until it is uploaded."`
	Encoding  string          `json:"encoding" example:"UTF-8" doc:"How the text of a CSV is read. This and the next four are settled when the import starts; before, they are what the caller has said."`
	Delimiter string          `json:"delimiter" example:"," doc:"What separates the cells of a CSV."`
	Sheet     string          `json:"sheet" doc:"The sheet of a workbook that is read."`
	Header    bool            `json:"header" doc:"Whether a row names the columns."`
	HeaderRow int64           `json:"header_row" doc:"The number of that row, as Excel shows it; 0 for the first one, or none."`
	Mapping   []member.Column `json:"mapping" doc:"Which column feeds which field. Settled when the import starts; before, what the caller has said about columns."`

	Total        int64 `json:"total" doc:"Data rows read so far. Always created + updated + unchanged + deleted + skipped + failed + not_processed."`
	Created      int64 `json:"created"`
	Updated      int64 `json:"updated"`
	Unchanged    int64 `json:"unchanged"`
	Deleted      int64 `json:"deleted"`
	Skipped      int64 `json:"skipped"`
	Failed       int64 `json:"failed"`
	NotProcessed int64 `json:"not_processed" doc:"Rows without an outcome; 0 in the end, unless the import was stopped."`
	Removed      int64 `json:"removed" doc:"Members that are not in the file and were removed. Not rows."`
	Unified      int64 `json:"unified" doc:"Leads that became part of a member. Not rows."`
	Protected    int64 `json:"protected" doc:"Consents that were not turned on because the member had opted out. Not rows."`
	Tagged       int64 `json:"tagged" doc:"How often a member got the import_tag. Not rows."`

	CreatedAt  time.Time  `json:"created_at"`
	UploadedAt *time.Time `json:"uploaded_at"`
	QueuedAt   *time.Time `json:"queued_at"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`

	PausedAt     *time.Time `json:"paused_at" doc:"When the import was paused; null where it is not."`
	Run          int        `json:"run" doc:"How often the import was set going: 1 until it is resumed for the first time."`
	Resumable    bool       `json:"resumable" doc:"Whether the import can be resumed: it is paused, or has failed for a reason on the side of the system."`
	Stopped      *stopView  `json:"stopped" doc:"How far an import had come that has failed, was cancelled or is paused; null for any other."`
	SourceGoneAt *time.Time `json:"source_gone_at" doc:"When the file was deleted at the end of its retention; null while it is kept."`
	ReportGoneAt *time.Time `json:"report_gone_at" doc:"When the failed rows were; their numbers stay."`

	Error    *notice   `json:"error" doc:"Why the import failed as a whole; null where it did not."`
	Parent   *string   `json:"parent" format:"uuid" doc:"The import whose failed rows this one retries; null where it is no retry."`
	Profile  string    `json:"profile" doc:"The profile that the import was created with; empty for none."`
	User     string    `json:"user" doc:"Who imports; empty for a key that belongs to nobody."`
	Warnings []notice  `json:"warnings" doc:"What else there is to know about the import."`
	Undo     *undoView `json:"undo,omitempty" doc:"The undoing of the import; absent where nobody has asked for it."`
	RetriesView
}

// TransformSchema lets error and stopped be null, which huma has no tag for.
func (importView) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	for _, name := range []string{"error", "stopped"} {
		whole := *s.Properties[name]
		s.Properties[name] = &huma.Schema{
			Description: whole.Description, AnyOf: []*huma.Schema{{Ref: whole.Ref}, {Type: "null"}},
		}
	}
	return s
}

// stopView is how far an import had come when it was stopped.
type stopView struct {
	Stage        imports.Stage `json:"stage" enum:"waiting,reading,merging,finishing" doc:"What was being done."`
	Percent      *int          `json:"percent" doc:"How much of the file was merged, from 0 to 100: exact where all of it was read, else a guess; null where nobody can tell."`
	RowsRead     int64         `json:"rows_read" doc:"Data rows that were read: the first so many of the file."`
	RowsMerged   int64         `json:"rows_merged" doc:"Those of them that have an outcome."`
	NotProcessed int64         `json:"not_processed" doc:"Those that have none."`
	LastRow      int64         `json:"last_row,omitempty" doc:"The number of the last row that was read, as Excel shows it; absent where it is not known."`
}

func viewStop(i *imports.Import) *stopView {
	s := i.Stopped()
	if s == nil {
		return nil
	}
	v := &stopView{Stage: s.Stage, RowsRead: s.Read, RowsMerged: s.Merged, NotProcessed: s.Read - s.Merged, LastRow: s.LastRow}
	if s.Percent >= 0 {
		v.Percent = new(s.Percent)
	}
	return v
}

// notice is something to tell about an import or a file as a whole.
type notice struct {
	Code   string `json:"code" example:"empty_file" doc:"A stable name, for programs."`
	Detail string `json:"detail" doc:"What it is and what to do about it."`
}

func (s *server) view(i *imports.Import, lang tenant.Language) *importView {
	v := &importView{
		ID: i.ID.String(), State: i.State, Stage: i.Stage(), List: i.List, FileName: i.FileName,
		OptionsView: viewOptions(i.Options), Size: i.Source.Size, SHA256: i.Source.SHA256, Mapping: []member.Column{},
		Encoding: i.Options.Encoding, Delimiter: i.Options.Delimiter, Sheet: i.Options.Sheet,
		Header: !i.Options.NoHeader, HeaderRow: i.Options.HeaderRow,
		Total: i.Totals.Total, Created: i.Totals.Created, Updated: i.Totals.Updated, Unchanged: i.Totals.Unchanged, Deleted: i.Totals.Deleted,
		Skipped: i.Totals.Skipped, Failed: i.Totals.Failed, NotProcessed: i.Totals.NotProcessed, Protected: i.Totals.Protected,
		Removed: i.Totals.Removed, Unified: i.Totals.Unified, Tagged: i.Totals.Tagged,
		CreatedAt: i.CreatedAt, UploadedAt: i.UploadedAt, QueuedAt: i.QueuedAt, StartedAt: i.StartedAt, FinishedAt: i.FinishedAt,
		PausedAt: i.PausedAt, Run: i.Run, Resumable: i.Resumable(time.Now()), Stopped: viewStop(i),
		SourceGoneAt: i.SourceGoneAt, ReportGoneAt: i.ReportGoneAt,
		Profile: i.Options.Profile, User: i.User, Warnings: []notice{},
	}
	for _, c := range i.Mapping {
		if c.Header != "" { // see mapping.go
			v.Mapping = append(v.Mapping, c)
		}
	}
	if locale, err := i.Options.Locale(); err == nil && i.Source.Earlier != nil {
		w := i.Source.Earlier.Warning(locale.Zone)
		v.Warnings = append(v.Warnings, notice{string(w.Code), w.Sentence(lang, s.kept(i))})
	}
	for _, w := range i.Warnings {
		v.Warnings = append(v.Warnings, notice{string(w.Code), w.Sentence(lang, s.kept(i))})
	}
	if i.Parent != (imports.ID{}) {
		v.Parent = new(i.Parent.String())
	}
	if i.Failure.Code != "" {
		v.Error = &notice{Code: string(i.Failure.Code), Detail: i.Failure.Sentence(lang, s.kept(i))}
	}
	return v
}

// importOutput answers with one import.
type importOutput struct {
	Status   int
	Location string `header:"Location" doc:"The address of the new import."`
	Body     *importView
}

func (s *server) output(ctx context.Context, status int, i *imports.Import) *importOutput {
	out := &importOutput{Status: status, Body: s.view(i, sessionOf(ctx).lang())}
	if status == http.StatusCreated {
		out.Location = importPath(i.ID)
	}
	return out
}

func importPath(id imports.ID) string { return "/v1/imports/" + id.String() }

// ImportInput names one import.
type ImportInput struct {
	ID string `path:"id" doc:"The id of the import."`
}

// findImport returns an import of the caller's tenant. An id that is none names nothing.
func (s *server) findImport(ctx context.Context, id string) (*imports.Import, error) {
	parsed, err := imports.ParseID(id)
	if err != nil {
		return nil, postgres.ErrNotFound
	}
	return s.db.Import(ctx, tenantOf(ctx), parsed)
}

// readImport is GET /v1/imports/{id}.
func (s *server) readImport(ctx context.Context, in *ImportInput) (*importOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := s.output(ctx, http.StatusOK, i)
	waits, err := s.waitsForOthers(ctx, i)
	if err != nil {
		return nil, err
	}
	out.Body.Warnings = append(out.Body.Warnings, waits...)
	if i.State.Final() {
		mails, err := s.mailWarnings(ctx, i)
		if err != nil {
			return nil, err
		}
		out.Body.Warnings = append(out.Body.Warnings, mails...)
	}
	if err := s.addUndos(ctx, []*imports.Import{i}, out.Body); err != nil {
		return nil, err
	}
	return out, s.addRetries(ctx, out.Body)
}

// mailWarnings says who could not be told of the import's end.
func (s *server) mailWarnings(ctx context.Context, i *imports.Import) ([]notice, error) {
	mails, err := s.db.Mails(ctx, i.Tenant, i.ID)
	if err != nil {
		return nil, err
	}
	warnings := []notice{}
	for _, m := range mails {
		code := codeMailFailed
		switch {
		case m.Failure == nil:
			continue
		case m.Recipient == postgres.NoRecipient:
			code = codeNoRecipient
		}
		warnings = append(warnings, notice{code, sentence(code, nil, []string{"recipient", m.Recipient}, sessionOf(ctx).lang())})
	}
	return warnings, nil
}

// PageInput says which page of a list to return.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"The most items that the page may have."`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next_cursor of the page before."`
}
