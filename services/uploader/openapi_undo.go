package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func docUndoImport() huma.Operation {
	return operation(http.MethodPost, "/v1/imports/{id}/undo", "undo-import", tagImports, "Undo an import",
		"Takes back all that the import did: members that it created go, those that it changed get their values back, and those that it deleted, removed or unified are there again, with their tags, consents and opt-outs. "+
			"What somebody has changed since is kept, field by field, and listed: see …/undo/kept. Lists and tags are taken back value by value. Nobody who has opted out since is opted in.\n\n"+
			"The import must have ended, and have changed something; it can be undone for 30 days, or as long as the tenant keeps its journals (`undo_expired`), and once (`import_undone`). "+
			"An undo waits for its list's turn and cannot be cancelled; the import's state is `undoing` then, and `undone` at last. Asked for again, it goes on as it was.\n\n"+
			"With `dry_run`, nothing is changed, and GET …/undo?dry_run=true tells exactly what an undo would do at this moment.",
		http.StatusAccepted, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docReadUndo() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}/undo", "read-undo", tagImports, "Follow an undo",
		"How far it is, what has become of how many members, and the first of what it keeps.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docReadKept() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}/undo/kept", "list-undo-kept", tagImports, "List what an undo keeps",
		"The members and fields that stay as they are, and why, by member: up to 100,000 of them.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}
