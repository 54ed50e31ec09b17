package console

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestPageAllowsItsOwnStylesOnlyByANonceOfItsOwn(t *testing.T) {
	t.Parallel()
	c, err := New("", "https://s3.example.com")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 2 {
		w := httptest.NewRecorder()
		c.ServePage(w, httptest.NewRequest(http.MethodGet, "/imports", nil))
		policy := w.Header().Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`style-src 'self' 'nonce-([^']+)'`).FindStringSubmatch(policy)
		if nonce == nil || seen[nonce[1]] || !strings.Contains(w.Body.String(), `content="`+nonce[1]+`"`) {
			t.Errorf("the page does not have a nonce of its own: %s\n%s", policy, w.Body)
		}
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "connect-src 'self'") || !strings.Contains(policy, " https://s3.example.com;") {
			t.Errorf("policy is %s", policy)
		}
		if nonce != nil {
			seen[nonce[1]] = true
		}
	}
}

func TestAssetsAreCompressedAndKeptForAsLongAsTheirNames(t *testing.T) {
	t.Parallel()
	script := newAsset("assets/a.js", []byte(strings.Repeat("alert('member')\n", 100)))
	c := &Console{assets: map[string]asset{"/assets/a.js": script}}
	ask := func(name string, set ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, name, nil)
		for i := 0; i < len(set); i += 2 {
			r.Header.Set(set[i], set[i+1])
		}
		w := httptest.NewRecorder()
		if !c.ServeAsset(w, r) {
			w.WriteHeader(http.StatusNotFound)
		}
		return w
	}
	plain, small := ask("/assets/a.js"), ask("/assets/a.js", "Accept-Encoding", "gzip, br")
	if plain.Body.Len() != 1600 || small.Body.Len() >= 200 || small.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("got %d plain and %d compressed bytes (%v)", plain.Body.Len(), small.Body.Len(), small.Header())
	}
	if got := plain.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control is %q", got)
	}
	if got := ask("/assets/a.js", "If-None-Match", plain.Header().Get("ETag")); got.Code != http.StatusNotModified || got.Body.Len() != 0 {
		t.Errorf("answers %d to whoever has it", got.Code)
	}
	if got := ask("/assets/b.js"); got.Code != http.StatusNotFound {
		t.Errorf("answers %d for what is not there", got.Code)
	}
}
