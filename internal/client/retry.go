package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/uuid"
)

// RetryOptions say how a corrected report of failed rows is read; all else a retry has from its import. Empty ones are
// the server's defaults.
type RetryOptions struct {
	FileName  string `json:"file_name,omitempty"`
	Encoding  string `json:"encoding,omitempty"`
	Delimiter string `json:"delimiter,omitempty"`
	Sheet     string `json:"sheet,omitempty"`
	HeaderRow int64  `json:"header_row,omitempty"`
}

// Retried is what an import tells of the retries of its failed rows.
type Retried struct {
	Retries []string `json:"retries,omitempty"`
	// Converged is what has become of the rows of the file since; nil where nothing was retried.
	Converged *Converged `json:"converged,omitempty"`
}

// Converged are the outcomes of a file's rows, with those that failed and were corrected.
type Converged struct {
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Deleted   int64 `json:"deleted"`
	Skipped   int64 `json:"skipped"`
	Failed    int64 `json:"failed"`
}

// Rows returns the number of rows that have an outcome.
func (c *Converged) Rows() int64 {
	return c.Created + c.Updated + c.Unchanged + c.Deleted + c.Skipped + c.Failed
}

// Retry makes an import of the failed rows of another, which waits for its file: the corrected report. It makes only
// one, even if it has to ask twice.
func (c *Client) Retry(ctx context.Context, id string, o RetryOptions) (Import, error) {
	var i Import
	header := http.Header{"Idempotency-Key": {uuid.NewString()}}
	err := c.call(ctx, request{method: http.MethodPost, path: importPath(id) + "/retry", header: header, body: o, again: true}, &i)
	if err != nil {
		return Import{}, fmt.Errorf("retry import: %w", err)
	}
	return i, nil
}
