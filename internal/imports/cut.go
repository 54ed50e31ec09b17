package imports

import (
	"github.com/cespare/xxhash/v2"

	"github.com/meibo/meibo/internal/member"
)

// Cut says how an import's rows are cut into chunks. It belongs to the import: the same source, mapping and
// Cut always give the same chunks, so that a splitter that starts over sends again what was sent before.
type Cut struct {
	// Lanes is the number of lanes, at least 1.
	Lanes int `json:"lanes"`
	// ChunkRows and ChunkBytes bound a chunk; a chunk is closed before the row that would exceed either. A
	// row that is larger than ChunkBytes by itself is a chunk of its own.
	ChunkRows  int `json:"chunk_rows"`
	ChunkBytes int `json:"chunk_bytes"`
}

// Limits of a cut. A chunk with its frame stays below the queue's message size limit of 1 MiB: a row is at
// most 256 KiB of UTF-8 by default, and a larger row limit needs a larger message limit.
const (
	maxLanes          = 16
	bytesPerLane      = 512 << 10
	DefaultChunkRows  = 4000
	DefaultChunkBytes = 900 << 10
)

// NewCut returns the cut for a source of so many bytes: one lane for a small file, more for a large one.
func NewCut(size int64) Cut {
	lanes := min(max(size/bytesPerLane, 1), maxLanes)
	return Cut{Lanes: int(lanes), ChunkRows: DefaultChunkRows, ChunkBytes: DefaultChunkBytes}
}

// Lane returns the lane of a row by its normalised merge key.
func (c Cut) Lane(key string) int {
	if c.Lanes <= 1 {
		return 0
	}
	return int(xxhash.Sum64String(key) % uint64(c.Lanes))
}

// Chunk is a bounded group of rows of one lane, in file order.
type Chunk struct {
	Lane int
	// Seq is the chunk's place in its lane, from 0, without gaps.
	Seq  int64
	Rows int
	// Block holds the framed rows (see block.go).
	Block []byte
}

// Cutter distributes rows to lanes and cuts them into chunks.
type Cutter struct {
	cut   Cut
	cells int
	lanes []lane
	// emit receives each chunk, whose Block is its to keep until it gives it back to Release.
	emit func(Chunk) error
	free [][]byte
}

type lane struct {
	block *Block
	seq   int64
}

// NewCutter returns a cutter for rows of so many cells that hands its chunks to emit.
func NewCutter(cut Cut, cells int, emit func(Chunk) error) *Cutter {
	return &Cutter{cut: cut, cells: cells, lanes: make([]lane, cut.Lanes), emit: emit}
}

// Add appends a row to the lane, which closes the lane's chunk first if the row does not fit in. It returns
// emit's error.
func (c *Cutter) Add(laneNo int, number, ordinal int64, problem member.Problem, cells [][]byte) error {
	l := &c.lanes[laneNo]
	if l.block != nil && (l.block.Rows() >= c.cut.ChunkRows || l.block.Len()+RowSize(cells) > c.cut.ChunkBytes) {
		if err := c.close(laneNo); err != nil {
			return err
		}
	}
	if l.block == nil {
		l.block = c.newBlock()
	}
	l.block.Add(number, ordinal, problem, cells)
	return nil
}

// newBlock returns an empty block in memory that was given back, if there is any.
func (c *Cutter) newBlock() *Block {
	b := &Block{}
	if n := len(c.free); n > 0 {
		b.buf, c.free = c.free[n-1], c.free[:n-1]
	} else if len(c.lanes) > 1 {
		b.buf = make([]byte, 0, c.cut.ChunkBytes) // a large file will fill it
	}
	b.Reset(c.cells)
	return b
}

// Release gives the memory of a chunk's Block back for further chunks. It must not be called while emit may
// run in another goroutine.
func (c *Cutter) Release(block []byte) { c.free = append(c.free, block) }

// Flush closes every lane's last chunk, in the order of lanes.
func (c *Cutter) Flush() error {
	for i := range c.lanes {
		if c.lanes[i].block == nil {
			continue
		}
		if err := c.close(i); err != nil {
			return err
		}
	}
	return nil
}

// Chunks returns how many chunks each lane has had so far.
func (c *Cutter) Chunks() []int64 {
	n := make([]int64, len(c.lanes))
	for i := range c.lanes {
		n[i] = c.lanes[i].seq
	}
	return n
}

func (c *Cutter) close(laneNo int) error {
	l := &c.lanes[laneNo]
	chunk := Chunk{Lane: laneNo, Seq: l.seq, Rows: l.block.Rows(), Block: l.block.Bytes()}
	l.block = nil
	l.seq++
	return c.emit(chunk)
}
