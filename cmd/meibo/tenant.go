package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/meibo/meibo/internal/postgres"
)

type tenantSet struct {
	database       `embed:""`
	Name           string `arg:"" help:"The name of the tenant."`
	tenantSettings `embed:""`
	MemberQuota    string `placeholder:"NUMBER" help:"How many members and leads it may have: a number, or none for any."`
	retentionDays  `embed:""`
}

// retentionDays are for how long a tenant's things are kept; 0 leaves it as it was.
type retentionDays struct {
	SourceDays  int `placeholder:"DAYS" help:"For how many days uploaded files are kept after their import (at first: 30)."`
	ReportDays  int `placeholder:"DAYS" help:"For how many days failed rows are kept after their import (at first: 30)."`
	JournalDays int `placeholder:"DAYS" help:"For how many days an import can be undone (at first: 30)."`
	AuditDays   int `placeholder:"DAYS" help:"For how many days the audit log is kept, 30 at least (at first: 400)."`
}

// Validate is called by kong.
func (r *retentionDays) Validate() error {
	for _, days := range []struct {
		flag        string
		n, from, to int
	}{
		{"--source-days", r.SourceDays, 1, postgres.MaxKeptDays},
		{"--report-days", r.ReportDays, 1, postgres.MaxKeptDays},
		{"--journal-days", r.JournalDays, 1, postgres.MaxJournalDays},
		{"--audit-days", r.AuditDays, postgres.MinAuditDays, postgres.MaxKeptDays},
	} {
		if days.n != 0 && (days.n < days.from || days.n > days.to) {
			return fmt.Errorf("%s %d: a number from %d to %d expected", days.flag, days.n, days.from, days.to)
		}
	}
	return nil
}

func (r *retentionDays) change() (to postgres.RetentionChange) {
	for _, days := range []struct {
		n  int
		to **int
	}{{r.SourceDays, &to.SourceDays}, {r.ReportDays, &to.ReportDays}, {r.JournalDays, &to.JournalDays}, {r.AuditDays, &to.AuditDays}} {
		if days.n != 0 {
			*days.to = &days.n
		}
	}
	return to
}

// Validate is called by kong.
func (t *tenantSet) Validate() error {
	if _, err := t.quota(); err != nil {
		return err
	}
	return errors.Join(t.tenantSettings.Validate(), t.retentionDays.Validate())
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
	return t.withTenant(ctx, t.Name, func(ctx context.Context, db *postgres.DB, found postgres.Tenant) error {
		if t.MemberQuota != "" {
			quota, err := t.quota()
			if err != nil {
				return err
			}
			if err := db.SetMemberQuota(ctx, found.ID, quota); err != nil {
				return err
			}
		}
		if to := t.change(); to != (postgres.RetentionChange{}) {
			if _, err := db.SetRetention(ctx, found.ID, to); err != nil {
				return err
			}
		}
		now, err := db.UpdateTenant(ctx, found.ID, t.of(""))
		if err != nil {
			return err
		}
		return c.showTenant(ctx, db, now)
	})
}

type tenantShow struct {
	database `embed:""`
	Name     string `arg:"" help:"The name of the tenant."`
}

// Run is called by kong.
func (t *tenantShow) Run(ctx context.Context, c *console) error {
	return t.withTenant(ctx, t.Name, func(ctx context.Context, db *postgres.DB, found postgres.Tenant) error {
		return c.showTenant(ctx, db, found)
	})
}

// showTenant writes the settings of a tenant.
func (c *console) showTenant(ctx context.Context, db *postgres.DB, t postgres.Tenant) error {
	kept, err := db.Retention(ctx, t.ID)
	if err != nil {
		return err
	}
	settings := table{}
	settings.add("ID", t.ID.String())
	settings.add(c.say("名前", "Name"), t.Name)
	settings.add(c.say("言語", "Language"), string(t.Language))
	settings.add(c.say("タイムゾーン", "Time zone"), t.TimeZone)
	settings.add(c.say("国", "Region"), t.Region)
	settings.add(c.say("メールの差出人", "Sender of mails"), t.MailFrom)
	settings.add(c.say("1行の上限（バイト）", "Longest row (bytes)"), number(int64(t.MaxRowBytes)))
	settings.add(c.say("会員数の上限", "Member quota"), c.quotaText(t.MemberQuota))
	settings.add(c.say("ファイルの保存日数", "Files kept (days)"), number(int64(kept.SourceDays)))
	settings.add(c.say("失敗した行の保存日数", "Failed rows (days)"), number(int64(kept.ReportDays)))
	settings.add(c.say("取り込みを元に戻せる日数", "Undo (days)"), number(int64(kept.JournalDays)))
	settings.add(c.say("監査ログの保存日数", "Audit log (days)"), number(int64(kept.AuditDays)))
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
	return t.with(ctx, func(ctx context.Context, db *postgres.DB) error {
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
