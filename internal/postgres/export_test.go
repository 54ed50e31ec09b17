package postgres

import "github.com/meibo/meibo/internal/tenant"

// Where is the condition of a search, so that its plan can be looked at.
func (f MemberFilter) Where(t tenant.ID, list int64) (string, []any) { return f.where(t, list) }
