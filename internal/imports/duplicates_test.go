package imports

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestRowSetHoldsWhatWasAdded(t *testing.T) {
	t.Parallel()
	var none *RowSet
	if none.Has(0) || none.Len() != 0 {
		t.Error("no set is not empty")
	}
	var s RowSet
	want := map[int64]bool{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := random.Int64N(5000)
		s.Add(n)
		want[n] = true
	}
	for n := int64(-70); n < 6000; n++ {
		if s.Has(n) != want[n] {
			t.Fatalf("Has(%d) = %v, want %v", n, s.Has(n), want[n])
		}
	}
	if s.Len() != int64(len(want)) {
		t.Errorf("Len() = %d, want %d", s.Len(), len(want))
	}
}

func TestSightingSurvivesItsBytes(t *testing.T) {
	t.Parallel()
	want := Sight("A-0001", 1<<40+7)
	if got := ReadSighting((*[SightingSize]byte)(want.Append(nil))); got != want {
		t.Errorf("read %+v, want %+v", got, want)
	}
	if !want.SameKey(Sight("A-0001", 3)) || want.SameKey(Sight("A-0002", 1<<40+7)) {
		t.Error("sightings do not tell keys apart")
	}
}

func TestCollapseKeepsOneOfEachKeyAndMarksTheOthers(t *testing.T) {
	t.Parallel()
	var repeated RowSet
	var seen []Sighting
	for n := range int64(100) {
		key := fmt.Sprint(n)
		if n%10 == 3 {
			key = "again"
		}
		seen = append(seen, Sight(key, n))
	}
	kept := Collapse(seen, &repeated)
	if len(kept) != 91 || repeated.Len() != 10 {
		t.Errorf("%d kept and %d repeated, want 91 and 10", len(kept), repeated.Len())
	}
	for n := range int64(100) {
		if repeated.Has(n) != (n%10 == 3) {
			t.Errorf("row %d is repeated: %v", n, repeated.Has(n))
		}
	}
}
