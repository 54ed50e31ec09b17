package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/meibo/meibo/internal/postgres"
)

type tenantSet struct {
	database       `embed:""`
	Name           string `arg:"" help:"The name of the tenant."`
	tenantSettings `embed:""`
	MemberQuota    string `placeholder:"NUMBER" help:"How many members and leads it may have: a number, or none for any."`
}

// Validate is called by kong.
func (t *tenantSet) Validate() error {
	if _, err := t.quota(); err != nil {
		return err
	}
	return t.tenantSettings.Validate()
}

// quota reads the member quota, nil for none.
func (t *tenantSet) quota() (*int64, error) {
	if t.MemberQuota == "" || t.MemberQuota == "none" {
		return nil, nil
	}
	n, err := strconv.ParseInt(t.MemberQuota, 10, 64)
	if err != nil || n < 0 {
		return nil, fmt.Errorf("--member-quota %s: a number from 0, or none expected", t.MemberQuota)
	}
	return &n, nil
}

// Run is called by kong.
func (t *tenantSet) Run(ctx context.Context, c *console) error {
	return t.withTenant(ctx, t.Name, func(db *postgres.DB, found postgres.Tenant) error {
		if t.MemberQuota != "" {
			quota, err := t.quota()
			if err != nil {
				return err
			}
			if err := db.SetMemberQuota(ctx, found.ID, quota); err != nil {
				return err
			}
		}
		now, err := db.UpdateTenant(ctx, found.ID, t.of(""))
		if err != nil {
			return err
		}
		return c.showTenant(now)
	})
}

type tenantShow struct {
	database `embed:""`
	Name     string `arg:"" help:"The name of the tenant."`
}

// Run is called by kong.
func (t *tenantShow) Run(ctx context.Context, c *console) error {
	return t.withTenant(ctx, t.Name, func(_ *postgres.DB, found postgres.Tenant) error { return c.showTenant(found) })
}

// showTenant writes the settings of a tenant.
func (c *console) showTenant(t postgres.Tenant) error {
	settings := table{}
	settings.add("ID", t.ID.String())
	settings.add(c.say("名前", "Name"), t.Name)
	settings.add(c.say("言語", "Language"), string(t.Language))
	settings.add(c.say("タイムゾーン", "Time zone"), t.TimeZone)
	settings.add(c.say("国", "Region"), t.Region)
	settings.add(c.say("メールの差出人", "Sender of mails"), t.MailFrom)
	settings.add(c.say("1行の上限（バイト）", "Longest row (bytes)"), number(int64(t.MaxRowBytes)))
	settings.add(c.say("会員数の上限", "Member quota"), c.quotaText(t.MemberQuota))
	return settings.write(c.out, "")
}

func (c *console) quotaText(quota *int64) string {
	if quota == nil {
		return c.say("なし", "none")
	}
	return number(*quota)
}

type tenantList struct {
	database `embed:""`
}

// Run is called by kong.
func (t *tenantList) Run(ctx context.Context, c *console) error {
	return t.with(ctx, func(db *postgres.DB) error {
		all, err := db.Tenants(ctx)
		if err != nil {
			return err
		}
		tenants := table{
			head:  []string{"ID", c.say("名前", "Name"), c.say("言語", "Language"), c.say("会員数の上限", "Member quota")},
			right: []bool{true, false, false, true},
		}
		for _, one := range all {
			tenants.add(one.ID.String(), one.Name, string(one.Language), c.quotaText(one.MemberQuota))
		}
		return tenants.write(c.out, "")
	})
}
