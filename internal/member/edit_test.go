package member

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// edit compiles what is said of the fields as JSON.
func edit(t *testing.T, rules Rules, said string) *Edit {
	t.Helper()
	s, err := Standard().With(Field{Key: "sizes", Type: NumberList, Custom: true}, Field{Key: "words", Type: List, Custom: true}, Field{Key: "sum", Type: Number, Custom: true})
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(said), &values); err != nil {
		t.Fatal(err)
	}
	e, err := s.NewEdit(Said{Values: values, Rules: rules, Locale: &Locale{Zone: time.UTC, Region: "JP"}, MaxBytes: 100}, 7)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func problemsOf(e *Edit) string {
	var all []string
	for _, p := range e.Row.Problems {
		all = append(all, p.Field+":"+string(p.Code))
	}
	return strings.Join(all, " ")
}

func TestJSONIsReadAsTheCellsOfARow(t *testing.T) {
	t.Parallel()
	creating := Rules{Mode: Append, Key: "member_sn", Blank: BlankClear}
	e := edit(t, creating, `{"member_sn":1234567890123456789,"phone":"０９０-1234-5678","is_active":0,"is_subscriber":true,"sex":2,"sizes":["1.50",20],"words":["a,b","c"],"tags":"x,y","sum":1.10,"city":null}`)
	want := map[string]Value{
		"member_sn": TextValue("1234567890123456789"), "phone": TextValue("+819012345678"), "is_active": BoolValue(false), "is_subscriber": BoolValue(true), "sex": IntValue(2),
		"sizes": ListValue([]string{"1.5", "20"}), "words": ListValue([]string{"a,b", "c"}), "tags": ListValue([]string{"x", "y"}), "sum": TextValue("1.1"), "city": {},
	}
	if e.Row.Failed() || e.Row.Key != "1234567890123456789" {
		t.Fatalf("problems %s, key %s", problemsOf(e), e.Row.Key)
	}
	for key, v := range want {
		i := slices.IndexFunc(e.Plan.Fields, func(f Field) bool { return f.Key == key })
		if i < 0 || !e.Row.Values[i].Equal(v) {
			t.Errorf("%s = %+v, want %+v", key, e.Row.Values, v)
		}
	}
}

func TestJSONThatIsNoValueOfAFieldIsAProblemOfIt(t *testing.T) {
	t.Parallel()
	creating, updating := Rules{Mode: Append, Key: "member_sn", Blank: BlankClear}, Rules{Mode: Update, Key: "id", Blank: BlankClear}
	for _, c := range []struct {
		rules      Rules
		said, want string
	}{
		{creating, `{"member_sn":"1","name":["x"],"city":{},"country":true,"tags":5,"sizes":["1,2"],"words":[1]}`, "words:list_invalid name:value_type city:value_type country:value_type tags:value_type sizes:value_type"},
		{creating, `{"member_sn":[]}`, "member_sn:value_type"},
		{creating, `{"id":1}`, "member_sn:key_missing id:read_only"},
		{creating, `{"member_sn":"1","nothing":1}`, "nothing:unknown_field"},
		{creating, `{"member_sn":"1","city":"` + strings.Repeat("x", 100) + `"}`, ":row_too_long"},
		{creating, `{"member_sn":"1","is_subscriber":null}`, ""},
		{updating, `{"is_subscriber":null,"email":""}`, "is_subscriber:cannot_clear"},
		{updating, `{"is_subscriber":" ","birthday":"x"}`, "birthday:date_invalid is_subscriber:cannot_clear"},
		{updating, `{"name":"##DELETE##"}`, "name:cannot_clear"},
		{updating, `{}`, ""},
	} {
		if got := problemsOf(edit(t, c.rules, c.said)); got != c.want {
			t.Errorf("%s: %s, want %s", c.said, got, c.want)
		}
	}
}

func TestFiltersAreReadAsCellsAre(t *testing.T) {
	t.Parallel()
	s := Standard()
	loc := &Locale{Zone: time.UTC, Region: "JP"}
	for text, want := range map[string]Value{
		"birthday:gte:令和6年5月4日": DateValue(time.Date(2024, 5, 4, 0, 0, 0, 0, time.UTC)), "phone:eq:09012345678": TextValue("+819012345678"), "sex:eq:女性": IntValue(2),
		"name:contains: a:b ": TextValue("a:b"), "tags:any:a/b,c": ListValue([]string{"a/b", "c"}), "email:starts:ＡＢ": TextValue("AB"), "name:empty": {}, "import_tags:none:x": ListValue([]string{"x"}),
	} {
		if f, p := s.ParseFilter(text, loc); p != nil || !f.Value.Equal(want) {
			t.Errorf("%s = %+v, %+v; want %+v", text, f.Value, p, want)
		}
	}
	for text, want := range map[string]Code{
		"": FilterInvalid, "name": FilterInvalid, "color:eq:1": FilterField, "name:is:x": FilterOperator, "name:gt:x": FilterOperator, "tags:eq:x": FilterOperator, "name:eq": FilterInvalid,
		"name:eq:": FilterInvalid, "name:contains: ": FilterInvalid, "name:empty:": FilterInvalid, "birthday:eq:x": DateInvalid, "tags:any:,": FilterInvalid, "tags:any:[]": FilterInvalid,
		"name:contains:a\x00": InvalidText, "name:contains:\xff": Undecodable,
	} {
		if f, p := s.ParseFilter(text, loc); p == nil || p.Code != want {
			t.Errorf("%q = %+v, %+v; want %s", text, f, p, want)
		}
	}
}

func TestFreeTextIsSoughtByItsLook(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Words{
		"A＠b": {Email: "a@b"}, "090-1234-5678": {Number: "090-1234-5678", Phone: "+819012345678"}, "+8190": {Number: "+8190", Phone: "+8190"}, "Ａ1": {Number: "A1"},
		"Aoki": {Number: "Aoki", Email: "aoki", Name: "Aoki"}, "青木 一": {Number: "青木 一", Email: "青木 一", Name: "青木 一"}, "a\x00": {},
	} {
		if got := Standard().ParseWords(text, &Locale{Region: "JP"}); got == nil || *got != want {
			t.Errorf("%q = %+v, want %+v", text, got, want)
		}
	}
	if got := Standard().ParseWords("　 ", nil); got != nil {
		t.Errorf("blanks = %+v, want nothing", got)
	}
}

// FuzzParseFilter holds for every filter: no panic; a filter or a problem with a sentence, never both; and a filter whose
// value is written out is read back as the same.
func FuzzParseFilter(f *testing.F) {
	for _, text := range []string{"email:eq:taro@example.jp", "birthday:gte:1990-01-01", "tags:any:a/b,c", `tags:all:["x"]`, "name:contains:a:b", "sex:ne:1", "phone:starts:+8190", "name:empty", "::", "\xff:eq:", "created_at:lt:2024-05-04T09:30:00+09:00"} {
		f.Add(text)
	}
	s := Standard()
	loc := &Locale{Zone: time.FixedZone("JST", 9*60*60), Region: "JP"}
	f.Fuzz(func(t *testing.T, text string) {
		s.ParseWords(text, loc)
		filter, p := s.ParseFilter(text, loc)
		if p != nil {
			if filter.Op != "" || sentences[p.Code] == (Text{}) {
				t.Fatalf("%q = %+v, %+v", text, filter, p)
			}
			return
		}
		written := filter.Field.Key + ":" + string(filter.Op)
		if filter.Op != OpEmpty && filter.Op != OpPresent {
			if !filter.Value.Set {
				t.Fatalf("%q has no value", text)
			}
			if filter.Op == OpContains || filter.Op == OpStarts {
				written += ":" + filter.Value.Text
			} else {
				written += ":" + show(&filter.Field, filter.Value)
			}
		}
		again, p := s.ParseFilter(written, loc)
		if p != nil || again.Op != filter.Op || again.Field.Key != filter.Field.Key || !again.Value.Equal(filter.Value) {
			t.Fatalf("%q is written %q and read back as %+v, %+v", text, written, again, p)
		}
	})
}
