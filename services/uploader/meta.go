package uploader

import (
	"context"

	"github.com/meibo/meibo/internal/tenant"
)

// tenantView is an account.
type tenantView struct {
	ID       tenant.ID       `json:"id"`
	Name     string          `json:"name" example:"acme"`
	Language tenant.Language `json:"language" enum:"ja,en"`
	TimeZone string          `json:"time_zone" example:"Asia/Tokyo"`
	Region   string          `json:"region" example:"JP"`
}

// userView is a person.
type userView struct {
	ID       int64           `json:"id"`
	Email    string          `json:"email"`
	Name     string          `json:"name"`
	Language tenant.Language `json:"language" enum:"ja,en"`
	Role     string          `json:"role" enum:"owner,admin,editor,viewer"`
}

// keyView is an API key, without the key.
type keyView struct {
	Name string `json:"name"`
}

type meOutput struct {
	Body struct {
		Tenant tenantView `json:"tenant"`
		User   *userView  `json:"user,omitempty" doc:"Absent for a key that belongs to nobody."`
		Key    keyView    `json:"key"`
		Limits limitsView `json:"limits" doc:"What the account may have."`
		Usage  usageView  `json:"usage" doc:"Where the account stands."`
	} `nameHint:"Me"`
}

// readMe is GET /v1/me.
func (s *server) readMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	c := callerOf(ctx)
	var out meOutput
	out.Body.Tenant = tenantView{c.Tenant.ID, c.Tenant.Name, c.Tenant.Language, c.Tenant.TimeZone, c.Tenant.Region}
	out.Body.Key = keyView{c.KeyName}
	if c.User.ID != 0 {
		out.Body.User = &userView{c.User.ID, c.User.Email, c.User.Name, c.User.Language, string(c.User.Role)}
	}
	u, err := s.db.Usage(ctx, c.Tenant.ID)
	if err != nil {
		return nil, err
	}
	out.Body.Limits, out.Body.Usage = viewUsage(&u)
	return &out, nil
}
