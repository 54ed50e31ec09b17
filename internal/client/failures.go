package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Failures are the rows of an import that failed: how many for which reason, and the first of them.
type Failures struct {
	Total  int64          `json:"total"`
	Counts []FailureCount `json:"counts"`
	// Notes are rows that were skipped or repaired.
	Notes []FailureCount `json:"notes"`
	Items []FailedRow    `json:"items"`
}

// FailureCount is how many rows have one kind of problem.
type FailureCount struct {
	Code   string `json:"code"`
	Field  string `json:"field"`
	Rows   int64  `json:"rows"`
	Reason string `json:"reason"`
}

// FailedRow is one row that failed.
type FailedRow struct {
	// RowNumber is the number that Excel shows for the row.
	RowNumber    int64           `json:"rowNumber"`
	Problems     []FailedProblem `json:"problems"`
	ErrorColumns []string        `json:"errorColumns"`
	ErrorReason  string          `json:"errorReason"`
	// Cells are the original cells by the keys of their fields.
	Cells map[string]string `json:"cells"`
}

// FailedProblem is one reason why a row failed.
type FailedProblem struct {
	Code   string `json:"code"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Failures returns the counts by reason and the first failed rows, in row order.
func (c *Client) Failures(ctx context.Context, id string) (Failures, error) {
	var f Failures
	err := c.call(ctx, request{method: http.MethodGet, path: importPath(id) + "/failures", again: true}, &f)
	if err != nil {
		return Failures{}, fmt.Errorf("read failed rows: %w", err)
	}
	return f, nil
}

// FailuresCSV writes all failed rows as CSV to w, in row order and in the encoding of the source, as they come in. An
// error in the middle says that the report is not complete.
func (c *Client) FailuresCSV(ctx context.Context, id string, w io.Writer) error {
	if err := c.download(ctx, request{method: http.MethodGet, path: importPath(id) + "/failures.csv"}, w); err != nil {
		return fmt.Errorf("read failed rows: %w", err)
	}
	return nil
}

// FailuresXLSX is FailuresCSV as a workbook, which the server refuses where it would not fit into a sheet.
func (c *Client) FailuresXLSX(ctx context.Context, id string, w io.Writer) error {
	if err := c.download(ctx, request{method: http.MethodGet, path: importPath(id) + "/failures.xlsx"}, w); err != nil {
		return fmt.Errorf("read failed rows: %w", err)
	}
	return nil
}
