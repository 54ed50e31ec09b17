package member

import (
	"strings"
	"testing"
)

func TestReportIsKnownByItsThreeColumns(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"rowNumber,errorColumns,errorReason,member_sn": true,
		"member_sn,errorReason,errorColumns,rowNumber": true, // moved about in Excel
		"rowNumber,errorColumns,member_sn":             false,
		"RowNumber,errorColumns,errorReason":           false,
		"":                                             false,
	} {
		var m Mapping
		for _, h := range strings.Split(header, ",") {
			m = append(m, Column{Header: h})
		}
		if got := m.IsReport(); got != want {
			t.Errorf("IsReport of %s = %t", header, got)
		}
	}
}

// TestReportMapsBackByItself has custom fields that would claim the columns which tell of a row.
func TestReportMapsBackByItself(t *testing.T) {
	t.Parallel()
	s, err := Standard().With(
		Field{Key: "errorReason", Type: String}, Field{Key: "memo", Type: String, Synonyms: []string{"row number", "error columns"}},
		Field{Key: "住所1", Type: String},
	)
	if err != nil {
		t.Fatal(err)
	}
	headers := []string{ReportRow, ReportFields, ReportReason, "member_sn", "errorReason (2)", "unsubscribeEmail", "住所1"}
	want := []string{"", "", "", "member_sn", "errorReason", "is_subscriber", "住所1"}
	for i, c := range s.Suggest(headers) {
		if c.Field != want[i] || c.Inverted != (c.Header == "unsubscribeEmail") {
			t.Errorf("%s is suggested for %q (inverted %t), want %q", c.Header, c.Field, c.Inverted, want[i])
		}
	}
	if m := s.Suggest([]string{"errorReason", "row number"}); m[0].Field != "errorReason" || m[1].Field != "memo" {
		t.Errorf("a file that is no report: %+v", m)
	}
	if !s.LooksLikeHeader([]string{ReportRow, ReportFields, ReportReason, "A1", "a@example.jp"}) {
		t.Error("the header of a report is not known")
	}
}
