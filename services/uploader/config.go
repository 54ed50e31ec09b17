package uploader

import (
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/run"
)

// Config is what an uploader reads from its environment.
type Config struct {
	Database postgres.Config
	Queue    queue.Config
	Blob     blob.Config
	Health   run.HealthConfig
	Access   Access
	// Listen is where the API answers.
	Listen string `env:"MEIBO_LISTEN" envDefault:":8080"`
	// PublicURL is how people and programs reach the API; the OpenAPI document names it.
	PublicURL string `env:"MEIBO_PUBLIC_URL" envDefault:"http://localhost:8080"`
	// UploadExpiry is after how long an upload that nobody has completed is given up.
	UploadExpiry time.Duration `env:"MEIBO_UPLOAD_EXPIRY" envDefault:"48h"`
}
