package uploader

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
)

// maxJSON bounds a request that is not an upload, in bytes.
const maxJSON = 1 << 20

// dropTime bounds how long what a refused form has created is cancelled.
const dropTime = 5 * time.Second

// createBody is what an import is made of.
type createBody struct {
	List     string `json:"list,omitempty" maxLength:"255" example:"main" doc:"The list to import into. Default: main."`
	FileName string `json:"file_name,omitempty" maxLength:"255" example:"members.csv" doc:"The name of the file, for people. Required, except beside a part file, which has one."`
	Profile  string `json:"profile,omitempty" maxLength:"255" doc:"The name of a profile: what it says goes for everything of which nothing is said here. Default: none."`
	SourceOf string `json:"source_of,omitempty" maxLength:"64" doc:"The id of another import, whose file this one gets a copy of, so that it need not be sent again: to try an import before it is started, or to start for real what was tried. The list and the file's name are that import's where nothing is said of them; its options are not taken. Not with a form. Default: none."`
	NewFieldsOption
	ImportOptions
}

type createInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"The same key with the same request gives the same import again, instead of another one; with another request it is refused."`
	Body           createBody
}

// createImport is POST /v1/imports with JSON.
func (s *server) createImport(ctx context.Context, in *createInput) (*importOutput, error) {
	from, err := s.sourceOf(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	i, existed, err := s.newImport(ctx, &in.Body, "", in.IdempotencyKey)
	if err == nil && from != nil && i.State == imports.StateCreated {
		i, err = s.copied(ctx, i, from)
	}
	if err != nil {
		return nil, err
	}
	status := http.StatusCreated
	if existed {
		status = http.StatusOK
	}
	return s.output(ctx, status, i), nil
}

// newImport makes an import, unless the idempotency key gives it. named is what a form calls its file, where the body
// does not name it: the same request may bring another file in place of one that was refused.
func (s *server) newImport(ctx context.Context, b *createBody, named, idempotencyKey string) (*imports.Import, bool, error) {
	caller := callerOf(ctx)
	name := baseName(cmp.Or(b.FileName, named))
	if name == "" {
		return nil, false, invalid(part{code: codeRequired, option: "file_name", fill: []string{"option", "file_name"}})
	}
	said, err := s.withProfile(ctx, b)
	if err != nil {
		return nil, false, err
	}
	options, err := said.apply(defaults(&caller.Tenant))
	if err != nil {
		return nil, false, err
	}
	options.Profile, options.ExpectedHeader = said.Profile, said.header
	list := cmp.Or(said.List, postgres.MainList)
	if !storable(list) {
		return nil, false, invalid(badOption("list", "UTF-8"))
	}
	if !storable(idempotencyKey) {
		return nil, false, invalid(badOption("Idempotency-Key", "UTF-8"))
	}
	request, err := b.hash(list)
	if err != nil {
		return nil, false, err
	}
	schema, err := s.fieldsForNew(ctx, list, b.NewFields)
	if err == nil {
		err = checkOptions(ctx, options, schema)
	}
	if err != nil {
		return nil, false, err
	}
	i, existed, err := s.db.CreateImport(ctx, caller.Tenant.ID, postgres.NewImport{
		List: list, FileName: name, Options: options, Mapping: said.choices(nil, schema),
		MaxRowBytes: caller.Tenant.MaxRowBytes, User: caller.User.ID, IdempotencyKey: idempotencyKey, Request: request,
	})
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		return nil, false, invalid(part{code: codeUnknownList, option: "list", fill: []string{"list", list}})
	case errors.Is(err, postgres.ErrReused):
		return nil, false, keyReused()
	}
	return i, existed, err
}

// hash tells requests for different imports into the list apart, however they are written.
func (b createBody) hash(list string) ([]byte, error) {
	b.List, b.FileName = list, baseName(b.FileName)
	said, err := json.Marshal(b)
	sum := sha256.Sum256(said)
	return sum[:], err
}

// keyReused refuses an idempotency key that came with another request before (422, as the IETF's draft has it).
func keyReused() error { return invalid(part{code: codeKeyReused, option: "Idempotency-Key"}) }

// baseName returns the last part of a path of any system, without what cannot be shown.
func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(name, ""))
	return strings.TrimSpace(name)
}

// formReader reads the parts of a form as they come.
type formReader func(w http.ResponseWriter, r *http.Request, f *form, parts *multipart.Reader) (*imports.Import, error)

// fromForm lets a call that takes JSON take a form with the file itself, too.
func (s *server) fromForm(read formReader) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		media, params, err := mime.ParseMediaType(ctx.Header("Content-Type"))
		if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
			next(ctx)
			return
		}
		r, w := humachi.Unwrap(ctx)
		var f form
		i, err := read(w, r, &f, multipart.NewReader(r.Body, params["boundary"]))
		if err != nil {
			s.dropForm(w, r, &f, err)
			s.fail(w, r, err)
			return
		}
		writeJSON(w, http.StatusCreated, s.view(i, sessionOf(r.Context()).lang()))
	}
}

// form is what is known of a form so far.
type form struct {
	body    createBody
	created *imports.Import
	wait    bool // start=false
}

// dropForm cancels what a form has created that was refused later: its sender knows nothing of it. With an idempotency
// key, the next form with that key goes on with it.
func (s *server) dropForm(w http.ResponseWriter, r *http.Request, f *form, why error) {
	if f.created == nil || r.Header.Get("Idempotency-Key") != "" || classify(r.Context(), why).status >= http.StatusInternalServerError {
		return
	}
	w.Header().Del("Location")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), dropTime)
	defer cancel()
	err := s.db.CancelImport(ctx, f.created.Tenant, f.created.ID)
	if err != nil && !errors.Is(err, postgres.ErrConflict) { // a conflict: it has been started
		sessionOf(ctx).note = err // The sender is told of the error before.
	}
}

// importForm reads the parts as they come: what is said of the file must stand before it.
func (s *server) importForm(w http.ResponseWriter, r *http.Request, f *form, parts *multipart.Reader) (*imports.Import, error) {
	return s.readForm(r, f, parts, func(p *multipart.Part) error { return s.formPart(w, r, f, p) })
}

// readForm gives each part to take, and starts the import that they have made.
func (s *server) readForm(r *http.Request, f *form, parts *multipart.Reader, take func(*multipart.Part) error) (*imports.Import, error) {
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, uploadFailure(r.Context(), err)
		}
		if err := take(p); err != nil {
			return nil, err
		}
	}
	if f.created == nil {
		return nil, invalid(part{code: codeRequired, option: "file", fill: []string{"option", "file"}})
	}
	if !f.wait && f.created.State == imports.StateUploaded {
		return s.start(r.Context(), f.created, &ImportOptions{})
	}
	return f.created, nil
}

func (s *server) formPart(w http.ResponseWriter, r *http.Request, f *form, p *multipart.Part) error {
	ctx := r.Context()
	switch name := p.FormName(); {
	case name == "options" && f.created == nil:
		text, err := readField(ctx, p)
		if err != nil {
			return err
		}
		return s.decode(text, &f.body)
	case name == "start":
		text, err := readField(ctx, p)
		f.wait = string(text) == "false"
		return err
	case name == "file" && f.created == nil:
		if f.body.SourceOf != "" {
			return invalid(part{code: codeUnknownPart, option: "source_of", fill: []string{"option", "source_of"}})
		}
		i, _, err := s.newImport(ctx, &f.body, p.FileName(), r.Header.Get("Idempotency-Key"))
		if err != nil {
			return err
		}
		f.created = i
		w.Header().Set("Location", importPath(i.ID))
		if i.State != imports.StateCreated {
			return sameSource(ctx, i, p)
		}
		stored, err := s.store(ctx, i, p, -1)
		if err == nil {
			f.created = stored
		}
		return err
	case name == "options" || name == "file":
		return invalid(part{code: codePartOrder, option: name, fill: []string{"option", name}})
	default:
		return invalid(part{code: codeUnknownPart, option: name, fill: []string{"option", name}})
	}
}

// sameSource makes sure that the file of a form which comes again is the one that its import has already.
func sameSource(ctx context.Context, i *imports.Import, file io.Reader) error {
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return uploadFailure(ctx, err)
	}
	if i.Source.SHA256 != "" && i.Source.SHA256 != hex.EncodeToString(hash.Sum(nil)) {
		return keyReused()
	}
	return nil
}

func readField(ctx context.Context, p *multipart.Part) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(p, maxJSON+1))
	if err != nil {
		return nil, uploadFailure(ctx, err)
	}
	if len(text) > maxJSON {
		return nil, refuse(http.StatusRequestEntityTooLarge, codeTooLarge)
	}
	return text, nil
}

// decode reads JSON as huma reads a body of this type.
func (s *server) decode(text []byte, dst *createBody) error {
	var parsed any
	if err := json.Unmarshal(text, &parsed); err != nil {
		return refuse(http.StatusBadRequest, codeMalformed)
	}
	registry := s.api.OpenAPI().Components.Schemas
	var found huma.ValidateResult
	path := huma.NewPathBuffer(nil, 0)
	path.Push("options")
	huma.Validate(registry, registry.Schema(reflect.TypeFor[createBody](), true, ""), path, huma.ModeWriteToServer, parsed, &found)
	if len(found.Errors) > 0 {
		details := make([]*huma.ErrorDetail, 0, len(found.Errors))
		for _, err := range found.Errors {
			var d *huma.ErrorDetail
			if errors.As(err, &d) {
				details = append(details, d)
			}
		}
		return invalid(partsOf(details)...)
	}
	if err := json.Unmarshal(text, dst); err != nil {
		return refuse(http.StatusBadRequest, codeMalformed)
	}
	return nil
}
