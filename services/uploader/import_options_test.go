package uploader

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// unaccepted is, for each option, values that it does not have, and what the refusal says in either language.
var unaccepted = []struct{ body, code, option, en, ja string }{
	{`"preset":"refresh"`, codeOption, "preset", "new, add, record_update", "new（新規登録）, add（追加登録）"},
	{`"kind":"person"`, codeOption, "kind", "member, lead", "member, lead"},
	{`"kind":5`, codeOption, "kind", "member, lead", "member, lead"},
	{`"mode":"merge"`, codeOption, "mode", "upsert, append, update, replace, delete", "upsert, append, update, replace, delete"},
	{`"key":"nickname"`, codeOption, "key", "id, member_sn, email, phone, line_id", "id, member_sn, email, phone, line_id"},
	{`"key":"name"`, codeOption, "key", "member_sn, email", "member_sn, email"},
	{`"key":["email"]`, codeOption, "key", "member_sn or email", "キーとして使用できる項目"},
	{`"kind":"lead","key":"member_sn"`, codeOption, "key", "id, email, phone (with kind lead)", "id, email, phone（kind が lead の場合）"},
	{`"kind":"lead","key":"line_id"`, codeOption, "key", "id, email, phone (with kind lead)", "id, email, phone（kind が lead の場合）"},
	{`"blank":"drop"`, codeOption, "blank", "keep, clear", "keep, clear"},
	{`"blank_columns":{"氏名":"drop"}`, codeOption, "blank_columns", "keep, clear", "keep, clear"},
	{`"blank_columns":{"氏名":1}`, codeOption, "blank_columns.氏名", "keep, clear", "keep, clear"},
	{`"blank_columns":[]`, codeOption, "blank_columns", "an object from columns", "列名と値のオブジェクト"},
	{`"list_values":"add"`, codeOption, "list_values", "append, replace", "append, replace"},
	{`"list_values_columns":{"":"append"}`, codeOption, "list_values_columns", "append, replace", "append, replace"},
	{`"duplicates":"all"`, codeOption, "duplicates", "last, first, reject", "last, first, reject"},
	{`"multiple_matches":"first"`, codeOption, "multiple_matches", "reject, most_recent", "reject, most_recent"},
	{`"mode":"delete","multiple_matches":"most_recent"`, codeOption, "multiple_matches", "reject (with mode delete)", "reject（mode が delete の場合）"},
	{`"preset":"削除","multiple_matches":"most_recent"`, codeOption, "multiple_matches", "reject (with mode delete)", "reject（mode が delete の場合）"},
	{`"new_consent":true`, codeOption, "new_consent", "true, false, required", "true, false, required"},
	{`"consent":"force"`, codeOption, "consent", "guard, allow", "guard, allow"},
	{`"registration":"pending"`, codeOption, "registration", "registered, provisional", "registered, provisional"},
	{`"import_tag":" "`, codeOption, "import_tag", "at most 100 characters", "100文字以内の1つのタグ"},
	{`"import_tag":"a,b"`, codeOption, "import_tag", "without commas", "カンマ、空白"},
	{`"import_tag":"a b"`, codeOption, "import_tag", "without commas", "カンマ、空白"},
	{`"import_tag":"a/b/c"`, codeOption, "import_tag", "two levels", "2階層まで"},
	{`"import_tag":"` + strings.Repeat("あ", 101) + `"`, codeOption, "import_tag", "at most 100 characters", "100文字以内の1つのタグ"},
	{`"import_tag":["a"]`, codeOption, "import_tag", "at most 100 characters", "100文字以内の1つのタグ"},
	{`"skip_without":"nickname"`, codeOption, "skip_without", "a field that a column is mapped to", "列が割り当てられている項目"},
	{`"dry_run":"yes"`, codeOption, "dry_run", "true, false", "true, false"},
	{`"max_failed":"many"`, codeOption, "max_failed", "a whole number from 0, a percentage", "0以上の整数（件数）"},
	{`"max_failed":-1`, codeOption, "max_failed", "a whole number from 0, a percentage", "0以上の整数（件数）"},
	{`"max_failed":1.5`, codeOption, "max_failed", "a whole number from 0, a percentage", "0以上の整数（件数）"},
	{`"max_removed":"101%"`, codeOption, "max_removed", "a percentage from 0% to 100%, or none", "0%～100%（割合）、none（無制限）"},
	{`"max_removed":"100.5%"`, codeOption, "max_removed", "a percentage from 0% to 100%, or none", "0%～100%（割合）、none（無制限）"},
	{`"max_changed":true`, codeOption, "max_changed", "a percentage from 0% to 100%, or none", "0%～100%（割合）、none（無制限）"},
	{`"note":"` + strings.Repeat("あ", 1001) + `"`, codeOption, "note", "at most 1,000 characters", "1,000文字以内"},
	{`"note":"\n"`, codeOption, "note", "at most 1,000 characters", "1,000文字以内"},
	{`"notify":"me"`, codeOption, "notify", "recipients and min_rows", "recipients と min_rows"},
	{`"notify":{"recipient":["a@example.jp"]}`, codeUnknownOption, "notify.recipient", "recipient", "recipient"},
	{`"notify":{"recipients":["taro"]}`, codeOption, "notify.recipients", "at most 20 e-mail addresses", "20件以内のメールアドレス"},
	{`"notify":{"recipients":["a@example.jp","a b@example.jp"]}`, codeOption, "notify.recipients", "at most 20 e-mail addresses", "20件以内のメールアドレス"},
	{`"notify":{"recipients":["` + strings.Repeat(`a@example.jp","`, 20) + `b@example.jp"]}`, codeOption, "notify.recipients", "at most 20", "20件以内"},
	{`"notify":{"recipients":[5]}`, codeOption, "notify.recipients[0]", "at most 20 e-mail addresses", "20件以内のメールアドレス"},
	{`"notify":{"min_rows":-1}`, codeOption, "notify.min_rows", "a whole number from 0", "0以上の整数"},
	{`"notify":{"min_rows":"some"}`, codeOption, "notify.min_rows", "a whole number from 0", "0以上の整数"},
	{`"moed":"upsert"`, codeUnknownOption, "moed", "moed", "moed"},
	{`"time_zone":"Mars/Olympus"`, codeOption, "time_zone", "Asia/Tokyo", "Asia/Tokyo"},
	{`"time_zone":"Local"`, codeOption, "time_zone", "Asia/Tokyo", "Asia/Tokyo"},
	{`"time_zone":"../../etc/passwd"`, codeOption, "time_zone", "IANA", "IANA"},
	{`"region":"jp"`, codeOption, "region", "two capital letters", "大文字2文字"},
	{`"region":"XX"`, codeOption, "region", "two capital letters", "大文字2文字"},
	{`"region":"Japan"`, codeOption, "region", "two capital letters", "大文字2文字"},
	{`"delimiter":"\""`, codeOption, "delimiter", `";"`, "「;」"},
	{`"delimiter":"、"`, codeOption, "delimiter", `";"`, "「;」"},
	{`"delimiter":", "`, codeOption, "delimiter", `";"`, "「;」"},
	{`"encoding":"EBCDIC"`, codeOption, "encoding", "Shift_JIS", "Shift_JIS"},
	{`"no_header":"no"`, codeOption, "no_header", "true, false", "true, false"},
	{`"header_row":-1`, codeOption, "header_row", "0", "0"},
	{`"header_row":3,"no_header":true`, codeOption, "header_row", "no_header", "no_header"},
	{`"sheet":"a\u0000b"`, codeOption, "sheet", "UTF-8", "UTF-8"},
	{`"list":"nobody"`, codeUnknownList, "list", "nobody", "nobody"},
	{`"list":"a\u0000b"`, codeOption, "list", "UTF-8", "UTF-8"},
	{`"map":{"x":"\u0000"}`, codeOption, "map", "UTF-8", "UTF-8"},
	{`"mapping_from":"guess"`, codeOption, "mapping_from", "headers, remembered", "headers, remembered"},
	{`"mapping":[{"header":"x"}]`, codeRequired, "mapping[0].field", "field", "field"},
	{`"mapping":[{"header":"x","field":"a"},{"header":"x","field":"b"}]`, codeColumnTwice, "mapping", "x", "x"},
	{`"mapping":[{"header":"x","field":"name","blank":"drop"}]`, codeOption, "mapping[0].blank", "keep, clear", "keep, clear"},
	{`"mapping":[{"header":"x","field":"tags","list_values":"add"}]`, codeOption, "mapping[0].list_values", "append, replace", "append, replace"},
}

func TestUnacceptedOptionIsNamedWithWhatIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uploaded := w.uploaded(smallCSV)
	for _, c := range unaccepted {
		paths := []string{"/v1/imports", "/v1/imports/" + uploaded.ID + "/start"}
		if strings.HasPrefix(c.body, `"list":`) {
			paths = paths[:1]
		}
		for _, path := range paths {
			body := "{" + c.body + "}"
			if path == "/v1/imports" {
				body = `{"file_name":"a",` + c.body + "}"
			}
			for lang, says := range map[string]string{"en": c.en, "ja": c.ja} {
				p := wantProblem(w, http.StatusUnprocessableEntity, c.code, w.post(path, body, "Accept-Language", lang))
				if len(p.Errors) != 1 || p.Errors[0].Option != c.option || !strings.Contains(p.Errors[0].Detail, says) || p.Detail != p.Errors[0].Detail {
					t.Errorf("%s %s %s: %+v", path, c.body, lang, p.Errors)
				}
			}
		}
	}
	for _, body := range []string{`{}`, `{"file_name":" \u0007/ "}`} {
		if p := wantProblem(w, http.StatusUnprocessableEntity, codeRequired, w.post("/v1/imports", body)); p.Errors[0].Option != "file_name" {
			t.Errorf("%s: %+v", body, p.Errors)
		}
	}
	if w.state(uploaded.ID) != imports.StateUploaded {
		t.Error("a refused start has changed the import")
	}
	p := wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.post("/v1/imports", `{"file_name":"a","kind":"x","max_failed":"x"}`, "Accept-Language", "ja"))
	if len(p.Errors) != 2 || !strings.Contains(p.Errors[0].Detail, "使用できる値：") {
		t.Errorf("errors = %+v, want both", p.Errors)
	}
}

// The table above leaves out no option, and the document's closed sets are the domain's.
func TestEveryOptionIsTriedAndDocumentedWithItsDefault(t *testing.T) {
	t.Parallel()
	for _, of := range []reflect.Type{reflect.TypeFor[RuleOptions](), reflect.TypeFor[GuardOptions](), reflect.TypeFor[NotifyOptions]()} {
		for n := range of.NumField() {
			f := of.Field(n)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !slices.ContainsFunc(unaccepted, func(c struct{ body, code, option, en, ja string }) bool {
				return strings.Contains(c.body, `"`+name+`":`)
			}) {
				t.Errorf("no value of %s is tried", name)
			}
			if doc := f.Tag.Get("doc"); !strings.Contains(doc, "Default: ") && !strings.Contains(name, "_columns") && name != "recipients" {
				t.Errorf("%s is documented without its default: %s", name, doc)
			}
			accepted := acceptedText[name].EN
			if enum := f.Tag.Get("enum"); enum != "" && name != "preset" && strings.ReplaceAll(enum, ",", ", ") != accepted {
				t.Errorf("%s: the document has %s, the domain %s", name, enum, accepted)
			}
		}
	}
	f, _ := reflect.TypeFor[RuleOptions]().FieldByName("Preset")
	for _, p := range imports.Presets {
		for _, name := range []string{string(p.Preset), p.Name} {
			if !slices.Contains(strings.Split(f.Tag.Get("enum"), ","), name) || !strings.Contains(acceptedText["preset"].JA, name) {
				t.Errorf("preset %s is not documented", name)
			}
		}
	}
}

// everything says something of every option; it is one that no default is.
const everything = `"preset":"追加登録","kind":"member","mode":"update","key":"email","blank":"clear","blank_columns":{"氏名":"keep"},
	"list_values":"replace","list_values_columns":{"タグ":"append"},"duplicates":"reject","multiple_matches":"most_recent",
	"new_consent":"required","consent":"guard","registration":"provisional","import_tag":" spring/2026 ","skip_without":"phone","dry_run":true,
	"max_failed":"2.5%","max_removed":"none","max_changed":1000,"note":" 備考です ","time_zone":"UTC","region":"US",
	"notify":{"recipients":["taro..yamada.@docomo.ne.jp"," b@example.jp ","b@example.jp"],"min_rows":1000}`

const everyCSV = "会員番号,氏名,メールアドレス,電話番号,タグ\r\nA1,青木,a@example.jp,090-1234-5678,x\r\n"

func TestEveryOptionIsKeptAndShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantOptions := OptionsView{
		Preset: "add", Kind: "member", Mode: "update", Key: "email", Blank: "clear", BlankColumns: map[string]member.Blank{"氏名": "keep"},
		ListValues: "replace", ListColumns: map[string]member.ListValues{"タグ": "append"}, Duplicates: "reject", MultipleMatches: "most_recent",
		NewConsent: "required", Consent: "guard", Registration: "provisional", ImportTag: "spring/2026", SkipWithout: "phone", DryRun: true,
		MaxFailed: "2.5%", MaxRemoved: "none", MaxChanged: "1000", Note: "備考です", TimeZone: "UTC", Region: "US",
		Notify: notifyView{[]string{"taro..yamada.@docomo.ne.jp", "b@example.jp"}, 1000},
	}
	created := w.create(`{"file_name":"a.csv",` + everything + `}`)
	if !reflect.DeepEqual(created.OptionsView, wantOptions) {
		t.Errorf("created with\n%+v, want\n%+v", created.OptionsView, wantOptions)
	}
	want[importView](w, http.StatusOK, w.put(created.ID, everyCSV))
	started := want[importView](w, http.StatusAccepted, w.start(created.ID, `{}`))
	wantOptions.BlankColumns, wantOptions.ListColumns = nil, nil
	if !reflect.DeepEqual(started.OptionsView, wantOptions) {
		t.Errorf("started with\n%+v, want\n%+v", started.OptionsView, wantOptions)
	}
	if started.Mapping[1].Blank != "keep" || started.Mapping[4].ListValues != "append" || started.Mapping[2].Blank != "" {
		t.Errorf("mapping = %+v", started.Mapping)
	}
	if o := w.job(started.ID).Options; o.ImportTag != "spring/2026" || o.MaxRemoved != imports.NoLimit || !o.DryRun || o.Notify.MinRows != 1000 {
		t.Errorf("the job has %+v", o)
	}
}

func TestDefaultsAreSettledAtTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		create, start, csv string
		want               member.Rules
	}{
		{`"max_removed":"none"`, `"mode":"replace"`, smallCSV, member.Rules{Mode: "replace", Blank: "clear", ListValues: "replace", Duplicates: "first"}},
		{`"mode":"replace","max_removed":5`, `"mode":"append","max_removed":"none"`, smallCSV, member.Rules{Mode: "append", Duplicates: "first"}},
		{`"preset":"new"`, `"preset":"column_update","skip_without":"name"`, smallCSV, member.Rules{SkipWithout: "name"}},
		{`"kind":"lead","max_removed":"none"`, ``, "氏名,メールアドレス\r\nあ,a@example.jp\r\n", member.Rules{Kind: "lead", Key: "email"}},
	} {
		i := w.create(`{"file_name":"a.csv",` + c.create + `}`)
		want[importView](w, http.StatusOK, w.put(i.ID, c.csv))
		want[importView](w, http.StatusAccepted, w.start(i.ID, "{"+c.start+"}"))
		o := w.job(i.ID).Options
		if o.Rules != c.want.Filled() || o.MaxFailed != imports.NoLimit {
			t.Errorf("%s then %s: %+v", c.create, c.start, o)
		}
		if preset := o.Preset != ""; preset != (o.MaxRemoved == imports.Percent(imports.DefaultMaxRemoved)) {
			t.Errorf("%s then %s: max_removed is %s", c.create, c.start, o.MaxRemoved)
		}
		want[importView](w, http.StatusOK, w.post("/v1/imports/"+i.ID+"/cancel", ``))
	}
}

func TestOptionsThatDoNotFitTheMappingAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(everyCSV)
	for _, c := range []struct{ body, code, option, field, header, en, ja string }{
		{`{"key":"line_id"}`, "key_not_mapped", "key", "line_id", "", "Accepted: member_sn, email, phone", "使用できる値：member_sn, email, phone"},
		{`{"kind":"lead","map":{"会員番号":"member_sn"}}`, "lead_member_number", "kind", "member_sn", "会員番号", "A lead cannot have", "リードに会員番号は登録できない"},
		{`{"skip_without":"city"}`, codeSkipNotMapped, "skip_without", "city", "", "Accepted: member_sn, name, email, phone, tags", "使用できる値：member_sn, name"},
		{`{"mapping":[{"header":"会員番号","field":"member_sn"},{"header":"氏名","field":"name","list_values":"append"}]}`, codeNotAList, "list_values", "name", "氏名", "Accepted for: tags", "指定できる項目：tags"},
		{`{"list_values_columns":{"氏名":"replace"}}`, codeNotAList, "list_values", "name", "氏名", "Accepted for: tags", "指定できる項目：tags"},
		{`{"blank_columns":{"ない列":"clear"}}`, codeUnknownColumn, "", "", "ない列", "会員番号", "会員番号"},
		{`{"preset":"column_update","map":{"メールアドレス":""}}`, codeSkipNotMapped, "skip_without", "email", "", "email", "email"},
	} {
		for lang, says := range map[string]string{"en": c.en, "ja": c.ja} {
			p := wantProblem(w, http.StatusUnprocessableEntity, c.code, w.post("/v1/imports/"+i.ID+"/start", c.body, "Accept-Language", lang))
			if len(p.Errors) != 1 || p.Errors[0].Option != c.option || p.Errors[0].Field != c.field || p.Errors[0].Header != c.header || !strings.Contains(p.Detail, says) {
				t.Errorf("%s: %+v", c.body, p.Errors)
			}
		}
	}
}

// as gives the tenant acme's next requests the role, by a key of its own.
func (w *world) as(role postgres.Role) (key string) {
	w.Helper()
	u, err := w.db.CreateUser(w.Context(), w.acme.tenant.ID, postgres.User{Email: string(role) + "@acme.example", Name: "Hana", Role: role, Language: tenant.English})
	w.must(err)
	key, err = w.db.CreateKey(w.Context(), w.acme.tenant.ID, string(role), u.ID)
	w.must(err)
	w.acme.key = key
	return key
}

func TestViewerMayLookAndNotImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.uploaded(smallCSV)
	w.as(postgres.RoleViewer)
	base := "/v1/imports/" + i.ID
	for _, a := range []*answer{
		w.post("/v1/imports", `{"file_name":"a.csv"}`), w.form([3]string{"file", "m.csv", smallCSV}), w.put(i.ID, smallCSV),
		w.post(base+"/parts", `{"size":5}`), w.start(i.ID, ``), w.post(base+"/cancel", ``),
	} {
		p := wantProblem(w, http.StatusForbidden, codeEditDenied, a)
		if !strings.Contains(p.Detail, "the right to edit members") {
			t.Errorf("detail %q", p.Detail)
		}
	}
	want[importView](w, http.StatusOK, w.get(base))
	want[importPage](w, http.StatusOK, w.get("/v1/imports"))
}

func TestAllowingConsentNeedsItsOwnPermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	allowed, err := w.db.CreateKey(t.Context(), w.acme.tenant.ID, "nightly", 0)
	w.must(err)
	nobody, err := w.db.CreateKey(t.Context(), w.acme.tenant.ID, "nobody", 0)
	w.must(err)
	w.must(w.db.AllowConsent(t.Context(), w.acme.tenant.ID, allowed))
	file := [3]string{"file", "m.csv", smallCSV}
	for key, may := range map[string]bool{
		allowed: true, w.as(postgres.RoleOwner): true, w.as(postgres.RoleAdmin): true, w.as(postgres.RoleEditor): false, nobody: false,
	} {
		w.acme.key = key
		for _, a := range []*answer{
			w.post("/v1/imports", `{"file_name":"a.csv","consent":"allow"}`),
			w.form([3]string{"options", "", `{"consent":"allow"}`}, file),
			w.start(w.uploaded(smallCSV).ID, `{"consent":"allow"}`),
		} {
			if may {
				if a.status >= 300 {
					t.Errorf("%d %s, want allowed", a.status, a.body)
				}
				continue
			}
			if p := wantProblem(w, http.StatusForbidden, codeConsentDenied, a); len(p.Errors) != 1 || p.Errors[0].Option != "consent" || !strings.Contains(p.Detail, "guard") {
				t.Errorf("problem = %+v", p)
			}
		}
	}
	// Who starts an import needs the permission too: it is the starter's file.
	w.acme.key = allowed
	i := w.create(`{"file_name":"a.csv","consent":"allow"}`)
	w.acme.key = nobody
	want[importView](w, http.StatusOK, w.put(i.ID, smallCSV))
	wantProblem(w, http.StatusForbidden, codeConsentDenied, w.start(i.ID, ``))
	want[importView](w, http.StatusAccepted, w.start(i.ID, `{"consent":"guard"}`))
}

func TestStartGivesTheListItsNote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	note := func() string {
		lists := want[struct{ Items []listView }](w, http.StatusOK, w.get("/v1/lists"))
		return lists.Items[0].Note
	}
	for _, c := range []struct{ options, want string }{
		{`{"file_name":"春.csv","dry_run":true,"note":"試し"}`, ""},
		{`{"file_name":"春.csv"}`, "春.csv"},
		{`{"file_name":"夏.csv"}`, "春.csv"},
		{`{"file_name":"夏.csv","note":"2026年度"}`, "2026年度"},
	} {
		i := want[importView](w, http.StatusCreated, w.form([3]string{"options", "", c.options}, [3]string{"file", "m.csv", smallCSV}))
		if got := note(); got != c.want {
			t.Errorf("%s: the note is %q, want %q", c.options, got, c.want)
		}
		want[importView](w, http.StatusOK, w.post("/v1/imports/"+i.ID+"/cancel", ``))
	}
}

func TestWarningsAndParentOfAnImportAreShown(t *testing.T) {
	t.Parallel()
	parent := imports.NewID()
	i := &imports.Import{
		ID: imports.NewID(), Parent: parent, Warnings: []member.Warning{{Problem: member.Problem{Code: member.RemovalWithheld}}},
		Totals: imports.Totals{Removed: 2, Unified: 3, Counts: member.Counts{Tagged: 4}},
	}
	text, err := json.Marshal(served(t).view(i, tenant.English))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"parent":"` + parent.String() + `"`, `"removed":2,"unified":3,"protected":0,"tagged":4`, `"code":"removal_withheld","detail":"Members that are not`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
}
