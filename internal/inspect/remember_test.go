package inspect

import (
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/member"
)

// mapping reads "header=field,…", with ! before a field that is mapped inverted.
func mapping(text string) member.Mapping {
	var m member.Mapping
	for part := range strings.SplitSeq(text, ",") {
		header, field, _ := strings.Cut(part, "=")
		field, inverted := strings.CutPrefix(field, "!")
		m = append(m, member.Column{Header: header, Field: field, Inverted: inverted})
	}
	return m
}

func text(m member.Mapping) string {
	var all []string
	for _, c := range m {
		field := c.Field
		if c.Inverted {
			field = "!" + field
		}
		all = append(all, c.Header+"="+field)
	}
	return strings.Join(all, ",")
}

func TestFingerprintIsOfTheSetOfColumns(t *testing.T) {
	t.Parallel()
	same := []string{"会員番号,氏名,E-mail", "E-mail,会員番号,氏名", "会員番号 ,氏 名,ｅmail", "会員番号*,氏名,e_mail"}
	for _, columns := range same {
		if Fingerprint(mapping(columns)) != Fingerprint(mapping(same[0])) {
			t.Errorf("%s differs from %s", columns, same[0])
		}
	}
	for _, columns := range []string{"会員番号,氏名", "会員番号,氏名,email,備考", "会員番号,氏名,mail", "会員番号氏名,email", "会員番号,氏名,氏名,email"} {
		if Fingerprint(mapping(columns)) == Fingerprint(mapping(same[0])) {
			t.Errorf("%s is the same as %s", columns, same[0])
		}
	}
}

func TestMappingIsRememberedByTheColumns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		columns    string
		remembered []string
		want       string
		from       string // the file name of the import, "" for what the headers suggest
		drift      string // new; missing; gone
	}{
		"never seen": {"会員番号,氏名,備考", nil, "会員番号=member_sn,氏名=name,備考=", "", ""},
		"exactly":    {"会員番号,氏名,備考", []string{"会員番号=member_sn,氏名=,備考=city"}, "会員番号=member_sn,氏名=,備考=city", "0", ""},
		"in another order": {
			"備考,会員番号,氏名", []string{"会員番号=member_sn,氏名=,備考=city"}, "備考=city,会員番号=member_sn,氏名=", "0", "",
		},
		"spelled in another way": {"会員番号,受信", []string{"会員 番号=member_sn,受信*=!is_subscriber"}, "会員番号=member_sn,受信=!is_subscriber", "0", ""},
		"the newest of two":      {"a,b", []string{"a=member_sn,b=city", "a=member_sn,b=name"}, "a=member_sn,b=city", "0", ""},
		"the closest":            {"a,b,c", []string{"a=member_sn,b=city", "c=name,b=city,a=email"}, "a=email,b=city,c=name", "1", ""},
		"a new column": {
			"会員番号,備考,氏名", []string{"会員番号=member_sn,備考=city"}, "会員番号=member_sn,備考=city,氏名=name", "0", "氏名;;",
		},
		"a new column for a field that is taken": {
			"会員番号,備考,氏名", []string{"会員番号=member_sn,備考=name"}, "会員番号=member_sn,備考=name,氏名=", "0", "氏名;;",
		},
		"a missing column": {"会員番号,備考", []string{"会員番号=member_sn,備考=city,氏名=name"}, "会員番号=member_sn,備考=city", "0", ";氏名;"},
		"a field that is gone": {
			"会員番号,備考", []string{"会員番号=member_sn,備考=shoe_size"}, "会員番号=member_sn,備考=", "0", ";;shoe_size",
		},
		"less than half in common": {"会員番号,b,c", []string{"会員番号=city,x=name,y="}, "会員番号=member_sn,b=,c=", "", ""},
		"half of a wide one":       {"a,b", []string{"a=city,x=,y=,z="}, "a=,b=", "", ""},
		"two of one spelling":      {"a b,ab", []string{"ab=city,a b=name"}, "a b=name,ab=city", "0", ""},
	} {
		var o Options
		for n, m := range c.remembered {
			o.Remembered = append(o.Remembered, RememberedMapping{FileName: string(rune('0' + n)), Mapping: mapping(m)})
		}
		o.Header = new(true)
		found := inspected(t, c.columns+"\n1,2,3\n", o)
		from, drift, offered := "", "", member.Mapping(found.Suggested)
		if found.Remembered != nil {
			from, offered = found.Remembered.FileName, found.Remembered.Mapping
		}
		if d := found.Drift; d != nil {
			drift = strings.Join(d.New, ",") + ";" + strings.Join(d.Missing, ",") + ";" + strings.Join(d.Gone, ",")
		}
		if got := text(offered); got != c.want || from != c.from || drift != c.drift {
			t.Errorf("%s: %s from %q with drift %q; want %s from %q with %q", name, got, from, drift, c.want, c.from, c.drift)
		}
		if got, want := text(found.Suggested), text(member.Standard().Suggest(strings.Split(c.columns, ","))); got != want {
			t.Errorf("%s: %s is suggested, want what the headers say, %s", name, got, want)
		}
		parts := strings.Split(drift+";;;", ";")
		for n, code := range []string{"columns_new", "columns_missing", "fields_gone"} {
			if slices.Contains(codes(found), code) != (parts[n] != "") {
				t.Errorf("%s: warnings %v", name, codes(found))
			}
		}
	}
}

func TestRememberedMappingAgainstTheHeadersIsWarnedOf(t *testing.T) {
	t.Parallel()
	for remembered, want := range map[string]string{
		"会員番号=member_sn,氏名=,備考=name":          "氏名",
		"会員番号=email,氏名=name,備考=":              "会員番号",
		"会員番号=member_sn,氏名=name,備考=city":      "",
		"会員番号=member_sn,氏名=name,備考=shoe_size": "",
	} {
		o := Options{Remembered: []RememberedMapping{{Mapping: mapping(remembered)}}}
		found := inspected(t, "会員番号,氏名,備考\nA1,青木,x\n", o)
		got := ""
		for _, w := range found.Warnings {
			if w.Code == member.ColumnsOtherwise {
				got += w.Detail
			}
		}
		if got != want {
			t.Errorf("%s: warned of %q, want %q", remembered, got, want)
		}
	}
}

func TestMappingOfAnotherKeyIsNotOffered(t *testing.T) {
	t.Parallel()
	o := Options{Key: "member_sn", Remembered: []RememberedMapping{{Mapping: mapping("会員番号=,氏名=name,メール=email")}}}
	if found := inspected(t, "会員番号,氏名,メール\nA1,青木,\n", o); found.Remembered != nil || found.Suggested[0].Field != "member_sn" {
		t.Errorf("inspection = %+v", found)
	}
	if o.Key = "email"; inspected(t, "会員番号,氏名,メール\nA1,青木,\n", o).Remembered == nil {
		t.Error("the mapping of imports with this key is not offered")
	}
}

func TestFileWithoutHeaderIsNotRemembered(t *testing.T) {
	t.Parallel()
	o := Options{Remembered: []RememberedMapping{{Mapping: mapping("1=member_sn,2=name")}}}
	if found := inspected(t, "A1,青木\nA2,石井\n", o); found.Remembered != nil || found.Suggested[0].Field != "" {
		t.Errorf("inspection = %+v", found)
	}
}
