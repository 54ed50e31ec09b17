package uploader

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// undoView is what the API shows of the undoing of an import, or of a dry run of it.
type undoView struct {
	State       imports.UndoState `json:"state" enum:"queued,running,done" doc:"An undo waits for its list's turn, as imports do; a dry run needs none."`
	DryRun      bool              `json:"dry_run" doc:"Whether this only tells what an undo would do."`
	Total       int64             `json:"total" doc:"Members to deal with."`
	Done        int64             `json:"done" doc:"Members dealt with so far."`
	Removed     int64             `json:"removed" doc:"Members that the import had created, and that are gone."`
	Restored    int64             `json:"restored" doc:"Members that the import had changed, and that have values back."`
	Returned    int64             `json:"returned" doc:"Members and leads that the import had deleted, removed or unified, and that are there again."`
	Kept        int64             `json:"kept" doc:"Members, or single fields of them, that stay as they are, because somebody has changed them since."`
	KeptCounts  []keptCount       `json:"kept_counts" doc:"These by the reason why."`
	RequestedAt time.Time         `json:"requested_at"`
	StartedAt   *time.Time        `json:"started_at"`
	FinishedAt  *time.Time        `json:"finished_at"`
	Error       string            `json:"error,omitempty" doc:"Why it cannot go on for now; it is tried again until it can. Absent where all is well."`
}

type keptCount struct {
	Code   string `json:"code" example:"changed_since"`
	Count  int64  `json:"count"`
	Reason string `json:"reason"`
}

// keptView is a member, or a field of one, that an undo leaves as it is.
type keptView struct {
	Member int64  `json:"member_id"`
	Code   string `json:"code" enum:"changed_since,edited_since,key_taken,opted_out_since,member_gone" doc:"Why: see kept_counts."`
	Field  string `json:"field" doc:"The field; empty for the member as a whole."`
	Reason string `json:"reason"`
}

// undoBody is an undo with the first of what it keeps.
type undoBody struct {
	UndoFields
	Items []keptView `json:"items" doc:"The first 30 of what is kept, by member; …/undo/kept lists more."`
}

type undoInput struct {
	ImportInput
	Body *struct {
		DryRun bool `json:"dry_run,omitempty" doc:"Only tell what the undo would do. Nothing is changed."`
	}
}

// UndoReadInput names the undo of an import, or the latest dry run of it.
type UndoReadInput struct {
	ImportInput
	DryRun   bool            `query:"dry_run" doc:"Ask for the latest dry run instead of the undo itself."`
	Language tenant.Language `query:"language" enum:"ja,en" doc:"The language of the reasons. Default: by Accept-Language."`
}

type keptInput struct {
	UndoReadInput
	PageInput
}

type undoOutput struct {
	Status int
	Body   undoBody
}

type keptOutput struct {
	Body struct {
		Items      []keptView `json:"items"`
		NextCursor string     `json:"next_cursor,omitempty" doc:"The cursor of the next page; absent on the last one."`
	} `nameHint:"KeptPage"`
}

// undoImport is POST /v1/imports/{id}/undo.
func (s *server) undoImport(ctx context.Context, in *undoInput) (*undoOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	u, err := s.db.RequestUndo(ctx, i.Tenant, i.ID, in.Body != nil && in.Body.DryRun, callerOf(ctx).User.ID)
	switch {
	case errors.Is(err, postgres.ErrConflict):
		return nil, refuse(http.StatusConflict, codeUndoNotEnded)
	case errors.Is(err, postgres.ErrUndone):
		return nil, refuse(http.StatusConflict, codeUndone)
	case errors.Is(err, postgres.ErrUndoExpired):
		return nil, refuse(http.StatusConflict, codeUndoExpired)
	case errors.Is(err, postgres.ErrNothingToUndo):
		return nil, refuse(http.StatusConflict, codeNothingToUndo)
	case errors.Is(err, postgres.ErrNotJournaled):
		return nil, refuse(http.StatusConflict, codeUndoNotJournaled)
	case err != nil:
		return nil, err
	}
	if u == nil { // a dry run of what is being undone
		return nil, refuse(http.StatusConflict, codeUndoing)
	}
	s.relay.Kick()
	return &undoOutput{Status: http.StatusAccepted, Body: undoBody{UndoFields: s.viewUndo(ctx, i, u), Items: []keptView{}}}, nil
}

// readUndo is GET /v1/imports/{id}/undo.
func (s *server) readUndo(ctx context.Context, in *UndoReadInput) (*undoOutput, error) {
	speak(ctx, string(in.Language))
	i, u, err := s.findUndo(ctx, in)
	if err != nil {
		return nil, err
	}
	kept, err := s.db.UndoKept(ctx, i.Tenant, i.ID, in.DryRun, imports.Kept{}, firstFailures)
	if err != nil {
		return nil, err
	}
	return &undoOutput{Status: http.StatusOK, Body: undoBody{UndoFields: s.viewUndo(ctx, i, u), Items: s.viewKept(ctx, i, kept)}}, nil
}

// readKept is GET /v1/imports/{id}/undo/kept.
func (s *server) readKept(ctx context.Context, in *keptInput) (*keptOutput, error) {
	speak(ctx, string(in.Language))
	i, _, err := s.findUndo(ctx, &in.UndoReadInput)
	if err != nil {
		return nil, err
	}
	after, ok := parseKeptCursor(in.Cursor)
	if !ok {
		return nil, invalid(badOption("cursor", "next_cursor"))
	}
	kept, err := s.db.UndoKept(ctx, i.Tenant, i.ID, in.DryRun, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &keptOutput{}
	if len(kept) > in.Limit {
		kept = kept[:in.Limit]
		out.Body.NextCursor = keptCursor(kept[in.Limit-1])
	}
	out.Body.Items = s.viewKept(ctx, i, kept)
	return out, nil
}

func keptCursor(k imports.Kept) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", k.Member, k.Problem.Field))
}

func parseKeptCursor(cursor string) (k imports.Kept, ok bool) {
	if cursor == "" {
		return k, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || strings.ContainsRune(string(raw), 0) {
		return k, false
	}
	id, field, ok := strings.Cut(string(raw), " ")
	if !ok {
		return k, false
	}
	k.Problem.Field = strings.ToValidUTF8(field, "")
	k.Member, err = strconv.ParseInt(id, 10, 64)
	return k, err == nil
}

func (s *server) findUndo(ctx context.Context, in *UndoReadInput) (*imports.Import, *imports.Undo, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, nil, err
	}
	u, err := s.db.Undo(ctx, i.Tenant, i.ID, in.DryRun)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, nil, refuse(http.StatusNotFound, codeNoUndo)
	}
	return i, u, err
}

func (s *server) viewUndo(ctx context.Context, i *imports.Import, u *imports.Undo) undoView {
	speaker := speaker{schema: s.kept(i), lang: sessionOf(ctx).lang()}
	v := undoView{
		State: u.State(), DryRun: u.DryRun, Total: u.Total, Done: u.Done, Removed: u.Counts.Removed, Restored: u.Counts.Restored,
		Returned: u.Counts.Returned, Kept: u.Counts.KeptInAll(), KeptCounts: []keptCount{},
		RequestedAt: u.RequestedAt, StartedAt: u.StartedAt, FinishedAt: u.FinishedAt,
	}
	for code, n := range u.Counts.Kept {
		v.KeptCounts = append(v.KeptCounts, keptCount{string(code), n, speaker.sentence(member.Problem{Code: code})})
	}
	slices.SortFunc(v.KeptCounts, func(a, b keptCount) int { return strings.Compare(a.Code, b.Code) })
	if u.Failure.Code != "" {
		v.Error = speaker.sentence(u.Failure)
	}
	return v
}

func (s *server) viewKept(ctx context.Context, i *imports.Import, kept []imports.Kept) []keptView {
	speaker := speaker{schema: s.kept(i), lang: sessionOf(ctx).lang()}
	views := make([]keptView, len(kept))
	for n, k := range kept {
		views[n] = keptView{k.Member, string(k.Problem.Code), k.Problem.Field, speaker.sentence(k.Problem)}
	}
	return views
}

// addUndos completes what is shown of imports that are, or are to be, undone.
func (s *server) addUndos(ctx context.Context, all []*imports.Import, views ...*importView) error {
	var ids []imports.ID
	for _, i := range all {
		if i.State.Final() || i.State == imports.StateUndoing {
			ids = append(ids, i.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	undos, err := s.db.Undos(ctx, tenantOf(ctx), ids)
	for n, i := range all {
		if u := undos[i.ID]; u != nil {
			views[n].Undo = new(s.viewUndo(ctx, i, u))
		}
	}
	return err
}
