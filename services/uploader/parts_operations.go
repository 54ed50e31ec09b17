package uploader

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

func docBeginParts() huma.Operation {
	op := operation(http.MethodPost, "/v1/imports/{id}/parts", "begin-parts", tagImports, "Begin or resume an upload by parts",
		"For large files and poor connections: the file is cut into parts of `part_size` bytes, numbered from 1, which are sent in any order, several at a time, and again if need be. "+
			"Begin with this; send each part by PUT …/parts/{number}, or straight to the object storage by the addresses of POST …/parts/urls; end with POST …/parts/complete. "+
			"An import has one such upload at a time: after a broken connection or a restart, call this again with the same `size` and `part_size`, and send only the parts that are not in the answer.\n\n"+
			"    curl -H \"Authorization: Bearer $MEIBO_API_KEY\" -H 'Content-Type: application/json' \\\n      -d \"{\\\"size\\\":$(stat -c %s members.csv)}\" \"$MEIBO_SERVER/v1/imports/$ID/parts\"\n"+
			"    split -b 8M -d -a 4 --numeric-suffixes=1 members.csv part.",
		http.StatusCreated, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	op.Responses["200"] = &huma.Response{Description: "The upload that is under way"}
	return op
}

func docListParts() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}/parts", "list-parts", tagImports, "See which parts have come",
		"All parts that the store has of the upload that is under way.",
		http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable)
}

func (s *server) docPutPart() huma.Operation {
	op := operation(http.MethodPut, "/v1/imports/{id}/parts/{number}", "put-part", tagImports, "Send a part",
		"The body is the part: at least 5 MiB, except for the last one. It replaces the part of that number, if there is one. "+
			"With its SHA-256 (`Content-Digest: sha-256=:…:`, RFC 9530) it may have up to 5 GiB and is refused if anything else comes; without, up to 64 MiB.\n\n"+
			"    curl -H \"Authorization: Bearer $MEIBO_API_KEY\" --retry 5 \\\n      -H \"Content-Digest: sha-256=:$(openssl dgst -sha256 -binary part.0001 | base64):\" \\\n      -T part.0001 \"$MEIBO_SERVER/v1/imports/$ID/parts/1\"",
		http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict,
		http.StatusLengthRequired, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
		http.StatusServiceUnavailable, http.StatusInsufficientStorage)
	op.Parameters = []*huma.Param{
		idParam(),
		{
			Name: "number", In: "path", Required: true, Description: "The number of the part, from 1 to 10,000.",
			Schema: &huma.Schema{Type: huma.TypeInteger},
		},
		{
			Name: "Content-Digest", In: "header", Description: "The SHA-256 of the part.",
			Schema: &huma.Schema{Type: huma.TypeString}, Example: "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
		},
	}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Extensions: map[string]any{"contentMediaType": "application/octet-stream"}}},
	}}
	op.Responses["200"] = &huma.Response{Description: "The part as the store has it.", Content: map[string]*huma.MediaType{"application/json": {
		Schema: s.schemaOf(reflect.TypeFor[partView]()),
	}}}
	return op
}

func docSignParts() huma.Operation {
	return operation(http.MethodPost, "/v1/imports/{id}/parts/urls", "sign-parts", tagImports, "Send parts straight to the object storage",
		"Gives an address for each part, to which it can be PUT for an hour by whoever has the address, without a key. "+
			"Refused with `not_direct` where the object storage cannot be reached from outside: send the parts to PUT …/parts/{number} then.\n\n"+
			"    curl -T part.0001 \"$URL\"",
		http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
}

func docCompleteParts() huma.Operation {
	return operation(http.MethodPost, "/v1/imports/{id}/parts/complete", "complete-parts", tagImports, "Complete an upload by parts",
		"Puts the parts together, checks the file, inspects it, and makes it the import's source, as PUT …/source does. "+
			"Say the file's `size` and `sha256` if you know them: nothing is recorded if anything else has come. It can be called again whenever its answer was lost, "+
			"and must be after 503 (`still_assembling`), which very large files can meet; the work goes on meanwhile.\n\n"+
			"    curl -H \"Authorization: Bearer $MEIBO_API_KEY\" -H 'Content-Type: application/json' --retry 100 \\\n"+
			"      -d \"{\\\"size\\\":$(stat -c %s members.csv),\\\"sha256\\\":\\\"$(sha256sum < members.csv | cut -c1-64)\\\"}\" \\\n      \"$MEIBO_SERVER/v1/imports/$ID/parts/complete\"",
		http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable,
		http.StatusInsufficientStorage)
}

func docAbortParts() huma.Operation {
	return operation(http.MethodDelete, "/v1/imports/{id}/parts", "abort-parts", tagImports, "Give up an upload by parts",
		"Deletes the parts that have come. An upload that nobody goes on with is given up by itself after some time (48 hours by default).",
		http.StatusNoContent, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable)
}
