package uploader

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// RuleOptions decide what becomes of a row (product.md, section Options of an import). Nothing that is left out is
// settled before the import starts, because its default may depend on what is said until then.
type RuleOptions struct {
	Preset          string            `json:"preset,omitempty" enum:"new,add,record_update,column_update,delete,新規登録,追加登録,レコード更新,カラム更新,削除" example:"column_update" doc:"A registration type (データ登録種別), which stands for other options as far as they are not said: new (新規登録) is mode replace, duplicates first; add (追加登録) is mode append, duplicates first; record_update (レコード更新) is mode upsert, blank clear; column_update (カラム更新) is mode upsert, blank keep, skip_without email; delete (削除) is mode delete. Default: none."`
	Kind            string            `json:"kind,omitempty" enum:"member,lead" doc:"What the rows are: members, or leads, which are known by e-mail or phone only. Never both in one file. Default: member."`
	Mode            string            `json:"mode,omitempty" enum:"upsert,append,update,replace,delete" doc:"What happens to known and unknown keys: upsert changes the former and creates the latter; append creates unknown ones and skips those known before the import began; update changes known ones and skips the others; replace makes the list's members of this kind what the file says, and removes those that are not in it; delete removes those that match and skips the others. Default: upsert."`
	Key             string            `json:"key,omitempty" maxLength:"255" example:"member_sn" doc:"The merge key: the field that identifies a member, which a column must feed. member_sn, email, phone, line_id, id, or a field that the tenant has marked as a key; for leads email, phone, id or such a field. Default: member_sn; for leads email."`
	Blank           string            `json:"blank,omitempty" enum:"keep,clear" doc:"What an empty cell does: keep leaves the field as it is, clear takes its value away. ##DELETE## always clears; consents are always kept. Default: keep; with mode replace clear."`
	BlankColumns    map[string]string `json:"blank_columns,omitempty" maxProperties:"16384" example:"{\"備考\":\"clear\"}" doc:"blank for single columns: from the column's header to keep or clear."`
	ListValues      string            `json:"list_values,omitempty" enum:"append,replace" doc:"What a cell does to a list or tags that have values: append adds those that are absent, replace leaves the cell's only. Default: append; with mode replace replace."`
	ListColumns     map[string]string `json:"list_values_columns,omitempty" maxProperties:"16384" doc:"list_values for single columns: from the column's header to append or replace."`
	Duplicates      string            `json:"duplicates,omitempty" enum:"last,first,reject" doc:"Rows with the same key in the file: last applies them one after another in file order, first skips the later ones, reject fails them all. Rows that fail otherwise do not count as first. Default: last; with mode append or replace first."`
	MultipleMatches string            `json:"multiple_matches,omitempty" enum:"reject,most_recent" doc:"A key that several members have: reject fails the row, most_recent takes the member that was seen last (of several, the one of the lowest id). Mode delete always rejects. Default: reject."`
	NewConsent      string            `json:"new_consent,omitempty" enum:"true,false,required" doc:"The consents of created members whose cell is empty or not mapped: true, false, or required, which fails the row. Default: true."`
	Consent         string            `json:"consent,omitempty" enum:"guard,allow" doc:"guard never opts in who has opted out, not even after deleting and re-creating the member; allow does what the cells say. allow needs the role owner or admin, or a key that was made for it. Default: guard."`
	Registration    string            `json:"registration,omitempty" enum:"registered,provisional" doc:"How members are created: registered, or provisional until they follow the link of their registration mail. Default: registered."`
	ImportTag       string            `json:"import_tag,omitempty" maxLength:"100" example:"spring_campaign" doc:"A tag that every created, updated or unchanged member gets in the field import_tags, which keeps the newest 30. By itself it does not make a row updated. Default: none."`
	SkipWithout     string            `json:"skip_without,omitempty" maxLength:"255" example:"email" doc:"A field, which a column must feed: rows whose cell of it is empty are skipped. Default: none; with preset column_update email."`
}

// apply puts what the caller says into the options.
func (o *RuleOptions) apply(to *imports.Options) {
	preset, _ := imports.ParsePreset(o.Preset)
	set(&to.Preset, string(preset))
	set(&to.Kind, o.Kind)
	set(&to.Mode, o.Mode)
	set(&to.Key, o.Key)
	set(&to.Blank, o.Blank)
	set(&to.ListValues, o.ListValues)
	set(&to.Duplicates, o.Duplicates)
	set(&to.MultipleMatches, o.MultipleMatches)
	set(&to.NewConsent, o.NewConsent)
	set(&to.Consent, o.Consent)
	set(&to.Registration, o.Registration)
	tag, _ := tagOf(o.ImportTag)
	set(&to.ImportTag, tag)
	set(&to.SkipWithout, o.SkipWithout)
	to.BlankColumns = override(to.BlankColumns, o.BlankColumns)
	to.ListColumns = override(to.ListColumns, o.ListColumns)
}

// override returns what was said of columns with what is said instead.
func override[T ~string](base map[string]T, said map[string]string) map[string]T {
	if len(said) == 0 {
		return base
	}
	all := make(map[string]T, len(base)+len(said))
	maps.Copy(all, base)
	for header, value := range said {
		all[header] = T(value)
	}
	return all
}

// check returns what is wrong with the values one by one, beside those of closed sets, which the schema checks.
func (o *RuleOptions) check() (wrong []part) {
	if _, ok := tagOf(o.ImportTag); !ok && o.ImportTag != "" {
		wrong = append(wrong, wrongOption("import_tag"))
	}
	if !storable(o.Key) {
		wrong = append(wrong, wrongOption("key"))
	}
	if !storable(o.SkipWithout) {
		wrong = append(wrong, wrongOption("skip_without"))
	}
	if !columnOptions(o.BlankColumns, member.Blanks) {
		wrong = append(wrong, wrongOption("blank_columns"))
	}
	if !columnOptions(o.ListColumns, member.ListPolicies) {
		wrong = append(wrong, wrongOption("list_values_columns"))
	}
	return wrong
}

// columnOptions reports whether columns are given values of a closed set.
func columnOptions[T ~string](columns map[string]string, set []T) bool {
	for header, value := range columns {
		if header == "" || !storable(header) || !slices.Contains(set, T(value)) {
			return false
		}
	}
	return true
}

// tagOf returns the one tag that s is, as cells of the field import_tags hold them.
func tagOf(s string) (string, bool) {
	f := member.Field{Key: "import_tags", Type: member.Tags, CommaSeparated: true}
	v, _, problem := f.Parse(s, &member.Locale{})
	if problem != nil || len(v.List) != 1 || strings.ContainsAny(s, ",[") {
		return "", false
	}
	return v.List[0], true
}

// checkOptions refuses options that make no sense together, or that the caller may not ask for.
func checkOptions(ctx context.Context, o imports.Options, schema *member.Schema) error {
	if wrong := checkRules(o, schema); len(wrong) > 0 {
		return invalid(wrong...)
	}
	if o.Consent == member.ConsentAllow && !callerOf(ctx).MayAllowConsent() {
		denied := part{code: codeConsentDenied, option: "consent", fill: []string{"accepted", string(member.ConsentGuard)}}
		return &refusal{status: http.StatusForbidden, code: codeConsentDenied, parts: []part{denied}}
	}
	return nil
}

// checkRules returns what makes no sense about the options together, for a list with those fields.
func checkRules(said imports.Options, schema *member.Schema) (wrong []part) {
	o := said.Filled()
	if !slices.Contains(mergeKeys(schema, o.Kind), o.Key) {
		wrong = append(wrong, wrongKey(schema, &o))
	}
	if o.SkipWithout != "" && schema.Index(o.SkipWithout) < 0 {
		wrong = append(wrong, wrongOption("skip_without"))
	}
	if o.Mode == member.Delete && o.MultipleMatches != member.MultipleReject {
		wrong = append(wrong, notAccepted("multiple_matches", member.Text{JA: "reject（mode が delete の場合）", EN: "reject (with mode delete)"}))
	}
	return wrong
}

// mergeKeys lists the fields that can be the key of an import of the kind: leads are known by a contact, and have no
// number and no account.
func mergeKeys(schema *member.Schema, kind member.Kind) (keys []string) {
	for _, f := range schema.Fields() {
		if f.MergeKey && (kind != member.KindLead || f.Custom || f.Key == "email" || f.Key == "phone" || f.Key == "id") {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

// wrongKey refuses the key of the options with the fields that could be one.
func wrongKey(schema *member.Schema, o *imports.Options) part {
	keys := strings.Join(mergeKeys(schema, o.Kind), ", ")
	accepted := member.Text{JA: keys, EN: keys}
	if o.Kind == member.KindLead {
		accepted = member.Text{JA: keys + "（kind が lead の場合）", EN: keys + " (with kind lead)"}
	}
	return notAccepted("key", accepted)
}
