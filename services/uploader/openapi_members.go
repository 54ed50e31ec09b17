package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func docListMembers() huma.Operation {
	return operation(http.MethodGet, "/v1/members", "list-members", tagMembers, "Search members",
		"The members of a list that match, by id.\n\n"+
			"A filter is `field:operator:value`, where the value is written as a cell of a file may be: `filter=birthday:gte:1990-01-01&filter=tags:any:vip/gold,new`. Operators:\n\n"+
			"- `eq`, `ne`: any field but lists; `ne` finds members without a value, too\n"+
			"- `contains`, `starts`: text, in any case (`starts` of a key field: in the same case)\n"+
			"- `gt`, `gte`, `lt`, `lte`: numbers, dates and times\n"+
			"- `any`, `all`, `none`: lists and tags, with one or more values, with commas between them or as a JSON array\n"+
			"- `empty`, `present`: any field; without a value\n\n"+
			"Quick in a list of any size are `eq` of key fields (`member_sn`, `email`, `phone`, `line_id`, and your own fields that are keys or unique), `starts` of the first four, "+
			"and `q` with an @ or a digit. Everything else looks at the members one after another; what takes longer than 5 seconds is given up (`search_too_slow`), and does not where one of the former narrows it.",
		http.StatusOK, http.StatusUnprocessableEntity)
}

func docCreateMember() huma.Operation {
	op := operation(http.MethodPost, "/v1/members", "create-member", tagMembers, "Create a member",
		"Fields are read, repaired, derived and refused as an import of one row would. Beside fields, `list` (default: main) and `kind` (`member` or `lead`) can be given. "+
			"A member that has the key already is not changed: 409 `member_exists` names it. Refused values are 422, with every problem by its field.",
		http.StatusCreated, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
	op.Responses["200"] = &huma.Response{Description: "The member that was created with this Idempotency-Key before"}
	return op
}

func docReadMember() huma.Operation {
	return operation(http.MethodGet, "/v1/members/{id}", "read-member", tagMembers, "Read a member",
		"All fields; those without a value are null.", http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docMemberHistory() huma.Operation {
	return operation(http.MethodGet, "/v1/members/{id}/history", "member-history", tagMembers, "See what happened to a member",
		"Which imports created, changed, deleted or brought together the member and the leads that became part of it, from which rows, and what people and keys did by hand; the newest first. "+
			"Also of members that are deleted, and of none that was erased. It reaches as far back as the journal and the audit log do (`journal_days`, `audit_days`); that an import created the member is always known.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docUpdateMember() huma.Operation {
	return operation(http.MethodPatch, "/v1/members/{id}", "update-member", tagMembers, "Change a member",
		"Changes the given fields and leaves the others; null clears a field. The version must be the one that was read (`If-Match`): nothing that somebody else changed meanwhile is lost. "+
			"An import that runs at the same time neither loses the change nor undoes it, except for fields that its file gives. Who opted out stays so, unless `consent=allow` is said by who may.",
		http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusPreconditionFailed, http.StatusUnprocessableEntity, http.StatusPreconditionRequired)
}

func docDeleteMember() huma.Operation {
	return operation(http.MethodDelete, "/v1/members/{id}", "delete-member", tagMembers, "Delete a member",
		"What the member opted out of is remembered by its e-mail address and numbers, and holds for whoever is created with them.",
		http.StatusNoContent, http.StatusNotFound, http.StatusPreconditionFailed, http.StatusUnprocessableEntity)
}

func docBlockMember() huma.Operation {
	return operation(http.MethodPost, "/v1/members/{id}/block", "block-member", tagMembers, "Block a member",
		"A blocked member is left out of search, counts and quota; imports change it and do not unblock it.", http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docUnblockMember() huma.Operation {
	return operation(http.MethodPost, "/v1/members/{id}/unblock", "unblock-member", tagMembers, "Unblock a member",
		"Refused with `quota_exceeded` where the tenant has no room for the member.", http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docSeeMember() huma.Operation {
	return operation(http.MethodPost, "/v1/members/{id}/seen", "see-member", tagMembers, "Note that a member was seen",
		"Sets `last_seen_at`, which imports with `multiple_matches: most_recent` go by, unless it is later already. The version stays.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}
