package postgres_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/meibo/meibo/internal/postgres"
)

func TestListsAreMadeAndChanged(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	ctx := t.Context()
	made, err := l.db.CreateList(ctx, l.tenant, postgres.List{Name: "メルマガ", Note: "春", Required: map[string]bool{"name": false}})
	if err != nil || made.ID == 0 || made.Note != "春" || made.CreatedAt.IsZero() || !maps.Equal(made.Required, map[string]bool{"name": false}) {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := l.db.CreateList(ctx, l.tenant, postgres.List{Name: "メルマガ"}); !errors.Is(err, postgres.ErrExists) {
		t.Errorf("again: %v, want ErrExists", err)
	}
	renamed, err := l.db.UpdateList(ctx, l.tenant, "メルマガ", postgres.ListChange{Name: new("会報")})
	if err != nil || renamed.ID != made.ID || renamed.Name != "会報" || renamed.Note != "春" || !maps.Equal(renamed.Required, made.Required) {
		t.Errorf("%+v, %v", renamed, err)
	}
	changed, err := l.db.UpdateList(ctx, l.tenant, "会報", postgres.ListChange{Note: new(""), Required: map[string]bool{"email": true}})
	if err != nil || changed.Note != "" || !maps.Equal(changed.Required, map[string]bool{"email": true}) {
		t.Errorf("%+v, %v", changed, err)
	}
	s, err := l.db.Schema(ctx, l.tenant, made.ID)
	must(t, err)
	if f, _ := s.Field("email"); !f.Required {
		t.Error("what the list requires is not in its schema")
	}
	for name, c := range map[string]struct {
		list, to string
		want     error
	}{
		"taken": {"会報", postgres.MainList, postgres.ErrExists}, "none": {"nothing", "x", postgres.ErrNotFound}, "main": {postgres.MainList, "x", postgres.ErrConflict},
	} {
		if _, err := l.db.UpdateList(ctx, l.tenant, c.list, postgres.ListChange{Name: &c.to}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	lists, err := l.db.Lists(ctx, l.tenant)
	if err != nil || len(lists) != 2 || lists[0].Name != postgres.MainList {
		t.Errorf("lists %+v, %v", lists, err)
	}
}

func TestOnlyListsThatNothingDependsOnAreDeleted(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	w := s.a
	ctx := t.Context()
	for name, fill := range map[string]string{
		"member":  `insert into member (tenant_id, list_id, id, created_at, updated_at) values ($1, $2, 900, now(), now())`,
		"import":  `insert into import (tenant_id, list_id, id, file_name, options, max_row_bytes, created_at) values ($1, $2, gen_random_uuid(), 'a', '{}', 1024, now())`,
		"opt_out": `insert into opt_out (tenant_id, list_id, field, contact, created_at) values ($1, $2, 'is_subscriber', 'a@example.jp', now())`,
		"":        `select $1::bigint, $2::bigint`,
	} {
		made, err := w.db.CreateList(ctx, w.tenant, postgres.List{Name: "list " + name})
		must(t, err)
		must(t, w.db.RememberMapping(ctx, w.tenant, made.ID, remembered(name, w.uploaded)))
		_, err = w.db.CreateProfile(ctx, w.tenant, postgres.Profile{Name: "profile " + name, List: made.Name, Options: []byte(`{}`)})
		must(t, err)
		_, err = s.admin.Exec(ctx, fill, w.tenant, made.ID)
		must(t, err)
		err = w.db.DeleteList(ctx, w.tenant, made.Name)
		if name == "" {
			must(t, err)
			err = w.db.DeleteList(ctx, w.tenant, made.Name)
			if _, gone := w.db.Profile(ctx, w.tenant, "profile "); !errors.Is(err, postgres.ErrNotFound) || !errors.Is(gone, postgres.ErrNotFound) {
				t.Errorf("again: %v, its profile: %v", err, gone)
			}
		} else if !errors.Is(err, postgres.ErrConflict) {
			t.Errorf("with a row of %s: %v, want ErrConflict", name, err)
		}
	}
	if err := w.db.DeleteList(ctx, w.tenant, postgres.MainList); !errors.Is(err, postgres.ErrConflict) {
		t.Errorf("main: %v, want ErrConflict", err)
	}
}

func TestProfilesAreKeptByName(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	ctx := t.Context()
	p := postgres.Profile{Name: "夜間", List: postgres.MainList, Options: []byte(`{"mode": "update"}`), Header: []string{"会員番号", "氏名"}}
	made, err := l.db.CreateProfile(ctx, l.tenant, p)
	if err != nil || made.List != postgres.MainList || string(made.Options) != `{"mode": "update"}` || len(made.Header) != 2 {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := l.db.CreateProfile(ctx, l.tenant, p); !errors.Is(err, postgres.ErrExists) {
		t.Errorf("again: %v, want ErrExists", err)
	}
	p.List, p.Header, p.Options = "", nil, []byte(`{}`)
	changed, err := l.db.PutProfile(ctx, l.tenant, p)
	if err != nil || changed.List != "" || changed.Header != nil || string(changed.Options) != `{}` || !changed.CreatedAt.Equal(made.CreatedAt) {
		t.Errorf("%+v, %v", changed, err)
	}
	p.List = "nothing"
	if _, err := l.db.PutProfile(ctx, l.tenant, p); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("into no list: %v, want ErrNotFound", err)
	}
	must(t, l.db.DeleteProfile(ctx, l.tenant, p.Name))
	if all, err := l.db.Profiles(ctx, l.tenant); err != nil || len(all) != 0 {
		t.Errorf("profiles %+v, %v", all, err)
	}
}
