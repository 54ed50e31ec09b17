package member

import (
	"encoding/json"
	"testing"
	"time"
)

func TestValuesComeBackFromJSON(t *testing.T) {
	t.Parallel()
	moment := time.Date(2024, 5, 4, 9, 30, 0, 123456000, time.UTC)
	for typ, values := range map[Type][]Value{
		String: {{}, TextValue(""), TextValue("佐藤 \"一郎\"\n")}, Email: {TextValue("Taro@example.jp")}, Phone: {TextValue("+819012345678")},
		Number: {TextValue("12345678901234567890.5")}, Date: {{}, DateValue(moment), DateValue(time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC))},
		DateTime: {DateTimeValue(moment)}, Boolean: {{}, BoolValue(true), BoolValue(false)}, Choice: {{}, IntValue(0), IntValue(47)},
		List: {{}, ListValue(nil), ListValue([]string{"a", "b,c"})}, NumberList: {ListValue([]string{"1", "2.5"})}, Tags: {ListValue([]string{"男性/30代"})},
	} {
		for _, want := range values {
			data, err := json.Marshal(want.Any(typ))
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParseJSON(typ, data)
			if err != nil || !got.Equal(want) {
				t.Errorf("%s %s: %+v, %v; want %+v", typ, data, got, err, want)
			}
		}
	}
	for typ, data := range map[Type]string{Boolean: `"true"`, Choice: `1.5`, List: `["a",1]`, Date: `"2024/5/4"`, DateTime: `"2024-05-04"`, String: `{}`, Number: `[`} {
		if v, err := ParseJSON(typ, []byte(data)); err == nil {
			t.Errorf("%s: %s is read as %+v", typ, data, v)
		}
	}
}
