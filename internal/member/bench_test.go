package member

import "testing"

// BenchmarkParse measures one cell of each type as real files have them.
func BenchmarkParse(b *testing.B) {
	schema := Standard()
	loc := tokyo(b)
	for _, c := range []struct{ name, field, cell string }{
		{"string ASCII", "crm_pk", "654321UX7"},
		{"string Japanese", "name", "佐藤 一郎"},
		{"member number", "member_sn", "M000123456"},
		{"email", "email", "ichiro.sato@example.co.jp"},
		{"phone E.164", "phone", "+819012345678"},
		{"phone mobile", "phone", "090-1234-5678"},
		{"phone landline", "phone", "03-1234-5678"},
		{"phone full-width", "phone", "０９０－１２３４－５６７８"},
		{"integer", "bounce_count", "12"},
		{"date ISO", "birthday", "1990-05-20"},
		{"date slashes", "birthday", "1990/5/20"},
		{"date kanji", "birthday", "1990年5月20日"},
		{"date wareki", "birthday", "平成2年5月20日"},
		{"datetime local", "created_at", "2025/5/4 9:05"},
		{"datetime offset", "created_at", "2025-05-04T09:00:00+09:00"},
		{"epoch", "created_at", "1746316800000"},
		{"boolean", "is_subscriber", "TRUE"},
		{"boolean sign", "is_subscriber", "○"},
		{"choice", "sex", "男性"},
		{"choice number", "sex", "2"},
		{"tags", "tags", "男性/サラリーマン, 男性/30代"},
		{"tags JSON", "tags", `["基本/段階1", "フィルター/段階2"]`},
		{"problem", "email", "not an address"},
	} {
		f := &schema.Fields()[schema.Index(c.field)]
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Parse(c.cell, loc)
			}
		})
	}
}

func BenchmarkSuggest(b *testing.B) {
	s := Standard()
	headers := []string{"会員番号 (member_sn)", "氏名 (name)*", "メールアドレス (email)", "電話番号", "生年月日", "配信停止", "趣味"}
	b.ReportAllocs()
	for b.Loop() {
		s.Suggest(headers)
	}
}

func BenchmarkCarrier(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Carrier("taro..yamada.@docomo.ne.jp")
	}
}
