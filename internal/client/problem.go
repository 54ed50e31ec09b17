package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// Problem is the server's refusal of a call (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	// Detail is a sentence for people, in the client's language.
	Detail string `json:"detail,omitempty"`
	// Code is stable; empty where something between us and the server has answered.
	Code string `json:"code,omitempty"`
	// Errors name the parts of the request that are wrong.
	Errors []ProblemPart `json:"errors,omitempty"`
}

// CodeRowsPerDay is the code of an import that has more rows than may still be imported today.
const CodeRowsPerDay = "rows_per_day"

// ProblemPart is what is wrong with one part of a request: an option, or the mapping of a column to a field.
type ProblemPart struct {
	Code   string `json:"code"`
	Option string `json:"option,omitempty"`
	Field  string `json:"field,omitempty"`
	Header string `json:"header,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Error returns the sentences for people.
func (p *Problem) Error() string { return strings.Join(p.Sentences(), " ") }

// Sentences returns what is wrong as a whole, then what is wrong with each part of the request, for people.
func (p *Problem) Sentences() []string {
	var sentences []string
	add := func(s string) {
		if s != "" && (len(sentences) == 0 || !strings.Contains(sentences[0], s)) {
			sentences = append(sentences, s)
		}
	}
	add(p.Detail)
	for _, part := range p.Errors {
		add(part.Detail)
	}
	if len(sentences) == 0 {
		sentences = append(sentences, p.Title)
	}
	return sentences
}

// About reports whether the problem is with an option of the request, or with what it says of a column, and names that.
func (p *Problem) About() (what string, ok bool) {
	for _, part := range p.Errors {
		if what = cmp.Or(part.Option, part.Header); what != "" {
			return what, true
		}
	}
	return "", false
}

// IsProblem reports whether err is a refusal with that code.
func IsProblem(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}

// isRefusal reports whether the server has answered, and not as wished.
func isRefusal(err error) bool {
	var p *Problem
	return errors.As(err, &p)
}

// maxProblem bounds what is read of a refusal, in bytes.
const maxProblem = 1 << 20

// readProblem makes a Problem of any answer that is not a success; a proxy's page becomes its status alone.
func readProblem(res *http.Response) *Problem {
	var p Problem
	text, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil || json.Unmarshal(text, &p) != nil {
		p = Problem{}
	}
	p.Status = res.StatusCode
	if p.Title == "" {
		p.Title = res.Status
	}
	return &p
}
