package postgres_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// attempts is every method that takes a tenant, called by tenant a with the ids of b. A method that answers other than
// by an error returns what it gave away, or nil.
func attempts(ctx context.Context, s *street) map[string]func() (any, error) {
	db, a, b, uploaded := s.a.db, s.a.tenant, s.b.job.ID, s.b.uploaded
	looked := postgres.Inspected{Source: s.b.job.Source}
	gave := func(something bool, what any) any {
		if something {
			return what
		}
		return nil
	}
	settled := postgres.Settled{Options: s.b.job.Options, Mapping: mapping, Cut: s.b.job.Cut, Source: s.b.job.Source}
	return map[string]func() (any, error){
		"Import":        func() (any, error) { return db.Import(ctx, a, b) },
		"ImportForWork": func() (any, error) { return db.ImportForWork(ctx, a, b) },
		"Ended":         func() (any, error) { return db.Ended(ctx, a, b) },
		"Inspection":    func() (any, error) { var dst any; return dst, db.Inspection(ctx, a, uploaded, &dst) },
		"RememberMapping": func() (any, error) {
			return nil, db.RememberMapping(ctx, a, s.b.job.ListID, remembered("stolen", uploaded))
		},
		"RememberedMappings": func() (any, error) {
			all, err := db.RememberedMappings(ctx, a, s.b.job.ListID)
			return gave(len(all) > 0, all), err
		},
		"EarlierImport": func() (any, error) {
			e, err := db.EarlierImport(ctx, a, imports.NewID(), s.b.job.Source.SHA256)
			return gave(e != nil, e), err
		},
		"SetUploaded":   func() (any, error) { _, err := db.SetUploaded(ctx, a, uploaded, looked); return nil, err },
		"SetInspection": func() (any, error) { return nil, db.SetInspection(ctx, a, uploaded, looked) },
		"RecordedSources": func() (any, error) {
			r, err := db.RecordedSources(ctx, a, []postgres.SourceRef{{Import: uploaded, Upload: s.b.job.Source.Upload}})
			return gave(len(r) > 0, r), err
		},
		"NeededFailures": func() (any, error) {
			r, err := db.NeededFailures(ctx, a, []postgres.FailuresRef{{Import: b}})
			return gave(len(r) > 0, r), err
		},
		"CheckStorage": func() (any, error) {
			left, err := db.CheckStorage(ctx, a, uploaded, 1)
			return gave(left != nil, left), err
		},
		"StartImport":    func() (any, error) { return nil, db.StartImport(ctx, a, uploaded, settled) },
		"CancelImport":   func() (any, error) { return nil, db.CancelImport(ctx, a, b) },
		"PauseImport":    func() (any, error) { return nil, db.PauseImport(ctx, a, b) },
		"ResumeImport":   func() (any, error) { return nil, db.ResumeImport(ctx, a, b) },
		"ResumeImportOf": func() (any, error) { _, err := db.ResumeImportOf(ctx, a, b); return nil, err },
		"Runs":           func() (any, error) { runs, err := db.Runs(ctx, a, b); return gave(runs, runs), err },
		"FinishImport":   func() (any, error) { done, err := db.FinishImport(ctx, a, b); return gave(done, done), err },
		"FinishStep":     func() (any, error) { left, err := db.FinishStep(ctx, a, s.b.job); return gave(left, left), err },
		"RequestUndo":    func() (any, error) { return db.RequestUndo(ctx, a, b, false, 0) },
		"UndoStep":       func() (any, error) { left, err := db.UndoStep(ctx, a, s.b.job); return gave(left, left), err },
		"Undo":           func() (any, error) { return db.Undo(ctx, a, b, true) },
		"Undos": func() (any, error) {
			all, err := db.Undos(ctx, a, []imports.ID{b})
			return gave(len(all) > 0, all), err
		},
		"UndoKept": func() (any, error) {
			page, err := db.UndoKept(ctx, a, b, true, imports.Kept{}, 10)
			return gave(len(page) > 0, page), err
		},
		"FailUndo": func() (any, error) { return nil, db.FailUndo(ctx, a, b, member.Problem{Code: member.Internal}) },
		"FailImport": func() (any, error) {
			done, err := db.FailImport(ctx, a, b, member.Problem{Code: member.SourceMissing})
			return gave(done, done), err
		},
		"FailImportOf": func() (any, error) {
			done, err := db.FailImportOf(ctx, a, b, member.Problem{Code: member.PoisonChunk})
			return gave(done, done), err
		},
		"Imports": func() (any, error) {
			page, err := db.Imports(ctx, a, postgres.ImportFilter{Limit: 10})
			return gave(slices.ContainsFunc(page, func(i *imports.Import) bool { return i.Tenant != a || i.ID == b || i.ID == uploaded }), page), err
		},
		"CountImports": func() (any, error) {
			n, _, err := db.CountImports(ctx, a, postgres.ImportFilter{})
			return gave(n != 2, n), err // as many as its own
		},
		"Preview":  func() (any, error) { rows, err := db.Preview(ctx, a, b, ""); return gave(len(rows) > 0, rows), err },
		"PaceOf":   func() (any, error) { points, err := db.PaceOf(ctx, a, b); return gave(len(points) > 0, points), err },
		"Timeline": func() (any, error) { return db.Timeline(ctx, a, b) },
		"Lists": func() (any, error) {
			lists, err := db.Lists(ctx, a)
			return gave(slices.ContainsFunc(lists, func(l postgres.List) bool { return l.ID == s.b.job.ListID || l.Name == "b-shop-list" }), lists), err
		},
		"List": func() (any, error) { return db.List(ctx, a, "b-shop-list") },
		"UpdateList": func() (any, error) {
			return db.UpdateList(ctx, a, "b-shop-list", postgres.ListChange{Note: new("stolen"), Required: map[string]bool{"email": true}})
		},
		"DeleteList": func() (any, error) { return nil, db.DeleteList(ctx, a, "b-shop-list") },
		"Fields": func() (any, error) {
			all, err := db.Fields(ctx, a)
			return gave(len(all) != 1 || all[0].Key != "a_shop", all), err
		},
		"UpdateField": func() (any, error) {
			d, problems, err := db.UpdateField(ctx, a, "b_shop", member.FieldChange{Retired: new(true)})
			return gave(len(problems) == 0, d), err
		},
		"Schema": func() (any, error) {
			schema, err := db.Schema(ctx, a, s.list(ctx, s.b))
			if err != nil {
				return nil, err
			}
			name, _ := schema.Field("name")
			return gave(!name.Required || schema.Index("b_shop") >= 0, schema.Fields()), nil
		},
		"Profiles": func() (any, error) {
			all, err := db.Profiles(ctx, a)
			return gave(len(all) != 1 || all[0].Name != "a-shop-list", all), err
		},
		"Profile": func() (any, error) { return db.Profile(ctx, a, "b-shop-list") },
		"CreateProfile": func() (any, error) {
			return db.CreateProfile(ctx, a, postgres.Profile{Name: "mine", List: "b-shop-list", Options: []byte(`{}`)})
		},
		"PutProfile": func() (any, error) {
			return db.PutProfile(ctx, a, postgres.Profile{Name: "b-shop-list", List: "b-shop-list", Options: []byte(`{}`)})
		},
		"DeleteProfile": func() (any, error) { return nil, db.DeleteProfile(ctx, a, "b-shop-list") },
		"Member":        func() (any, error) { return db.Member(ctx, a, standard, s.b.member) },
		"Members": func() (any, error) {
			page, err := db.Members(ctx, a, standard, postgres.MemberFilter{List: postgres.MainList, MemberSN: "b-shop-0", Limit: 10})
			return gave(len(page) > 0, page), err
		},
		"CountMembers": func() (any, error) {
			n, _, err := db.CountMembers(ctx, a, postgres.MemberFilter{List: postgres.MainList, MemberSN: "b-shop-0"})
			return gave(n > 0, n), err
		},
		"CreateMember": func() (any, error) {
			return db.CreateMember(ctx, a, standard, postgres.NewMember{List: "b-list", Said: said("member_sn", map[string]string{"member_sn": "b-shop-0", "name": "盗人"})})
		},
		"UpdateMember": func() (any, error) {
			return db.UpdateMember(ctx, a, standard, s.b.member, postgres.MemberChange{Said: said("", map[string]string{"name": "盗人"})})
		},
		"ErasureOf": func() (any, error) {
			e, err := db.ErasureOf(ctx, a, s.erased(ctx, s.b))
			return gave(e.ID != 0, e), err
		},
		"EraseMember":  func() (any, error) { return db.EraseMember(ctx, a, standard, s.b.member) },
		"DeleteMember": func() (any, error) { return db.DeleteMember(ctx, a, standard, s.b.member, nil) },
		"BlockMember":  func() (any, error) { return db.BlockMember(ctx, a, standard, s.b.member, true) },
		"SeeMember":    func() (any, error) { return db.SeeMember(ctx, a, standard, s.b.member, time.Now()) },
		"Failures": func() (any, error) {
			f, err := db.Failures(ctx, a, b, 10)
			return gave(len(f.Counts)+len(f.Sample) > 0, f), err
		},
		"MergedChunks": func() (any, error) { c, err := db.MergedChunks(ctx, a, b); return gave(len(c) > 0, c), err },
		"Mails":        func() (any, error) { m, err := db.Mails(ctx, a, b); return gave(len(m) > 0, m), err },
		"UserByEmail":  func() (any, error) { return db.UserByEmail(ctx, a, s.b.user.Email) },
		"CreateKey":    func() (any, error) { _, err := db.CreateKey(ctx, a, "stolen", s.b.user.ID); return nil, err },
		"AllowConsent": func() (any, error) { return nil, db.AllowConsent(ctx, a, s.b.key) },
		"IssueKey": func() (any, error) {
			_, _, err := db.IssueKey(ctx, a, postgres.RoleOwner, postgres.NewKey{Name: "stolen", User: s.b.user.ID, Scope: postgres.ScopeAdmin})
			return nil, err
		},
		"Keys": func() (any, error) {
			keys, err := db.Keys(ctx, a)
			return gave(len(keys) != 1 || keys[0].User.ID != s.a.user.ID, keys), err
		},
		"RevokeKey": func() (any, error) { return db.RevokeKey(ctx, a, s.first(ctx, "api_key", s.b)) },
		"People": func() (any, error) {
			people, err := db.People(ctx, a)
			return gave(len(people) != 1 || people[0].ID != s.a.user.ID, people), err
		},
		"Person": func() (any, error) { return db.Person(ctx, a, s.b.user.ID) },
		"ChangePerson": func() (any, error) {
			return db.ChangePerson(ctx, a, postgres.RoleOwner, s.b.user.ID, postgres.PersonChange{Name: new("盗人"), Disabled: new(true)})
		},
		"DeletePerson": func() (any, error) { return db.DeletePerson(ctx, a, postgres.RoleOwner, s.b.user.ID) },
		"OwnCredential": func() (any, error) {
			c, err := db.OwnCredential(ctx, a, s.b.user.ID)
			return gave(c != postgres.Credential{}, c), err
		},
		"SetPassword":     func() (any, error) { return nil, db.SetPassword(ctx, a, s.b.user.ID, "stolen") },
		"UpgradePassword": func() (any, error) { return nil, db.UpgradePassword(ctx, a, s.b.user.ID, "", "stolen") },
		"IssueToken": func() (any, error) {
			_, _, err := db.IssueToken(ctx, a, postgres.RoleOwner, s.b.user.ID, time.Hour)
			return nil, err
		},
		"OpenSession": func() (any, error) {
			_, _, err := db.OpenSession(ctx, a, s.b.user.ID, postgres.NewSession{Lifetime: time.Hour})
			return nil, err
		},
		"Sessions": func() (any, error) {
			sessions, err := db.Sessions(ctx, a, s.b.user.ID, time.Hour)
			return gave(len(sessions) > 0, sessions), err
		},
		"CloseSession": func() (any, error) {
			return nil, db.CloseSession(ctx, a, s.b.user.ID, s.first(ctx, "user_session", s.b))
		},
		"MergeChunk": func() (any, error) {
			thief := &world{db: db, tenant: a, job: s.b.job, plan: s.b.plan}
			r, err := thief.merge(ctx, 0, 1, 100, row("b-shop-0", "盗人"))
			return gave(r.Counts.Rows() > 0, r), err
		},
		"CreateRetry": func() (any, error) {
			_, _, err := db.CreateRetry(ctx, a, b, postgres.NewImport{FileName: "a.csv"})
			return nil, err
		},
		"Retries": func() (any, error) {
			r, err := db.Retries(ctx, a, []imports.ID{b, uploaded})
			return gave(len(r) > 0, r), err
		},
		"MendedRows": func() (any, error) {
			var rows []int64
			err := db.MendedRows(ctx, a, b, imports.ID{}, func(row int64) { rows = append(rows, row) })
			return gave(len(rows) > 0, rows), err
		},
		"CreateImport": func() (any, error) {
			_, _, err := db.CreateImport(ctx, a, postgres.NewImport{List: "b-list", FileName: "a.csv"})
			return nil, err
		},
	}
}

// notOfIDs are the methods with a tenant that read no row by an id of somebody else, and why.
var notOfIDs = map[string]string{
	"CreateUser":        "takes no id",
	"AddPerson":         "takes no id",
	"UpdateTenant":      "takes no id but the tenant's own",
	"SetMemberQuota":    "as UpdateTenant",
	"UpdateLimits":      "as UpdateTenant",
	"Usage":             "as UpdateTenant",
	"RowsLeft":          "as UpdateTenant",
	"CreateField":       "takes no id",
	"Audit":             "takes no id, and reads by the wall: see TestStatementsWithoutWhereSeeOneTenant",
	"Retention":         "takes no id but the tenant's own",
	"SetRetention":      "as Retention",
	"ExpireSource":      "takes no id",
	"ExpireReport":      "takes no id",
	"ExpireJournal":     "takes no id",
	"ExpireLogs":        "takes no id",
	"NextErased":        "takes no id but that of a work, which has its tenant",
	"Erased":            "as NextErased",
	"EnsureFields":      "takes no id",
	"CreateList":        "takes no id",
	"OpenLedger":        "writes rows of the given tenant only: see TestWorkOnAnImportOfAnotherTenantChangesNothingOfIt",
	"Progress":          "as OpenLedger",
	"NotePlace":         "as OpenLedger",
	"EndOfSource":       "as OpenLedger",
	"SendOnce":          "as OpenLedger",
	"RecordNoRecipient": "as OpenLedger",
}

func TestNoMethodReachesAnotherTenant(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	_, err := s.admin.Exec(t.Context(), `insert into member_list (tenant_id, name) values ($1, 'b-list')`, s.b.tenant)
	must(t, err)
	before := s.rows(t, s.a.tenant) + s.rows(t, s.b.tenant)
	tried := attempts(t.Context(), s)
	for name, attempt := range tried {
		gave, err := attempt()
		var refused *pgconn.PgError // a foreign key
		switch {
		case err == nil && gave != nil:
			t.Errorf("%s gave %+v", name, gave)
		case err != nil && !errors.Is(err, postgres.ErrNotFound) && !errors.Is(err, postgres.ErrConflict) && !errors.Is(err, postgres.ErrStopped) &&
			(!errors.As(err, &refused) || refused.Code != "23503"):
			t.Errorf("%s: %v, want a refusal", name, err)
		}
		if after := s.rows(t, s.a.tenant) + s.rows(t, s.b.tenant); after != before {
			t.Fatalf("%s changed\n%s\nto\n%s", name, before, after)
		}
	}
	methods := reflect.TypeFor[*postgres.DB]()
	for n := range methods.NumMethod() {
		m := methods.Method(n)
		if m.Type.NumIn() < 3 || m.Type.In(2) != reflect.TypeFor[tenant.ID]() {
			continue
		}
		if tried[m.Name] == nil && notOfIDs[m.Name] == "" {
			t.Errorf("method %s takes a tenant, and is not tried with ids of another", m.Name)
		}
	}
}

func TestWorkOnAnImportOfAnotherTenantChangesNothingOfIt(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	ctx, db, a, b := t.Context(), s.a.db, s.a.tenant, s.b.job.ID
	before := s.rows(t, s.b.tenant)
	next, err := db.OpenLedger(ctx, a, b, 1)
	if err != nil || !slices.Equal(next, []int64{0}) {
		t.Errorf("OpenLedger = %v, %v; want nothing merged", next, err)
	}
	if run, _, err := db.Progress(ctx, a, b, 99); err != nil || run != 0 {
		t.Errorf("Progress = %v, %v; want no run", run, err)
	}
	must(t, db.NotePlace(ctx, a, b, 99, 0.5))
	must(t, db.EndOfSource(ctx, a, b, 99, []int64{9}))
	must(t, db.RecordNoRecipient(ctx, a, b, 1))
	must(t, db.SendOnce(ctx, a, b, 1, "x@example.jp", "id", func(context.Context) error { return nil }, func(error) bool { return true }))
	if after := s.rows(t, s.b.tenant); after != before {
		t.Errorf("the rows of b became\n%s\nwere\n%s", after, before)
	}
}

func TestKeyOpensItsOwnTenantOnly(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	for _, h := range []*house{s.a, s.b} {
		c, err := h.db.Authenticate(t.Context(), h.key)
		if err != nil || c.Tenant.ID != h.tenant || c.User != h.user {
			t.Errorf("caller = %+v, %v; want tenant %s, user %+v", c, err, h.tenant, h.user)
		}
	}
	if _, err := s.a.db.Authenticate(t.Context(), s.a.key+"x"); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("unknown key: %v, want ErrNotFound", err)
	}
}
