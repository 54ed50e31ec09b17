package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func docSignIn() huma.Operation {
	return operation(http.MethodPost, "/v1/session", "sign-in", tagAccount, "Sign in",
		"For pages of the same origin: the answer sets a cookie. After some failures the account has to wait, longer each time (429 with `Retry-After`), and so has the client's network. "+
			"An account that does not exist is answered like a wrong password.",
		http.StatusOK, http.StatusForbidden, http.StatusUnprocessableEntity)
}

func docReadSession() huma.Operation {
	return operation(http.MethodGet, "/v1/session", "read-session", tagAccount, "See who is signed in", "The session of the request's cookie.",
		http.StatusOK, http.StatusForbidden)
}

func docSignOut() huma.Operation {
	return operation(http.MethodDelete, "/v1/session", "sign-out", tagAccount, "Sign out", "Ends the session of the request's cookie.", http.StatusNoContent)
}

func docListSessions() huma.Operation {
	return operation(http.MethodGet, "/v1/sessions", "list-sessions", tagAccount, "List one's own sessions", "Where else the user is signed in, the newest first.",
		http.StatusOK, http.StatusForbidden)
}

func docEndSession() huma.Operation {
	return operation(http.MethodDelete, "/v1/sessions/{id}", "end-session", tagAccount, "End one of one's own sessions", "Whoever uses it has to sign in again.",
		http.StatusNoContent, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docChangePassword() huma.Operation {
	return operation(http.MethodPut, "/v1/password", "change-password", tagAccount, "Change one's own password",
		"Needs the old one. All sessions of the user end, and the answer opens a new one.", http.StatusOK, http.StatusUnprocessableEntity)
}

func docRedeemToken() huma.Operation {
	return operation(http.MethodPost, "/v1/password", "redeem-token", tagAccount, "Choose a password by an invitation",
		"Uses up the token. All sessions of the user end; the user then signs in with the new password.", http.StatusOK, http.StatusForbidden, http.StatusUnprocessableEntity)
}

func docListUsers() huma.Operation {
	return operation(http.MethodGet, "/v1/users", "list-users", tagAccount, "List the users", "The people of the tenant, by e-mail address.", http.StatusOK, http.StatusForbidden)
}

func docCreateUser() huma.Operation {
	return operation(http.MethodPost, "/v1/users", "create-user", tagAccount, "Create a user",
		"The user gets mails about imports, and can sign in once a password was chosen by an invitation.", http.StatusCreated, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docReadUser() huma.Operation {
	return operation(http.MethodGet, "/v1/users/{id}", "read-user", tagAccount, "Read a user", "One of the people of the tenant.",
		http.StatusOK, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity)
}

func docChangeUser() huma.Operation {
	return operation(http.MethodPatch, "/v1/users/{id}", "change-user", tagAccount, "Change a user",
		"What is left out stays. Nobody changes who may do more, or gives a role above their own; one owner who can sign in always stays.",
		http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docDeleteUser() huma.Operation {
	return operation(http.MethodDelete, "/v1/users/{id}", "delete-user", tagAccount, "Delete a user",
		"With its sessions and keys. Imports stay. To keep the keys' history, disable the user instead.",
		http.StatusNoContent, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docInviteUser() huma.Operation {
	return operation(http.MethodPost, "/v1/users/{id}/invitation", "invite-user", tagAccount, "Invite a user, or reset the password",
		"Answers with a token by which the user chooses a password (`POST /v1/password`), once and within three days. It is shown this once and not sent by mail: hand it over in a way that you trust. "+
			"An invitation from before becomes worthless; the password so far stays until the token is used.",
		http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

func docListKeys() huma.Operation {
	return operation(http.MethodGet, "/v1/keys", "list-keys", tagAccount, "List the API keys", "The newest first, also those that are revoked. The keys themselves cannot be shown again.",
		http.StatusOK, http.StatusForbidden)
}

func docCreateKey() huma.Operation {
	return operation(http.MethodPost, "/v1/keys", "create-key", tagAccount, "Create an API key", "The key is in the answer, this once. What is kept of it is a hash.",
		http.StatusCreated, http.StatusUnprocessableEntity)
}

func docRevokeKey() huma.Operation {
	return operation(http.MethodPost, "/v1/keys/{id}/revoke", "revoke-key", tagAccount, "Revoke an API key", "From now on the key is refused, for ever.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}
