package sheet

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// detectEncoding returns the encodings that a text could be in, the likeliest first: what a byte order mark says; else
// UTF-16 by the pattern of its zeros; else UTF-8 where all of the text is that; else whichever of the others makes the
// most plausible Japanese of it. Text that makes sense in none is UTF-8 where that is a few bytes of it; where it is more,
// the error is an *Unsupported.
func detectEncoding(s sample) ([]Candidate, error) {
	if e := byMark(s.head); e != "" {
		return []Candidate{{e, 1}}, nil
	}
	if e, confidence := detectUTF16(s.head); e != "" {
		return []Candidate{{e, confidence}}, nil
	}
	if zeros := bytes.Count(s.head, []byte{0}); zeros > 3 && zeros*3 > len(s.head) {
		return nil, refuse(notATable, "%d zero bytes of %d", zeros, len(s.head))
	}
	high := highBytes(s.text)
	switch {
	case high == 0 && iso2022(s.text):
		return nil, refuse(named(otherEncoding, "ISO-2022-JP"), "escape sequence")
	case high == 0 && s.whole:
		return []Candidate{{UTF8, 1}}, nil
	case high == 0:
		// What comes may be anything.
		return []Candidate{{UTF8, 0.6}, {ShiftJIS, 0.35}, {EUCJP, 0.05}}, nil
	}
	var readings []reading
	for _, e := range []Encoding{UTF8, ShiftJIS, EUCJP} {
		readings = append(readings, read(s, e))
	}
	if u := readings[0]; u.bad == 0 && u.chars > 0 {
		// By chance, this happens to one in many texts of other encodings with two or three characters, and to none
		// with many: text in any language that is UTF-8 throughout is UTF-8.
		if u.several() {
			return candidates(readings, math.Inf(1)), nil
		}
		return candidates(readings, 12), nil
	}
	// A file that was put together from several may have lines of UTF-8, and lines of something else. Read as UTF-8,
	// the latter fail; read as anything else, the former become nonsense.
	if good, all := linesOfUTF8(s); good > 0 && good*10 >= all {
		return candidates(readings, math.Inf(1)), nil
	}
	found := candidates(readings, 0)
	r := readings[0]
	strange := r.encoding != UTF8 && r.foreign(200, 12.4)
	switch few := int64(r.bad + r.odd); {
	case !r.senseless() && !strange:
		if r.encoding != UTF8 && r.foreign(40, 10.8) {
			found[0].Confidence = min(found[0].Confidence, 0.5)
		}
		return found, nil
	case !strange && (few < 3 || few*1000 < s.size):
		// As UTF-8 the rows with such bytes fail; it is more than likely that the others are what they seem.
		return []Candidate{{UTF8, 0.3}}, nil
	}
	if c := countControls(s.head); c.many(s.head) {
		return nil, refuse(notATable, "%d control bytes of %d", c.all, len(s.head))
	}
	return nil, refuse(otherEncoding, "%d bad and %d odd characters of %d as %s", r.bad, r.odd, r.chars, r.encoding)
}

// candidates ranks readings by their cost, that of UTF-8 made less by so many bits.
func candidates(readings []reading, bonus float64) []Candidate {
	cost := func(r reading) float64 {
		if r.encoding == UTF8 {
			return r.cost - bonus
		}
		return r.cost
	}
	slices.SortStableFunc(readings, func(a, b reading) int { return cmp.Compare(cost(a), cost(b)) })
	best := cost(readings[0])
	if math.IsInf(best, -1) {
		best = readings[0].cost
	}
	sum, out := 0.0, make([]Candidate, 0, len(readings))
	for i, r := range readings {
		// The costs are of characters that depend on one another, so that they count less than their sum says.
		c := Candidate{r.encoding, 1}
		if i > 0 {
			c.Confidence = math.Exp2(-max(cost(r)-best, 0) / 3)
		}
		if r.chars+r.bad > 0 {
			c.Confidence *= float64(r.chars) / float64(r.chars+r.bad)
		}
		if i > 0 {
			c.Confidence = min(c.Confidence, out[i-1].Confidence)
		}
		sum += max(c.Confidence, 1e-9)
		out = append(out, c)
	}
	own := out[0].Confidence // a reading with bad bytes is not certain, even if no other is better
	for i := range out {
		out[i].Confidence = math.Round(out[i].Confidence/sum*own*1000) / 1000
	}
	for len(out) > 1 && out[len(out)-1].Confidence < 0.001 {
		out = out[:len(out)-1]
	}
	return out
}

// reading is what a text is in an encoding.
type reading struct {
	encoding Encoding
	chars    int     // beyond ASCII
	bad      int     // bytes that are no part of a character
	odd      int     // characters that no list of members has
	cost     float64 // in bits, as if the text were written in a code made for Japanese lists
	seen     [8]rune // the first different characters, 0 for none yet
}

// note keeps the character among those seen.
func (r *reading) note(c rune) {
	for i, s := range r.seen {
		if s == c {
			return
		}
		if s == 0 {
			r.seen[i] = c
			return
		}
	}
}

// several reports whether the text has so many different characters that it cannot be read so by chance.
func (r *reading) several() bool { return r.seen[len(r.seen)-1] != 0 }

// senseless reports whether hardly anything of the text looks like something that people write.
func (r reading) senseless() bool {
	return r.bad+r.odd > r.chars-r.odd || r.chars > 8 && r.average() > 16
}

// foreign reports whether at least so many characters take more bits on average than those of Japanese do: it is rather
// Chinese or Korean in an encoding of its own. Lists of Japanese in nothing but kanji take at most 10.3 from fifty names on,
// and 10.9 from ten; the encodings of Korea and Taiwan, misread, take 11 to 12, those of China and of Europe 13 to 16.
func (r reading) foreign(chars int, bits float64) bool { return r.chars >= chars && r.average() > bits }

func (r reading) average() float64 { return r.cost / float64(max(r.chars+r.bad, 1)) }

func read(s sample, e Encoding) reading {
	r := reading{encoding: e}
	if e == EUCJP {
		r.cost = rareCost
	}
	text := toUTF8(s.text, e, s.whole)
	for prev := rune(0); len(text) > 0; {
		if n := asciiLen(text); n > 0 {
			prev, text = rune(text[n-1]), text[n:]
			continue
		}
		c, size := utf8.DecodeRune(text)
		if c == utf8.RuneError && size == 1 {
			if e == UTF8 && !s.whole && !utf8.FullRune(text) {
				break // the sample ends within a character
			}
			if e != UTF8 {
				size = min(3, len(text)) // as putBadByte writes it
			}
			r.bad++
			r.cost += badCost
		} else {
			r.chars++
			r.note(c)
			cost := charCost(c, prev)
			if cost == rareKanji && (isLetter(prev) || size < len(text) && isLetter(rune(text[size]))) || cost == laterKanji && 'a' <= prev && prev <= 'z' {
				cost = oddCost + 4 // an accented letter of Europe and the letter behind it, within a word
			}
			if cost >= oddCost {
				r.odd++
			}
			r.cost += float64(cost)
		}
		prev, text = c, text[size:]
	}
	return r
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

// linesOfUTF8 counts the lines that are not all ASCII, and those of them that hold several characters as only UTF-8
// writes Japanese, nothing else, and make less sense in the other encodings: 驕らず in Shift_JIS is UTF-8 by chance.
func linesOfUTF8(s sample) (good, all int) {
	for line := range bytes.FieldsFuncSeq(s.text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if highBytes(line) == 0 {
			continue
		}
		all++
		if !utf8.Valid(line) {
			continue
		}
		if three := highBytes(line) - 2*(utf8.RuneCount(line)-(len(line)-highBytes(line))); three < 2 {
			continue
		}
		alone := sample{text: line, whole: true}
		if cost := read(alone, UTF8).cost; cost < read(alone, ShiftJIS).cost && cost < read(alone, EUCJP).cost {
			good++
		}
	}
	return good, all
}

const (
	// laterKanji are those that companies added to JIS X 0208, as 髙 and 﨑, rareKanji all the others of level 2 and beyond.
	laterKanji = 14
	rareKanji  = 17
	badCost    = 24
	oddCost    = 20
	// rareCost is what EUC-JP costs from the start, which only old systems still write.
	rareCost = 3
)

// charCost returns the bits that a character after another takes in a code made for Japanese lists. The figures are
// rough; what matters is how they compare.
func charCost(r, prev rune) int {
	switch {
	case 0x3041 <= r && r <= 0x3093, r == 'ー', r == '、', r == '。':
		return 5
	case 0x30A1 <= r && r <= 0x30F6:
		return 6
	case 0x3000 <= r && r <= 0x30FF, 0xFF01 <= r && r <= 0xFF5E:
		return 8
	case halfKana <= r && r <= 0xFF9F:
		return halfKanaCost(r, prev)
	case 0x4E00 <= r && r <= 0x9FFF, 0xF929 <= r && r <= 0xFA2D:
		return kanjiCost(r)
	case r < 0xA0, 0xE000 <= r && r <= 0xF8FF, r == utf8.RuneError, 0xFFF0 <= r && r <= 0xFFFF:
		return oddCost + 2
	case r < 0x180, 0x2010 <= r && r <= 0x266F, 0x3200 <= r && r <= 0x33FF, r == '￥', r == 0xFEFF:
		return 13
	case 0x1F000 <= r && r <= 0x1FAFF, 0x20000 <= r && r <= 0x2FFFF, 0xAC00 <= r && r <= 0xD7A3:
		return 15
	}
	return 18
}

// kanjiCost tells kanji by how common they are: those of names, addresses and headers, those of level 1 and level 2 of
// JIS X 0208, and those that companies added.
func kanjiCost(r rune) int {
	row := eucJPCodes()[r] >> 8
	switch {
	case commonKanji()[r]:
		return 8
	case 0xB0 <= row && row <= 0xCF:
		return 12
	case row >= 0xF9 && eucJPCodes()[r]&0x80 != 0:
		return laterKanji
	}
	return rareKanji
}

// halfKanaCost knows how half-width kana follow one another: a mark of voicing only what can be voiced, a small letter
// or a long sound never first.
func halfKanaCost(r, prev rune) int {
	after := 0xFF66 <= prev && prev <= 0xFF9F
	switch {
	case r == 'ﾞ' && ('ｶ' <= prev && prev <= 'ﾄ' || 'ﾊ' <= prev && prev <= 'ﾎ' || prev == 'ｳ'), r == 'ﾟ' && 'ﾊ' <= prev && prev <= 'ﾎ':
		return 3
	case r == 'ﾞ', r == 'ﾟ':
		if after {
			return 18
		}
		return oddCost
	case 'ｧ' <= r && r <= 'ｯ':
		if after {
			return 7
		}
		return 17
	case r == 'ｰ':
		if after {
			return 5
		}
		return 15
	case r <= 'ｦ':
		return 11
	case after:
		return 5
	}
	return 9
}

// commonKanji are those that Japanese lists of people are made of.
var commonKanji = sync.OnceValue(func() map[rune]bool {
	m := map[rune]bool{}
	for _, r := range strings.Join(strings.Fields(commonly), "") {
		m[r] = true
	}
	return m
})

const commonly = `
氏名電話番号郵便住所都道府県市区町村丁目番地建物会員登録日生年月性別男女年齢職業備考姓様御社店舗部課係長担当者顧客得意先
配信停止可否希望有無済未完了更新削除追加変更退会入会金額合計数量単価税込価格商品注文購入契約期間開始終了状態種類区分種別
東京大阪京北海青森岩手宮城秋田山形福島茨栃木群馬埼玉千葉神奈川潟富石井梨野岐阜静岡愛知三重滋賀兵庫良和歌鳥取根広口徳香媛高
佐崎熊本分鹿児沖縄札幌仙台横浜堺古屋九州世谷渋新宿中央港品目黒杉並練馬足立江戸葛飾台墨荒豊文
田藤中村小林加吉木斎松清水山崎池橋阿部森石前後岡長谷川近坂遠青福西太藤原三上金子竹内河野原安丸山久保工増菅平服大菊岩樋
島桜今高中島野口酒井千葉横沢宮辺渡伊佐々鈴佐木一二三四五六七八九十百千万円人名男女
太郎次三花子美智恵由紀裕真理香織陽菜結衣翔蓮悠斗樹颯大輝健誠隆浩弘博明正義和雄夫一郎幸治修司秀俊英信行光洋昭勝利男康介
直達也剛拓哉亮貴之直樹大輔翼優希彩奈未来咲愛萌遥凛葵楓莉桃杏沙綾友里絵麻梨早苗千春夏秋冬芳江節代照典敏哲徹進武文彦
春夏秋冬朝昼夜今日明昨週曜時分秒午前後年度当毎回第号室階棟号館寮荘内外左右上下前後東西南北中央
会社株式有限合同法人団体学校病院医師店長営業総務経理人事開発企画管理製造販売工場支店本店本社事業所部門
必須任意入力確認送信受信通知連絡案内資料請求申込応募当選抽選利用使用方法手続問合対応処理結果成功失敗
一般特別通常優待割引無料有料会費支払振込口座銀行郵貯現金手数料消費税
日本国籍言語英語中国韓国米国
私僕君彼彼女自分家族父母兄弟姉妹夫妻子供友達先生学生社員主婦無職公務員自営業他
思言行見来出入食飲買売書読聞話知使作持待立歩走止開閉始終続
大小多少長短高低新古良悪強弱早遅近遠重軽安白黒赤青緑黄色
`
