package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/member"
)

// pool are cells of a field: those that can be read, some of which are other spellings of the same, and those that cannot.
type pool struct{ good, bad []string }

var (
	yesNo = pool{[]string{"TRUE", "1", "true", "FALSE", "0", "no", "×"}, []string{"maybe"}}
	long  = strings.Repeat("長", 256)
	pools = map[string]pool{
		"id":             {[]string{"1", "2", "3", "5", "８", "13", "30", "900", "1001", "1005"}, []string{"x", "1.5"}},
		"member_sn":      {[]string{"A1", "A2", "A3", "A4", "Ａ１", " A2 ", "B1", "B2", "B3", "a1"}, []string{long}},
		"email":          {[]string{"a@x.jp", "A@x.jp", "b@x.jp", "c@docomo.ne.jp", "d@ezweb.ne.jp", " b@X.jp", "ｅ@x.jp", "f@x.jp", "taro..yamada.@docomo.ne.jp"}, []string{"a@", "a b@x.jp", "x"}},
		"phone":          {[]string{"090-1234-5678", "+819012345678", "+81 090-1234-5678", "9012345678", "03-1234-5678", "０８０１２３４５６７８", "+81312345678", "07012345678"}, []string{"123", "電話"}},
		"name":           {[]string{"青木", "井上 花子", "上田", "髙﨑", "江口"}, []string{long}},
		"first_name":     {[]string{"太郎", "花子", "Taro"}, []string{long}},
		"last_name":      {[]string{"青木", "井上", "Aoki"}, []string{long}},
		"line_id":        {[]string{"U1", "U2", "U3", "U4"}, []string{long}},
		"birthday":       {[]string{"1990-05-20", "1990/5/20", "平成2年5月20日", "2000-02-29", "19900520"}, []string{"1990.05.20", "1990-02-30"}},
		"register_date":  {[]string{"2023-01-01", "2023/1/1", "2024-12-31"}, []string{"x"}},
		"sex":            {[]string{"1", "2", "男", "女性", "female"}, []string{"3"}},
		"city":           {[]string{"横浜市", "札幌市", "表\n示"}, []string{long}},
		"iso_code":       {[]string{"JP", "jp", "US", "ＪＰ"}, []string{"XX"}},
		"device":         {[]string{"0", "3", "iPhone", "Android", "PC"}, []string{"9"}},
		"tags":           {[]string{"春", "夏,秋", `["春","冬/一"]`, "男性/30代,春", "夏"}, []string{"a.b", "/a", "[1"}},
		"is_active":      yesNo,
		"apns_token":     {[]string{"T1", "T2", "T3"}, nil},
		"fcm_token":      {[]string{"F1", "F2", "F3"}, nil},
		"messenger_psid": {[]string{"P1", "P2"}, nil},

		"card":   {[]string{"K1", "K2", "K3", "k1", " K2", "K4", "K5"}, []string{long}},
		"room":   {[]string{"101", "102", "103", "101 "}, []string{long}},
		"likes":  {[]string{`["茶"]`, `["茶","花"]`, `["花","茶","花"]`, "[]"}, []string{"茶", "[1]"}},
		"points": {[]string{"1", "1.50", "-3", "１０"}, []string{"1,000"}},
		"grade":  {[]string{"1", "2", "上"}, []string{"9"}},
		"joined": {[]string{"2024-01-01", "2024/2/3"}, []string{"2024.1.1"}},
		"news":   yesNo,
		"motto":  {[]string{"一期一会", "七転八起"}, nil},

		"is_subscriber": yesNo, "is_subscriber_sms": yesNo, "is_subscriber_line": yesNo, "is_subscriber_pn": yesNo, "is_subscriber_messenger": yesNo,
	}
	consents = []string{"is_subscriber", "is_subscriber_sms", "is_subscriber_line", "is_subscriber_pn", "is_subscriber_messenger"}
	columns  = columnsOf(pools)
)

// Custom are the fields that the tenant of some cases has defined.
var Custom = []member.Definition{
	{Key: "card", Type: "string", MergeKey: true, Unique: true},
	{Key: "room", Type: "string", MergeKey: true},
	{Key: "likes", Type: "list"},
	{Key: "points", Type: "number"},
	{Key: "grade", Type: "choice", Choices: []member.DefinedChoice{{Label: member.Text{JA: "上"}}, {Label: member.Text{JA: "並"}}}},
	{Key: "joined", Type: "date"},
	{Key: "news", Type: "boolean", Consent: true},
	{Key: "motto", Type: "string", ReadOnly: true},
}

// standard and custom are the schemas of cases without and with fields of their own.
var standard, custom = schemas()

func schemas() (without, with *member.Schema) {
	without = member.Standard()
	var fields []member.Field
	for _, d := range Custom {
		fields = append(fields, d.Filled().Field())
	}
	with, err := without.With(fields...)
	if err != nil {
		panic("oracle: the custom fields contradict one another: " + err.Error())
	}
	return without, with
}

// has reports whether the case has the field.
func (g *generator) has(key string) bool { return g.schema.Index(key) >= 0 }

// columnsOf are the fields that a column may feed, in a fixed order.
func columnsOf(pools map[string]pool) (fields []string) {
	for f := range pools {
		if f != "id" {
			fields = append(fields, f)
		}
	}
	slices.Sort(fields)
	return fields
}

// list makes the members that are there before, several of which share addresses.
func (g *generator) list() (l List) {
	id := int64(0)
	taken := map[string]bool{}
	for range min(g.IntN(41), g.IntN(41)) {
		id += 1 + int64(g.IntN(2))
		m := g.member(id)
		for _, key := range []string{"member_sn", "card"} {
			if v := m.Values[key].Text; taken[key+v] {
				delete(m.Values, key)
			} else if v != "" {
				taken[key+v] = true
			}
		}
		l.Members = append(l.Members, m)
	}
	for range g.IntN(4) {
		l.OptOuts = append(l.OptOuts, g.optOut())
	}
	slices.SortFunc(l.OptOuts, func(a, b OptOut) int { return strings.Compare(a.Field+a.Contact, b.Field+b.Contact) })
	l.OptOuts = slices.Compact(l.OptOuts)
	if g.often(12) {
		q := int64(max(0, len(l.Members)+g.IntN(8)-2))
		l.Quota = &q
	}
	return l
}

// optOut is one of a contact of the pools.
func (g *generator) optOut() OptOut {
	of := consents
	if g.has("news") {
		of = append(slices.Clip(of), "news")
	}
	f, _ := g.schema.Field(of[g.IntN(len(of))])
	contact := f.Contacts[g.IntN(len(f.Contacts))]
	return OptOut{f.Key, comparable(g.fieldOf(contact), g.value(contact))}
}

func (g *generator) fieldOf(key string) *member.Field {
	return &g.schema.Fields()[g.schema.Index(key)]
}

// value is one that a good cell of the field gives.
func (g *generator) value(key string) member.Value {
	p := pools[key].good
	v, _, problem := g.fieldOf(key).Parse(p[g.IntN(len(p))], &member.Locale{Region: "JP"})
	if problem != nil {
		panic(fmt.Sprintf("%s is no good cell: %v", key, problem))
	}
	return v
}

func (g *generator) member(id int64) Member {
	m := Member{
		ID: id, Kind: member.KindMember, Version: 1 + g.IntN(3), CreatedAt: longAgo, UpdatedAt: longAgo.Add(time.Hour),
		Blocked: g.often(10), Provisional: g.often(5),
		Values: map[string]member.Value{
			"bounce_count": member.TextValue(fmt.Sprint(g.IntN(3))), "is_active": member.BoolValue(g.often(90)),
		},
	}
	if g.often(80) {
		m.LastSeenAt = longAgo.Add(time.Duration(g.IntN(3)) * time.Hour)
	}
	for _, key := range columns {
		if !g.has(key) {
			continue
		}
		if f := g.fieldOf(key); f.Consent && !f.Custom {
			m.Values[key] = member.BoolValue(g.often(70))
		} else if g.often(50) && key != "is_active" {
			m.Values[key] = g.value(key)
		}
	}
	if g.often(25) {
		m.Kind, m.Provisional, m.Unverified = member.KindLead, false, g.often(20)
		delete(m.Values, "member_sn")
		if !m.Values["email"].Set {
			m.Values["phone"] = g.value("phone")
		}
	} else if !m.Values["name"].Set {
		m.Values["name"] = g.value("name")
	}
	if g.often(20) {
		m.Values["import_tags"] = g.importTags()
	}
	derive(&m)
	return m
}

// importTags are some, or as many as there can be.
func (g *generator) importTags() member.Value {
	tags := []string{"夏"}
	if g.often(50) {
		for len(tags) < maxImportTags {
			tags = append(tags, fmt.Sprint("前回", len(tags)))
		}
	}
	return member.ListValue(tags)
}
