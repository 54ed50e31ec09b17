// Package imports is the pure domain of an import: its states and totals, its options, and how its rows are
// cut into chunks.
//
//	created ──▶ uploaded ──▶ queued ──▶ running ──▶ completed
//	   │            │         │  ▲        │  ▲
//	   │            │         │  │        ▼  │
//	   │            │         │  │      paused
//	   │            │         │  │        │
//	   │            │         │  └────────┼───────── (resumed)
//	   │            │         ├───────────┼──────▶ failed     (a reason says why)
//	   └────────────┴─────────┴───────────┴──────▶ cancelled ──▶ undoing ──▶ undone
//
// An import is running from the moment it is its list's turn; only then are its chunks merged. One that is paused keeps
// its turn. The last three before undoing are final: nothing happens to such an import by itself. One that has failed for
// a reason that can be mended may be resumed, and goes on where it stood; see Resumable. One that somebody has undone is
// undoing from the moment that it has its list's turn again, and at last undone.
package imports

import (
	"time"

	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// ID identifies an import.
type ID = uuid.UUID

// NewID returns a new id; ids made later sort later.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// ParseID reads the text form of an id.
func ParseID(s string) (ID, error) { return uuid.Parse(s) }

// State is where an import stands in its life.
type State string

// The states of an import.
const (
	StateCreated   State = "created"
	StateUploaded  State = "uploaded"
	StateQueued    State = "queued"
	StateRunning   State = "running"
	StatePaused    State = "paused"
	StateCompleted State = "completed"
	StateFailed    State = "failed"
	StateCancelled State = "cancelled"
	StateUndoing   State = "undoing"
	StateUndone    State = "undone"
)

// Final reports whether nothing happens to the import any more by itself.
func (s State) Final() bool {
	return s == StateCompleted || s == StateFailed || s == StateCancelled || s == StateUndone
}

// Totals are an import's numbers. While it runs they grow; the invariant holds from the first row to the
// last: Total is the number of data rows read so far, and NotProcessed those of them without an outcome yet.
type Totals struct {
	Total int64
	member.Counts
	NotProcessed int64
	// Removed members were not in a file that replaced the list, Unified leads became part of a member: members, not rows.
	Removed, Unified int64
}

// NewTotals returns the totals of an import of which read rows were read and counts were merged. The ledger
// may be ahead of the splitter's note of how far it has read; the larger number is the truth.
func NewTotals(read int64, counts member.Counts) Totals {
	total := max(read, counts.Rows())
	return Totals{Total: total, Counts: counts, NotProcessed: total - counts.Rows()}
}

// Balanced reports whether the invariant of product.md holds.
func (t Totals) Balanced() bool {
	return t.NotProcessed >= 0 && t.Total == t.Rows()+t.NotProcessed
}

// Options are fixed when an import starts. What is not said is the zero value until then, since a default may depend on
// another option; Filled gives what it comes to.
type Options struct {
	member.Rules
	// Preset says by name what its rules would, as far as they are not said.
	Preset Preset `json:"preset,omitempty"`
	// DryRun has everything done but the writing.
	DryRun bool `json:"dry_run,omitempty"`
	// MaxFailed bounds the rows that may fail (percent of the total), MaxRemoved the members that replace may remove and
	// MaxChanged those that may be updated or deleted (percent of the list). Beyond it the import stops as failed.
	MaxFailed  Limit `json:"max_failed,omitzero"`
	MaxRemoved Limit `json:"max_removed,omitzero"`
	MaxChanged Limit `json:"max_changed,omitzero"`
	// Note becomes the list's; where it is empty and the list has none, the file's name does (備考 of seed 003).
	Note     string `json:"note,omitempty"`
	Notify   Notify `json:"notify,omitzero"`
	TimeZone string `json:"time_zone"`
	Region   string `json:"region"`
	// How the source is read; empty values mean "as detected".
	Encoding  string `json:"encoding,omitempty"`
	Delimiter string `json:"delimiter,omitempty"`
	Sheet     string `json:"sheet,omitempty"`
	NoHeader  bool   `json:"no_header,omitempty"`
	// HeaderRow is the number of the row that names the columns, as Excel shows it; what stands above it is no
	// data. 0 is the first row that is not blank.
	HeaderRow int64 `json:"header_row,omitempty"`
	// BlankColumns and ListColumns say otherwise for single columns, by their headers, than Blank and ListValues do. When the
	// import starts they become part of its mapping.
	BlankColumns map[string]member.Blank      `json:"blank_columns,omitempty"`
	ListColumns  map[string]member.ListValues `json:"list_values_columns,omitempty"`
	// MappingFrom says where the mapping of columns comes from of which nothing is said: FromHeaders where it is
	// empty, or FromMemory.
	MappingFrom string `json:"mapping_from,omitempty"`

	// Profile is the name of the profile whose options these are, and ExpectedHeader the headers that it expects.
	Profile        string   `json:"profile,omitempty"`
	ExpectedHeader []string `json:"expected_header,omitempty"`
}

// The sources of a mapping: the headers of the columns, or the mapping of an earlier import of a file with such columns.
const (
	FromHeaders = "headers"
	FromMemory  = "remembered"
)

// DefaultMaxRemoved is the share of a list that a replacing file may remove where nothing else is said, in percent.
const DefaultMaxRemoved = 10

// Filled returns the options as they are where everything is said: what is not said is the preset's, and then the
// default. Limits without a default become NoLimit.
func (o Options) Filled() Options {
	o.Rules = o.Preset.Under(o.Rules).Filled()
	o.MaxFailed = o.MaxFailed.or(NoLimit)
	o.MaxRemoved = o.MaxRemoved.or(Percent(DefaultMaxRemoved))
	o.MaxChanged = o.MaxChanged.or(NoLimit)
	return o
}

// Notify says who is told of the import's end.
type Notify struct {
	// Recipients are e-mail addresses in place of those of the tenant's NotifyDefault; empty and not nil is nobody.
	Recipients []string `json:"recipients,omitzero"`
	// MinRows suppresses the mail of a completed import of fewer rows, never that of a failed one.
	MinRows int64 `json:"min_rows,omitempty"`
}

// Import is one run of one file into one list.
type Import struct {
	Tenant   tenant.ID
	ID       ID
	ListID   int64
	List     string
	State    State
	FileName string
	Options  Options
	Mapping  member.Mapping
	Source   Source
	Cut      Cut
	// FirstID is the id of the member that the file's first row would create; the ids up to FirstID +
	// Source.MaxRows are reserved for the import.
	FirstID int64
	// IntoEmpty tells that the list had no members with a number when the import started; WithLeads that it had leads.
	IntoEmpty, WithLeads bool
	// Allowance is how many members the import may create under the tenant's quota, nil for any number.
	Allowance *int64
	// MembersBefore is the number of the list's members of the import's kind when it started, where a limit needs it.
	MembersBefore int64
	// Schema are the fields of the list as they were when the import started; nil are the standard ones.
	Schema *member.Schema
	// Parent is the import whose failed rows this one retries, the zero ID for none.
	Parent ID
	// MaxRowBytes bounds a row of the source, in bytes of UTF-8.
	MaxRowBytes int
	Totals      Totals
	// Warnings are what else came of the import as a whole.
	Warnings []member.Warning
	// Failure is why the import failed; its Code is empty where it did not.
	Failure member.Problem
	// User is the name of the person who imports; empty for a key that belongs to nobody.
	User       string
	CreatedAt  time.Time
	UploadedAt *time.Time
	QueuedAt   *time.Time
	StartedAt  *time.Time
	SplitAt    *time.Time
	// FinishingAt is when every row had its outcome, where more was left to do than to end the import; see Finishes.
	FinishingAt *time.Time
	FinishedAt  *time.Time
	// Run counts how often the import was set going: 1 until it is resumed for the first time. What is left of an earlier
	// run, on the queue or in a worker's hands, has no effect any more.
	Run int
	// PausedAt is when the import was paused, where it is; ResumedAt when it was last resumed.
	PausedAt, ResumedAt *time.Time
	// ReadShare is about which part of the source's bytes was read so far, from 0 to 1; 0 where that is not known.
	ReadShare float64
	// LastRow is the number of the last row of the source that was read so far; 0 where it is not known.
	LastRow int64
	// SourceGoneAt is when the source was deleted at the end of its retention, ReportGoneAt when the failed rows were.
	SourceGoneAt *time.Time
	ReportGoneAt *time.Time
}

// Source is the uploaded file.
type Source struct {
	// Upload is object storage's name of the file among all that were ever uploaded to the import.
	Upload string `json:"upload"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// ETag is object storage's name of this version of the file: what was inspected is what is imported.
	ETag string `json:"etag"`
	// Format is what inspection found: csv or xlsx.
	Format string `json:"format"`
	// Gzip says that a CSV is compressed.
	Gzip bool `json:"gzip,omitempty"`
	// MaxRows is an upper bound of the number of readable rows.
	MaxRows int64 `json:"max_rows"`
	// Earlier is the newest completed import of a file with the same content, when this one was inspected; nil where
	// there was none.
	Earlier *Earlier `json:"earlier,omitempty"`
}

// Earlier is a completed import of a file.
type Earlier struct {
	Import   ID        `json:"import"`
	FileName string    `json:"file_name"`
	At       time.Time `json:"at"`
}

// Warning says that the same file was imported before: when, in that time zone, and by which name.
func (e *Earlier) Warning(zone *time.Location) member.Problem {
	return member.Problem{Code: member.SameFile, Detail: e.At.In(zone).Format("2006-01-02 15:04") + " " + e.FileName}
}

// Locale returns the time zone and region that the import reads dates and phone numbers in.
func (o Options) Locale() (*member.Locale, error) {
	zone, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		return nil, err
	}
	return &member.Locale{Zone: zone, Region: o.Region}, nil
}

// Plan compiles the import's mapping.
func (i *Import) Plan() (*member.Plan, error) {
	locale, err := i.Options.Locale()
	if err != nil {
		return nil, err
	}
	schema := i.Schema
	if schema == nil {
		schema = member.Standard()
	}
	return member.NewPlan(schema, i.Mapping, i.Options.Rules, locale)
}
