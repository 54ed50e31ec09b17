package uploader

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// apiVersion is that of the document: its first part changes when callers must.
const apiVersion = "1.0.0"

const apiDescription = `Imports members from CSV and Excel files.

Send an API key with every request: ` + "`Authorization: Bearer meibo_…`" + `. Refused requests are answered with a problem document (RFC 9457) whose ` + "`code`" + ` is stable; its sentences are in Japanese or English, by Accept-Language.

A key has a scope: ` + "`read`" + ` looks at everything, ` + "`import`" + ` also changes members and imports, ` + "`admin`" + ` also manages users and keys; each operation names its own as ` + "`x-scope`" + `. A key never may more than its user. Who makes more requests than it may is answered with 429 and ` + "`Retry-After`" + `.

A usual import: create it, put the file, start it, follow its events, and fetch the rows that failed. For each import, at any time: total = created + updated + unchanged + deleted + skipped + failed + not_processed.`

// apiConfig is huma without what it adds by itself: its own documents and pages, and links to schemas.
func (s *server) apiConfig(publicURL string) huma.Config {
	c := huma.DefaultConfig("Meibo", apiVersion)
	c.Info.Description = apiDescription
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{URL: publicURL}}
	c.Tags = []*huma.Tag{
		{Name: tagImports, Description: "One run of one file into one list."},
		{Name: tagMembers, Description: "What the imports have made; also one by one, under the same rules."},
		{Name: tagFields, Description: "What members are made of, where they are kept, and what is said of imports again and again."},
		{Name: tagAccount, Description: "What the key is for, and what there is to import into."},
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "An API key, which begins with meibo_."},
	}
	c.Components.SecuritySchemes["session"] = &huma.SecurityScheme{
		Type: "apiKey", In: "cookie", Name: s.cookieName(), Description: "The cookie of somebody who is signed in, for pages of the same origin.",
	}
	c.Security = []map[string][]string{{"key": {}}, {"session": {}}}
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "View")
	})
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{s.translate}
	return c
}

// operation is a route as the document shows it; refusals are the statuses that say no, beside those that any
// request can meet.
func operation(method, path, id, tag, summary, description string, status int, refusals ...int) huma.Operation {
	op := huma.Operation{
		Method: method, Path: path, OperationID: id, Tags: []string{tag}, Summary: summary, Description: description,
		DefaultStatus: status, Responses: map[string]*huma.Response{},
		MaxBodyBytes: maxJSON, BodyReadTimeout: idleTimeout,
	}
	refusals = append(refusals, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusInternalServerError)
	if method != http.MethodGet {
		refusals = append(refusals, http.StatusForbidden)
	}
	for _, refusal := range refusals {
		op.Responses[strconv.Itoa(refusal)] = &huma.Response{Description: http.StatusText(refusal)}
	}
	return op
}

// register adds a route whose requests and answers are JSON. Its handler's errors become problems.
func register[I, O any](s *server, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	s.explain(&op)
	if op.OperationID == createImportID {
		op.Middlewares = huma.Middlewares{s.fromForm(s.importForm)}
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			p := s.problemOf(ctx, err)
			if p.header != nil {
				return nil, huma.ErrorWithHeaders(p, p.header)
			}
			return nil, p
		}
		return out, nil
	})
	if again := op.Responses["200"]; again != nil && op.DefaultStatus == http.StatusCreated {
		again.Content = op.Responses["201"].Content
	}
}

// describe adds a route to the document that is served without huma, and returns its path.
func (s *server) describe(op huma.Operation) string {
	s.explain(&op)
	for _, r := range op.Responses {
		for _, m := range r.Content {
			if m.Schema == nil { // the answer is an import
				m.Schema = s.schemaOf(reflect.TypeFor[importView]())
			}
		}
	}
	s.api.OpenAPI().AddOperation(&op)
	return op.Path
}

// explain gives every refusal of the operation the form of a problem, and the operation its place: in the
// document paths are sorted, people want them in the order of use.
func (s *server) explain(op *huma.Operation) {
	s.operations++
	op.Extensions = map[string]any{"x-order": s.operations}
	s.permit(op)
	for status, r := range op.Responses {
		if status >= "400" {
			r.Content = map[string]*huma.MediaType{problemType: {Schema: s.schemaOf(reflect.TypeFor[problem]())}}
		}
	}
}

func (s *server) schemaOf(t reflect.Type) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

// finishDocument removes what only huma's own errors need: every refusal is a problem.
func (s *server) finishDocument() {
	schemas := s.api.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
}
