package e2e

import (
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
)

// Seed 000: 会員情報を一括追加・更新する方法. What is not imported stays, empty cells overwrite nothing, and the merge key
// (差し込みキー) is one of member number, e-mail, phone and LINE.

// TestSeed000FormatsOfTheManual imports the manual's example of every field, under the manual's names of the fields.
func TestSeed000FormatsOfTheManual(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	header := `氏名 (name)*,名前 (first name),姓 (last name),会員番号 (member_sn),メールアドレス (email),電話番号 (phone),会員ランク (member level),` +
		`Google ID,Facebook ID,LINE ID,Messenger PSID,タグ (tags),APNs Token,FCM Token,登録日 (register date),国コード (iso_code),生年月日 (birthday),` +
		`市町村町 (city),国 (country),性別 (sex),会員登録経由 (register_type),メール受信可否(is_subsriber),SMS受信可否(is_subscriber_sms),` +
		`LINE受信可否(is_subscriber_line),プッシュ通知受信可否(is_subscriber_pn),メッセンジャー受信可否(is_subscriber_messenger),CRM キー(crm_pk),状態 (is_active)`
	row := `佐藤一郎,一郎,佐藤,654321UX7,Ichiro.sato@bebit.com,+810123456789,VIP,g1,f1,U1,P1,"男性/サラリーマン, 男性/30代",a1,c1,2023-01-01,JP,1990-05-20,` +
		`Tokyo,Japan,male,LINE,TRUE,FALSE,TRUE,TRUE,TRUE,crm1,TRUE`
	i := w.csv(t, client.Options{}, header, row, `井上花子,,,654321UX8,,+81 090-1234-5678,,,,,,,,,2023/01/01,,1990/05/20,,,female,,,,,,,,FALSE`)
	wantCounted(t, i, "created 2")
	for _, c := range i.Mapping {
		if c.Field == "" {
			t.Errorf("the column %q is not imported", c.Header)
		}
	}
	w.wantShown(t, "name,first_name,last_name,member_sn,email,phone,member_level,google_id,facebook_id,line_id,messenger_psid", ""+
		"佐藤一郎,一郎,佐藤,654321UX7,Ichiro.sato@bebit.com,+81123456789,VIP,g1,f1,U1,P1\n"+
		"井上花子,,,654321UX8,,+819012345678,,,,,\n")
	w.wantShown(t, "tags,apns_token,fcm_token,register_date,iso_code,birthday,city,country,sex,register_type,crm_pk,is_active", ""+
		`["男性/サラリーマン","男性/30代"],a1,c1,2023-01-01,JP,1990-05-20,Tokyo,Japan,1,LINE,crm1,true`+"\n"+
		`,,,2023-01-01,,1990-05-20,,,2,,,false`+"\n")
	// Consents are TRUE where nothing is said.
	w.wantShown(t, "is_subscriber,is_subscriber_sms,is_subscriber_line,is_subscriber_pn,is_subscriber_messenger", ""+
		"true,false,true,true,true\ntrue,true,true,true,true\n")
}

// TestSeed000OnlyTheFieldsToBeChanged are the manual's two examples (2-1, 2-2): a file of the member number and the
// subscription, and one of the member number and the level.
func TestSeed000OnlyTheFieldsToBeChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.csv(t, client.Options{}, "会員番号,氏名,メールアドレス,会員ランク", "1,佐藤一郎,a@example.jp,VIP", "2,井上花子,b@example.jp,一般")
	wantCounted(t, w.csv(t, client.Options{}, "会員番号,サブスクライブするかどうか", "1,FALSE", "2,TRUE"), "updated 1, unchanged 1")
	wantCounted(t, w.csv(t, client.Options{}, "会員番号,メンバーレベル", "1,", "2,VIP"), "updated 1, unchanged 1")
	w.wantShown(t, "member_sn,name,email,member_level,is_subscriber", "1,佐藤一郎,a@example.jp,VIP,false\n2,井上花子,b@example.jp,VIP,true\n")
}

func TestSeed000MergeKeys(t *testing.T) {
	t.Parallel()
	for key, tt := range map[string]struct{ header, known, unknown string }{
		"member_sn": {"会員番号", "654321ux7", "N1"},
		"email":     {"メール", "ICHIRO.sato@bebit.com", "new@example.jp"},
		"phone":     {"電話番号", "+81 090-1234-5678", "+818011112222"},
		"line_id":   {"LINE", "U1", "U2"},
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.csv(t, client.Options{}, "会員番号,氏名,メールアドレス,電話番号,LINE ID,市町村町", "654321ux7,佐藤一郎,Ichiro.sato@bebit.com,+819012345678,U1,Tokyo")
			i := w.csv(t, client.Options{Key: key, Map: map[string]string{tt.header: key}},
				tt.header+",氏名,国,市町村町", tt.known+",,Japan,", tt.unknown+",井上花子,Japan,", ",上田,Japan,")
			wantCounted(t, i, "created 1, updated 1, failed 1")
			w.wantFailed(t, i.ID, "4 key_missing")
			w.wantShown(t, "id,member_sn,name,country,city", ""+
				"1,654321ux7,佐藤一郎,Japan,Tokyo\n"+
				"3,"+map[bool]string{true: tt.unknown}[key == "member_sn"]+",井上花子,Japan,\n")
		})
	}
}

// TestSeed000KeyMustBeImported: 「会員番号」をマージキーとして使用する場合は、インポート時に「会員番号」フィールドを含める必要があります.
func TestSeed000KeyMustBeImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	i, err := w.client.Create(t.Context(), client.Options{FileName: "file.csv", Key: "phone"})
	must(t, err)
	file := "会員番号,氏名\n1,佐藤一郎\n"
	_, err = w.client.UploadSource(t.Context(), i.ID, strings.NewReader(file), int64(len(file)), nil)
	must(t, err)
	if _, err := w.client.Start(t.Context(), i.ID, client.Options{}); err == nil || !strings.Contains(err.Error(), "電話番号") {
		t.Errorf("a file without the key was started: %v", err)
	}
}
