package uploader

import (
	"context"
	"errors"
	"net/http"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
)

// cancelImport is POST /v1/imports/{id}/cancel.
func (s *server) cancelImport(ctx context.Context, in *ImportInput) (*importOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	err = s.db.CancelImport(ctx, i.Tenant, i.ID)
	if errors.Is(err, postgres.ErrConflict) {
		if i.State == imports.StateUndoing {
			return nil, refuse(http.StatusConflict, codeUndoing)
		}
		return nil, refuse(http.StatusConflict, codeEnded)
	}
	return s.stopped(ctx, i, err)
}

// pauseImport is POST /v1/imports/{id}/pause.
func (s *server) pauseImport(ctx context.Context, in *ImportInput) (*importOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	err = s.db.PauseImport(ctx, i.Tenant, i.ID)
	if errors.Is(err, postgres.ErrConflict) {
		return nil, s.notPausable(ctx, i)
	}
	return s.stopped(ctx, i, err)
}

// notPausable says why an import cannot be paused.
func (s *server) notPausable(ctx context.Context, i *imports.Import) error {
	i, err := s.db.Import(ctx, i.Tenant, i.ID)
	switch {
	case err != nil:
		return err
	case i.State.Final():
		return refuse(http.StatusConflict, codeEnded)
	case i.State == imports.StateQueued:
		return refuse(http.StatusConflict, codeWaiting)
	}
	return refuse(http.StatusConflict, codeNotRunning)
}

// stopped shows an import that runs no more, if err says that it does not.
func (s *server) stopped(ctx context.Context, i *imports.Import, err error) (*importOutput, error) {
	if err != nil {
		return nil, err
	}
	s.relay.Kick()
	if i, err = s.db.Import(ctx, i.Tenant, i.ID); err != nil {
		return nil, err
	}
	return s.output(ctx, http.StatusOK, i), nil
}

// resumeImport is POST /v1/imports/{id}/resume.
func (s *server) resumeImport(ctx context.Context, in *ImportInput) (*importOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	switch err := s.db.ResumeImport(ctx, i.Tenant, i.ID); {
	case errors.Is(err, postgres.ErrConflict):
		return nil, s.notResumable(ctx, i)
	case errors.Is(err, postgres.ErrOvertaken):
		return nil, refuse(http.StatusConflict, codeOvertaken)
	case errors.Is(err, postgres.ErrSourceExpired):
		return nil, refuse(http.StatusGone, codeSourceExpired)
	case errors.Is(err, postgres.ErrReportExpired):
		return nil, refuse(http.StatusGone, codeReportExpired)
	case err != nil:
		return nil, err
	}
	s.relay.Kick()
	if i, err = s.db.Import(ctx, i.Tenant, i.ID); err != nil {
		return nil, err
	}
	return s.output(ctx, http.StatusAccepted, i), nil
}

// notResumable says why an import cannot be resumed.
func (s *server) notResumable(ctx context.Context, i *imports.Import) error {
	i, err := s.db.Import(ctx, i.Tenant, i.ID)
	switch {
	case err != nil:
		return err
	case i.State == imports.StateFailed && imports.CanMend(i.Failure.Code):
		return refuse(http.StatusConflict, codeResumeLate)
	case i.State.Final():
		return refuse(http.StatusConflict, codeNotResumable)
	}
	return refuse(http.StatusConflict, codeNotPaused)
}
