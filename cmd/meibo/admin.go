package main

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// database is how an operator's command reaches the database; such a command needs no server.
type database struct {
	DatabaseURL string `required:"" env:"MEIBO_DATABASE_URL" placeholder:"URL" help:"Address of the database."`
}

// with opens the database for f, which acts as the operator.
func (d *database) with(ctx context.Context, f func(context.Context, *postgres.DB) error) error {
	db, err := postgres.Open(ctx, postgres.Config{URL: d.DatabaseURL, MaxConns: 2})
	if err != nil {
		return err
	}
	defer db.Close()
	return f(asOperator(ctx), db)
}

// withTenant opens the database and finds the tenant for f.
func (d *database) withTenant(ctx context.Context, name string, f func(context.Context, *postgres.DB, postgres.Tenant) error) error {
	return d.with(ctx, func(ctx context.Context, db *postgres.DB) error {
		t, err := db.TenantByName(ctx, name)
		if err != nil {
			return err
		}
		return f(ctx, db, t)
	})
}

type migrateCmd struct {
	database `embed:""`
}

// Run is called by kong.
func (m *migrateCmd) Run(ctx context.Context, c *console) error {
	return m.with(ctx, func(ctx context.Context, db *postgres.DB) error {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		c.note("%s", c.say("データベースは最新です。", "The database is up to date."))
		return nil
	})
}

type tenantCmd struct {
	Create tenantCreate `cmd:"" help:"Create a tenant, with its list main."`
	Set    tenantSet    `cmd:"" help:"Change the settings of a tenant."`
	List   tenantList   `cmd:"" help:"List tenants."`
	Show   tenantShow   `cmd:"" help:"Show the settings of a tenant."`
}

// tenantSettings are those of product.md that a tenant has of its own; an empty one is the default, or what it was.
type tenantSettings struct {
	Language    string `enum:"ja,en," default:"" help:"The language that its people are written to in: ja or en (at first: ja)."`
	TimeZone    string `placeholder:"ZONE" help:"Where dates and times without a zone are meant (at first: Asia/Tokyo)."`
	Region      string `placeholder:"COUNTRY" help:"The country of phone numbers without a country code (at first: JP)."`
	MailFrom    string `placeholder:"ADDRESS" help:"The sender of its mails, if not the installation's."`
	MaxRowBytes int    `placeholder:"BYTES" help:"The longest row that its files may have, in bytes of UTF-8, from 1024 to 262144 (at first: 262144)."`
}

var tenantName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Validate is called by kong.
func (t *tenantSettings) Validate() error {
	if t.Region != "" && !member.KnownRegion(t.Region) {
		return fmt.Errorf("--region %s: a country code of two capital letters expected, such as JP", t.Region)
	}
	if _, err := time.LoadLocation(t.TimeZone); err != nil {
		return fmt.Errorf("--time-zone: %w", err)
	}
	if n := t.MaxRowBytes; n != 0 && (n < postgres.MinRowLimit || n > postgres.MaxRowLimit) {
		return fmt.Errorf("--max-row-bytes %d: a number from %d to %d expected", n, postgres.MinRowLimit, postgres.MaxRowLimit)
	}
	return nil
}

func (t *tenantSettings) of(name string) postgres.Tenant {
	return postgres.Tenant{
		Name: name, Language: tenant.Language(t.Language), TimeZone: t.TimeZone, Region: t.Region, MailFrom: t.MailFrom, MaxRowBytes: t.MaxRowBytes,
	}
}

type tenantCreate struct {
	database       `embed:""`
	Name           string `arg:"" help:"The name of the tenant."`
	tenantSettings `embed:""`
}

// Validate is called by kong.
func (t *tenantCreate) Validate() error {
	if t.Name != "" && !tenantName.MatchString(t.Name) { // kong tells of a missing one itself
		return fmt.Errorf("%s: a tenant's name is at most 63 of a-z, 0-9, - and _, and begins with a letter or digit", t.Name)
	}
	return t.tenantSettings.Validate()
}

// Run is called by kong.
func (t *tenantCreate) Run(ctx context.Context, c *console) error {
	return t.with(ctx, func(ctx context.Context, db *postgres.DB) error {
		made, err := db.CreateTenant(ctx, t.of(t.Name))
		if err != nil {
			return err
		}
		c.note("%s", c.say("テナントを作成しました。ID：", "The tenant is created. Its id:"))
		return c.print("%s", made.ID)
	})
}
