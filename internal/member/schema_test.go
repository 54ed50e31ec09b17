package member

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/tenant"
)

func TestStandardHasTheFieldsOfTheProduct(t *testing.T) {
	t.Parallel()
	s := Standard()
	types := map[Type]string{
		String: "member_sn name first_name last_name crm_pk google_id facebook_id line_id messenger_psid apns_token fcm_token " +
			"register_type member_level city country iso_code",
		Email: "email", Phone: "phone", Date: "register_date birthday", Choice: "sex device carrier", Tags: "tags import_tags",
		Boolean: "is_active is_subscriber is_subscriber_sms is_subscriber_line is_subscriber_pn is_subscriber_messenger",
		Number:  "id bounce_count", DateTime: "created_at updated_at last_seen_at",
	}
	total := 0
	for typ, keys := range types {
		for key := range strings.FieldsSeq(keys) {
			total++
			if f, ok := s.Field(key); !ok || f.Type != typ {
				t.Errorf("field %s is a %v (%v), want a %v", key, f.Type, ok, typ)
			}
		}
	}
	if total != len(s.Fields()) {
		t.Errorf("there are %d fields, want %d", len(s.Fields()), total)
	}
	flags := map[string]func(Field) bool{
		"name":                             func(f Field) bool { return f.Required },
		"id member_sn email phone line_id": func(f Field) bool { return f.MergeKey },
		"id member_sn":                     func(f Field) bool { return f.Unique },
		"id carrier bounce_count import_tags created_at updated_at last_seen_at":                                func(f Field) bool { return f.ReadOnly },
		"is_subscriber is_subscriber_sms is_subscriber_line is_subscriber_pn is_subscriber_messenger":           func(f Field) bool { return f.Consent },
		"is_active is_subscriber is_subscriber_sms is_subscriber_line is_subscriber_pn is_subscriber_messenger": func(f Field) bool { return f.Default.Bool() },
		"carrier": func(f Field) bool { return f.Automatic },
	}
	for keys, has := range flags {
		want := " " + keys + " "
		for _, f := range s.Fields() {
			if has(f) != strings.Contains(want, " "+f.Key+" ") {
				t.Errorf("the flag of exactly %q is %v for %s", keys, has(f), f.Key)
			}
		}
	}
}

func TestSchemaFindsFieldsByKey(t *testing.T) {
	t.Parallel()
	s, err := Standard().With(Field{Key: "shoe_size", Type: Number, Label: Text{"靴のサイズ", "Shoe size"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range s.Fields() {
		if s.Index(f.Key) != i {
			t.Errorf("Index(%s) = %d, want %d", f.Key, s.Index(f.Key), i)
		}
		if f.Label.JA == "" || f.Label.EN == "" {
			if f.Key != "shoe_size" {
				t.Errorf("%s has no label in both languages", f.Key)
			}
		}
	}
	if _, ok := s.Field("nothing"); ok || s.Index("nothing") != -1 {
		t.Error("a field that is not there is found")
	}
	if f, _, ok := s.MatchColumn("靴の サイズ"); !ok || f.Key != "shoe_size" {
		t.Errorf("a custom field's label matches %q, %v", f.Key, ok)
	}
	if Standard().Index("shoe_size") != -1 {
		t.Error("With changed the standard schema")
	}
}

func TestNewSchemaRefusesContradictions(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string][]Field{
		"twice":         {{Key: "a", Type: String}, {Key: "a", Type: Date}},
		"no key":        {{Type: String}},
		"no type":       {{Key: "a"}},
		"unknown type":  {{Key: "a", Type: Tags + 1}},
		"equal numbers": {{Key: "a", Type: Choice, Choices: []Option{{Number: 1, Key: "x"}, {Number: 1, Key: "y"}}}},
		"equal names":   {{Key: "a", Type: Choice, Choices: []Option{{Number: 1, Key: "x"}, {Number: 2, Key: "y", Synonyms: []string{"Ｘ"}}}}},
	} {
		if _, err := NewSchema(fields); err == nil {
			t.Errorf("%s: NewSchema accepts it", name)
		}
	}
}

func TestCustomFieldWinsByItsKeyAndLabelOverSynonyms(t *testing.T) {
	t.Parallel()
	s, err := Standard().With(Field{Key: "customer_code", Type: String, Label: Text{"顧客コード", "Code"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"顧客コード", "customer code"} {
		if f, _, _ := s.MatchColumn(header); f.Key != "customer_code" {
			t.Errorf("MatchColumn(%q) = %q, want customer_code", header, f.Key)
		}
	}
}

func TestEveryCodeHasSentencesInBothLanguages(t *testing.T) {
	t.Parallel()
	s := Standard()
	codes := Codes()
	if len(codes) != len(sentences) || len(codes) < 70 {
		t.Errorf("there are %d codes and %d sentences", len(codes), len(sentences))
	}
	for _, c := range codes {
		for _, detail := range []string{"", "12/34"} {
			p := Problem{Code: c, Field: "sex", Detail: detail}
			for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
				text := p.Sentence(lang, s)
				if text == "" || text == string(c) || !utf8.ValidString(text) || strings.Contains(strings.ReplaceAll(text, "{header}", ""), "{") {
					t.Errorf("%s in %s: %q", c, lang, text)
				}
				if !strings.ContainsAny(text[len(text)-3:], "。.") && c != ChoiceUnknown {
					t.Errorf("%s in %s is no sentence: %q", c, lang, text)
				}
				if (lang == tenant.Japanese) != strings.Contains(text, "。") {
					t.Errorf("%s in %s is in the wrong language: %q", c, lang, text)
				}
			}
		}
	}
}

func TestSentencesNameTheField(t *testing.T) {
	t.Parallel()
	s := Standard()
	for _, c := range []struct {
		p      Problem
		s      *Schema
		lang   tenant.Language
		want   string
		absent string
	}{
		{Problem{Code: Required, Field: "name"}, s, tenant.Japanese, "「氏名」は必須です。", ""},
		{Problem{Code: Required, Field: "name"}, s, tenant.English, "Name is required.", ""},
		{Problem{Code: Required, Field: "shoe_size"}, s, tenant.English, "shoe_size is required.", ""},
		{Problem{Code: Required, Field: "name"}, nil, tenant.English, "name is required.", ""},
		{Problem{Code: TooLong, Field: "name", Detail: "255"}, s, tenant.Japanese, "上限は255文字", ""},
		{Problem{Code: ChoiceUnknown, Field: "sex"}, s, tenant.Japanese, "男性 = 1, 女性 = 2", ""},
		{Problem{Code: ChoiceUnknown, Field: "sex"}, s, tenant.English, "Male = 1, Female = 2", ""},
		{Problem{Code: TooFewCells}, s, tenant.Japanese, "見出しより少ない行です。", "（"},
		{Problem{Code: TooFewCells, Detail: "3/5"}, s, tenant.Japanese, "（3/5）", ""},
		{Problem{Code: TagLevels, Field: "tags", Detail: "{field}/b/c"}, s, tenant.English, "({field}/b/c)", ""},
		{Problem{Code: "made_up"}, s, tenant.English, "made_up", " "},
	} {
		got := c.p.Sentence(c.lang, c.s)
		if !strings.Contains(got, c.want) || (c.absent != "" && strings.Contains(got, c.absent)) {
			t.Errorf("%+v in %s: %q, want it to hold %q and not %q", c.p, c.lang, got, c.want, c.absent)
		}
	}
}

func TestCarrierIsDerivedFromTheDomain(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]int64{
		"a@example.com": CarrierPC, "a@gmail.com": CarrierPC, "taro..yamada.@docomo.ne.jp": CarrierDocomo, "A@DOCOMO.NE.JP": CarrierDocomo,
		"a@softbank.ne.jp": CarrierSoftBank, "a@t.vodafone.ne.jp": CarrierSoftBank, "a@jp-t.ne.jp": CarrierSoftBank, "a@ezweb.ne.jp": CarrierAU,
		"a@au.com": CarrierAU, "a@xx.ezweb.ne.jp": CarrierAU, "a@disney.ne.jp": CarrierDisney, "a@pdx.ne.jp": CarrierWillcom,
		"a@di.pdx.ne.jp": CarrierWillcom, "a@willcom.com": CarrierWillcom, "a@emnet.ne.jp": CarrierEMobile, "a@emobile.ne.jp": CarrierEMobile,
		"a@i.softbank.jp": CarrierISoftBank, "a@wcm.ne.jp": CarrierWCM, "a@notdocomo.ne.jp": CarrierPC, "a@docomo.ne.jp.example.com": CarrierPC,
		"": CarrierPC, "a@": CarrierPC, "docomo.ne.jp@example.com": CarrierPC, "a@softbank.co.jp": CarrierPC,
	} {
		if got := Carrier(email); got != want {
			t.Errorf("Carrier(%q) = %d, want %d", email, got, want)
		}
	}
}

func TestFullNameJoinsPartsAsTheirScriptDoes(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"佐藤", "一郎", "佐藤一郎"},
		{"Sato", "Ichiro", "Ichiro Sato"},
		{"佐藤", "Ichiro", "佐藤Ichiro"},
		{"スミス", "ジョン", "スミスジョン"},
		{"김", "민수", "김민수"},
		{"ｻﾄｳ", "Ichiro", "ｻﾄｳIchiro"},
		{"佐々木", "", "佐々木"},
		{"", "Ichiro", "Ichiro"},
		{"Müller", "Jürgen", "Jürgen Müller"},
		{"", "", ""},
	} {
		if got := FullName(c[0], c[1]); got != c[2] {
			t.Errorf("FullName(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
