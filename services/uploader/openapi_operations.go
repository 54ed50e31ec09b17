package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// The groups of operations.
const (
	tagImports = "Imports"
	tagMembers = "Members"
	tagFields  = "Fields and lists"
	tagAccount = "Account"
)

const createImportID = "create-import"

func docCreateImport() huma.Operation {
	op := operation(http.MethodPost, "/v1/imports", createImportID, tagImports, "Create an import",
		"With JSON, the import waits for its file (PUT …/source) and its start. With a form (multipart/form-data), it is created, given its file and started in one request: "+
			"a part `options` with the same JSON, if anything is to be said, then a part `file`; a part `start` with `false` leaves it unstarted.\n\n"+
			"    curl -H \"Authorization: Bearer $MEIBO_API_KEY\" \\\n      -F 'options={\"key\":\"member_sn\"}' -F file=@members.csv \\\n      \"$MEIBO_SERVER/v1/imports\"",
		http.StatusCreated, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage)
	op.Responses["200"] = &huma.Response{Description: "The import that was created with this Idempotency-Key before, by JSON"}
	op.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{
			"application/json": {Example: map[string]any{"file_name": "members.csv", "map": map[string]any{"お客様番号": "member_sn"}}},
			"multipart/form-data": {Schema: &huma.Schema{
				Type: huma.TypeObject, Required: []string{"file"},
				Properties: map[string]*huma.Schema{
					"options": {Type: huma.TypeString, Extensions: map[string]any{"contentMediaType": "application/json"}, Description: "The JSON of the other form. It must stand before the file."},
					"file":    {Type: huma.TypeString, Extensions: map[string]any{"contentMediaType": "application/octet-stream"}, Description: "The file: CSV, also as gzip, or XLSX."},
					"start":   {Type: huma.TypeString, Enum: []any{"true", "false"}, Description: "Whether to start the import; true by default."},
				},
			}},
		},
	}
	return op
}

func docListImports() huma.Operation {
	return operation(http.MethodGet, "/v1/imports", "list-imports", tagImports, "List imports",
		"The newest first: all of them, or those that match everything that is asked for.", http.StatusOK, http.StatusUnprocessableEntity)
}

func docReadImport() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}", "read-import", tagImports, "Read an import",
		"Where it stands, with its totals so far.", http.StatusOK, http.StatusNotFound)
}

func docPutSource() huma.Operation {
	op := operation(http.MethodPut, "/v1/imports/{id}/source", "put-source", tagImports, "Upload the file",
		"The body is the file itself: CSV, TSV or another delimiter, in UTF-8, Shift_JIS, EUC-JP or UTF-16, also as gzip; or XLSX. It may be of any size and is stored as it comes. What it is is told from its content. "+
			"Nothing of an upload that breaks off is kept; send it again. Where the account may only keep so many bytes (GET /v1/me), more are refused with `storage_limit`. Until the import starts, another file replaces the one before.\n\n"+
			"    curl -H \"Authorization: Bearer $MEIBO_API_KEY\" -T members.csv \"$MEIBO_SERVER/v1/imports/$ID/source\"",
		http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable, http.StatusInsufficientStorage)
	op.Parameters = []*huma.Param{idParam()}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Extensions: map[string]any{"contentMediaType": "application/octet-stream"}}},
	}}
	op.Responses["200"] = &huma.Response{
		Description: "The import, which is now uploaded.",
		Content:     map[string]*huma.MediaType{"application/json": {}},
	}
	return op
}

func docReadInspection() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}/inspection", "read-inspection", tagImports, "See what the file holds",
		"Format, encoding, delimiter and header, each with how sure that is; the columns with what they look like; the first rows; "+
			"the mapping that is suggested for them, or was used for such a file before; and what to look at before the import starts.\n\n"+
			"With anything in the query, the file is looked at as an import with these options would read it, and nothing is stored: "+
			"say the same at the start to import it so.",
		http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity)
}

func docStartImport() huma.Operation {
	op := operation(http.MethodPost, "/v1/imports/{id}/start", "start-import", tagImports, "Start an import",
		"Settles options and mapping, and puts the import into its list's queue: one import runs per list at a time, in the order of their starts. "+
			"What is said here goes before what was said at creation. Where the account may only import so many rows in a day (GET /v1/me), more are refused with `rows_per_day`, which says when they can be.",
		http.StatusAccepted, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	return op
}

func docCancelImport() huma.Operation {
	return operation(http.MethodPost, "/v1/imports/{id}/cancel", "cancel-import", tagImports, "Cancel an import",
		"Stops it within seconds, whatever is being done for it. What was merged stays.", http.StatusOK, http.StatusNotFound, http.StatusConflict)
}

func docPauseImport() huma.Operation {
	return operation(http.MethodPost, "/v1/imports/{id}/pause", "pause-import", tagImports, "Pause an import",
		"Has a running import stand still: once this is answered, nothing of it is merged until it is resumed. It keeps its list's turn, so that later imports of the list go on waiting; it can be cancelled. "+
			"An import that is paused already stays so. One that waits for its turn cannot be paused.", http.StatusOK, http.StatusNotFound, http.StatusConflict)
}

func docResumeImport() huma.Operation {
	return operation(http.MethodPost, "/v1/imports/{id}/resume", "resume-import", tagImports, "Resume an import",
		"Has an import go on exactly where it stood: one that is paused runs on at once. One that has failed for a reason on the side of the system (`poison_chunk`, `newer_message`, `source_missing`, `quota_exceeded`, `internal_error`; see `resumable`) "+
			"takes its old place in its list's queue, once the cause is mended and within 7 days; no row is merged twice, the totals are those of the whole file, and another mail tells of the new end.",
		http.StatusAccepted, http.StatusNotFound, http.StatusConflict, http.StatusGone)
}

func docStreamEvents() huma.Operation {
	op := operation(http.MethodGet, "/v1/imports/{id}/events", "stream-events", tagImports, "Follow an import",
		"Server-sent events: an event `import` with the import as JSON at once and whenever it has changed, until its state is final and no undo of it waits or runs. A comment comes at least every 15 seconds.",
		http.StatusOK, http.StatusNotFound)
	op.Parameters = []*huma.Param{idParam()}
	op.Responses["200"] = &huma.Response{
		Description: "A stream of events.",
		Content: map[string]*huma.MediaType{"text/event-stream": {
			Schema:  &huma.Schema{Type: huma.TypeString},
			Example: "event: import\ndata: {\"id\":\"…\",\"state\":\"running\",\"total\":20000,\"created\":19990,\"failed\":10}\n\n",
		}},
	}
	return op
}

func docListCodes() huma.Operation {
	return operation(http.MethodGet, "/v1/codes", "list-codes", tagAccount, "List the codes of problems",
		"Every code that a row, a file, an import or a warning can have, with its sentence in Japanese and English.", http.StatusOK)
}

func docReadMe() huma.Operation {
	return operation(http.MethodGet, "/v1/me", "read-me", tagAccount, "See whose key this is", "The tenant and user that the key or session belongs to, what it may do, and where the tenant stands with what it may have.", http.StatusOK)
}

func idParam() *huma.Param {
	return &huma.Param{
		Name: "id", In: "path", Required: true, Description: "The id of the import.",
		Schema: &huma.Schema{Type: huma.TypeString},
	}
}
