package member

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// errValueJSON is what ParseJSON says of JSON that Any does not make.
var errValueJSON = errors.New("not a value of the field's type")

// ParseJSON reads a value of type t as Any gives it to JSON; null is no value.
func ParseJSON(t Type, data []byte) (v Value, err error) {
	switch t {
	case Boolean:
		var b *bool
		if err = json.Unmarshal(data, &b); err == nil && b != nil {
			v = BoolValue(*b)
		}
	case Choice:
		var n *int64
		if err = json.Unmarshal(data, &n); err == nil && n != nil {
			v = IntValue(*n)
		}
	case List, NumberList, Tags:
		var items *[]string
		if err = json.Unmarshal(data, &items); err == nil && items != nil {
			v = ListValue(*items)
		}
	default:
		var s *string
		if err = json.Unmarshal(data, &s); err == nil && s != nil {
			v, err = parseJSONText(t, *s)
		}
	}
	if err != nil {
		return Value{}, fmt.Errorf("%w %s: %w", errValueJSON, t, err)
	}
	return v, nil
}

func parseJSONText(t Type, s string) (Value, error) {
	switch t {
	case Date:
		d, err := time.Parse(time.DateOnly, s)
		return DateValue(d), err
	case DateTime:
		d, err := time.Parse(time.RFC3339Nano, s)
		return DateTimeValue(d), err
	}
	return TextValue(s), nil
}
