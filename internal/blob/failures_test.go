package blob_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/tenant"
)

func listed(t *testing.T, s *blob.Store, id string) []blob.Failures {
	t.Helper()
	var all []blob.Failures
	for f, err := range s.ListFailures(t.Context(), acme, id) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func TestListFailuresIsInOrderOfLaneAndNumber(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	want := []blob.Failures{{0, 2, 1}, {0, 10, 2}, {2, 1, 3}, {10, 0, 4}, {10, 999_999_999_999, 5}}
	for _, f := range slices.Backward(want) {
		data := []byte(strings.Repeat("x", int(f.Size)))
		if err := s.PutFailures(t.Context(), acme, importID, f.Lane, f.Seq, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutFailures(t.Context(), acme, otherID, 1, 1, nil); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, s, importID); !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if got := listed(t, s, "0190a1b2-c3d4-7e5f-8a6b-ffffffffffff"); len(got) != 0 {
		t.Errorf("listed %v of an import without failures", got)
	}
	for range s.ListFailures(t.Context(), acme, importID) { // a reader may stop early
		break
	}
}

func TestPutFailuresAgainReplaces(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	for _, text := range []string{"first, longer", "second"} {
		if err := s.PutFailures(t.Context(), acme, importID, 3, 4, []byte(text)); err != nil {
			t.Fatal(err)
		}
		r, err := s.OpenFailures(t.Context(), acme, importID, 3, 4)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); string(got) != text || err != nil {
			t.Errorf("read %q (%v), want %q", got, err, text)
		}
		r.Close()
	}
	if got := listed(t, s, importID); len(got) != 1 {
		t.Errorf("listed %v, want one", got)
	}
}

func TestDeleteImportDeletesAllOfItAndNothingElse(t *testing.T) {
	t.Parallel()
	s := blobtest.New(t)
	uploads := make(map[string]string)
	for _, id := range []string{importID, otherID} {
		put(t, s, id, strings.NewReader("replaced"))
		uploads[id] = put(t, s, id, strings.NewReader("source"))
		for seq := range int64(5) {
			if err := s.PutFailures(t.Context(), acme, id, 1, seq, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.DeleteImport(t.Context(), acme, importID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.OpenSource(t.Context(), acme, importID, uploads[importID], ""); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("OpenSource: %v, want %v", err, blob.ErrNotFound)
	}
	if got := listed(t, s, importID); len(got) != 0 {
		t.Errorf("left over: %v", got)
	}
	if got := listed(t, s, otherID); len(got) != 5 {
		t.Errorf("of the other import %d are left, want 5", len(got))
	}
	if got := string(readSource(t, s, otherID, uploads[otherID])); got != "source" {
		t.Errorf("source of the other import: %q", got)
	}
}

func TestKeysHoldTenantAndImport(t *testing.T) {
	t.Parallel()
	got, err := blob.SourceKey(acme, strings.ToUpper(importID), strings.ToUpper(otherID))
	if want := "tenants/7/imports/" + importID + "/source-" + otherID; got != want || err != nil {
		t.Errorf("source key %q (%v), want %q", got, err, want)
	}
	got, err = blob.FailuresKey(acme, importID, 12, 345)
	if want := "tenants/7/imports/" + importID + "/failures/00012-000000000345.jsonl"; got != want || err != nil {
		t.Errorf("failures key %q (%v), want %q", got, err, want)
	}
	for _, id := range []string{"", "..", "../../8/imports/" + importID, importID + "/", "{" + importID + "}", "urn:uuid:" + importID, importID[:35] + "/"} {
		if key, err := blob.SourceKey(acme, id, otherID); err == nil {
			t.Errorf("the import id %q gives the key %q", id, key)
		}
		if key, err := blob.SourceKey(acme, importID, id); err == nil {
			t.Errorf("the upload id %q gives the key %q", id, key)
		}
	}
	for _, id := range []tenant.ID{0, -1} {
		if key, err := blob.SourceKey(id, importID, otherID); err == nil {
			t.Errorf("the tenant %d gives the key %q", id, key)
		}
	}
	for _, f := range []blob.Failures{{Lane: -1}, {Lane: 100_000}, {Seq: -1}, {Seq: 1_000_000_000_000}} {
		if key, err := blob.FailuresKey(acme, importID, f.Lane, f.Seq); err == nil {
			t.Errorf("lane %d, number %d give the key %q", f.Lane, f.Seq, key)
		}
	}
}

func FuzzParseFailures(f *testing.F) {
	for _, name := range []string{"00012-000000000345.jsonl", "0001-1.jsonl", "+0001-000000000001.jsonl", "00001-00000000000٣.jsonl", ".jsonl", ""} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		lane, seq, ok := blob.ParseFailures(name)
		if !ok {
			return
		}
		key, err := blob.FailuresKey(acme, importID, lane, seq)
		if err != nil {
			t.Fatalf("%q parses as lane %d, number %d: %v", name, lane, seq, err)
		}
		if !strings.HasSuffix(key, "/failures/"+name) {
			t.Errorf("%q parses as lane %d, number %d, which has the key %q", name, lane, seq, key)
		}
	})
}
