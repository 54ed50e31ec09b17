package imports_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

func TestPresetsGiveWayToWhatIsSaid(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]member.Rules{
		"新規登録":   {Mode: member.Replace, Duplicates: member.DuplicatesFirst, Blank: member.BlankClear, ListValues: member.ListReplace},
		"追加登録":   {Mode: member.Append, Duplicates: member.DuplicatesFirst},
		"レコード更新": {Mode: member.Upsert, Blank: member.BlankClear},
		"カラム更新":  {Mode: member.Upsert, Blank: member.BlankKeep, SkipWithout: "email"},
		"削除":     {Mode: member.Delete},
	} {
		p, ok := imports.ParsePreset(name)
		if got := (imports.Options{Preset: p}).Filled().Rules; !ok || got != want.Filled() {
			t.Errorf("%s: %+v, want %+v", name, got, want.Filled())
		}
		said := member.Rules{Mode: member.Update, Duplicates: member.DuplicatesReject, Key: "phone"}
		got := (imports.Options{Preset: p, Rules: said}).Filled().Rules
		if got.Mode != said.Mode || got.Duplicates != said.Duplicates || got.Key != said.Key {
			t.Errorf("%s, where something else is said: %+v", name, got)
		}
	}
	for name, want := range map[string]bool{"": true, "new": true, "column_update": true, "New": false, "upsert": false} {
		if _, ok := imports.ParsePreset(name); ok != want {
			t.Errorf("ParsePreset(%q) is %v", name, ok)
		}
	}
}

func TestLimitThatIsNoneDiffersFromOneThatIsNotSaid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "10%", "none": "none", "None": "none", "0": "0", "0%": "0%", "25": "25", "12.5%": "12.5%",
	} {
		said, err := imports.ParseLimit(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		stored, err := json.Marshal(imports.Options{MaxRemoved: said})
		if err != nil {
			t.Fatal(err)
		}
		var read imports.Options
		if err := json.Unmarshal(stored, &read); err != nil {
			t.Fatal(err)
		}
		filled := read.Filled()
		if got := filled.MaxRemoved.String(); got != want || filled.MaxFailed != imports.NoLimit || filled.MaxChanged != imports.NoLimit {
			t.Errorf("%q comes to %s, want %s: %+v", text, got, want, filled)
		}
		if !reflect.DeepEqual(filled, filled.Filled()) {
			t.Errorf("%q: filled twice is something else", text)
		}
	}
	if imports.NoLimit.Exceeded(1<<40, 0) {
		t.Error("no limit is exceeded")
	}
}

func TestTextThatIsNoLimitIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"-1", "1.5", "101%", "-1%", "ten", "10%%", "%", "NaN", "inf", "1e300", "10 percent"} {
		if l, err := imports.ParseLimit(text); err == nil {
			t.Errorf("%q is read as %s", text, l)
		}
	}
}

func TestNobodyIsToldAndNothingSaidDiffer(t *testing.T) {
	t.Parallel()
	for _, want := range [][]string{nil, {}, {"a@example.jp"}} {
		text, err := json.Marshal(imports.Options{Notify: imports.Notify{Recipients: want}})
		if err != nil {
			t.Fatal(err)
		}
		var got imports.Options
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got.Notify.Recipients, want) {
			t.Errorf("%#v became %#v, %v", want, got.Notify.Recipients, err)
		}
	}
}

func FuzzParseLimit(f *testing.F) {
	for _, seed := range []string{"", "none", "NONE", "0", "100", "10%", "0.5%", "100.0%", "1e3", "0x1p4", "-0", " 7 % ", "1_0", "９"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := imports.ParseLimit(text)
		if err != nil {
			return
		}
		again, err := imports.ParseLimit(l.String())
		if err != nil || l.Set != again.Set || l.Set && l != again {
			t.Errorf("%q is %+v, which is written %s and read as %+v, %v", text, l, l, again, err)
		}
		if l.Set && (l.Value < 0 || l.Share && l.Value > 100) {
			t.Errorf("%q is %+v", text, l)
		}
	})
}
