package uploader

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.uber.org/zap"
)

// served is the server without its parts: enough for what needs none of them.
func served(t *testing.T) *server {
	t.Helper()
	s, err := newServer("https://meibo.example.com/", nil, nil, nil, nil, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fetch(t *testing.T, s *server, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

// openAPI is what the tests look at of the document.
type openAPI struct {
	OpenAPI string `json:"openapi"`
	Info    struct{ Title, Version, Description string }
	Servers []struct{ URL string }
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Summary     string
		Description string
		Tags        []string
		Parameters  []struct {
			Name, In, Description string
			Required              bool
		}
		RequestBody *struct{ Content map[string]any }
		Responses   map[string]struct {
			Description string
			Content     map[string]struct{ Schema map[string]any }
		}
	}
	Components struct {
		Schemas map[string]any
	}
}

func document(t *testing.T) (d openAPI, raw string) {
	t.Helper()
	w := fetch(t, served(t), "/openapi.json")
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "application/openapi+json" {
		t.Fatalf("status %d, content type %q", w.Code, got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d, w.Body.String()
}

func TestEveryRouteIsInTheDocument(t *testing.T) {
	t.Parallel()
	d, _ := document(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") || d.Info.Title == "" || d.Info.Version == "" || d.Servers[0].URL != "https://meibo.example.com/" {
		t.Errorf("document = %+v", d)
	}
	undocumented := []string{"/docs", "/openapi.json"}
	var routes []string
	err := chi.Walk(served(t).router.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if route == templatePath {
			routes = append(routes, method+" /v1/templates/{list}.csv", method+" /v1/templates/{list}.xlsx")
		} else if !slices.Contains(undocumented, route) {
			routes = append(routes, method+" "+route)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for path, item := range d.Paths {
		for method := range item {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routes)
	slices.Sort(documented)
	if !slices.Equal(routes, documented) {
		t.Errorf("routes\n%s\ndocumented\n%s", strings.Join(routes, "\n"), strings.Join(documented, "\n"))
	}
	if len(routes) != 78 {
		t.Errorf("%d routes, want the 78 of the contract", len(routes))
	}
}

func TestDocumentWithoutAServerIsTheOneThatIsServed(t *testing.T) {
	t.Parallel()
	got, err := Document("https://meibo.example.com/")
	if err != nil {
		t.Fatal(err)
	}
	if _, want := document(t); string(got) != want {
		t.Errorf("got %d bytes, want the %d that are served", len(got), len(want))
	}
}

func TestEveryOperationIsExplained(t *testing.T) {
	t.Parallel()
	d, _ := document(t)
	ids := map[string]bool{}
	placeholder := regexp.MustCompile(`\{(\w+)\}`)
	for path, item := range d.Paths {
		for method, op := range item {
			name := method + " " + path
			if op.Summary == "" || op.Description == "" || len(op.Tags) != 1 || op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s is not explained: %+v", name, op)
			}
			ids[op.OperationID] = true
			for _, m := range placeholder.FindAllStringSubmatch(path, -1) {
				found := false
				for _, p := range op.Parameters {
					found = found || p.Name == m[1] && p.In == "path" && p.Required
				}
				if !found {
					t.Errorf("%s: path parameter %s is not described", name, m[1])
				}
			}
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s: parameter %s is not explained", name, p.Name)
				}
			}
			if _, ok := op.Responses["401"]; !ok {
				t.Errorf("%s: 401 is missing", name)
			}
			success := 0
			for status, r := range op.Responses {
				if r.Description == "" {
					t.Errorf("%s: response %s has no description", name, status)
				}
				if status < "400" {
					success++
				} else if _, ok := r.Content[problemType]; !ok || len(r.Content) != 1 {
					t.Errorf("%s: %s is not a problem: %v", name, status, r.Content)
				}
			}
			if success == 0 {
				t.Errorf("%s: no answer is described", name)
			}
		}
	}
}

// What was made by an earlier request is answered with 200 and the same document.
func TestAnswersToARepeatedRequestAreDescribed(t *testing.T) {
	t.Parallel()
	d, _ := document(t)
	for _, path := range []string{"/v1/imports", "/v1/imports/{id}/parts"} {
		answers := d.Paths[path]["post"].Responses
		first, again := answers["201"].Content["application/json"].Schema["$ref"], answers["200"].Content["application/json"].Schema["$ref"]
		if first == nil || again != first || answers["200"].Description == "" {
			t.Errorf("%s: 201 is %v, 200 is %v", path, first, again)
		}
	}
}

func TestEveryReferenceOfTheDocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	d, raw := document(t)
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`"\$ref":"([^"]+)"`).FindAllStringSubmatch(raw, -1) {
		name, ok := strings.CutPrefix(m[1], "#/components/schemas/")
		if _, there := d.Components.Schemas[name]; !ok || !there {
			t.Errorf("reference %s leads nowhere", m[1])
		}
		used[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		if !used[name] {
			t.Errorf("schema %s is used nowhere", name)
		}
	}
}

// TestNothingIsLeftOutOfTheDocument holds the bodies to the one thing that huma is silent about: the fields of an embedded
// struct that is not exported, which JSON has all the same.
func TestNothingIsLeftOutOfTheDocument(t *testing.T) {
	t.Parallel()
	schemas := served(t).api.OpenAPI().Components.Schemas
	for name := range schemas.Map() {
		of := schemas.TypeFromRef("#/components/schemas/" + name)
		if of == nil || of.Kind() != reflect.Struct {
			continue
		}
		for i := range of.NumField() {
			if f := of.Field(i); f.Anonymous && !f.IsExported() {
				t.Errorf("%s embeds %s, whose fields the document does not have", name, f.Name)
			}
		}
	}
}

func TestFormOfCreateIsDescribed(t *testing.T) {
	t.Parallel()
	d, _ := document(t)
	content := d.Paths["/v1/imports"]["post"].RequestBody.Content
	if content["application/json"] == nil || content["multipart/form-data"] == nil {
		t.Errorf("content = %v", content)
	}
	if d.Paths["/v1/imports/{id}/source"]["put"].RequestBody.Content["application/octet-stream"] == nil {
		t.Error("the body of PUT …/source is not described")
	}
}

func TestDocsReferToNothingOutside(t *testing.T) {
	t.Parallel()
	w := fetch(t, served(t), "/docs")
	page := w.Body.String()
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || len(page) < 4000 {
		t.Errorf("status %d, %d bytes", w.Code, len(page))
	}
	if found := regexp.MustCompile(`(?i)(https?:)?//[a-z0-9-]+\.[a-z]|(src|href)="?(https?:|//)|@import|[:\s]url\(`).FindString(page); found != "" {
		t.Errorf("refers to %q", found)
	}
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(page, "<script></script>") || strings.Contains(page, "<style></style>") || regexp.MustCompile(` style=| on[a-z]+="`).MatchString(page) {
		t.Error("the page has what its policy forbids")
	}
}

func TestBrowsersThatAskForAPageGetTheConsole(t *testing.T) {
	t.Parallel()
	s := served(t)
	ask := func(method, path, accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		s.router.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/", "/imports/0198c0de-0000-7000-8000-000000000000", "/members"} {
		w := ask(http.MethodGet, path, "text/html,application/xhtml+xml,*/*;q=0.8")
		if policy := w.Header().Get("Content-Security-Policy"); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") ||
			!strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: status %d, %v", path, w.Code, w.Header())
		}
	}
	for _, other := range [][3]string{
		{http.MethodGet, "/v1/nothing", "text/html"}, {http.MethodGet, "/members", "application/json"}, {http.MethodPost, "/members", "text/html"},
	} {
		if w := ask(other[0], other[1], other[2]); w.Code != http.StatusNotFound || !strings.Contains(w.Header().Get("Content-Type"), "problem+json") {
			t.Errorf("%v: status %d, %v", other, w.Code, w.Header())
		}
	}
}

func TestEveryAnswerTellsBrowsersToBeCareful(t *testing.T) {
	t.Parallel()
	s := served(t)
	for _, path := range []string{"/docs", "/openapi.json", "/v1/imports", "/nothing", "/"} {
		h := fetch(t, s, path).Header()
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Content-Security-Policy") == "" ||
			h.Get("X-Frame-Options") != "DENY" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" ||
			!strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age=") || h.Get("Permissions-Policy") == "" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestPublicURLMustBeAnAddress(t *testing.T) {
	t.Parallel()
	if _, err := newServer("meibo", nil, nil, nil, nil, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "MEIBO_PUBLIC_URL") {
		t.Errorf("error = %v, want one that names the setting", err)
	}
}

func TestEverySentenceIsInBothLanguages(t *testing.T) {
	t.Parallel()
	places := regexp.MustCompile(`\{\w+\}`)
	for code, text := range sentences {
		if text.JA == "" || text.EN == "" || !strings.HasSuffix(text.EN, ".") && !strings.Contains(text.EN, ": {") && !strings.HasSuffix(text.EN, `".`) {
			t.Errorf("%s: %+v", code, text)
		}
		if !slices.Equal(places.FindAllString(text.JA, -1), places.FindAllString(text.EN, -1)) {
			t.Errorf("%s: the places differ: %+v", code, text)
		}
	}
}
