package member

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
)

// Marks are what somebody can be known by in rows of files: values of the fields that identify. They are kept as salted
// hashes, so that a list of people to forget is no list of people. A hash of something that can be guessed keeps no secret
// from who has the salt: marks are kept no longer than they are needed.
type Marks struct {
	salt   []byte
	hashes map[[sha256.Size]byte]bool
}

// NewMarks returns marks that were kept as they are (Hashes); none at first.
func NewMarks(salt []byte, hashes [][]byte) *Marks {
	m := &Marks{salt: salt, hashes: make(map[[sha256.Size]byte]bool, len(hashes))}
	for _, h := range hashes {
		if len(h) == sha256.Size {
			m.hashes[[sha256.Size]byte(h)] = true
		}
	}
	return m
}

// identities are fields that identify without being keys.
var identities = []string{"crm_pk", "google_id", "facebook_id", "messenger_psid", "apns_token", "fcm_token"}

// Identifies reports whether a value of the field can tell who a row is: keys, unique fields, e-mail addresses, phone
// numbers and the ids of other services do; names do not.
func (f *Field) Identifies() bool {
	return f.MergeKey || f.Unique || f.Type == Email || f.Type == Phone || slices.Contains(identities, f.Key)
}

// Add marks a value of a field that identifies.
func (m *Marks) Add(f *Field, v Value) {
	if key := KeyOf(f, v); key != "" && f.Identifies() {
		m.hashes[m.hash(f.Key, key)] = true
	}
}

// Name reports whether a cell of the field has a value that is marked, read as an import reads it. A cell that cannot be
// read is compared as it stands.
func (m *Marks) Name(f *Field, cell string, loc *Locale) bool {
	if cell == "" || !f.Identifies() {
		return false
	}
	v, _, p := f.Parse(cell, loc)
	key := KeyOf(f, v)
	if p != nil {
		key = strings.TrimSpace(cell)
	}
	return key != "" && m.hashes[m.hash(f.Key, key)]
}

// NameChanges reports whether one of the changes gives or takes a value that is marked.
func (m *Marks) NameChanges(s *Schema, changes []Change) bool {
	for i := range changes {
		f, ok := s.Field(changes[i].Field)
		if !ok || !f.Identifies() {
			continue
		}
		for _, raw := range [...]json.RawMessage{changes[i].Before, changes[i].After} {
			v, err := ParseJSON(f.Type, raw)
			if key := KeyOf(&f, v); err == nil && key != "" && m.hashes[m.hash(f.Key, key)] {
				return true
			}
		}
	}
	return false
}

// Hashes returns what is to be kept of the marks beside their salt, in no order.
func (m *Marks) Hashes() [][]byte {
	all := make([][]byte, 0, len(m.hashes))
	for h := range m.hashes {
		all = append(all, h[:])
	}
	return all
}

func (m *Marks) hash(field, key string) [sha256.Size]byte {
	return sha256.Sum256(slices.Concat(m.salt, []byte(field), []byte{0}, []byte(key)))
}
