package uploader

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
	"github.com/meibo/meibo/internal/embedded/embeddedtest"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
	"github.com/meibo/meibo/internal/relay"
	"github.com/meibo/meibo/internal/tenant"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// world is an API on real parts, with the tenant acme.
type world struct {
	*testing.T
	db     *postgres.DB
	dbURL  string
	queue  *queue.Queue
	blobs  *blob.Store
	bucket blob.Config // of blobs
	server *server
	url    string
	acme   account
}

// account is a tenant with a key.
type account struct {
	tenant postgres.Tenant
	user   postgres.User
	key    string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dbURL := postgrestest.URL(t)
	w := &world{T: t, db: postgrestest.Open(t, dbURL), dbURL: dbURL, bucket: blobtest.Config(t)}
	w.blobs = blobtest.Open(t, w.bucket)
	log := zaptest.NewLogger(t, zaptest.Level(zap.ErrorLevel))
	var err error
	w.queue, err = queue.Open(queue.Config{URL: queuetest.Server(t), Replicas: 1}, zap.NewNop())
	w.must(err)
	t.Cleanup(w.queue.Close)
	w.must(w.queue.Prepare(t.Context()))
	w.server, err = newServer("https://meibo.example.com", w.db, w.queue, w.blobs, relay.New(w.db, w.queue, log), log)
	w.must(err)
	h := httptest.NewServer(w.server.router)
	t.Cleanup(h.Close)
	w.url = h.URL
	w.acme = w.account("acme", "en")
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) account(name string, lang string) account {
	w.Helper()
	t, err := w.db.CreateTenant(w.Context(), postgres.Tenant{Name: name, Language: "ja"})
	w.must(err)
	u, err := w.db.CreateUser(w.Context(), t.ID, postgres.User{Email: "taro@" + name + ".example", Name: "Taro", Language: tenant.Language(lang)})
	w.must(err)
	key, err := w.db.CreateKey(w.Context(), t.ID, "test", u.ID)
	w.must(err)
	return account{t, u, key}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) into(w *world, dst any) {
	w.Helper()
	if err := json.Unmarshal(a.body, dst); err != nil {
		w.Fatalf("%v in %s", err, a.body)
	}
}

func (a *answer) problem(w *world) problem {
	w.Helper()
	if got := a.header.Get("Content-Type"); got != problemType {
		w.Fatalf("content type %q, want %q: %d %s", got, problemType, a.status, a.body)
	}
	var p problem
	a.into(w, &p)
	if p.Status != a.status {
		w.Errorf("status %d in a problem with status %d", p.Status, a.status)
	}
	return p
}

// call makes a request as acme. headers are pairs.
func (w *world) call(method, path string, body io.Reader, headers ...string) *answer {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.url+path, body)
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+w.acme.key)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	w.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	w.must(err)
	return &answer{res.StatusCode, res.Header, text}
}

func (w *world) post(path, body string, headers ...string) *answer {
	w.Helper()
	return w.call(http.MethodPost, path, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, headers...)...)
}

func (w *world) get(path string, headers ...string) *answer {
	w.Helper()
	return w.call(http.MethodGet, path, nil, headers...)
}

// want reads an answer of that status.
func want[T any](w *world, status int, a *answer) T {
	w.Helper()
	if a.status != status {
		w.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	var out T
	a.into(w, &out)
	return out
}

// place is what a sentence has where nothing was filled in.
var place = regexp.MustCompile(`\{(option|accepted|profile|name|list|header|columns|recipient|field|detail|seconds)\}`)

// wantProblem checks a refusal and returns it.
func wantProblem(w *world, status int, code string, a *answer) problem {
	w.Helper()
	p := a.problem(w)
	if p.Status != status || p.Code != code {
		w.Fatalf("problem %d %s, want %d %s: %s", p.Status, p.Code, status, code, a.body)
	}
	if p.Detail == "" || place.MatchString(p.Detail) {
		w.Errorf("detail %q", p.Detail)
	}
	return p
}

func (w *world) create(body string) *importView {
	w.Helper()
	return new(want[importView](w, http.StatusCreated, w.post("/v1/imports", body)))
}

func (w *world) put(id, content string) *answer {
	w.Helper()
	return w.call(http.MethodPut, "/v1/imports/"+id+"/source", strings.NewReader(content))
}

// uploaded returns an import whose file is content.
func (w *world) uploaded(content string) *importView {
	w.Helper()
	i := w.create(`{"file_name":"members.csv"}`)
	return new(want[importView](w, http.StatusOK, w.put(i.ID, content)))
}

func (w *world) state(id string) imports.State {
	w.Helper()
	return want[importView](w, http.StatusOK, w.get("/v1/imports/"+id)).State
}

// sources counts the files that object storage holds for the import.
func (w *world) sources(id string) (n int) {
	w.Helper()
	for _, key := range blobtest.Keys(w.T, w.bucket) {
		if strings.Contains(key, "/"+id+"/source-") {
			n++
		}
	}
	return n
}

const smallCSV = "会員番号,氏名,メールアドレス,配信停止,備考\r\nA1,青木,a@example.jp,0,x\r\nA2,石井,,1,\r\n"

func TestKeyIsRequired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, header := range map[string]string{
		"none": "", "unknown": "Bearer meibo_unknown", "other scheme": "Basic " + w.acme.key, "long": "Bearer " + strings.Repeat("x", 5000),
	} {
		for _, path := range []string{"/v1/imports", "/v1/me", "/v1/members/1", "/v1/imports/x/failures.csv", "/v1/imports/x/events"} {
			a := w.get(path, "Authorization", header, "Accept-Language", "en")
			p := wantProblem(w, http.StatusUnauthorized, codeUnauthorized, a)
			if a.header.Get("WWW-Authenticate") == "" || !strings.Contains(p.Detail, "API key") {
				t.Errorf("%s %s: %v %+v", name, path, a.header, p)
			}
		}
	}
	wantProblem(w, http.StatusUnauthorized, codeUnauthorized, w.call(http.MethodPut, "/v1/imports/x/source", strings.NewReader("a"), "Authorization", ""))
}

func TestAnswerSpeaksTheCallersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ header, want string }{
		{"", "There is nothing"}, // the user's
		{"ja", "見つかりません"},
		{"en-US,en;q=0.9", "There is nothing"},
		{"fr", "There is nothing"}, // not spoken: the user's
		{"fr, ja;q=0.5", "見つかりません"},
	} {
		p := wantProblem(w, http.StatusNotFound, codeNotFound, w.get("/v1/imports/0", "Accept-Language", c.header))
		if !strings.Contains(p.Detail, c.want) {
			t.Errorf("Accept-Language %q: %q", c.header, p.Detail)
		}
	}
}

func TestMeTellsWhoseKeyItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var me struct {
		Tenant tenantView
		User   *userView
		Key    keyView
	}
	w.get("/v1/me").into(w, &me)
	if me.Tenant.Name != "acme" || me.User == nil || me.User.Email != "taro@acme.example" || me.Key.Name != "test" {
		t.Errorf("me = %+v", me)
	}
	lists := w.get("/v1/lists")
	if !bytes.Contains(lists.body, []byte(`"main"`)) {
		t.Errorf("lists = %s", lists.body)
	}
	fields := w.get("/v1/fields")
	if !bytes.Contains(fields.body, []byte(`{"key":"member_sn","type":"string"`)) {
		t.Errorf("fields = %s", fields.body)
	}
}
