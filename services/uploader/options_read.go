package uploader

import (
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// OptionsView are the options of an import as the API shows them: before it starts, with what those that are not said
// would be.
type OptionsView struct {
	Preset          imports.Preset               `json:"preset" doc:"The registration type that was asked for; empty for none."`
	Kind            member.Kind                  `json:"kind" example:"member"`
	Mode            member.Mode                  `json:"mode" example:"upsert"`
	Key             string                       `json:"key" example:"member_sn"`
	Blank           member.Blank                 `json:"blank" example:"keep"`
	BlankColumns    map[string]member.Blank      `json:"blank_columns,omitempty" doc:"What was said of single columns. When the import starts it becomes part of the mapping."`
	ListValues      member.ListValues            `json:"list_values" example:"append"`
	ListColumns     map[string]member.ListValues `json:"list_values_columns,omitempty" doc:"As blank_columns."`
	Duplicates      member.Duplicates            `json:"duplicates" example:"last"`
	MultipleMatches member.Multiple              `json:"multiple_matches" example:"reject"`
	NewConsent      member.NewConsent            `json:"new_consent" example:"true"`
	Consent         member.ConsentRule           `json:"consent" example:"guard"`
	Registration    member.Registration          `json:"registration" example:"registered"`
	ImportTag       string                       `json:"import_tag" doc:"Empty for none."`
	SkipWithout     string                       `json:"skip_without" doc:"Empty for none."`
	DryRun          bool                         `json:"dry_run" doc:"Whether nothing is written."`
	MaxFailed       string                       `json:"max_failed" example:"none"`
	MaxRemoved      string                       `json:"max_removed" example:"10%"`
	MaxChanged      string                       `json:"max_changed" example:"none"`
	TimeZone        string                       `json:"time_zone" example:"Asia/Tokyo"`
	Region          string                       `json:"region" example:"JP"`
	Note            string                       `json:"note" doc:"Empty for the name of the file, where the list has no note."`
	Notify          notifyView                   `json:"notify"`
}

// notifyView is who is told of an import's end.
type notifyView struct {
	Recipients []string `json:"recipients" doc:"null for the tenant's owners and the importer, empty for nobody."`
	MinRows    int64    `json:"min_rows"`
}

func viewOptions(said imports.Options) OptionsView {
	o := said.Filled()
	return OptionsView{
		Preset: o.Preset, Kind: o.Kind, Mode: o.Mode, Key: o.Key, Blank: o.Blank, BlankColumns: o.BlankColumns,
		ListValues: o.ListValues, ListColumns: o.ListColumns, Duplicates: o.Duplicates, MultipleMatches: o.MultipleMatches,
		NewConsent: o.NewConsent, Consent: o.Consent, Registration: o.Registration, ImportTag: o.ImportTag, SkipWithout: o.SkipWithout,
		DryRun: o.DryRun, MaxFailed: o.MaxFailed.String(), MaxRemoved: o.MaxRemoved.String(), MaxChanged: o.MaxChanged.String(),
		TimeZone: o.TimeZone, Region: o.Region, Note: o.Note, Notify: notifyView{o.Notify.Recipients, o.Notify.MinRows},
	}
}
