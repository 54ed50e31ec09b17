// Package console is the web console: pages that are built by Vite from the sources beside this file and embedded into
// the program. It speaks the public API, and knows nothing that the API does not tell.
//
// The program builds without them; then a page says how they are built.
package console

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// dist always has .keep; built is there once `make console` has run.
//
//go:embed all:dist
var dist embed.FS

//go:embed unbuilt.html
var unbuilt []byte

// Console answers with the pages and what they are made of. It is safe for concurrent use.
type Console struct {
	index  []byte
	assets map[string]asset
	// connect are origins that pages may send requests to, beside their own.
	connect string
}

// asset is a file as it is served.
type asset struct {
	kind string
	tag  string
	raw  []byte
	// gzip returns it compressed, which is done when it is first asked for; nil for what gets no smaller.
	gzip func() []byte
}

// New returns the console that the program was built with. Its pages may also send to the origins: an object storage that
// browsers reach. Empty ones do not count.
func New(origins ...string) (*Console, error) {
	c, err := built()
	if err != nil {
		return nil, fmt.Errorf("read console: %w", err)
	}
	c.connect = strings.TrimRight("'self' "+strings.Join(origins, " "), " ")
	return &c, nil
}

// built reads what is embedded.
var built = sync.OnceValues(func() (Console, error) {
	c := Console{index: unbuilt, assets: map[string]asset{}}
	app, err := fs.Sub(dist, "dist/built")
	if err != nil {
		return c, err
	}
	index, err := fs.ReadFile(app, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.index = index
	err = fs.WalkDir(app, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "index.html" {
			return err
		}
		raw, err := fs.ReadFile(app, name)
		if err != nil {
			return err
		}
		c.assets["/"+name] = newAsset(name, raw)
		return nil
	})
	return c, err
})

// Built tells whether the program has the console, and not only the page that says how to build it.
func (c *Console) Built() bool { return len(c.assets) > 0 }

func newAsset(name string, raw []byte) asset {
	sum := sha256.Sum256(raw)
	a := asset{kind: mime.TypeByExtension(path.Ext(name)), tag: `"` + hex.EncodeToString(sum[:12]) + `"`, raw: raw}
	if strings.HasPrefix(a.kind, "text/") || strings.Contains(a.kind, "javascript") || strings.Contains(a.kind, "svg") {
		a.gzip = sync.OnceValue(func() []byte { return compress(raw) })
	}
	return a
}

func compress(raw []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // It is a level,
	_, _ = w.Write(raw)                                   // and a buffer takes everything.
	_ = w.Close()
	return b.Bytes()
}

// ServePage answers with the one document that all pages share: which one it shows, its script tells by the address. The
// policy allows what we have built, and styles that carry the nonce of this answer (Content Security Policy Level 3,
// section 2.3.1).
func (c *Console) ServePage(w http.ResponseWriter, _ *http.Request) {
	nonce := rand.Text()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; connect-src "+c.connect+
		"; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(bytes.Replace(c.index, []byte(`<meta name="csp-nonce" content=""`), []byte(`<meta name="csp-nonce" content="`+nonce+`"`), 1)) // A caller who is gone needs no answer.
}

// ServeAsset answers with a file of the console, and reports whether there is one at the request's path. Names under
// assets change with what they hold, so browsers need not ask for them again.
func (c *Console) ServeAsset(w http.ResponseWriter, r *http.Request) bool {
	a, ok := c.assets[r.URL.Path]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("ETag", a.tag)
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == a.tag {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	h.Set("Content-Type", a.kind)
	body := a.raw
	if a.gzip != nil {
		h.Add("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = a.gzip()
		}
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
	return true
}
