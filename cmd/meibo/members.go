package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/meibo/meibo/internal/client"
)

// membersCmd is about members.
type membersCmd struct {
	List   membersList   `cmd:"" help:"List members, or search them."`
	Get    membersGet    `cmd:"" help:"Show one member."`
	Create membersCreate `cmd:"" help:"Create a member."`
	Set    membersSet    `cmd:"" help:"Change fields of a member."`
	Delete membersDelete `cmd:"" help:"Delete a member."`
	Erase  membersErase  `cmd:"" help:"Erase a member everywhere, for good: also from what imports have written down."`
}

type membersList struct {
	server   `embed:""`
	List     string   `placeholder:"NAME" help:"The list (default: main)."`
	MemberSN string   `name:"member-sn" placeholder:"NUMBER" help:"Only the member with this number."`
	Email    string   `placeholder:"ADDRESS" help:"Only members with this e-mail address."`
	Phone    string   `placeholder:"NUMBER" help:"Only members with this phone number."`
	Filter   []string `sep:"none" placeholder:"FIELD:OP:VALUE" help:"Only members of which this holds, as in birthday:gte:1990-01-01, tags:any:vip or phone:empty. Can be repeated."`
	Query    string   `short:"q" placeholder:"TEXT" help:"Only members whose name, number or contact is like this."`
	Kind     string   `enum:",member,lead" default:"" placeholder:"KIND" help:"Only members, or only leads: member,lead."`
	Blocked  string   `enum:",include,only" default:"" placeholder:"WHICH" help:"Also blocked members, or only them: include,only."`
	Count    bool     `help:"Only say how many there are, up to 10,000."`
	Limit    int      `default:"20" help:"How many at most; 0 for all."`
}

func (l *membersList) query() client.MemberQuery {
	return client.MemberQuery{
		List: l.List, MemberSN: l.MemberSN, Email: l.Email, Phone: l.Phone, Kind: l.Kind, Blocked: l.Blocked, Text: l.Query, Filters: l.Filter,
	}
}

// Run is called by kong.
func (l *membersList) Run(ctx context.Context, c *console) error {
	api, err := l.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	if l.Count {
		return l.count(ctx, c, api)
	}
	items, more := []client.Member{}, false
	for m, err := range api.Members(ctx, l.query()) {
		if err != nil {
			return err
		}
		if more = len(items) == l.Limit && l.Limit > 0; more {
			break
		}
		items = append(items, m)
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
	if err := t.write(c.out, ""); err != nil || !more {
		return err
	}
	c.note("%s", fmt.Sprintf(c.say("このほかにも会員がいます（%d件まで表示）。--limit で件数を変更できます。", "There are more than these %d: see --limit."), l.Limit))
	return nil
}

// memberCount is the JSON document of a count.
type memberCount struct {
	Count int `json:"count"`
	// More tells that there are more than were counted.
	More bool `json:"count_more"`
}

func (l *membersList) count(ctx context.Context, c *console, api *client.Client) error {
	n, more, err := api.CountMembers(ctx, l.query())
	if err != nil {
		return err
	}
	if c.json {
		return c.document(memberCount{n, more})
	}
	if more {
		return c.print(c.say("%s件以上", "more than %s"), number(int64(n)))
	}
	return c.print("%s", number(int64(n)))
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
	return c.showMember(m)
}

// showMember writes a member with the fields that have a value.
func (c *console) showMember(m client.Member) error {
	if c.json {
		return c.document(m)
	}
	t := table{}
	t.add("id", strconv.FormatInt(m.ID, 10))
	t.add("list", m.List)
	t.add("kind", m.Kind)
	t.add("version", strconv.FormatInt(m.Version, 10))
	for _, key := range slices.Sorted(maps.Keys(m.Fields)) {
		if text := m.Text(key); text != "" {
			t.add(key, text)
		}
	}
	t.add("created_at", timeText(m.CreatedAt))
	if m.UpdatedAt != nil {
		t.add("updated_at", timeText(*m.UpdatedAt))
	}
	if m.BlockedAt != nil {
		t.add("blocked_at", timeText(*m.BlockedAt))
	}
	return t.write(c.out, "")
}
