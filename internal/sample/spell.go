package sample

import "strconv"

// The numbers of ways in which cells are spelled; form 0 is the canonical one.
const (
	emailForms      = 8
	phoneForms      = 8
	birthdayForms   = 8
	registeredForms = 5
)

var (
	sexForms     = [][2]string{{"1", "2"}, {"男性", "女性"}, {"男", "女"}, {"M", "F"}, {"male", "female"}, {"男性", "女性"}}
	booleanForms = [][2]string{{"FALSE", "TRUE"}, {"false", "true"}, {"no", "yes"}, {"n", "y"}, {"0", "1"}, {"×", "○"}}
)

// writeEmail writes an address that is the member's own: the member's number is in it. One in nine has none.
func (g *generator) writeEmail() bool {
	p := &g.person
	switch p.emailForm {
	case emailForms:
		return false
	case emailForms - 1:
		g.put(p.family.latin, "_", p.given.latin)
	case emailForms - 2:
		g.buf = append(g.buf, p.given.latin[0]-'a'+'A')
		g.put(p.given.latin[1:], ".", p.family.latin)
	default:
		g.put(p.given.latin, ".", p.family.latin)
	}
	g.putInt(p.number, 1)
	return g.put("@", p.domain)
}

// writePhone writes 9012345678 as people do: with the country code or the trunk 0, which some have both.
func (g *generator) writePhone() bool {
	p := &g.person
	if p.phone.prefix == 0 {
		return false
	}
	digits := p.phone.digits()
	prefix, middle, last := digits/10000_0000, digits/10000%10000, digits%10000
	dashed := func(start string) {
		g.put(start)
		g.putInt(prefix, 2)
		g.put("-")
		g.putInt(middle, 4)
		g.put("-")
		g.putInt(last, 4)
	}
	switch p.phoneForm {
	case 0:
		g.put("+81")
		g.putInt(digits, 10)
	case 1:
		dashed("+81 ")
	case 2:
		dashed("+81 0")
	case 3:
		g.put("0")
		g.putInt(digits, 10)
	case 4:
		start := len(g.buf)
		dashed("0")
		g.widen(start)
	default:
		dashed("0")
	}
	return false
}

// widen turns the ASCII text from start on into its full-width form (U+FF01 and following), as a Japanese input
// method leaves it.
func (g *generator) widen(start int) {
	var narrow [32]byte
	text := narrow[:copy(narrow[:], g.buf[start:])]
	g.buf = g.buf[:start]
	for _, b := range text {
		r := rune(b) + 0xfee0
		g.buf = append(g.buf, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0xbf, 0x80|byte(r)&0x3f)
	}
}

func (g *generator) writeSex() bool {
	form := sexForms[g.person.sexForm]
	if g.person.woman {
		return g.put(form[1])
	}
	return g.put(form[0])
}

func (g *generator) writeDate(d date) bool {
	switch d.form {
	case 1:
		return g.putDate(d.year, d.month, d.day, 2, "/", "/", "")
	case 2:
		return g.putDate(d.year, d.month, d.day, 1, "/", "/", "")
	case 3:
		return g.putDate(d.year, d.month, d.day, 2, "", "", "")
	case 4:
		return g.putDate(d.year, d.month, d.day, 1, "年", "月", "日")
	case 5:
		era, year := eraOf(d)
		g.put(era)
		return g.putDate(year, d.month, d.day, 1, "年", "月", "日")
	default:
		return g.putDate(d.year, d.month, d.day, 2, "-", "-", "")
	}
}

func (g *generator) putDate(year, month, day, digits int, afterYear, afterMonth, afterDay string) bool {
	g.putInt(year, 1)
	g.put(afterYear)
	g.putInt(month, digits)
	g.put(afterMonth)
	g.putInt(day, digits)
	return g.put(afterDay)
}

// eraOf returns the Japanese era and year of a day after 1926 and before 2019-05.
func eraOf(d date) (era string, year int) {
	if d.year < 1989 || d.year == 1989 && d.month == 1 && d.day < 8 {
		return "昭和", d.year - 1925
	}
	return "平成", d.year - 1988
}

// writeSource quotes the source that has a line break in it.
func (g *generator) writeSource() bool {
	i := g.person.source
	if i >= len(sources) {
		i %= len(sources) - 1
	}
	g.put(sources[i])
	return i == len(sources)-1
}

func (g *generator) writeTags() bool {
	p := &g.person
	for i, tag := range p.tags[:p.tagCount] {
		switch {
		case i > 0 && p.tagForm == 1:
			g.put(", ")
		case i > 0:
			g.put(",")
		}
		g.put(tags[tag])
	}
	return p.tagCount > 1
}

func (g *generator) writeConsent(i int) bool {
	return g.writeBoolean(g.person.consents[i], g.person.consentForms[i])
}

// writeBoolean leaves the cell empty where the form is beyond the last.
func (g *generator) writeBoolean(value bool, form int) bool {
	switch {
	case form >= len(booleanForms):
		return false
	case value:
		return g.put(booleanForms[form][1])
	default:
		return g.put(booleanForms[form][0])
	}
}

// writeLine writes a LINE user id: U and 32 hexadecimal digits.
func (g *generator) writeLine() bool {
	if g.person.line == [2]uint64{} {
		return false
	}
	g.put("U")
	for _, half := range g.person.line {
		// The highest bit is set, so that there are sixteen digits.
		g.buf = strconv.AppendUint(g.buf, half|1<<63, 16)
	}
	return false
}
