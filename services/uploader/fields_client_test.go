package uploader

import (
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/member"
)

func TestClientManagesFieldsListsAndProfiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	api := client.New(w.url, w.acme.key)
	t.Cleanup(api.Close)
	d := member.Definition{
		Key: "plan", Type: "choice", Label: member.Text{JA: "プラン"}, Synonyms: []string{"コース"},
		Choices: []member.DefinedChoice{{Label: member.Text{JA: "松"}}, {Number: new(int64(7)), Label: member.Text{JA: "竹"}}},
	}
	f, err := api.CreateField(ctx, d)
	w.must(err)
	if len(f.Choices) != 2 || f.Choices[1].Number != 7 || f.Choices[0].Number != 1 || !f.Custom {
		t.Errorf("created %+v", f)
	}
	if _, err := api.CreateField(ctx, d); !client.IsProblem(err, codeExists) {
		t.Errorf("again: %v", err)
	}
	f, err = api.ChangeField(ctx, "plan", member.FieldChange{Choices: append(d.Choices, member.DefinedChoice{Label: member.Text{JA: "梅"}})})
	if err != nil || len(f.Choices) != 3 || f.Choices[2].Number != 8 {
		t.Errorf("changed to %+v, %v", f, err)
	}
	l, err := api.CreateList(ctx, client.NewList{Name: "v.i.p/会員", Required: map[string]bool{"plan": true}})
	w.must(err)
	if l, err = api.ChangeList(ctx, l.Name, client.ListChange{Name: new("会員 1")}); err != nil || l.Name != "会員 1" || !l.Required["plan"] {
		t.Errorf("renamed to %+v, %v", l, err)
	}
	lists, err := api.Lists(ctx)
	if err != nil || len(lists) != 2 {
		t.Errorf("lists %+v, %v", lists, err)
	}
	all, err := api.Fields(ctx, l.Name, false)
	if err != nil || !all[len(all)-1].Required || all[len(all)-1].Key != "plan" {
		t.Errorf("fields %+v, %v", all, err)
	}
	i, err := api.Create(ctx, client.Options{FileName: "a.csv", NewFields: []member.Definition{d, {Key: "hat", Type: "string"}}})
	if !client.IsProblem(err, "field_differs") { // it has another choice by now
		t.Errorf("new fields: %+v, %v", i, err)
	}
	i, err = api.Create(ctx, client.Options{FileName: "a.csv", NewFields: []member.Definition{{Key: "hat", Type: "string"}}})
	w.must(err)
	_, err = api.UploadSource(ctx, i.ID, strings.NewReader("会員番号,氏名,hat,コース\nA1,青木,L,松\n"), -1, nil)
	w.must(err)
	i, err = api.Start(ctx, i.ID, client.Options{})
	if err != nil || i.Mapping[2].Field != "hat" || i.Mapping[3].Field != "plan" {
		t.Errorf("started %+v, %v", i, err)
	}
	p, err := api.SaveProfile(ctx, "夜間/1", i.ID)
	if err != nil || p.List != "main" || len(p.Header) != 4 || !strings.Contains(string(p.Options), `"hat"`) {
		t.Errorf("saved %+v, %v", p, err)
	}
	if profiles, err := api.Profiles(ctx); err != nil || len(profiles) != 1 {
		t.Errorf("profiles %+v, %v", profiles, err)
	}
	w.must(api.DeleteProfile(ctx, p.Name))
	if _, err := api.Profile(ctx, p.Name); !client.IsProblem(err, codeNotFound) {
		t.Errorf("deleted: %v", err)
	}
}
