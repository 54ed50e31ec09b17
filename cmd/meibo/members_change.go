package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/meibo/meibo/internal/client"
)

// fieldValues are the arguments FIELD=VALUE of a command.
type fieldValues []string

// said returns them as the API takes them; FIELD= clears the field.
func (v fieldValues) said() (map[string]any, error) {
	said := make(map[string]any, len(v)+2)
	for _, argument := range v {
		field, value, ok := strings.Cut(argument, "=")
		_, twice := said[field]
		switch {
		case !ok || field == "":
			return nil, usageError{fmt.Errorf("%s: FIELD=VALUE expected", argument)}
		case twice:
			return nil, usageError{fmt.Errorf("%s: %s is given twice", argument, field)}
		case value == "":
			said[field] = nil
		default:
			said[field] = value
		}
	}
	return said, nil
}

type membersCreate struct {
	server  `embed:""`
	Values  fieldValues `arg:"" sep:"none" name:"FIELD=VALUE" help:"Values of fields, as the cells of a file have them."`
	List    string      `placeholder:"NAME" help:"The list (default: main)."`
	Kind    string      `enum:",member,lead" default:"" placeholder:"KIND" help:"What is created: member,lead (default: member)."`
	Key     string      `placeholder:"FIELD" help:"The field that tells whether the member exists (default: the first of member_sn, email, phone and line_id that is given)."`
	Consent string      `enum:",guard,allow" default:"" placeholder:"RULE" help:"Whether somebody who opted out may be opted in: guard,allow. allow needs a permission."`
}

// Run is called by kong.
func (m *membersCreate) Run(ctx context.Context, c *console) error {
	said, err := m.Values.said()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"list": m.List, "kind": m.Kind} {
		if value != "" {
			said[name] = value
		}
	}
	api, err := m.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	created, err := api.CreateMember(ctx, said, client.MemberOptions{Key: m.Key, Consent: m.Consent})
	if err != nil {
		return err
	}
	return c.showMember(created)
}

type membersSet struct {
	server  `embed:""`
	ID      int64       `arg:"" help:"The id of the member."`
	Values  fieldValues `arg:"" sep:"none" name:"FIELD=VALUE" help:"Values of fields, as the cells of a file have them; FIELD= clears the field."`
	Append  bool        `help:"Add to lists and tags what they lack, and keep what they have."`
	Consent string      `enum:",guard,allow" default:"" placeholder:"RULE" help:"Whether somebody who opted out may be opted in: guard,allow. allow needs a permission."`
	Version int64       `placeholder:"NUMBER" help:"Only if the member still has this version."`
}

// Run is called by kong.
func (m *membersSet) Run(ctx context.Context, c *console) error {
	said, err := m.Values.said()
	if err != nil {
		return err
	}
	api, err := m.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	o := client.MemberOptions{Consent: m.Consent, Version: m.Version}
	if m.Append {
		o.ListValues = "append"
	}
	changed, err := api.UpdateMember(ctx, m.ID, said, o)
	if err != nil {
		return err
	}
	return c.showMember(changed)
}

type membersDelete struct {
	server  `embed:""`
	ID      int64 `arg:"" help:"The id of the member."`
	Version int64 `placeholder:"NUMBER" help:"Only if the member still has this version."`
}

// deleted is the JSON document of a deletion.
type deleted struct {
	Deleted int64 `json:"deleted"`
}

// Run is called by kong.
func (m *membersDelete) Run(ctx context.Context, c *console) error {
	api, err := m.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	if err := api.DeleteMember(ctx, m.ID, m.Version); err != nil {
		return err
	}
	if c.json {
		return c.document(deleted{m.ID})
	}
	c.note("%s", c.say("会員"+strconv.FormatInt(m.ID, 10)+"を削除しました。", "Member "+strconv.FormatInt(m.ID, 10)+" is deleted."))
	return nil
}
