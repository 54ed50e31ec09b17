package member

import (
	"slices"
	"strings"
	"testing"
)

// released are the codes that integrators may rely on: none of them may go or be renamed. A new one is added here.
const released = `
	bad_quote boolean_invalid cannot_clear cell_error changed_since characters_lost choice_unknown column_nearly_empty
	columns_missing columns_new columns_otherwise consent_protected consent_required contact_missing corrupt_file
	country_unknown date_dots date_era date_impossible date_invalid date_number date_order date_out_of_range
	date_two_digit_year duplicate_key email_invalid empty_file encoding_uncertain encoding_unsupported
	encrypted_file field_choice_gone field_choice_twice field_choices_missing field_differs field_key_invalid
	field_key_reserved field_key_taken field_mapped_twice field_never_set field_number_range field_property_unfit
	field_read_only field_retired field_settled field_shorter field_text_invalid field_too_many field_type_unknown
	fields_gone fields_too_large file_too_large filter_field filter_invalid filter_operator format_unsupported
	header_changed header_repeated header_row_missing internal_error invalid_text key_missing key_not_a_key_field
	key_not_mapped lead_member_number leading_zeros_lost lines_skipped list_field_read_only list_field_unknown
	list_invalid list_too_many mapping_invalid max_changed max_failed max_removed multiple_matches newer_message
	no_rows not_a_table not_invertible not_unique number_exponent number_invalid number_not_integer
	number_thousands number_too_long phone_country_missing phone_invalid phone_zero_added poison_chunk
	profile_columns_missing profile_columns_new quota_exceeded read_only removal_withheld required
	required_not_mapped row_mended row_number_missing row_number_repeated row_number_unknown row_too_long
	same_file scientific_notation sheet_missing skipped_duplicate skipped_known skipped_unknown skipped_without
	source_changed source_missing tag_automatic tag_character tag_levels time_invalid too_few_cells too_long
	edited_since key_taken member_gone opted_out_since
	too_many_cells too_many_columns unclosed_quote undecodable unknown_field unknown_id value_type values_unfit
`

func TestCodesAreStable(t *testing.T) {
	t.Parallel()
	codes := Codes()
	kept := strings.Fields(released)
	for _, c := range kept {
		if !slices.Contains(codes, Code(c)) {
			t.Errorf("the code %s has gone: it must keep its meaning for ever", c)
		}
	}
	for _, c := range codes {
		if !slices.Contains(kept, string(c)) {
			t.Errorf("the code %s is new: is its name final? Then it belongs into released", c)
		}
	}
}
