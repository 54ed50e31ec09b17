// Command uploader serves the API, and stores what is uploaded.
// It is configured by the environment: see [uploader.Config].
package main

import (
	"github.com/meibo/meibo/internal/run"
	"github.com/meibo/meibo/services/uploader"
)

func main() { run.Main("uploader", uploader.Run) }
