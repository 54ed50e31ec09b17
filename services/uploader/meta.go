package uploader

import (
	"context"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// fieldView is a field as the API shows it.
type fieldView struct {
	Key      string       `json:"key" example:"member_sn"`
	Type     string       `json:"type" enum:"string,email,phone,number,date,datetime,boolean,choice,list,number_list,tags"`
	Required bool         `json:"required" doc:"Whether a new member must have a value."`
	ReadOnly bool         `json:"read_only" doc:"Whether Meibo assigns the value."`
	Consent  bool         `json:"consent" doc:"Whether the field says what the member agrees to receive."`
	MergeKey bool         `json:"merge_key" doc:"Whether the field can be the key of an import."`
	Label    member.Text  `json:"label"`
	Choices  []choiceView `json:"choices,omitempty" doc:"The values of a choice."`
}

// choiceView is a value of a choice.
type choiceView struct {
	Number int64       `json:"number"`
	Key    string      `json:"key"`
	Label  member.Text `json:"label"`
}

type fieldsOutput struct {
	Body struct {
		Items []fieldView `json:"items"`
	} `nameHint:"FieldList"`
}

// listFields is GET /v1/fields.
func (s *server) listFields(context.Context, *struct{}) (*fieldsOutput, error) {
	var out fieldsOutput
	fields := s.schema.Fields()
	for i := range fields {
		f := &fields[i]
		v := fieldView{
			Key: f.Key, Type: f.Type.String(), Required: f.Required, ReadOnly: f.ReadOnly, Consent: f.Consent, MergeKey: f.MergeKey,
			Label: f.Label,
		}
		for _, c := range f.Choices {
			v.Choices = append(v.Choices, choiceView{c.Number, c.Key, c.Label})
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return &out, nil
}

// listView is a list as the API shows it.
type listView struct {
	Name string `json:"name" example:"main"`
	Note string `json:"note" doc:"What people have noted about it."`
}

type listsOutput struct {
	Body struct {
		Items []listView `json:"items"`
	} `nameHint:"ListList"`
}

// listLists is GET /v1/lists.
func (s *server) listLists(ctx context.Context, _ *struct{}) (*listsOutput, error) {
	lists, err := s.db.Lists(ctx, tenantOf(ctx))
	if err != nil {
		return nil, err
	}
	var out listsOutput
	for _, l := range lists {
		out.Body.Items = append(out.Body.Items, listView{l.Name, l.Note})
	}
	return &out, nil
}

// tenantView is an account.
type tenantView struct {
	ID       tenant.ID       `json:"id"`
	Name     string          `json:"name" example:"acme"`
	Language tenant.Language `json:"language" enum:"ja,en"`
	TimeZone string          `json:"time_zone" example:"Asia/Tokyo"`
	Region   string          `json:"region" example:"JP"`
}

// userView is a person.
type userView struct {
	ID       int64           `json:"id"`
	Email    string          `json:"email"`
	Name     string          `json:"name"`
	Language tenant.Language `json:"language" enum:"ja,en"`
	Role     string          `json:"role" enum:"owner,admin,editor,viewer"`
}

// keyView is an API key, without the key.
type keyView struct {
	Name string `json:"name"`
}

type meOutput struct {
	Body struct {
		Tenant tenantView `json:"tenant"`
		User   *userView  `json:"user,omitempty" doc:"Absent for a key that belongs to nobody."`
		Key    keyView    `json:"key"`
	} `nameHint:"Me"`
}

// readMe is GET /v1/me.
func (s *server) readMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	c := callerOf(ctx)
	var out meOutput
	out.Body.Tenant = tenantView{c.Tenant.ID, c.Tenant.Name, c.Tenant.Language, c.Tenant.TimeZone, c.Tenant.Region}
	out.Body.Key = keyView{c.KeyName}
	if c.User.ID != 0 {
		out.Body.User = &userView{c.User.ID, c.User.Email, c.User.Name, c.User.Language, string(c.User.Role)}
	}
	return &out, nil
}
