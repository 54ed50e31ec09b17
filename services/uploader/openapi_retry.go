package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (s *server) docRetryImport() huma.Operation {
	op := operation(http.MethodPost, "/v1/imports/{id}/retry", "retry-import", tagImports, "Retry failed rows",
		"Takes the report of failed rows (…/failures.csv or …/failures.xlsx) after it was corrected, and makes an import of its own of it, whose `parent` is this one. "+
			"Mapping and options are those of this import (`replace` is retried as `upsert`, `max_failed` is not asked for); its columns have to be those of the report. "+
			"The import must have ended, with failed rows; one that retries can be retried too, and stands for the same original.\n\n"+
			"Each row stands for the failed row of its `rowNumber`, whatever the order. One without it (`row_number_missing`), one of a number that several rows have (`row_number_repeated`), "+
			"that did not fail in the original (`row_number_unknown`), or that an earlier retry has imported (`row_mended`) fails; it is reported with the number that it has, or 0, and its reason names its place in the file. "+
			"Rows that were left out stay failed. The original shows in `converged` what became of all of its rows, each of which counts once, however often it is sent. "+
			"Its own report goes on to list all that failed in it; that of the retry lists what still fails.\n\n"+
			"With a form (multipart/form-data) with a part `file`, the retry is created, given its file and started in one request; with JSON, or without a body, it waits for its file (PUT …/source) and its start, as any import.\n\n"+
			"    curl -H \"Authorization: Bearer $MEIBO_API_KEY\" -F file=@members_failures.csv \"$MEIBO_SERVER/v1/imports/$ID/retry\"",
		http.StatusCreated, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict, http.StatusGone, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage)
	op.Middlewares = huma.Middlewares{s.fromForm(s.retryForm)}
	op.Responses["200"] = &huma.Response{Description: "The retry that was created with this Idempotency-Key before, by JSON"}
	op.RequestBody = &huma.RequestBody{
		Content: map[string]*huma.MediaType{
			"application/json": {Example: map[string]any{"file_name": "members_failures.csv"}},
			"multipart/form-data": {Schema: &huma.Schema{
				Type: huma.TypeObject, Required: []string{"file"},
				Properties: map[string]*huma.Schema{
					"options": {Type: huma.TypeString, Extensions: map[string]any{"contentMediaType": "application/json"}, Description: "The JSON of the other form. It must stand before the file."},
					"file":    {Type: huma.TypeString, Extensions: map[string]any{"contentMediaType": "application/octet-stream"}, Description: "The corrected report: CSV, also as gzip, or XLSX."},
					"start":   {Type: huma.TypeString, Enum: []any{"true", "false"}, Description: "Whether to start the retry; true by default."},
				},
			}},
		},
	}
	return op
}
