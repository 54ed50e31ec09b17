package uploader

import (
	"mime"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestNamesOfFilesStayInTheirHeader(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"会員.csv", "a\r\nSet-Cookie: x=1\r\n.csv", `a";filename="evil.exe`, "a'b*c%41;.csv", "../../etc/passwd", "\x00\xff.csv"} {
		w := httptest.NewRecorder()
		attach(w, typeCSV, "failures.csv", name)
		said := w.Header().Get("Content-Disposition")
		if strings.ContainsAny(said, "\r\n\x00") || strings.Count(said, `"`) != 2 || strings.Count(said, ";") != 2 {
			t.Errorf("%q: %q", name, said)
		}
		kind, parameters, err := mime.ParseMediaType(strings.Replace(said, `filename="failures.csv"; `, "", 1))
		if err != nil || kind != "attachment" || parameters["filename"] != name {
			t.Errorf("%q is read as %s %q, %v", name, kind, parameters, err)
		}
	}
}
