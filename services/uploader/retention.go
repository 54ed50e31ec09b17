package uploader

import (
	"context"

	"github.com/meibo/meibo/internal/postgres"
)

// retentionView is for how long things are kept, as the API shows it.
type retentionView struct {
	SourceDays  int `json:"source_days" doc:"Uploaded files. An import that is not started by then needs its file again."`
	ReportDays  int `json:"report_days" doc:"Failed rows, with their reports. Their numbers stay."`
	JournalDays int `json:"journal_days" doc:"What imports have changed: for so long one can be undone."`
	AuditDays   int `json:"audit_days" doc:"The audit log, from each act on."`
}

type retentionOutput struct{ Body retentionView }

// readRetention is GET /v1/retention.
func (s *server) readRetention(ctx context.Context, _ *struct{}) (*retentionOutput, error) {
	r, err := s.db.Retention(ctx, tenantOf(ctx))
	return &retentionOutput{retentionView(r)}, err
}

type changeRetentionInput struct {
	Body struct {
		SourceDays  *int `json:"source_days,omitempty" minimum:"1" maximum:"3660" doc:"Uploaded files."`
		ReportDays  *int `json:"report_days,omitempty" minimum:"1" maximum:"3660" doc:"Failed rows, with their reports."`
		JournalDays *int `json:"journal_days,omitempty" minimum:"1" maximum:"366" doc:"What imports have changed."`
		AuditDays   *int `json:"audit_days,omitempty" minimum:"30" maximum:"3660" doc:"The audit log."`
	} `nameHint:"RetentionChange"`
}

// changeRetention is PATCH /v1/retention.
func (s *server) changeRetention(ctx context.Context, in *changeRetentionInput) (*retentionOutput, error) {
	r, err := s.db.SetRetention(ctx, tenantOf(ctx), postgres.RetentionChange(in.Body))
	return &retentionOutput{retentionView(r)}, err
}
