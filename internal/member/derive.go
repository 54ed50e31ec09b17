package member

import (
	"strings"
	"unicode"
)

// The carriers of seed 003, derived from the domain of the e-mail address.
const (
	CarrierPC int64 = iota
	CarrierDocomo
	CarrierSoftBank
	CarrierAU
	CarrierDisney
	CarrierWillcom
	CarrierEMobile
	CarrierISoftBank
	CarrierWCM
)

// Carrier returns the mobile carrier whose customers have addresses of this domain, CarrierPC for any other, as
// the flag 携帯キャリアフラグ of seed 003 does. SoftBank includes its predecessors Vodafone and J-PHONE, au includes
// IDO and TU-KA.
func Carrier(email string) int64 {
	var buf [32]byte
	domain := email[strings.LastIndexByte(email, '@')+1:]
	if len(domain) == 0 || len(domain) > len(buf) {
		return CarrierPC
	}
	for i := range len(domain) {
		buf[i] = lower(domain[i])
	}
	lowered := buf[:len(domain)]
	if c := carrierOfDomain(lowered); c != CarrierPC {
		return c
	}
	// t.vodafone.ne.jp, xx.ezweb.ne.jp, di.pdx.ne.jp: one name in front of the carrier's own.
	for i, c := range lowered {
		if c == '.' {
			return carrierOfParent(lowered[i+1:])
		}
	}
	return CarrierPC
}

func carrierOfDomain(domain []byte) int64 {
	switch string(domain) {
	case "docomo.ne.jp":
		return CarrierDocomo
	case "softbank.ne.jp", "vodafone.ne.jp", "jp-d.ne.jp", "jp-h.ne.jp", "jp-t.ne.jp", "jp-c.ne.jp", "jp-r.ne.jp",
		"jp-k.ne.jp", "jp-n.ne.jp", "jp-s.ne.jp", "jp-q.ne.jp":
		return CarrierSoftBank
	case "ezweb.ne.jp", "au.com", "ido.ne.jp", "sky.tkk.ne.jp", "sky.tkc.ne.jp", "sky.tu-ka.ne.jp":
		return CarrierAU
	case "disney.ne.jp", "disneymobile.ne.jp":
		return CarrierDisney
	case "pdx.ne.jp", "willcom.com":
		return CarrierWillcom
	case "emnet.ne.jp", "emobile.ne.jp", "emobile-s.ne.jp", "bb.emobile.jp":
		return CarrierEMobile
	case "i.softbank.jp":
		return CarrierISoftBank
	case "wcm.ne.jp":
		return CarrierWCM
	default:
		return CarrierPC
	}
}

func carrierOfParent(domain []byte) int64 {
	switch string(domain) {
	case "vodafone.ne.jp":
		return CarrierSoftBank
	case "ezweb.ne.jp", "biz.ezweb.ne.jp":
		return CarrierAU
	case "pdx.ne.jp":
		return CarrierWillcom
	default:
		return CarrierPC
	}
}

// FullName makes the field name of its parts, as product.md says where name is not mapped: 佐藤一郎, without a
// blank, if a part has an East Asian character, otherwise Ichiro Sato. A part that is missing is left out.
func FullName(last, first string) string {
	switch {
	case last == "":
		return first
	case first == "":
		return last
	case hasEastAsian(last) || hasEastAsian(first):
		return last + first
	default:
		return first + " " + last
	}
}

func hasEastAsian(s string) bool {
	for _, r := range s {
		if r >= 0x1100 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r == '々' || r == 'ー') {
			return true
		}
	}
	return false
}

// lower returns the ASCII lower case of c.
func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
