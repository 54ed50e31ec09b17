package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/member"
)

// Seed 004: 顧客管理. Members are known by memberId, leads by an address or a number; a contact that both have is one person.

func TestSeed004MembersAreKnownByMemberID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	wantCounted(t, w.csv(t, client.Options{}, "memberId,name,email,mobileNumber", "m1,青木,a@example.jp,+819012345678", "m2,馬場,b@example.jp,"), "created 2")
	// Both contacts of a member can be corrected, since neither is the key.
	wantCounted(t, w.csv(t, client.Options{}, "memberId,email,mobileNumber", "m1,a2@example.jp,+81 080-1111-2222"), "updated 1")
	w.wantShown(t, "member_sn,email,phone", "m1,a2@example.jp,+818011112222\nm2,b@example.jp,\n")
}

// TestSeed004LeadsAreKnownByTheirContact: 既存顧客が複数いる場合は最も直近でアクセスした顧客情報をアップデートします.
func TestSeed004LeadsAreKnownByTheirContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	byEmail := client.Options{Kind: "lead", Key: "email"}
	wantCounted(t, w.csv(t, byEmail, "email,mobileNumber,name", "a@example.jp,+819012345678,青木"), "created 1")
	wantCounted(t, w.csv(t, byEmail, "email,mobileNumber,name", "b@example.jp,+819012345678,馬場", "a@example.jp,,青木 一郎"), "created 1, updated 1")
	byPhone := client.Options{Kind: "lead", Key: "phone"}
	i := w.csv(t, byPhone, "mobileNumber,city", "+81 090-1234-5678,横浜市")
	wantCounted(t, i, "failed 1")
	w.wantFailed(t, i.ID, "2 multiple_matches")
	byPhone.MultipleMatches = "most_recent"
	wantCounted(t, w.csv(t, byPhone, "mobileNumber,city", "+81 090-1234-5678,横浜市", "+818011112222,札幌市"), "created 1, updated 1")
	w.wantShown(t, "kind,email,phone,name,city", ""+
		"lead,a@example.jp,+819012345678,青木 一郎,\n"+
		"lead,b@example.jp,+819012345678,馬場,横浜市\n"+
		"lead,,+818011112222,,札幌市\n")
}

// TestSeed004EmptyCells: 既存データを維持する, or 既存データを空にする(受信拒否は除外).
func TestSeed004EmptyCells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	wantCounted(t, w.csv(t, client.Options{}, "memberId,name,city,unsubscribeEmail,unsubscribeTexting", "m1,青木,横浜市,true,false", "m2,馬場,札幌市,no,yes"), "created 2")
	const fields = "member_sn,city,is_subscriber,is_subscriber_sms"
	w.wantShown(t, fields, "m1,横浜市,false,true\nm2,札幌市,true,false\n")
	wantCounted(t, w.csv(t, client.Options{Blank: "keep"}, "memberId,city,unsubscribeEmail", "m1,,"), "unchanged 1")
	wantCounted(t, w.csv(t, client.Options{Blank: "clear"}, "memberId,city,unsubscribeEmail,unsubscribeTexting", "m1,,,", "m2,札幌市,TRUE,"), "updated 2")
	w.wantShown(t, fields, "m1,,false,true\nm2,札幌市,false,false\n")
	// What the file says of them counts; but who opted out is opted in only where that is asked for.
	wantCounted(t, w.csv(t, client.Options{}, "memberId,unsubscribeEmail", "m1,false"), "unchanged 1, protected 1")
	wantCounted(t, w.csv(t, client.Options{Consent: "allow"}, "memberId,unsubscribeEmail", "m1,false"), "updated 1")
	w.wantShown(t, fields, "m1,,true,true\nm2,札幌市,false,false\n")
}

// TestSeed004NewCustomersNeedTheirConsent: 新規ユーザーを登録するときは、全ての受信拒否項目を… .
func TestSeed004NewCustomersNeedTheirConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	o := client.Options{NewConsent: "required"}
	i := w.csv(t, o, "memberId,name,email,mobileNumber,unsubscribeEmail,unsubscribeTexting",
		"m1,青木,a@example.jp,+819012345678,false,true", "m2,馬場,b@example.jp,,,false", "m3,千葉,,+818011112222,1,")
	wantCounted(t, i, "created 1, failed 2")
	w.wantFailed(t, i.ID, "3 consent_required", "4 consent_required")
	// Who is there already need not be asked again, as where a file of one column is to give people a tag.
	o.ImportTag = "春の案内"
	i = w.csv(t, o, "memberId", "m1")
	wantCounted(t, i, "unchanged 1")
	w.wantShown(t, "member_sn,is_subscriber,is_subscriber_sms,import_tags", `m1,true,false,["春の案内"]`+"\n")
}

// TestSeed004ImportTagsAreKeptToThirty: 30個を超過して付与する場合、一番初めに付与されたタグが削除される.
func TestSeed004ImportTagsAreKeptToThirty(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var last client.Import
	for n := range 31 {
		last = w.start(t, "tag.csv", []byte("memberId,name\nm1,青木\n"), client.Options{ImportTag: fmt.Sprint("回", n+1)})
	}
	wantCounted(t, w.wait(t, last.ID), "unchanged 1")
	tags := w.shown(t, "import_tags")
	if !strings.HasPrefix(tags, `["回2",`) || !strings.HasSuffix(tags, `"回31"]`+"\n") || strings.Count(tags, "回") != 30 {
		t.Errorf("tags %s, want those from 2 to 31", tags)
	}
}

// TestSeed004FailedItems: the first three columns of the report, the keys of the fields as its header, only rows that failed;
// it is corrected and uploaded again.
func TestSeed004FailedItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	i := w.csv(t, client.Options{}, "memberId,name,profile.email,誕生日", "m1,青木,a@example.jp,2025-05-04", "m2,馬場,b@,2025.05.04", "m3,千葉,c@example.jp,")
	wantCounted(t, i, "created 2, failed 1")
	report := strings.TrimPrefix(w.failuresCSV(t, i.ID), "\uFEFF")
	lines := strings.Split(strings.TrimSpace(report), "\r\n")
	if len(lines) != 2 || lines[0] != "rowNumber,errorColumns,errorReason,member_sn,name,email,birthday" || !strings.HasPrefix(lines[1], `3,"email,birthday",`) {
		t.Fatalf("report\n%s", report)
	}
	corrected := strings.NewReplacer("b@,", "b@example.jp,", "2025.05.04\r\n", "2025-05-04\r\n").Replace(report)
	wantCounted(t, w.load(t, "failures.csv", []byte(corrected), client.Options{}), "created 1")
	w.wantShown(t, "member_sn,email,birthday", "m1,a@example.jp,2025-05-04\nm3,c@example.jp,\nm2,b@example.jp,2025-05-04\n")
}

// TestSeed004LeadsBecomeMembers: 会員インポートをする場合:リードを探して会員にユニフィケーションする. リードをインポートする場合:
// 会員を探して会員にユニフィケーションする.
func TestSeed004LeadsBecomeMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	leads := client.Options{Kind: "lead", Key: "email"}
	wantCounted(t, w.csv(t, leads, "email,name,city,unsubscribeEmail,tags", "a@example.jp,青木さん,横浜市,true,見込み", "b@example.jp,馬場さん,札幌市,,"), "created 2")
	wantCounted(t, w.csv(t, client.Options{}, "memberId,name,email,tags", "m1,青木,A@example.jp,会員"), "created 1, unified 1")
	const fields = "kind,member_sn,name,email,city,is_subscriber,tags"
	w.wantShown(t, fields, ""+
		"lead,,馬場さん,b@example.jp,札幌市,true,\n"+
		`member,m1,青木,A@example.jp,横浜市,false,["会員","見込み"]`+"\n")
	// The other way round: the member is updated, and nobody is made.
	wantCounted(t, w.csv(t, leads, "email,city", "a@example.jp,川崎市"), "updated 1")
	// A file of leads that gives a member the number of a lead makes one person of both.
	wantCounted(t, w.csv(t, client.Options{Kind: "lead", Key: "phone"}, "mobileNumber,name", "+819012345678,電話の人"), "created 1")
	wantCounted(t, w.csv(t, leads, "email,mobileNumber", "a@example.jp,+819012345678"), "updated 1, unified 1")
	w.wantShown(t, "kind,member_sn,name,email,phone,city", ""+
		"lead,,馬場さん,b@example.jp,,札幌市\n"+
		"member,m1,青木,a@example.jp,+819012345678,川崎市\n")
}

// TestSeed004Formats are the manual's inputs of each type.
func TestSeed004Formats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	o := client.Options{NewFields: []member.Definition{
		{Key: "likes", Type: "list", Label: member.Text{EN: "likes"}},
		{Key: "scores", Type: "number_list", Label: member.Text{EN: "scores"}},
		{Key: "points", Type: "number", Label: member.Text{EN: "points"}},
		{Key: "visited", Type: "datetime", Label: member.Text{EN: "visited"}},
	}}
	header := []string{"memberId", "name", "誕生日", "visited", "is_active", "likes", "scores", "points", "tags"}
	rows := [][]string{
		{"m1", "青木", "2025-05-04", "2025-05-04T09:00:00+09:00", "true", `["string1","string2"]`, "[1,2]", "1.01", `["基本/段階1", "フィルター/段階2"]`},
		{"m2", "馬場", "1746316800000", "2025-05-04T00:00:00Z", "No", "[]", "[ 3 ]", "1", ""},
		{"m3", "千葉", "2025-05-04T09:00:00+09:00", "1746316800000", "Y", "", "", "", ""},
		{"m4", "土井", "2025.05.04", "", "maybe", "a,b", "[a]", "1,000", `["/段階1"]`},
		{"m5", "江口", "", "", "", "", "", "", `["a/b/c"]`},
		{"m6", "福田", "", "", "", "", "", "", `["a b"]`},
	}
	var file bytes.Buffer
	must(t, writeTable(&file, append([][]string{header}, rows...)))
	i := w.load(t, "formats.csv", file.Bytes(), o)
	wantCounted(t, i, "created 3, failed 3")
	f, err := w.client.Failures(t.Context(), i.ID)
	must(t, err)
	var got []string
	for _, item := range f.Items {
		for _, p := range item.Problems {
			got = append(got, fmt.Sprint(item.RowNumber, " ", p.Code))
		}
	}
	want := "5 date_dots, 5 boolean_invalid, 5 list_invalid, 5 number_invalid, 5 number_thousands, 5 tag_levels, 6 tag_levels, 7 tag_character"
	if strings.Join(got, ", ") != want {
		t.Errorf("problems %s\nwant %s", strings.Join(got, ", "), want)
	}
	w.wantShown(t, "member_sn,birthday,visited,is_active,likes,scores,points,tags", ""+
		`m1,2025-05-04,2025-05-04T00:00:00Z,true,["string1","string2"],["1","2"],1.01,["基本/段階1","フィルター/段階2"]`+"\n"+
		`m2,2025-05-04,2025-05-04T00:00:00Z,false,[],["3"],1,`+"\n"+
		`m3,2025-05-04,2025-05-04T00:00:00Z,true,,,,`+"\n")
}
