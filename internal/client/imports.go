package client

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// Options say what to import, and how. Empty ones are the server's defaults.
type Options struct {
	List     string `json:"list,omitempty"`
	FileName string `json:"file_name,omitempty"`
	// Preset is a registration type, by its name in either language; what is said beside it goes first.
	Preset string `json:"preset,omitempty"`
	// Profile names options that are said before. NewFields are created, if they are not there yet.
	Profile   string              `json:"profile,omitempty"`
	NewFields []member.Definition `json:"new_fields,omitempty"`

	Kind       string `json:"kind,omitempty"`
	Mode       string `json:"mode,omitempty"`
	Key        string `json:"key,omitempty"`
	Blank      string `json:"blank,omitempty"`
	ListValues string `json:"list_values,omitempty"`
	// BlankColumns and ListColumns say otherwise for single columns, by their headers.
	BlankColumns    map[string]string `json:"blank_columns,omitempty"`
	ListColumns     map[string]string `json:"list_values_columns,omitempty"`
	Duplicates      string            `json:"duplicates,omitempty"`
	MultipleMatches string            `json:"multiple_matches,omitempty"`
	NewConsent      string            `json:"new_consent,omitempty"`
	Consent         string            `json:"consent,omitempty"`
	Registration    string            `json:"registration,omitempty"`
	ImportTag       string            `json:"import_tag,omitempty"`
	SkipWithout     string            `json:"skip_without,omitempty"`
	DryRun          bool              `json:"dry_run,omitempty"`
	// The limits are a number, a percentage, or none.
	MaxFailed  string  `json:"max_failed,omitempty"`
	MaxRemoved string  `json:"max_removed,omitempty"`
	MaxChanged string  `json:"max_changed,omitempty"`
	Note       string  `json:"note,omitempty"`
	Notify     *Notify `json:"notify,omitempty"`
	TimeZone   string  `json:"time_zone,omitempty"`
	Region     string  `json:"region,omitempty"`
	Encoding   string  `json:"encoding,omitempty"`
	Delimiter  string  `json:"delimiter,omitempty"`
	Sheet      string  `json:"sheet,omitempty"`
	NoHeader   bool    `json:"no_header,omitempty"`
	// HeaderRow is the number of the row that names the columns, as Excel shows it.
	HeaderRow int64 `json:"header_row,omitempty"`
	// MappingFrom is headers or remembered: where the mapping of columns comes from of which nothing is said.
	MappingFrom string `json:"mapping_from,omitempty"`
	// Mapping replaces the suggested mapping; Map changes single columns of it, from the header to the field, or to ""
	// for a column that is not imported.
	Mapping []Column          `json:"mapping,omitempty"`
	Map     map[string]string `json:"map,omitempty"`
}

// Notify says who is told of an import's end.
type Notify struct {
	// Recipients take the place of the tenant's owners and the importer; empty and not nil is nobody.
	Recipients []string `json:"recipients,omitzero"`
	// MinRows suppresses the mail of a completed import of fewer rows.
	MinRows *int64 `json:"min_rows,omitempty"`
}

// Column is which column feeds which field.
type Column struct {
	Header string `json:"header"`
	// Field is empty for a column that is not imported.
	Field string `json:"field"`
	// Inverted columns say the opposite of their field.
	Inverted bool `json:"inverted"`
	// Blank and ListValues are the column's own, where it has some.
	Blank      string `json:"blank,omitempty"`
	ListValues string `json:"list_values,omitempty"`
}

// Import is one run of one file into one list.
type Import struct {
	ID    string        `json:"id"`
	State imports.State `json:"state"`
	// Stage is what is being done for the import; empty before it is started and once it has ended.
	Stage           imports.Stage     `json:"stage"`
	List            string            `json:"list"`
	FileName        string            `json:"file_name"`
	Preset          string            `json:"preset"`
	Kind            string            `json:"kind"`
	Mode            string            `json:"mode"`
	Key             string            `json:"key"`
	Blank           string            `json:"blank"`
	BlankColumns    map[string]string `json:"blank_columns,omitempty"`
	ListValues      string            `json:"list_values"`
	ListColumns     map[string]string `json:"list_values_columns,omitempty"`
	Duplicates      string            `json:"duplicates"`
	MultipleMatches string            `json:"multiple_matches"`
	NewConsent      string            `json:"new_consent"`
	Consent         string            `json:"consent"`
	Registration    string            `json:"registration"`
	ImportTag       string            `json:"import_tag"`
	SkipWithout     string            `json:"skip_without"`
	DryRun          bool              `json:"dry_run"`
	MaxFailed       string            `json:"max_failed"`
	MaxRemoved      string            `json:"max_removed"`
	MaxChanged      string            `json:"max_changed"`
	Note            string            `json:"note"`
	Notify          ImportNotify      `json:"notify"`
	TimeZone        string            `json:"time_zone"`
	Region          string            `json:"region"`
	Size            int64             `json:"size"`
	SHA256          string            `json:"sha256"`
	Encoding        string            `json:"encoding"`
	Delimiter       string            `json:"delimiter"`
	Sheet           string            `json:"sheet"`
	Header          bool              `json:"header"`
	HeaderRow       int64             `json:"header_row"`
	Mapping         []Column          `json:"mapping"`

	Total        int64 `json:"total"`
	Created      int64 `json:"created"`
	Updated      int64 `json:"updated"`
	Unchanged    int64 `json:"unchanged"`
	Deleted      int64 `json:"deleted"`
	Skipped      int64 `json:"skipped"`
	Failed       int64 `json:"failed"`
	NotProcessed int64 `json:"not_processed"`
	Removed      int64 `json:"removed"`
	Unified      int64 `json:"unified"`
	Protected    int64 `json:"protected"`
	Tagged       int64 `json:"tagged"`

	CreatedAt  time.Time  `json:"created_at"`
	UploadedAt *time.Time `json:"uploaded_at"`
	QueuedAt   *time.Time `json:"queued_at"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`

	// PausedAt is when the import was paused; nil where it is not.
	PausedAt *time.Time `json:"paused_at"`
	// Run counts how often the import was set going, Resumable tells whether it can be once more.
	Run       int  `json:"run"`
	Resumable bool `json:"resumable"`
	// Stopped is how far an import had come that has failed, was cancelled or is paused; nil for any other.
	Stopped *Stop `json:"stopped"`

	// Error is why the import failed; nil where it did not.
	Error *Notice `json:"error"`
	// Parent is the import whose failed rows this one retries; nil where it is no retry.
	Parent   *string  `json:"parent"`
	User     string   `json:"user"`
	Warnings []Notice `json:"warnings"`
	Retried
}

// Stop is how far an import had come when it was stopped.
type Stop struct {
	// Stage is what was being done.
	Stage imports.Stage `json:"stage"`
	// Percent is how much of the file was merged: exact where all of it was read, else a guess; nil where nobody can tell.
	Percent      *int  `json:"percent"`
	RowsRead     int64 `json:"rows_read"`
	RowsMerged   int64 `json:"rows_merged"`
	NotProcessed int64 `json:"not_processed"`
	// LastRow is the number of the last row that was read; 0 where it is not known.
	LastRow int64 `json:"last_row,omitempty"`
}

// ImportNotify is who is told of an import's end: the tenant's owners and the importer where Recipients is nil.
type ImportNotify struct {
	Recipients []string `json:"recipients"`
	MinRows    int64    `json:"min_rows"`
}

// Notice is something to tell about an import as a whole, or about its file.
type Notice struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// Field, Column and Rows are what it is about, where it is about a field, or a column or rows of the file.
	Field  string  `json:"field,omitempty"`
	Column string  `json:"column,omitempty"`
	Rows   []int64 `json:"rows,omitempty"`
}

// Balanced reports whether every row has exactly one outcome, as product.md promises.
func (i *Import) Balanced() bool {
	return i.Total == i.Created+i.Updated+i.Unchanged+i.Deleted+i.Skipped+i.Failed+i.NotProcessed
}

// Inspection is what the server found out about an uploaded source. Confidences are from 0 to 1.
type Inspection struct {
	Format              string              `json:"format"`
	FormatConfidence    float64             `json:"format_confidence"`
	Gzip                bool                `json:"gzip"`
	Encoding            string              `json:"encoding"`
	EncodingConfidence  float64             `json:"encoding_confidence"`
	Encodings           []EncodingCandidate `json:"encodings"`
	Delimiter           string              `json:"delimiter"`
	DelimiterConfidence float64             `json:"delimiter_confidence"`
	Sheet               string              `json:"sheet,omitempty"`
	Sheets              []string            `json:"sheets,omitempty"`
	HiddenSheets        []string            `json:"hidden_sheets,omitempty"`
	Header              bool                `json:"header"`
	HeaderRow           int64               `json:"header_row"`
	HeaderConfidence    float64             `json:"header_confidence"`
	Columns             []InspectionColumn  `json:"columns"`
	SampleRows          [][]string          `json:"sample_rows"`
	SampleRowNumbers    []int64             `json:"sample_row_numbers"`
	// SuggestedMapping is what an import uses that is not told another one, Remembered that of an earlier import of a file
	// with such columns, if there is one.
	SuggestedMapping []Column           `json:"suggested_mapping"`
	Remembered       *RememberedMapping `json:"remembered,omitempty"`
	Warnings         []Notice           `json:"warnings"`
	// MaxRows is an upper bound of the number of data rows.
	MaxRows int64 `json:"max_rows"`
}

// RememberedMapping is the mapping of an earlier import, for the columns of the source.
type RememberedMapping struct {
	Import   string    `json:"import"`
	FileName string    `json:"file_name"`
	At       time.Time `json:"at"`
	Mapping  []Column  `json:"mapping"`
}

// EncodingCandidate is an encoding that the source could be in, with cells to tell by.
type EncodingCandidate struct {
	Encoding   string   `json:"encoding"`
	Confidence float64  `json:"confidence"`
	Samples    []string `json:"samples"`
}

// InspectionColumn is a column of a source.
type InspectionColumn struct {
	Header string `json:"header"`
	// FillRate is the part of the cells that are not empty, from 0 to 1.
	FillRate float64 `json:"fill_rate"`
	// Type is what the cells look like, and TypeShare the part of them that do.
	Type      string   `json:"type"`
	TypeShare float64  `json:"type_share"`
	Samples   []string `json:"samples"`
}

// Create makes an import. It makes only one, even if it has to ask twice.
func (c *Client) Create(ctx context.Context, o Options) (Import, error) {
	var i Import
	header := http.Header{"Idempotency-Key": {uuid.NewString()}}
	err := c.call(ctx, request{method: http.MethodPost, path: "/v1/imports", header: header, body: o, again: true}, &i)
	if err != nil {
		return Import{}, fmt.Errorf("create import: %w", err)
	}
	return i, nil
}

// UploadSource sends the file of an import, however large, in constant memory. size is its length in bytes, or -1 where
// that is not known. sent, if not nil, is called with the number of bytes handed over so far, from another goroutine,
// but never after UploadSource has returned.
func (c *Client) UploadSource(ctx context.Context, id string, source io.Reader, size int64, sent func(bytes int64)) (Import, error) {
	r := request{method: http.MethodPut, path: importPath(id) + "/source"}
	body := &upload{source: source, sent: sent}
	defer body.stop()
	i, err := c.upload(ctx, r, body, size)
	if err != nil {
		return Import{}, fmt.Errorf("upload source: %w", err)
	}
	return i, nil
}

func (c *Client) upload(ctx context.Context, r request, body *upload, size int64) (Import, error) {
	var i Import
	req, err := c.newRequest(ctx, r, body)
	if err != nil {
		return i, err
	}
	req.ContentLength = size
	if size == 0 {
		req.Body = http.NoBody // otherwise 0 would mean that the length is not known
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	// No "Expect: 100-continue": a Go server that refuses in the middle of such an upload closes at once, so that its
	// answer is lost, while otherwise it lingers.
	res, err := c.do(req)
	if err != nil {
		// A file that cannot be read is our trouble, not the connection's.
		if readErr := body.failure(); readErr != nil && !isRefusal(err) {
			return i, readErr
		}
		return i, err
	}
	defer res.Body.Close()
	return i, decode(r, res.Body, &i)
}

// Inspection returns what the server found out about the uploaded source.
func (c *Client) Inspection(ctx context.Context, id string) (Inspection, error) {
	var i Inspection
	err := c.call(ctx, request{method: http.MethodGet, path: importPath(id) + "/inspection", again: true}, &i)
	if err != nil {
		return Inspection{}, fmt.Errorf("read inspection: %w", err)
	}
	return i, nil
}

// Start starts an import whose source is uploaded. What o says goes before what Create was told.
func (c *Client) Start(ctx context.Context, id string, o Options) (Import, error) {
	return c.change(ctx, id, "start", o)
}

// Cancel stops an import; what was merged stays.
func (c *Client) Cancel(ctx context.Context, id string) (Import, error) {
	return c.change(ctx, id, "cancel", nil)
}

// Pause has a running import stand still until it is resumed or cancelled.
func (c *Client) Pause(ctx context.Context, id string) (Import, error) {
	return c.change(ctx, id, "pause", nil)
}

// Resume has an import go on where it stood that is paused, or has failed for a reason on the side of the system.
func (c *Client) Resume(ctx context.Context, id string) (Import, error) {
	return c.change(ctx, id, "resume", nil)
}

func (c *Client) change(ctx context.Context, id, what string, body any) (Import, error) {
	var i Import
	err := c.call(ctx, request{method: http.MethodPost, path: importPath(id) + "/" + what, body: body}, &i)
	if err != nil {
		return Import{}, fmt.Errorf("%s import: %w", what, err)
	}
	return i, nil
}

// Import returns an import as it is now.
func (c *Client) Import(ctx context.Context, id string) (Import, error) {
	var i Import
	if err := c.call(ctx, request{method: http.MethodGet, path: importPath(id), again: true}, &i); err != nil {
		return Import{}, fmt.Errorf("read import: %w", err)
	}
	return i, nil
}

// Imports returns all imports, the newest first. It reads page by page, as far as the loop goes, and ends at the first
// error.
func (c *Client) Imports(ctx context.Context) iter.Seq2[Import, error] {
	return pages[Import](ctx, c, "/v1/imports", nil)
}

func importPath(id string) string { return "/v1/imports/" + url.PathEscape(id) }

// pageSize is how many items are asked for at a time.
const pageSize = 100

// pages reads a list that the server cuts into pages.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		query := cloneQuery(query)
		query.Set("limit", strconv.Itoa(pageSize))
		for {
			var page struct {
				Items      []T    `json:"items"`
				NextCursor string `json:"next_cursor"`
			}
			if err := c.call(ctx, request{method: http.MethodGet, path: path, query: query, again: true}, &page); err != nil {
				var none T
				yield(none, fmt.Errorf("read %s: %w", path, err))
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.NextCursor == "" {
				return
			}
			query.Set("cursor", page.NextCursor)
		}
	}
}

func cloneQuery(q url.Values) url.Values {
	clone := make(url.Values, len(q)+2)
	for name, values := range q {
		clone[name] = values
	}
	return clone
}
