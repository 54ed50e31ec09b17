package member

import (
	"maps"
	"slices"
)

// Problems of a row as a whole.
const (
	// KeyMissing: the merge key's cell is empty.
	KeyMissing Code = "key_missing"
	// TooFewCells: the row has fewer cells than the header. Detail: found/expected.
	TooFewCells Code = "too_few_cells"
	// TooManyCells: the row has more cells than the header. Detail: found/expected.
	TooManyCells Code = "too_many_cells"
	// RowTooLong: the row is longer in UTF-8 than the tenant allows. Detail: the bound in bytes.
	RowTooLong Code = "row_too_long"
	// Undecodable: bytes that are no text in the file's encoding.
	Undecodable Code = "undecodable"
	// BadQuote: text before or after a quoted cell, or a quote inside an unquoted one.
	BadQuote Code = "bad_quote"
	// UnclosedQuote: a quoted cell that never ends.
	UnclosedQuote Code = "unclosed_quote"
	// CellError: an Excel cell that holds an error. Detail: the error, such as #N/A.
	CellError Code = "cell_error"
	// DuplicateKey: the key occurs more than once in the file and the option duplicates is reject.
	DuplicateKey Code = "duplicate_key"
	// MultipleMatches: several members have the key.
	MultipleMatches Code = "multiple_matches"
	// QuotaExceeded: the tenant's member quota does not allow another member.
	QuotaExceeded Code = "quota_exceeded"
	// ContactMissing: a lead has neither e-mail address nor phone number.
	ContactMissing Code = "contact_missing"
	// LeadMemberNumber: a lead is given a member number.
	LeadMemberNumber Code = "lead_member_number"
	// UnknownID: no member has the ID, which Meibo assigns, so that none can be created with it.
	UnknownID Code = "unknown_id"
)

// Reasons for which a row is skipped: it needs no correction.
const (
	// SkippedDuplicate: an earlier row of the file has the same key, and only the first counts.
	SkippedDuplicate Code = "skipped_duplicate"
	// SkippedKnown: the key was known before the import began, and only new members are added.
	SkippedKnown Code = "skipped_known"
	// SkippedUnknown: no member has the key, and only known ones are changed or deleted.
	SkippedUnknown Code = "skipped_unknown"
	// SkippedWithout: the cell of the field without which rows are skipped is empty.
	SkippedWithout Code = "skipped_without"
)

// Problems of one cell, whatever its type.
const (
	// Required: a required field has no value.
	Required Code = "required"
	// CannotClear: ##DELETE## in the key, a consent field or a required field.
	CannotClear Code = "cannot_clear"
	// ReadOnly: the field is assigned by Meibo.
	ReadOnly Code = "read_only"
	// NotUnique: another member has this value of a unique field.
	NotUnique Code = "not_unique"
	// ConsentRequired: the consent of a new member is not given and the option new_consent is required.
	ConsentRequired Code = "consent_required"
	// TooLong: text beyond the field's bound. Detail: the bound.
	TooLong Code = "too_long"
	// InvalidText: the text holds a NUL character, which cannot be stored.
	InvalidText Code = "invalid_text"
	// ValueType: JSON of a type that the field cannot be read from.
	ValueType Code = "value_type"
)

// Problems of a search.
const (
	// FilterInvalid: not a field, an operator and a value. Detail: the filter.
	FilterInvalid Code = "filter_invalid"
	// FilterField: there is no such field. Detail: its key.
	FilterField Code = "filter_field"
	// FilterOperator: the field cannot be compared by this operator. Detail: those that it can be compared by.
	FilterOperator Code = "filter_operator"
)

// Problems of one cell, by type.
const (
	// EmailInvalid: not one @ with something on both sides, or a blank inside.
	EmailInvalid Code = "email_invalid"
	// PhoneInvalid: no number that exists in the country's numbering plan.
	PhoneInvalid Code = "phone_invalid"
	// PhoneCountryMissing: a national number where no region is set.
	PhoneCountryMissing Code = "phone_country_missing"
	// NumberInvalid: not a decimal number.
	NumberInvalid Code = "number_invalid"
	// NumberThousands: a number with commas.
	NumberThousands Code = "number_thousands"
	// NumberExponent: a number in scientific notation, which has usually lost digits.
	NumberExponent Code = "number_exponent"
	// NumberTooLong: a number with too many digits. Detail: the bound.
	NumberTooLong Code = "number_too_long"
	// NumberNotInteger: a fraction, or a number beyond 64 bits, in a field of whole numbers.
	NumberNotInteger Code = "number_not_integer"
	// DateInvalid: not one of the accepted forms.
	DateInvalid Code = "date_invalid"
	// DateDots: YYYY.MM.DD, refused by seed 004.
	DateDots Code = "date_dots"
	// DateImpossible: a day that the calendar does not have.
	DateImpossible Code = "date_impossible"
	// DateOutOfRange: before the year 1800 or after the year 9999.
	DateOutOfRange Code = "date_out_of_range"
	// DateEra: a day that does not lie in the Japanese era it names.
	DateEra Code = "date_era"
	// DateTwoDigitYear: a year without its century.
	DateTwoDigitYear Code = "date_two_digit_year"
	// DateNumber: a bare number that is neither YYYYMMDD nor epoch milliseconds.
	DateNumber Code = "date_number"
	// TimeInvalid: a time of day or an offset that does not exist or is not in an accepted form.
	TimeInvalid Code = "time_invalid"
	// BooleanInvalid: neither true nor false.
	BooleanInvalid Code = "boolean_invalid"
	// ChoiceUnknown: no label, synonym or number of an option.
	ChoiceUnknown Code = "choice_unknown"
	// CountryUnknown: not an ISO 3166-1 alpha-2 code.
	CountryUnknown Code = "country_unknown"
	// ListInvalid: not a JSON array of the type's items, and not comma-separated where that is allowed.
	ListInvalid Code = "list_invalid"
	// ListTooMany: more items than a list can hold. Detail: the bound.
	ListTooMany Code = "list_too_many"
	// TagCharacter: one of . $ \ or a blank in a tag. Detail: the tag.
	TagCharacter Code = "tag_character"
	// TagLevels: more than two levels, or a / at either end. Detail: the tag.
	TagLevels Code = "tag_levels"
)

// Problems of a row of a corrected report, which stands for a failed row of the import that it is uploaded to. Detail of
// each: the row's own place in its file.
const (
	// RowNumberMissing: the row does not say for which it stands.
	RowNumberMissing Code = "row_number_missing"
	// RowNumberRepeated: several rows say that they stand for the same.
	RowNumberRepeated Code = "row_number_repeated"
	// RowNumberUnknown: the row for which it stands did not fail.
	RowNumberUnknown Code = "row_number_unknown"
	// RowMended: the row for which it stands was merged by an earlier retry.
	RowMended Code = "row_mended"
)

// Warnings: the row is imported all the same.
const (
	// PhoneZeroAdded: the number was read as one that has lost its leading 0.
	PhoneZeroAdded Code = "phone_zero_added"
	// TagAutomatic: a cell names an automatic tag, which is ignored. Detail: the tag.
	TagAutomatic Code = "tag_automatic"
	// ConsentProtected: the member opted out, so the cell's consent is not applied.
	ConsentProtected Code = "consent_protected"
	// SameFile: a file with the same content was imported before. Detail: when, and the file's name.
	SameFile Code = "same_file"
	// RemovalWithheld: a replace removed nobody because some row's key could not be read.
	RemovalWithheld Code = "removal_withheld"
)

// Why the undoing of an import leaves something as it is.
const (
	// ChangedSince: the field's value is no longer the import's.
	ChangedSince Code = "changed_since"
	// EditedSince: a member that the import created was changed by somebody else, and stays.
	EditedSince Code = "edited_since"
	// KeyTaken: another member has the key, or the unique value, that the member is to be given back.
	KeyTaken Code = "key_taken"
	// OptedOutSince: an opt-out was recorded for the member's contact since, so the consent is not given back.
	OptedOutSince Code = "opted_out_since"
	// MemberGone: a member that the import changed is not there any more.
	MemberGone Code = "member_gone"
)

// Warnings about a file, from its first rows, before it is imported; all but the first three are about a column.
const (
	// LinesSkipped: what stands above the header is not imported. Detail: the numbers of the rows.
	LinesSkipped Code = "lines_skipped"
	// EncodingUncertain: the file could be in another encoding as well. Detail: the one that is taken.
	EncodingUncertain Code = "encoding_uncertain"
	// RequiredNotMapped: no column feeds a required field, so that new members cannot be created.
	RequiredNotMapped Code = "required_not_mapped"
	// HeaderRepeated: two columns have the same header.
	HeaderRepeated Code = "header_repeated"
	// ValuesUnfit: half of the values of a column, or more, cannot be read as those of the field that it feeds. Detail: one.
	ValuesUnfit Code = "values_unfit"
	// ColumnNearlyEmpty: hardly any row has a value in the column. Detail: the share in percent.
	ColumnNearlyEmpty Code = "column_nearly_empty"
	// LeadingZerosLost: numbers that look as if a spreadsheet had taken their leading zeros. Detail: one of them.
	LeadingZerosLost Code = "leading_zeros_lost"
	// DateOrder: dates of which it cannot be told, or differs, whether day or month comes first. Detail: one of them.
	DateOrder Code = "date_order"
	// ScientificNotation: numbers such as 1.23E+11, which have lost digits. Detail: one of them.
	ScientificNotation Code = "scientific_notation"
	// CharactersLost: the file itself has U+FFFD, left by an earlier conversion, in place of characters. Detail: a cell.
	CharactersLost Code = "characters_lost"
	// ColumnsNew: the remembered mapping does not know these columns. Detail: their headers.
	ColumnsNew Code = "columns_new"
	// ColumnsMissing: the remembered mapping has these columns, the file not. Detail: their headers.
	ColumnsMissing Code = "columns_missing"
	// FieldsGone: the remembered mapping has these fields, the list not any more. Detail: their keys.
	FieldsGone Code = "fields_gone"
	// ColumnsOtherwise: the remembered mapping has these columns feed another field than their headers name, or none.
	// Detail: their headers.
	ColumnsOtherwise Code = "columns_otherwise"
	// ProfileColumnsNew: the import's profile does not know these columns. Detail: their headers.
	ProfileColumnsNew Code = "profile_columns_new"
	// ProfileColumnsMissing: the import's profile expects these columns, which the file does not have. Detail: their headers.
	ProfileColumnsMissing Code = "profile_columns_missing"
)

// Problems of an import as a whole.
const (
	// EmptyFile: the file has no content.
	EmptyFile Code = "empty_file"
	// NoRows: the file has no rows of data, whether it has a header or not.
	NoRows Code = "no_rows"
	// NotATable: the content is no text and no workbook.
	NotATable Code = "not_a_table"
	// FormatUnsupported: a known format that is not imported, such as XLS. Detail: the format.
	FormatUnsupported Code = "format_unsupported"
	// EncodingUnsupported: the file is text, but not in an encoding that is read. Detail: the encoding.
	EncodingUnsupported Code = "encoding_unsupported"
	// EncryptedFile: a workbook with a password.
	EncryptedFile Code = "encrypted_file"
	// CorruptFile: the file is damaged or cut off.
	CorruptFile Code = "corrupt_file"
	// FileTooLarge: the file unpacks to more than is accepted.
	FileTooLarge Code = "file_too_large"
	// SheetMissing: the workbook has no such sheet. Detail: its name.
	SheetMissing Code = "sheet_missing"
	// HeaderRowMissing: the file has no such row to be its header. Detail: the row's number.
	HeaderRowMissing Code = "header_row_missing"
	// TooManyColumns: more columns than are accepted. Detail: the bound.
	TooManyColumns Code = "too_many_columns"
	// HeaderChanged: the header is not the one that the mapping was made for. Detail: the first difference.
	HeaderChanged Code = "header_changed"
	// SourceMissing: the uploaded file is not in storage.
	SourceMissing Code = "source_missing"
	// SourceChanged: the stored file is not the one that was uploaded (size or checksum).
	SourceChanged Code = "source_changed"
	// MappingInvalid: the mapping does not fit the file or the fields.
	MappingInvalid Code = "mapping_invalid"
	// PoisonChunk: a part of the file could not be processed however often it was tried. Detail: its first and last row,
	// where they are known.
	PoisonChunk Code = "poison_chunk"
	// NewerMessage: a message of a newer version of Meibo.
	NewerMessage Code = "newer_message"
	// MaxFailed: more rows failed than max_failed allows. Detail: the limit.
	MaxFailed Code = "max_failed"
	// MaxRemoved: more members would be removed than max_removed allows. Detail: the limit.
	MaxRemoved Code = "max_removed"
	// MaxChanged: more members would be changed than max_changed allows. Detail: the limit.
	MaxChanged Code = "max_changed"
	// Internal: a fault of Meibo itself.
	Internal Code = "internal_error"
)

// Problems of a mapping, found before an import starts.
const (
	// UnknownField: the column is mapped to a field that the list does not have.
	UnknownField Code = "unknown_field"
	// FieldMappedTwice: two columns are mapped to one field.
	FieldMappedTwice Code = "field_mapped_twice"
	// KeyNotMapped: no column is mapped to the merge key.
	KeyNotMapped Code = "key_not_mapped"
	// KeyNotAKeyField: the field cannot be a merge key.
	KeyNotAKeyField Code = "key_not_a_key_field"
	// FieldReadOnly: the column is mapped to a field that Meibo assigns.
	FieldReadOnly Code = "field_read_only"
	// NotInvertible: the column is mapped inverted to a field that is not boolean.
	NotInvertible Code = "not_invertible"
)

// Problems of a custom field's definition, or of what a list says of its fields. Field is the property that is wrong.
const (
	// FieldKeyInvalid: not a small letter followed by small letters, digits and _.
	FieldKeyInvalid Code = "field_key_invalid"
	// FieldKeyReserved: the key is that of a standard field, or cannot be told from it or from a column of a report.
	FieldKeyReserved Code = "field_key_reserved"
	// FieldKeyTaken: another custom field's key, or one that cannot be told from it. Detail: that key.
	FieldKeyTaken Code = "field_key_taken"
	// FieldDiffers: a field of that key is there already, and is defined otherwise. Detail: the key.
	FieldDiffers Code = "field_differs"
	// FieldRetired: a field of that key is there already, and is not used any more. Detail: the key.
	FieldRetired Code = "field_retired"
	// FieldsTooLarge: all definitions together are too large. Detail: the bound in MiB.
	FieldsTooLarge Code = "fields_too_large"
	// FieldTypeUnknown: no type of product.md.
	FieldTypeUnknown Code = "field_type_unknown"
	// FieldPropertyUnfit: the property does not go with the field's type. Detail: the type.
	FieldPropertyUnfit Code = "field_property_unfit"
	// FieldNeverSet: a field that is required and that nothing can set.
	FieldNeverSet Code = "field_never_set"
	// FieldNumberRange: a number beyond its bounds. Detail: the bounds.
	FieldNumberRange Code = "field_number_range"
	// FieldTextInvalid: a label or synonym that is missing, too long, or holds control characters. Detail: the bound.
	FieldTextInvalid Code = "field_text_invalid"
	// FieldTooMany: more synonyms, choices or fields than there may be. Detail: the bound.
	FieldTooMany Code = "field_too_many"
	// FieldChoicesMissing: a choice field without choices.
	FieldChoicesMissing Code = "field_choices_missing"
	// FieldChoiceTwice: a number or a name that is another choice's name or number. Detail: it.
	FieldChoiceTwice Code = "field_choice_twice"
	// FieldChoiceGone: a choice that was there is not among those that are to be. Detail: the choice.
	FieldChoiceGone Code = "field_choice_gone"
	// FieldSettled: a property that is settled when the field is created.
	FieldSettled Code = "field_settled"
	// FieldShorter: text would become too long by a smaller bound. Detail: the bound so far.
	FieldShorter Code = "field_shorter"
	// FieldUnknown: a list says something of a field that is not there. Detail: its key.
	FieldUnknown Code = "list_field_unknown"
	// FieldAssigned: a list says of a field that is read-only that it is required, or is not. Detail: its key.
	FieldAssigned Code = "list_field_read_only"
)

// Codes returns every code, sorted.
func Codes() []Code { return slices.Sorted(maps.Keys(sentences)) }
