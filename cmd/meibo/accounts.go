package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/password"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

type userCmd struct {
	Create userCreate `cmd:"" help:"Create a user."`
	Invite userInvite `cmd:"" help:"Let a user choose a password, once, by a token that is shown this once."`
	List   userList   `cmd:"" help:"List the users of a tenant."`
}

type userCreate struct {
	database `embed:""`
	Tenant   string `required:"" placeholder:"NAME" help:"The tenant."`
	Email    string `required:"" placeholder:"ADDRESS" help:"The e-mail address of the user, who gets mails about imports."`
	Name     string `required:"" help:"The name of the user."`
	Language string `enum:"ja,en," default:"" help:"The language of mails to the user: ja or en; the tenant's if not given."`
	Role     string `default:"editor" enum:"owner,admin,editor,viewer" help:"What the user may do: ${enum}."`

	PasswordStdin bool `help:"Read the user's password from standard input; without one the user cannot sign in."`
}

// Validate is called by kong.
func (u *userCreate) Validate() error {
	f := member.Field{Key: "email", Type: member.Email}
	v, _, problem := f.Parse(u.Email, &member.Locale{})
	if problem != nil || !v.Set {
		return fmt.Errorf("--email %q: an e-mail address expected, as in hanako@example.jp", u.Email)
	}
	u.Email = v.Text
	return nil
}

// Run is called by kong.
func (u *userCreate) Run(ctx context.Context, c *console) error {
	var text string
	if u.PasswordStdin {
		var err error
		if text, err = readPassword(c.in); err != nil {
			return err
		}
		if fault := password.Check(text, u.Email, u.Name, u.Tenant); fault != "" {
			return usageError{errors.New(c.badPassword(fault))}
		}
	}
	return u.withTenant(ctx, u.Tenant, func(ctx context.Context, db *postgres.DB, t postgres.Tenant) error {
		made, err := db.AddPerson(ctx, t.ID, postgres.RoleOwner, postgres.User{
			Email: u.Email, Name: u.Name, Language: tenant.Language(u.Language), Role: postgres.Role(u.Role),
		})
		if err != nil {
			return err
		}
		if text != "" {
			hash, err := password.NewHasher().Hash(ctx, text)
			if err == nil {
				err = db.SetPassword(ctx, t.ID, made.ID, hash)
			}
			if err != nil {
				return err
			}
		}
		c.note("%s", c.say("ユーザーを作成しました。ID：", "The user is created. The id:"))
		return c.print("%s", strconv.FormatInt(made.ID, 10))
	})
}

// readPassword reads the first line.
func readPassword(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4*password.MaxBytes)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (c *console) badPassword(fault password.Fault) string {
	switch fault {
	case password.Short:
		return c.say("パスワードは12文字以上にしてください。", "the password needs at least 12 characters")
	case password.Long:
		return c.say("パスワードが長すぎます（上限は256バイトです）。", "the password is too long (at most 256 bytes)")
	}
	return c.say("推測されやすいパスワードです。", "the password is easy to guess")
}

type userInvite struct {
	database `embed:""`
	Tenant   string `required:"" placeholder:"NAME" help:"The tenant."`
	Email    string `required:"" placeholder:"ADDRESS" help:"The e-mail address of the user."`
}

// invitationLifetime is how long a token can be used.
const invitationLifetime = 72 * time.Hour

// Run is called by kong.
func (u *userInvite) Run(ctx context.Context, c *console) error {
	return u.withTenant(ctx, u.Tenant, func(ctx context.Context, db *postgres.DB, t postgres.Tenant) error {
		user, err := db.UserByEmail(ctx, t.ID, u.Email)
		if err != nil {
			return err
		}
		token, expires, err := db.IssueToken(ctx, t.ID, postgres.RoleOwner, user.ID, invitationLifetime)
		if err != nil {
			return err
		}
		zone, err := zoneOf(&t)
		if err != nil {
			return err
		}
		until := when(&expires, zone)
		c.note("%s", c.say("招待を作成しました。再表示はできません。一度だけ使用でき、期限は "+until+" です：",
			"The invitation cannot be shown again. It can be used once, until "+until+":"))
		return c.print("%s", token)
	})
}

type userList struct {
	database `embed:""`
	Tenant   string `required:"" placeholder:"NAME" help:"The tenant."`
}

// Run is called by kong.
func (u *userList) Run(ctx context.Context, c *console) error {
	return u.withTenant(ctx, u.Tenant, func(ctx context.Context, db *postgres.DB, t postgres.Tenant) error {
		zone, err := zoneOf(&t)
		if err != nil {
			return err
		}
		people, err := db.People(ctx, t.ID)
		if err != nil {
			return err
		}
		users := table{head: []string{
			"ID", c.say("メールアドレス", "E-mail"), c.say("名前", "Name"), c.say("権限", "Role"), c.say("状態", "State"), c.say("最終サインイン", "Signed in"),
		}, right: []bool{true, false, false, false, false, false}}
		for _, p := range people {
			state := c.say("有効", "active")
			switch {
			case p.DisabledAt != nil:
				state = c.say("無効", "disabled")
			case !p.HasPassword:
				state = c.say("パスワード未設定", "no password")
			}
			users.add(strconv.FormatInt(p.ID, 10), p.Email, p.Name, string(p.Role), state, when(p.SignedInAt, zone))
		}
		return users.write(c.out, "")
	})
}

// zoneOf returns the tenant's time zone.
func zoneOf(t *postgres.Tenant) (*time.Location, error) {
	zone, err := time.LoadLocation(t.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone of tenant %s: %w", t.Name, err)
	}
	return zone, nil
}

// when is a time of which there may be none.
func when(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return t.In(zone).Format(timeLayout)
}

type keyCmd struct {
	Create keyCreate `cmd:"" help:"Create an API key, and show it this once."`
	List   keyList   `cmd:"" help:"List the API keys of a tenant."`
	Revoke keyRevoke `cmd:"" help:"Revoke an API key: it is refused from now on."`
}

type keyCreate struct {
	database `embed:""`
	Tenant   string `required:"" placeholder:"NAME" help:"The tenant."`
	User     string `placeholder:"ADDRESS" help:"The e-mail address of the user to whom the key belongs; nobody if not given."`
	Name     string `required:"" help:"What the key is for."`
	Scope    string `default:"import" enum:"read,import,admin" help:"What the key may do at most, and never more than its user: ${enum}."`
	Expires  string `placeholder:"DATE" help:"The last day on which the key can be used, as in 2027-03-31; for ever if not given."`

	AllowConsent bool `help:"Let imports by this key opt in who opted out (consent: allow)."`
}

// Validate is called by kong.
func (k *keyCreate) Validate() error {
	_, err := k.expiry(time.Local)
	return err
}

// expiry returns the end of the last day.
func (k *keyCreate) expiry(zone *time.Location) (*time.Time, error) {
	if k.Expires == "" {
		return nil, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, k.Expires, zone)
	if err != nil {
		return nil, fmt.Errorf("--expires %s: a date expected, as in 2027-03-31", k.Expires)
	}
	end := day.AddDate(0, 0, 1)
	if !end.After(time.Now()) {
		return nil, fmt.Errorf("--expires %s: the key could not be used on any day; a date from today on expected", k.Expires)
	}
	return &end, nil
}

// Run is called by kong.
func (k *keyCreate) Run(ctx context.Context, c *console) error {
	return k.withTenant(ctx, k.Tenant, func(ctx context.Context, db *postgres.DB, t postgres.Tenant) error {
		zone, err := zoneOf(&t)
		if err != nil {
			return err
		}
		n := postgres.NewKey{Name: k.Name, Scope: postgres.Scope(k.Scope), AllowConsent: k.AllowConsent}
		if n.ExpiresAt, err = k.expiry(zone); err != nil {
			return err
		}
		if k.User != "" {
			u, err := db.UserByEmail(ctx, t.ID, k.User)
			if err != nil {
				return err
			}
			n.User = u.ID
		}
		_, secret, err := db.IssueKey(ctx, t.ID, postgres.RoleOwner, n)
		if err != nil {
			return err
		}
		c.note("%s", c.say("API キーを作成しました。再表示はできないため、必ず控えてください。",
			"The API key is created. It cannot be shown again, so please keep it now."))
		return c.print("%s", secret)
	})
}

type keyList struct {
	database `embed:""`
	Tenant   string `required:"" placeholder:"NAME" help:"The tenant."`
}

// Run is called by kong.
func (k *keyList) Run(ctx context.Context, c *console) error {
	return k.withTenant(ctx, k.Tenant, func(ctx context.Context, db *postgres.DB, t postgres.Tenant) error {
		zone, err := zoneOf(&t)
		if err != nil {
			return err
		}
		keys, err := db.Keys(ctx, t.ID)
		if err != nil {
			return err
		}
		all := table{head: []string{
			"ID", c.say("用途", "Name"), c.say("スコープ", "Scope"), c.say("持ち主", "User"), c.say("最終使用", "Last used"), c.say("期限", "Expires"), c.say("失効", "Revoked"),
		}, right: []bool{true, false, false, false, false, false, false}}
		for _, one := range keys {
			all.add(strconv.FormatInt(one.ID, 10), one.Name, string(one.Scope), cmp.Or(one.User.Email, c.say("なし", "nobody")),
				when(one.LastUsedAt, zone), when(one.ExpiresAt, zone), when(one.RevokedAt, zone))
		}
		return all.write(c.out, "")
	})
}

type keyRevoke struct {
	database `embed:""`
	Tenant   string `required:"" placeholder:"NAME" help:"The tenant."`
	ID       int64  `arg:"" help:"The id of the key (see meibo key list)."`
}

// Run is called by kong.
func (k *keyRevoke) Run(ctx context.Context, c *console) error {
	return k.withTenant(ctx, k.Tenant, func(ctx context.Context, db *postgres.DB, t postgres.Tenant) error {
		key, err := db.RevokeKey(ctx, t.ID, k.ID)
		if err != nil {
			return err
		}
		c.note("%s", c.say("API キー「"+key.Name+"」を失効させました。", "The API key "+key.Name+" is revoked."))
		return nil
	})
}
