package imports

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// Limit bounds a number of rows or members, either by itself or by a share of a whole. The zero Limit is one of which
// nothing is said; it bounds nothing until Options.Filled puts the default in its place.
type Limit struct {
	// Set tells a limit from none.
	Set bool
	// None says that there is to be no limit, whatever the default; it is never Set.
	None bool
	// Share says that Value is percent of the whole.
	Share bool
	// Value is the largest number, or percentage, that is allowed.
	Value float64
}

// ErrLimit is returned for text that is no limit.
var ErrLimit = errors.New("a limit is a number such as 100, or a percentage such as 10%")

// NoLimit is the limit that bounds nothing and takes the place of a default.
var NoLimit = Limit{None: true}

// ParseLimit reads a number (100), a percentage (10%, 0.5%) or "none"; the empty text says nothing.
func ParseLimit(s string) (Limit, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return Limit{}, nil
	case strings.EqualFold(s, "none"):
		return NoLimit, nil
	}
	number, share := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0,
		share && v > 100, !share && (v != math.Trunc(v) || v > 1e15):
		return Limit{}, ErrLimit
	}
	return Limit{Set: true, Share: share, Value: v}, nil
}

// Percent returns a limit of so many percent.
func Percent(v float64) Limit { return Limit{Set: true, Share: true, Value: v} }

// or returns the limit, or otherwise where nothing is said.
func (l Limit) or(otherwise Limit) Limit {
	if l == (Limit{}) {
		return otherwise
	}
	return l
}

// Exceeded reports whether n of a whole of so many are more than the limit allows. A whole that is not known yet is
// given as its upper bound.
func (l Limit) Exceeded(n, whole int64) bool {
	switch {
	case !l.Set:
		return false
	case l.Share:
		return float64(n)*100 > l.Value*float64(whole)
	}
	return float64(n) > l.Value
}

// String returns the form that ParseLimit reads; "none" for no limit.
func (l Limit) String() string {
	switch {
	case !l.Set:
		return "none"
	case l.Share:
		return strconv.FormatFloat(l.Value, 'f', -1, 64) + "%"
	}
	return strconv.FormatFloat(l.Value, 'f', -1, 64)
}

// MarshalJSON writes the form of String, null where nothing is said.
func (l Limit) MarshalJSON() ([]byte, error) {
	if !l.Set && !l.None {
		return []byte("null"), nil
	}
	return json.Marshal(l.String())
}

// UnmarshalJSON reads a number, the form of String, or null.
func (l *Limit) UnmarshalJSON(data []byte) (err error) {
	s := string(data)
	switch {
	case s == "null":
		s = ""
	case strings.HasPrefix(s, `"`):
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
	}
	*l, err = ParseLimit(s)
	return err
}
