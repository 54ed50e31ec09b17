package imports

import "github.com/meibo/meibo/internal/member"

// Preset is a registration type of seed 003 (データ登録種別): rules under one name.
type Preset string

// The registration types, with the names that seed 003 has for them.
const (
	// PresetNew (新規登録) replaces the list's members by the file's.
	PresetNew Preset = "new"
	// PresetAdd (追加登録) adds those whose key is unknown.
	PresetAdd Preset = "add"
	// PresetRecordUpdate (レコード更新) updates whole records: an empty cell clears.
	PresetRecordUpdate Preset = "record_update"
	// PresetColumnUpdate (カラム更新) updates single columns: an empty cell keeps what is there, and a row without an e-mail
	// address is skipped.
	PresetColumnUpdate Preset = "column_update"
	// PresetDelete (削除) deletes the members that match.
	PresetDelete Preset = "delete"
)

// NamedPreset is a preset with its Japanese name and its rules.
type NamedPreset struct {
	Preset Preset
	Name   string
	Rules  member.Rules
}

// Presets are the registration types of seed 003, in its order.
var Presets = []NamedPreset{
	{PresetNew, "新規登録", member.Rules{Mode: member.Replace, Duplicates: member.DuplicatesFirst}},
	{PresetAdd, "追加登録", member.Rules{Mode: member.Append, Duplicates: member.DuplicatesFirst}},
	{PresetRecordUpdate, "レコード更新", member.Rules{Mode: member.Upsert, Blank: member.BlankClear}},
	{PresetColumnUpdate, "カラム更新", member.Rules{Mode: member.Upsert, Blank: member.BlankKeep, SkipWithout: "email"}},
	{PresetDelete, "削除", member.Rules{Mode: member.Delete}},
}

// ParsePreset finds a preset by its name, in either language. The empty name stands for none.
func ParsePreset(name string) (p Preset, ok bool) {
	for _, known := range Presets {
		if name == string(known.Preset) || name == known.Name {
			return known.Preset, true
		}
	}
	return "", name == ""
}

// Under returns the rules with those of the preset in place of what is not said.
func (p Preset) Under(said member.Rules) member.Rules {
	for _, known := range Presets {
		if known.Preset == p {
			return said.Or(known.Rules)
		}
	}
	return said
}
