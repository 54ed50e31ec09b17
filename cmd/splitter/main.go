// Command splitter cuts uploaded files into chunks of rows.
// It is configured by the environment: see [splitter.Config].
package main

import (
	"github.com/meibo/meibo/internal/run"
	"github.com/meibo/meibo/services/splitter"
)

func main() { run.Main("splitter", splitter.Run) }
