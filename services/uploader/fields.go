package uploader

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// fieldView is a field as the API shows it.
type fieldView struct {
	Key      string `json:"key" example:"member_sn"`
	Type     string `json:"type" enum:"string,email,phone,number,date,datetime,boolean,choice,list,number_list,tags"`
	Required bool   `json:"required" doc:"Whether a new member must have a value: in the list that was asked for, otherwise where a list says nothing else."`
	ReadOnly bool   `json:"read_only" doc:"Whether imports leave the field alone."`
	Consent  bool   `json:"consent" doc:"Whether the field says what the member agrees to receive."`
	MergeKey bool   `json:"merge_key" doc:"Whether the field can be the key of an import."`
	Unique   bool   `json:"unique" doc:"Whether a list has each value at most once."`
	Custom   bool   `json:"custom" doc:"Whether the field is the tenant's own."`
	Retired  bool   `json:"retired" doc:"Whether the field is not used any more."`

	Label          member.Text  `json:"label"`
	Synonyms       []string     `json:"synonyms" doc:"Headers of files that mean the field as well."`
	Choices        []choiceView `json:"choices,omitempty" doc:"The values of a choice."`
	CommaSeparated bool         `json:"comma_separated" doc:"Whether a list may be written with commas."`
	MaxLength      int          `json:"max_length" doc:"How many characters text may have, each item of a list; 0 where that is bounded by other means."`
}

// choiceView is a value of a choice.
type choiceView struct {
	Number   int64       `json:"number"`
	Key      string      `json:"key"`
	Label    member.Text `json:"label"`
	Synonyms []string    `json:"synonyms,omitempty"`
}

func viewField(f *member.Field, retired bool) fieldView {
	v := fieldView{
		Key: f.Key, Type: f.Type.String(), Required: f.Required, ReadOnly: f.ReadOnly, Consent: f.Consent, MergeKey: f.MergeKey,
		Unique: f.Unique, Custom: f.Custom, Retired: retired, Label: f.Label, Synonyms: append([]string{}, f.Synonyms...),
		CommaSeparated: f.CommaSeparated, MaxLength: f.Longest(),
	}
	for _, c := range f.Choices {
		v.Choices = append(v.Choices, choiceView{c.Number, c.Key, c.Label, c.Synonyms})
	}
	return v
}

// fields returns what the columns of an import can feed: the fields that it was started with, or those that its list has
// now.
func (s *server) fields(ctx context.Context, i *imports.Import) (*member.Schema, error) {
	if i.Schema != nil || i.QueuedAt != nil {
		return s.kept(i), nil
	}
	return s.db.Schema(ctx, i.Tenant, i.ListID)
}

// kept returns the fields that an import was started with.
func (s *server) kept(i *imports.Import) *member.Schema {
	if i.Schema != nil {
		return i.Schema
	}
	return s.schema
}

type fieldsInput struct {
	List    string `query:"list" maxLength:"255" doc:"Show what is required in this list."`
	Retired bool   `query:"retired" doc:"Show fields that are not used any more, too."`
}

type fieldsOutput struct {
	Body struct {
		Items []fieldView `json:"items"`
	} `nameHint:"FieldList"`
}

// listFields is GET /v1/fields.
func (s *server) listFields(ctx context.Context, in *fieldsInput) (*fieldsOutput, error) {
	schema, err := s.fieldsOfList(ctx, in.List)
	if err != nil {
		return nil, err
	}
	var out fieldsOutput
	fields := schema.Fields()
	for i := range fields {
		out.Body.Items = append(out.Body.Items, viewField(&fields[i], false))
	}
	if !in.Retired {
		return &out, nil
	}
	all, err := s.db.Fields(ctx, tenantOf(ctx))
	for _, d := range all {
		if d.Retired {
			f := d.Field()
			out.Body.Items = append(out.Body.Items, viewField(&f, true))
		}
	}
	return &out, err
}

// fieldsOfList returns the fields of a list as they are now; without a name, those of any list that says nothing else.
func (s *server) fieldsOfList(ctx context.Context, name string) (*member.Schema, error) {
	var id int64
	if name != "" {
		l, err := s.findList(ctx, name)
		if is := (*refusal)(nil); errors.As(err, &is) {
			return nil, invalid(part{code: codeUnknownList, option: "list", fill: []string{"list", name}})
		}
		if err != nil {
			return nil, err
		}
		id = l.ID
	}
	return s.db.Schema(ctx, tenantOf(ctx), id)
}

type fieldInput struct {
	Key  string `path:"key" doc:"The key of the field."`
	List string `query:"list" maxLength:"255" doc:"Show whether it is required in this list."`
}

type fieldOutput struct {
	Status   int
	Location string `header:"Location" doc:"The address of the new field."`
	Body     fieldView
}

// readField is GET /v1/fields/{key}.
func (s *server) readField(ctx context.Context, in *fieldInput) (*fieldOutput, error) {
	schema, err := s.fieldsOfList(ctx, in.List)
	if err != nil {
		return nil, err
	}
	if f, ok := schema.Field(in.Key); ok {
		return &fieldOutput{Status: http.StatusOK, Body: viewField(&f, false)}, nil
	}
	all, err := s.db.Fields(ctx, tenantOf(ctx))
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(d member.Definition) bool { return d.Key == in.Key })
	if at < 0 {
		return nil, postgres.ErrNotFound
	}
	return shownField(http.StatusOK, all[at]), nil
}

func shownField(status int, d member.Definition) *fieldOutput {
	f := d.Field()
	out := &fieldOutput{Status: status, Body: viewField(&f, d.Retired)}
	if status == http.StatusCreated {
		out.Location = "/v1/fields/" + d.Key
	}
	return out
}

type createFieldInput struct{ Body member.Definition }

// createField is POST /v1/fields.
func (s *server) createField(ctx context.Context, in *createFieldInput) (*fieldOutput, error) {
	problems, err := s.db.CreateField(ctx, tenantOf(ctx), in.Body)
	switch {
	case errors.Is(err, postgres.ErrExists):
		return nil, refuse(http.StatusConflict, codeExists, "name", in.Body.Key)
	case err != nil:
		return nil, err
	case len(problems) > 0:
		return nil, badField("", problems)
	}
	return shownField(http.StatusCreated, in.Body), nil
}

// badField refuses a definition for its properties, which belong to an option where that is not the whole body.
func badField(option string, problems []member.Problem) error {
	parts := make([]part, 0, len(problems))
	for _, p := range problems {
		p.Field = option + p.Field
		parts = append(parts, part{code: string(p.Code), option: p.Field, say: func(lang tenant.Language) string { return p.Sentence(lang, nil) }})
	}
	return invalid(parts...)
}

type changeFieldInput struct {
	Key  string `path:"key" doc:"The key of the field."`
	Body member.FieldChange
}

// changeField is PATCH /v1/fields/{key}.
func (s *server) changeField(ctx context.Context, in *changeFieldInput) (*fieldOutput, error) {
	if s.schema.Index(in.Key) >= 0 {
		return nil, refuse(http.StatusConflict, codeStandardField, "field", in.Key)
	}
	d, problems, err := s.db.UpdateField(ctx, tenantOf(ctx), in.Key, in.Body)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, badField("", problems)
	}
	return shownField(http.StatusOK, d), nil
}

type retireFieldInput struct {
	Key string `path:"key" doc:"The key of the field."`
}

// retireField is POST /v1/fields/{key}/retire.
func (s *server) retireField(ctx context.Context, in *retireFieldInput) (*fieldOutput, error) {
	return s.changeField(ctx, &changeFieldInput{Key: in.Key, Body: member.FieldChange{Retired: new(true)}})
}

// NewFieldsOption is what a request about an import may say of fields that are to be there.
type NewFieldsOption struct {
	NewFields []member.Definition `json:"new_fields,omitempty" maxItems:"100" doc:"Custom fields that are created, if they are not there yet, before anything is mapped to them; also by a dry run, and where the rest of the request is refused. One that is there has to be defined in the same way."`
}

// ensureFields creates the fields that are not there yet.
func (s *server) ensureFields(ctx context.Context, fields []member.Definition) error {
	if len(fields) == 0 {
		return nil
	}
	problems, err := s.db.EnsureFields(ctx, tenantOf(ctx), fields)
	if err == nil && len(problems) > 0 {
		err = badField("new_fields", problems)
	}
	return err
}

// fieldsForNew returns the fields of the list of an import that is to be created, with its new ones.
func (s *server) fieldsForNew(ctx context.Context, list string, fields []member.Definition) (*member.Schema, error) {
	if err := s.ensureFields(ctx, fields); err != nil {
		return nil, err
	}
	return s.fieldsOfList(ctx, list)
}

// foundWithFields reports whether an inspection was made with the fields that the import's list has now.
func (s *server) foundWithFields(ctx context.Context, i *imports.Import, found *Inspection) (bool, error) {
	schema, err := s.fields(ctx, i)
	if err != nil {
		return false, err
	}
	return found.Fields == schema.Fingerprint(), nil
}

// refreshed is the inspection of the upload or, where the list's fields have changed since and the import can still be
// started, a new one.
func (s *server) refreshed(ctx context.Context, i *imports.Import, found *Inspection) (*Inspection, error) {
	current, err := s.foundWithFields(ctx, i, found)
	if err != nil || current || i.State != imports.StateUploaded {
		return found, err
	}
	again, err := s.inspectUpload(ctx, i)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrChanged) { // another upload replaces the file
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	err = s.db.SetInspection(ctx, i.Tenant, i.ID, postgres.Inspected{Source: i.Source, Inspection: again})
	if errors.Is(err, postgres.ErrConflict) { // it has been started, or has another file
		return found, nil
	}
	if err != nil {
		return nil, fmt.Errorf("inspect again: %w", err)
	}
	return again, nil
}
