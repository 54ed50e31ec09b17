package imports

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Sighting is a row that has a key, as little of it as finding the rows of equal keys takes.
//
// Keys are told apart by 128 bits of their SHA-256. Of a billion keys, the probability that any two share them is below
// 10⁻²⁰: a disk gives back a wrong bit far more often. Nor can somebody make two keys on purpose that do, and if he
// could, the rows that failed for it would be those of his own file.
type Sighting struct {
	high, low uint64
	// Ordinal is the row's place among the readable rows of its file.
	Ordinal int64
}

// SightingSize is the length of what Append appends, in bytes.
const SightingSize = 24

// Sight returns the sighting of a row by its normalised merge key.
func Sight(key string, ordinal int64) Sighting {
	sum := sha256.Sum256([]byte(key))
	return Sighting{binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16]), ordinal}
}

// Append appends the sighting to b, for ReadSighting.
func (s Sighting) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, s.high)
	b = binary.LittleEndian.AppendUint64(b, s.low)
	return binary.LittleEndian.AppendUint64(b, uint64(s.Ordinal))
}

// ReadSighting reads what Append has written.
func ReadSighting(b *[SightingSize]byte) Sighting {
	return Sighting{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:16]), int64(binary.LittleEndian.Uint64(b[16:]))}
}

// SameKey reports whether the two rows have the same key.
func (s Sighting) SameKey(t Sighting) bool { return s.high == t.high && s.low == t.low }

// Compare orders sightings so that those of a key stand side by side, in the order of the file.
func (s Sighting) Compare(t Sighting) int {
	if s.high != t.high {
		return cmp.Compare(s.high, t.high)
	}
	if s.low != t.low {
		return cmp.Compare(s.low, t.low)
	}
	return cmp.Compare(s.Ordinal, t.Ordinal)
}

// Collapse sorts the sightings, adds the rows whose key is among them more than once to repeated, and returns one
// sighting of each key, in the memory of seen. Where that key is seen again elsewhere, its row is added once more, which
// does no harm; so sightings can be collapsed piece by piece.
func Collapse(seen []Sighting, repeated *RowSet) []Sighting {
	slices.SortFunc(seen, Sighting.Compare)
	kept := seen[:0]
	for _, s := range seen {
		if last := len(kept) - 1; last >= 0 && kept[last].SameKey(s) {
			repeated.Add(kept[last].Ordinal)
			repeated.Add(s.Ordinal)
			continue
		}
		kept = append(kept, s)
	}
	return kept
}
