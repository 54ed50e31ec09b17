package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/meibo/meibo/internal/member"
)

// parseFields reads definitions as --new-field has them: key=shoe_size,type=number,label=靴のサイズ,required. Several
// synonyms or choices are separated by |, as in choices=0:なし|松|竹, where a number may stand in front.
func parseFields(texts []string) (fields []member.Definition, err error) {
	for _, text := range texts {
		d, err := parseField(text)
		if err != nil {
			return nil, fmt.Errorf("--new-field %s: %w", text, err)
		}
		fields = append(fields, d)
	}
	return fields, nil
}

func parseField(text string) (d member.Definition, err error) {
	for pair := range strings.SplitSeq(text, ",") {
		name, value, given := strings.Cut(pair, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		flag := map[string]*bool{
			"required": &d.Required, "read_only": &d.ReadOnly, "merge_key": &d.MergeKey, "unique": &d.Unique, "consent": &d.Consent,
			"comma_separated": &d.CommaSeparated,
		}[name]
		switch {
		case flag != nil:
			if *flag, err = parseFlag(value, given); err != nil {
				return d, fmt.Errorf("%s=%s: true or false expected", name, value)
			}
		case value == "":
			return d, fmt.Errorf("%s: NAME=VALUE expected", pair)
		case name == "key":
			d.Key = value
		case name == "type":
			d.Type = value
		case name == "label":
			d.Label.JA = value
		case name == "label_en":
			d.Label.EN = value
		case name == "synonyms":
			d.Synonyms = strings.Split(value, "|")
		case name == "choices":
			d.Choices = parseChoices(strings.Split(value, "|"))
		case name == "max_length":
			if d.MaxLength, err = strconv.Atoi(value); err != nil {
				return d, fmt.Errorf("max_length=%s: a number expected", value)
			}
		default:
			return d, fmt.Errorf("there is no property %s", name)
		}
	}
	if d.Key == "" || d.Type == "" {
		return d, fmt.Errorf("key and type expected")
	}
	return d, nil
}

// parseFlag reads a property that is there or is not: its name alone means that it is.
func parseFlag(value string, given bool) (bool, error) {
	if !given {
		return true, nil
	}
	return strconv.ParseBool(value)
}

// parseChoices reads choices: their names, with a number and a colon in front where that is not one more than before.
func parseChoices(texts []string) (choices []member.DefinedChoice) {
	for _, text := range texts {
		c := member.DefinedChoice{Label: member.Text{JA: text}}
		if number, name, ok := strings.Cut(text, ":"); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64); err == nil {
				c = member.DefinedChoice{Number: &n, Label: member.Text{JA: name}}
			}
		}
		choices = append(choices, c)
	}
	return choices
}
