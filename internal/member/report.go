package member

import "slices"

// The columns that a report of failed rows begins with (product.md, Files). They tell of a row and are not imported
// with it; where a file has them all, it is such a report, which was corrected and uploaded again.
const (
	// ReportRow is the number that Excel shows for the row of the file that failed.
	ReportRow = "rowNumber"
	// ReportFields are the keys of the fields that are wrong.
	ReportFields = "errorColumns"
	// ReportReason says what is wrong.
	ReportReason = "errorReason"
)

// ReportLost stands in a cell of a report for text that could not be read, or at its end where the row was cut wrongly: with
// it, the row is not imported before somebody has corrected it. ReportLostNarrow is what becomes of it at the end of a cell
// in encodings that do not have it.
const (
	ReportLost       = "\uFFFD"
	ReportLostNarrow = "〓"
)

// IsReport reports whether a file with these headers is a report of failed rows. In its cells, and only there, the
// guard against formulas is to be taken off, and U+FFFD stands for text that was lost.
func IsReport(headers []string) bool {
	for _, column := range []string{ReportRow, ReportFields, ReportReason} {
		if !slices.Contains(headers, column) {
			return false
		}
	}
	return true
}

// IsReport reports whether the mapping is that of a report of failed rows.
func (m Mapping) IsReport() bool {
	headers := make([]string, len(m))
	for i, c := range m {
		headers[i] = c.Header
	}
	return IsReport(headers)
}

// tellsOfARow reports whether the header is one of those that a report begins with.
func tellsOfARow(header string) bool {
	return header == ReportRow || header == ReportFields || header == ReportReason
}
