package queue

import (
	"time"

	"google.golang.org/protobuf/proto"

	meibov1 "github.com/meibo/meibo/proto/meibo/v1"
)

// SetPatience changes for how long, and how often, messages of newer versions are put back.
func (q *Queue) SetPatience(patience, again time.Duration) { q.patience, q.again = patience, again }

// EncodeNewer returns a message of a version that is not known yet.
func EncodeNewer(j Job) []byte {
	data, err := proto.Marshal(&meibov1.Started{Version: version + 1, TenantId: int64(j.Tenant), ImportId: j.Import.String()})
	if err != nil {
		panic(err)
	}
	return data
}
