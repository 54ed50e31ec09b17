package oracle

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// Line shows everything about a member: two members are the same if their lines are. The time of the import's
// start is shown as that, since it differs from run to run.
func (m *Member) Line(s *member.Schema, start time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s v%d created%s updated%s seen%s", m.ID, m.Kind, m.Version, since(m.CreatedAt, start), since(m.UpdatedAt, start), since(m.LastSeenAt, start))
	for _, flag := range []struct {
		name  string
		holds bool
	}{{"provisional", m.Provisional}, {"unverified", m.Unverified}, {"blocked", m.Blocked}} {
		if flag.holds {
			b.WriteString(" " + flag.name)
		}
	}
	for _, f := range s.Fields() {
		if v := m.Values[f.Key]; v.Set {
			b.WriteString(" " + f.Key + "=" + text(v.Any(f.Type)))
		}
	}
	return b.String()
}

func since(t, start time.Time) string {
	switch {
	case t.IsZero():
		return " never"
	case t.Equal(start):
		return " at the start"
	}
	return " " + t.UTC().Format(time.RFC3339Nano)
}

// text is JSON without the escapes that HTML needs.
func text(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Counts shows the totals in one line.
func Counts(t imports.Totals, tagged, keyless int64) string {
	return fmt.Sprintf("total %d, created %d, updated %d, unchanged %d, deleted %d, skipped %d, failed %d, not processed %d; removed %d, unified %d, protected %d, tagged %d, keyless %d",
		t.Total, t.Created, t.Updated, t.Unchanged, t.Deleted, t.Skipped, t.Failed, t.NotProcessed, t.Removed, t.Unified, t.Protected, tagged, keyless)
}
