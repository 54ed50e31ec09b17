package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func docReadPreview() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}/preview", "read-preview", tagImports, "See what an import does, row by row",
		"A sample: the first 10 rows of each outcome, with each field that a row changed, before and after. Of a dry run it is what an import would do at that moment. Failed rows are not in it: see …/failures.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docReadPace() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}/pace", "read-pace", tagImports, "See how fast an import came on",
		"How many rows had an outcome at which moment: every 5 seconds, and of an import that takes longer than 20 minutes at longer intervals.",
		http.StatusOK, http.StatusNotFound)
}

func docReadTimeline() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}/timeline", "read-timeline", tagImports, "See who did what to an import",
		"What people did, from the audit log, and what became of the import, its mails, its retries and its undo.", http.StatusOK, http.StatusNotFound)
}
