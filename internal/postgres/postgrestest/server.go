package postgrestest

import (
	"os"

	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/embedded/embeddedtest"
)

// serverVariable is the environment variable with the address of a server to test against.
const serverVariable = "MEIBO_TEST_DATABASE_URL"

// server returns the PostgreSQL server of the tests: the one in MEIBO_TEST_DATABASE_URL, or else one that this test
// process runs as its child. Its role may create databases.
func server() (*embedded.Postgres, error) {
	if address := os.Getenv(serverVariable); address != "" {
		return embedded.AttachPostgres(address)
	}
	return embeddedtest.Postgres()
}
