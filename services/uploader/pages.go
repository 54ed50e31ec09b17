package uploader

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed pages/base.css
var baseCSS string

//go:embed pages/docs.html
var docsHTML string

//go:embed pages/docs.js
var docsJS string

// page is a self-contained page: nothing in it comes from elsewhere, and the browser is told so.
type page struct {
	html   string
	policy string
}

// newDocsPage shows the OpenAPI document to people.
func newDocsPage() *page { return newPage(docsHTML, baseCSS, docsJS) }

// newPage puts style and script into the page, and makes the policy that allows these and no others (Content
// Security Policy Level 3, section 2.3.1: the hash of the element's content).
func newPage(html, style, script string) *page {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return &page{
		html: strings.NewReplacer("<style></style>", "<style>"+style+"</style>", "<script></script>", "<script>"+script+"</script>").Replace(html),
		policy: "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) +
			"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}
}

// ServeHTTP answers with the page.
func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.policy)
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write([]byte(p.html)) // A caller who is gone needs no answer.
}
