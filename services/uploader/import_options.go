package uploader

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
)

// ImportOptions are what a caller may say about an import; what is left out stays as it was, or is the default.
type ImportOptions struct {
	RuleOptions
	GuardOptions
	TimeZone    string            `json:"time_zone,omitempty" maxLength:"64" example:"Asia/Tokyo" doc:"IANA time zone of dates and times without an offset. Default: the tenant's."`
	Region      string            `json:"region,omitempty" maxLength:"2" example:"JP" doc:"ISO 3166-1 code of the country of national phone numbers. Default: the tenant's."`
	Encoding    string            `json:"encoding,omitempty" maxLength:"32" example:"Shift_JIS" doc:"How the text of a CSV is written: UTF-8, Shift_JIS, EUC-JP, UTF-16LE or UTF-16BE. Default: as detected."`
	Delimiter   string            `json:"delimiter,omitempty" maxLength:"4" example:"," doc:"What separates the cells of a CSV; a tabulator can be written as tab. Default: as detected."`
	Sheet       string            `json:"sheet,omitempty" maxLength:"255" doc:"The sheet of a workbook, by its name. Default: the first visible one."`
	NoHeader    *bool             `json:"no_header,omitempty" doc:"Whether the first row is data already. Default: as detected."`
	HeaderRow   int64             `json:"header_row,omitempty" minimum:"0" maximum:"1000000" doc:"The number of the row that names the columns, as Excel shows it; what stands above it is not imported. Default: as detected."`
	Mapping     []MappedColumn    `json:"mapping,omitempty" maxItems:"16384" doc:"Which column feeds which field, in place of the suggested mapping. Columns that are not named are not imported."`
	MappingFrom string            `json:"mapping_from,omitempty" enum:"headers,remembered" doc:"Where the mapping of columns comes from of which nothing is said: their headers, or the mapping of an earlier import of a file with such columns (remembered in the inspection), if there is one. Default: headers."`
	Map         map[string]string `json:"map,omitempty" maxProperties:"16384" doc:"Changes of single columns, on top of the mapping or the suggestion: from the column's header to the field, or to \"\" for a column that is not imported."`
}

// MappedColumn is a column of a mapping.
type MappedColumn struct {
	Header   string `json:"header" minLength:"1" maxLength:"1024" example:"会員番号" doc:"The column's header; its number, from 1, where the file has no header."`
	Field    string `json:"field" maxLength:"255" example:"member_sn" doc:"The key of the field, or \"\" for a column that is not imported."`
	Inverted bool   `json:"inverted,omitempty" doc:"Whether the column says the opposite of its boolean field, as unsubscribeEmail does."`
	// The option's own values, for this column.
	Blank      string `json:"blank,omitempty" enum:"keep,clear" doc:"What an empty cell of this column does. Default: what the option blank says."`
	ListValues string `json:"list_values,omitempty" enum:"append,replace" doc:"What a cell of this column does to the values of its list or tags. Default: what the option list_values says."`
}

// defaults are the options of an import of which nothing is said, as far as they do not depend on others.
func defaults(t *postgres.Tenant) imports.Options {
	return imports.Options{TimeZone: t.TimeZone, Region: t.Region, Notify: imports.Notify{MinRows: t.NotifyMinRows}}
}

// apply returns base with what the caller says instead. The error is a refusal that names each option with a
// value that is not accepted; those of closed sets are checked by their schema before.
func (o *ImportOptions) apply(base imports.Options) (imports.Options, error) {
	wrong := append(o.check(), o.RuleOptions.check()...)
	o.RuleOptions.apply(&base)
	wrong = append(wrong, o.GuardOptions.apply(&base)...)
	set(&base.TimeZone, o.TimeZone)
	set(&base.Region, o.Region)
	if d, ok := inspect.ParseDelimiter(o.Delimiter); ok {
		base.Delimiter = string(rune(d))
	}
	set(&base.Sheet, o.Sheet)
	set(&base.MappingFrom, o.MappingFrom)
	if e, ok := sheet.ParseEncoding(o.Encoding); ok {
		base.Encoding = string(e)
	}
	if o.NoHeader != nil {
		base.NoHeader = *o.NoHeader
		if base.NoHeader {
			base.HeaderRow = 0
		}
	}
	if o.HeaderRow > 0 {
		base.NoHeader, base.HeaderRow = false, o.HeaderRow
	}
	if len(wrong) > 0 {
		return base, invalid(wrong...)
	}
	return base, nil
}

// set puts what the caller says in place of what was said before; the empty value says nothing.
func set[T ~string](to *T, value string) {
	if value != "" {
		*to = T(value)
	}
}

// reads reports whether something is said of how the file is to be read.
func (o *ImportOptions) reads() bool {
	return o.Encoding != "" || o.Delimiter != "" || o.Sheet != "" || o.NoHeader != nil || o.HeaderRow > 0
}

// header says whether the file has a header, nil where that is not said.
func (o *ImportOptions) header() *bool {
	if o.NoHeader == nil {
		return nil
	}
	return new(!*o.NoHeader)
}

// check returns what is wrong with how the file is to be read and mapped.
func (o *ImportOptions) check() (wrong []part) {
	if zone, err := time.LoadLocation(o.TimeZone); o.TimeZone != "" && (err != nil || zone == time.Local) {
		wrong = append(wrong, wrongOption("time_zone"))
	}
	if o.Region != "" && !member.KnownRegion(o.Region) {
		wrong = append(wrong, wrongOption("region"))
	}
	if _, ok := inspect.ParseDelimiter(o.Delimiter); !ok && o.Delimiter != "" {
		wrong = append(wrong, wrongOption("delimiter"))
	}
	if _, ok := sheet.ParseEncoding(o.Encoding); !ok && o.Encoding != "" {
		wrong = append(wrong, wrongOption("encoding"))
	}
	if o.NoHeader != nil && *o.NoHeader && o.HeaderRow > 0 {
		wrong = append(wrong, badOption("header_row", "no_header: false"))
	}
	if !storable(o.Sheet) {
		wrong = append(wrong, badOption("sheet", "UTF-8"))
	}
	seen := make(map[string]bool, len(o.Mapping))
	for i, c := range o.Mapping {
		if !storable(c.Header) || !storable(c.Field) {
			wrong = append(wrong, badOption(fmt.Sprintf("mapping[%d]", i), "UTF-8"))
		}
		if seen[c.Header] {
			wrong = append(wrong, part{code: codeColumnTwice, option: "mapping", header: c.Header, fill: []string{"header", c.Header}})
		}
		seen[c.Header] = true
	}
	for header, field := range o.Map {
		if header == "" || !storable(header) || !storable(field) {
			wrong = append(wrong, badOption("map", "UTF-8"))
		}
	}
	return wrong
}

// storable reports whether the database can hold s: it knows no NUL.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
