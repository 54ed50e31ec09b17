package uploader

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
)

// erasureView is the erasing of a member as the API shows it.
type erasureView struct {
	Member      int64        `json:"member_id"`
	RequestedAt time.Time    `json:"requested_at" doc:"When the member and its journal were deleted."`
	FinishedAt  *time.Time   `json:"finished_at" doc:"When no failure report named the member any more; null until then. It waits for imports of the list that were under way."`
	Journal     int64        `json:"journal_rows" doc:"Rows of the journal that were deleted."`
	Rows        int64        `json:"report_rows" doc:"Failed rows that were taken out of reports."`
	Reports     int64        `json:"reports" doc:"The number of those reports."`
	Sources     []keptSource `json:"sources" doc:"Uploaded files of the member's list that are still kept and may hold the person; files are never changed. The newest first, at most 200."`
	More        bool         `json:"more_sources" doc:"Whether there are others."`
}

// keptSource is a file that may hold somebody.
type keptSource struct {
	Import   string        `json:"import_id" format:"uuid"`
	FileName string        `json:"file_name"`
	State    imports.State `json:"state" doc:"An import that has not ended may bring the person back: look again when it has."`
	Until    *time.Time    `json:"expires_at" doc:"When the file is deleted (source_days); null for an import that has not ended."`
	Known    bool          `json:"known" doc:"Whether the file is known to have held the member. Others may have: rows that change nothing are not noted."`
}

type erasureOutput struct {
	Status int
	Body   erasureView
}

func viewErasure(e *postgres.Erasure, status int) *erasureOutput {
	v := erasureView{e.Member, e.RequestedAt, e.FinishedAt, e.Journal, e.Rows, e.Reports, []keptSource{}, e.More}
	for _, s := range e.Sources {
		v.Sources = append(v.Sources, keptSource{s.Import.String(), s.FileName, s.State, s.Until, s.Known})
	}
	return &erasureOutput{status, v}
}

// eraseMember is POST /v1/members/{id}/erase. The fields are those of the member's list or, where it is deleted, those that all
// lists have.
func (s *server) eraseMember(ctx context.Context, in *MemberInput) (*erasureOutput, error) {
	_, schema, err := s.findMember(ctx, in.ID)
	if errors.Is(err, postgres.ErrNotFound) {
		schema, err = s.db.Schema(ctx, tenantOf(ctx), 0)
	}
	if err != nil {
		return nil, err
	}
	e, err := s.db.EraseMember(ctx, tenantOf(ctx), schema, in.ID)
	var unified *postgres.Unified
	if errors.As(err, &unified) {
		r := refuse(http.StatusConflict, codeMemberUnified, "id", strconv.FormatInt(unified.Member, 10))
		r.member = unified.Member
		return nil, r
	}
	if err != nil {
		return nil, err
	}
	return viewErasure(&e, http.StatusAccepted), nil
}

// readErasure is GET /v1/members/{id}/erase.
func (s *server) readErasure(ctx context.Context, in *MemberInput) (*erasureOutput, error) {
	e, err := s.db.ErasureOf(ctx, tenantOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return viewErasure(&e, http.StatusOK), nil
}
