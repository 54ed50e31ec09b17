package main

import (
	"github.com/alecthomas/kong"

	"github.com/meibo/meibo/internal/tenant"
)

// translateHelp puts the help of all commands into the language.
func translateHelp(app *kong.Application, language tenant.Language) {
	if language != tenant.Japanese {
		return
	}
	app.Help = japanese(app.Help)
	for _, flag := range app.Flags {
		flag.Help = japanese(flag.Help)
	}
	for _, child := range app.Children {
		translateNode(child)
	}
}

func translateNode(node *kong.Node) {
	node.Help = japanese(node.Help)
	for _, flag := range node.Flags {
		flag.Help = japanese(flag.Help)
	}
	for _, argument := range node.Positional {
		argument.Help = japanese(argument.Help)
	}
	for _, child := range node.Children {
		translateNode(child)
	}
}

// japanese returns the help in Japanese; a sentence that is not in the table stays as it is.
func japanese(english string) string {
	if text, ok := helpJapanese[english]; ok {
		return text
	}
	return english
}
