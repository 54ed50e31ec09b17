package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// remembered is a mapping of the files that are known by that name.
func remembered(fingerprint string, id imports.ID) postgres.RememberedMapping {
	return postgres.RememberedMapping{
		Fingerprint: fingerprint, Import: id, FileName: fingerprint + ".csv", At: time.Unix(1700000000, 0).UTC(),
		Mapping: member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "配信停止", Field: "is_subscriber", Inverted: true}},
	}
}

func TestNewestMappingOfAKindOfFileIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	list := w.job.ListID
	first, second := remembered("a", imports.NewID()), remembered("a", imports.NewID())
	second.At = first.At.Add(time.Second)
	second.Mapping = member.Mapping{{Header: "会員番号", Field: "member_sn"}}
	for _, m := range []postgres.RememberedMapping{first, second, first} { // the older one comes late
		must(t, w.db.RememberMapping(t.Context(), w.tenant, list, m))
	}
	all, err := w.db.RememberedMappings(t.Context(), w.tenant, list)
	must(t, err)
	if len(all) != 1 || all[0].Import != second.Import || len(all[0].Mapping) != 1 || !all[0].At.Equal(second.At) || all[0].FileName != "a.csv" {
		t.Errorf("remembered %+v, want %+v", all, second)
	}
}

func TestRememberedMappingsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	for n := range 105 {
		m := remembered(fmt.Sprint(n), w.job.ID)
		m.At = m.At.Add(time.Duration(n) * time.Minute)
		must(t, w.db.RememberMapping(t.Context(), w.tenant, w.job.ListID, m))
	}
	all, err := w.db.RememberedMappings(t.Context(), w.tenant, w.job.ListID)
	must(t, err)
	if len(all) != 100 || all[0].Fingerprint != "104" || all[99].Fingerprint != "5" {
		t.Errorf("%d mappings from %s to %s, want the newest 100", len(all), all[0].Fingerprint, all[len(all)-1].Fingerprint)
	}
}

func TestEarlierImportOfAFileIsTheNewestCompletedOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	must(t, w.db.CancelImport(t.Context(), w.tenant, w.job.ID)) // the list is free
	o := imports.Options{Rules: member.Rules{}.Filled()}
	source := imports.Source{Size: 1, Format: "csv", SHA256: "abc"}
	run := func(complete bool) imports.ID {
		i, _, err := w.db.CreateImport(t.Context(), w.tenant, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
		must(t, err)
		_, err = w.db.SetUploaded(t.Context(), w.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
		must(t, err)
		if !complete {
			must(t, w.db.CancelImport(t.Context(), w.tenant, i.ID))
			return i.ID
		}
		must(t, w.db.StartImport(t.Context(), w.tenant, i.ID, postgres.Settled{Options: o, Mapping: mapping, Cut: imports.Cut{Lanes: 1}, Source: source}))
		_, err = w.db.OpenLedger(t.Context(), w.tenant, i.ID, 1)
		must(t, err)
		must(t, w.db.EndOfSource(t.Context(), w.tenant, i.ID, 0, []int64{0}))
		if done, err := w.db.FinishImport(t.Context(), w.tenant, i.ID); !done || err != nil {
			t.Fatalf("the import has not ended: %v", err)
		}
		return i.ID
	}
	earlier := func(id imports.ID, sha256 string) imports.ID {
		e, err := w.db.EarlierImport(t.Context(), w.tenant, id, sha256)
		must(t, err)
		if e == nil {
			return imports.ID{}
		}
		if e.FileName != "a.csv" || e.At.IsZero() {
			t.Errorf("earlier import %+v", e)
		}
		return e.Import
	}
	if got := earlier(run(false), "abc"); got != (imports.ID{}) {
		t.Errorf("a cancelled import counts: %s", got)
	}
	first := run(true)
	second := run(true)
	if got := earlier(imports.NewID(), "abc"); got != second {
		t.Errorf("earlier import %s, want %s", got, second)
	}
	if got := earlier(second, "abc"); got != first {
		t.Errorf("earlier import %s, want %s", got, first)
	}
	for _, other := range []string{"abd", ""} {
		if got := earlier(imports.NewID(), other); got != (imports.ID{}) {
			t.Errorf("a file with content %q was imported by %s", other, got)
		}
	}
	stranger, err := w.db.CreateTenant(t.Context(), postgres.Tenant{Name: "stranger"})
	must(t, err)
	if e, err := w.db.EarlierImport(t.Context(), stranger.ID, imports.NewID(), "abc"); e != nil || err != nil {
		t.Errorf("another tenant sees %+v, %v", e, err)
	}
}

// TestImportsGoOnBeforeTheDatabaseIsMigrated takes what the second migration made away again.
func TestImportsGoOnBeforeTheDatabaseIsMigrated(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	w := s.a
	_, err := s.admin.Exec(t.Context(), `drop index import_source_sha256; alter table import drop column source_sha256; drop table mapping_memory`)
	must(t, err)
	must(t, w.db.RememberMapping(t.Context(), w.tenant, w.job.ListID, remembered("a", imports.NewID())))
	if all, err := w.db.RememberedMappings(t.Context(), w.tenant, w.job.ListID); err != nil || len(all) != 0 {
		t.Errorf("mappings %v, %v; want none", all, err)
	}
	if e, err := w.db.EarlierImport(t.Context(), w.tenant, w.job.ID, "abc"); err != nil || e != nil {
		t.Errorf("earlier import %v, %v; want none", e, err)
	}
}
