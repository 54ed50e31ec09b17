package uploader

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// maxKey bounds what is taken for an API key or the token of a session, in bytes.
const maxKey = 200

// authenticate lets requests pass that carry a valid key or the cookie of somebody who is signed in, as whose they are, and
// those that need neither. A request with a key is judged by the key alone, and only so many of one caller are let through.
func (s *server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		ses := sessionOf(r.Context())
		ses.agent = r.UserAgent()
		ses.client = s.access.TrustedProxies.client(r)
		if err := s.identify(r, ses); err != nil {
			if p := s.problemOf(r.Context(), err); p.Status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="meibo"`)
			}
			s.fail(w, r, err)
			return
		}
		if ses.caller != nil {
			if wait := s.throttle.take(callerID(ses.caller)); wait > 0 {
				s.fail(w, r, tooMany(codeTooMany, wait))
				return
			}
			r = r.WithContext(postgres.WithActor(r.Context(), actor(ses.caller, ses.client)))
		}
		next.ServeHTTP(w, r)
	})
}

// identify finds out whose the request is, and notes it.
func (s *server) identify(r *http.Request, ses *session) error {
	var caller postgres.Caller
	var err error
	open := s.needed(r).open
	unknown := refuse(http.StatusUnauthorized, codeUnauthorized)
	if r.Header.Get("Authorization") != "" && !open {
		key := bearer(r)
		if key == "" || len(key) > maxKey {
			return unknown
		}
		caller, err = s.db.Authenticate(r.Context(), key)
	} else {
		// Whatever a browser sends by itself is only believed if one of our own pages has asked for it.
		if err := s.fromHere(r); err != nil {
			return err
		}
		cookie, cookieErr := r.Cookie(s.cookieName())
		if cookieErr == nil && len(cookie.Value) <= maxKey {
			ses.token = cookie.Value
		}
		switch {
		case open:
			return nil
		case ses.token == "":
			return unknown
		}
		unknown = refuse(http.StatusUnauthorized, codeSessionEnded)
		caller, err = s.db.AuthenticateSession(r.Context(), ses.token, s.access.SessionIdle)
	}
	if errors.Is(err, postgres.ErrNotFound) {
		return unknown
	}
	if err != nil {
		return err
	}
	ses.caller = &caller
	return nil
}

// fromHere refuses requests that a page of another origin makes: those that change something as net/http sees them, and all
// with an Origin that is not ours. Programs send neither Origin nor Sec-Fetch-Site, and pass.
func (s *server) fromHere(r *http.Request) error {
	if err := s.crossOrigin.Check(r); err != nil {
		return refuse(http.StatusForbidden, codeCrossOrigin)
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != s.origin() {
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			return refuse(http.StatusForbidden, codeCrossOrigin)
		}
	}
	return nil
}

// callerID names a caller for the throttle.
func callerID(c *postgres.Caller) string {
	if c.Session != 0 {
		return fmt.Sprintf("session %s/%d", c.Tenant.ID, c.Session)
	}
	return fmt.Sprintf("key %s/%d", c.Tenant.ID, c.Key)
}

// tooMany refuses what may be tried again after a while.
func tooMany(code string, wait time.Duration) *refusal {
	seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	r := refuse(http.StatusTooManyRequests, code, "seconds", seconds)
	r.header = http.Header{"Retry-After": {seconds}}
	return r
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
