package imports

import (
	"math/bits"
	"slices"
)

// RowSet is a set of rows by their ordinals or numbers, none of which is negative. It takes one bit for each up to the
// largest, so that it stays small for any file. The zero RowSet, and nil, are empty.
type RowSet struct {
	words []uint64
}

// Add puts a row into the set.
func (s *RowSet) Add(n int64) {
	word := int(n / 64)
	if missing := word + 1 - len(s.words); missing > 0 {
		s.words = slices.Grow(s.words, missing)[:word+1]
	}
	s.words[word] |= 1 << (n % 64)
}

// Has reports whether the row is in the set; no negative one is.
func (s *RowSet) Has(n int64) bool {
	return s != nil && n >= 0 && n/64 < int64(len(s.words)) && s.words[n/64]&(1<<(n%64)) != 0
}

// Len returns the number of rows in the set.
func (s *RowSet) Len() int64 {
	if s == nil {
		return 0
	}
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return int64(n)
}
