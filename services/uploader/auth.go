package uploader

import (
	"errors"
	"net/http"
	"strings"

	"golang.org/x/text/language"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// maxKey bounds what is taken for an API key, in bytes.
const maxKey = 200

// authenticate lets requests pass that carry a valid key, as the one it belongs to.
func (s *server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		key := bearer(r)
		if key == "" || len(key) > maxKey {
			s.unauthorized(w, r)
			return
		}
		caller, err := s.db.Authenticate(r.Context(), key)
		switch {
		case errors.Is(err, postgres.ErrNotFound):
			s.unauthorized(w, r)
		case err != nil:
			s.fail(w, r, err)
		default:
			sessionOf(r.Context()).caller = &caller
			next.ServeHTTP(w, r.WithContext(postgres.WithActor(r.Context(), actor(&caller, r))))
		}
	})
}

// authorize lets requests pass that change nothing, and those of callers who may.
func (s *server) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !callerOf(r.Context()).MayEdit() {
			s.fail(w, r, refuse(http.StatusForbidden, codeEditDenied))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) unauthorized(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="meibo"`)
	s.fail(w, r, refuse(http.StatusUnauthorized, codeUnauthorized))
}

// bearer returns the token of RFC 6750, section 2.1; the name of the scheme may be in any case.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// spoken are the languages of answers, in the order of the matcher that newServer makes.
var spoken = []language.Tag{language.Japanese, language.English}

// acceptedLanguage returns the spoken language that the request prefers, or "" where it asks for none.
func (s *server) acceptedLanguage(r *http.Request) tenant.Language {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return ""
	}
	_, i, confidence := s.languages.Match(tags...)
	switch {
	case confidence == language.No:
		return ""
	case i == 1:
		return tenant.English
	}
	return tenant.Japanese
}
