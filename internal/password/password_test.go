package password

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

func TestPasswordIsFoundAgainAndNothingElseIs(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	stored, err := h.Hash(t.Context(), "正しい馬の電池 staple")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("stored %q, %v", stored, err)
	}
	again, err := h.Hash(t.Context(), "正しい馬の電池 staple")
	if err != nil || again == stored {
		t.Errorf("the same password gave the same hash twice, %v", err)
	}
	for password, want := range map[string]bool{
		"正しい馬の電池 staple": true, "正しい馬の電池 ｓｔａｐｌｅ": true, "正しい馬の電池 Staple": false, "": false,
	} {
		ok, outdated, err := h.Verify(t.Context(), stored, password)
		if ok != want || outdated || err != nil {
			t.Errorf("%q: %v, outdated %v, %v; want %v", password, ok, outdated, err, want)
		}
	}
	if ok, _, err := h.Verify(t.Context(), "", ""); ok || err != nil {
		t.Errorf("nobody's password: %v, %v; want a failure like any other", ok, err)
	}
}

func TestHashOfOtherParametersIsVerifiedAndOutdated(t *testing.T) {
	t.Parallel()
	salt := []byte("0123456789abcdef")
	p := params{memory: 64, passes: 1, lanes: 2}
	stored := encode(p, salt, argon2.IDKey([]byte("an old password"), salt, 1, 64, 2, 32))
	ok, outdated, err := NewHasher().Verify(t.Context(), stored, "an old password")
	if !ok || !outdated || err != nil {
		t.Errorf("%v, outdated %v, %v", ok, outdated, err)
	}
}

func TestWhatIsNoHashIsRefused(t *testing.T) {
	t.Parallel()
	salt := base64.RawStdEncoding.EncodeToString(make([]byte, 16))
	for _, stored := range []string{
		"plain", "$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + salt, "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + salt,
		"$argon2id$v=19$m=4000000000,t=1,p=1$" + salt + "$" + salt, "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + salt,
		"$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + salt, "$argon2id$v=19$m=064,t=1,p=1$" + salt + "$" + salt,
		"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$", "$argon2id$v=19$m=64,t=1,p=1$" + salt + "=$" + salt,
	} {
		if ok, _, err := NewHasher().Verify(t.Context(), stored, "x"); ok || !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v, %v; want ErrMalformed", stored, ok, err)
		}
	}
}

func TestFloodOfPasswordsIsTurnedAway(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	for range parallel {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2*waiting)
	for range waiting + parallel {
		go func() { _, err := h.Hash(ctx, "x"); ended <- err }()
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for len(h.queue) < cap(h.queue) {
		<-tick.C
	}
	if _, err := h.Hash(t.Context(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("one too many: %v, want ErrBusy", err)
	}
	cancel()
	for range waiting + parallel {
		if err := <-ended; !errors.Is(err, context.Canceled) && !errors.Is(err, ErrBusy) {
			t.Errorf("one that waited: %v", err)
		}
	}
	if len(h.queue) != 0 {
		t.Errorf("%d places are still taken", len(h.queue))
	}
}

func TestPasswordsThatAreEasyToGuessAreRefused(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]Fault{
		"短い":                              Short,
		"hunter2hunt":                     Short,
		"            x":                   Short,
		strings.Repeat("長い", 50):          Long,
		"aaaaaaaaaaaaaa":                  Trivial,
		"abcabcabcabcab":                  Trivial,
		"123456789012":                    Trivial,
		"abcdefghijklmn":                  Trivial,
		"9876543210987":                   Trivial,
		"Password1234!":                   Trivial,
		"Ｐａｓｓｗｏｒｄ１２３４":                    Trivial,
		"!!Administrator2026!!":           Trivial,
		"qwertyuiop123":                   Trivial,
		"PasswordPassword1":               Trivial,
		"hanako.meibo2026":                Trivial,
		"Hanako-Example-77":               Trivial,
		"hanaya20261124":                  Trivial,
		"correct horse battery":           "",
		"青い猫が月曜に泳いだ朝":                     Short,
		"青い猫が月曜日に泳いだ朝だ":                   "",
		"password of my late grandmother": "",
		"vB7#kq9!tzLm":                    "",
		"tr0ub4dor&3-hanako":              "",
	} {
		if got := Check(password, "hanako.meibo@example.jp", "Hanako Meibo", "hanaya"); got != want {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
}
