package queue

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
	meibov1 "github.com/meibo/meibo/proto/meibo/v1"
)

// version is the newest meaning of messages that this code knows.
const version = 1

// Job is an import that a service is told of.
type Job struct {
	Tenant tenant.ID
	Import imports.ID
}

// Chunk is a chunk on its way from a splitter to a merger.
type Chunk struct {
	Job
	imports.Chunk
	// Run is the run of the import that the chunk was cut in; 0 for any.
	Run int
}

func encodeJob(subject string, j Job) ([]byte, error) {
	var m proto.Message
	switch subject {
	case startedSubject:
		m = &meibov1.Started{Version: version, TenantId: int64(j.Tenant), ImportId: j.Import.String()}
	case mergedSubject:
		m = &meibov1.Merged{Version: version, TenantId: int64(j.Tenant), ImportId: j.Import.String()}
	case undoSubject:
		m = &meibov1.Undo{Version: version, TenantId: int64(j.Tenant), ImportId: j.Import.String()}
	default:
		m = &meibov1.Finished{Version: version, TenantId: int64(j.Tenant), ImportId: j.Import.String()}
	}
	data, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	return data, nil
}

func encodeChunk(buf []byte, c Chunk) ([]byte, error) {
	data, err := proto.MarshalOptions{}.MarshalAppend(buf, &meibov1.Chunk{
		Version: version, TenantId: int64(c.Tenant), ImportId: c.Import.String(),
		Lane: uint32(c.Lane), Seq: uint64(c.Seq), Rows: uint32(c.Rows), Block: c.Block, Run: uint32(c.Run),
	})
	if err != nil {
		return nil, fmt.Errorf("encode chunk: %w", err)
	}
	return data, nil
}

// header is what the messages have in common.
type header interface {
	proto.Message
	GetVersion() uint32
	GetTenantId() int64
	GetImportId() string
}

// decode reads a message; what cannot be read is dropped, since no repetition mends it.
func decode(data []byte, m header) (Job, error) {
	if err := proto.Unmarshal(data, m); err != nil {
		return Job{}, Drop(fmt.Errorf("unreadable message: %w", err))
	}
	id, err := imports.ParseID(m.GetImportId())
	if err != nil || m.GetTenantId() <= 0 {
		return Job{}, Drop(fmt.Errorf("message without import or tenant: %q of %d", m.GetImportId(), m.GetTenantId()))
	}
	j := Job{Tenant: tenant.ID(m.GetTenantId()), Import: id}
	if m.GetVersion() > version {
		return j, Drop(&imports.Failure{
			Problem: member.Problem{Code: member.NewerMessage},
			Err:     fmt.Errorf("message of version %d; this service knows up to %d", m.GetVersion(), version),
		})
	}
	return j, nil
}

func decodeStarted(data []byte) (Job, error)  { return decode(data, &meibov1.Started{}) }
func decodeMerged(data []byte) (Job, error)   { return decode(data, &meibov1.Merged{}) }
func decodeUndo(data []byte) (Job, error)     { return decode(data, &meibov1.Undo{}) }
func decodeFinished(data []byte) (Job, error) { return decode(data, &meibov1.Finished{}) }

func decodeChunk(data []byte) (Chunk, error) {
	var m meibov1.Chunk
	j, err := decode(data, &m)
	c := Chunk{Job: j, Run: int(m.GetRun()), Chunk: imports.Chunk{Lane: int(m.GetLane()), Seq: int64(m.GetSeq()), Rows: int(m.GetRows()), Block: m.GetBlock()}}
	return c, err
}
