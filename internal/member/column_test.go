package member

import (
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/tenant"
)

func TestMatchColumnKnowsTheSpellingsOfTheManuals(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		// seed 000
		"氏名 (name)*": "name", "(first name)": "first_name", "姓 (last name)": "last_name", "会員番号 (member_sn)": "member_sn",
		"メールアドレス (email)": "email", "電話番号 (phone)": "phone", "会員ランク (member level)": "member_level", "Google ID": "google_id",
		"Facebook ID": "facebook_id", "LINE ID": "line_id", "LINEユーザーID": "line_id", "Messenger PSID": "messenger_psid", "タグ (tags)": "tags", "APNs Token": "apns_token",
		"FCM Token": "fcm_token", "登録日 (register date)": "register_date", "国コード (iso_code)": "iso_code", "生年月日 (birthday)": "birthday",
		"市町村町 (city)": "city", "国 (country)": "country", "性別 (sex)": "sex", "会員登録経由 (register_type)": "register_type",
		"メール受信可否(is_subsriber)": "is_subscriber", "SMS受信可否(is_subscriber_sms)": "is_subscriber_sms",
		"LINE受信可否(is_subscriber_line)": "is_subscriber_line", "プッシュ通知受信可否(is_subscriber_pn)": "is_subscriber_pn",
		"メッセンジャー受信可否(is_subscriber_messenger)": "is_subscriber_messenger", "CRM キー(crm_pk)": "crm_pk", "状態 (is_active)": "is_active",
		"メンバー番号": "member_sn", "サブスクライブするかどうか": "is_subscriber", "メンバー レベル": "member_level", "メール": "email",
		// seed 003
		"データID (数値)": "id", "データID": "id", "ID": "id", "メールアドレス(テキスト)": "email", "バウンス回数(数値)": "bounce_count",
		"デバイスフラグ": "device", "携帯キャリアフラグ": "carrier", "名前": "name", "会員番号": "member_sn",
		// seed 004
		"会員ID(mamberId)": "member_sn", "会員ID(memberId)": "member_sn", "memberId": "member_sn", "携帯番号": "phone", "mobileNumber": "phone",
		"profile.mobileNumber": "phone", "landlineNumber": "phone", "user.userImportTag": "import_tags", "顧客インポートタグ": "import_tags",
		"createdAt": "created_at", "updateAt": "updated_at", "lastSeenAt": "last_seen_at",
		// what people write
		"会員No": "member_sn", "会員No.": "member_sn", "会員№": "member_sn", "会員ＮＯ": "member_sn", "member id": "member_sn", "MEMBER_SN": "member_sn",
		"お名前": "name", "氏名（必須）": "name", "【必須】氏名": "name", "氏名※": "name", "氏名＊": "name", "ｼﾒｲ": "", "E-Mail": "email", "Ｅメール": "email",
		"ﾒｰﾙｱﾄﾞﾚｽ": "email", "メール　アドレス": "email", "メール・アドレス": "email", "Email Address": "email", "TEL": "phone", "℡": "phone",
		"電話番号（携帯）": "phone", "gender": "sex", "誕生日": "birthday", "氏名（姓）": "last_name", "氏名（名）": "first_name", "First Name": "first_name",
		"": "", "趣味": "", "()": "", "*": "", "会員番号2": "", strings.Repeat("氏名", 200): "", "\xff": "",
	} {
		f, inverted, ok := Standard().MatchColumn(header)
		if f.Key != want || inverted || ok != (want != "") {
			t.Errorf("MatchColumn(%q) = %q, %v, %v; want %q", header, f.Key, inverted, ok, want)
		}
	}
}

func TestMatchColumnFindsEveryKeyLabelAndSynonymOfEveryField(t *testing.T) {
	t.Parallel()
	s := Standard()
	for _, f := range s.Fields() {
		names := append([]string{f.Key, f.Label.JA, f.Label.EN, f.Label.JA + " (" + f.Key + ")*"}, f.Synonyms...)
		for _, name := range names {
			if got, inverted, _ := s.MatchColumn(name); got.Key != f.Key || inverted {
				t.Errorf("MatchColumn(%q) = %q, %v; want %q", name, got.Key, inverted, f.Key)
			}
		}
		for _, name := range f.Inverted {
			if got, inverted, _ := s.MatchColumn(name); got.Key != f.Key || !inverted {
				t.Errorf("MatchColumn(%q) = %q, %v; want %q inverted", name, got.Key, inverted, f.Key)
			}
		}
	}
}

func TestMatchColumnInvertsOppositePolarity(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"unsubscribeEmail": "is_subscriber", "unsubscribeTexting": "is_subscriber_sms", "受信拒否(unsubscribeEmail)": "is_subscriber",
		"受信拒否 (unsubscribeTexting)": "is_subscriber_sms", "配信停止": "is_subscriber", "メール配信停止": "is_subscriber", "退会": "is_active",
		"unsubscribe_email": "is_subscriber", "SMS 配信停止": "is_subscriber_sms",
	} {
		f, inverted, ok := Standard().MatchColumn(header)
		if f.Key != want || !inverted || !ok {
			t.Errorf("MatchColumn(%q) = %q, %v, %v; want %q inverted", header, f.Key, inverted, ok, want)
		}
	}
}

func TestSuggestMapsEachFieldOnceToItsBestColumn(t *testing.T) {
	t.Parallel()
	s := Standard()
	for _, c := range []struct{ headers, want string }{
		{"会員番号,氏名,メールアドレス,電話番号,好きな色", "member_sn,name,email,phone,"},
		{"メール,メールアドレス,email", ",,email"},
		{"mail,メール", ",email"}, // メール is the earlier synonym
		{"氏名,氏名", "name,"},
		{"固定電話番号,携帯番号", ",phone"},
		{"姓,名前", "last_name,first_name"},
		{"名前 (first name),姓 (last name),氏名 (name)*", "first_name,last_name,name"},
		{"名前,姓,名", "name,last_name,first_name"},
		{"名前,メールアドレス", "name,email"},
		{"データID,メールアドレス,バウンス回数,デバイスフラグ,携帯キャリアフラグ,メルマガA", ",email,,device,,"},
		{"created_at,updated_at,last_seen_at,import_tags", ",,,"},
		{"memberId,unsubscribeEmail,unsubscribeTexting", "member_sn,!is_subscriber,!is_subscriber_sms"},
		// Columns that say opposite things of a consent are both suggested, so that the start asks which one counts.
		{"会員番号,メール受信可否,配信停止", "member_sn,is_subscriber,!is_subscriber"},
		{"", ""},
	} {
		headers := strings.Split(c.headers, ",")
		var got []string
		for i, col := range s.Suggest(headers) {
			if col.Header != headers[i] {
				t.Errorf("Suggest(%q): column %d has the header %q", c.headers, i, col.Header)
			}
			mark := ""
			if col.Inverted {
				mark = "!"
			}
			got = append(got, mark+col.Field)
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("Suggest(%q) = %q, want %q", c.headers, got, c.want)
		}
	}
}

func TestCheckMapping(t *testing.T) {
	t.Parallel()
	s := Standard()
	col := func(field string) Column { return Column{Header: "H-" + field, Field: field} }
	for _, c := range []struct {
		name string
		m    Mapping
		key  string
		want []MappingProblem
	}{
		{"good", Mapping{col("member_sn"), col("name"), {Header: "x"}}, "member_sn", nil},
		{"good inverted", Mapping{col("email"), {Header: "配信停止", Field: "is_subscriber", Inverted: true}}, "email", nil},
		{"id as key", Mapping{col("id"), col("name")}, "id", nil},
		{"id beside another key", Mapping{col("id"), col("email")}, "email", []MappingProblem{{FieldReadOnly, "id", "H-id"}}},
		{"read-only", Mapping{col("email"), col("carrier")}, "email", []MappingProblem{{FieldReadOnly, "carrier", "H-carrier"}}},
		{"unknown", Mapping{col("email"), col("shoe_size")}, "email", []MappingProblem{{UnknownField, "shoe_size", "H-shoe_size"}}},
		{"twice", Mapping{col("email"), col("name"), {Header: "again", Field: "name"}}, "email", []MappingProblem{{FieldMappedTwice, "name", "again"}}},
		{"key not mapped", Mapping{col("name")}, "phone", []MappingProblem{{KeyNotMapped, "phone", ""}}},
		{"no key field", Mapping{col("name")}, "name", []MappingProblem{{KeyNotAKeyField, "name", ""}}},
		{"unknown key", Mapping{col("name")}, "nothing", []MappingProblem{{UnknownField, "nothing", ""}}},
		{"not boolean", Mapping{col("email"), {Header: "h", Field: "name", Inverted: true}}, "email", []MappingProblem{{NotInvertible, "name", "h"}}},
		{"everything", Mapping{col("carrier"), col("x")}, "email", []MappingProblem{
			{FieldReadOnly, "carrier", "H-carrier"}, {UnknownField, "x", "H-x"}, {KeyNotMapped, "email", ""},
		}},
	} {
		got := s.CheckMapping(c.m, c.key)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: CheckMapping = %+v, want %+v", c.name, got, c.want)
		}
		for _, p := range got {
			for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
				if text := p.Sentence(lang, s); strings.ContainsAny(text, "{}") || !strings.Contains(text, p.Header) {
					t.Errorf("%s: %q is no finished sentence about %q", c.name, text, p.Header)
				}
			}
		}
	}
}

func TestLooksLikeHeader(t *testing.T) {
	t.Parallel()
	s := Standard()
	for _, c := range []struct {
		row  string
		want bool
	}{
		{"会員番号|氏名|メールアドレス", true},
		{"member_sn|name|email", true},
		{"ID|メールアドレス |名前|趣味", true},
		{"会員のメールアドレス（必須）|a", true},
		{"ﾒｰﾙｱﾄﾞﾚｽ", true},
		{"member_sn", true},
		{"氏名|趣味|好きな色|血液型", true},
		{"会員番号|氏名|住所1|住所2|住所3|住所4", true},
		{"会員番号|氏名|電話番号|2023|2024", true},
		{"氏名|住所1|住所２|備考10", true},
		{"氏名|1-2-3|丸の内100|備考", false},
		{"", false},
		{"||", false},
		{"001|佐藤一郎|taro@example.com", false},
		{"佐藤一郎|taro＠example.com|有効", false},
		{"佐藤一郎|090-1234-5678|男性|有効", false},
		{"佐藤一郎|千代田区1-2-3|東京|有効", false},
		{"A001|佐藤一郎", false},
		{"趣味|好きな色", false},
	} {
		if got := s.LooksLikeHeader(strings.Split(c.row, "|")); got != c.want {
			t.Errorf("LooksLikeHeader(%q) = %v, want %v", c.row, got, c.want)
		}
	}
}
