package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/meibo/meibo/internal/postgres"
)

type tenantSet struct {
	database       `embed:""`
	Name           string `arg:"" help:"The name of the tenant."`
	tenantSettings `embed:""`
	MemberQuota    string `placeholder:"NUMBER" help:"How many members and leads it may have: a number, or none for any."`
	RunningImports string `placeholder:"NUMBER" help:"How many imports may run at the same time, over all its lists: a number from 1, or none for any."`
	RowsPerDay     string `placeholder:"NUMBER" help:"How many rows the imports may have that are started on one day: a number, or none for any."`
	Storage        string `placeholder:"BYTES" help:"How many bytes its files and reports of failed rows may take: a number, also as in 500MiB or 20GiB, or none for any."`
	retentionDays  `embed:""`
}

// retentionDays are for how long a tenant's things are kept; nil leaves it as it was.
type retentionDays struct {
	SourceDays  *int `placeholder:"DAYS" help:"For how many days uploaded files are kept after their import (at first: 30)."`
	ReportDays  *int `placeholder:"DAYS" help:"For how many days failed rows are kept after their import (at first: 30)."`
	JournalDays *int `placeholder:"DAYS" help:"For how many days an import can be undone (at first: 30)."`
	AuditDays   *int `placeholder:"DAYS" help:"For how many days the audit log is kept, 30 at least (at first: 400)."`
}

// Validate is called by kong.
func (r *retentionDays) Validate() error {
	for _, days := range []struct {
		flag     string
		n        *int
		from, to int
	}{
		{"--source-days", r.SourceDays, 1, postgres.MaxKeptDays},
		{"--report-days", r.ReportDays, 1, postgres.MaxKeptDays},
		{"--journal-days", r.JournalDays, 1, postgres.MaxJournalDays},
		{"--audit-days", r.AuditDays, postgres.MinAuditDays, postgres.MaxKeptDays},
	} {
		if days.n != nil && (*days.n < days.from || *days.n > days.to) {
			return fmt.Errorf("%s %d: a number from %d to %d expected", days.flag, *days.n, days.from, days.to)
		}
	}
	return nil
}

func (r *retentionDays) change() postgres.RetentionChange {
	return postgres.RetentionChange{SourceDays: r.SourceDays, ReportDays: r.ReportDays, JournalDays: r.JournalDays, AuditDays: r.AuditDays}
}

// Validate is called by kong.
func (t *tenantSet) Validate() error {
	_, err := t.quota()
	if err == nil {
		_, err = t.limits()
	}
	if err != nil {
		return err
	}
	return errors.Join(t.tenantSettings.Validate(), t.retentionDays.Validate())
}

// quota reads the member quota, nil for none.
func (t *tenantSet) quota() (*int64, error) { return amount("--member-quota", t.MemberQuota, 0) }

// limits reads the limits that are given; change puts them in the place of others.
func (t *tenantSet) limits() (change func(*postgres.Limits), err error) {
	running, err := amount("--running-imports", t.RunningImports, 1)
	if err != nil {
		return nil, err
	}
	rows, err := amount("--rows-per-day", t.RowsPerDay, 0)
	if err != nil {
		return nil, err
	}
	bytes, err := byteSize(t.Storage)
	if err != nil {
		return nil, err
	}
	return func(l *postgres.Limits) {
		if t.RunningImports != "" {
			l.Running = running
		}
		if t.RowsPerDay != "" {
			l.RowsPerDay = rows
		}
		if t.Storage != "" {
			l.Storage = bytes
		}
	}, nil
}

// amount reads a number from least, nil for none.
func amount(flag, text string, least int64) (*int64, error) {
	if text == "" || text == "none" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least {
		return nil, fmt.Errorf("%s %s: a number from %d, or none expected", flag, text, least)
	}
	return &n, nil
}

// units are those of byteSize.
var units = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}

// byteSize reads a number of bytes, nil for none.
func byteSize(text string) (*int64, error) {
	digits, factor := text, int64(1)
	for _, u := range units {
		if number, ok := strings.CutSuffix(text, u.name); ok {
			digits, factor = strings.TrimSpace(number), u.bytes
		}
	}
	n, err := amount("--storage", digits, 0)
	if err != nil || n == nil || *n > math.MaxInt64/factor {
		if err == nil && n == nil && factor == 1 {
			return nil, nil
		}
		return nil, fmt.Errorf("--storage %s: a number of bytes, such as 500MiB or 20GiB, or none expected", text)
	}
	return new(*n * factor), nil
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
		if t.RunningImports+t.RowsPerDay+t.Storage != "" {
			change, err := t.limits()
			if err != nil {
				return err
			}
			if _, err := db.UpdateLimits(ctx, found.ID, change); err != nil {
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

// showTenant writes the settings of a tenant, and where it stands with its limits.
func (c *console) showTenant(ctx context.Context, db *postgres.DB, t postgres.Tenant) error {
	u, err := db.Usage(ctx, t.ID)
	if err != nil {
		return err
	}
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
	used := func(used int64, limit *int64) string {
		return c.say(number(used)+"（上限："+c.quotaText(limit)+"）", number(used)+" of "+c.quotaText(limit))
	}
	settings.add(c.say("実行中のインポート", "Running imports"), used(u.HaveTurn, u.Running))
	settings.add(c.say("本日の行数", "Rows today"), used(u.RowsToday, u.RowsPerDay))
	settings.add(c.say("保存容量（バイト）", "Storage (bytes)"), used(u.Stored, u.Storage))
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
