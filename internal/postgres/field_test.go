package postgres_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// define creates a field, which has to be right.
func (w *world) define(t *testing.T, d member.Definition) {
	t.Helper()
	problems, err := w.db.CreateField(t.Context(), w.tenant, d)
	if err != nil || len(problems) > 0 {
		t.Fatalf("create field %s: %v, %v", d.Key, problems, err)
	}
}

// keys are those of the custom fields of a list.
func (w *world) keys(t *testing.T, list int64) (keys []string) {
	t.Helper()
	s, err := w.db.Schema(t.Context(), w.tenant, list)
	must(t, err)
	for _, f := range s.Fields() {
		if f.Custom {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

func codes(problems []member.Problem) string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Field+" "+string(p.Code))
	}
	return strings.Join(all, ", ")
}

func shoe() member.Definition {
	return member.Definition{Key: "shoe_size", Type: "number", Label: member.Text{JA: "靴のサイズ"}}
}

func TestCustomFieldsComeAfterTheStandardOnes(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.define(t, member.Definition{Key: "zebra", Type: "string", Synonyms: []string{"しまうま"}})
	l.define(t, member.Definition{Key: "plan", Type: "choice", Choices: []member.DefinedChoice{{Label: member.Text{JA: "松"}}, {Label: member.Text{JA: "竹"}}}})
	l.define(t, shoe())
	if got := l.keys(t, 0); !slices.Equal(got, []string{"zebra", "plan", "shoe_size"}) {
		t.Errorf("custom fields %v", got)
	}
	s, err := l.db.Schema(t.Context(), l.tenant, 0)
	must(t, err)
	if f, _, _ := s.MatchColumn("しまうま"); f.Key != "zebra" || len(s.Fields()) != len(standard.Fields())+3 {
		t.Errorf("the header is %q of %d fields", f.Key, len(s.Fields()))
	}
	if f, _ := s.Field("plan"); len(f.Choices) != 2 || f.Choices[1].Number != 2 {
		t.Errorf("choices %+v", f.Choices)
	}
}

func TestFieldsThatCannotBeAreNotCreated(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.define(t, shoe())
	for key, want := range map[string]string{"email": "key field_key_reserved", "shoesize": "key field_key_taken"} {
		d := shoe()
		d.Key = key
		if problems, err := l.db.CreateField(t.Context(), l.tenant, d); err != nil || codes(problems) != want {
			t.Errorf("%s: %v, %v; want %s", key, problems, err, want)
		}
	}
	if _, err := l.db.CreateField(t.Context(), l.tenant, shoe()); !errors.Is(err, postgres.ErrExists) {
		t.Errorf("again: %v, want ErrExists", err)
	}
	if got := l.keys(t, 0); len(got) != 1 {
		t.Errorf("custom fields %v", got)
	}
}

func TestFieldsOfATenantAreBounded(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	var all []member.Definition
	for n := range postgres.MaxFields {
		all = append(all, member.Definition{Key: fmt.Sprintf("f%d", n), Type: "string"})
	}
	problems, err := l.db.EnsureFields(t.Context(), l.tenant, all)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, %v", problems, err)
	}
	if problems, err = l.db.CreateField(t.Context(), l.tenant, shoe()); err != nil || codes(problems) != "fields field_too_many" {
		t.Errorf("one more: %v, %v", problems, err)
	}
	large := make([]member.DefinedChoice, 1000)
	for n := range large {
		large[n].Label.JA = fmt.Sprintf("%d%s", n, strings.Repeat("長", 90))
		large[n].Synonyms = []string{fmt.Sprintf("%d%s", n, strings.Repeat("い", 90)), fmt.Sprintf("%d%s", n, strings.Repeat("名", 90)), fmt.Sprintf("%d%s", n, strings.Repeat("前", 90))}
	}
	other := newLife(t)
	problems, err = other.db.CreateField(t.Context(), other.tenant, member.Definition{Key: "large", Type: "choice", Choices: large})
	if err != nil || codes(problems) != "fields fields_too_large" {
		t.Errorf("large: %v, %v", problems, err)
	}
	if got := other.keys(t, 0); len(got) != 0 {
		t.Errorf("%v is there", got)
	}
}

func TestNewFieldsAreEnsuredTogether(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.define(t, shoe())
	l.define(t, member.Definition{Key: "old", Type: "string"})
	_, _, err := l.db.UpdateField(t.Context(), l.tenant, "old", member.FieldChange{Retired: new(true)})
	must(t, err)
	hat := member.Definition{Key: "hat", Type: "string"}
	otherwise := shoe()
	otherwise.Type = "string"
	for _, c := range []struct {
		fields []member.Definition
		want   string
		there  int
	}{
		{[]member.Definition{hat, otherwise, {Key: "old", Type: "string"}, {Key: "email", Type: "email"}}, "[1].key field_differs, [2].key field_retired, [3].key field_key_reserved", 1},
		{[]member.Definition{shoe()}, "", 1},
		{[]member.Definition{hat, hat, shoe()}, "", 2},
	} {
		problems, err := l.db.EnsureFields(t.Context(), l.tenant, c.fields)
		if err != nil || codes(problems) != c.want {
			t.Errorf("%v, %v; want %s", problems, err, c.want)
		}
		if got := l.keys(t, 0); len(got) != c.there {
			t.Errorf("after %v there are %v, want %d", problems, got, c.there)
		}
	}
}

func TestFieldCreatedAtTheSameMomentIsThereOnce(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	var wg sync.WaitGroup
	created := make(chan error, 8)
	for range cap(created) {
		wg.Go(func() {
			_, err := l.db.CreateField(t.Context(), l.tenant, shoe())
			created <- err
		})
	}
	wg.Wait()
	close(created)
	ok := 0
	for err := range created {
		if err == nil {
			ok++
		} else if !errors.Is(err, postgres.ErrExists) {
			t.Error(err)
		}
	}
	if got := l.keys(t, 0); ok != 1 || len(got) != 1 {
		t.Errorf("created %d times, fields %v", ok, got)
	}
}

func TestFieldIsChangedAndRetired(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.define(t, shoe())
	ctx := t.Context()
	d, problems, err := l.db.UpdateField(ctx, l.tenant, "shoe_size", member.FieldChange{Label: &member.Text{JA: "足のサイズ"}, Required: new(true)})
	if err != nil || len(problems) > 0 || d.Label.JA != "足のサイズ" || !d.Required || d.Type != "number" {
		t.Errorf("%+v, %v, %v", d, problems, err)
	}
	s, err := l.db.Schema(ctx, l.tenant, 0)
	must(t, err)
	if f, _ := s.Field("shoe_size"); f.Label.JA != "足のサイズ" || !f.Required {
		t.Errorf("the schema has %+v", f)
	}
	if _, problems, err = l.db.UpdateField(ctx, l.tenant, "shoe_size", member.FieldChange{Unique: new(true), Label: &member.Text{JA: "x"}}); err != nil || codes(problems) != "unique field_settled" {
		t.Errorf("%v, %v", problems, err)
	}
	if _, _, err = l.db.UpdateField(ctx, l.tenant, "email", member.FieldChange{}); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("a standard field: %v, want ErrNotFound", err)
	}
	_, _, err = l.db.UpdateField(ctx, l.tenant, "shoe_size", member.FieldChange{Retired: new(true)})
	must(t, err)
	all, err := l.db.Fields(ctx, l.tenant)
	must(t, err)
	if got := l.keys(t, 0); len(got) != 0 || len(all) != 1 || !all[0].Retired || all[0].Label.JA != "足のサイズ" {
		t.Errorf("in use %v, all %+v", got, all)
	}
}

// begin starts an import of a list whose columns are mapped so.
func (w *world) begin(t *testing.T, list string, m member.Mapping) (*imports.Import, error) {
	t.Helper()
	o := imports.Options{Rules: member.Rules{}.Filled(), TimeZone: "Asia/Tokyo", Region: "JP"}
	i, _, err := w.db.CreateImport(t.Context(), w.tenant, postgres.NewImport{List: list, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
	must(t, err)
	if i.Schema != nil {
		t.Error("an import that has not started has its fields already")
	}
	source := imports.Source{Size: 1, Format: "csv", MaxRows: 10}
	_, err = w.db.SetUploaded(t.Context(), w.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	if err := w.db.StartImport(t.Context(), w.tenant, i.ID, postgres.Settled{Options: o, Mapping: m, Cut: imports.Cut{Lanes: 1}, Source: source}); err != nil {
		return nil, err
	}
	return w.db.ImportForWork(t.Context(), w.tenant, i.ID)
}

func TestImportKeepsTheFieldsThatItWasStartedWith(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	ctx := t.Context()
	m := member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "靴", Field: "shoe_size"}}
	if _, err := l.begin(t, postgres.MainList, m); !errors.Is(err, postgres.ErrFields) {
		t.Errorf("a field that is not there: %v, want ErrFields", err)
	}
	l.define(t, shoe())
	_, err := l.db.UpdateList(ctx, l.tenant, postgres.MainList, postgres.ListChange{Required: map[string]bool{"name": false, "email": true}})
	must(t, err)
	i, err := l.begin(t, postgres.MainList, m)
	must(t, err)
	_, _, err = l.db.UpdateField(ctx, l.tenant, "shoe_size", member.FieldChange{Retired: new(true)})
	must(t, err)
	_, err = l.db.UpdateList(ctx, l.tenant, postgres.MainList, postgres.ListChange{Required: map[string]bool{}})
	must(t, err)
	for _, read := range []func() (*imports.Import, error){
		func() (*imports.Import, error) { return l.db.ImportForWork(ctx, l.tenant, i.ID) },
		func() (*imports.Import, error) { return l.db.Import(ctx, l.tenant, i.ID) },
		func() (*imports.Import, error) {
			page, err := l.db.Imports(ctx, l.tenant, postgres.ImportFilter{Limit: 1})
			return page[0], err
		},
	} {
		i, err := read()
		must(t, err)
		name, _ := i.Schema.Field("name")
		email, _ := i.Schema.Field("email")
		if i.Schema.Index("shoe_size") < 0 || name.Required || !email.Required {
			t.Errorf("the import's fields became others: %+v", i.Schema.Fields())
		}
		if p, err := i.Plan(); err != nil || p.Fields[1].Key != "shoe_size" {
			t.Errorf("plan: %v", err)
		}
	}
	again, err := l.begin(t, postgres.MainList, m[:1])
	must(t, err)
	if again.Schema != nil {
		t.Error("an import without fields of its own has some")
	}
}

func TestFieldsAreStandardBeforeTheDatabaseIsMigrated(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	_, err := s.admin.Exec(t.Context(), `drop table custom_field, profile; alter table import drop column fields; alter table member_list drop column settings`)
	must(t, err)
	w := s.a
	if got := w.keys(t, w.job.ListID); len(got) != 0 {
		t.Errorf("custom fields %v", got)
	}
	if all, err := w.db.Fields(t.Context(), w.tenant); err != nil || len(all) != 0 {
		t.Errorf("fields %v, %v", all, err)
	}
	if all, err := w.db.Profiles(t.Context(), w.tenant); err != nil || len(all) != 0 {
		t.Errorf("profiles %v, %v", all, err)
	}
	if l, err := w.db.List(t.Context(), w.tenant, postgres.MainList); err != nil || l.ID != w.job.ListID || len(l.Required) != 0 {
		t.Errorf("list %+v, %v", l, err)
	}
	must(t, w.db.CancelImport(t.Context(), w.tenant, w.job.ID))
	i, err := w.begin(t, postgres.MainList, mapping)
	if err != nil || i.Schema != nil || i.State != imports.StateRunning {
		t.Errorf("import %+v, %v", i, err)
	}
}

func TestMigrationOfFieldsGoesBackAndForth(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	text, err := os.ReadFile("migrations/004_fields.sql")
	must(t, err)
	up, down, _ := strings.Cut(string(text), "---- create above / drop below ----")
	for _, sql := range []string{down, up} {
		_, err := s.admin.Exec(t.Context(), sql)
		must(t, err)
	}
	s.a.define(t, shoe())
	if got := s.a.keys(t, s.a.job.ListID); !slices.Equal(got, []string{"shoe_size"}) {
		t.Errorf("custom fields %v", got)
	}
}
