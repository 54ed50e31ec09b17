package sheet

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/meibo/meibo/internal/member"
)

// in returns text in an encoding.
func in(t testing.TB, e Encoding, text string) string {
	t.Helper()
	return encoded(t, text, e, max(len(text), 1))
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// detectBoth returns what Detect and DetectFrom say of a whole file, which has to be the same.
func detectBoth(t testing.TB, file string) (Detected, error) {
	t.Helper()
	d, err := Detect([]byte(file[:min(len(file), HeadSize)]), int64(len(file)))
	from, errFrom := DetectFrom(iotest.HalfReader(strings.NewReader(file)))
	if len(file) < HeadSize && (err != nil || !from.Gzip) && (fmt.Sprint(d) != fmt.Sprint(from) || fmt.Sprint(err) != fmt.Sprint(errFrom)) {
		t.Errorf("Detect: %+v, %v; DetectFrom: %+v, %v", d, err, from, errFrom)
	}
	return from, errFrom
}

const people = "会員番号,氏名,フリガナ,住所\r\n001,山田 太郎,ヤマダ タロウ,東京都千代田区丸の内1-1\r\n002,鈴木 花子,スズキ ハナコ,大阪府大阪市北区梅田2-2\r\n"

func TestDetectTellsTextByItsBytes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		encoding   Encoding
		delimiter  byte
	}{
		{"empty", "", UTF8, ','},
		{"byte order mark", BOM, UTF8, ','},
		{"two byte order marks", BOM + BOM + "a\tb\n", UTF8, '\t'},
		{"commas", "a,b\n1,2\n", UTF8, ','},
		{"tabs", "a\tb,c\n1\t2,3\n", UTF8, '\t'},
		{"semicolons", BOM + "a;b\n1,5;2,5\n", UTF8, ';'},
		{"semicolons and decimal commas throughout", "1,5;2,5\n3,5;4,5\n", UTF8, ';'},
		{"bars", "a|b|c\n1|2|3\n", UTF8, '|'},
		{"one column", "名前\n山田\n", UTF8, ','},
		{"one column, and a semicolon", "one\ntwo;\n", UTF8, ','},
		{"quoted commas", "\"a,b\";c\n\"1,2\";3\n", UTF8, ';'},
		{"lines before the header", "会員一覧\n2024/01/01 出力\n\nID\t氏名\n1\t山田\n2\t鈴木\n3\t佐藤\n4\t田中\n", UTF8, '\t'},
		{"unit separators", "a\x1fb\n1\x1f2\n", UTF8, 0x1F},
		{"record separators between cells", "a\x1eb\x1ec\r\nd\x1ee\x1ef\r\n", UTF8, 0x1E},
		{"start of heading, as Hive has it", "a\x01b\x01c\n1\x012\x01\n", UTF8, 1},
		{"carets", "a^b\n1^2\n", UTF8, '^'},
		{"tildes", "a~b~c\n1~2~3\n", UTF8, '~'},
		{"colons", "root:x:0:root\ndaemon:x:1:daemon\n", UTF8, ':'},
		{"times", "10:30:15\n10:31:16\n", UTF8, ','},
		{"addresses of pages", "http://a.example:80/x:y\nhttp://b.example:80/x:y\n", UTF8, ','},
		{"ranges", "10~20\n30~40\n", UTF8, ','},
		{"Excel's line", "sep=|\r\na,b|c\r\n", UTF8, '|'},
		{"Excel's line, quoted, after a mark", BOM + "\"SEP=;\"\n1,2\n", UTF8, ';'},
		{"a quoted newline that the head cuts off", "a\tb\n1\t\"" + strings.Repeat("x,y\n", HeadSize/4) + "\"\n2\t3\n", UTF8, '\t'},
		{"a cell that starts like JSON", "[a],b\n1,2\n", UTF8, ','},
		{"a few broken bytes", strings.Repeat("名前,メール\n", 5) + "\x83,\x00\n", UTF8, ','},
		{"one broken byte in a short text", "名前,\x83\n", UTF8, ','},
		{"one broken byte in ASCII", "a,b\n1,\x83\n", UTF8, ','},
		{"a few letters of Windows-1252 in ASCII", strings.Repeat("1,a@example.jp\n", 1000) + "2,Jos\xe9\n3,H\xe9l\xe8ne\n", UTF8, ','},
		{"European names", "name,city\nJosé,Köln\n", UTF8, ','},
		{"emoji", "a,😀\n", UTF8, ','},
		{"UTF-8", people, UTF8, ','},
		{"UTF-8 in Russian", "id,имя\n1,Гимназии он не был\n", UTF8, ','},
		{"UTF-8 in Greek", "id,όνομα\n1,Γιώργος Παπαδόπουλος\n", UTF8, ','},
		{"UTF-8 in Korean", "id,이름\n1,김철수\n2,박영희\n", UTF8, ','},
		{"Shift_JIS", in(t, ShiftJIS, people), ShiftJIS, ','},
		{"Shift_JIS, a header only", "\x8e\x81\x96\xbc,\x93\x64\x98\x62", ShiftJIS, ','},
		{"Shift_JIS, a name", in(t, ShiftJIS, "name\n髙﨑\n"), ShiftJIS, ','},
		{"Shift_JIS, kana", in(t, ShiftJIS, "カナ\nハナ\n"), ShiftJIS, ','},
		{"half-width kana", in(t, ShiftJIS, "ﾅﾏｴ,ﾃﾞﾝﾜ\nﾔﾏﾀﾞ,1\n"), ShiftJIS, ','},
		{"half-width kana, one word of four", in(t, ShiftJIS, "ﾔﾏﾀﾞ\n"), ShiftJIS, ','},
		{"half-width kana, even words", in(t, ShiftJIS, "a,b\nﾀﾅｶ ﾊﾅｺ,ｻﾄｳ\nｽｽﾞｷ ﾀﾛｳ,ｺｳﾍﾞ\n"), ShiftJIS, ','},
		{"Shift_JIS and a bar for a trail", in(t, ShiftJIS, "ソ表|－\nソ能|予\n"), ShiftJIS, '|'},
		{"EUC-JP", in(t, EUCJP, people), EUCJP, ','},
		{"EUC-JP, a header only", in(t, EUCJP, "氏名,電話"), EUCJP, ','},
		{"EUC-JP, a name", in(t, EUCJP, "name\n山田太郎\n"), EUCJP, ','},
		{"EUC-JP, hiragana", in(t, EUCJP, "a\nさくら\n"), EUCJP, ','},
		{"EUC-JP, half-width kana", in(t, EUCJP, "a,ﾔﾏﾀﾞ,ﾊﾅｺ\n"), EUCJP, ','},
		{"UTF-16LE", "\xff\xfe" + in(t, UTF16LE, people), UTF16LE, ','},
		{"UTF-16BE", "\xfe\xff" + in(t, UTF16BE, people), UTF16BE, ','},
		{"Shift_JIS with a name that is UTF-8 by chance", in(t, ShiftJIS, "1,最初\n2,驕らず\n3,そのうちに\n"), ShiftJIS, ','},
		{"an accent of Europe", "id,name\n1,Ra\xfal Vidal\n", UTF8, ','},
		{"UTF-16LE of Excel, Unicode text", "\xff\xfe" + in(t, UTF16LE, "a,b\tc\r\n1\t2\r\n"), UTF16LE, '\t'},
		{"UTF-16LE without mark", in(t, UTF16LE, people), UTF16LE, ','},
		{"UTF-16BE without mark", in(t, UTF16BE, people), UTF16BE, ','},
		{"UTF-16LE without mark, ASCII", in(t, UTF16LE, "a,b\n1,2\n"), UTF16LE, ','},
		{"UTF-16BE without mark, ASCII", in(t, UTF16BE, "a,b\n1,2\n"), UTF16BE, ','},
		{"UTF-16LE without mark, nearly all Japanese", in(t, UTF16LE, "氏名\n山田太郎\n鈴木花子\nさくらももこ\n"), UTF16LE, ','},
		{"UTF-16BE without mark, nearly all Japanese", in(t, UTF16BE, "氏名\n山田太郎\n鈴木花子\nさくらももこ\n"), UTF16BE, ','},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, packed := range []bool{false, true} {
				file := tt.file
				if packed {
					file = gzipped(t, file)
				}
				got, err := detectBoth(t, file)
				if err != nil || got.Format != CSV || got.Encoding != tt.encoding || got.Delimiter != tt.delimiter || got.Gzip != packed {
					t.Errorf("%+v, %v; want %s, %q", got, err, tt.encoding, tt.delimiter)
				}
				if len(got.Encodings) == 0 || got.Encodings[0].Encoding != got.Encoding || got.Encodings[0].Confidence < 0.3 {
					t.Errorf("encodings: %+v", got.Encodings)
				}
			}
		})
	}
}

func TestDetectRefusesWhatIsNoTable(t *testing.T) {
	t.Parallel()
	binary := make([]byte, 5000)
	for r, i := rand.New(rand.NewPCG(15, 16)), 0; i < len(binary); i++ {
		binary[i] = byte(r.Uint32())
	}
	zipHead := "PK\x03\x04" + strings.Repeat("\x00", 26)
	tests := []struct {
		name, file string
		code       member.Code
		detail     string
	}{
		{"ISO-2022-JP", "\x1b$BL>A0\x1b(B,b\n", member.EncodingUnsupported, "ISO-2022-JP"},
		{"UTF-32LE", "\xff\xfe\x00\x00a\x00\x00\x00", member.EncodingUnsupported, "UTF-32"},
		{"UTF-32BE", "\x00\x00\xfe\xff\x00\x00\x00a", member.EncodingUnsupported, "UTF-32"},
		{"Windows-1252", "name,city\nJos\xe9,K\xf6ln\nBj\xf6rn,M\xfcnchen\n", member.EncodingUnsupported, ""},
		{"Windows-1252, names", "name\nH\xe9l\xe8ne\nFran\xe7ois\n", member.EncodingUnsupported, ""},
		{"XLS", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 500), member.FormatUnsupported, "XLS"},
		{"XLSX with a password", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + string(utf16("EncryptedPackage")), member.EncryptedFile, ""},
		{"XLSB", string(book{"xl/workbook.bin": ""}.zip(t)), member.FormatUnsupported, "XLSB"},
		{"ODS", zipHead + "mimetypeapplication/vnd.oasis.opendocument.spreadsheet", member.FormatUnsupported, "OpenDocument"},
		{"DOCX", zipHead + "[Content_Types].xml word/document.xml", member.FormatUnsupported, "Office"},
		{"ZIP", zipHead + "members.csv", member.FormatUnsupported, "ZIP"},
		{"tar", "members.csv" + strings.Repeat("\x00", 246) + "ustar\x0000", member.FormatUnsupported, "tar"},
		{"bzip2", "BZh91AY&SY", member.FormatUnsupported, "bzip2"},
		{"PDF", "%PDF-1.7\n", member.FormatUnsupported, "PDF"},
		{"HTML", BOM + "\r\n<!DOCTYPE html><html>", member.FormatUnsupported, "HTML"},
		{"HTML table", "<table><tr><td>a", member.FormatUnsupported, "HTML"},
		{"HTML in Shift_JIS", in(t, ShiftJIS, "<html><meta charset=Shift_JIS><table><tr><td>氏名"), member.FormatUnsupported, "HTML"},
		{"HTML in UTF-16", "\xff\xfe" + in(t, UTF16LE, "\r\n<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\">氏名"), member.FormatUnsupported, "HTML"},
		{"HTML in UTF-16 without mark", in(t, UTF16BE, "<html>\r\n<td>氏名"), member.FormatUnsupported, "HTML"},
		{"web archive", "MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", member.FormatUnsupported, "HTML"},
		{"XML of Excel 2003", `<?xml version="1.0"?><Workbook>`, member.FormatUnsupported, "XML"},
		{"XML in UTF-16", "\xfe\xff" + in(t, UTF16BE, `<?xml version="1.0" encoding="UTF-16"?><Workbook>`), member.FormatUnsupported, "XML"},
		{"JSON", "[\n {\"a\": 1}]", member.FormatUnsupported, "JSON"},
		{"JSON object", "{\"a\": 1}", member.FormatUnsupported, "JSON"},
		{"RTF", "{\\rtf1\\ansi", member.NotATable, ""},
		{"PNG", "\x89PNG\r\n\x1a\n", member.NotATable, ""},
		{"control bytes", strings.Repeat("\x01\x02", 100), member.NotATable, ""},
		{"a program", "\x7fELF" + string(binary), member.NotATable, ""},
		{
			"what Excel writes beside an open workbook", "\x06Tanaka" + strings.Repeat(" ", 48) + "\x06\x00" + in(t, UTF16LE, "Tanaka"+strings.Repeat(" ", 48)),
			member.NotATable, "",
		},
		{"zeros", strings.Repeat("\x00", 1000), member.NotATable, ""},
		{"gzip that is cut off", gzipped(t, people)[:40], member.CorruptFile, ""},
		{"gzip that is damaged", strings.Replace(gzipped(t, people), "\x08\x00", "\x07\x00", 1), member.CorruptFile, ""},
		{"workbook in a gzip", gzipped(t, string(plainBook.zip(t))), member.FormatUnsupported, "gzip"},
		{"tar in a gzip", gzipped(t, "members.csv"+strings.Repeat("\x00", 246)+"ustar\x0000"), member.FormatUnsupported, "gzip"},
		{"gzip in a gzip", gzipped(t, gzipped(t, people)), member.FormatUnsupported, "gzip"},
		{"HTML in a gzip", gzipped(t, "<html>"), member.FormatUnsupported, "HTML"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := detectBoth(t, tt.file)
			var u *Unsupported
			if !errors.As(err, &u) || u.Code != tt.code || u.Detail != tt.detail || u.Reason.JA == "" || u.Reason.EN == "" {
				t.Errorf("%+v, %+v, want %s %s", got, err, tt.code, tt.detail)
			}
		})
	}
}

func TestDetectFromFindsThePasswordOfALargeWorkbook(t *testing.T) {
	t.Parallel()
	const sector = 300
	file := make([]byte, (sector+2)*512)
	copy(file, ole2)
	file[30], file[48], file[49] = 9, sector&0xff, sector>>8 // sectors of 512 bytes, and which one has the directory
	copy(file[(sector+1)*512+128:], utf16("EncryptedPackage"))
	var u *Unsupported
	if _, err := DetectFrom(bytes.NewReader(file)); !errors.As(err, &u) || u.Code != member.EncryptedFile {
		t.Errorf("with a password: %v", err)
	}
	for name, file := range map[string][]byte{"cut off": file[:sector*512], "without": make([]byte, len(file))} {
		copy(file, ole2)
		if _, err := DetectFrom(bytes.NewReader(file)); !errors.As(err, &u) || u.Code != member.FormatUnsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDetectTellsAWorkbook(t *testing.T) {
	t.Parallel()
	got, err := detectBoth(t, string(plainBook.zip(t)))
	if err != nil || got.Format != XLSX || got.Gzip || got.Encoding != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDetectForgivesACharacterCutByTheHead(t *testing.T) {
	t.Parallel()
	for _, e := range Encodings() {
		text := in(t, e, "ascii, then\n"+strings.Repeat("山田太郎", 5))
		for cut := range 4 {
			got, err := Detect([]byte(text[:len(text)-cut]), 1000)
			if err != nil || got.Encoding != e || got.Encodings[0].Confidence < 0.99 {
				t.Errorf("%s cut by %d: %+v, %v", e, cut, got, err)
			}
		}
	}
}

// someJapanese returns so many characters as lists have them.
func someJapanese(r *rand.Rand, n int) string {
	words := strings.Fields("山田 太郎 鈴木 花子 佐藤 ヤマダ タロウ スズキ さくら ひなた 東京都 千代田区 大阪府 北海道 株式会社 電話番号 備考 " +
		"ゴールド キャンペーン お客様 男性 女性 髙橋 﨑山 渡邊 齋藤 １２３ ㈱ 会員 メール 丸の内 神奈川県 横浜市 様 配信停止 お届け先 ありがとうございます。")
	var b strings.Builder
	for size := 0; size < n; {
		word := words[r.IntN(len(words))]
		b.WriteString(word)
		if size += len([]rune(word)); r.IntN(2) == 0 {
			b.WriteString([]string{",", "\r\n", " ", "\"", "12", "a@b.example"}[r.IntN(6)])
		}
	}
	return b.String()
}

func TestDetectFindsTheEncodingOfFewCharacters(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	for n := range 3000 {
		text := "id,name\r\n1," + someJapanese(r, 3+r.IntN(30)) + "\r\n"
		e := Encodings()[n%len(encodings)]
		if got, err := detectBoth(t, in(t, e, text)); err != nil || got.Encoding != e {
			t.Errorf("%q in %s: %+v, %v", text, e, got.Encodings, err)
		}
	}
}

func TestDetectReadsOnUntilTheEncodingIsCertain(t *testing.T) {
	t.Parallel()
	ascii := strings.Repeat("1,taro@example.jp,TRUE\r\n", 20_000)
	for _, e := range Encodings() {
		for _, packed := range []bool{false, true} {
			file := in(t, e, ascii+"2,é,FALSE\r\n"+ascii+"3,山田太郎\r\n4,鈴木花子\r\n"+ascii)
			if packed {
				file = gzipped(t, file)
			}
			got, err := DetectFrom(strings.NewReader(file))
			if err != nil || got.Encoding != e || got.Delimiter != ',' {
				t.Errorf("%s: %+v, %v", e, got, err)
			}
		}
	}
	late := ascii + "2,\x1b$BL>A0\x1b(B\r\n" + ascii
	var u *Unsupported
	if _, err := DetectFrom(strings.NewReader(late)); !errors.As(err, &u) || u.Detail != "ISO-2022-JP" {
		t.Errorf("ISO-2022-JP: %v", err)
	}
	got, err := Detect([]byte(ascii)[:HeadSize], int64(len(ascii)))
	if err != nil || got.Encoding != UTF8 || got.Encodings[0].Confidence > 0.9 || len(got.Encodings) < 2 {
		t.Errorf("head of ASCII: %+v, %v", got, err)
	}
}

func TestDetectTakesAMixtureForUTF8(t *testing.T) {
	t.Parallel()
	file := strings.Repeat("山田太郎,東京都\n", 5) + strings.Repeat(in(t, ShiftJIS, "鈴木花子,大阪府\n"), 20)
	got, err := detectBoth(t, file)
	if err != nil || got.Encoding != UTF8 || got.Encodings[0].Confidence > 0.9 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDetectRefusesChineseThatWouldReadAsJapanese(t *testing.T) {
	t.Parallel()
	names, err := simplifiedchinese.GBK.NewEncoder().String("会员编号,姓名\n" + strings.Repeat("张伟,北京市朝阳区\n王芳,上海市浦东新区\n李娜,广州市天河区\n刘洋,深圳市罗湖区\n", 8))
	if err != nil {
		t.Fatal(err)
	}
	var u *Unsupported
	if got, err := detectBoth(t, names); !errors.As(err, &u) || u.Code != member.EncodingUnsupported {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDetectFromReturnsTheSourcesError(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"text": people, "gzip": gzipped(t, people)[:50], "late": strings.Repeat("a,b\n", HeadSize)} {
		for _, broken := range []error{errBroken, io.ErrUnexpectedEOF} {
			_, err := DetectFrom(io.MultiReader(strings.NewReader(file), iotest.ErrReader(broken)))
			var u *Unsupported
			if !errors.Is(err, broken) || errors.As(err, &u) {
				t.Errorf("%s: %v, want %v", name, err, broken)
			}
		}
	}
}

func TestDelimiterConfidence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]float64{
		strings.Repeat("a,b,c\n", 10):             {0.99, 1},
		"a,b\n":                                   {0.7, 0.95},
		"a@example.jp\nb@example.jp\n":            {0.5, 0.5},
		"one\ntwo;\nthree,\n":                     {0.1, 0.4},
		"a,b\n" + strings.Repeat("1,2,3\n1\n", 9): {0, 0.6},
		"sep=;\na\n":                              {1, 1},
	} {
		if d, err := Detect([]byte(text), int64(len(text))); err != nil || d.DelimiterConfidence < want[0] || d.DelimiterConfidence > want[1] {
			t.Errorf("%.20q: %+v, %v; want %v", text, d, err, want)
		}
	}
}

func FuzzDetect(f *testing.F) {
	for _, s := range []string{"", "a,b\n1,2\n", people, "\xff\xfea\x00", "sep=;\na;b\n", "\x1f\x8b\x08", "PK\x03\x04xl/", "<html>", "\xd4\xcf\xc0\xde"} {
		f.Add([]byte(s), int64(len(s)))
		f.Add([]byte(s), int64(1000))
	}
	f.Add([]byte(gzipped(f, people)), int64(0))
	f.Fuzz(func(t *testing.T, file []byte, size int64) {
		if len(file) > HeadSize {
			return
		}
		_, _ = Detect(file, size)
		d, err := detectBoth(t, string(file))
		var u *Unsupported
		if err != nil && (!errors.As(err, &u) || u.Code == "" || u.Reason.JA == "" || u.Reason.EN == "") {
			t.Fatal(err)
		}
		if err != nil || d.Format != CSV {
			return
		}
		for i, c := range d.Encodings {
			if c.Confidence < 0 || c.Confidence > 1 || i > 0 && c.Confidence > d.Encodings[i-1].Confidence {
				t.Fatalf("encodings: %+v", d.Encodings)
			}
		}
		if d.DelimiterConfidence < 0 || d.DelimiterConfidence > 1 || d.Delimiter == 0 {
			t.Fatalf("%+v", d)
		}
		for _, err := range OpenCSV(bytes.NewReader(file), (Options{}).With(d)).Rows() {
			if err != nil && !errors.As(err, &u) {
				t.Fatal(err)
			}
		}
	})
}
