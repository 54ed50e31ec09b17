package member

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/tenant"
)

func shoe() Definition {
	return Definition{Key: "shoe_size", Type: "number", Label: Text{"靴のサイズ", "Shoe size"}, Synonyms: []string{"足のサイズ"}}
}

func plan(labels ...string) Definition {
	d := Definition{Key: "plan", Type: "choice", Label: Text{JA: "プラン"}}
	for _, label := range labels {
		d.Choices = append(d.Choices, DefinedChoice{Label: Text{JA: label}})
	}
	return d.Filled()
}

func TestCustomFieldsAreFoundByEveryHeaderThatNamesThem(t *testing.T) {
	t.Parallel()
	mail := Definition{Key: "second_mail", Type: "email", Label: Text{JA: "メール", EN: "氏名"}} // names of standard fields
	s, err := Catalog{Custom: []Definition{shoe(), mail}}.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"shoe_size": "shoe_size", "Shoe-Size": "shoe_size", "靴のサイズ": "shoe_size", "足の サイズ": "shoe_size", "靴 (shoe_size)*": "shoe_size",
		// A label goes before a synonym, a standard label before a custom one.
		"メール": "second_mail", "氏名": "name", "メールアドレス": "email",
	} {
		if f, _, _ := s.MatchColumn(header); f.Key != want {
			t.Errorf("%q is %q, want %q", header, f.Key, want)
		}
	}
	if f, _ := s.Field("shoe_size"); !f.Custom || f.Type != Number {
		t.Errorf("field = %+v", f)
	}
}

func TestConsentOfAServiceIsAboutTheAddress(t *testing.T) {
	t.Parallel()
	d := Definition{Key: "magazine", Type: "boolean", Consent: true, Label: Text{JA: "メルマガ会員"}}
	f := d.Field()
	if len(d.Check()) != 0 || !f.Consent || !f.Custom || f.Default.Set || !slices.Equal(f.Contacts, []string{"email"}) {
		t.Errorf("field = %+v, problems %v", f, d.Check())
	}
}

func TestChoicesHaveNumbersFromOne(t *testing.T) {
	t.Parallel()
	d := plan("松", "竹", "梅")
	d.Choices = append(d.Choices, DefinedChoice{Number: new(int64(10)), Label: Text{EN: "Other"}}, DefinedChoice{Label: Text{EN: "Last"}})
	f := d.Field()
	for cell, want := range map[string]int64{"松": 1, "梅": 3, "2": 2, "other": 10, "Last": 11, "11": 11} {
		if v, _, p := f.Parse(cell, nil); p != nil || v.Int != want {
			t.Errorf("%q = %d, %+v; want %d", cell, v.Int, p, want)
		}
	}
}

func TestListSaysWhatIsRequired(t *testing.T) {
	t.Parallel()
	d := shoe()
	d.Required = true
	retired := Definition{Key: "gone", Type: "string", Retired: true}
	s, err := Catalog{
		Custom:   []Definition{d, retired, {Key: "city", Type: "number"}},
		Required: map[string]bool{"name": false, "email": true, "shoe_size": false, "carrier": true, "nothing": true},
	}.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var required []string
	for _, f := range s.Fields() {
		if f.Required {
			required = append(required, f.Key)
		}
	}
	if !slices.Equal(required, []string{"email"}) || s.Index("gone") >= 0 || len(s.Fields()) != len(Standard().Fields())+1 {
		t.Errorf("required %v, %d fields", required, len(s.Fields()))
	}
	if f, _ := Standard().Field("name"); !f.Required {
		t.Error("the standard schema has changed")
	}
	problems := s.CheckRequired(map[string]bool{"name": false, "carrier": true, "gone": false})
	want := []Problem{{FieldAssigned, "required", "carrier"}, {FieldUnknown, "required", "gone"}}
	if !slices.Equal(problems, want) {
		t.Errorf("problems %v, want %v", problems, want)
	}
}

func TestDefinitionsAreRefusedByTheirProperty(t *testing.T) {
	t.Parallel()
	many := make([]DefinedChoice, 1001)
	for i := range many {
		many[i].Label.JA = fmt.Sprintf("選択肢%d", i)
	}
	for _, c := range []struct {
		json string
		want string // property code
	}{
		{`{"key":"a","type":"string"}`, ""},
		{`{"key":"a","type":"string","merge_key":true,"unique":true,"max_length":255}`, ""},
		{`{"key":"a","type":"tags","comma_separated":true}`, ""},
		{`{"key":"a","type":"choice","choices":[{"number":0,"label":{"ja":"なし"}},{"label":{"en":"0.5"}}]}`, ""},
		{`{"key":"","type":"string"}`, "key field_key_invalid"},
		{`{"key":"Shoe","type":"string"}`, "key field_key_invalid"},
		{`{"key":"1st","type":"string"}`, "key field_key_invalid"},
		{`{"key":"a-b","type":"string"}`, "key field_key_invalid"},
		{`{"key":"` + strings.Repeat("a", 64) + `","type":"string"}`, "key field_key_invalid"},
		{`{"key":"email","type":"string"}`, "key field_key_reserved"},
		{`{"key":"e_mail","type":"string"}`, "key field_key_reserved"},
		{`{"key":"row_number","type":"string"}`, "key field_key_reserved"},
		{`{"key":"errorcolumns","type":"string"}`, "key field_key_reserved"},
		{`{"key":"version","type":"number"}`, "key field_key_reserved"},
		{`{"key":"a","type":"text"}`, "type field_type_unknown"},
		{`{"key":"a","type":""}`, "type field_type_unknown"},
		{`{"key":"a","type":"date","merge_key":true}`, "merge_key field_property_unfit"},
		{`{"key":"a","type":"list","unique":true}`, "unique field_property_unfit"},
		{`{"key":"a","type":"string","consent":true}`, "consent field_property_unfit"},
		{`{"key":"a","type":"string","comma_separated":true}`, "comma_separated field_property_unfit"},
		{`{"key":"a","type":"date","max_length":3}`, "max_length field_property_unfit"},
		{`{"key":"a","type":"string","max_length":10001}`, "max_length field_number_range"},
		{`{"key":"a","type":"string","max_length":-1}`, "max_length field_number_range"},
		{`{"key":"a","type":"string","unique":true,"max_length":256}`, "max_length field_number_range"},
		{`{"key":"a","type":"string","required":true,"read_only":true}`, "read_only field_never_set"},
		{`{"key":"a","type":"string","label":{"ja":"二\n行"}}`, "label.ja field_text_invalid"},
		{`{"key":"a","type":"string","label":{"en":"` + strings.Repeat("a", 101) + `"}}`, "label.en field_text_invalid"},
		{`{"key":"a","type":"string","synonyms":["x","a\u0000"]}`, "synonyms[1] field_text_invalid"},
		{`{"key":"a","type":"string","choices":[{"label":{"ja":"x"}}]}`, "choices field_property_unfit"},
		{`{"key":"a","type":"choice"}`, "choices field_choices_missing"},
		{`{"key":"a","type":"choice","choices":[{"label":{}}]}`, "choices[0].label field_text_invalid"},
		{`{"key":"a","type":"choice","choices":[{"label":{"ja":"x"}},{"number":1,"label":{"ja":"y"}}]}`, "choices[1] field_choice_twice"},
		{`{"key":"a","type":"choice","choices":[{"label":{"ja":"x"}},{"label":{"ja":"Ｘ "}}]}`, "choices[1] field_choice_twice"},
		{`{"key":"a","type":"choice","choices":[{"label":{"ja":"0"}},{"label":{"ja":"1"}}]}`, "choices[1] field_choice_twice"},
		{`{"key":"a","type":"choice","choices":[{"number":1000000001,"label":{"ja":"x"}}]}`, "choices[0].number field_number_range"},
	} {
		var d Definition
		if err := json.Unmarshal([]byte(c.json), &d); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range d.Filled().Check() {
			got = append(got, p.Field+" "+string(p.Code))
			for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
				if text := p.Sentence(lang, nil); !strings.Contains(text, p.Field) || strings.Contains(text, "{") {
					t.Errorf("%s in %s: %q", p.Code, lang, text)
				}
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", c.json, got, c.want)
		}
	}
	for _, d := range []Definition{{Key: "a", Type: "choice", Choices: many}, {Key: "a", Type: "string", Synonyms: make([]string, 51)}} {
		if p := d.Check(); len(p) != 1 || p[0].Code != FieldTooMany {
			t.Errorf("problems %v, want one", p)
		}
	}
}

func TestChangedFieldKeepsWhatIsStored(t *testing.T) {
	t.Parallel()
	d := plan("松", "竹")
	for _, c := range []struct {
		json, want string
	}{
		{`{"label":{"ja":"コース"},"synonyms":[],"required":true,"retired":true}`, ""},
		{`{"type":"choice","merge_key":false,"unique":false,"consent":false}`, ""},
		{`{"choices":[{"label":{"ja":"梅"}},{"label":{"ja":"竹"}},{"number":1,"label":{"ja":"特上"}}]}`, ""},
		{`{"choices":[{"label":{"ja":"松"}}]}`, "choices field_choice_gone"},
		{`{"choices":[]}`, "choices field_choice_gone, choices field_choice_gone, choices field_choices_missing"},
		{`{"choices":[{"number":2,"label":{"ja":"松"}},{"number":3,"label":{"ja":"竹"}}]}`, "choices field_choice_gone"},
		{`{"type":"string","merge_key":true,"unique":true,"consent":true}`, "type field_settled, merge_key field_settled, unique field_settled, consent field_settled"},
		{`{"max_length":5}`, "max_length field_property_unfit"},
	} {
		var to FieldChange
		if err := json.Unmarshal([]byte(c.json), &to); err != nil {
			t.Fatal(err)
		}
		_, problems := d.Change(to)
		var got []string
		for _, p := range problems {
			got = append(got, p.Field+" "+string(p.Code))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", c.json, got, c.want)
		}
	}
	changed, _ := d.Change(FieldChange{Choices: []DefinedChoice{
		{Label: Text{JA: "梅"}}, {Label: Text{JA: " 竹"}}, {Number: new(int64(1)), Label: Text{JA: "特上"}},
	}})
	numbers := map[string]int64{}
	for _, c := range changed.Choices {
		numbers[c.Label.JA] = *c.Number
	}
	if want := map[string]int64{"梅": 3, "竹": 2, "特上": 1}; fmt.Sprint(numbers) != fmt.Sprint(want) {
		t.Errorf("choices %v, want %v", numbers, want)
	}
	if again := plan("松", "竹"); !d.Same(again) {
		t.Errorf("the definition that was changed became %+v", d)
	}
}

func TestTextNeverGetsShorterByAChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		was Definition
		to  int
		ok  bool
	}{
		{Definition{Key: "a", Type: "string"}, 1001, true},
		{Definition{Key: "a", Type: "string"}, 999, false},
		{Definition{Key: "a", Type: "string", MaxLength: 20}, 20, true},
		{Definition{Key: "a", Type: "string", MaxLength: 20}, 0, true}, // 1,000
		{Definition{Key: "a", Type: "string", MaxLength: 2000}, 0, false},
	} {
		if _, p := c.was.Change(FieldChange{MaxLength: &c.to}); (len(p) == 0) != c.ok {
			t.Errorf("%d to %d: %v", c.was.MaxLength, c.to, p)
		}
	}
}

// FuzzDefinition holds for every definition without problems: with it, the standard fields make a schema; its key as a
// header means it; as stored JSON it is the same; and each choice is read by its number and by its label.
func FuzzDefinition(f *testing.F) {
	for _, seed := range []string{
		`{"key":"shoe_size","type":"number","label":{"ja":"靴のサイズ"}}`, `{"key":"plan","type":"choice","choices":[{"label":{"ja":"松","en":"A"}},{"number":7,"label":{"en":"b"},"synonyms":["９"]}]}`,
		`{"key":"required","type":"string"}`, `{"key":"a","type":"list","comma_separated":true,"max_length":10}`, `{"key":"mail2","type":"email","merge_key":true,"unique":true}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d Definition
		if json.Unmarshal(text, &d) != nil {
			return
		}
		d = d.Filled()
		if len(d.Check()) > 0 {
			return
		}
		s, err := Catalog{Custom: []Definition{d}}.Schema()
		if err != nil {
			t.Fatalf("%+v: %v", d, err)
		}
		if got, inverted, ok := s.MatchColumn(d.Key); !d.Retired && (!ok || inverted || got.Key != d.Key) {
			t.Fatalf("header %q is %q", d.Key, got.Key)
		}
		stored, err := json.Marshal(d)
		var again Definition
		if err != nil || json.Unmarshal(stored, &again) != nil || !again.Same(d) {
			t.Fatalf("%s becomes %+v, %v", stored, again, err)
		}
		field := d.Field()
		for _, o := range field.Choices {
			for _, cell := range []string{decimal(o.Number), o.Label.JA, o.Label.EN} {
				if v, _, p := field.Parse(cell, nil); cell != "" && (p != nil || v.Int != o.Number) {
					t.Fatalf("%q is choice %d, %+v; want %d", cell, v.Int, p, o.Number)
				}
			}
		}
	})
}
