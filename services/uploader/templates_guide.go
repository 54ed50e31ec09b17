package uploader

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/meibo/meibo/internal/member"
)

// guideChoices is the column, from 0, where the values begin that drop-downs offer, one a cell.
const guideChoices = 7

// guideWidths are those of the columns of the guide, in characters.
var guideWidths = []float64{24, 24, 12, 16, 64, 34, 12, 14, 14, 18, 14, 14, 16}

func (t *template) guideName() string { return t.say("項目の説明", "Fields") }

// guide explains each field in a row, in the order of the columns, below a header.
func (t *template) guide() [][]string {
	rows := [][]string{{
		t.say("キー", "Key"), t.say("項目名", "Label"), t.say("必須", "Required"), t.say("種類", "Type"),
		t.say("入力できる値", "Accepted values"), t.say("入力例", "Example"), t.say("最大文字数", "Max length"), t.say("選択肢", "Choices"),
	}}
	for i := range t.fields {
		f := &t.fields[i]
		about := typeGuide[f.Type]
		row := []string{
			f.Key, f.Label.In(t.lang), "", about.name.In(t.lang), t.accepted(f), t.example(f), "",
		}
		if f.Required {
			row[2] = t.say("必須", "Required")
		}
		if n := f.Longest(); n > 0 {
			row[6] = strconv.Itoa(n)
		}
		rows = append(rows, append(row, t.choices(f)...))
	}
	return rows
}

// choices are the values that a drop-down offers.
func (t *template) choices(f *member.Field) (values []string) {
	if f.Type == member.Boolean {
		return []string{"TRUE", "FALSE"}
	}
	for _, o := range f.Choices {
		values = append(values, choiceName(o, t))
	}
	return values
}

func choiceName(o member.Option, t *template) string {
	if label := o.Label.In(t.lang); label != "" {
		return label
	}
	return o.Key
}

// accepted says what a cell of the field may hold, and what an empty one means where that is not plain.
func (t *template) accepted(f *member.Field) string {
	var said []string
	switch {
	case f.Country:
		said = append(said, t.say("ISO 3166-1の国コード（アルファベット2文字）です。", "An ISO 3166-1 country code of two letters."))
	case f.CommaSeparated && f.Type != member.Tags:
		said = append(said, t.say("値をカンマで区切るか、JSONの配列で入力します。", "Values separated by commas, or a JSON array."))
	default:
		said = append(said, typeGuide[f.Type].accepted.In(t.lang))
	}
	if len(f.Choices) > 0 {
		var names []string
		for _, o := range f.Choices {
			names = append(names, fmt.Sprintf("%s = %d", choiceName(o, t), o.Number))
		}
		said = append(said, t.say("（", "(")+strings.Join(names, ", ")+t.say("）", ")"))
	}
	if f.Type == member.Boolean && f.Default.Set {
		value := strings.ToUpper(strconv.FormatBool(f.Default.Bool()))
		said = append(said, t.say("新しい会員で空欄の場合は "+value+" になります。", "Empty means "+value+" for a new member."))
	}
	if t.kind == member.KindLead && (f.Type == member.Email || f.Type == member.Phone) {
		said = append(said, t.say("リードにはメールアドレスか電話番号が必要です。", "A lead needs an e-mail address or a phone number."))
	}
	if f.MergeKey {
		said = append(said, t.say("取り込みのキーとして使用できます。", "It can be the key of an import."))
	}
	return join(t.lang, said...)
}

// example is a value that the field accepts.
func (t *template) example(f *member.Field) string {
	switch text, ok := fieldExample[f.Key]; {
	case ok:
		return text.In(t.lang)
	case len(f.Choices) > 0:
		return choiceName(f.Choices[0], t)
	}
	return typeGuide[f.Type].example.In(t.lang)
}

// explanation tells people of a type.
type explanation struct{ name, accepted, example member.Text }

func same(text string) member.Text { return member.Text{JA: text, EN: text} }

// typeGuide explains every type of product.md.
var typeGuide = map[member.Type]explanation{
	member.String: {member.Text{JA: "文字列", EN: "Text"}, member.Text{JA: "任意の文字を入力できます。", EN: "Any text."}, member.Text{}},
	member.Email: {
		member.Text{JA: "メールアドレス", EN: "E-mail"},
		member.Text{JA: "@を1つ含むメールアドレスです。空白は使用できません。", EN: "An address with one @ and no blanks."},
		same("taro@example.jp"),
	},
	member.Phone: {
		member.Text{JA: "電話番号", EN: "Phone"},
		member.Text{JA: "国番号付きの番号、または国内の番号です。", EN: "A number with its country code, or one of the import's own country."},
		member.Text{JA: "090-1234-5678、+819012345678", EN: "090-1234-5678, +819012345678"},
	},
	member.Number: {
		member.Text{JA: "数値", EN: "Number"},
		member.Text{JA: "整数または小数です。桁区切りのカンマは使用できません。", EN: "A whole or decimal number, without thousands separators."},
		member.Text{JA: "1、1.01", EN: "1, 1.01"},
	},
	member.Date: {
		member.Text{JA: "日付", EN: "Date"},
		member.Text{JA: "西暦（2024-05-04、2024/5/4、20240504、2024年5月4日）または和暦（令和6年5月4日）です。", EN: "A date such as 2024-05-04, 2024/5/4 or 20240504."},
		same("2024-05-04"),
	},
	member.DateTime: {
		member.Text{JA: "日時", EN: "Date and time"},
		member.Text{JA: "日付と時刻です。時刻は省略できます。", EN: "A date with a time of day, which may be left out."},
		member.Text{JA: "2024/5/4 9:30、2024-05-04T09:30:00+09:00", EN: "2024/5/4 9:30, 2024-05-04T09:30:00+09:00"},
	},
	member.Boolean: {
		member.Text{JA: "真偽値", EN: "True or false"},
		member.Text{JA: "TRUE または FALSE です。yes、y、1、○ と no、n、0、× も使用できます。", EN: "TRUE or FALSE; also yes, y, 1, ○ and no, n, 0, ×."},
		same("TRUE"),
	},
	member.Choice: {
		member.Text{JA: "選択肢", EN: "Choice"},
		member.Text{JA: "選択肢の名前または番号です。", EN: "The name or number of a choice."},
		member.Text{},
	},
	member.List: {
		member.Text{JA: "リスト", EN: "List"},
		member.Text{JA: "値をJSONの配列で入力します。", EN: "A JSON array of texts."},
		member.Text{JA: `["値1","値2"]`, EN: `["one","two"]`},
	},
	member.NumberList: {
		member.Text{JA: "数値のリスト", EN: "List of numbers"},
		member.Text{JA: "数値をJSONの配列で入力します。", EN: "A JSON array of numbers."},
		same("[1,2]"),
	},
	member.Tags: {
		member.Text{JA: "タグ", EN: "Tags"},
		member.Text{JA: "タグをカンマで区切ります。「グループ/タグ」のように2階層まで使用できます。最大文字数は1つのタグの長さです。", EN: "Tags separated by commas, at most two levels as in group/tag. The length is that of one tag."},
		member.Text{JA: "男性/30代,東京", EN: "gender/male,tokyo"},
	},
}

// fieldExample are values for fields of which the type tells too little.
var fieldExample = map[string]member.Text{
	"member_sn":      same("A-00012"),
	"name":           {JA: "佐藤 一郎", EN: "Ichiro Sato"},
	"first_name":     {JA: "一郎", EN: "Ichiro"},
	"last_name":      {JA: "佐藤", EN: "Sato"},
	"birthday":       same("1990-05-20"),
	"city":           {JA: "横浜市", EN: "Yokohama"},
	"country":        {JA: "日本", EN: "Japan"},
	"iso_code":       same("JP"),
	"register_type":  same("LINE"),
	"member_level":   same("VIP"),
	"crm_pk":         same("CRM-00012"),
	"google_id":      same("104839271650912345678"),
	"facebook_id":    same("100012345678901"),
	"line_id":        same("U4af4980629a1b2c3d4e5f60718293a4b"),
	"messenger_psid": same("5038163342937843"),
}
