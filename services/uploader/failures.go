package uploader

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// firstFailures is how many failed rows are shown; the report has them all.
const firstFailures = 30

// failuresBody tells of an import's failed rows.
type failuresBody struct {
	Total  int64          `json:"total" doc:"Rows that failed."`
	Counts []failureCount `json:"counts" doc:"Rows by problem, the most frequent first. A row with several problems is in several."`
	Notes  []failureCount `json:"notes" doc:"Rows that did not fail but were skipped or repaired, by reason: nothing needs to be corrected."`
	Codes  []failureCode  `json:"codes" doc:"Failed rows by code, the most frequent first, with examples."`
	Items  []failedRow    `json:"items" doc:"The first 30 failed rows, in the order of the file; none once they are kept no more (report_gone_at of the import)."`
}

// failureCount is how many rows have a problem.
type failureCount struct {
	Code   string `json:"code" example:"phone_invalid"`
	Field  string `json:"field" example:"phone" doc:"Empty for a problem of the row as a whole."`
	Rows   int64  `json:"rows"`
	Reason string `json:"reason"`
}

// failureCode is how often rows failed with a code, whatever the field.
type failureCode struct {
	Code     string      `json:"code" example:"phone_invalid"`
	Count    int64       `json:"count" doc:"The rows of all fields in counts together: a row with this code in two fields is counted twice."`
	Examples []failedRow `json:"examples" doc:"The first rows with this code, 3 at most, in the order of the file; none once they are kept no more."`
}

// failedRow is a failed row of the file.
type failedRow struct {
	RowNumber    int64             `json:"rowNumber" doc:"The number that Excel shows for the row; in a retry, that of the row that it stands for, or 0 where it says none."`
	Problems     []failedProblem   `json:"problems"`
	ErrorColumns []string          `json:"errorColumns" doc:"The fields that are wrong."`
	ErrorReason  string            `json:"errorReason" doc:"All reasons together."`
	Cells        map[string]string `json:"cells" doc:"The original cells by field. Long ones are cut."`
}

// failedProblem is one reason why a row failed.
type failedProblem struct {
	Code   string `json:"code"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// failuresInput names an import, and how to speak of its failed rows.
type failuresInput struct {
	ImportInput
	Language tenant.Language `query:"language" enum:"ja,en" doc:"The language of the reasons. Default: by Accept-Language."`
}

type failuresOutput struct{ Body failuresBody }

// readFailures is GET /v1/imports/{id}/failures.
func (s *server) readFailures(ctx context.Context, in *failuresInput) (*failuresOutput, error) {
	speak(ctx, string(in.Language))
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	f, err := s.db.Failures(ctx, i.Tenant, i.ID, firstFailures)
	if err != nil {
		return nil, err
	}
	speaker := speaker{schema: s.kept(i), lang: sessionOf(ctx).lang()}
	out := &failuresOutput{Body: failuresBody{Total: i.Totals.Failed, Counts: []failureCount{}}}
	for _, c := range f.Counts {
		reason := speaker.sentence(member.Problem{Code: c.Code, Field: c.Field})
		out.Body.Counts = append(out.Body.Counts, failureCount{string(c.Code), c.Field, c.Rows, reason})
	}
	fields := importedFields(i)
	out.Body.Items = speaker.rows(f.Sample, fields)
	out.Body.Codes = failureCodes(&f)
	for n := range out.Body.Codes {
		c := &out.Body.Codes[n]
		c.Examples = speaker.rows(f.Examples[member.Code(c.Code)], fields)
	}
	return out, nil
}

// failureCodes adds up the counts of each code, the most frequent first.
func failureCodes(f *postgres.Failures) []failureCode {
	codes := []failureCode{}
	for _, c := range f.Counts {
		at := slices.IndexFunc(codes, func(of failureCode) bool { return of.Code == string(c.Code) })
		if at < 0 {
			at = len(codes)
			codes = append(codes, failureCode{Code: string(c.Code)})
		}
		codes[at].Count += c.Rows
	}
	slices.SortStableFunc(codes, func(a, b failureCode) int { return cmp.Compare(b.Count, a.Count) })
	return codes
}

// rows shows failed rows whose cells are of these fields.
func (s *speaker) rows(rows []imports.FailedRow, fields []string) []failedRow {
	shown := make([]failedRow, len(rows))
	for i := range rows {
		row, to := &rows[i], &shown[i]
		*to = failedRow{RowNumber: row.Row, Problems: []failedProblem{}, Cells: make(map[string]string, len(fields))}
		for _, p := range row.Problems {
			to.Problems = append(to.Problems, failedProblem{string(p.Code), p.Field, s.sentence(p)})
		}
		to.ErrorColumns, to.ErrorReason = s.reasons(row)
		for n, field := range fields {
			if n < len(row.Cells) {
				to.Cells[field] = row.Cells[n]
			}
		}
	}
	return shown
}

// importedFields are the fields of the cells that a failed row keeps, in their order.
func importedFields(i *imports.Import) []string {
	var fields []string
	for _, c := range i.Mapping {
		if c.Field != "" {
			fields = append(fields, c.Field)
		}
	}
	return fields
}

// speaker says in a language why rows failed. It remembers what it has said: most rows of a file fail alike.
type speaker struct {
	schema *member.Schema
	lang   tenant.Language
	said   map[member.Problem]string
}

// maxSaid bounds what a speaker remembers, in sentences.
const maxSaid = 1000

func (s *speaker) sentence(p member.Problem) string {
	text, ok := s.said[p]
	if !ok {
		text = p.Sentence(s.lang, s.schema)
		if s.said == nil {
			s.said = make(map[member.Problem]string)
		}
		if len(s.said) < maxSaid {
			s.said[p] = text
		}
	}
	return text
}

// reasons returns which fields of a row are wrong, each once, and why, in one text.
func (s *speaker) reasons(row *imports.FailedRow) (fields []string, reason string) {
	fields = []string{}
	said := make([]string, 0, len(row.Problems))
	for _, p := range row.Problems {
		if p.Field != "" && !slices.Contains(fields, p.Field) {
			fields = append(fields, p.Field)
		}
		if sentence := s.sentence(p); !slices.Contains(said, sentence) {
			said = append(said, sentence)
		}
	}
	return fields, join(s.lang, said...)
}

// join puts sentences together.
func join(lang tenant.Language, sentences ...string) string {
	if lang == tenant.English {
		return strings.Join(sentences, " ")
	}
	return strings.Join(sentences, "")
}
