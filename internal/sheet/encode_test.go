package sheet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// encoded returns text as NewEncoder writes it, in pieces of so many bytes.
func encoded(t testing.TB, text string, e Encoding, pieces int) string {
	t.Helper()
	var out bytes.Buffer
	w := NewEncoder(&out, e)
	for text != "" {
		n := min(pieces, len(text))
		if got, err := io.WriteString(w, text[:n]); err != nil || got != n {
			t.Fatal(got, err)
		}
		text = text[n:]
	}
	return out.String()
}

// The expectations are those of Python's codecs: cp932 for Shift_JIS, but for the letters of NEC's rows ED and EE, which
// Microsoft and the WHATWG write as IBM's in FA to FC; for EUC-JP the codes of cp932 in rows of 94, and else those of
// euc_jp for JIS X 0212.
func TestEncoderPrefersTheCodesThatOthersWrite(t *testing.T) {
	t.Parallel()
	for e, want := range map[Encoding]string{
		ShiftJIS: "d7de1028ce86b80ca4861837e81fc79f98e6a8a19393be1436e7136ba5df78ea",
		EUCJP:    "d101b38fcee88afc286e56c0b0e023ce6451b59f0fccc4e886f65c1eaf0d38d4",
	} {
		var b strings.Builder
		for r := rune(0x80); r < 0x10000; r++ {
			_, alike := lookalikes[r]
			if code := encoded(t, string(r), e, 4); utf8.ValidRune(r) && !alike && (r == getaMark || code != encoded(t, "〓", e, 4)) {
				fmt.Fprintf(&b, "%04x %x\n", r, code)
			}
		}
		if hash := sha256.Sum256([]byte(b.String())); hex.EncodeToString(hash[:]) != want {
			t.Errorf("%s: %d characters, hash %x", e, strings.Count(b.String(), "\n"), hash)
		}
	}
}

func TestEncoderWritesWhatItCan(t *testing.T) {
	t.Parallel()
	tests := []struct {
		e        Encoding
		in, want string
	}{
		{UTF8, "山\xff", "山\xff"},
		{ShiftJIS, "氏名,ﾔﾏﾀﾞ\r\n", "\x8e\x81\x96\xbc,\xd4\xcf\xc0\xde\r\n"},
		{ShiftJIS, "①㈱髙﨑", "\x87\x40\x87\x8a\xfb\xfc\xfa\xb1"},
		{ShiftJIS, "〜−‖¢£¬—¥\u00A0", "\x81\x60\x81\x7c\x81\x61\x81\x91\x81\x92\x81\xca\x81\x5c\x81\x8f "},
		{ShiftJIS, "𠮷野家☕é\xff\uFFFD", "\x81\xac\x96\xec\x89\xc6\x81\xac\x81\xac\x81\xac\x81\xac"},
		{EUCJP, "氏名,ﾔ①髙丂é", "\xbb\xe1\xcc\xbe,\x8e\xd4\xad\xa1\xfc\xe2\x8f\xb0\xa1\x8f\xab\xb1"},
		{EUCJP, "〜−𠮷", "\xa1\xc1\xa1\xdd\xa2\xae"},
		{UTF16LE, "氏,𠮷\xff", "\x0f\x6c,\x00\x42\xd8\xb7\xdf\xfd\xff"},
		{UTF16BE, "氏,𠮷" + BOM, "\x6c\x0f\x00,\xd8\x42\xdf\xb7\xfe\xff"},
	}
	for _, tt := range tests {
		for pieces := 1; pieces < 8; pieces++ {
			if got := encoded(t, tt.in, tt.e, pieces); got != tt.want {
				t.Errorf("%s %q in pieces of %d: % x, want % x", tt.e, tt.in, pieces, got, tt.want)
			}
		}
	}
	if _, err := io.WriteString(NewEncoder(failing{}, ShiftJIS), "a"); err == nil {
		t.Error("no error from a writer that fails")
	}
}

func TestEncoderGivesBackWhatTheDecoderGave(t *testing.T) {
	t.Parallel()
	for _, e := range []Encoding{ShiftJIS, EUCJP} {
		var text strings.Builder
		for line := range strings.Lines(tableOf(t, e)) {
			var code []byte
			var r rune
			if _, err := fmt.Sscanf(line, "%x %x", &code, &r); err != nil {
				t.Fatal(err)
			}
			text.WriteRune(r)
		}
		if got := decoded(t, strings.NewReader(encoded(t, text.String(), e, 1000)), e); got != text.String() {
			t.Errorf("%s: characters differ", e)
		}
	}
	var all strings.Builder
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			all.WriteRune(r)
		}
	}
	for _, e := range []Encoding{UTF16LE, UTF16BE} {
		if got := decoded(t, strings.NewReader(encoded(t, all.String(), e, 1000)), e); got != all.String() {
			t.Errorf("%s: characters differ", e)
		}
	}
}

func FuzzEncode(f *testing.F) {
	for i := range Encodings() {
		f.Add("氏名,①㈱髙﨑\r\n〜𠮷\xff\xe3\x81", uint8(i), uint8(1))
	}
	f.Fuzz(func(t *testing.T, in string, n, pieces uint8) {
		e := Encodings()[int(n)%len(encodings)]
		// A character that is cut off at the end is never written.
		for n := wholeRunes([]byte(in)); n < len(in); n = wholeRunes([]byte(in)) {
			in = in[:n]
		}
		out := encoded(t, in, e, int(pieces)+1)
		if whole := encoded(t, in, e, max(len(in), 1)); out != whole {
			t.Fatalf("%s: %q in pieces of %d: % x, at once: % x", e, in, pieces, out, whole)
		}
		if e == UTF8 {
			return
		}
		got := decoded(t, strings.NewReader(out), e)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) != utf8.RuneCountInString(in) {
			t.Fatalf("%s: %q came back as %q", e, in, got)
		}
		back := []rune(got)
		for i, r := range []rune(in) {
			_, alike := lookalikes[r]
			if r != back[i] && back[i] != getaMark && back[i] != utf8.RuneError && !alike {
				t.Fatalf("%s: %q came back as %q", e, r, back[i])
			}
		}
	})
}
