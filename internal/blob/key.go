package blob

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/tenant"
)

// The widths of the numbers in the key of failures: with leading zeros, so that the store's order of keys, which is
// that of their bytes, is the order of lanes and numbers.
const (
	laneDigits = 5
	seqDigits  = 12
	maxLane    = 99_999
	maxSeq     = 999_999_999_999
)

// importPrefix returns what the keys of all objects of an import begin with.
func importPrefix(t tenant.ID, importID string) (string, error) {
	if t <= 0 {
		return "", fmt.Errorf("the tenant %s is not a positive number", t)
	}
	id, err := canonical(importID)
	if err != nil {
		return "", fmt.Errorf("the import id %w", err)
	}
	return "tenants/" + t.String() + "/imports/" + id + "/", nil
}

// canonical returns a UUID as it stands in keys. It has to be in its canonical form: other text could reach out of the
// import's place.
func canonical(id string) (string, error) {
	const length = len("00000000-0000-0000-0000-000000000000")
	if len(id) != length || uuid.Validate(id) != nil {
		return "", fmt.Errorf("%q is not a UUID", id)
	}
	return strings.ToLower(id), nil
}

func sourceKey(t tenant.ID, importID, upload string) (string, error) {
	prefix, err := importPrefix(t, importID)
	if err != nil {
		return "", err
	}
	id, err := canonical(upload)
	if err != nil {
		return "", fmt.Errorf("the upload id %w", err)
	}
	return prefix + sourceName + id, nil
}

// sourceName begins the last part of a source's key.
const sourceName = "source-"

// sourcePrefix returns what the keys of all uploads to an import begin with.
func sourcePrefix(t tenant.ID, importID string) (string, error) {
	prefix, err := importPrefix(t, importID)
	return prefix + sourceName, err
}

// BegunAt returns when an upload by parts was begun, by the clock of who began it. What came in a single request is no
// upload by parts: the one has a UUID of version 7, which sorts by that time, the other one of version 4.
func BegunAt(upload string) (at time.Time, byParts bool) {
	id, err := canonical(upload)
	if err != nil || id != upload {
		return time.Time{}, false
	}
	parsed := uuid.MustParse(id)
	if parsed.Version() != 7 {
		return time.Time{}, false
	}
	return time.Unix(parsed.Time().UnixTime()), true
}

func byParts(upload string) bool {
	_, ok := BegunAt(upload)
	return ok
}

// parseSource is the inverse of sourceKey; ok is false for any other key.
func parseSource(key string) (t tenant.ID, importID, upload string, ok bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 5 || parts[0] != "tenants" || parts[2] != "imports" {
		return 0, "", "", false
	}
	t, ok = parseTenant(parts[1])
	if !ok {
		return 0, "", "", false
	}
	upload, ok = strings.CutPrefix(parts[4], sourceName)
	if !ok {
		return 0, "", "", false
	}
	again, err := sourceKey(t, parts[3], upload)
	return t, parts[3], upload, err == nil && again == key
}

// parseTenant reads a tenant as it stands in keys.
func parseTenant(name string) (t tenant.ID, ok bool) {
	n, err := strconv.ParseInt(name, 10, 64)
	return tenant.ID(n), err == nil && n > 0
}

func failuresPrefix(t tenant.ID, importID string) (string, error) {
	prefix, err := importPrefix(t, importID)
	return prefix + "failures/", err
}

func failuresKey(t tenant.ID, importID string, lane int, seq int64) (string, error) {
	prefix, err := failuresPrefix(t, importID)
	if err != nil {
		return "", err
	}
	if lane < 0 || lane > maxLane || seq < 0 || seq > maxSeq {
		return "", errors.New("the lane or the number of the chunk is out of range")
	}
	return fmt.Sprintf("%s%0*d-%0*d.jsonl", prefix, laneDigits, lane, seqDigits, seq), nil
}

// parseFailures is the inverse of failuresKey for the part of the key after the prefix.
func parseFailures(name string) (lane int, seq int64, ok bool) {
	stem, ok := strings.CutSuffix(name, ".jsonl")
	if !ok || len(stem) != laneDigits+1+seqDigits || stem[laneDigits] != '-' {
		return 0, 0, false
	}
	l, err := strconv.ParseUint(stem[:laneDigits], 10, 63)
	if err != nil {
		return 0, 0, false
	}
	q, err := strconv.ParseUint(stem[laneDigits+1:], 10, 63)
	if err != nil {
		return 0, 0, false
	}
	return int(l), int64(q), true
}
