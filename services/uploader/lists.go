package uploader

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/postgres"
)

// listView is a list as the API shows it.
type listView struct {
	Name      string          `json:"name" example:"main"`
	Note      string          `json:"note" doc:"What people have noted about it (備考)."`
	Required  map[string]bool `json:"required" doc:"Whether a new member of the list must have a value, by field, where the fields themselves say otherwise."`
	CreatedAt time.Time       `json:"created_at"`
}

func viewList(l *postgres.List) listView { return listView{l.Name, l.Note, l.Required, l.CreatedAt} }

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
	for i := range lists {
		out.Body.Items = append(out.Body.Items, viewList(&lists[i]))
	}
	return &out, nil
}

// ListInput names one list.
type ListInput struct {
	List string `path:"list" doc:"The name of the list."`
}

type listOutput struct {
	Status   int
	Location string `header:"Location" doc:"The address of the new list."`
	Body     listView
}

// readList is GET /v1/lists/{list}.
func (s *server) readList(ctx context.Context, in *ListInput) (*listOutput, error) {
	l, err := s.findList(ctx, in.List)
	if err != nil {
		return nil, err
	}
	return &listOutput{Status: http.StatusOK, Body: viewList(&l)}, nil
}

// findList returns one of the caller's lists.
func (s *server) findList(ctx context.Context, name string) (postgres.List, error) {
	if !storable(name) {
		return postgres.List{}, refuse(http.StatusNotFound, codeUnknownList, "list", strings.ToValidUTF8(name, "\uFFFD"))
	}
	l, err := s.db.List(ctx, tenantOf(ctx), name)
	if errors.Is(err, postgres.ErrNotFound) {
		return l, refuse(http.StatusNotFound, codeUnknownList, "list", name)
	}
	return l, err
}

type createListInput struct {
	Body struct {
		Name     string          `json:"name" minLength:"1" maxLength:"100" example:"メルマガ会員" doc:"What people call the list; no other list can have the name."`
		Note     string          `json:"note,omitempty" maxLength:"1000" doc:"What there is to note about it (備考)."`
		Required map[string]bool `json:"required,omitempty" maxProperties:"500" example:"{\"name\":false}" doc:"Whether a new member must have a value, by field, where the fields themselves say otherwise."`
	} `nameHint:"NewList"`
}

// createList is POST /v1/lists.
func (s *server) createList(ctx context.Context, in *createListInput) (*listOutput, error) {
	b := &in.Body
	if err := s.checkList(ctx, 0, &b.Name, &b.Note, b.Required); err != nil {
		return nil, err
	}
	l, err := s.db.CreateList(ctx, tenantOf(ctx), postgres.List{Name: b.Name, Note: b.Note, Required: b.Required})
	if errors.Is(err, postgres.ErrExists) {
		return nil, refuse(http.StatusConflict, codeExists, "name", b.Name)
	}
	if err != nil {
		return nil, err
	}
	return &listOutput{Status: http.StatusCreated, Location: "/v1/lists/" + url.PathEscape(l.Name), Body: viewList(&l)}, nil
}

type changeListInput struct {
	ListInput
	Body struct {
		Name     *string         `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"Another name. The list main keeps its own."`
		Note     *string         `json:"note,omitempty" maxLength:"1000" doc:"Another note; an empty one takes it away."`
		Required map[string]bool `json:"required,omitempty" maxProperties:"500" doc:"In place of all that the list says so far."`
	} `nameHint:"ListChange"`
}

// changeList is PATCH /v1/lists/{list}.
func (s *server) changeList(ctx context.Context, in *changeListInput) (*listOutput, error) {
	l, err := s.findList(ctx, in.List)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	if err := s.checkList(ctx, l.ID, b.Name, b.Note, b.Required); err != nil {
		return nil, err
	}
	l, err = s.db.UpdateList(ctx, tenantOf(ctx), in.List, postgres.ListChange{Name: b.Name, Note: b.Note, Required: b.Required})
	switch {
	case errors.Is(err, postgres.ErrConflict):
		return nil, refuse(http.StatusConflict, codeListMain)
	case errors.Is(err, postgres.ErrExists):
		return nil, refuse(http.StatusConflict, codeExists, "name", *b.Name)
	case err != nil:
		return nil, err
	}
	return &listOutput{Status: http.StatusOK, Body: viewList(&l)}, nil
}

// checkList refuses what a list cannot be called, or says of its fields. The name loses the blanks around it.
func (s *server) checkList(ctx context.Context, list int64, name, note *string, required map[string]bool) error {
	var wrong []part
	if name != nil && !goodName(name) {
		wrong = append(wrong, part{code: codeName, option: "name", fill: []string{"option", "name"}})
	}
	if note != nil && !storable(*note) {
		wrong = append(wrong, badOption("note", "UTF-8"))
	}
	if len(wrong) > 0 {
		return invalid(wrong...)
	}
	schema, err := s.db.Schema(ctx, tenantOf(ctx), list)
	if err != nil {
		return err
	}
	if problems := schema.CheckRequired(required); len(problems) > 0 {
		return badField("", problems)
	}
	return nil
}

// maxName bounds what people call lists and profiles, in code points.
const maxName = 100

// goodName trims the name and reports whether it can be shown on a line.
func goodName(name *string) bool {
	*name = strings.TrimSpace(*name)
	return *name != "" && utf8.ValidString(*name) && utf8.RuneCountInString(*name) <= maxName &&
		!strings.ContainsFunc(*name, func(r rune) bool { return !unicode.IsPrint(r) && r != '\u3000' })
}

// deleteList is DELETE /v1/lists/{list}.
func (s *server) deleteList(ctx context.Context, in *ListInput) (*struct{}, error) {
	if in.List == postgres.MainList {
		return nil, refuse(http.StatusConflict, codeListMain)
	}
	l, err := s.findList(ctx, in.List)
	if err != nil {
		return nil, err
	}
	err = s.db.DeleteList(ctx, tenantOf(ctx), l.Name)
	if errors.Is(err, postgres.ErrConflict) {
		return nil, refuse(http.StatusConflict, codeListInUse, "list", l.Name)
	}
	return nil, err
}
