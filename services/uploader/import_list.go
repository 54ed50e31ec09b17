package uploader

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
)

// importPage is a page of imports.
type importPage struct {
	Items      []*importView `json:"items" doc:"The newest first."`
	NextCursor string        `json:"next_cursor,omitempty" doc:"The cursor of the next page; absent on the last one."`
	Count      *int          `json:"count,omitempty" doc:"How many imports match on all pages, at most 10,000; where it was asked for."`
	CountMore  bool          `json:"count_more,omitempty" doc:"Whether there are more than were counted."`
}

type importPageInput struct {
	PageInput
	State  []string  `query:"state,explode" maxItems:"20" enum:"created,uploaded,queued,running,paused,completed,failed,cancelled,undoing,undone" doc:"Only imports in this state; can be repeated, and one has to hold."`
	List   string    `query:"list" maxLength:"255" doc:"Only imports into this list."`
	Q      string    `query:"q" maxLength:"200" doc:"A part of the file's name or of the note, in any case."`
	DryRun string    `query:"dry_run" enum:"include,exclude,only" default:"include" doc:"What becomes of dry runs."`
	User   string    `query:"user" maxLength:"200" doc:"Only imports of the user with this name, as imports show it."`
	Since  time.Time `query:"since" doc:"The first moment of creation."`
	Until  time.Time `query:"until" doc:"The moment after the last."`
	Count  bool      `query:"count" doc:"Whether to count the imports that match."`
}

type importPageOutput struct{ Body importPage }

// listImports is GET /v1/imports.
func (s *server) listImports(ctx context.Context, in *importPageInput) (*importPageOutput, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	page, err := s.db.Imports(ctx, tenantOf(ctx), f)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, unknownList(in.List)
	}
	if err != nil {
		return nil, err
	}
	out := &importPageOutput{Body: importPage{Items: make([]*importView, 0, len(page))}}
	if len(page) > in.Limit {
		page = page[:in.Limit]
		last := page[in.Limit-1].ID
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString(last[:])
	}
	for _, i := range page {
		out.Body.Items = append(out.Body.Items, s.view(i, sessionOf(ctx).lang()))
	}
	if err := s.addUndos(ctx, page, out.Body.Items...); err != nil {
		return nil, err
	}
	if in.Count {
		n, more, err := s.db.CountImports(ctx, tenantOf(ctx), f)
		if err != nil {
			return nil, err
		}
		out.Body.Count, out.Body.CountMore = &n, more
	}
	return out, s.addRetries(ctx, out.Body.Items...)
}

// filter returns what is looked for. The error is a refusal that names every part of it that cannot be.
func (in *importPageInput) filter() (postgres.ImportFilter, error) {
	f := postgres.ImportFilter{
		List: in.List, Text: in.Q, DryRuns: postgres.DryRuns(in.DryRun), User: in.User, Since: in.Since, Until: in.Until, Limit: in.Limit + 1,
	}
	for _, state := range in.State {
		f.States = append(f.States, imports.State(state))
	}
	var wrong []part
	for name, text := range map[string]string{"list": in.List, "q": in.Q, "user": in.User} {
		if !storable(text) {
			wrong = append(wrong, badOption(name, "UTF-8"))
		}
	}
	if in.Cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		if err != nil || f.Before.UnmarshalBinary(raw) != nil {
			wrong = append(wrong, badOption("cursor", "next_cursor"))
		}
	}
	if len(wrong) > 0 {
		return f, invalid(wrong...)
	}
	return f, nil
}
