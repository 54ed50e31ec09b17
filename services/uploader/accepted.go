package uploader

import (
	"regexp"
	"strings"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

var (
	limitValues = member.Text{JA: "0以上の整数（件数）、0%～100%（割合）、none（無制限）", EN: "a whole number from 0, a percentage from 0% to 100%, or none"}
	truthValues = member.Text{JA: "true, false", EN: "true, false"}
	columnsText = member.Text{JA: "列名と値のオブジェクト", EN: "an object from columns to values"}
)

// acceptedText says what values an option has, where more than one word can be wrong with it.
var acceptedText = map[string]member.Text{
	"preset":           presetValues(),
	"kind":             values(member.Kinds),
	"mode":             values(member.Modes),
	"key":              {JA: "キーとして使用できる項目のキー（member_sn, email など）", EN: "a field that can be the key, such as member_sn or email"},
	"blank":            values(member.Blanks),
	"list_values":      values(member.ListPolicies),
	"duplicates":       values(member.DuplicateSet),
	"multiple_matches": values(member.MultipleSet),
	"new_consent":      values(member.NewConsents),
	"consent":          values(member.ConsentRules),
	"registration":     values(member.Registrations),
	"import_tag": {
		JA: "100文字以内の1つのタグ（group/tag のように2階層まで。カンマ、空白、「.」「$」「\\」は使用できません）",
		EN: "one tag of at most 100 characters, with at most two levels, as in group/tag, and without commas, blanks, . $ and \\",
	},
	"skip_without":        {JA: "列が割り当てられている項目のキー（email など）", EN: "a field that a column is mapped to, such as email"},
	"blank_columns":       columnValues(member.Blanks),
	"list_values_columns": columnValues(member.ListPolicies),
	"dry_run":             truthValues,
	"max_failed":          limitValues,
	"max_removed":         limitValues,
	"max_changed":         limitValues,
	"note":                {JA: "1,000文字以内の文字列", EN: "text of at most 1,000 characters"},
	"notify":              {JA: "recipients と min_rows のオブジェクト", EN: "an object with recipients and min_rows"},
	"notify.recipients":   {JA: "20件以内のメールアドレスの配列", EN: "a list of at most 20 e-mail addresses"},
	"notify.min_rows":     {JA: "0以上の整数", EN: "a whole number from 0"},
	"time_zone":           {JA: "Asia/Tokyo や UTC など、IANA のタイムゾーン名", EN: "the name of an IANA time zone, such as Asia/Tokyo or UTC"},
	"region":              {JA: "JP や US など、ISO 3166-1 の大文字2文字の国コード", EN: "an ISO 3166-1 country code of two capital letters, such as JP or US"},
	"encoding":            values(sheet.Encodings()),
	"delimiter":           {JA: "「,」「\\t」「;」「|」など、半角1文字の記号（タブは tab）", EN: `one ASCII character, such as "," "\t" ";" "|"; tab for a tabulator`},
	"no_header":           truthValues,
	"mapping_from":        {JA: "headers, remembered", EN: "headers, remembered"},
	"map":                 columnsText,
	"mapping.blank":       values(member.Blanks),
	"mapping.list_values": values(member.ListPolicies),
	"mapping.inverted":    truthValues,
	"label":               {JA: "改行を含まない100文字以内の文字列", EN: "text of at most 100 characters, in one line"},
	"email":               {JA: "メールアドレス", EN: "an e-mail address"},
	"expires_at":          {JA: "今より後の日時（RFC 3339 形式、例：2027-04-01T00:00:00+09:00）", EN: "a time to come, as in 2027-04-01T00:00:00+09:00"},
}

// values lists a closed set.
func values[T ~string](set []T) member.Text {
	names := make([]string, len(set))
	for n := range set {
		names[n] = string(set[n])
	}
	list := strings.Join(names, ", ")
	return member.Text{JA: list, EN: list}
}

// columnValues says what columns can be given of a closed set.
func columnValues[T ~string](set []T) member.Text {
	of := values(set)
	return member.Text{JA: columnsText.JA + "（値：" + of.JA + "）", EN: columnsText.EN + ", which are " + of.EN}
}

// presetValues lists the presets, in Japanese with the names that people know.
func presetValues() member.Text {
	var ja, en []string
	for _, p := range imports.Presets {
		ja, en = append(ja, string(p.Preset)+"（"+p.Name+"）"), append(en, string(p.Preset))
	}
	return member.Text{JA: strings.Join(ja, ", "), EN: strings.Join(en, ", ")}
}

// placeInList is where an option of one item of a list names the item.
var placeInList = regexp.MustCompile(`\[\d+\]`)

// acceptedFor says what values an option has; ok is false for one that says so in other ways.
func acceptedFor(option string) (member.Text, bool) {
	option = placeInList.ReplaceAllString(option, "")
	text, ok := acceptedText[option]
	if whole, _, inside := strings.Cut(option, "."); inside && !ok {
		text, ok = acceptedText[whole] // the value of one column
	}
	return text, ok
}

// wrongOption refuses the value of an option that is in the table above.
func wrongOption(option string) part { return notAccepted(option, acceptedText[option]) }

// notAccepted refuses the value of an option, in the caller's language.
func notAccepted(option string, accepted member.Text) part {
	return part{code: codeOption, option: option, say: func(lang tenant.Language) string {
		return sentence(codeOption, nil, []string{"option", option, "accepted", accepted.In(lang)}, lang)
	}}
}
