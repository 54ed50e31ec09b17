package devstack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/meibo/meibo/internal/password"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// Prepare brings the schema up to date, makes the account of that name where it is missing, and returns its API key,
// which is kept in keyFile.
func Prepare(ctx context.Context, databaseURL, tenantName, keyFile string) (string, error) {
	db, err := postgres.Open(ctx, postgres.Config{URL: databaseURL, MaxConns: 2})
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return "", err
	}
	t, u, err := account(ctx, db, tenantName)
	if err != nil {
		return "", err
	}
	switch key, err := os.ReadFile(keyFile); {
	case err == nil:
		// The database may be another one than the last time.
		caller, err := db.Authenticate(ctx, string(key))
		if err == nil && caller.Tenant.ID == t.ID {
			return string(key), nil
		}
		if err != nil && !errors.Is(err, postgres.ErrNotFound) {
			return "", err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read API key: %w", err)
	}
	key, err := db.CreateKey(ctx, t.ID, "dev", u.ID)
	if err != nil {
		return "", err
	}
	if err := writeFile(keyFile, []byte(key)); err != nil {
		return "", fmt.Errorf("keep API key: %w", err)
	}
	return key, nil
}

// Password returns the password of the account's owner, which is kept in file: one of its own making, which it sets where
// the owner has another or none.
func Password(ctx context.Context, databaseURL, tenantName, file string) (string, error) {
	db, err := postgres.Open(ctx, postgres.Config{URL: databaseURL, MaxConns: 2})
	if err != nil {
		return "", err
	}
	defer db.Close()
	c, err := db.CredentialOf(ctx, postgres.SignIn{Tenant: tenantName, Email: OwnerEmail})
	if err != nil {
		return "", err
	}
	hasher := password.NewHasher()
	kept, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read password: %w", err)
	}
	if len(kept) > 0 {
		if ok, _, err := hasher.Verify(ctx, c.Password, string(kept)); err != nil || ok {
			return string(kept), err
		}
	}
	text := rand.Text()
	hash, err := hasher.Hash(ctx, text)
	if err != nil {
		return "", err
	}
	if err := writeFile(file, []byte(text)); err != nil {
		return "", fmt.Errorf("keep password: %w", err)
	}
	return text, db.SetPassword(ctx, c.Tenant.ID, c.User.ID, hash)
}

// account returns the tenant and its owner, which it makes the first time.
func account(ctx context.Context, db *postgres.DB, name string) (postgres.Tenant, postgres.User, error) {
	t, err := db.TenantByName(ctx, name)
	if errors.Is(err, postgres.ErrNotFound) {
		t, err = db.CreateTenant(ctx, postgres.Tenant{Name: name, Language: tenant.Japanese})
	}
	if err != nil {
		return postgres.Tenant{}, postgres.User{}, err
	}
	u, err := db.UserByEmail(ctx, t.ID, OwnerEmail)
	if errors.Is(err, postgres.ErrNotFound) {
		u, err = db.CreateUser(ctx, t.ID, postgres.User{
			Email: OwnerEmail, Name: "名簿 花子", Language: tenant.Japanese, Role: "owner",
		})
	}
	return t, u, err
}
