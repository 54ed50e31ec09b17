package imports

import (
	"encoding/json"
	"fmt"
)

// NotifyDefault says who is told of the end of a tenant's imports that do not say it themselves.
type NotifyDefault struct {
	// Owners are the tenant's owners, Importer is the person who imported, Recipients are e-mail addresses beside them.
	Owners     bool     `json:"owners"`
	Importer   bool     `json:"importer"`
	Recipients []string `json:"recipients"`
	// MinRows is that of Notify.
	MinRows int64 `json:"min_rows"`
}

// ParseNotifyDefault reads it from JSON; what is left out is as it is at first: owners and the importer are told, always.
func ParseNotifyDefault(text []byte) (NotifyDefault, error) {
	n := NotifyDefault{Owners: true, Importer: true, Recipients: []string{}}
	if err := json.Unmarshal(text, &n); err != nil {
		return NotifyDefault{}, fmt.Errorf("whom a tenant tells: %w", err)
	}
	return n, nil
}
