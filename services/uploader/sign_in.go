package uploader

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/password"
	"github.com/meibo/meibo/internal/postgres"
)

// cookieName is that of the session's cookie. The prefix makes browsers keep it to this host and to https (RFC 6265bis, section
// 4.1.3.2); without https, as on a developer's machine, there is none.
func (s *server) cookieName() string {
	if s.encrypted() {
		return "__Host-meibo_session"
	}
	return "meibo_session"
}

// cookie gives a browser the token of a session; an empty one takes it away.
func (s *server) cookie(token string) http.Cookie {
	c := http.Cookie{
		Name: s.cookieName(), Value: token, Path: "/", Secure: s.encrypted(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		MaxAge: int(s.access.SessionLifetime / time.Second),
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// sessionView is one place where somebody is signed in.
type sessionView struct {
	ID        int64     `json:"id"`
	Current   bool      `json:"current" doc:"Whether it is the session of this request."`
	Address   string    `json:"address" doc:"The address that it was opened from."`
	Agent     string    `json:"agent" doc:"The browser that opened it, as it calls itself."`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"When it was last used, exact to a minute."`
	ExpiresAt time.Time `json:"expires_at" doc:"When it ends at the latest."`
}

func viewSession(n *postgres.Session, current int64) sessionView {
	return sessionView{n.ID, n.ID == current, n.Address, n.Agent, n.CreatedAt, n.SeenAt, n.ExpiresAt}
}

// signedInView is who is signed in.
type signedInView struct {
	Tenant  tenantView     `json:"tenant"`
	User    userView       `json:"user"`
	Scope   postgres.Scope `json:"scope" enum:"read,import,admin" doc:"What the user may do."`
	Session sessionView    `json:"session"`
}

type signedInOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie" doc:"The session."`
	Body      signedInView
}

type sessionOutput struct {
	Body signedInView
}

type signInInput struct {
	Body struct {
		Tenant   string `json:"tenant" minLength:"1" maxLength:"63" example:"acme" doc:"The name of the tenant."`
		Email    string `json:"email" minLength:"1" maxLength:"254" example:"hanako@example.jp" doc:"The e-mail address, in any case."`
		Password string `json:"password" minLength:"1" maxLength:"256" format:"password" doc:"The password."`
	} `nameHint:"SignIn"`
}

// signIn is POST /v1/session. Whether the account is unknown, disabled or without a password, or the password is wrong: the
// work is the same, and so is the answer.
func (s *server) signIn(ctx context.Context, in *signInInput) (*signedInOutput, error) {
	b, ses := &in.Body, sessionOf(ctx)
	attempt := postgres.SignIn{Tenant: b.Tenant, Email: strings.TrimSpace(b.Email), Address: household(ses.client)}
	c, err := s.prove(ctx, attempt, b.Password, func() (postgres.Credential, error) { return s.db.CredentialOf(ctx, attempt) })
	if errors.Is(err, errWrongPassword) {
		return nil, refuse(http.StatusUnauthorized, codeSignInFailed)
	}
	if err != nil {
		return nil, err
	}
	// Who knew the token of the session before, or has planted it, knows nothing of the new one.
	if ses.token != "" {
		if old, err := s.db.AuthenticateSession(ctx, ses.token, s.access.SessionIdle); err == nil {
			leaving := postgres.WithActor(ctx, actor(&old, ses.client))
			if err := s.db.CloseSession(leaving, old.Tenant.ID, old.User.ID, old.Session); err != nil && !errors.Is(err, postgres.ErrNotFound) {
				return nil, err
			}
		}
	}
	return s.open(ctx, &c)
}

var errWrongPassword = errors.New("wrong password")

// prove compares a password with the credential that find returns, as one attempt to sign in. errWrongPassword: it is not that one.
func (s *server) prove(ctx context.Context, attempt postgres.SignIn, text string, find func() (postgres.Credential, error)) (postgres.Credential, error) {
	wait, err := s.db.BeginSignIn(ctx, attempt)
	if err != nil {
		return postgres.Credential{}, err
	}
	if wait > 0 {
		return postgres.Credential{}, tooMany(codeSignInLocked, wait)
	}
	c, err := find()
	if err != nil {
		return c, err
	}
	ok, outdated, err := s.hasher.Verify(ctx, c.Password, text)
	if err != nil {
		return c, busy(err)
	}
	if !ok {
		return c, errWrongPassword
	}
	if err := s.db.EndSignIn(ctx, attempt); err != nil || !outdated {
		return c, err
	}
	hash, err := s.hasher.Hash(ctx, text)
	if err != nil {
		return c, busy(err)
	}
	err = s.db.UpgradePassword(ctx, c.Tenant.ID, c.User.ID, c.Password, hash)
	c.Password = hash
	return c, err
}

// busy makes a refusal of a hasher that has no room.
func busy(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return tooMany(codeTooMany, 5*time.Second)
	}
	return err
}

// maxAgent bounds what is kept of what a browser calls itself, in bytes.
const maxAgent = 300

// open signs somebody in.
func (s *server) open(ctx context.Context, c *postgres.Credential) (*signedInOutput, error) {
	ses := sessionOf(ctx)
	ctx = postgres.WithActor(ctx, actor(&postgres.Caller{Tenant: c.Tenant, User: c.User}, ses.client))
	token, opened, err := s.db.OpenSession(ctx, c.Tenant.ID, c.User.ID, postgres.NewSession{
		Address: ses.client.String(), Agent: ses.agent[:min(len(ses.agent), maxAgent)], Lifetime: s.access.SessionLifetime, Password: c.Password,
	})
	if errors.Is(err, postgres.ErrNotFound) { // disabled, or with another password, at this moment
		return nil, refuse(http.StatusUnauthorized, codeSignInFailed)
	}
	if err != nil {
		return nil, err
	}
	caller := postgres.Caller{Tenant: c.Tenant, User: c.User, Session: opened.ID}
	ses.caller = &caller
	out := &signedInOutput{SetCookie: s.cookie(token), Body: s.signedIn(&caller)}
	out.Body.Session = viewSession(&opened, opened.ID)
	return out, nil
}

func (s *server) signedIn(c *postgres.Caller) signedInView {
	return signedInView{Tenant: viewTenant(&c.Tenant), User: viewUser(&c.User), Scope: c.Scope()}
}

// readSession is GET /v1/session.
func (s *server) readSession(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
	c := callerOf(ctx)
	all, err := s.db.Sessions(ctx, c.Tenant.ID, c.User.ID, s.access.SessionIdle)
	if err != nil {
		return nil, err
	}
	out := &sessionOutput{s.signedIn(c)}
	for i := range all {
		if all[i].ID == c.Session {
			out.Body.Session = viewSession(&all[i], c.Session)
		}
	}
	return out, nil
}

type signOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie" doc:"Takes the cookie away."`
}

// signOut is DELETE /v1/session.
func (s *server) signOut(ctx context.Context, _ *struct{}) (*signOutOutput, error) {
	c := callerOf(ctx)
	if err := s.db.CloseSession(ctx, c.Tenant.ID, c.User.ID, c.Session); err != nil && !errors.Is(err, postgres.ErrNotFound) {
		return nil, err
	}
	return &signOutOutput{s.cookie("")}, nil
}

type sessionsOutput struct {
	Body struct {
		Items []sessionView `json:"items"`
	} `nameHint:"SessionList"`
}

// listSessions is GET /v1/sessions.
func (s *server) listSessions(ctx context.Context, _ *struct{}) (*sessionsOutput, error) {
	c := callerOf(ctx)
	all, err := s.db.Sessions(ctx, c.Tenant.ID, c.User.ID, s.access.SessionIdle)
	if err != nil {
		return nil, err
	}
	var out sessionsOutput
	out.Body.Items = make([]sessionView, len(all))
	for i := range all {
		out.Body.Items[i] = viewSession(&all[i], c.Session)
	}
	return &out, nil
}

type endSessionInput struct {
	ID int64 `path:"id" doc:"The id of the session."`
}

// endSession is DELETE /v1/sessions/{id}.
func (s *server) endSession(ctx context.Context, in *endSessionInput) (*struct{}, error) {
	c := callerOf(ctx)
	return nil, s.db.CloseSession(ctx, c.Tenant.ID, c.User.ID, in.ID)
}

type changePasswordInput struct {
	Body struct {
		Old string `json:"old_password" minLength:"1" maxLength:"256" format:"password" doc:"The password so far."`
		New string `json:"new_password" minLength:"1" maxLength:"1024" format:"password" doc:"The new one: at least 12 characters, and not easy to guess."`
	} `nameHint:"PasswordChange"`
}

// changePassword is PUT /v1/password. All sessions end; whoever asks gets a new one.
func (s *server) changePassword(ctx context.Context, in *changePasswordInput) (*signedInOutput, error) {
	caller := callerOf(ctx)
	attempt := postgres.SignIn{Tenant: caller.Tenant.Name, Email: caller.User.Email, Address: household(sessionOf(ctx).client)}
	c, err := s.prove(ctx, attempt, in.Body.Old, func() (postgres.Credential, error) {
		return s.db.OwnCredential(ctx, caller.Tenant.ID, caller.User.ID)
	})
	if errors.Is(err, errWrongPassword) {
		return nil, invalid(part{code: codePasswordWrong, option: "old_password"})
	}
	if err != nil {
		return nil, err
	}
	hash, err := s.newPassword(ctx, &c, "new_password", in.Body.New)
	if err != nil {
		return nil, err
	}
	if err := s.db.SetPassword(ctx, c.Tenant.ID, c.User.ID, hash); err != nil {
		return nil, err
	}
	c.Password = hash
	return s.open(ctx, &c)
}

// newPassword returns what may be stored of a new password, unless it is a bad one.
func (s *server) newPassword(ctx context.Context, c *postgres.Credential, option, text string) (string, error) {
	if fault := password.Check(text, c.User.Email, c.User.Name, c.Tenant.Name); fault != "" {
		return "", invalid(part{code: string(fault), option: option})
	}
	hash, err := s.hasher.Hash(ctx, text)
	return hash, busy(err)
}

type redeemTokenInput struct {
	Body struct {
		Token    string `json:"token" minLength:"1" maxLength:"200" format:"password" doc:"The token of an invitation."`
		Password string `json:"password" minLength:"1" maxLength:"1024" format:"password" doc:"The new password: at least 12 characters, and not easy to guess."`
	} `nameHint:"TokenUse"`
}

type redeemTokenOutput struct {
	Body struct {
		Tenant string `json:"tenant" doc:"The name of the tenant, with which the user signs in."`
		Email  string `json:"email" doc:"The user's e-mail address."`
	} `nameHint:"TokenUsed"`
}

// redeemToken is POST /v1/password.
func (s *server) redeemToken(ctx context.Context, in *redeemTokenInput) (*redeemTokenOutput, error) {
	gone := invalid(part{code: codeTokenInvalid, option: "token"})
	c, err := s.db.TokenCredential(ctx, in.Body.Token)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	hash, err := s.newPassword(ctx, &c, "password", in.Body.Password)
	if err != nil {
		return nil, err
	}
	acting := postgres.WithActor(ctx, actor(&postgres.Caller{Tenant: c.Tenant, User: c.User}, sessionOf(ctx).client))
	err = s.db.RedeemToken(acting, in.Body.Token, hash)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	// Who had forgotten the password, and tried too often, can sign in now.
	attempt := postgres.SignIn{Tenant: c.Tenant.Name, Email: c.User.Email, Address: household(sessionOf(ctx).client)}
	if err := s.db.EndSignIn(ctx, attempt); err != nil {
		return nil, err
	}
	var out redeemTokenOutput
	out.Body.Tenant, out.Body.Email = c.Tenant.Name, c.User.Email
	return &out, nil
}

// sweepAccounts deletes now and then what has expired, until ctx ends.
func (s *server) sweepAccounts(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(sweepEvery + rand.N(sweepEvery/2)):
		}
		n, err := s.db.SweepAccounts(ctx, s.access.SessionIdle)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("sweep sessions", zap.Error(err))
		} else if n > 0 {
			s.log.Info("sweep sessions", zap.Int64("deleted", n))
		}
	}
}

func viewTenant(t *postgres.Tenant) tenantView {
	return tenantView{t.ID, t.Name, t.Label, t.Language, t.TimeZone, t.Region}
}

func viewUser(u *postgres.User) userView {
	return userView{u.ID, u.Email, u.Name, u.Language, string(u.Role)}
}
