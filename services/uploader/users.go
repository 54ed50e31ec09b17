package uploader

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// invitationLifetime is how long a token can be used by which a user chooses a password.
const invitationLifetime = 72 * time.Hour

// UserFields, KeyFields, PartsFields and UndoFields are views by the names under which others embed them: of what is not
// exported, huma's document says nothing.
type (
	UserFields  = userView
	KeyFields   = apiKeyView
	PartsFields = partsView
	UndoFields  = undoView
)

// personView is a user as administrators see it.
type personView struct {
	UserFields
	HasPassword bool       `json:"has_password" doc:"Whether the user has chosen a password, and so can sign in."`
	CreatedAt   time.Time  `json:"created_at"`
	DisabledAt  *time.Time `json:"disabled_at" doc:"null for a user who may sign in."`
	SignedInAt  *time.Time `json:"signed_in_at" doc:"null for a user who never has."`
	InvitedTill *time.Time `json:"invited_until" doc:"Until when an invitation can be used that was not yet."`
}

func viewPerson(p *postgres.Person) personView {
	return personView{viewUser(&p.User), p.HasPassword, p.CreatedAt, p.DisabledAt, p.SignedInAt, p.TokenExpiresAt}
}

// invitationView is what a user needs to choose a password.
type invitationView struct {
	Token     string    `json:"token" doc:"Shown this once. Whoever has it can choose the user's password, once."`
	ExpiresAt time.Time `json:"expires_at"`
}

type usersOutput struct {
	Body struct {
		Items []personView `json:"items"`
	} `nameHint:"UserList"`
}

// listUsers is GET /v1/users.
func (s *server) listUsers(ctx context.Context, _ *struct{}) (*usersOutput, error) {
	people, err := s.db.People(ctx, tenantOf(ctx))
	if err != nil {
		return nil, err
	}
	var out usersOutput
	out.Body.Items = make([]personView, len(people))
	for i := range people {
		out.Body.Items[i] = viewPerson(&people[i])
	}
	return &out, nil
}

// UserInput names one user.
type UserInput struct {
	ID int64 `path:"id" doc:"The id of the user."`
}

type personOutput struct {
	Status   int
	Location string `header:"Location" doc:"The address of the new user."`
	Body     personView
}

// readUser is GET /v1/users/{id}.
func (s *server) readUser(ctx context.Context, in *UserInput) (*personOutput, error) {
	p, err := s.db.Person(ctx, tenantOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &personOutput{Status: http.StatusOK, Body: viewPerson(&p)}, nil
}

type createUserInput struct {
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254" example:"hanako@example.jp" doc:"Where the user is written to, and signs in with."`
		Name     string `json:"name" minLength:"1" maxLength:"100" example:"名簿 花子"`
		Role     string `json:"role" enum:"owner,admin,editor,viewer" doc:"What the user may do; only owners make owners."`
		Language string `json:"language,omitempty" enum:"ja,en" doc:"Default: the tenant's."`
	} `nameHint:"NewUser"`
}

// createUser is POST /v1/users.
func (s *server) createUser(ctx context.Context, in *createUserInput) (*personOutput, error) {
	b := &in.Body
	var wrong []part
	email, ok := mailAddress(b.Email)
	if !ok {
		wrong = append(wrong, wrongOption("email"))
	}
	if !goodName(&b.Name) {
		wrong = append(wrong, part{code: codeName, option: "name", fill: []string{"option", "name"}})
	}
	if len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	p, err := s.db.AddPerson(ctx, tenantOf(ctx), callerOf(ctx).ActsAs(), postgres.User{
		Email: email, Name: b.Name, Role: postgres.Role(b.Role), Language: tenant.Language(b.Language),
	})
	if err != nil {
		return nil, refuseManaging(err, email)
	}
	return &personOutput{Status: http.StatusCreated, Location: "/v1/users/" + strconv.FormatInt(p.ID, 10), Body: viewPerson(&p)}, nil
}

// refuseManaging says why a user or key is not changed.
func refuseManaging(err error, name string) error {
	switch {
	case errors.Is(err, postgres.ErrDenied):
		return refuse(http.StatusForbidden, codeRoleDenied)
	case errors.Is(err, postgres.ErrLastOwner):
		return refuse(http.StatusConflict, codeLastOwner)
	case errors.Is(err, postgres.ErrConflict):
		return refuse(http.StatusConflict, codeUserDisabled)
	case errors.Is(err, postgres.ErrExists):
		return refuse(http.StatusConflict, codeExists, "name", name)
	}
	return err
}

type changeUserInput struct {
	UserInput
	Body struct {
		Name     *string          `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Role     *postgres.Role   `json:"role,omitempty" enum:"owner,admin,editor,viewer"`
		Language *tenant.Language `json:"language,omitempty" enum:"ja,en"`
		Disabled *bool            `json:"disabled,omitempty" doc:"A disabled user is signed out everywhere, cannot sign in, and its keys are refused."`
	} `nameHint:"UserChange"`
}

// changeUser is PATCH /v1/users/{id}.
func (s *server) changeUser(ctx context.Context, in *changeUserInput) (*personOutput, error) {
	b := &in.Body
	if b.Name != nil && !goodName(b.Name) {
		return nil, invalid(part{code: codeName, option: "name", fill: []string{"option", "name"}})
	}
	p, err := s.db.ChangePerson(ctx, tenantOf(ctx), callerOf(ctx).ActsAs(), in.ID, postgres.PersonChange{
		Name: b.Name, Role: b.Role, Language: b.Language, Disabled: b.Disabled,
	})
	if err != nil {
		return nil, refuseManaging(err, "")
	}
	return &personOutput{Status: http.StatusOK, Body: viewPerson(&p)}, nil
}

// deleteUser is DELETE /v1/users/{id}.
func (s *server) deleteUser(ctx context.Context, in *UserInput) (*struct{}, error) {
	_, err := s.db.DeletePerson(ctx, tenantOf(ctx), callerOf(ctx).ActsAs(), in.ID)
	return nil, refuseManaging(err, "")
}

type invitationOutput struct {
	Body invitationView
}

// inviteUser is POST /v1/users/{id}/invitation.
func (s *server) inviteUser(ctx context.Context, in *UserInput) (*invitationOutput, error) {
	token, expires, err := s.db.IssueToken(ctx, tenantOf(ctx), callerOf(ctx).ActsAs(), in.ID, invitationLifetime)
	if err != nil {
		return nil, refuseManaging(err, "")
	}
	return &invitationOutput{invitationView{token, expires}}, nil
}

// apiKeyView is an API key, without the key.
type apiKeyView struct {
	ID           int64          `json:"id"`
	Name         string         `json:"name"`
	Scope        postgres.Scope `json:"scope" enum:"read,import,admin" doc:"What it may do at most: never more than its user."`
	AllowConsent bool           `json:"allow_consent" doc:"Whether imports by it may opt in who opted out (consent: allow)."`
	User         *userView      `json:"user" doc:"null for a key that belongs to nobody."`
	CreatedAt    time.Time      `json:"created_at"`
	ExpiresAt    *time.Time     `json:"expires_at" doc:"null for a key that does not expire."`
	LastUsedAt   *time.Time     `json:"last_used_at" doc:"Exact to a minute; null for a key that was never used."`
	RevokedAt    *time.Time     `json:"revoked_at"`
}

func viewKey(k *postgres.Key) apiKeyView {
	v := apiKeyView{k.ID, k.Name, k.Scope, k.AllowConsent, nil, k.CreatedAt, k.ExpiresAt, k.LastUsedAt, k.RevokedAt}
	if k.User.ID != 0 {
		v.User = new(viewUser(&k.User))
	}
	return v
}

type keysOutput struct {
	Body struct {
		Items []apiKeyView `json:"items"`
	} `nameHint:"KeyList"`
}

// listKeys is GET /v1/keys.
func (s *server) listKeys(ctx context.Context, _ *struct{}) (*keysOutput, error) {
	keys, err := s.db.Keys(ctx, tenantOf(ctx))
	if err != nil {
		return nil, err
	}
	var out keysOutput
	out.Body.Items = make([]apiKeyView, len(keys))
	for i := range keys {
		out.Body.Items[i] = viewKey(&keys[i])
	}
	return &out, nil
}

type createKeyInput struct {
	Body struct {
		Name         string         `json:"name" minLength:"1" maxLength:"100" example:"夜間の取り込み" doc:"What the key is for."`
		Scope        postgres.Scope `json:"scope,omitempty" enum:"read,import,admin" doc:"What it may do at most. Default: import."`
		User         *int64         `json:"user_id,omitempty" minimum:"1" doc:"To whom it belongs: it never may more than its user, who gets mails about its imports. Default: nobody."`
		AllowConsent bool           `json:"allow_consent,omitempty" doc:"Whether imports by it may opt in who opted out (consent: allow)."`
		ExpiresAt    *time.Time     `json:"expires_at,omitempty" doc:"When it expires. Default: never."`
	} `nameHint:"NewKey"`
}

type createdKeyView struct {
	KeyFields
	Key string `json:"key" doc:"The key itself. It is shown this once."`
}

type createdKeyOutput struct {
	Body createdKeyView
}

// createKey is POST /v1/keys.
func (s *server) createKey(ctx context.Context, in *createKeyInput) (*createdKeyOutput, error) {
	b, caller := &in.Body, callerOf(ctx)
	if !goodName(&b.Name) {
		return nil, invalid(part{code: codeName, option: "name", fill: []string{"option", "name"}})
	}
	if b.ExpiresAt != nil && (b.ExpiresAt.Before(time.Now()) || b.ExpiresAt.Year() > 9999) {
		return nil, invalid(wrongOption("expires_at"))
	}
	if b.AllowConsent && !caller.MayAllowConsent() {
		return nil, refuse(http.StatusForbidden, codeRoleDenied)
	}
	n := postgres.NewKey{Name: b.Name, Scope: b.Scope, AllowConsent: b.AllowConsent, ExpiresAt: b.ExpiresAt}
	if n.Scope == "" {
		n.Scope = postgres.ScopeImport
	}
	if b.User != nil {
		n.User = *b.User
	}
	k, secret, err := s.db.IssueKey(ctx, caller.Tenant.ID, caller.ActsAs(), n)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, invalid(part{code: codeUnknownUser, option: "user_id"})
	}
	if err != nil {
		return nil, refuseManaging(err, "")
	}
	return &createdKeyOutput{createdKeyView{viewKey(&k), secret}}, nil
}

type keyInput struct {
	ID int64 `path:"id" doc:"The id of the key."`
}

type keyOutput struct {
	Body apiKeyView
}

// revokeKey is POST /v1/keys/{id}/revoke.
func (s *server) revokeKey(ctx context.Context, in *keyInput) (*keyOutput, error) {
	k, err := s.db.RevokeKey(ctx, tenantOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &keyOutput{viewKey(&k)}, nil
}
