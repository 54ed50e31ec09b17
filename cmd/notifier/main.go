// Command notifier mails what came of an import.
// It is configured by the environment: see [notifier.Config].
package main

import (
	"github.com/meibo/meibo/internal/run"
	"github.com/meibo/meibo/services/notifier"
)

func main() { run.Main("notifier", notifier.Run) }
