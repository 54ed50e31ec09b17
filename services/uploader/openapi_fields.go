package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func docListFields() huma.Operation {
	return operation(http.MethodGet, "/v1/fields", "list-fields", tagFields, "List the fields of a member",
		"The standard fields, then the tenant's own, in the order in which members show them.", http.StatusOK, http.StatusUnprocessableEntity)
}

func docCreateField() huma.Operation {
	return operation(http.MethodPost, "/v1/fields", "create-field", tagFields, "Create a field",
		"A field of the tenant's own, which all its lists have. Key, type, and whether it is a key, unique or a consent, are settled for ever. "+
			"Its key, labels and synonyms map columns of files from now on; imports that have started do not know it. Fields can also be created by an import (`new_fields`).",
		http.StatusCreated, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docReadField() huma.Operation {
	return operation(http.MethodGet, "/v1/fields/{key}", "read-field", tagFields, "Read a field", "A standard field, or one of the tenant's own, also if it is retired.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docChangeField() huma.Operation {
	return operation(http.MethodPatch, "/v1/fields/{key}", "change-field", tagFields, "Change a field",
		"Labels, synonyms, choices and bounds of a field of the tenant's own. What is left out stays; values that members have never change.",
		http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docRetireField() huma.Operation {
	return operation(http.MethodPost, "/v1/fields/{key}/retire", "retire-field", tagFields, "Retire a field",
		"The field is shown and mapped no more. Its values are kept, and it can be taken back into use (PATCH with `retired: false`).",
		http.StatusOK, http.StatusNotFound, http.StatusConflict)
}

func docListLists() huma.Operation {
	return operation(http.MethodGet, "/v1/lists", "list-lists", tagFields, "List the lists", "The tenant's separate sets of members.", http.StatusOK)
}

func docCreateList() huma.Operation {
	return operation(http.MethodPost, "/v1/lists", "create-list", tagFields, "Create a list", "A separate set of members, with the fields that all lists have.",
		http.StatusCreated, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docReadList() huma.Operation {
	return operation(http.MethodGet, "/v1/lists/{list}", "read-list", tagFields, "Read a list", "Its note, and what it says of fields.", http.StatusOK, http.StatusNotFound)
}

func docChangeList() huma.Operation {
	return operation(http.MethodPatch, "/v1/lists/{list}", "change-list", tagFields, "Change a list",
		"Its name, its note, and which fields a new member must have. What is left out stays; imports that have started keep what was said before.",
		http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docDeleteList() huma.Operation {
	return operation(http.MethodDelete, "/v1/lists/{list}", "delete-list", tagFields, "Delete a list", "Only one that was never used: without members, imports and opt-outs. Its profiles go with it.",
		http.StatusNoContent, http.StatusNotFound, http.StatusConflict)
}

func docListProfiles() huma.Operation {
	return operation(http.MethodGet, "/v1/profiles", "list-profiles", tagFields, "List the profiles", "By name, without their options.", http.StatusOK)
}

func docCreateProfile() huma.Operation {
	return operation(http.MethodPost, "/v1/profiles", "create-profile", tagFields, "Create a profile",
		"Options and mapping of imports under a name, with the headers that their files are expected to have. An import that names it (`profile`) has what it says, "+
			"as far as the request says nothing else; its inspection warns of columns that are missing or new, and without a column that is mapped it is not started.",
		http.StatusCreated, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docReadProfile() huma.Operation {
	return operation(http.MethodGet, "/v1/profiles/{name}", "read-profile", tagFields, "Read a profile", "What it says of an import.", http.StatusOK, http.StatusNotFound)
}

func docPutProfile() huma.Operation {
	return operation(http.MethodPut, "/v1/profiles/{name}", "put-profile", tagFields, "Create or replace a profile", "Imports that were created with it keep what it said.",
		http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity)
}

func docDeleteProfile() huma.Operation {
	return operation(http.MethodDelete, "/v1/profiles/{name}", "delete-profile", tagFields, "Delete a profile", "Imports that were created with it keep what it said.",
		http.StatusNoContent, http.StatusNotFound)
}
