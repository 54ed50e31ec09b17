package imports

import (
	"errors"

	"github.com/meibo/meibo/internal/member"
)

// FailedRow is a failed row as object storage keeps it, one JSON object per line: the line of a chunk's report.
type FailedRow struct {
	// Row is the row's number as Excel shows it.
	Row      int64            `json:"row"`
	Problems []member.Problem `json:"problems"`
	// Cells are the original cells of the mapped columns, in the order of the mapping.
	Cells []string `json:"cells"`
}

// Failure is an error that fails the whole import, with a reason that a person can read.
type Failure struct {
	Problem member.Problem
	// Err is what went wrong underneath, for operators; nil where the reason says it all.
	Err error
}

// Error says what went wrong, for operators.
func (f *Failure) Error() string {
	if f.Err != nil {
		return string(f.Problem.Code) + ": " + f.Err.Error()
	}
	return string(f.Problem.Code) + " " + f.Problem.Detail
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// FailureOf returns the reason that err carries, or one of the given code where it carries none.
func FailureOf(err error, otherwise member.Code) member.Problem {
	var f *Failure
	if errors.As(err, &f) {
		return f.Problem
	}
	return member.Problem{Code: otherwise}
}
