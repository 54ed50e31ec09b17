package uploader

import (
	"context"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// settingsView is what an account has settled, as the API shows it.
type settingsView struct {
	Name     string          `json:"name" doc:"What people sign in by. It stays."`
	Label    string          `json:"label" doc:"What people call the account; empty where that is the name."`
	Language tenant.Language `json:"language" enum:"ja,en" doc:"The language of mails to those who have none of their own."`
	TimeZone string          `json:"time_zone" example:"Asia/Tokyo" doc:"Where dates and times without a zone are meant."`
	Region   string          `json:"region" example:"JP" doc:"The country of phone numbers without a country code."`
	MailFrom string          `json:"mail_from" doc:"The sender of mails; empty where that is the installation's. Operators set it."`
	Notify   notifySettings  `json:"notify" doc:"Who is told of the end of imports that do not say it themselves."`
	RowLimit int             `json:"row_limit" doc:"The longest row that a file may have, in bytes of UTF-8. Operators set it, as all limits."`
	Quota    *int64          `json:"member_quota" doc:"How many members and leads there may be; null for any number."`
	Limits   limitsView      `json:"limits"`
}

// notifySettings are who is told.
type notifySettings struct {
	Owners     bool     `json:"owners" doc:"The owners of the account."`
	Importer   bool     `json:"importer" doc:"Whoever imported."`
	Recipients []string `json:"recipients" doc:"E-mail addresses beside them."`
	MinRows    int64    `json:"min_rows" doc:"Completed imports of fewer rows are not told of; failed ones always are."`
}

type settingsOutput struct{ Body settingsView }

func viewSettings(s *postgres.Settings) *settingsOutput {
	return &settingsOutput{settingsView{
		s.Name, s.Label, s.Language, s.TimeZone, s.Region, s.MailFrom, notifySettings(s.Notify), s.MaxRowBytes, s.MemberQuota,
		limitsView{s.Limits.Running, s.Limits.RowsPerDay, s.Limits.Storage},
	}}
}

// readSettings is GET /v1/settings.
func (s *server) readSettings(ctx context.Context, _ *struct{}) (*settingsOutput, error) {
	now, err := s.db.Settings(ctx, tenantOf(ctx))
	if err != nil {
		return nil, err
	}
	return viewSettings(&now), nil
}

type changeSettingsInput struct {
	Body struct {
		Label    *string          `json:"label,omitempty" maxLength:"100" doc:"What people call the account; empty for its name."`
		Language *tenant.Language `json:"language,omitempty" enum:"ja,en"`
		TimeZone *string          `json:"time_zone,omitempty" maxLength:"64" example:"Asia/Tokyo" doc:"An IANA time zone."`
		Region   *string          `json:"region,omitempty" maxLength:"2" example:"JP" doc:"An ISO 3166-1 country code."`
		Notify   *struct {
			Owners     *bool    `json:"owners,omitempty"`
			Importer   *bool    `json:"importer,omitempty"`
			Recipients []string `json:"recipients,omitempty" maxItems:"20" doc:"In place of those that there are."`
			MinRows    *int64   `json:"min_rows,omitempty" minimum:"0"`
		} `json:"notify,omitempty" doc:"What is left out of it stays, too."`
	} `nameHint:"SettingsChange"`
}

// changeSettings is PATCH /v1/settings.
func (s *server) changeSettings(ctx context.Context, in *changeSettingsInput) (*settingsOutput, error) {
	to := postgres.SettingsChange{Language: in.Body.Language, TimeZone: in.Body.TimeZone, Region: in.Body.Region}
	if wrong := in.check(&to); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	if said := in.Body.Notify; said != nil {
		now, err := s.db.Settings(ctx, tenantOf(ctx))
		if err != nil {
			return nil, err
		}
		notify := now.Notify
		put(&notify.Owners, said.Owners)
		put(&notify.Importer, said.Importer)
		put(&notify.MinRows, said.MinRows)
		if said.Recipients != nil {
			notify.Recipients = to.Notify.Recipients
		}
		to.Notify = &notify
	}
	now, err := s.db.ChangeSettings(ctx, tenantOf(ctx), to)
	if err != nil {
		return nil, err
	}
	return viewSettings(&now), nil
}

// put takes a value that is said in place of the one that there is.
func put[T any](to *T, said *T) {
	if said != nil {
		*to = *said
	}
}

// check notes in to what is said in words of the caller's own, and returns what is wrong with it.
func (in *changeSettingsInput) check(to *postgres.SettingsChange) (wrong []part) {
	if label := in.Body.Label; label != nil {
		to.Label = new(strings.TrimSpace(*label))
		if !storable(*label) || strings.ContainsAny(*label, "\r\n") {
			wrong = append(wrong, wrongOption("label"))
		}
	}
	if zone := in.Body.TimeZone; zone != nil {
		if loaded, err := time.LoadLocation(*zone); *zone == "" || err != nil || loaded == time.Local {
			wrong = append(wrong, wrongOption("time_zone"))
		}
	}
	if region := in.Body.Region; region != nil && !member.KnownRegion(*region) {
		wrong = append(wrong, wrongOption("region"))
	}
	if in.Body.Notify == nil {
		return wrong
	}
	n := NotifyOptions{Recipients: in.Body.Notify.Recipients}
	var named imports.Notify
	wrong = append(wrong, n.apply(&named)...)
	to.Notify = &imports.NotifyDefault{Recipients: named.Recipients}
	return wrong
}
