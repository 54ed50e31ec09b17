package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/meibo/meibo/internal/client"
)

// profilesCmd is about profiles of imports.
type profilesCmd struct {
	List   profilesList   `cmd:"" help:"List the profiles."`
	Show   profilesShow   `cmd:"" help:"Show what a profile says of an import."`
	Save   profilesSave   `cmd:"" help:"Keep options and mapping of an import as a profile."`
	Delete profilesDelete `cmd:"" help:"Delete a profile."`
}

// profileName is the argument of most commands.
type profileName struct {
	Name string `arg:"" help:"The name of the profile."`
}

type profilesList struct {
	server `embed:""`
}

// Run is called by kong.
func (l *profilesList) Run(ctx context.Context, c *console) error {
	api, err := l.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	all, err := api.Profiles(ctx)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(list[client.Profile]{all})
	}
	t := table{
		head:  []string{c.say("プロファイル", "Profile"), c.say("リスト", "List"), c.say("列数", "Columns"), c.say("更新日時", "Updated at")},
		right: []bool{false, false, true, false},
	}
	for _, p := range all {
		t.add(p.Name, p.List, strconv.Itoa(len(p.Header)), timeText(p.UpdatedAt))
	}
	return t.write(c.out, "")
}

type profilesShow struct {
	server      `embed:""`
	profileName `embed:""`
}

// Run is called by kong.
func (p *profilesShow) Run(ctx context.Context, c *console) error {
	return p.profile(c, func(api *client.Client) (client.Profile, error) { return api.Profile(ctx, p.Name) })
}

// profile calls the server for a profile, and tells of it.
func (s *server) profile(c *console, call func(*client.Client) (client.Profile, error)) error {
	api, err := s.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	p, err := call(api)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(p)
	}
	var options bytes.Buffer
	if err := json.Indent(&options, p.Options, "", "  "); err != nil {
		return err
	}
	t := table{}
	t.add(c.say("プロファイル", "Profile"), p.Name)
	t.add(c.say("リスト", "List"), p.List)
	t.add(c.say("見出し", "Header"), c.listed(p.Header))
	if err := t.write(c.out, ""); err != nil {
		return err
	}
	for line := range bytes.Lines(options.Bytes()) {
		if err := c.print("%s", printable(string(bytes.TrimRight(line, "\n")))); err != nil {
			return err
		}
	}
	return nil
}

type profilesSave struct {
	server      `embed:""`
	profileName `embed:""`
	Import      string `required:"" placeholder:"ID" help:"The id of the import, which was started."`
}

// Run is called by kong.
func (p *profilesSave) Run(ctx context.Context, c *console) error {
	return p.profile(c, func(api *client.Client) (client.Profile, error) { return api.SaveProfile(ctx, p.Name, p.Import) })
}

type profilesDelete struct {
	server      `embed:""`
	profileName `embed:""`
}

// Run is called by kong.
func (p *profilesDelete) Run(ctx context.Context, c *console) error {
	api, err := p.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	if err := api.DeleteProfile(ctx, p.Name); err != nil {
		return err
	}
	if c.json {
		return c.document(struct {
			Deleted string `json:"deleted"`
		}{p.Name})
	}
	return nil
}
