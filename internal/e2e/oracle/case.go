package oracle

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// Expect says what the case must come to, where the start of the import has fixed this.
func (c *Case) Expect(firstID int64, start time.Time) (Result, error) {
	i := c.Import
	i.FirstID, i.Start = firstID, start
	return Run(c.List, i)
}

// Describe shows the case to a person.
func (c *Case) Describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "options %s\n", text(c.Import.Options))
	for _, column := range c.Import.Mapping {
		if column.Field != column.Header || column.Inverted || column.Blank != "" || column.ListValues != "" {
			fmt.Fprintf(&b, "column %s\n", text(column))
		}
	}
	if c.List.Quota != nil {
		fmt.Fprintf(&b, "quota %d\n", *c.List.Quota)
	}
	for n := range c.List.Members {
		fmt.Fprintf(&b, "member %s\n", c.List.Members[n].Line(c.Import.Schema, longAgo))
	}
	for _, o := range c.List.OptOuts {
		fmt.Fprintf(&b, "opted out of %s: %s\n", o.Field, o.Contact)
	}
	b.Write(c.CSV())
	return b.String()
}

// Smaller are cases that lack a part of this one, the largest parts first.
func (c *Case) Smaller() iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		for _, reduce := range []func(*Case) iter.Seq[*Case]{fewerRecords, fewerMembers, fewerColumns, fewerOptions, fewerOptOuts, fewerValues} {
			for smaller := range reduce(c) {
				if !yield(smaller) {
					return
				}
			}
		}
	}
}

// parts are the pieces of a slice of that length that may be left out: half of it, a quarter, … down to one.
func parts(length int) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for size := max(1, length/2); ; size /= 2 {
			for from := 0; from < length; from += size {
				if !yield(from, min(length, from+size)) {
					return
				}
			}
			if size == 1 {
				return
			}
		}
	}
}

func fewerRecords(c *Case) iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		for from, to := range parts(len(c.Records)) {
			next := *c
			next.Records = slices.Delete(slices.Clone(c.Records), from, to)
			if len(next.Records) > 0 && !yield(&next) {
				return
			}
		}
	}
}

func fewerMembers(c *Case) iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		for from, to := range parts(len(c.List.Members)) {
			next := *c
			next.List.Members = slices.Delete(slices.Clone(c.List.Members), from, to)
			if !yield(&next) {
				return
			}
		}
	}
}

func fewerColumns(c *Case) iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		for n, column := range c.Import.Mapping {
			if column.Field == c.Import.Options.Key || column.Field != "" && column.Field == c.Import.Options.SkipWithout {
				continue
			}
			next := *c
			next.Import.Mapping = slices.Delete(slices.Clone(c.Import.Mapping), n, n+1)
			next.Records = nil
			for _, record := range c.Records {
				if record = slices.Clone(record); n < len(record) {
					record = slices.Delete(record, n, n+1)
				}
				next.Records = append(next.Records, record)
			}
			if !yield(&next) {
				return
			}
		}
	}
}

func fewerOptions(c *Case) iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		for _, plain := range []func(o *imports.Options){
			func(o *imports.Options) { o.Mode = member.Upsert },
			func(o *imports.Options) { o.ImportTag = "" },
			func(o *imports.Options) { o.SkipWithout = "" },
			func(o *imports.Options) { o.Blank = "" },
			func(o *imports.Options) { o.ListValues = "" },
			func(o *imports.Options) { o.Duplicates = "" },
			func(o *imports.Options) { o.MultipleMatches = "" },
			func(o *imports.Options) { o.NewConsent = "" },
			func(o *imports.Options) { o.Consent = "" },
			func(o *imports.Options) { o.Registration = "" },
			func(o *imports.Options) { o.MaxRemoved = imports.Percent(100) },
		} {
			next := *c
			plain(&next.Import.Options)
			if text(next.Import.Options) != text(c.Import.Options) && !yield(&next) {
				return
			}
		}
		if c.List.Quota != nil {
			next := *c
			next.List.Quota = nil
			yield(&next)
		}
	}
}

func fewerOptOuts(c *Case) iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		for from, to := range parts(len(c.List.OptOuts)) {
			next := *c
			next.List.OptOuts = slices.Delete(slices.Clone(c.List.OptOuts), from, to)
			if !yield(&next) {
				return
			}
		}
	}
}

// fewerValues take from members what none must have.
func fewerValues(c *Case) iter.Seq[*Case] {
	kept := append([]string{"bounce_count", "is_active", "name", "email", "carrier"}, consents...)
	return func(yield func(*Case) bool) {
		for n, m := range c.List.Members {
			for _, key := range slices.Sorted(maps.Keys(m.Values)) {
				if slices.Contains(kept, key) || key == "phone" && m.Kind == member.KindLead {
					continue
				}
				next := *c
				next.List.Members = slices.Clone(c.List.Members)
				next.List.Members[n].Values = maps.Clone(m.Values)
				delete(next.List.Members[n].Values, key)
				if !yield(&next) {
					return
				}
			}
		}
	}
}
