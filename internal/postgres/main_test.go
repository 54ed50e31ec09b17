package postgres_test

import (
	"testing"

	"github.com/meibo/meibo/internal/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }
