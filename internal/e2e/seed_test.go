package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
)

// The seeds are the manuals that the product is made from. Their tests carry their own examples, through the API as an
// integrator uses it.

// shown are the members of the list as their fields, in the order of their ids.
func (w *world) shown(t *testing.T, fields ...string) string {
	t.Helper()
	var out strings.Builder
	for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
		must(t, err)
		for n, f := range fields {
			if n > 0 {
				out.WriteString(",")
			}
			out.WriteString(shownField(m, f))
		}
		out.WriteString("\n")
	}
	return out.String()
}

func shownField(m client.Member, field string) string {
	switch field {
	case "id":
		return fmt.Sprint(m.ID)
	case "kind":
		return m.Kind
	}
	return m.Text(field)
}

// wantShown compares the members with the lines that a person would write them down in.
func (w *world) wantShown(t *testing.T, fields, want string) {
	t.Helper()
	if got := w.shown(t, strings.Split(fields, ",")...); got != want {
		t.Errorf("%s\n got\n%swant\n%s", fields, got, want)
	}
}

// wantCounted compares the outcomes that are not zero, as "created 1, failed 2".
func wantCounted(t *testing.T, i client.Import, want string) {
	t.Helper()
	var all []string
	for _, c := range []struct {
		name string
		n    int64
	}{
		{"created", i.Created},
		{"updated", i.Updated},
		{"unchanged", i.Unchanged},
		{"deleted", i.Deleted},
		{"skipped", i.Skipped},
		{"failed", i.Failed},
		{"not processed", i.NotProcessed},
		{"removed", i.Removed},
		{"unified", i.Unified},
		{"protected", i.Protected},
	} {
		if c.n != 0 {
			all = append(all, fmt.Sprint(c.name, " ", c.n))
		}
	}
	got := strings.Join(all, ", ")
	if i.Error != nil {
		got += " (" + i.Error.Code + ")"
	}
	if got != want {
		t.Errorf("%s of %s: %s, want %s", i.Mode, i.FileName, got, want)
	}
}

// csv loads a file that is written as lines.
func (w *world) csv(t *testing.T, o client.Options, lines ...string) client.Import {
	t.Helper()
	return w.load(t, "file.csv", []byte(strings.Join(lines, "\r\n")+"\r\n"), o)
}
