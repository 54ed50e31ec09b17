package uploader

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/postgres"
)

// lobby is an API with an owner of acme who has just been invited.
type lobby struct {
	*walker
	user  int64
	token string
}

func newLobby(t *testing.T) *lobby {
	t.Helper()
	l := &lobby{walker: newWalker(t)}
	_, key := l.owner()
	users := want[struct{ Items []personView }](l.world, http.StatusOK, l.get("/v1/users", key...))
	for _, u := range users.Items {
		if u.Role == "owner" {
			a := l.post(fmt.Sprintf("/v1/users/%d/invitation", u.ID), "{}", key...)
			l.user, l.token = u.ID, want[invitationView](l.world, http.StatusOK, a).Token
		}
	}
	return l
}

// as makes a request with a cookie and no key.
func (l *lobby) as(cookie, method, path, body string, headers ...string) *answer {
	l.Helper()
	return l.call(method, path, strings.NewReader(body), append([]string{"Authorization", "", "Cookie", cookie, "Content-Type", "application/json"}, headers...)...)
}

// signIn returns the cookie of a session.
func (l *lobby) signIn(cookie, password string) string {
	l.Helper()
	a := l.as(cookie, http.MethodPost, "/v1/session", fmt.Sprintf(`{"tenant":"acme","email":" Owner@acme.example","password":%q}`, password))
	in := want[signedInView](l.world, http.StatusOK, a)
	if in.User.Email != "owner@acme.example" || in.Scope != postgres.ScopeAdmin || !in.Session.Current {
		l.Errorf("signed in: %+v", in)
	}
	return l.cookieOf(a)
}

// cookieOf returns the cookie that an answer sets, as the browser sends it back.
func (l *lobby) cookieOf(a *answer) string {
	l.Helper()
	set := a.header.Get("Set-Cookie")
	for _, attribute := range []string{"__Host-meibo_session=meibo_session_", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(set, attribute) {
			l.Errorf("the cookie is %q, without %s", set, attribute)
		}
	}
	cookie, _, _ := strings.Cut(set, ";")
	return cookie
}

func TestPeopleSignInWithThePasswordOfTheirInvitation(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	redeem := func(token, password string) *answer {
		return l.as("", http.MethodPost, "/v1/password", fmt.Sprintf(`{"token":%q,"password":%q}`, token, password))
	}
	wantProblem(l.world, http.StatusUnprocessableEntity, codeTokenInvalid, redeem(l.token+"x", "correct horse battery"))
	wantProblem(l.world, http.StatusUnprocessableEntity, codePasswordShort, redeem(l.token, "short"))
	wantProblem(l.world, http.StatusUnprocessableEntity, codePasswordTrivial, redeem(l.token, "owner@acme.example1"))
	if a := redeem(l.token, "correct horse battery"); a.status != http.StatusOK || !strings.Contains(string(a.body), "acme") {
		t.Fatalf("redeemed: %d %s", a.status, a.body)
	}
	wantProblem(l.world, http.StatusUnprocessableEntity, codeTokenInvalid, redeem(l.token, "correct horse battery"))

	first := l.signIn("", "correct horse battery")
	if a := l.as(first, http.MethodGet, "/v1/me", ""); a.status != http.StatusOK || strings.Contains(string(a.body), `"key"`) {
		t.Errorf("me: %d %s", a.status, a.body)
	}
	// Another sign-in with the cookie of a session ends that: nobody can plant a session on somebody.
	second := l.signIn(first, "correct horse battery")
	if second == first {
		t.Error("the token stays the same")
	}
	wantProblem(l.world, http.StatusUnauthorized, codeSessionEnded, l.as(first, http.MethodGet, "/v1/session", ""))
	other := l.signIn("", "correct horse battery")
	sessions := want[struct{ Items []sessionView }](l.world, http.StatusOK, l.as(second, http.MethodGet, "/v1/sessions", ""))
	if len(sessions.Items) != 2 || sessions.Items[0].Current || !sessions.Items[1].Current || sessions.Items[0].Address != "127.0.0.1" {
		t.Errorf("sessions = %+v", sessions.Items)
	}

	change := func(old, next string) *answer {
		return l.as(second, http.MethodPut, "/v1/password", fmt.Sprintf(`{"old_password":%q,"new_password":%q}`, old, next))
	}
	wantProblem(l.world, http.StatusUnprocessableEntity, codePasswordWrong, change("correct horse", "一日ごとに新しい馬が来る朝"))
	wantProblem(l.world, http.StatusUnprocessableEntity, codePasswordTrivial, change("correct horse battery", "123456789012"))
	a := change("correct horse battery", "一日ごとに新しい馬が来る朝")
	want[signedInView](l.world, http.StatusOK, a)
	third := l.cookieOf(a)
	for _, ended := range []string{second, other} {
		wantProblem(l.world, http.StatusUnauthorized, codeSessionEnded, l.as(ended, http.MethodGet, "/v1/session", ""))
	}
	if a := l.as(third, http.MethodDelete, "/v1/session", ""); a.status != http.StatusNoContent || !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("sign out: %d %v", a.status, a.header)
	}
	wantProblem(l.world, http.StatusUnauthorized, codeSessionEnded, l.as(third, http.MethodGet, "/v1/session", ""))
}

func TestCookieIsBelievedFromOurOwnPagesOnly(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	session, key := l.session(l.user), l.key(postgres.ScopeAdmin, l.user)
	cookie := session[3]
	for _, c := range []struct {
		method, path string
		headers      []string
		ok           bool
	}{
		{"POST", "/v1/lists", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, false},
		{"POST", "/v1/lists", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"POST", "/v1/lists", []string{"Origin", "https://evil.example"}, false},
		{"POST", "/v1/lists", []string{"Origin", "null"}, false},
		{"POST", "/v1/session", []string{"Sec-Fetch-Site", "cross-site"}, false}, // nobody is signed in as somebody else
		{"POST", "/v1/password", []string{"Origin", "https://evil.example"}, false},
		{"GET", "/v1/members", []string{"Origin", "https://evil.example"}, false},
		{"GET", "/v1/members", []string{"Origin", "null"}, false},
		{"GET", "/v1/members", []string{"Sec-Fetch-Site", "cross-site"}, true}, // a link in a mail
		{"GET", "/v1/members", nil, true},
		{"POST", "/v1/lists", []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://meibo.example.com"}, true},
		{"POST", "/v1/lists", []string{"Origin", "https://meibo.example.com"}, true}, // behind a proxy that says another Host
		{"POST", "/v1/lists", nil, true},
	} {
		body := ""
		if c.method == "POST" {
			body = "{}"
		}
		a := l.as(cookie, c.method, c.path, body, c.headers...)
		if refused := a.status == http.StatusForbidden; refused == c.ok || refused && a.problem(l.world).Code != codeCrossOrigin {
			t.Errorf("%s %s %v: %d %s", c.method, c.path, c.headers, a.status, a.body)
		}
		if a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s %v: another origin is let in", c.method, c.path, c.headers)
		}
	}
	// A key is nothing that a browser sends by itself; beside it the cookie does not count.
	if a := l.call(http.MethodGet, "/v1/me", nil, append([]string{"Origin", "https://tool.example", "Cookie", "__Host-meibo_session=x"}, key...)...); a.status != http.StatusOK {
		t.Errorf("a key with an Origin: %d %s", a.status, a.body)
	}
	wantProblem(l.world, http.StatusUnauthorized, codeUnauthorized, l.get("/v1/me", "Authorization", "Bearer wrong", "Cookie", cookie))
}

func TestAccountsThatDoNotExistAnswerLikeThoseThatDo(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	var answers [2][]string
	for n, account := range []string{`"tenant":"acme","email":"owner@acme.example"`, `"tenant":"nowhere","email":"nobody@acme.example"`} {
		for range 6 {
			a := l.as("", http.MethodPost, "/v1/session", `{`+account+`,"password":"not this one"}`)
			p := a.problem(l.world)
			answers[n] = append(answers[n], fmt.Sprintf("%d %s", a.status, p.Code))
			if (a.header.Get("Retry-After") != "") != (a.status == http.StatusTooManyRequests) || a.header.Get("Set-Cookie") != "" {
				t.Errorf("headers %v", a.header)
			}
		}
	}
	wanted := append(slices.Repeat([]string{"401 sign_in_failed"}, 5), "429 sign_in_locked")
	if !slices.Equal(answers[0], wanted) || !slices.Equal(answers[1], wanted) {
		t.Errorf("answers %v, want twice %v", answers, wanted)
	}
}

func TestAdminsManageUsersAndKeys(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	owner := l.key(postgres.ScopeAdmin, l.user)
	admin := l.key(postgres.ScopeAdmin, 0)
	person := func(as []string, body string) *answer { return l.post("/v1/users", body, as...) }
	made := want[personView](l.world, http.StatusCreated, person(admin, `{"email":"a@acme.example","name":"青木","role":"editor"}`))
	if made.HasPassword || made.Language != "ja" || made.DisabledAt != nil {
		t.Errorf("made %+v", made)
	}
	wantProblem(l.world, http.StatusConflict, codeExists, person(admin, `{"email":"A@acme.example","name":"x","role":"editor"}`))
	wantProblem(l.world, http.StatusUnprocessableEntity, codeOption, person(admin, `{"email":"acme","name":"x","role":"editor"}`))
	wantProblem(l.world, http.StatusForbidden, codeRoleDenied, person(admin, `{"email":"b@acme.example","name":"x","role":"owner"}`))
	path := fmt.Sprintf("/v1/users/%d", made.ID)
	changed := want[personView](l.world, http.StatusOK, l.call(http.MethodPatch, path, strings.NewReader(`{"role":"viewer","disabled":true}`), append(admin, "Content-Type", "application/json")...))
	if changed.Role != "viewer" || changed.DisabledAt == nil || changed.Name != "青木" {
		t.Errorf("changed %+v", changed)
	}
	wantProblem(l.world, http.StatusConflict, codeUserDisabled, l.post(path+"/invitation", "{}", admin...))
	if a := l.call(http.MethodDelete, path, nil, admin...); a.status != http.StatusNoContent {
		t.Errorf("deleted: %d %s", a.status, a.body)
	}
	wantProblem(l.world, http.StatusNotFound, codeNotFound, l.get(path, admin...))

	// What an owner has, no admin takes or makes.
	me := want[struct{ User userView }](l.world, http.StatusOK, l.get("/v1/me", owner...)).User.ID
	wantProblem(l.world, http.StatusForbidden, codeRoleDenied, l.post(fmt.Sprintf("/v1/users/%d/invitation", me), "{}", admin...))
	wantProblem(l.world, http.StatusForbidden, codeRoleDenied, l.post("/v1/keys", fmt.Sprintf(`{"name":"x","user_id":%d}`, me), admin...))
	wantProblem(l.world, http.StatusForbidden, codeRoleDenied, l.post("/v1/keys", `{"name":"x","allow_consent":true}`, admin...))
	wantProblem(l.world, http.StatusUnprocessableEntity, codeOption, l.post("/v1/keys", `{"name":"x","expires_at":"2020-01-01T00:00:00Z"}`, admin...))
	k := want[struct {
		apiKeyView
		Key string
	}](l.world, http.StatusCreated, l.post("/v1/keys", fmt.Sprintf(`{"name":"nightly","scope":"read","user_id":%d,"expires_at":"2999-01-01T00:00:00+09:00"}`, me), owner...))
	bearer := []string{"Authorization", "Bearer " + k.Key}
	if a := l.get("/v1/me", bearer...); a.status != http.StatusOK || !strings.Contains(string(a.body), `"scope":"read"`) {
		t.Errorf("the key: %d %s", a.status, a.body)
	}
	if a := l.get("/v1/keys", owner...); strings.Contains(string(a.body), k.Key) || !strings.Contains(string(a.body), "nightly") {
		t.Errorf("keys: %s", a.body)
	}
	revoked := want[apiKeyView](l.world, http.StatusOK, l.post(fmt.Sprintf("/v1/keys/%d/revoke", k.ID), "{}", owner...))
	if revoked.RevokedAt == nil || revoked.LastUsedAt == nil {
		t.Errorf("revoked %+v", revoked)
	}
	wantProblem(l.world, http.StatusUnauthorized, codeUnauthorized, l.get("/v1/me", bearer...))

	a := DefaultAccess
	a.RateLimit, a.RateBurst = 0.01, 2
	l.must(l.server.limit(a))
	for range 2 {
		want[any](l.world, http.StatusOK, l.get("/v1/me", owner...))
	}
	slowed := l.get("/v1/me", owner...)
	if wantProblem(l.world, http.StatusTooManyRequests, codeTooMany, slowed); slowed.header.Get("Retry-After") == "" {
		t.Errorf("headers %v", slowed.header)
	}
	want[any](l.world, http.StatusOK, l.get("/v1/me", admin...))
}
