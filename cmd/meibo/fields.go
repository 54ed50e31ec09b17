package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/member"
)

// fieldsCmd is about the fields of members.
type fieldsCmd struct {
	List   fieldsList   `cmd:"" help:"List the fields."`
	Create fieldsCreate `cmd:"" help:"Create a field, which all lists have."`
	Rename fieldsRename `cmd:"" help:"Call a field otherwise; its key stays."`
	Retire fieldsRetire `cmd:"" help:"Use a field no more; its values are kept."`
}

type fieldsList struct {
	server  `embed:""`
	In      string `name:"list" placeholder:"NAME" help:"Show what is required in this list."`
	Custom  bool   `help:"Only fields of your own."`
	Retired bool   `help:"Fields that are not used any more, too."`
}

// Run is called by kong.
func (l *fieldsList) Run(ctx context.Context, c *console) error {
	api, err := l.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	all, err := api.Fields(ctx, l.In, l.Retired)
	if err != nil {
		return err
	}
	items := []client.Field{}
	for _, f := range all {
		if f.Custom || !l.Custom {
			items = append(items, f)
		}
	}
	if c.json {
		return c.document(list[client.Field]{items})
	}
	t := table{head: []string{c.say("キー", "Key"), c.say("項目名", "Label"), c.say("種類", "Type"), c.say("設定", "Properties")}}
	for _, f := range items {
		t.add(f.Key, f.Label.In(c.language), f.Type, c.properties(&f))
	}
	return t.write(c.out, "")
}

// properties says what there is to know of a field.
func (c *console) properties(f *client.Field) string {
	var said []string
	for _, p := range []struct {
		has    bool
		ja, en string
	}{
		{f.Required, "必須", "required"},
		{f.MergeKey, "キー", "key"},
		{f.Unique, "一意", "unique"},
		{f.Consent, "同意", "consent"},
		{f.ReadOnly, "変更不可", "read-only"},
		{f.Custom, "独自", "custom"},
		{f.Retired, "廃止", "retired"},
	} {
		if p.has {
			said = append(said, c.say(p.ja, p.en))
		}
	}
	for _, o := range f.Choices {
		said = append(said, fmt.Sprintf("%d = %s", o.Number, o.Label.In(c.language)))
	}
	return c.listed(said)
}

// fieldKey is the argument of most commands.
type fieldKey struct {
	Key string `arg:"" help:"The key of the field."`
}

// fieldLabel is what a field is called.
type fieldLabel struct {
	Label   string `placeholder:"TEXT" help:"What people call the field."`
	LabelEN string `name:"label-en" placeholder:"TEXT" help:"What people call it in English."`
}

type fieldsCreate struct {
	server         `embed:""`
	fieldKey       `embed:""`
	fieldLabel     `embed:""`
	Type           string   `required:"" placeholder:"TYPE" help:"What it holds: string, email, phone, number, date, datetime, boolean, choice, list, number_list or tags."`
	Synonym        []string `sep:"none" placeholder:"HEADER" help:"A header of files that means the field. Can be repeated."`
	Choice         []string `sep:"none" placeholder:"[NUMBER:]NAME" help:"A value of a choice field, with its number where that is not one more than before. Can be repeated."`
	Required       bool     `help:"A new member must have a value, unless the list says otherwise."`
	ReadOnly       bool     `help:"Imports leave the field alone."`
	MergeKey       bool     `help:"The field can be the key of an import."`
	Unique         bool     `help:"A list has each value at most once."`
	Consent        bool     `help:"A boolean field that says whether the member takes a service by e-mail."`
	CommaSeparated bool     `help:"A list may be written with commas."`
	MaxLength      int      `placeholder:"NUMBER" help:"How many characters text may have."`
}

// Run is called by kong.
func (f *fieldsCreate) Run(ctx context.Context, c *console) error {
	d := member.Definition{
		Key: f.Key, Type: f.Type, Label: member.Text{JA: f.Label, EN: f.LabelEN}, Synonyms: f.Synonym, Choices: parseChoices(f.Choice),
		Required: f.Required, ReadOnly: f.ReadOnly, MergeKey: f.MergeKey, Unique: f.Unique, Consent: f.Consent,
		CommaSeparated: f.CommaSeparated, MaxLength: f.MaxLength,
	}
	return f.field(c, func(api *client.Client) (client.Field, error) { return api.CreateField(ctx, d) })
}

// field calls the server for a field, and tells of it.
func (s *server) field(c *console, call func(*client.Client) (client.Field, error)) error {
	api, err := s.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	f, err := call(api)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(f)
	}
	return c.print("%s", printable(strings.TrimSpace(f.Key+"  "+f.Label.In(c.language))))
}

type fieldsRename struct {
	server     `embed:""`
	fieldKey   `embed:""`
	fieldLabel `embed:""`
}

// Validate is called by kong.
func (f *fieldsRename) Validate() error {
	if f.Label == "" && f.LabelEN == "" {
		return fmt.Errorf("--label or --label-en expected")
	}
	return nil
}

// Run is called by kong. A label of which nothing is said stays.
func (f *fieldsRename) Run(ctx context.Context, c *console) error {
	return f.field(c, func(api *client.Client) (client.Field, error) {
		all, err := api.Fields(ctx, "", true)
		if err != nil {
			return client.Field{}, err
		}
		label := member.Text{JA: f.Label, EN: f.LabelEN}
		for _, now := range all {
			if now.Key == f.Key && label.JA == "" {
				label.JA = now.Label.JA
			}
			if now.Key == f.Key && label.EN == "" {
				label.EN = now.Label.EN
			}
		}
		return api.ChangeField(ctx, f.Key, member.FieldChange{Label: &label})
	})
}

type fieldsRetire struct {
	server   `embed:""`
	fieldKey `embed:""`
	Undo     bool `help:"Take the field back into use."`
}

// Run is called by kong.
func (f *fieldsRetire) Run(ctx context.Context, c *console) error {
	return f.field(c, func(api *client.Client) (client.Field, error) {
		return api.ChangeField(ctx, f.Key, member.FieldChange{Retired: new(!f.Undo)})
	})
}
