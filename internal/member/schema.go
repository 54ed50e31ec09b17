package member

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Schema is the ordered set of fields of a list. It does not change after it is made, and may be used by
// several goroutines at once.
type Schema struct {
	fields []Field
	byKey  map[string]int
	// byHeader maps the normalised form of every header that is known to what it means.
	byHeader map[string]headerMeaning
}

// NewSchema returns the schema of the given fields, in this order. It fails where two fields have one key, a
// field has no key or no type, or two options of a choice cannot be told apart.
func NewSchema(fields []Field) (*Schema, error) {
	s := &Schema{fields: make([]Field, len(fields)), byKey: make(map[string]int, len(fields))}
	copy(s.fields, fields)
	var errs []error
	for i := range s.fields {
		f := &s.fields[i]
		switch _, taken := s.byKey[f.Key]; {
		case f.Key == "":
			errs = append(errs, fmt.Errorf("field %d has no key", i))
		case taken:
			errs = append(errs, fmt.Errorf("field %s is defined twice", f.Key))
		case f.Type < String || f.Type > Tags:
			errs = append(errs, fmt.Errorf("field %s has no type", f.Key))
		default:
			s.byKey[f.Key] = i
		}
		if f.Type == Choice {
			var err error
			if f.choices, err = indexChoices(f.Choices); err != nil {
				errs = append(errs, fmt.Errorf("field %s: %w", f.Key, err))
			}
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("make schema: %w", errors.Join(errs...))
	}
	s.byHeader = indexHeaders(s.fields)
	return s, nil
}

// With returns the schema that has the custom fields after those of s. It fails as NewSchema does.
func (s *Schema) With(custom ...Field) (*Schema, error) {
	all := make([]Field, 0, len(s.fields)+len(custom))
	return NewSchema(append(append(all, s.fields...), custom...))
}

// Fingerprint is the same for schemas with the same fields.
func (s *Schema) Fingerprint() string {
	text, err := json.Marshal(s.fields)
	if err != nil {
		panic("member: fields have no JSON: " + err.Error()) // they are strings, numbers and booleans
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// Field returns the field with the given key.
func (s *Schema) Field(key string) (Field, bool) {
	i, ok := s.byKey[key]
	if !ok {
		return Field{}, false
	}
	return s.fields[i], true
}

// Fields returns all fields in their fixed order. The slice belongs to the schema: it is shared, not copied,
// and must not be changed.
func (s *Schema) Fields() []Field { return s.fields }

// Index returns the place of the field in Fields, or -1 where there is no such field.
func (s *Schema) Index(key string) int {
	if i, ok := s.byKey[key]; ok {
		return i
	}
	return -1
}
