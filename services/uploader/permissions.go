package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"github.com/meibo/meibo/internal/postgres"
)

// permission is what a request needs.
type permission struct {
	scope postgres.Scope
	// open asks for nobody in particular: it is how people come in.
	open bool
	// session asks for somebody who is signed in, and not for a key.
	session bool
}

// permissions are those of the operations that need something else than their method does: to look is to read, and
// everything else is to import.
var permissions = map[string]permission{
	"sign-in":         {open: true},
	"redeem-token":    {open: true},
	"read-session":    {scope: postgres.ScopeRead, session: true},
	"sign-out":        {scope: postgres.ScopeRead, session: true},
	"list-sessions":   {scope: postgres.ScopeRead, session: true},
	"end-session":     {scope: postgres.ScopeRead, session: true},
	"change-password": {scope: postgres.ScopeRead, session: true},

	"list-users":  {scope: postgres.ScopeAdmin},
	"create-user": {scope: postgres.ScopeAdmin},
	"read-user":   {scope: postgres.ScopeAdmin},
	"change-user": {scope: postgres.ScopeAdmin},
	"delete-user": {scope: postgres.ScopeAdmin},
	"invite-user": {scope: postgres.ScopeAdmin},
	"list-keys":   {scope: postgres.ScopeAdmin},
	"create-key":  {scope: postgres.ScopeAdmin},
	"revoke-key":  {scope: postgres.ScopeAdmin},

	"list-audit":       {scope: postgres.ScopeAdmin},
	"change-retention": {scope: postgres.ScopeAdmin},
	"read-operations":  {scope: postgres.ScopeAdmin},
	"change-settings":  {scope: postgres.ScopeAdmin},
	"erase-member":     {scope: postgres.ScopeAdmin},
	"read-erasure":     {scope: postgres.ScopeAdmin},
}

// permissionOf returns what an operation needs; one without an id has what its method needs.
func permissionOf(id, method string) permission {
	if p, ok := permissions[id]; ok {
		return p
	}
	if method == http.MethodGet || method == http.MethodHead {
		return permission{scope: postgres.ScopeRead}
	}
	return permission{scope: postgres.ScopeImport}
}

// permit notes what the operation needs, for authorize and in the document.
func (s *server) permit(op *huma.Operation) {
	p := permissionOf(op.OperationID, op.Method)
	s.needs[op.Method+" "+op.Path] = p
	if p.open {
		op.Extensions["x-scope"] = "none"
		op.Security = []map[string][]string{}
		return
	}
	op.Extensions["x-scope"] = string(p.scope)
	if p.session {
		op.Security = []map[string][]string{{"session": {}}}
	}
}

// needed returns what the request needs, once it has found its route.
func (s *server) needed(r *http.Request) permission {
	if p, ok := s.needs[r.Method+" "+chi.RouteContext(r.Context()).RoutePattern()]; ok {
		return p
	}
	return permissionOf("", r.Method)
}

// authorize lets requests pass of callers who may make them.
func (s *server) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		need, caller := s.needed(r), callerOf(r.Context())
		switch {
		case need.open:
		case need.session && caller.Session == 0:
			s.fail(w, r, refuse(http.StatusForbidden, codeSessionNeeded))
			return
		case caller.May(need.scope):
		case need.scope == postgres.ScopeAdmin:
			s.fail(w, r, refuse(http.StatusForbidden, codeAdminDenied))
			return
		default:
			s.fail(w, r, refuse(http.StatusForbidden, codeEditDenied))
			return
		}
		next.ServeHTTP(w, r)
	})
}
