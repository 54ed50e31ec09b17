package e2e

import (
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// Seed 003: エンドユーザーリスト. Five registration types (データ登録種別), a key that is chosen, and files as they come out of
// its templates.

// hobby is 趣味 of the manual's example, an attribute that the customer has added (テーブルセット).
var hobby = member.Definition{Key: "hobby", Type: "string", Label: member.Text{JA: "趣味"}}

// TestSeed003ColumnUpdateOfTheManual is カラム更新について, cell by cell: three members, a file of three rows with the ID as
// the key, and what must come of it.
func TestSeed003ColumnUpdateOfTheManual(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	i := w.csv(t, client.Options{Preset: "新規登録", Key: "email", NewFields: []member.Definition{hobby}},
		"メールアドレス ,名前,会員番号,趣味",
		"XXXX@XXXX.com,アララ太朗,12345,散歩",
		"YYYY@YYYY.com,アララ花子,54321,サッカー",
		"ZZZZ@ZZZZ.com,鈴木アララ,34567,野球")
	wantCounted(t, i, "created 3")
	w.wantShown(t, "id,email,name,member_sn,hobby", ""+
		"1,XXXX@XXXX.com,アララ太朗,12345,散歩\n"+
		"2,YYYY@YYYY.com,アララ花子,54321,サッカー\n"+
		"3,ZZZZ@ZZZZ.com,鈴木アララ,34567,野球\n")

	i = w.csv(t, client.Options{Preset: "カラム更新", Key: "id", Map: map[string]string{"ID": "id"}},
		"ID,メールアドレス ,名前,会員番号,趣味",
		"1,,アララ太朗,12345,散歩",
		"2,YYYY@YYYY.com,,,水泳",
		"3,ZZZZ@ZZZZ.com,鈴木アララ,,##DELETE##")
	wantCounted(t, i, "updated 2, skipped 1")
	w.wantShown(t, "id,email,name,member_sn,hobby", ""+
		"1,XXXX@XXXX.com,アララ太朗,12345,散歩\n"+
		"2,YYYY@YYYY.com,アララ花子,54321,水泳\n"+
		"3,ZZZZ@ZZZZ.com,鈴木アララ,34567,\n")
}

func TestSeed003RegistrationTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	preset := func(name string) client.Options { return client.Options{Preset: name, Key: "email"} }
	const fields = "email,name,city"
	header := "メールアドレス,氏名,市区町村"
	wantCounted(t, w.csv(t, preset("add"), header, "a@example.jp,青木,横浜市", "b@example.jp,馬場,札幌市", "c@example.jp,千葉,福岡市"), "created 3")

	// 追加登録: 指定したキーが重複する場合は登録されません.
	i := w.csv(t, preset("追加登録"), header, "B@example.jp,別人,仙台市", "d@example.jp,土井,仙台市", "d@example.jp,後の人,仙台市")
	wantCounted(t, i, "created 1, skipped 2")

	// レコード更新: the whole row, so that an empty cell empties its field; who is not known is added.
	i = w.csv(t, preset("レコード更新"), header, "a@example.jp,青木 一郎,", "e@example.jp,江口,川崎市")
	wantCounted(t, i, "created 1, updated 1")

	// カラム更新: 変更しない場合はカラムは空に、削除する場合は「##DELETE##」.
	i = w.csv(t, preset("カラム更新"), header, "b@example.jp,,", "c@example.jp,,##DELETE##", "f@example.jp,福田,大阪市")
	wantCounted(t, i, "created 1, updated 1, unchanged 1")

	// 削除: キーが一致したデータを削除します.
	wantCounted(t, w.csv(t, preset("削除"), "メールアドレス", "d@example.jp", "nobody@example.jp"), "deleted 1, skipped 1")
	w.wantShown(t, fields, ""+
		"a@example.jp,青木 一郎,\n"+
		"b@example.jp,馬場,札幌市\n"+
		"c@example.jp,千葉,\n"+
		"e@example.jp,江口,川崎市\n"+
		"f@example.jp,福田,大阪市\n")

	// 新規登録: 現在登録されている情報を置き換えます; of rows with the same key, 最初のデータのみが登録されます. Unless it is said, a
	// file does not remove more than a tenth of a list.
	file := []string{header, "b@example.jp,馬場 二郎,", "g@example.jp,後藤,京都市", "g@example.jp,後の人,奈良市"}
	if i = w.csv(t, preset("新規登録"), file...); i.Error == nil || i.Error.Code != string(member.MaxRemoved) || i.Removed != 0 {
		t.Errorf("import is %s with %d removed, want it to stop", i.State, i.Removed)
	}
	o := preset("新規登録")
	o.MaxRemoved = "none"
	wantCounted(t, w.csv(t, o, file...), "unchanged 2, skipped 1, removed 4")
	w.wantShown(t, fields, "b@example.jp,馬場 二郎,\ng@example.jp,後藤,京都市\n")
}

// TestSeed003KeyOfSeveralMembersIsRefused: キーに指定したデータが複数存在する場合は、安全のため処理はおこなわれません, and IDs are
// what the manual recommends then.
func TestSeed003KeyOfSeveralMembersIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.csv(t, client.Options{}, "会員番号,氏名,メールアドレス", "1,青木,a@example.jp", "2,馬場,A@example.jp", "3,千葉,c@example.jp")
	for _, preset := range []string{"record_update", "column_update", "delete"} {
		i := w.csv(t, client.Options{Preset: preset, Key: "email"}, "メールアドレス,氏名", "a@example.jp,別人")
		wantCounted(t, i, "failed 1")
		w.wantFailed(t, i.ID, "2 multiple_matches")
	}
	i := w.csv(t, client.Options{Preset: "delete", Key: "id", Map: map[string]string{"データID (数値)": "id"}}, "データID (数値)", "1")
	wantCounted(t, i, "deleted 1")
	w.wantShown(t, "member_sn,name", "2,馬場\n3,千葉\n")
}

// TestSeed003FilesOfItsTemplates: Shift_JIS and CRLF, a header row that is known by メールアドレス, choices by number, and the
// columns that need not be filled.
func TestSeed003FilesOfItsTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := w.client.ChangeList(t.Context(), "main", client.ListChange{Required: map[string]bool{"name": false}})
	must(t, err)
	hokkaido, tokyo := int64(1), int64(13)
	o := client.Options{Preset: "新規登録", Key: "email", NewConsent: "false", NewFields: []member.Definition{
		{Key: "news", Type: "boolean", Consent: true, Label: member.Text{JA: "週刊メルマガ"}},
		{Key: "prefecture", Type: "choice", Label: member.Text{JA: "都道府県"}, Choices: []member.DefinedChoice{
			{Number: &hokkaido, Label: member.Text{JA: "北海道"}}, {Number: &tokyo, Label: member.Text{JA: "東京"}},
		}},
	}}
	file := strings.Join([]string{
		"データID (数値),メールアドレス(テキスト),バウンス回数(数値),デバイスフラグ,携帯キャリアフラグ,週刊メルマガ,性別,都道府県",
		", taro..yamada.@docomo.ne.jp\t,5,3,,1,1,13",
		",hanako@ezweb.ne.jp,,4,0,0,2,1",
		",i@i.softbank.jp,,,,,,",
		",a b@example.jp,,,,1,,",
		",@example.jp,,,,1,,",
		",pc@example.jp,,9,,1,3,2",
		"",
	}, "\r\n")
	i := w.load(t, "list.csv", encoded(t, file, sheet.ShiftJIS), o)
	wantCounted(t, i, "created 3, failed 3")
	w.wantFailed(t, i.ID, "5 email_invalid", "6 email_invalid", "7 choice_unknown")
	want := "" +
		"taro..yamada.@docomo.ne.jp,3,1,0,true,1,13\n" +
		"hanako@ezweb.ne.jp,4,3,0,false,2,1\n" +
		"i@i.softbank.jp,,7,0,false,,\n"
	w.wantShown(t, "email,device,carrier,bounce_count,news,sex,prefecture", want)

	// Without a header row, columns are known by their places.
	o = client.Options{Preset: "レコード更新", Key: "email", NoHeader: true, Mapping: []client.Column{{Header: "1", Field: "email"}, {Header: "2", Field: "device"}}}
	i = w.load(t, "list.csv", []byte("hanako@ezweb.ne.jp,5\r\npc@example.jp,1\r\n"), o)
	wantCounted(t, i, "created 1, updated 1")
}
