package imports

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/meibo/meibo/internal/member"
)

// Rows travel as one framed byte block per chunk, not as an object per cell.
//
//	block := cells:uvarint row*
//	row   := number:uvarint   difference to the row before it (the first: the number itself)
//	         ordinal:uvarint  likewise
//	         code:bytes       empty for a readable row, else why it cannot be read
//	         field:bytes, detail:bytes   only where there is a code
//	         cell:bytes × cells
//	bytes := length:uvarint byte*

// ErrBlock is returned for a block that is not framed as it should be: a defect of the sender, which no
// repetition mends.
var ErrBlock = errors.New("malformed block of rows")

// Block collects rows in their framed form. The zero Block is not ready for use; see NewBlock.
type Block struct {
	buf           []byte
	rows          int
	number, order int64
}

// Reset empties the block for rows of so many cells, and keeps its memory.
func (b *Block) Reset(cells int) {
	b.buf = binary.AppendUvarint(b.buf[:0], uint64(cells))
	b.rows, b.number, b.order = 0, 0, 0
}

// Rows returns the number of rows in the block.
func (b *Block) Rows() int { return b.rows }

// Len returns the block's length in bytes.
func (b *Block) Len() int { return len(b.buf) }

// Bytes returns the framed rows, which are valid until the next Reset.
func (b *Block) Bytes() []byte { return b.buf }

// Add appends a row. Numbers and ordinals grow from row to row, except in a retry whose rows were put into another
// order: a smaller one takes more bytes. The problem's code is empty for a readable row; with member.DuplicateKey the row
// can be read all the same.
func (b *Block) Add(number, ordinal int64, problem member.Problem, cells [][]byte) {
	b.buf = binary.AppendUvarint(b.buf, uint64(number-b.number))
	b.buf = binary.AppendUvarint(b.buf, uint64(ordinal-b.order))
	b.number, b.order = number, ordinal
	b.buf = appendBytes(b.buf, problem.Code)
	if problem.Code != "" {
		b.buf = appendBytes(b.buf, problem.Field)
		b.buf = appendBytes(b.buf, problem.Detail)
	}
	for _, c := range cells {
		b.buf = appendBytes(b.buf, c)
	}
	b.rows++
}

func appendBytes[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// RowSize bounds the bytes that a row of cells takes in a block, framing included.
func RowSize(cells [][]byte) int {
	n := 4 * binary.MaxVarintLen64
	for _, c := range cells {
		n += binary.MaxVarintLen32 + len(c)
	}
	return n
}

// ReadBlock calls yield for each row of a block that holds want rows of so many cells. The cells are
// substrings of block; row.Cells is reused between calls only if yield lets go of it, so each row gets its
// own.
func ReadBlock(block string, cells, want int, yield func(row member.Row)) error {
	d := decoder{rest: block}
	if got := d.uvarint(); got != uint64(cells) {
		return fmt.Errorf("%w: rows of %d cells, want %d", ErrBlock, got, cells)
	}
	if want < 0 || want > len(block) || (cells > 0 && want*cells > len(block)) {
		return fmt.Errorf("%w: %d rows in %d bytes", ErrBlock, want, len(block))
	}
	all := make([]string, want*cells)
	var number, ordinal int64
	for range want {
		number += int64(d.uvarint())
		ordinal += int64(d.uvarint())
		row := member.Row{Number: number, Ordinal: ordinal, Cells: all[:cells:cells]}
		all = all[cells:]
		if code := d.bytes(); code != "" {
			row.Problems = []member.Problem{{Code: member.Code(code), Field: d.bytes(), Detail: d.bytes()}}
		}
		for i := range row.Cells {
			row.Cells[i] = d.bytes()
		}
		if d.bad {
			return fmt.Errorf("%w: cut off in row %d", ErrBlock, number)
		}
		yield(row)
	}
	if d.rest != "" {
		return fmt.Errorf("%w: %d bytes too many", ErrBlock, len(d.rest))
	}
	return nil
}

type decoder struct {
	rest string
	bad  bool
}

func (d *decoder) uvarint() uint64 {
	var v uint64
	for i := 0; i < len(d.rest) && i < binary.MaxVarintLen64; i++ {
		c := d.rest[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.rest = d.rest[i+1:]
			return v
		}
	}
	d.bad, d.rest = true, ""
	return 0
}

func (d *decoder) bytes() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}
