package sample

import "strconv"

// person is one row's member. Everything is drawn at once, in a fixed order, so that which columns a file has
// changes nothing in those that it does have.
type person struct {
	number        int
	family, given name
	woman         bool
	emailForm     int
	domain        string
	phone         phone
	phoneForm     int
	sexForm       int
	birthday      date
	city          int // -1 where it is not known
	japan         bool
	registered    date
	source        int
	level         int
	tags          [3]int
	tagCount      int
	tagForm       int
	consents      [3]bool
	consentForms  [3]int
	line          [2]uint64 // both 0 where there is none
	active        bool
	activeForm    int
}

// date is a day and the way in which it is written.
type date struct{ year, month, day, form int }

func newPerson(r *random, number int, plain bool) person {
	p := person{number: number, family: families[r.below(len(families))], woman: r.below(2) == 1}
	if p.woman {
		p.given = women[r.below(len(women))]
	} else {
		p.given = men[r.below(len(men))]
	}
	p.emailForm, p.domain = r.below(emailForms+1), domains[r.below(len(domains))]
	p.phone, p.phoneForm = newPhone(r), r.below(phoneForms)
	p.sexForm = r.below(len(sexForms))
	p.birthday = date{1940 + r.below(68), 1 + r.below(12), 1 + r.below(28), r.below(birthdayForms)}
	p.city = r.below(len(cities)+2) - 2
	p.japan = r.below(3) == 0
	p.registered = date{2012 + r.below(14), 1 + r.below(12), 1 + r.below(28), r.below(registeredForms)}
	p.source = r.below(len(sources) + 60)
	p.level = r.below(len(levels))
	p.tagCount, p.tagForm = r.below(len(p.tags)+1), r.below(2)
	first := r.below(len(tags))
	for i := range p.tags {
		p.tags[i] = (first + 5*i) % len(tags)
	}
	for i := range p.consents {
		p.consents[i], p.consentForms[i] = r.below(8) > 0, r.below(len(booleanForms)+1)
	}
	if r.below(5) < 3 {
		p.line = [2]uint64{r.next(), r.next()}
	}
	p.active, p.activeForm = r.below(20) > 0, r.below(len(booleanForms))
	if plain {
		p.spellPlainly()
	}
	return p
}

// phone is a mobile number: 70, 80 or 90 and eight digits of which the first is not 0 (the numbering plan of the
// Ministry of Internal Affairs and Communications).
type phone struct {
	prefix int // 7, 8 or 9; 0 where there is no phone
	rest   int // below mobiles
}

// mobiles is how many numbers there are behind each prefix.
const mobiles = 9000_0000

// newPhone returns a phone, or none for one in sixteen.
func newPhone(r *random) phone {
	p := phone{7 + r.below(3), r.below(mobiles)}
	if r.below(16) == 0 {
		p.prefix = 0
	}
	return p
}

// digits returns the ten digits that come after the trunk 0.
func (p phone) digits() int { return p.prefix*10_0000_0000 + 1000_0000 + p.rest }

func (p *person) spellPlainly() {
	p.emailForm, p.phoneForm, p.sexForm, p.tagForm, p.activeForm = min(p.emailForm, 1), 0, 0, 0, 0
	p.birthday.form, p.registered.form = 0, 0
	p.source %= len(sources) - 1
	p.consentForms = [3]int{}
}

// change moves the member, and gives it another level and phone number.
func (p *person) change(r *random) {
	p.city = (max(p.city, 0) + 1 + r.below(len(cities)-1)) % len(cities)
	p.level = (p.level + 1 + r.below(len(levels)-1)) % len(levels)
	p.phone.prefix = max(p.phone.prefix, 7)
	p.phone.rest = (p.phone.rest + 1 + r.below(mobiles-1)) % mobiles
}

// column is a field of the sample and how its cell is written; write reports whether a CSV must quote it.
type column struct {
	key, label string
	// changes tells that a later revision of a changed member has another value here.
	changes bool
	write   func(*generator) (quote bool)
}

// columns are the twenty columns of the sample, under the labels of the manual (seed 000).
var columns = []column{
	{key: "member_sn", label: "会員番号", write: (*generator).writeNumber},
	{key: "name", label: "氏名", write: func(g *generator) bool {
		return g.put(g.person.family.text, " ", g.person.given.text)
	}},
	{key: "last_name", label: "姓", write: func(g *generator) bool { return g.put(g.person.family.text) }},
	{key: "first_name", label: "名", write: func(g *generator) bool { return g.put(g.person.given.text) }},
	{key: "email", label: "メールアドレス", write: (*generator).writeEmail},
	{key: "phone", label: "電話番号", changes: true, write: (*generator).writePhone},
	{key: "sex", label: "性別", write: (*generator).writeSex},
	{key: "birthday", label: "生年月日", write: func(g *generator) bool { return g.writeDate(g.person.birthday) }},
	{key: "city", label: "市区町村", changes: true, write: func(g *generator) bool {
		if g.person.city < 0 {
			return false
		}
		return g.put(cities[g.person.city])
	}},
	{key: "country", label: "国", write: func(g *generator) bool {
		if g.person.japan {
			return g.put("Japan")
		}
		return g.put("日本")
	}},
	{key: "iso_code", label: "国コード", write: func(g *generator) bool { return g.put("JP") }},
	{key: "register_date", label: "登録日", write: func(g *generator) bool { return g.writeDate(g.person.registered) }},
	{key: "register_type", label: "会員登録経由", write: (*generator).writeSource},
	{key: "member_level", label: "会員ランク", changes: true, write: func(g *generator) bool { return g.put(levels[g.person.level]) }},
	{key: "tags", label: "タグ", write: (*generator).writeTags},
	{key: "is_subscriber", label: "メール受信可否", write: func(g *generator) bool { return g.writeConsent(0) }},
	{key: "is_subscriber_sms", label: "SMS受信可否", write: func(g *generator) bool { return g.writeConsent(1) }},
	{key: "is_subscriber_line", label: "LINE受信可否", write: func(g *generator) bool { return g.writeConsent(2) }},
	{key: "line_id", label: "LINE ID", write: (*generator).writeLine},
	{key: "is_active", label: "状態", write: func(g *generator) bool {
		return g.writeBoolean(g.person.active, g.person.activeForm)
	}},
}

// put appends text that a CSV need not quote.
func (g *generator) put(texts ...string) (quote bool) {
	for _, text := range texts {
		g.buf = append(g.buf, text...)
	}
	return false
}

// putInt appends n with at least so many digits.
func (g *generator) putInt(n, digits int) {
	for limit := 10; digits > 1; digits-- {
		if n < limit {
			for ; digits > 1; digits-- {
				g.buf = append(g.buf, '0')
			}
			break
		}
		limit *= 10
	}
	g.buf = strconv.AppendInt(g.buf, int64(n), 10)
}

func (g *generator) writeNumber() bool {
	g.buf = append(g.buf, 'M')
	g.putInt(g.person.number, 7)
	return false
}
