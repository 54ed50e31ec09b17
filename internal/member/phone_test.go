package member

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// TestJapaneseAreasAreThoseOfLibphonenumber holds the table to the library's numbering plan; a failure after an
// update of the library prints the new table.
func TestJapaneseAreasAreThoseOfLibphonenumber(t *testing.T) {
	t.Parallel()
	var want [100]uint16
	for area := range 1000 {
		valid := 0
		rests := []string{"000000", "123456", "987654", "999999"}
		for _, rest := range rests {
			if libraryAnswer(fmt.Sprintf("+81%03d%s", area, rest), "") == fmt.Sprintf("+81%03d%s", area, rest) {
				valid++
			}
		}
		switch valid {
		case 0:
		case len(rests):
			if area >= 100 {
				want[area/10] |= 1 << (area % 10)
			}
		default:
			t.Errorf("area %03d is valid for some numbers only: the table cannot say that", area)
		}
	}
	if want == japaneseAreas {
		return
	}
	var b strings.Builder
	for i, mask := range want {
		if mask != 0 {
			fmt.Fprintf(&b, "%d: %#x, ", i, mask)
		}
	}
	t.Errorf("japaneseAreas is out of date; the library says:\n%s", b.String())
}

// libraryAnswer is the E.164 form that libphonenumber gives, or "" where the number is not valid.
func libraryAnswer(s, region string) string {
	n, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// TestFastPhonePathAgreesWithLibphonenumber compares, for numbers of all common shapes, the fast path with the
// library: whatever the fast path accepts, the library reads as the same number.
func TestFastPhonePathAgreesWithLibphonenumber(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	taken := 0
	const numbers = 40_000
	for range numbers {
		s := randomPhone(r)
		region := []string{"JP", "JP", "JP", "", "US"}[r.IntN(5)]
		got, _, ok := japanesePhone(s, region)
		if !ok {
			continue
		}
		taken++
		if want := libraryAnswer(s, region); got != want {
			t.Errorf("japanesePhone(%q, %q) = %q, the library says %q", s, region, got, want)
		}
	}
	if taken < numbers/6 {
		t.Errorf("the fast path took %d of %d numbers: the test compares too few", taken, numbers)
	}
}

// randomPhone writes a number as people do: mostly Japanese, mostly of the right length, not always valid.
func randomPhone(r *rand.Rand) string {
	var n string
	switch r.IntN(8) {
	case 0, 1, 2:
		n = fmt.Sprintf("%d0%08d", 5+r.IntN(5), r.IntN(100_000_000))
	case 3, 4, 5:
		n = fmt.Sprintf("%09d", r.IntN(1_000_000_000))
	case 6:
		n = fmt.Sprintf("%010d", r.IntN(1_000_000_000)*7)
	default:
		n = fmt.Sprint(r.Int64N(1_000_000_000_000))
	}
	prefixes := []string{"0", "0", "0", "+81", "+81", "+810", "+81 0", "", "81", "010", "+1", "+", "00", "+81 00"}
	s := prefixes[r.IntN(len(prefixes))] + n
	for range r.IntN(4) {
		// Between two characters; two separators in a row are left to the library.
		i := 2 + r.IntN(len(s)-2)
		s = s[:i] + []string{"-", " ", "."}[r.IntN(3)] + s[i:]
	}
	return s
}
