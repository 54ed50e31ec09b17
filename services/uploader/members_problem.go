package uploader

import (
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// memberSentences are what people read where what they have to do about a problem differs from what they would do about
// the cell of a file.
var memberSentences = map[member.Code]member.Text{
	member.UnknownField:     {JA: "「{field}」という項目はありません。項目のキーを確認してください。", EN: "There is no field {field}. Please check its key."},
	member.ReadOnly:         {JA: "「{field}」は自動で設定される項目のため、指定できません。リクエストから取り除いてください。", EN: "{field} is set automatically and cannot be given. Please leave it out."},
	member.CannotClear:      {JA: "「{field}」の値は消去できません。値を指定するか、リクエストから取り除いてください。", EN: "{field} cannot be cleared. Please give a value, or leave it out."},
	member.ConsentProtected: {JA: "配信停止を希望した会員のため、「{field}」を受信可にできません。本人の同意を確認し、オーナーまたは管理者のキーで consent=allow を指定してください。", EN: "The member has opted out, so {field} cannot be turned on. If the member has agreed since, please send consent=allow with the key of an owner or admin."},
	member.LeadMemberNumber: {JA: "リードに会員番号は登録できません。会員番号を取り除くか、会員（kind: member）として登録してください。", EN: "A lead cannot have a member number. Please leave it out, or create a member (kind: member)."},
	member.RowTooLong:       {JA: "値の長さの合計が上限を超えています。値を短くしてください。", EN: "The values are too long altogether. Please shorten them."},
}

// refuseMember refuses what is said of a member, one part for each problem.
func refuseMember(problems []member.Problem, s *member.Schema) error {
	parts := make([]part, 0, len(problems))
	for _, p := range problems {
		if p.Code == member.UnknownField && slices.Contains(heads, p.Field) {
			p.Code = member.ReadOnly
		}
		parts = append(parts, part{code: string(p.Code), field: p.Field, say: func(lang tenant.Language) string { return memberSentence(p, lang, s) }})
	}
	return invalid(parts...)
}

func memberSentence(p member.Problem, lang tenant.Language, s *member.Schema) string {
	text, ok := memberSentences[p.Code]
	if !ok {
		return p.Sentence(lang, s)
	}
	label := p.Field
	if f, known := s.Field(p.Field); known && f.Label.In(lang) != "" {
		label = f.Label.In(lang)
	}
	return strings.NewReplacer("{field}", label).Replace(text.In(lang))
}
