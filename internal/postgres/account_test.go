package postgres_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/tenant"
)

func TestQuotaIsSetAndLifted(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	for _, quota := range []*int64{new(int64(0)), new(int64(5000)), nil} {
		must(t, l.db.SetMemberQuota(t.Context(), l.tenant, quota))
		found, err := l.db.TenantByName(t.Context(), "shop")
		if err != nil || !reflect.DeepEqual(found.MemberQuota, quota) {
			t.Errorf("quota = %v, %v; want %v", found.MemberQuota, err, quota)
		}
		changed, err := l.db.UpdateTenant(t.Context(), l.tenant, postgres.Tenant{Region: "US"})
		if err != nil || changed.Name != "shop" || changed.Region != "US" || !reflect.DeepEqual(changed.MemberQuota, quota) {
			t.Errorf("another setting changed: %+v, %v", changed, err)
		}
		all, err := l.db.Tenants(t.Context())
		if err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], changed) {
			t.Errorf("tenants = %+v, %v; want %+v", all, err, changed)
		}
	}
	if err := l.db.SetMemberQuota(t.Context(), l.tenant+1, nil); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("quota of nobody: %v, want ErrNotFound", err)
	}
}

func TestRoleAndKeySayWhatACallerMay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role           postgres.Role
		key, edit, all bool
	}{
		{"", false, true, false},
		{"", true, true, true},
		{postgres.RoleOwner, false, true, true},
		{postgres.RoleAdmin, false, true, true},
		{postgres.RoleEditor, false, true, false},
		{postgres.RoleEditor, true, true, true},
		{postgres.RoleViewer, false, false, false},
		{postgres.RoleViewer, true, false, false},
	} {
		caller := postgres.Caller{User: postgres.User{Role: c.role}, KeyAllowsConsent: c.key}
		if caller.MayEdit() != c.edit || caller.MayAllowConsent() != c.all {
			t.Errorf("%+v: may edit %v, allow consent %v", c, caller.MayEdit(), caller.MayAllowConsent())
		}
		caller.KeyScope = postgres.ScopeImport
		if caller.MayAllowConsent() != (c.edit && c.key) {
			t.Errorf("%+v, by a key that imports: allow consent %v", c, caller.MayAllowConsent())
		}
	}
}

// The release before has neither the permission of keys nor the hash of requests, and goes on being served.
func TestKeysAndImportsWorkBeforeTheDatabaseIsMigrated(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	admin, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { admin.Close(context.Background()) })
	ten, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	key, err := db.CreateKey(t.Context(), ten.ID, "nightly", 0)
	must(t, err)
	must(t, db.AllowConsent(t.Context(), ten.ID, key))
	if c, err := db.Authenticate(t.Context(), key); err != nil || !c.KeyAllowsConsent {
		t.Errorf("caller = %+v, %v; want one whose key allows consent", c, err)
	}
	_, err = admin.Exec(t.Context(), `alter table api_key drop column allow_consent, drop column scope, drop column expires_at, drop column last_used_at;
		alter table app_user drop column password, drop column disabled_at, drop column signed_in_at; alter table import drop column request_hash;
		drop table user_session, user_token, sign_in_attempt`)
	must(t, err)
	if c, err := db.Authenticate(t.Context(), key); err != nil || c.KeyAllowsConsent || c.Tenant.ID != ten.ID {
		t.Errorf("caller = %+v, %v; want one that may not allow consent", c, err)
	}
	if n, err := db.SweepAccounts(t.Context(), time.Hour); n != 0 || err != nil {
		t.Errorf("swept %d, %v; want nothing, where there is nothing to sweep", n, err)
	}
	var first imports.ID
	for n, request := range []string{"a", "a", "b"} {
		i, existed, err := db.CreateImport(t.Context(), ten.ID, postgres.NewImport{
			List: postgres.MainList, FileName: "a.csv", IdempotencyKey: "k", Request: []byte(request),
		})
		must(t, err)
		if n == 0 {
			first = i.ID
		}
		if existed != (n > 0) || i.ID != first {
			t.Errorf("call %d gave %s, existed %v; want %s", n, i.ID, existed, first)
		}
	}
}

func TestIdempotencyKeyComesWithOneRequest(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	create := func(request string) (imports.ID, error) {
		i, _, err := l.db.CreateImport(t.Context(), l.tenant, postgres.NewImport{
			List: postgres.MainList, FileName: "a.csv", IdempotencyKey: "k", Request: []byte(request),
		})
		if err != nil {
			return imports.ID{}, err
		}
		return i.ID, nil
	}
	first, err := create("\x00\xffa")
	must(t, err)
	if again, err := create("\x00\xffa"); err != nil || again != first {
		t.Errorf("the same request gave %s, %v; want %s", again, err, first)
	}
	if _, err := create("b"); !errors.Is(err, postgres.ErrReused) {
		t.Errorf("another request: %v, want ErrReused", err)
	}
}

func TestDryRunIsNoEarlierImport(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	for _, dry := range []bool{true, false} {
		i, _, err := l.db.CreateImport(t.Context(), l.tenant, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: imports.Options{DryRun: dry}})
		must(t, err)
		source := imports.Source{Upload: i.ID.String(), SHA256: "ab", MaxRows: 1}
		_, err = l.db.SetUploaded(t.Context(), l.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
		must(t, err)
		must(t, l.db.StartImport(t.Context(), l.tenant, i.ID, postgres.Settled{
			Options: imports.Options{DryRun: dry}, Mapping: mapping, Source: source, Cut: imports.Cut{Lanes: 1},
		}))
		_, err = l.db.OpenLedger(t.Context(), l.tenant, i.ID, 1)
		must(t, err)
		must(t, l.db.EndOfSource(t.Context(), l.tenant, i.ID, 0, []int64{0}))
		if done, err := l.db.FinishImport(t.Context(), l.tenant, i.ID); err != nil || !done {
			t.Fatalf("finish = %v, %v", done, err)
		}
		e, err := l.db.EarlierImport(t.Context(), l.tenant, imports.NewID(), "ab")
		if err != nil || dry != (e == nil) {
			t.Errorf("after a dry run (%v): earlier import %+v, %v", dry, e, err)
		}
	}
}

func TestNamedRecipientsTakeThePlaceOfTheOwners(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	for _, u := range []postgres.User{
		{Email: "owner@example.jp", Name: "所有者", Role: postgres.RoleOwner, Language: tenant.Japanese},
		{Email: "Hana@example.jp", Name: "Hana", Role: postgres.RoleViewer, Language: tenant.English},
	} {
		_, err := l.db.CreateUser(t.Context(), l.tenant, u)
		must(t, err)
	}
	for _, c := range []struct {
		named []string
		want  []postgres.Recipient
	}{
		{nil, []postgres.Recipient{{"owner@example.jp", "所有者", "ja"}}},
		{[]string{}, []postgres.Recipient{}},
		{[]string{"hana@example.jp", "x@example.com", "X@example.com"}, []postgres.Recipient{{"hana@example.jp", "Hana", "en"}, {"x@example.com", "", "ja"}}},
	} {
		i, _, err := l.db.CreateImport(t.Context(), l.tenant, postgres.NewImport{
			List: postgres.MainList, FileName: "a.csv", Options: imports.Options{Notify: imports.Notify{Recipients: c.named}},
		})
		must(t, err)
		e, err := l.db.Ended(t.Context(), l.tenant, i.ID)
		if err != nil || !reflect.DeepEqual(e.Recipients, c.want) {
			t.Errorf("%v: recipients %+v, %v; want %+v", c.named, e.Recipients, err, c.want)
		}
	}
}
