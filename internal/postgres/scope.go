package postgres

import "slices"

// Scope is what a request may do.
type Scope string

// The scopes. Who has one has those before it as well.
const (
	// ScopeRead looks at everything and changes nothing.
	ScopeRead Scope = "read"
	// ScopeImport changes members and what is said of them, and so imports.
	ScopeImport Scope = "import"
	// ScopeAdmin manages users, keys and settings.
	ScopeAdmin Scope = "admin"
)

// Scopes are all scopes, the least first.
var Scopes = []Scope{ScopeRead, ScopeImport, ScopeAdmin}

// Roles are all roles, the least first.
var Roles = []Role{RoleViewer, RoleEditor, RoleAdmin, RoleOwner}

// Scope returns what a person of that role may do.
func (r Role) Scope() Scope {
	switch r {
	case RoleOwner, RoleAdmin:
		return ScopeAdmin
	case RoleEditor:
		return ScopeImport
	}
	return ScopeRead
}

// atLeast reports whether r may do all that other may.
func (r Role) atLeast(other Role) bool { return slices.Index(Roles, r) >= slices.Index(Roles, other) }

// Scope returns what the caller may do: a key never more than its user, and one that belongs to nobody what it was made for.
func (c *Caller) Scope() Scope {
	switch {
	case c.User.Role == "" && c.KeyScope == "": // as a release that knew no scopes has made it
		return ScopeImport
	case c.User.Role == "":
		return c.KeyScope
	case c.KeyScope == "":
		return c.User.Role.Scope()
	}
	return Scopes[min(slices.Index(Scopes, c.KeyScope), slices.Index(Scopes, c.User.Role.Scope()))]
}

// May reports whether the caller has the scope.
func (c *Caller) May(s Scope) bool { return slices.Index(Scopes, c.Scope()) >= slices.Index(Scopes, s) }

// ActsAs returns the role by which the caller manages users and keys. A key that belongs to nobody manages as an admin does,
// and makes no owners.
func (c *Caller) ActsAs() Role {
	if c.User.Role == "" {
		return RoleAdmin
	}
	return c.User.Role
}
