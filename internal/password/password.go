// Package password turns passwords into what may be stored of them, and tells whether one is the one that was stored.
//
// Stored is an argon2id hash (RFC 9106) in PHC string format, with the parameters that OWASP's Password Storage Cheat Sheet
// asks for at least: 19 MiB, two passes, one lane. Hashes with other parameters are verified as well, and reported as
// outdated, so that they can be replaced when their user next signs in.
//
// A hash costs memory on purpose. A [Hasher] makes only so many at a time and lets only so many wait, so that a flood of
// sign-ins ends in [ErrBusy] and not in a process without memory.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// ErrBusy says that too many passwords are being looked at already.
var ErrBusy = errors.New("too many passwords at once")

// ErrMalformed says that what is stored is no hash that this package makes or understands.
var ErrMalformed = errors.New("not an argon2id hash")

// params are what a hash costs.
type params struct {
	memory uint32 // in KiB
	passes uint32
	lanes  uint8
}

// now are the parameters of new hashes.
var now = params{memory: 19 << 10, passes: 2, lanes: 1}

// What is accepted of a stored hash: nothing in the database makes a process run out of memory or time.
const (
	maxMemory = 256 << 10
	maxPasses = 16
	maxLanes  = 8
	saltLen   = 16
	sumLen    = 32
)

// The bounds of a Hasher.
const (
	parallel = 4
	waiting  = 64
	patience = 10 * time.Second
)

// Hasher hashes passwords. It may be used by many goroutines at once.
type Hasher struct {
	slots chan struct{} // of those that are being hashed
	queue chan struct{} // of those, and of those that wait
	decoy string
}

// NewHasher returns a Hasher that takes up to 4 times 19 MiB.
func NewHasher() *Hasher {
	salt, sum := make([]byte, saltLen), make([]byte, sumLen)
	rand.Read(salt)
	rand.Read(sum)
	return &Hasher{slots: make(chan struct{}, parallel), queue: make(chan struct{}, parallel+waiting), decoy: encode(now, salt, sum)}
}

// Hash returns what may be stored of a password. ErrBusy: not now.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltLen)
	rand.Read(salt)
	return encode(now, salt, sum(now, password, salt, sumLen)), nil
}

// Verify reports whether stored is of the password, and whether it should be hashed again. An empty stored is nobody's: it
// costs what any other does, and fails. ErrBusy: not now. ErrMalformed: stored is no hash.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (ok, outdated bool, err error) {
	nobody := stored == ""
	if nobody {
		stored = h.decoy
	}
	p, salt, want, err := decode(stored)
	if err != nil {
		return false, false, err
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	same := subtle.ConstantTimeCompare(sum(p, password, salt, uint32(len(want))), want) == 1
	return same && !nobody, p != now || len(salt) < saltLen || len(want) < sumLen, nil
}

// enter waits for a slot; leave gives it back.
func (h *Hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.queue }, nil
	case <-timer.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	<-h.queue
	return nil, err
}

func sum(p params, password string, salt []byte, n uint32) []byte {
	return argon2.IDKey([]byte(normal(password)), salt, p.passes, p.memory, p.lanes, n)
}

var base64PHC = base64.RawStdEncoding.Strict()

// encode writes $argon2id$v=19$m=19456,t=2,p=1$salt$sum.
func encode(p params, salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		base64PHC.EncodeToString(salt), base64PHC.EncodeToString(sum))
}

func decode(stored string) (p params, salt, sum []byte, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, ErrMalformed
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil ||
		parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", p.memory, p.passes, p.lanes) {
		return p, nil, nil, ErrMalformed
	}
	if p.memory > maxMemory || p.passes < 1 || p.passes > maxPasses || p.lanes < 1 || p.lanes > maxLanes || p.memory < 8*uint32(p.lanes) {
		return p, nil, nil, ErrMalformed
	}
	salt, saltErr := base64PHC.DecodeString(parts[4])
	sum, sumErr := base64PHC.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return p, nil, nil, ErrMalformed
	}
	return p, salt, sum, nil
}
