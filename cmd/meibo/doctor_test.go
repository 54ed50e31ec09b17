package main

import (
	"errors"
	"testing"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/env"
)

// TestStorageOfWhichNothingIsSaidIsNotAsked would otherwise ask Amazon S3 for a bucket that is nobody's.
func TestStorageOfWhichNothingIsSaidIsNotAsked(t *testing.T) {
	for _, s := range env.Names(blob.Config{}) {
		t.Setenv(s.Name, "")
	}
	wrong := map[string]error{}
	if cfg := storageSettings(wrong); cfg != nil || !errors.Is(wrong["storage"], errNoStorage) {
		t.Errorf("settings %+v, wrong %v", cfg, wrong)
	}
	t.Setenv("MEIBO_S3_BUCKET", "members") // of Amazon S3, by the machine's own role
	wrong = map[string]error{}
	if cfg := storageSettings(wrong); cfg == nil || cfg.Bucket != "members" || len(wrong) != 0 {
		t.Errorf("settings %+v, wrong %v", cfg, wrong)
	}
}
