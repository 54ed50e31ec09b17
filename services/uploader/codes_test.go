package uploader

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/member"
)

func TestEveryCodeIsListedWithItsSentences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := want[struct{ Items []codeView }](w, http.StatusOK, w.get("/v1/codes"))
	if len(list.Items) != len(member.Codes()) {
		t.Errorf("%d codes, want %d", len(list.Items), len(member.Codes()))
	}
	at := slices.IndexFunc(list.Items, func(c codeView) bool { return c.Code == "key_missing" })
	if at < 0 || !strings.Contains(list.Items[at].Text.JA, "キー") || !strings.Contains(list.Items[at].Text.EN, "key") {
		t.Errorf("codes %+v, want key_missing with its sentences", list.Items)
	}
}
