// Command merger merges chunks of rows into the members.
// It is configured by the environment: see [merger.Config].
package main

import (
	"github.com/meibo/meibo/internal/run"
	"github.com/meibo/meibo/services/merger"
)

func main() { run.Main("merger", merger.Run) }
