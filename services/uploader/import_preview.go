package uploader

import (
	"context"
	"time"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// previewBody is a sample of what an import does, or of what a dry run says it would.
type previewBody struct {
	Items    []previewRow `json:"items" doc:"The first 10 rows of each outcome, in the order of the file; none once they are kept no more (report_gone_at of the import)."`
	Complete bool         `json:"complete" doc:"Whether the import has ended, so that no more rows come. Until then rows of parts of the file that are not merged yet may be missing in between."`
}

type previewRow struct {
	RowNumber int64         `json:"row_number" doc:"The number that Excel shows for the row."`
	Outcome   string        `json:"outcome" enum:"created,updated,unchanged,deleted,skipped"`
	MemberID  *int64        `json:"member_id" doc:"The id of the member; null where there is none, or it is one that a dry run would create."`
	Code      string        `json:"code" doc:"Why the row was skipped; empty where it was not."`
	Reason    string        `json:"reason" doc:"The same in a sentence."`
	Changes   []valueChange `json:"changes" doc:"What the row changed: of a created member the fields that got a value, of a deleted one the values of the mapped fields. A member that an earlier row has changed is compared with what that has left."`
}

type valueChange struct {
	Field  string `json:"field" example:"city" doc:"The key of the field."`
	Before any    `json:"before" doc:"The value before the row; null for none."`
	After  any    `json:"after" doc:"The value after it; null for none."`
	Cut    bool   `json:"cut,omitempty" doc:"Whether a value is longer than is shown: 200 characters and … of a text or an item, 20 items of a list."`
}

type previewInput struct {
	ImportInput
	Outcome  string          `query:"outcome" enum:"created,updated,unchanged,deleted,skipped" doc:"Only rows with this outcome."`
	Language tenant.Language `query:"language" enum:"ja,en" doc:"The language of the reasons. Default: by Accept-Language."`
}

type previewOutput struct{ Body previewBody }

// readPreview is GET /v1/imports/{id}/preview.
func (s *server) readPreview(ctx context.Context, in *previewInput) (*previewOutput, error) {
	speak(ctx, string(in.Language))
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Preview(ctx, i.Tenant, i.ID, in.Outcome)
	if err != nil {
		return nil, err
	}
	speaker := speaker{schema: s.kept(i), lang: sessionOf(ctx).lang()}
	out := &previewOutput{Body: previewBody{Items: make([]previewRow, 0, len(rows)), Complete: i.FinishedAt != nil}}
	for _, r := range rows {
		shown := previewRow{RowNumber: r.Row, Outcome: r.Outcome, MemberID: r.Member, Code: string(r.Code), Changes: make([]valueChange, 0, len(r.Changes))}
		if r.Code != "" {
			shown.Reason = speaker.sentence(member.Problem{Code: r.Code})
		}
		for _, c := range r.Changes {
			shown.Changes = append(shown.Changes, valueChange{c.Field, c.Before, c.After, c.Cut})
		}
		out.Body.Items = append(out.Body.Items, shown)
	}
	return out, nil
}

type paceBody struct {
	Items []pacePoint `json:"items" doc:"From the start to the end, or to the last moment that was noted: 240 points at most. Neither time nor rows go back."`
}

type pacePoint struct {
	At   time.Time `json:"at"`
	Done int64     `json:"done" doc:"Rows that had an outcome by then."`
}

type paceOutput struct{ Body paceBody }

// readPace is GET /v1/imports/{id}/pace.
func (s *server) readPace(ctx context.Context, in *ImportInput) (*paceOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	points, err := s.db.PaceOf(ctx, i.Tenant, i.ID)
	if err != nil {
		return nil, err
	}
	out := &paceOutput{Body: paceBody{Items: make([]pacePoint, 0, len(points))}}
	for _, p := range points {
		out.Body.Items = append(out.Body.Items, pacePoint(p))
	}
	return out, nil
}

type timelineBody struct {
	Items []timelineEvent `json:"items" doc:"The oldest first; of acts, mails and retries the latest 200 each."`
}

type timelineEvent struct {
	At     time.Time      `json:"at"`
	Act    string         `json:"act" example:"import.start" doc:"An act of the audit log (import.create, import.upload, import.start, import.pause, import.resume, import.cancel, import.undo, import.retry, import.source_expire, import.report_expire), or run (the list's turn has come), read (the file is read to its end), merged (every row is, and leads are unified or members removed), finish, mail, retry (another import retries its failed rows), undo.run, undo.finish."`
	Actor  string         `json:"actor" doc:"The name of the user, key or operator; empty for Meibo itself."`
	Detail map[string]any `json:"detail" doc:"What else is known: of finish state, totals and, of one that failed, code; of mail recipient, run, sent and, of one that was not, code; of retry import and file_name; of undo.finish dry_run, removed, restored, returned and kept; of acts what the audit log has."`
}

type timelineOutput struct{ Body timelineBody }

// readTimeline is GET /v1/imports/{id}/timeline.
func (s *server) readTimeline(ctx context.Context, in *ImportInput) (*timelineOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	events, err := s.db.Timeline(ctx, i.Tenant, i.ID)
	if err != nil {
		return nil, err
	}
	out := &timelineOutput{Body: timelineBody{Items: make([]timelineEvent, 0, len(events))}}
	for _, e := range events {
		out.Body.Items = append(out.Body.Items, timelineEvent(e))
	}
	return out, nil
}
