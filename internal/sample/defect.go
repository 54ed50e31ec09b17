package sample

import "github.com/meibo/meibo/internal/member"

// defect is one way in which a row is bad. Each makes exactly one problem.
type defect struct {
	code member.Code
	// column is the key of the field whose cell is bad, or empty where the row as a whole is.
	column string
	// texts are what the bad cell holds, in turn.
	texts []string
}

func (d *defect) text(i int) string { return d.texts[i%len(d.texts)] }

// defects are what goes wrong in files of members, as product.md has it.
var defects = []defect{
	{member.KeyMissing, "member_sn", []string{""}},
	{member.Required, "name", []string{""}},
	{member.EmailInvalid, "email", []string{"taro.example.com", "hanako@", "@example.jp", "taro yamada@example.jp"}},
	{member.PhoneInvalid, "phone", []string{"12345", "090-12", "電話なし"}},
	{member.DateImpossible, "birthday", []string{"1990-02-30", "1985/06/31", "2001年2月29日"}},
	{member.DateInvalid, "birthday", []string{"不明", "春ごろ"}},
	{member.DateDots, "register_date", []string{"2021.04.01", "2019.10.15"}},
	{member.ChoiceUnknown, "sex", []string{"不明", "回答しない", "3"}},
	{member.BooleanInvalid, "is_subscriber", []string{"たぶん", "受信する", "2"}},
	{member.TooFewCells, "", nil},
	{member.TooManyCells, "", nil},
}
