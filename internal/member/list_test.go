package member

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// renderList writes a list as an export does: numbers bare, text as JSON strings.
func renderList(t Type, items []string) string {
	if t == NumberList {
		return "[" + strings.Join(items, ",") + "]"
	}
	b, err := json.Marshal(items)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestParseList(t *testing.T) {
	t.Parallel()
	f := &Field{Key: "history", Type: List, MaxLength: 20}
	cases := []parseCase{
		{cell: `["string1","string2"]`, want: `["string1","string2"]`},
		{cell: ` [ "a" , "b" ] `, want: `["a","b"]`},
		{cell: `[]`, want: `[]`},
		{cell: `[ "a,b", "", " c " ]`, want: `["a,b","c"]`},
		{cell: `["a","a"]`, want: `["a","a"]`},
		{cell: `["\"q\" \\ \u3042 \ud83d\ude00"]`, want: `["\"q\" \\ あ 😀"]`},
		{cell: `["か` + "\u3099" + `"]`, want: `["が"]`},
		{cell: `["` + "\uFFFD" + ` \uFFFD \\ufffd"]`, want: `["` + "\uFFFD \uFFFD" + ` \\ufffd"]`},
		{cell: `["\ud83d"]`, code: ListInvalid},
		{cell: `["a"`, code: ListInvalid},
		{cell: `["a`, code: ListInvalid},
		{cell: `["a",]`, code: ListInvalid},
		{cell: `["a" "b"]`, code: ListInvalid},
		{cell: `["a"]]`, code: ListInvalid},
		{cell: `[] x`, code: ListInvalid},
		{cell: `[`, code: ListInvalid},
		{cell: `[1]`, code: ListInvalid},
		{cell: `[null]`, code: ListInvalid},
		{cell: `[["a"]]`, code: ListInvalid},
		{cell: `["\x"]`, code: ListInvalid},
		{cell: "[\"a\nb\"]", code: ListInvalid},
		{cell: `[“a”]`, code: ListInvalid},
		{cell: `["\u0000"]`, code: InvalidText},
		{cell: `["` + strings.Repeat("x", 21) + `"]`, code: TooLong, detail: "20"},
		{cell: `["a"` + strings.Repeat(`,"a"`, 1000) + `]`, code: ListTooMany, detail: "1000"},
	}
	runParse(t, f, nil, append(cases, parseCase{cell: "a,b", code: ListInvalid}, parseCase{cell: "a", code: ListInvalid},
		parseCase{cell: `{"a":1}`, code: ListInvalid}))

	f.CommaSeparated = true
	runParse(t, f, nil, append(cases,
		parseCase{cell: "a, b ,c", want: `["a","b","c"]`},
		parseCase{cell: "a", want: `["a"]`},
		parseCase{cell: ",a,,", want: `["a"]`},
		parseCase{cell: ",", want: `[]`},
		parseCase{cell: "Ａ，Ｂ", want: `["Ａ，Ｂ"]`},
		parseCase{cell: strings.Repeat(",", 1000), code: ListTooMany, detail: "1000"},
	))
}

func TestParseNumberList(t *testing.T) {
	t.Parallel()
	f := &Field{Key: "sizes", Type: NumberList}
	cases := []parseCase{
		{cell: "[1,2]", want: "[1,2]"},
		{cell: "[ 1.50 , -2 ]", want: "[1.5,-2]"},
		{cell: "［１，２］", want: "[1,2]"},
		{cell: "[]", want: "[]"},
		{cell: "[1,1]", want: "[1,1]"},
		{cell: "[1,,2]", code: ListInvalid},
		{cell: "[1", code: ListInvalid},
		{cell: `["1"]`, code: NumberInvalid},
		{cell: "[1e3]", code: NumberExponent},
		{cell: "[a]", code: NumberInvalid},
		{cell: "[" + strings.Repeat("9", 39) + "]", code: NumberTooLong, detail: "38"},
	}
	runParse(t, f, nil, append(cases, parseCase{cell: "1,2", code: ListInvalid}))
	f.CommaSeparated = true
	runParse(t, f, nil, append(cases, parseCase{cell: "1, ２", want: "[1,2]"}))
}

func TestParseTags(t *testing.T) {
	t.Parallel()
	f, _ := Standard().Field("tags")
	runParse(t, &f, tokyo(t), []parseCase{
		{cell: "男性/サラリーマン, 男性/30代", want: `["男性/サラリーマン","男性/30代"]`},       // seed 000
		{cell: `["基本/段階1", "フィルター/段階2"]`, want: `["基本/段階1","フィルター/段階2"]`}, // seed 004
		{cell: "VIP", want: `["VIP"]`},
		{cell: "b,a,b,c,a", want: `["b","a","c"]`},
		{cell: `[]`, want: `[]`},
		{cell: "ＶＩＰ", want: `["ＶＩＰ"]`},
		{cell: "か\u3099,が", want: `["が"]`},
		{cell: "a/b/c", code: TagLevels, detail: "a/b/c"},
		{cell: "ok,/a", code: TagLevels, detail: "/a"},
		{cell: "a/", code: TagLevels, detail: "a/"},
		{cell: "/", code: TagLevels, detail: "/"},
		{cell: "a//b", code: TagLevels, detail: "a//b"},
		{cell: "a.b", code: TagCharacter, detail: "a.b"},
		{cell: "$a", code: TagCharacter, detail: "$a"},
		{cell: `a\b`, code: TagCharacter, detail: `a\b`},
		{cell: `["a\\b"]`, code: TagCharacter, detail: `a\b`},
		{cell: "a b", code: TagCharacter, detail: "a b"},
		{cell: "a　b", code: TagCharacter, detail: "a　b"},
		{cell: "男性 / 30代", code: TagCharacter, detail: "男性 / 30代"},
		{cell: "[VIP]", code: ListInvalid},
		{cell: strings.Repeat("a", 101), code: TooLong, detail: "100"},
		{cell: strings.Repeat("あ", 60) + " x", code: TagCharacter, detail: strings.Repeat("あ", 40) + "…"},
	})
}

func TestManyTagsAreDistinctToo(t *testing.T) {
	t.Parallel()
	f, _ := Standard().Field("tags")
	var cell []string
	for i := range 900 {
		cell = append(cell, fmt.Sprint("t", i%300))
	}
	v, _, p := f.Parse(strings.Join(cell, ","), nil)
	if p != nil || len(v.List) != 300 || v.List[299] != "t299" {
		t.Errorf("900 tags of which 300 differ gave %d, %+v", len(v.List), p)
	}
}
