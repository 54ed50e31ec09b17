package embedded

import (
	"os"
	"testing"
)

func TestPortIsTheLastOneWhereItIsFree(t *testing.T) { // not parallel: other tests look for free ports
	h, err := openHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	l, err := h.listen(0)
	if err != nil {
		t.Fatal(err)
	}
	last := portOf(l)
	if err := h.keepPort(last); err != nil {
		t.Fatal(err)
	}
	if got, err := h.port(0); got == last || err != nil {
		t.Errorf("port %d (%v) while %d is taken, want another", got, err, last)
	}
	if got, err := h.port(last); err == nil {
		t.Errorf("the taken port %d was given", got)
	}
	l.Close()
	if got, err := h.port(0); got != last || err != nil {
		t.Errorf("port %d (%v), want the last one %d", got, err, last)
	}
	if err := os.WriteFile(h.join(".port"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.port(0); err != nil {
		t.Errorf("with a damaged file: %v", err)
	}
}

func TestSecretStaysTheSame(t *testing.T) {
	t.Parallel()
	h, err := openHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	a, err := h.secret("a")
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.secret("b")
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.secret("a")
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != 32 || a == b || a != again {
		t.Errorf("secrets a %q, b %q, a again %q", a, b, again)
	}
}
