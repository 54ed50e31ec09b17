// Package tenant names the isolated account that everything belongs to.
package tenant

import "strconv"

// ID identifies a tenant. It is the first parameter of every storage method.
type ID int64

// String returns the decimal form that object keys and logs use.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Language is the language that a tenant or a person is written to in.
type Language string

// The languages that Meibo speaks.
const (
	Japanese Language = "ja"
	English  Language = "en"
)

// ParseLanguage returns the language that s names, Japanese where it names none that is spoken.
func ParseLanguage(s string) Language {
	if Language(s) == English {
		return English
	}
	return Japanese
}
