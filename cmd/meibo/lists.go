package main

import (
	"context"
	"maps"
	"slices"

	"github.com/meibo/meibo/internal/client"
)

// listsCmd is about lists.
type listsCmd struct {
	List   listsList   `cmd:"" help:"List the lists."`
	Create listsCreate `cmd:"" help:"Create a list."`
	Rename listsRename `cmd:"" help:"Call a list otherwise; its members stay with it."`
}

type listsList struct {
	server `embed:""`
}

// Run is called by kong.
func (l *listsList) Run(ctx context.Context, c *console) error {
	api, err := l.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	all, err := api.Lists(ctx)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(list[client.List]{all})
	}
	t := table{head: []string{c.say("リスト", "List"), c.say("備考", "Note"), c.say("必須の変更", "Required otherwise")}}
	for _, l := range all {
		t.add(l.Name, l.Note, c.required(l.Required))
	}
	return t.write(c.out, "")
}

// required says what a list requires otherwise than its fields do.
func (c *console) required(by map[string]bool) string {
	var said []string
	for _, key := range slices.Sorted(maps.Keys(by)) {
		if by[key] {
			said = append(said, key+c.say("（必須）", " (required)"))
		} else {
			said = append(said, key+c.say("（任意）", " (optional)"))
		}
	}
	return c.listed(said)
}

type listsCreate struct {
	server   `embed:""`
	Name     string   `arg:"" help:"The name of the list."`
	Note     string   `placeholder:"TEXT" help:"What there is to note about it."`
	Require  []string `placeholder:"FIELD" help:"A field that a new member of the list must have. Can be repeated."`
	Optional []string `placeholder:"FIELD" help:"A field that a new member of the list need not have. Can be repeated."`
}

// Run is called by kong.
func (l *listsCreate) Run(ctx context.Context, c *console) error {
	n := client.NewList{Name: l.Name, Note: l.Note, Required: make(map[string]bool)}
	for _, key := range l.Optional {
		n.Required[key] = false
	}
	for _, key := range l.Require {
		n.Required[key] = true
	}
	return l.list(c, func(api *client.Client) (client.List, error) { return api.CreateList(ctx, n) })
}

// list calls the server for a list, and tells of it.
func (s *server) list(c *console, call func(*client.Client) (client.List, error)) error {
	api, err := s.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	l, err := call(api)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(l)
	}
	return c.print("%s", printable(l.Name))
}

type listsRename struct {
	server `embed:""`
	Name   string `arg:"" help:"The name of the list."`
	To     string `arg:"" help:"Its new name."`
}

// Run is called by kong.
func (l *listsRename) Run(ctx context.Context, c *console) error {
	return l.list(c, func(api *client.Client) (client.List, error) {
		return api.ChangeList(ctx, l.Name, client.ListChange{Name: &l.To})
	})
}
