package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func docListAudit() huma.Operation {
	op := operation(http.MethodGet, "/v1/audit", "list-audit", tagAccount, "Read the audit log",
		"Who did what, and from where: everything that people, keys and operators have caused. Nothing in it can be changed, and nothing is deleted before its time (`audit_days`). For owners and administrators.",
		http.StatusOK, http.StatusForbidden, http.StatusUnprocessableEntity)
	return op
}

func docReadRetention() huma.Operation {
	return operation(http.MethodGet, "/v1/retention", "read-retention", tagAccount, "See how long things are kept",
		"In days, from the end of an import. What has expired is deleted within hours.", http.StatusOK)
}

func docChangeRetention() huma.Operation {
	return operation(http.MethodPatch, "/v1/retention", "change-retention", tagAccount, "Change how long things are kept",
		"What is left out stays. A shorter time holds for what there is, too: it is deleted within hours. For owners and administrators.",
		http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity)
}

func docReadOperations() huma.Operation {
	return operation(http.MethodGet, "/v1/operations", "read-operations", tagAccount, "See what is being done",
		"How much waits in the queue, which processes there are, the imports of the account that are under way, and its messages that could not be handled. "+
			"Whether something is stuck is told by looking twice: ask again every few seconds. For owners and administrators.",
		http.StatusOK, http.StatusForbidden)
}

func docReadSettings() huma.Operation {
	return operation(http.MethodGet, "/v1/settings", "read-settings", tagAccount, "See the settings of the account",
		"What it has settled for all of its imports, and the limits that operators have set.", http.StatusOK)
}

func docChangeSettings() huma.Operation {
	return operation(http.MethodPatch, "/v1/settings", "change-settings", tagAccount, "Change the settings of the account",
		"What is left out stays. Imports that were created before keep their language, time zone and region. For owners and administrators.",
		http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity)
}

func docEraseMember() huma.Operation {
	return operation(http.MethodPost, "/v1/members/{id}/erase", "erase-member", tagMembers, "Erase a member everywhere",
		"Deletes the member for good, also one that was deleted before: with what the journal of imports has of it, so that no undo brings it back, and with the rows of failure reports that name it by its "+
			"member number, e-mail address, phone number or another key it has or had. The reports follow within minutes (GET …/erase tells).\n\n"+
			"Files that were uploaded are never changed: the answer names those that are kept and may hold the person, and until when. "+
			"Opt-outs stay, as an address or number and nothing else: whoever asked for no more mail must not get any after a later import. For owners and administrators.",
		http.StatusAccepted, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docReadErasure() huma.Operation {
	return operation(http.MethodGet, "/v1/members/{id}/erase", "read-erasure", tagMembers, "See how far an erasure is",
		"The latest one of that member. For owners and administrators.", http.StatusOK, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity)
}
