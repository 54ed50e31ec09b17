package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// Settings are a tenant's own.
type Settings struct {
	// Name is what the tenant signs in by; Label what people call it, empty where that is the name.
	Name, Label string
	Language    tenant.Language
	TimeZone    string
	Region      string
	// MailFrom is the sender of its mails, empty where that is the installation's. Operators set it: a mail server vouches for it.
	MailFrom string
	Notify   imports.NotifyDefault
	// MaxRowBytes, MemberQuota and Limits are set by operators, too.
	MaxRowBytes int
	MemberQuota *int64
	Limits      Limits
}

// SettingsChange is what is to become of a tenant's settings; what is nil stays.
type SettingsChange struct {
	Label    *string
	Language *tenant.Language
	TimeZone *string
	Region   *string
	Notify   *imports.NotifyDefault
}

// Settings returns a tenant's settings. Those that the schema of the version before does not have are as they are at first.
func (db *DB) Settings(ctx context.Context, t tenant.ID) (s Settings, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		s, err = readSettings(ctx, tx, t)
		return err
	})
	if err != nil {
		return Settings{}, fmt.Errorf("settings of tenant %s: %w", t, translate(err))
	}
	return s, nil
}

func readSettings(ctx context.Context, tx pgx.Tx, t tenant.ID) (s Settings, err error) {
	var notify json.RawMessage
	err = tx.QueryRow(ctx, `select name, coalesce(to_jsonb(t)->>'label', ''), language, time_zone, region, coalesce(mail_from, ''),
			coalesce(to_jsonb(t)->'notify', '{}'), max_row_bytes, (to_jsonb(t)->>'member_quota')::bigint from tenant t where id = $1`, t).
		Scan(&s.Name, &s.Label, &s.Language, &s.TimeZone, &s.Region, &s.MailFrom, &notify, &s.MaxRowBytes, &s.MemberQuota)
	if err != nil {
		return s, err
	}
	if s.Notify, err = imports.ParseNotifyDefault(notify); err != nil {
		return s, err
	}
	s.Limits, err = limitsOf(ctx, tx, t)
	return s, err
}

// ChangeSettings changes a tenant's settings, and returns them. Imports that were created keep what they were created with,
// but for whom they tell of their end where they do not say that themselves.
func (db *DB) ChangeSettings(ctx context.Context, t tenant.ID, to SettingsChange) (s Settings, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if to != (SettingsChange{}) {
			_, err := tx.Exec(ctx, `update tenant set label = coalesce($2, label), language = coalesce($3, language), time_zone = coalesce($4, time_zone),
				region = coalesce($5, region), notify = coalesce($6, notify) where id = $1`, t, to.Label, to.Language, to.TimeZone, to.Region, to.Notify)
			if err != nil {
				return err
			}
		}
		if s, err = readSettings(ctx, tx, t); err != nil || to == (SettingsChange{}) {
			return err
		}
		return audit(ctx, tx, t, "tenant.change", "tenant/"+t.String(), detail{
			"label": s.Label, "language": s.Language, "time_zone": s.TimeZone, "region": s.Region, "notify": s.Notify,
		})
	})
	if err != nil {
		return Settings{}, fmt.Errorf("change settings of tenant %s: %w", t, translate(err))
	}
	return s, nil
}
