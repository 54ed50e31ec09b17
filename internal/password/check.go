package password

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The bounds of a password: characters at least (NIST SP 800-63B-4 asks for 15 where nothing else protects an account, and
// 8 where something does; here attempts are few), and bytes of UTF-8 at most.
const (
	MinCharacters = 12
	MaxBytes      = 256
)

// Fault is what is wrong with a password that somebody wants to have.
type Fault string

// The faults.
const (
	Short Fault = "password_too_short"
	Long  Fault = "password_too_long"
	// Trivial: one of the words that everybody tries, a pattern of the keyboard, the same again and again, or what is known
	// of its user, whatever digits and signs stand around it.
	Trivial Fault = "password_too_simple"
)

// normal is the form in which passwords are compared (NIST SP 800-63B-4, section 3.1.1.2: NFKC): what a keyboard of another
// width or another system writes is the same.
func normal(password string) string { return norm.NFKC.String(password) }

// Check returns what is wrong with a password for somebody of whom these things are known (an e-mail address, a name, a
// tenant), or "".
func Check(password string, known ...string) Fault {
	text := normal(password)
	switch {
	case len(text) > MaxBytes || len(password) > MaxBytes || !utf8.ValidString(password):
		return Long
	case utf8.RuneCountInString(strings.TrimSpace(text)) < MinCharacters:
		return Short
	case trivial(strings.ToLower(text), known):
		return Trivial
	}
	return ""
}

// tried are the words that a guesser begins with.
var tried = []string{
	"password", "passw0rd", "p@ssw0rd", "p@ssword", "pass", "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertyui", "qazwsx", "qazwsxedc",
	"1qaz2wsx", "1qaz2wsx3edc", "1q2w3e4r", "1q2w3e4r5t", "1q2w3e4r5t6y", "letmein", "welcome", "iloveyou", "admin", "administrator", "root", "user",
	"login", "secret", "changeme", "default", "test", "guest", "master", "monkey", "dragon", "sunshine", "princess", "football", "baseball",
	"superman", "abc", "sakura", "meibo", "pasuwado", "himitsu", "nippon", "japan", "tokyo", "arigatou", "aishiteru", "パスワード", "ひみつ", "名簿",
}

// trivial tells whether a password is made of nothing but what is easy to guess.
func trivial(text string, known []string) bool {
	if repeats(text) || runs(text) {
		return true
	}
	words := slices.Clone(tried)
	for _, k := range known {
		k = strings.ToLower(normal(k))
		local, domain, _ := strings.Cut(k, "@")
		words = append(words, k, local, strings.ReplaceAll(k, " ", ""))
		words = append(words, strings.FieldsFunc(domain, func(r rune) bool { return r == '.' })...)
		words = append(words, strings.Fields(k)...)
	}
	// The longest first: what is left of a word is no word.
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	rest := text
	for _, w := range words {
		if utf8.RuneCountInString(w) >= 3 {
			rest = strings.ReplaceAll(rest, w, " ")
		}
	}
	if rest == text {
		return false
	}
	letters := 0
	for _, r := range rest {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters < 4
}

// repeats tells whether a text is one piece of up to five characters again and again, but for its end.
func repeats(text string) bool {
	chars := []rune(text)
	for n := 1; n <= 5; n++ {
		same := true
		for i := n; i < len(chars) && same; i++ {
			same = chars[i] == chars[i-n]
		}
		if same && len(chars) >= 2*n {
			return true
		}
	}
	return false
}

// runs tells whether nearly each character of a text is the one before or after its neighbour, or the neighbour itself, as
// in 123456789012 and abcdefghijkl.
func runs(text string) bool {
	chars := []rune(text)
	steps := 0
	for i := 1; i < len(chars); i++ {
		d := chars[i] - chars[i-1]
		if d >= -1 && d <= 1 || chars[i-1] == '9' && chars[i] == '0' || chars[i-1] == '0' && chars[i] == '9' {
			steps++
		}
	}
	return steps*5 >= (len(chars)-1)*4
}
