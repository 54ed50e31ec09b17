package uploader

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// profileView is a profile as the API shows it.
type profileView struct {
	Name      string         `json:"name" example:"夜間の取り込み"`
	List      string         `json:"list" doc:"The list that it is for; empty for any."`
	Options   *ImportOptions `json:"options,omitempty" doc:"What it says of an import. Left out where profiles are listed."`
	Header    []string       `json:"header" doc:"The headers that a file is expected to have; null expects nothing."`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
}

func viewProfile(p *postgres.Profile) (v profileView, err error) {
	v = profileView{Name: p.Name, List: p.List, Header: p.Header, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt}
	if p.Options != nil {
		v.Options = new(ImportOptions)
		err = json.Unmarshal(p.Options, v.Options)
	}
	return v, err
}

type profilesOutput struct {
	Body struct {
		Items []profileView `json:"items"`
	} `nameHint:"ProfileList"`
}

// listProfiles is GET /v1/profiles.
func (s *server) listProfiles(ctx context.Context, _ *struct{}) (*profilesOutput, error) {
	all, err := s.db.Profiles(ctx, tenantOf(ctx))
	if err != nil {
		return nil, err
	}
	var out profilesOutput
	out.Body.Items = make([]profileView, len(all))
	for i := range all {
		if out.Body.Items[i], err = viewProfile(&all[i]); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// ProfileInput names one profile.
type ProfileInput struct {
	Name string `path:"name" doc:"The name of the profile."`
}

type profileOutput struct {
	Status   int
	Location string `header:"Location" doc:"The address of the new profile."`
	Body     profileView
}

func shownProfile(status int, p *postgres.Profile) (*profileOutput, error) {
	v, err := viewProfile(p)
	out := &profileOutput{Status: status, Body: v}
	if status == http.StatusCreated {
		out.Location = "/v1/profiles/" + url.PathEscape(p.Name)
	}
	return out, err
}

// readProfile is GET /v1/profiles/{name}.
func (s *server) readProfile(ctx context.Context, in *ProfileInput) (*profileOutput, error) {
	p, err := s.findProfile(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return shownProfile(http.StatusOK, &p)
}

func (s *server) findProfile(ctx context.Context, name string) (postgres.Profile, error) {
	if !storable(name) {
		return postgres.Profile{}, postgres.ErrNotFound
	}
	return s.db.Profile(ctx, tenantOf(ctx), name)
}

// ProfileBody is what a profile is made of.
type ProfileBody struct {
	List    string         `json:"list,omitempty" maxLength:"255" doc:"The list that it is for. Default: any."`
	Options *ImportOptions `json:"options,omitempty" doc:"What it says of an import."`
	Header  []string       `json:"header,omitempty" maxItems:"16384" doc:"The headers that a file is expected to have, in any order. Default: nothing is expected."`
	Import  string         `json:"import,omitempty" maxLength:"64" doc:"The id of an import that was started: its options, mapping and headers, and its list, are taken as far as nothing else is said here. What was only found in its file (encoding, delimiter, sheet, header row) is not, nor dry_run."`
}

type createProfileInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100" example:"夜間の取り込み" doc:"What people call the profile; no other profile can have the name."`
		ProfileBody
	} `nameHint:"NewProfile"`
}

// createProfile is POST /v1/profiles.
func (s *server) createProfile(ctx context.Context, in *createProfileInput) (*profileOutput, error) {
	p, err := s.newProfile(ctx, in.Body.Name, &in.Body.ProfileBody)
	if err != nil {
		return nil, err
	}
	p, err = s.db.CreateProfile(ctx, tenantOf(ctx), p)
	if errors.Is(err, postgres.ErrExists) {
		return nil, refuse(http.StatusConflict, codeExists, "name", in.Body.Name)
	}
	if err != nil {
		return nil, err
	}
	return shownProfile(http.StatusCreated, &p)
}

type putProfileInput struct {
	ProfileInput
	Body ProfileBody
}

// putProfile is PUT /v1/profiles/{name}.
func (s *server) putProfile(ctx context.Context, in *putProfileInput) (*profileOutput, error) {
	p, err := s.newProfile(ctx, in.Name, &in.Body)
	if err != nil {
		return nil, err
	}
	if p, err = s.db.PutProfile(ctx, tenantOf(ctx), p); err != nil {
		return nil, err
	}
	return shownProfile(http.StatusOK, &p)
}

// deleteProfile is DELETE /v1/profiles/{name}.
func (s *server) deleteProfile(ctx context.Context, in *ProfileInput) (*struct{}, error) {
	if !storable(in.Name) {
		return nil, postgres.ErrNotFound
	}
	return nil, s.db.DeleteProfile(ctx, tenantOf(ctx), in.Name)
}

// newProfile checks what a profile is made of.
func (s *server) newProfile(ctx context.Context, name string, b *ProfileBody) (postgres.Profile, error) {
	if !goodName(&name) {
		return postgres.Profile{}, invalid(part{code: codeName, option: "name", fill: []string{"option", "name"}})
	}
	p := postgres.Profile{Name: name, List: b.List, Header: b.Header}
	o := &ImportOptions{}
	if b.Import != "" {
		var err error
		if o, err = s.takeFrom(ctx, b.Import, &p); err != nil {
			return p, err
		}
	}
	if b.Options != nil {
		o.overlay(b.Options)
	}
	if err := s.checkProfile(ctx, &p, o); err != nil {
		return p, err
	}
	var err error
	p.Options, err = json.Marshal(o)
	return p, err
}

// takeFrom returns the options of an import that was started, and gives the profile its list and headers.
func (s *server) takeFrom(ctx context.Context, id string, p *postgres.Profile) (*ImportOptions, error) {
	i, err := s.findImport(ctx, id)
	if errors.Is(err, postgres.ErrNotFound) || err == nil && i.QueuedAt == nil {
		return nil, invalid(part{code: codeNotStarted, option: "import"})
	}
	if err != nil {
		return nil, err
	}
	if p.List == "" {
		p.List = i.List
	}
	if p.Header == nil && !i.Options.NoHeader {
		for _, c := range i.Mapping {
			p.Header = append(p.Header, c.Header)
		}
	}
	kept := i.Options
	kept.Encoding, kept.Delimiter, kept.Sheet, kept.HeaderRow, kept.DryRun = "", "", "", 0, false
	o := &ImportOptions{}
	// What a caller may say has the names under which it is kept.
	if err := recode(kept, o); err != nil {
		return nil, err
	}
	return o, recode(i.Mapping, &o.Mapping)
}

func recode(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// checkProfile refuses options that no import could have, and columns for fields that are not there.
func (s *server) checkProfile(ctx context.Context, p *postgres.Profile, o *ImportOptions) error {
	schema, err := s.fieldsOfList(ctx, p.List)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.Header, func(h string) bool { return !storable(h) }) {
		return invalid(badOption("header", "UTF-8"))
	}
	if _, err := o.apply(defaults(&callerOf(ctx).Tenant)); err != nil {
		return err
	}
	var wrong []part
	for _, c := range o.choices(nil, schema) {
		if c.Field != "" && schema.Index(c.Field) < 0 {
			problem := member.MappingProblem{Code: member.UnknownField, Field: c.Field, Header: c.Header}
			wrong = append(wrong, mappingPart(problem, schema))
		}
	}
	if len(wrong) > 0 {
		return invalid(wrong...)
	}
	return nil
}

// overlay puts what is said over what was said before: single columns change the mapping, a mapping replaces it all.
func (o *ImportOptions) overlay(said *ImportOptions) {
	if len(said.Mapping) > 0 {
		o.Mapping, o.Map = nil, nil
	}
	if said.HeaderRow > 0 {
		o.NoHeader = nil
	}
	if said.NoHeader != nil && *said.NoHeader {
		o.HeaderRow = 0
	}
	// What is not said is left out of JSON, and so stays as it was.
	_ = recode(said, o) // It came as JSON.
}

// saidImport is what is said of a new import by its request and, where that says nothing, by its profile.
type saidImport struct {
	createBody
	// header are the headers that the profile expects.
	header []string
}

// withProfile adds to a request what its profile says.
func (s *server) withProfile(ctx context.Context, b *createBody) (*saidImport, error) {
	said := &saidImport{createBody: *b}
	if b.Profile == "" {
		return said, nil
	}
	p, err := s.findProfile(ctx, b.Profile)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, invalid(part{code: codeUnknownProfile, option: "profile", fill: []string{"profile", b.Profile}})
	}
	if err != nil {
		return nil, err
	}
	o := &ImportOptions{}
	if err := json.Unmarshal(p.Options, o); err != nil {
		return nil, err
	}
	// Columns that are not imported need not be there.
	o.Mapping = slices.DeleteFunc(o.Mapping, func(c MappedColumn) bool { return c.Field == "" })
	o.overlay(&b.ImportOptions)
	said.ImportOptions, said.header = *o, p.Header
	if said.List == "" {
		said.List = p.List
	}
	return said, nil
}

// profileWarnings says how the columns of a file differ from those that the import's profile expects.
func profileWarnings(i *imports.Import, found *Inspection) (warnings []member.Warning) {
	if i.Options.ExpectedHeader == nil {
		return nil
	}
	var there []string
	for _, c := range found.Columns {
		if found.Header {
			there = append(there, c.Header)
		}
	}
	for _, w := range []struct {
		code  member.Code
		names []string
	}{
		{member.ProfileColumnsMissing, missing(i.Options.ExpectedHeader, there)},
		{member.ProfileColumnsNew, missing(there, i.Options.ExpectedHeader)},
	} {
		if len(w.names) > 0 {
			warnings = append(warnings, member.Warning{Problem: member.Problem{Code: w.code, Detail: inspect.Shorten(w.names, mostColumns)}})
		}
	}
	return warnings
}

// missing returns those of the headers that are not among the others, whatever their width, case and spacing.
func missing(headers, among []string) (names []string) {
	known := make(map[string]bool, len(among))
	for _, h := range among {
		known[member.HeaderKey(h)] = true
	}
	for _, h := range headers {
		if !known[member.HeaderKey(h)] {
			names = append(names, strings.TrimSpace(h))
		}
	}
	return names
}
