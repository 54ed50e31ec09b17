package main

import (
	"strings"
	"testing"
)

func TestTableLinesUpWhateverTheScript(t *testing.T) {
	t.Parallel()
	table := table{head: []string{"行", "氏名", "理由"}, right: []bool{true}}
	table.add("2", "山田 花子", "だめ")
	table.add("1,000", "Ann", "no\x1b[31m\nway")
	table.add("3", "ﾔﾏﾀﾞ", "")
	table.add("4", "が", "x")
	var got strings.Builder
	if err := table.write(&got, "> "); err != nil {
		t.Fatal(err)
	}
	want := `>    行  氏名       理由
>     2  山田 花子  だめ
> 1,000  Ann        no [31m way
>     3  ﾔﾏﾀﾞ
>     4  が         x
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestDisplayWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "abc": 3, "会員": 4, "ｶﾞ": 2, "ＡＢ": 4, "か\u3099": 2, "①": 1, "a\u200bb": 2, "𠮷": 2, "—": 1, "、": 2,
	} {
		if got := displayWidth(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestFitCutsAtTheWidthAsked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text   string
		places int
		want   string
	}{
		{"会員番号", 8, "会員番号"},
		{"会員番号", 7, "会員番…"},
		{"会員番号", 6, "会員…"},
		{"abc", 2, "a…"},
	} {
		if got := fit(test.text, test.places); got != test.want || displayWidth(got) > test.places {
			t.Errorf("%q in %d: got %q, want %q", test.text, test.places, got, test.want)
		}
	}
}

func TestNumbersAndSizesForPeople(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -12345: "-12,345"} {
		if got := number(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1 << 20: "1.0 MiB", 5 << 40: "5.0 TiB", 1 << 60: "1024.0 PiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
