package uploader

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/postgres"
)

// route is an operation of the document.
type route struct {
	method, path, id, scope string
}

// routes returns all operations of the document, in the order of their ids.
func routes(t *testing.T) []route {
	t.Helper()
	var d struct {
		Paths map[string]map[string]struct {
			ID    string `json:"operationId"`
			Scope string `json:"x-scope"`
		}
	}
	if err := json.Unmarshal(fetch(t, served(t), "/openapi.json").Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	var all []route
	for path, item := range d.Paths {
		for method, op := range item {
			all = append(all, route{strings.ToUpper(method), path, op.ID, op.Scope})
		}
	}
	slices.SortFunc(all, func(a, b route) int { return strings.Compare(a.id, b.id) })
	return all
}

func TestEveryOperationHasAScope(t *testing.T) {
	t.Parallel()
	ids := make(map[string]bool)
	for _, r := range routes(t) {
		ids[r.id] = true
		want := string(permissionOf(r.id, r.method).scope)
		if permissions[r.id].open {
			want = "none"
		}
		if r.scope != want || want == "" {
			t.Errorf("%s needs %q, want %q", r.id, r.scope, want)
		}
	}
	for id, p := range permissions {
		if !ids[id] {
			t.Errorf("there is no operation %s", id)
		}
		if p.open != slices.Contains([]string{"sign-in", "redeem-token"}, id) {
			t.Errorf("%s: open is %v: only who is coming in is let in without saying who it is", id, p.open)
		}
	}
}

// walker walks every route. acme, globex: see newWalker.
type walker struct {
	*world
	admin *pgx.Conn
	// theirs has ids of globex by what they are ids of, the first part of a path.
	theirs map[string]string
	tables string
}

// newWalker returns an API on which acme walks, and globex has one of everything.
func newWalker(t *testing.T) *walker {
	t.Helper()
	w := &walker{world: newWorld(t)}
	admin, err := pgx.Connect(t.Context(), w.dbURL)
	w.must(err)
	t.Cleanup(func() { admin.Close(context.Background()) })
	w.admin = admin
	w.must(admin.QueryRow(t.Context(), `select string_agg(format('select %L as name, (to_jsonb(r) - ''last_used_at'' - ''seen_at'' - ''signed_in_at'')::text as row
			from %I r where %I = $1', c.table_name, c.table_name, c.column_name), ' union all ')
		from information_schema.columns c join pg_class k on k.oid = format('public.%I', c.table_name)::regclass
		where c.table_schema = 'public' and not k.relispartition and (c.column_name = 'tenant_id' or c.table_name = 'tenant' and c.column_name = 'id')`).Scan(&w.tables))

	mine := w.acme
	w.acme = w.account("globex", "ja")
	owner, err := w.db.AddPerson(t.Context(), w.acme.tenant.ID, postgres.RoleOwner, postgres.User{Email: "owner@globex.example", Name: "所有者", Role: postgres.RoleOwner})
	w.must(err)
	w.acme.key, err = w.db.CreateKey(t.Context(), w.acme.tenant.ID, "walk", owner.ID)
	w.must(err)
	_, session, err := w.db.OpenSession(t.Context(), w.acme.tenant.ID, owner.ID, postgres.NewSession{Lifetime: time.Hour})
	w.must(err)
	created := func(path, body string) map[string]any {
		return want[map[string]any](w.world, http.StatusCreated, w.post(path, body))
	}
	created("/v1/fields", `{"key":"globex_field","type":"string","label":{"ja":"項目"}}`)
	created("/v1/lists", `{"name":"globex-list"}`)
	created("/v1/profiles", `{"name":"globex-profile"}`)
	w.theirs = map[string]string{
		"imports": w.running(1), "members": fmt.Sprint(created("/v1/members", `{"member_sn":"G1","name":"名簿"}`)["id"]),
		"fields": "globex_field", "lists": "globex-list", "profiles": "globex-profile", "templates": "globex-list",
		"users": fmt.Sprint(owner.ID), "keys": fmt.Sprint(created("/v1/keys", `{"name":"theirs"}`)["id"]), "sessions": fmt.Sprint(session.ID),
	}
	w.acme = mine
	return w
}

// rows returns all that the database has of a tenant, but for when something was last used.
func (w *walker) rows(a account) string {
	w.Helper()
	var text string
	w.must(w.admin.QueryRow(w.Context(), `select string_agg(name || ' ' || row, e'\n' order by name, row) from (`+w.tables+`) t`, a.tenant.ID).Scan(&text))
	return text
}

// place fills in the path of a route with ids.
func (w *walker) place(r route, ids map[string]string) string {
	w.Helper()
	parts := strings.Split(r.path, "/") // "", "v1", what it is about, …
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			name, _, _ := strings.Cut(p, "}")
			value := ids[parts[2]]
			if name == "{number" {
				value = "1"
			}
			if value == "" {
				w.Errorf("%s: say of what %s is an id, and make globex have one", r.path, p)
			}
			parts[i] = value + strings.TrimPrefix(p, name+"}")
		}
	}
	return strings.Join(parts, "/")
}

// bodies are requests that would be carried out if their ids were the caller's own; the others need nothing but {}.
var bodies = map[string]string{
	"update-member": `{"name":"x"}`, "begin-parts": `{"size":10}`, "sign-parts": `{"numbers":[1]}`, "change-user": `{"name":"x"}`, "change-list": `{"note":"x"}`,
	"change-field": `{"label":{"ja":"x"}}`, "put-source": "a\n1\n", "put-part": "a",
}

// walk makes one request, as whoever the headers say; headers are pairs.
func (w *walker) walk(r route, path string, headers ...string) *answer {
	w.Helper()
	if r.method == http.MethodGet {
		return w.call(r.method, path, nil, headers...)
	}
	body, ok := bodies[r.id]
	if !ok {
		body = "{}"
	}
	return w.call(r.method, path, strings.NewReader(body), append([]string{"Content-Type", "application/json", "If-Match", "*"}, headers...)...)
}

// owner returns the headers of a session and of a key of an owner of acme.
func (w *walker) owner() (session, key []string) {
	w.Helper()
	p, err := w.db.AddPerson(w.Context(), w.acme.tenant.ID, postgres.RoleOwner, postgres.User{Email: "owner@acme.example", Name: "Owner", Role: postgres.RoleOwner})
	w.must(err)
	return w.session(p.ID), w.key(postgres.ScopeAdmin, p.ID)
}

func (w *walker) session(user int64) []string {
	w.Helper()
	token, _, err := w.db.OpenSession(w.Context(), w.acme.tenant.ID, user, postgres.NewSession{Lifetime: time.Hour})
	w.must(err)
	return []string{"Authorization", "", "Cookie", w.server.cookieName() + "=" + token}
}

func (w *walker) key(scope postgres.Scope, user int64) []string {
	w.Helper()
	_, secret, err := w.db.IssueKey(w.Context(), w.acme.tenant.ID, postgres.RoleOwner, postgres.NewKey{Name: "walk", Scope: scope, User: user})
	w.must(err)
	return []string{"Authorization", "Bearer " + secret}
}

func TestNoRouteReachesAnotherTenant(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	globex := account{}
	ten, err := w.db.TenantByName(t.Context(), "globex")
	w.must(err)
	globex.tenant = ten
	session, key := w.owner()
	before := w.rows(globex)
	for _, r := range routes(t) {
		if !strings.Contains(r.path, "{") || r.id == "put-profile" { // which makes one of that name
			continue
		}
		as := key
		if permissions[r.id].session {
			as = session
		}
		if a := w.walk(r, w.place(r, w.theirs), as...); a.status != http.StatusNotFound {
			t.Errorf("%s (%s %s): %d %s, want 404", r.id, r.method, r.path, a.status, a.body)
		}
		if after := w.rows(globex); after != before {
			t.Fatalf("%s changed the rows of globex to\n%s\nfrom\n%s", r.id, after, before)
		}
	}
	// Ids that stand elsewhere than in the path.
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/v1/keys", `{"name":"x","user_id":` + w.theirs["users"] + `}`, http.StatusUnprocessableEntity},
		{"POST", "/v1/profiles", `{"name":"x","import":"` + w.theirs["imports"] + `"}`, http.StatusUnprocessableEntity},
		{"POST", "/v1/profiles", `{"name":"x","list":"globex-list"}`, http.StatusUnprocessableEntity},
		{"POST", "/v1/imports", `{"file_name":"x","list":"globex-list"}`, http.StatusUnprocessableEntity},
		{"POST", "/v1/imports", `{"file_name":"x","profile":"globex-profile"}`, http.StatusUnprocessableEntity},
		{"POST", "/v1/members", `{"list":"globex-list","member_sn":"X","name":"x"}`, http.StatusUnprocessableEntity},
		{"GET", "/v1/members?list=globex-list", "", http.StatusUnprocessableEntity},
		{"GET", "/v1/fields?list=globex-list", "", http.StatusUnprocessableEntity},
	} {
		if a := w.call(c.method, c.path, strings.NewReader(c.body), append([]string{"Content-Type", "application/json"}, key...)...); a.status != c.status {
			t.Errorf("%s %s %s: %d %s, want %d", c.method, c.path, c.body, a.status, a.body, c.status)
		}
	}
	for _, r := range routes(t) {
		if r.method != http.MethodGet || strings.Contains(r.path, "{") {
			continue
		}
		if a := w.walk(r, r.path, session...); a.status != http.StatusOK || strings.Contains(string(a.body), "globex") {
			t.Errorf("%s: %d %s, want nothing of globex", r.path, a.status, a.body)
		}
	}
	if a := w.call(http.MethodPut, "/v1/profiles/globex-profile", strings.NewReader(`{"list":"main"}`), append([]string{"Content-Type", "application/json"}, key...)...); a.status != http.StatusOK {
		t.Errorf("a profile with the name of another's: %d %s", a.status, a.body)
	}
	if after := w.rows(globex); after != before {
		t.Errorf("the rows of globex became\n%s\nwere\n%s", after, before)
	}
}

func TestEveryRouteAsksForItsScope(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	person := func(r postgres.Role) int64 {
		p, err := w.db.AddPerson(t.Context(), w.acme.tenant.ID, postgres.RoleOwner, postgres.User{Email: string(r) + "@acme.example", Name: "x", Role: r})
		w.must(err)
		return p.ID
	}
	viewer := person(postgres.RoleViewer)
	nobodys := maps.Clone(w.theirs)
	for what := range nobodys {
		nobodys[what] = "987654321"
	}
	for name, c := range map[string]struct {
		headers []string
		scope   postgres.Scope
		session bool
	}{
		"nobody":            {[]string{"Authorization", ""}, "", false},
		"read key":          {w.key(postgres.ScopeRead, 0), postgres.ScopeRead, false},
		"import key":        {w.key(postgres.ScopeImport, 0), postgres.ScopeImport, false},
		"admin key":         {w.key(postgres.ScopeAdmin, 0), postgres.ScopeAdmin, false},
		"key of a viewer":   {w.key(postgres.ScopeAdmin, viewer), postgres.ScopeRead, false},
		"session of viewer": {w.session(viewer), postgres.ScopeRead, true},
		"session of admin":  {w.session(person(postgres.RoleAdmin)), postgres.ScopeAdmin, true},
	} {
		before := w.rows(w.acme)
		var allowed []route
		for _, r := range routes(t) {
			if r.scope == "none" {
				continue
			}
			status := http.StatusForbidden
			switch enough := slices.Index(postgres.Scopes, c.scope) >= slices.Index(postgres.Scopes, postgres.Scope(r.scope)); {
			case c.scope == "":
				status = http.StatusUnauthorized
			case enough && (c.session || !permissions[r.id].session):
				allowed = append(allowed, r)
				continue
			}
			if a := w.walk(r, w.place(r, nobodys), c.headers...); a.status != status {
				t.Errorf("%s: %s (%s %s) is answered with %d %s, want %d", name, r.id, r.method, r.path, a.status, a.body, status)
			}
		}
		if after := w.rows(w.acme); after != before {
			t.Errorf("%s: what was refused has changed\n%s\nto\n%s", name, before, after)
		}
		for _, r := range allowed {
			if r.id == "sign-out" { // and then nothing more
				continue
			}
			if a := w.walk(r, w.place(r, nobodys), c.headers...); a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.status >= 500 {
				t.Errorf("%s: %s (%s %s) is answered with %d %s", name, r.id, r.method, r.path, a.status, a.body)
			}
		}
	}
}

func TestCallersAreSlowedDown(t *testing.T) {
	t.Parallel()
	now := time.Now()
	th := newThrottle(Access{RateLimit: 2, RateBurst: 3})
	th.now = func() time.Time { return now }
	for range 3 {
		if wait := th.take("a"); wait != 0 {
			t.Errorf("wait %s within the burst", wait)
		}
	}
	for range 2 { // what is refused does not count
		if wait := th.take("a"); wait != 500*time.Millisecond {
			t.Errorf("wait %s, want half a second", wait)
		}
	}
	if wait := th.take("b"); wait != 0 {
		t.Errorf("another has to wait %s", wait)
	}
	now = now.Add(500 * time.Millisecond)
	if wait := th.take("a"); wait != 0 {
		t.Errorf("wait %s after waiting", wait)
	}
	for n := range maxThrottled + 10 {
		th.take(fmt.Sprint(n))
	}
	if len(th.of) > maxThrottled {
		t.Errorf("%d callers are remembered", len(th.of))
	}
}

func TestClientIsWhomTrustedProxiesName(t *testing.T) {
	t.Parallel()
	var trusted Proxies
	if err := trusted.UnmarshalText([]byte("10.0.0.0/8, 192.0.2.7,2001:db8:1::/48")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		remote  string
		forward []string
		want    string
	}{
		{"198.51.100.1:5", nil, "198.51.100.1"},
		{"198.51.100.1:5", []string{"203.0.113.9"}, "198.51.100.1"}, // nobody whom we know has said so
		{"10.1.2.3:5", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.1.2.3:5", []string{"1.1.1.1, 203.0.113.9", "192.0.2.7"}, "203.0.113.9"},
		{"[::ffff:10.1.2.3]:5", []string{"2001:db8:2::1"}, "2001:db8:2::1"},
		{"10.1.2.3:5", []string{"203.0.113.9, rubbish"}, "10.1.2.3"},
		{"10.1.2.3:5", nil, "10.1.2.3"},
		{"@", nil, "invalid IP"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.forward
		if got := trusted.client(r).String(); got != c.want {
			t.Errorf("%s forwarded for %q: %s, want %s", c.remote, c.forward, got, c.want)
		}
	}
	if err := trusted.UnmarshalText([]byte("10.0.0.0/8,proxy")); err == nil {
		t.Error("a name is taken for a network")
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("1.1.1.1, 203.0.113.9")
	f.Add("::1%eth0,,")
	f.Fuzz(func(t *testing.T, forwarded string) {
		var trusted Proxies
		if err := trusted.UnmarshalText([]byte("10.0.0.0/8")); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header["X-Forwarded-For"] = []string{forwarded}
		if a := trusted.client(r); !a.IsValid() || a.Zone() != "" || household(a) == "" {
			t.Errorf("%q gave %s", forwarded, a)
		}
		r.RemoteAddr = "198.51.100.1:1"
		if a := trusted.client(r); a.String() != "198.51.100.1" {
			t.Errorf("%q from a stranger gave %s", forwarded, a)
		}
	})
}

func TestAccessThatLetsNobodyInIsRefused(t *testing.T) {
	t.Parallel()
	s, err := newServer("http://localhost:8080", nil, nil, nil, nil, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if c := s.cookie("x"); c.Secure || c.Name != "meibo_session" || !c.HttpOnly {
		t.Errorf("without https the cookie is %+v", c)
	}
	for _, a := range []Access{{}, {SessionIdle: 1, SessionLifetime: 1, RateBurst: 1}, {SessionLifetime: 1, RateLimit: 1, RateBurst: 1}} {
		if s.limit(a) == nil {
			t.Errorf("%+v is taken", a)
		}
	}
}
