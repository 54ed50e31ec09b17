package main

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/meibo/meibo/internal/client"
)

// membersCmd is about members.
type membersCmd struct {
	List membersList `cmd:"" help:"List members."`
	Get  membersGet  `cmd:"" help:"Show one member."`
}

type membersList struct {
	server   `embed:""`
	List     string `placeholder:"NAME" help:"The list (default: main)."`
	MemberSN string `name:"member-sn" placeholder:"NUMBER" help:"Only the member with this number."`
	Email    string `placeholder:"ADDRESS" help:"Only members with this e-mail address."`
	Phone    string `placeholder:"NUMBER" help:"Only members with this phone number."`
	Limit    int    `default:"20" help:"How many at most; 0 for all."`
}

// Run is called by kong.
func (l *membersList) Run(ctx context.Context, c *console) error {
	api, err := l.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	items := []client.Member{}
	query := client.MemberQuery{List: l.List, MemberSN: l.MemberSN, Email: l.Email, Phone: l.Phone}
	for m, err := range api.Members(ctx, query) {
		if err != nil {
			return err
		}
		items = append(items, m)
		if len(items) == l.Limit {
			break
		}
	}
	if c.json {
		return c.document(list[client.Member]{items})
	}
	t := table{
		head: []string{
			"ID", c.say("会員番号", "Number"), c.say("氏名", "Name"), c.say("メールアドレス", "E-mail"), c.say("電話番号", "Phone"), c.say("登録日時", "Created at"),
		},
		right: []bool{true},
	}
	for _, m := range items {
		t.add(strconv.FormatInt(m.ID, 10), m.Text("member_sn"), m.Text("name"), m.Text("email"), m.Text("phone"), timeText(m.CreatedAt))
	}
	return t.write(c.out, "")
}

type membersGet struct {
	server `embed:""`
	ID     int64 `arg:"" help:"The id of the member."`
}

// Run is called by kong.
func (g *membersGet) Run(ctx context.Context, c *console) error {
	api, err := g.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	m, err := api.Member(ctx, g.ID)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(m)
	}
	t := table{}
	t.add("id", strconv.FormatInt(m.ID, 10))
	t.add("list", m.List)
	t.add("kind", m.Kind)
	for _, key := range slices.Sorted(maps.Keys(m.Fields)) {
		if text := m.Text(key); text != "" {
			t.add(key, text)
		}
	}
	t.add("created_at", timeText(m.CreatedAt))
	if m.UpdatedAt != nil {
		t.add("updated_at", timeText(*m.UpdatedAt))
	}
	return t.write(c.out, "")
}
