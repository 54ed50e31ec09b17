package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/member"
)

// MaxRemembered is the largest number of columns of a file whose mapping is remembered.
const MaxRemembered = 1000

// Fingerprint is the same for files that have the same columns, in whichever order, and whatever the width, case,
// spacing and punctuation of their headers.
func Fingerprint(m member.Mapping) string {
	keys := keysOf(m)
	slices.Sort(keys)
	sum := sha256.Sum256([]byte(strings.Join(keys, "\x00")))
	return hex.EncodeToString(sum[:])
}

func keysOf(m member.Mapping) []string {
	keys := make([]string, len(m))
	for n, c := range m {
		keys[n] = member.HeaderKey(c.Header)
	}
	return keys
}

// remember offers the mapping that is remembered for the file's columns, or for columns of which at least half are the
// file's, if there is one.
func (l *look) remember(suggested member.Mapping) {
	best := closest(suggested, l.said.Remembered, l.said.Key)
	if best == nil {
		return
	}
	m, drift := recall(suggested, best.Mapping, l.schema)
	l.found.Remembered = &RememberedMapping{Import: best.Import, FileName: best.FileName, At: best.At, Mapping: m}
	if names := otherwise(m, suggested); len(names) > 0 {
		l.warnOf(member.ColumnsOtherwise, "", Shorten(names, mostNames))
	}
	if len(drift.New)+len(drift.Missing)+len(drift.Gone) == 0 {
		return
	}
	l.found.Drift = drift
	for _, d := range []struct {
		code  member.Code
		names []string
	}{{member.ColumnsNew, drift.New}, {member.ColumnsMissing, drift.Missing}, {member.FieldsGone, drift.Gone}} {
		if len(d.names) > 0 {
			l.warnOf(d.code, "", Shorten(d.names, mostNames))
		}
	}
}

// otherwise returns the columns that did not feed the field that is suggested for them: somebody knew better, or made a
// mistake.
func otherwise(m, suggested member.Mapping) []string {
	var names []string
	for n, c := range suggested {
		if c.Field != "" && (m[n].Field != c.Field || m[n].Inverted != c.Inverted) {
			names = append(names, c.Header)
		}
	}
	return names
}

// closest returns the mapping with the most columns in common, the newest of several, or nil. Those of imports with
// another merge key are of no use.
func closest(columns member.Mapping, all []RememberedMapping, key string) *RememberedMapping {
	mine := make(map[string]bool, len(columns))
	for _, key := range keysOf(columns) {
		mine[key] = true
	}
	var best *RememberedMapping
	bestShare := 0.0
	for n := range all {
		if key != "" && !slices.ContainsFunc(all[n].Mapping, func(c member.Column) bool { return c.Field == key }) {
			continue
		}
		theirs := make(map[string]bool, len(all[n].Mapping))
		common := 0
		for _, key := range keysOf(all[n].Mapping) {
			if mine[key] && !theirs[key] {
				common++
			}
			theirs[key] = true
		}
		share := float64(common) / float64(max(len(mine), len(theirs), 1))
		if share >= 0.5 && share > bestShare {
			best, bestShare = &all[n], share
		}
	}
	return best
}

// recall maps the columns as they were before, those that are new as is suggested, and tells the difference.
func recall(suggested, before member.Mapping, schema *member.Schema) (member.Mapping, *MappingDrift) {
	r := recalled{
		m: make(member.Mapping, len(suggested)), schema: schema, taken: make(map[string]bool),
		drift: MappingDrift{New: []string{}, Missing: []string{}, Gone: []string{}},
	}
	open, left := make([]int, len(suggested)), before
	for n := range suggested {
		r.m[n].Header, open[n] = suggested[n].Header, n
	}
	// Headers that are spelled the same find each other first.
	open, left = r.match(open, left, func(header string) string { return header })
	open, left = r.match(open, left, member.HeaderKey)
	for _, n := range open {
		r.drift.New = append(r.drift.New, suggested[n].Header)
		if !r.taken[suggested[n].Field] {
			r.m[n] = suggested[n]
		}
	}
	for _, old := range left {
		r.drift.Missing = append(r.drift.Missing, old.Header)
	}
	return r.m, &r.drift
}

// recalled is a mapping that is being remembered.
type recalled struct {
	m      member.Mapping
	drift  MappingDrift
	schema *member.Schema
	taken  map[string]bool // fields
}

// match maps the open columns as the ones before with the same key were, and returns those of both that are left.
func (r *recalled) match(open []int, before member.Mapping, key func(header string) string) (openLeft []int, left member.Mapping) {
	at := make(map[string][]int, len(before))
	for n, old := range before {
		at[key(old.Header)] = append(at[key(old.Header)], n)
	}
	used := make([]bool, len(before))
	for _, n := range open {
		k := key(r.m[n].Header)
		if len(at[k]) == 0 {
			openLeft = append(openLeft, n)
			continue
		}
		used[at[k][0]] = true
		r.keep(n, before[at[k][0]])
		at[k] = at[k][1:]
	}
	for n, old := range before {
		if !used[n] {
			left = append(left, old)
		}
	}
	return openLeft, left
}

// keep maps a column as it was, if its field still exists.
func (r *recalled) keep(n int, old member.Column) {
	if _, ok := r.schema.Field(old.Field); !ok && old.Field != "" {
		r.drift.Gone = append(r.drift.Gone, old.Field)
		return
	}
	r.m[n].Field, r.m[n].Inverted = old.Field, old.Inverted
	r.taken[old.Field] = true
}
