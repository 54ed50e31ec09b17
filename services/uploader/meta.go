package uploader

import (
	"context"

	"github.com/meibo/meibo/internal/tenant"
)

// tenantView is an account.
type tenantView struct {
	ID       tenant.ID       `json:"id"`
	Name     string          `json:"name" example:"acme"`
	Label    string          `json:"label" doc:"What people call the account; empty where that is the name."`
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

// keyView is the API key of a request, without the key.
type keyView struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type meOutput struct {
	Body struct {
		Tenant tenantView `json:"tenant"`
		User   *userView  `json:"user,omitempty" doc:"Absent for a key that belongs to nobody."`
		Key    *keyView   `json:"key,omitempty" doc:"Absent for somebody who is signed in."`
		Scope  string     `json:"scope" enum:"read,import,admin" doc:"What the caller may do."`
		Limits limitsView `json:"limits" doc:"What the account may have."`
		Usage  usageView  `json:"usage" doc:"Where the account stands."`
	} `nameHint:"Me"`
}

// readMe is GET /v1/me.
func (s *server) readMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	c := callerOf(ctx)
	var out meOutput
	out.Body.Tenant, out.Body.Scope = viewTenant(&c.Tenant), string(c.Scope())
	if c.Session == 0 {
		out.Body.Key = &keyView{c.Key, c.KeyName}
	}
	if c.User.ID != 0 {
		out.Body.User = new(viewUser(&c.User))
	}
	u, err := s.db.Usage(ctx, c.Tenant.ID)
	if err != nil {
		return nil, err
	}
	out.Body.Limits, out.Body.Usage = viewUsage(&u)
	return &out, nil
}
