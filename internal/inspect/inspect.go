// Package inspect tells what a file holds before it is imported: what it is, how it is to be read, what its columns
// are and which fields they could feed, and what somebody should look at first.
//
//	File ──DetectFrom──▶ format, encoding, delimiter      Options say what they are to be instead
//	     ──first rows──▶ header, columns, suggested mapping, warnings ──▶ Inspection
//
// What it promises, for any file:
//   - It reads a bounded part of the file in bounded memory, except to find the first text beyond ASCII.
//   - Looking at the same bytes with the same Options gives the same Inspection.
//   - What an Inspection says of header, encoding, delimiter and sheet is what an import that is told nothing else
//     reads by. No row of data is taken for a header, or left out above one, unless it reads like names of fields
//     and the rows above like no data.
package inspect

import (
	"time"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

// Bounds of an inspection.
const (
	// lookRows and lookBytes bound what columns are judged by.
	lookRows  = 1000
	lookBytes = 4 << 20
	// scanBytes bounds how far cells with text beyond ASCII are looked for, in bytes of UTF-8.
	scanBytes = 32 << 20
	// headerRows is how many records a header is looked for in.
	headerRows = 20
	// The rest bounds what is shown.
	sampleRows    = 30
	sampleBytes   = 256 << 10
	columnSamples = 3
	cellRunes     = 100
	textSamples   = 5
	rowSamples    = 2
	candidates    = 5
)

// Inspection is what is known of a file from its beginning. It is stored as JSON: fields may be added, and are never
// renamed.
type Inspection struct {
	Format           string  `json:"format" enum:"csv,xlsx"`
	FormatConfidence float64 `json:"format_confidence" minimum:"0" maximum:"1"`
	Gzip             bool    `json:"gzip" doc:"Whether a CSV is compressed by gzip."`

	Encoding           string              `json:"encoding" example:"UTF-8" doc:"How the text of a CSV is written; empty for a workbook."`
	EncodingConfidence float64             `json:"encoding_confidence" minimum:"0" maximum:"1"`
	Encodings          []EncodingCandidate `json:"encodings" doc:"What else the encoding could be, the likeliest first, with cells to tell by."`

	Delimiter           string   `json:"delimiter" example:"," doc:"What separates the cells of a CSV; empty for a workbook."`
	DelimiterConfidence float64  `json:"delimiter_confidence" minimum:"0" maximum:"1"`
	Sheet               string   `json:"sheet,omitempty" doc:"The sheet of a workbook that is read."`
	Sheets              []string `json:"sheets,omitempty" doc:"All sheets of a workbook."`
	HiddenSheets        []string `json:"hidden_sheets,omitempty" doc:"Those of the sheets that Excel does not show."`

	Header           bool    `json:"header" doc:"Whether a row names the columns. If not, they are called by their numbers, from 1."`
	HeaderRow        int64   `json:"header_row" doc:"The number of that row, as Excel shows it; 0 where there is none. What stands above it is not imported."`
	HeaderConfidence float64 `json:"header_confidence" minimum:"0" maximum:"1"`

	Columns    []ColumnSummary `json:"columns"`
	Sample     [][]string      `json:"sample_rows" doc:"Up to 30 of the first data rows that can be read. Long cells are cut."`
	RowNumbers []int64         `json:"sample_row_numbers" doc:"The numbers of the sample rows, as Excel shows them."`

	Suggested  []member.Column    `json:"suggested_mapping" doc:"What the columns' headers suggest: what an import uses that is told no other mapping."`
	Remembered *RememberedMapping `json:"remembered,omitempty" doc:"The mapping of an earlier import of a file with such columns, which is used where it is asked for (mapping_from)."`
	Drift      *MappingDrift      `json:"drift,omitempty" doc:"How the file differs from that one; absent where it does not."`

	Warnings []member.Warning `json:"warnings"`
	Fields   string           `json:"fields,omitempty" doc:"Stands for the fields that the list had, to tell when they have changed."`
	MaxRows  int64            `json:"max_rows" doc:"An upper bound of the number of data rows."`
}

// New returns an inspection without anything, into which a stored one can be read: what older versions of Meibo did not
// know is empty then, and not null.
func New() *Inspection {
	return &Inspection{
		Encodings: []EncodingCandidate{}, Columns: []ColumnSummary{}, Sample: [][]string{}, RowNumbers: []int64{},
		Suggested: []member.Column{}, Warnings: []member.Warning{},
	}
}

// EncodingCandidate is an encoding that a text could be in.
type EncodingCandidate struct {
	Encoding   string   `json:"encoding" example:"Shift_JIS"`
	Confidence float64  `json:"confidence" minimum:"0" maximum:"1"`
	Samples    []string `json:"samples" doc:"Up to five cells with text beyond ASCII, as they read in this encoding; what cannot be read is �."`
}

// ColumnSummary tells of a column.
type ColumnSummary struct {
	Header    string   `json:"header" doc:"The column's name: trimmed, and unique in the file."`
	FillRate  float64  `json:"fill_rate" minimum:"0" maximum:"1" doc:"The part of the cells that are not blank, in the first rows."`
	Type      string   `json:"type" enum:"string,email,phone,number,date,datetime,boolean,choice,list,number_list,tags" doc:"What the cells look like."`
	TypeShare float64  `json:"type_share" minimum:"0" maximum:"1" doc:"The part of the cells that are not blank that can be read as such."`
	Samples   []string `json:"samples" doc:"Up to three different cells."`
}

// RememberedMapping is the mapping that an earlier import was started with: offered, and never used unasked, so that what
// comes of an import depends on its file and options only.
type RememberedMapping struct {
	Import   string    `json:"import" doc:"The id of the import."`
	FileName string    `json:"file_name" doc:"The name of its file."`
	At       time.Time `json:"at" doc:"When it was started."`
	// Mapping is of the file's columns in an Inspection, of the earlier file's in Options.
	Mapping member.Mapping `json:"mapping" doc:"The file's columns, mapped as they were then; those that are new, as their headers suggest."`
}

// MappingDrift is how the columns of a file differ from those that a mapping is remembered for.
type MappingDrift struct {
	New     []string `json:"new_columns" doc:"Columns that are new. They are mapped as their headers suggest."`
	Missing []string `json:"missing_columns" doc:"Columns that are missing."`
	Gone    []string `json:"gone_fields" doc:"Fields that do not exist any more."`
}

// Options say how a file is to be read. Zero values leave it to what is found.
type Options struct {
	Encoding  sheet.Encoding
	Delimiter byte
	Sheet     string
	// Header says whether a row names the columns; nil leaves it to what is found.
	Header *bool
	// HeaderRow is the number of that row, as Excel shows it.
	HeaderRow int64
	// Named are columns that the caller calls by their names.
	Named       []string
	MaxRowBytes int
	// Key is the import's merge key, which has to be mapped; empty where it is not known.
	Key string
	// CreatesNobody says that the import makes no new members, who would need the required fields: it changes or deletes
	// members, or is of leads.
	CreatesNobody bool
	// Locale is what dates and phone numbers are read by.
	Locale *member.Locale
	// Remembered are the mappings of earlier imports into the list, the newest first.
	Remembered []RememberedMapping
}

// Impossible says that a file cannot be read in the way that Options ask for.
type Impossible struct {
	// Option is the name of the option: sheet or header_row.
	Option string
	// Warning is the same for people.
	Warning member.Warning
	// Accepted are the values that are possible.
	Accepted string
}

// Error names the option and what is possible.
func (e *Impossible) Error() string { return "no such " + e.Option + "; accepted: " + e.Accepted }

// ShownWarning is a warning as people read it.
type ShownWarning struct {
	Code   string  `json:"code" example:"undecodable" doc:"A stable name, for programs."`
	Detail string  `json:"detail" doc:"What it is and what to do about it."`
	Field  string  `json:"field,omitempty" doc:"The key of the field concerned."`
	Column string  `json:"column,omitempty" doc:"The header of the column concerned."`
	Rows   []int64 `json:"rows,omitempty" doc:"The numbers of the first few rows concerned, as Excel shows them."`
}

// Shown is an inspection as people read it.
type Shown struct {
	Inspection
	Warnings []ShownWarning `json:"warnings" doc:"What to look at before the file is imported."`
}

// In returns the inspection with its warnings in the language.
func (i *Inspection) In(lang tenant.Language, schema *member.Schema) Shown {
	shown := Shown{Inspection: *i, Warnings: []ShownWarning{}}
	for _, w := range i.Warnings {
		shown.Warnings = append(shown.Warnings, ShownWarning{string(w.Code), w.Sentence(lang, schema), w.Field, w.Column, w.Rows})
	}
	return shown
}
