package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/tenant"
)

// staff is a tenant with a user of each role.
type staff struct {
	*testing.T
	db     *postgres.DB
	admin  *pgx.Conn
	tenant tenant.ID
	users  map[postgres.Role]postgres.Person
}

func newStaff(t *testing.T) *staff {
	t.Helper()
	url := postgrestest.URL(t)
	s := &staff{T: t, db: postgrestest.Open(t, url), users: map[postgres.Role]postgres.Person{}}
	admin, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { admin.Close(context.Background()) })
	s.admin = admin
	ten, err := s.db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	s.tenant = ten.ID
	for _, r := range postgres.Roles {
		s.users[r], err = s.db.AddPerson(t.Context(), s.tenant, postgres.RoleOwner, postgres.User{Email: string(r) + "@example.jp", Name: string(r), Role: r})
		must(t, err)
	}
	return s
}

func (s *staff) exec(sql string, args ...any) {
	s.Helper()
	_, err := s.admin.Exec(s.Context(), sql, args...)
	must(s.T, err)
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestScopeIsTheLesserOfKeyAndUser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role postgres.Role
		key  postgres.Scope
		want postgres.Scope
	}{
		{"", "", postgres.ScopeImport},
		{"", postgres.ScopeRead, postgres.ScopeRead},
		{"", postgres.ScopeAdmin, postgres.ScopeAdmin},
		{postgres.RoleViewer, postgres.ScopeAdmin, postgres.ScopeRead},
		{postgres.RoleEditor, postgres.ScopeAdmin, postgres.ScopeImport},
		{postgres.RoleAdmin, postgres.ScopeAdmin, postgres.ScopeAdmin},
		{postgres.RoleOwner, postgres.ScopeRead, postgres.ScopeRead},
		{postgres.RoleOwner, "", postgres.ScopeAdmin},
	} {
		caller := postgres.Caller{User: postgres.User{Role: c.role}, KeyScope: c.key}
		if got := caller.Scope(); got != c.want {
			t.Errorf("role %q, key %q: %q, want %q", c.role, c.key, got, c.want)
		}
	}
}

func TestNobodyManagesWhoMayDoMore(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	ctx, owner, admin := t.Context(), s.users[postgres.RoleOwner].ID, s.users[postgres.RoleAdmin].ID
	_, err := s.db.AddPerson(ctx, s.tenant, postgres.RoleAdmin, postgres.User{Email: "x@example.jp", Role: postgres.RoleOwner})
	wantErr(t, "an admin makes an owner", err, postgres.ErrDenied)
	_, err = s.db.ChangePerson(ctx, s.tenant, postgres.RoleAdmin, admin, postgres.PersonChange{Role: new(postgres.RoleOwner)})
	wantErr(t, "an admin becomes an owner", err, postgres.ErrDenied)
	_, err = s.db.ChangePerson(ctx, s.tenant, postgres.RoleAdmin, owner, postgres.PersonChange{Name: new("x")})
	wantErr(t, "an admin changes an owner", err, postgres.ErrDenied)
	_, err = s.db.DeletePerson(ctx, s.tenant, postgres.RoleAdmin, owner)
	wantErr(t, "an admin deletes an owner", err, postgres.ErrDenied)
	_, _, err = s.db.IssueToken(ctx, s.tenant, postgres.RoleAdmin, owner, time.Hour)
	wantErr(t, "an admin resets an owner's password", err, postgres.ErrDenied)
	_, _, err = s.db.IssueKey(ctx, s.tenant, postgres.RoleAdmin, postgres.NewKey{Name: "x", Scope: postgres.ScopeRead, User: owner})
	wantErr(t, "an admin makes a key of an owner", err, postgres.ErrDenied)
	_, err = s.db.AddPerson(ctx, s.tenant, postgres.RoleOwner, postgres.User{Email: "OWNER@example.jp", Role: postgres.RoleViewer})
	wantErr(t, "an address in another case", err, postgres.ErrExists)
	p, err := s.db.ChangePerson(ctx, s.tenant, postgres.RoleAdmin, s.users[postgres.RoleViewer].ID, postgres.PersonChange{Role: new(postgres.RoleAdmin), Language: new(tenant.English)})
	if err != nil || p.Role != postgres.RoleAdmin || p.Language != tenant.English || p.Name != "viewer" {
		t.Errorf("changed = %+v, %v", p, err)
	}
	// What an administrator kept of somebody who becomes an owner makes no owner of the administrator.
	token, _, err := s.db.IssueToken(ctx, s.tenant, postgres.RoleAdmin, admin, time.Hour)
	must(t, err)
	_, secret, err := s.db.IssueKey(ctx, s.tenant, postgres.RoleAdmin, postgres.NewKey{Name: "kept", Scope: postgres.ScopeAdmin, User: admin})
	must(t, err)
	_, err = s.db.ChangePerson(ctx, s.tenant, postgres.RoleOwner, admin, postgres.PersonChange{Role: new(postgres.RoleOwner)})
	must(t, err)
	wantErr(t, "a token from before", s.db.RedeemToken(ctx, token, "x"), postgres.ErrNotFound)
	if c, err := s.db.Authenticate(ctx, secret); err != nil || c.Scope() != postgres.ScopeImport || c.MayAllowConsent() {
		t.Errorf("a key from before: %+v, %v; want one that imports", c, err)
	}
	if people, err := s.db.People(ctx, s.tenant); err != nil || len(people) != 4 || people[0].Email != "admin@example.jp" {
		t.Errorf("people = %+v, %v", people, err)
	}
}

func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	ctx, owner := t.Context(), s.users[postgres.RoleOwner].ID
	_, err := s.db.ChangePerson(ctx, s.tenant, postgres.RoleOwner, owner, postgres.PersonChange{Role: new(postgres.RoleAdmin)})
	wantErr(t, "demoted", err, postgres.ErrLastOwner)
	_, err = s.db.ChangePerson(ctx, s.tenant, postgres.RoleOwner, owner, postgres.PersonChange{Disabled: new(true)})
	wantErr(t, "disabled", err, postgres.ErrLastOwner)
	_, err = s.db.DeletePerson(ctx, s.tenant, postgres.RoleOwner, owner)
	wantErr(t, "deleted", err, postgres.ErrLastOwner)

	// Of two who remove each other at the same moment, one stays.
	second, err := s.db.AddPerson(ctx, s.tenant, postgres.RoleOwner, postgres.User{Email: "second@example.jp", Role: postgres.RoleOwner})
	must(t, err)
	var refused atomic.Int32
	var both sync.WaitGroup
	for _, id := range []int64{owner, second.ID} {
		both.Go(func() {
			if _, err := s.db.DeletePerson(ctx, s.tenant, postgres.RoleOwner, id); errors.Is(err, postgres.ErrLastOwner) {
				refused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if refused.Load() != 1 {
		t.Errorf("%d were refused, want one", refused.Load())
	}
}

func TestKeysEndWithTheirTimeTheirUserAndTheirRevocation(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	ctx := t.Context()
	editor := s.users[postgres.RoleEditor].ID
	k, secret, err := s.db.IssueKey(ctx, s.tenant, postgres.RoleOwner, postgres.NewKey{Name: "nightly", Scope: postgres.ScopeAdmin, User: editor, ExpiresAt: new(time.Now().Add(time.Hour))})
	must(t, err)
	c, err := s.db.Authenticate(ctx, secret)
	if err != nil || c.Key != k.ID || c.Scope() != postgres.ScopeImport || k.LastUsedAt != nil || k.User.Email != "editor@example.jp" {
		t.Fatalf("caller = %+v, key %+v, %v", c, k, err)
	}
	if keys, err := s.db.Keys(ctx, s.tenant); err != nil || len(keys) != 1 || keys[0].LastUsedAt == nil {
		t.Errorf("keys = %+v, %v; want one that was used", keys, err)
	}
	_, err = s.db.ChangePerson(ctx, s.tenant, postgres.RoleOwner, editor, postgres.PersonChange{Disabled: new(true)})
	must(t, err)
	_, err = s.db.Authenticate(ctx, secret)
	wantErr(t, "a key of a disabled user", err, postgres.ErrNotFound)
	_, err = s.db.ChangePerson(ctx, s.tenant, postgres.RoleOwner, editor, postgres.PersonChange{Disabled: new(false)})
	must(t, err)
	s.exec(`update api_key set expires_at = now() - interval '1 second'`)
	_, err = s.db.Authenticate(ctx, secret)
	wantErr(t, "an expired key", err, postgres.ErrNotFound)
	s.exec(`update api_key set expires_at = null`)
	for range 2 {
		if k, err = s.db.RevokeKey(ctx, s.tenant, k.ID); err != nil || k.RevokedAt == nil {
			t.Errorf("revoked = %+v, %v", k, err)
		}
	}
	_, err = s.db.Authenticate(ctx, secret)
	wantErr(t, "a revoked key", err, postgres.ErrNotFound)
	_, err = s.db.DeletePerson(ctx, s.tenant, postgres.RoleOwner, editor)
	must(t, err)
	if keys, err := s.db.Keys(ctx, s.tenant); err != nil || len(keys) != 0 {
		t.Errorf("keys of a deleted user: %+v, %v", keys, err)
	}
}

func TestSessionsEndByTimeIdlenessAndPassword(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	ctx, user := t.Context(), s.users[postgres.RoleAdmin].ID
	open := func() string {
		token, _, err := s.db.OpenSession(ctx, s.tenant, user, postgres.NewSession{Address: "192.0.2.1", Agent: "a\x00\xff", Lifetime: time.Hour})
		must(t, err)
		return token
	}
	ended := func(what, token string) {
		t.Helper()
		_, err := s.db.AuthenticateSession(ctx, token, time.Hour)
		wantErr(t, what, err, postgres.ErrNotFound)
	}
	token := open()
	c, err := s.db.AuthenticateSession(ctx, token, time.Hour)
	if err != nil || c.User.ID != user || c.Tenant.ID != s.tenant || c.Scope() != postgres.ScopeAdmin || c.Session == 0 {
		t.Fatalf("caller = %+v, %v", c, err)
	}
	s.exec(`update user_session set seen_at = now() - interval '59 minutes'`)
	_, err = s.db.AuthenticateSession(ctx, token, time.Hour)
	must(t, err)
	if all, err := s.db.Sessions(ctx, s.tenant, user, time.Minute); err != nil || len(all) != 1 {
		t.Errorf("sessions = %+v, %v; want one that was seen just now", all, err)
	}
	s.exec(`update user_session set seen_at = now() - interval '61 minutes'`)
	ended("idle", token)
	token = open()
	s.exec(`update user_session set expires_at = now()`)
	ended("too old", token)
	if n, err := s.db.SweepAccounts(ctx, time.Hour); n != 2 || err != nil {
		t.Errorf("swept %d, %v; want both", n, err)
	}

	first, second := open(), open()
	c, err = s.db.AuthenticateSession(ctx, first, time.Hour)
	must(t, err)
	wantErr(t, "another's", s.db.CloseSession(ctx, s.tenant, s.users[postgres.RoleOwner].ID, c.Session), postgres.ErrNotFound)
	must(t, s.db.CloseSession(ctx, s.tenant, user, c.Session))
	ended("closed", first)
	must(t, s.db.SetPassword(ctx, s.tenant, user, "hash"))
	ended("after a new password", second)
	_, _, err = s.db.OpenSession(ctx, s.tenant, user, postgres.NewSession{Lifetime: time.Hour, Password: "the hash before"})
	wantErr(t, "who has proved the password before", err, postgres.ErrNotFound)
	third := open()
	_, err = s.db.ChangePerson(ctx, s.tenant, postgres.RoleOwner, user, postgres.PersonChange{Disabled: new(true)})
	must(t, err)
	ended("disabled", third)
	_, _, err = s.db.OpenSession(ctx, s.tenant, user, postgres.NewSession{Lifetime: time.Hour})
	wantErr(t, "who is disabled signs in", err, postgres.ErrNotFound)
	if c, err := s.db.CredentialOf(ctx, postgres.SignIn{Tenant: "shop", Email: "admin@example.jp"}); err != nil || c != (postgres.Credential{}) {
		t.Errorf("credential of who is disabled: %+v, %v", c, err)
	}
}

func TestTokenSetsOnePassword(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	ctx, user := t.Context(), s.users[postgres.RoleEditor].ID
	first, _, err := s.db.IssueToken(ctx, s.tenant, postgres.RoleOwner, user, time.Hour)
	must(t, err)
	second, expires, err := s.db.IssueToken(ctx, s.tenant, postgres.RoleOwner, user, time.Hour)
	must(t, err)
	if p, err := s.db.Person(ctx, s.tenant, user); err != nil || p.HasPassword || p.TokenExpiresAt == nil || !p.TokenExpiresAt.Equal(expires) {
		t.Errorf("person = %+v, %v", p, err)
	}
	wantErr(t, "one that was replaced", s.db.RedeemToken(ctx, first, "hash"), postgres.ErrNotFound)
	if c, err := s.db.TokenCredential(ctx, second); err != nil || c.User.ID != user || c.Tenant.Name != "shop" {
		t.Errorf("token is of %+v, %v", c, err)
	}
	s.exec(`update user_token set expires_at = now()`)
	_, err = s.db.TokenCredential(ctx, second)
	wantErr(t, "one that has expired", err, postgres.ErrNotFound)
	wantErr(t, "one that has expired", s.db.RedeemToken(ctx, second, "hash"), postgres.ErrNotFound)
	s.exec(`update user_token set expires_at = now() + interval '1 hour'`)
	var used atomic.Int32
	var many sync.WaitGroup
	for range 4 {
		many.Go(func() {
			if err := s.db.RedeemToken(ctx, second, "hash"); err == nil {
				used.Add(1)
			} else if !errors.Is(err, postgres.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	many.Wait()
	c, err := s.db.CredentialOf(ctx, postgres.SignIn{Tenant: "shop", Email: "Editor@Example.jp"})
	if used.Load() != 1 || err != nil || c.Password != "hash" || c.User.ID != user {
		t.Errorf("used %d times, credential %+v, %v", used.Load(), c, err)
	}
	must(t, s.db.UpgradePassword(ctx, s.tenant, user, "another", "new"))
	must(t, s.db.UpgradePassword(ctx, s.tenant, user, "hash", "newer"))
	if c, err = s.db.OwnCredential(ctx, s.tenant, user); err != nil || c.Password != "newer" {
		t.Errorf("credential %+v, %v", c, err)
	}
}

func TestAttemptsAreCountedWhoeverAsks(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	ctx := t.Context()
	for _, account := range []postgres.SignIn{
		{Tenant: "shop", Email: "owner@example.jp", Address: "192.0.2.1"},
		{Tenant: "nowhere", Email: "nobody@example.jp", Address: "192.0.2.2"},
	} {
		// All at once: none slips through before the others are counted.
		var through atomic.Int32
		var many sync.WaitGroup
		for range 12 {
			many.Go(func() {
				wait, err := s.db.BeginSignIn(ctx, account)
				if err != nil {
					t.Error(err)
				} else if wait == 0 {
					through.Add(1)
				} else if wait > time.Minute {
					t.Errorf("wait %s", wait)
				}
			})
		}
		many.Wait()
		if through.Load() != 5 {
			t.Errorf("%+v: %d attempts came through, want 5", account, through.Load())
		}
		account.Email = "\x00" + strings.ToUpper(account.Email)
		if wait, err := s.db.BeginSignIn(ctx, account); err != nil || wait == 0 {
			t.Errorf("another spelling of %+v: wait %s, %v", account, wait, err)
		}
	}
	owner := postgres.SignIn{Tenant: "shop", Email: "owner@example.jp", Address: "192.0.2.3"}
	s.exec(`update sign_in_attempt set locked_until = now()`)
	if wait, err := s.db.BeginSignIn(ctx, owner); err != nil || wait != 0 {
		t.Errorf("after the lock: wait %s, %v", wait, err)
	}
	if wait, err := s.db.BeginSignIn(ctx, owner); err != nil || wait < time.Minute || wait > 2*time.Minute {
		t.Errorf("after one more: wait %s, %v; want twice as long", wait, err)
	}
	s.exec(`update sign_in_attempt set locked_until = now()`)
	_, err := s.db.BeginSignIn(ctx, owner)
	must(t, err)
	must(t, s.db.EndSignIn(ctx, owner))
	if wait, err := s.db.BeginSignIn(ctx, owner); err != nil || wait != 0 {
		t.Errorf("after one that came to something: wait %s, %v", wait, err)
	}
	s.exec(`update sign_in_attempt set attempted_at = now() - interval '25 hours'`)
	if n, err := s.db.SweepAccounts(ctx, time.Hour); n == 0 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
}

func TestManyAccountsFromOneAddressAreSlowedDown(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	through := 0
	for n := range 60 {
		wait, err := s.db.BeginSignIn(t.Context(), postgres.SignIn{Tenant: "shop", Email: string(rune('a'+n)) + "@example.jp", Address: "2001:db8::/64"})
		must(t, err)
		if wait == 0 {
			through++
		}
	}
	if through != 50 {
		t.Errorf("%d attempts came through, want 50", through)
	}
}
