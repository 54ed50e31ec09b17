package main

import (
	"fmt"
	"strings"

	"github.com/meibo/meibo/internal/client"
)

// importOptions are what may be said of an import beside its file. The server knows their values.
type importOptions struct {
	Preset           string   `placeholder:"NAME" help:"A registration type that stands for other options: new (新規登録), add (追加登録), record_update (レコード更新), column_update (カラム更新) or delete (削除)."`
	Kind             string   `placeholder:"KIND" help:"What the rows are: member or lead (default: member)."`
	Mode             string   `placeholder:"MODE" help:"What is done with known and unknown members: upsert, append, update, replace or delete (default: upsert)."`
	Key              string   `placeholder:"FIELD" help:"The field that tells who a row is: member_sn, email, phone, line_id, id or a custom key (default: member_sn; for leads email)."`
	Blank            string   `placeholder:"WHAT" help:"What an empty cell does: keep or clear (default: keep; with mode replace clear)."`
	BlankColumn      []string `sep:"none" placeholder:"COLUMN=WHAT" help:"What an empty cell of one column does: keep or clear. Can be repeated."`
	ListValues       string   `placeholder:"WHAT" help:"What a cell does to a list or tags: append or replace (default: append; with mode replace replace)."`
	ListValuesColumn []string `sep:"none" placeholder:"COLUMN=WHAT" help:"What a cell of one column does to its list or tags: append or replace. Can be repeated."`
	Duplicates       string   `placeholder:"WHICH" help:"Which of the rows with the same key counts: last, first or reject (default: last; with mode append or replace first)."`
	MultipleMatches  string   `placeholder:"WHAT" help:"What is done where several members have the key: reject or most_recent (default: reject)."`
	NewConsent       string   `placeholder:"WHAT" help:"The consents of new members for whom the file says none: true, false or required (default: true)."`
	Consent          string   `placeholder:"RULE" help:"Whether who opted out may be opted in: guard or allow, which needs its own permission (default: guard)."`
	Registration     string   `placeholder:"STATE" help:"How members are created: registered or provisional (default: registered)."`
	ImportTag        string   `placeholder:"TAG" help:"A tag for every member whom the file names."`
	SkipWithout      string   `placeholder:"FIELD" help:"Skip the rows whose cell of this field is empty."`
	DryRun           bool     `help:"Do everything but the writing, and show what would come of it."`
	MaxFailed        string   `placeholder:"LIMIT" help:"Stop when more rows fail: a number, a percentage of the rows, or none (default: none)."`
	MaxRemoved       string   `placeholder:"LIMIT" help:"Remove nobody with mode replace when it would be more: a number, a percentage of the list, or none (default: 10%)."`
	MaxChanged       string   `placeholder:"LIMIT" help:"Stop when more members are updated or deleted: a number, a percentage of the list, or none (default: none)."`
	TimeZone         string   `placeholder:"ZONE" help:"Where dates and times without a zone are meant (default: the tenant's)."`
	Region           string   `placeholder:"COUNTRY" help:"The country of phone numbers without a country code (default: the tenant's)."`
	Note             string   `placeholder:"TEXT" help:"What is noted about the list (default: the name of the file, where it has no note)."`
	Notify           []string `placeholder:"ADDRESS" help:"Who gets the mail, in place of the owners and yourself; none for nobody. Can be repeated."`
	NotifyMinRows    *int64   `placeholder:"NUMBER" help:"Send no mail about a completed import of fewer rows."`
}

// Validate is called by kong.
func (o *importOptions) Validate() error {
	if _, err := columns("--blank-column", o.BlankColumn); err != nil {
		return err
	}
	_, err := columns("--list-values-column", o.ListValuesColumn)
	return err
}

// options returns what the server is told.
func (o *importOptions) options() client.Options {
	told := client.Options{
		Preset: o.Preset, Kind: o.Kind, Mode: o.Mode, Key: o.Key, Blank: o.Blank, ListValues: o.ListValues, Duplicates: o.Duplicates,
		MultipleMatches: o.MultipleMatches, NewConsent: o.NewConsent, Consent: o.Consent, Registration: o.Registration,
		ImportTag: o.ImportTag, SkipWithout: o.SkipWithout, DryRun: o.DryRun,
		MaxFailed: o.MaxFailed, MaxRemoved: o.MaxRemoved, MaxChanged: o.MaxChanged,
		TimeZone: o.TimeZone, Region: o.Region, Note: o.Note,
	}
	told.BlankColumns, _ = columns("--blank-column", o.BlankColumn)
	told.ListColumns, _ = columns("--list-values-column", o.ListValuesColumn)
	if o.Notify != nil || o.NotifyMinRows != nil {
		told.Notify = &client.Notify{Recipients: o.Notify, MinRows: o.NotifyMinRows}
		if len(o.Notify) == 1 && o.Notify[0] == "none" {
			told.Notify.Recipients = []string{}
		}
	}
	return told
}

// columns reads what is said of single columns as COLUMN=WHAT; nil for nothing.
func columns(flag string, said []string) (map[string]string, error) {
	var all map[string]string
	for _, text := range said {
		at := strings.LastIndex(text, "=") // what is said has none, but a column may
		if at <= 0 {
			return nil, fmt.Errorf("%s %s: COLUMN=… expected", flag, text)
		}
		if all == nil {
			all = make(map[string]string)
		}
		if _, twice := all[text[:at]]; twice {
			return nil, fmt.Errorf("%s %s: the column is named twice", flag, text)
		}
		all[text[:at]] = strings.TrimSpace(text[at+1:])
	}
	return all, nil
}

// showOptions adds to a table what an import was told, beside mode and key.
func (c *console) showOptions(t *table, i client.Import) {
	said := func(name, value string) {
		if value != "" {
			t.add(name, value)
		}
	}
	said(c.say("登録種別", "Preset"), i.Preset)
	said(c.say("行の種類", "Kind"), i.Kind)
	said(c.say("空欄の扱い", "Blank"), i.Blank)
	said(c.say("リストの扱い", "List values"), i.ListValues)
	said(c.say("キーの重複", "Duplicates"), i.Duplicates)
	said(c.say("複数一致", "Multiple matches"), i.MultipleMatches)
	said(c.say("新規の受信可否", "New consent"), i.NewConsent)
	said(c.say("配信停止の保護", "Consent"), i.Consent)
	said(c.say("登録状態", "Registration"), i.Registration)
	said(c.say("インポートタグ", "Import tag"), i.ImportTag)
	said(c.say("空欄ならスキップ", "Skip without"), i.SkipWithout)
	for _, column := range i.Mapping {
		if both := strings.TrimSpace(column.Blank + " " + column.ListValues); both != "" {
			t.add(c.say("列の扱い", "Column"), printable(column.Header)+c.say("：", ": ")+both)
		}
	}
	if i.DryRun {
		t.add(c.say("ドライラン", "Dry run"), c.say("はい（書き込みません）", "yes: nothing is written"))
	}
	said(c.say("失敗の上限", "Max. failed"), i.MaxFailed)
	said(c.say("削除の上限", "Max. removed"), i.MaxRemoved)
	said(c.say("変更の上限", "Max. changed"), i.MaxChanged)
	said(c.say("タイムゾーン", "Time zone"), i.TimeZone)
	said(c.say("国", "Region"), i.Region)
	said(c.say("備考", "Note"), i.Note)
	switch {
	case i.Notify.Recipients == nil:
	case len(i.Notify.Recipients) == 0:
		t.add(c.say("通知先", "Notify"), c.say("なし", "nobody"))
	default:
		t.add(c.say("通知先", "Notify"), strings.Join(i.Notify.Recipients, ", "))
	}
	if i.Notify.MinRows > 0 {
		t.add(c.say("通知する行数", "Notify from rows"), number(i.Notify.MinRows))
	}
	if i.Parent != nil {
		t.add(c.say("再取り込みの元", "Retry of"), *i.Parent)
	}
}
