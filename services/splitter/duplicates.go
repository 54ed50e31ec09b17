package splitter

import (
	"bufio"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// keysInMemory is how many keys of an import are held in memory at once, where repeated ones are looked for.
const keysInMemory = 1 << 19

// repeatedKeys reads an import's source for the rows whose key occurs in it more than once, where the option duplicates
// is reject; nil where it is not. The rows depend on the source alone, so that a job that comes again finds the same.
func (p *pump) repeatedKeys(ctx context.Context, i *imports.Import, c *cutting) (*imports.RowSet, error) {
	if i.Options.Duplicates != member.DuplicatesReject {
		return nil, nil
	}
	d := newDuplicates(int(min(keysInMemory, i.Source.MaxRows+1)), unnamedFile)
	defer d.close()
	err := p.eachRow(ctx, i, func(row *sheet.Row, _ func() float64) error {
		if _, problem := c.read(row); problem.Code != "" {
			return nil
		}
		ordinal, err := c.next()
		if err != nil {
			return err
		}
		if key, ok := c.plan.CellKey(string(c.cells[c.plan.Key])); ok {
			return d.add(imports.Sight(key, ordinal))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d.find(ctx)
}

// duplicates finds the rows of equal keys, however many there are: an external sort.
//
//	rows ──▶ memory, sorted ──▶ run after run in a temporary file ──▶ merged: equal keys stand side by side
//
// Of what is equal in memory already one sighting goes to the file, so that a file of few keys needs no disk.
type duplicates struct {
	open     func() (*os.File, error)
	memory   []imports.Sighting // up to its capacity
	repeated imports.RowSet
	file     *os.File
	runs     []int64 // where each ends in the file, in bytes
}

func newDuplicates(keys int, open func() (*os.File, error)) *duplicates {
	return &duplicates{open: open, memory: make([]imports.Sighting, 0, keys)}
}

// unnamedFile makes a temporary file that is gone with the process, however that ends.
func unnamedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "meibo-keys-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (d *duplicates) close() {
	if d.file != nil {
		_ = d.file.Close() // nobody reads it any more
	}
}

// add notes a row.
func (d *duplicates) add(s imports.Sighting) error {
	d.memory = append(d.memory, s)
	if len(d.memory) < cap(d.memory) {
		return nil
	}
	d.memory = imports.Collapse(d.memory, &d.repeated)
	if len(d.memory) <= cap(d.memory)/2 {
		return nil
	}
	return d.spill()
}

// spill writes what is in memory, sorted and collapsed, as a run.
func (d *duplicates) spill() (err error) {
	if d.file == nil {
		if d.file, err = d.open(); err != nil {
			return spillError(err)
		}
	}
	out := bufio.NewWriterSize(d.file, 64<<10)
	var b [imports.SightingSize]byte
	for _, s := range d.memory {
		if _, err := out.Write(s.Append(b[:0])); err != nil {
			return spillError(err)
		}
	}
	if err := out.Flush(); err != nil {
		return spillError(err)
	}
	d.runs = append(d.runs, d.end()+int64(len(d.memory))*imports.SightingSize)
	d.memory = d.memory[:0]
	return nil
}

// end is where the next run begins.
func (d *duplicates) end() int64 {
	if len(d.runs) == 0 {
		return 0
	}
	return d.runs[len(d.runs)-1]
}

func spillError(err error) error { return fmt.Errorf("temporary file for the keys of rows: %w", err) }

// lookEvery is after how many sightings it is asked whether they are still wanted.
const lookEvery = 1 << 16

// find returns the ordinals of the rows whose key another row has, unless ctx ends. Nothing can be added after it.
func (d *duplicates) find(ctx context.Context) (*imports.RowSet, error) {
	d.memory = imports.Collapse(d.memory, &d.repeated)
	if len(d.runs) == 0 {
		return &d.repeated, nil
	}
	if err := d.spill(); err != nil {
		return nil, err
	}
	merged, err := d.openRuns()
	if err != nil {
		return nil, err
	}
	n := 0
	for last := (imports.Sighting{Ordinal: -1}); len(merged) > 0; n++ {
		if n%lookEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s := merged[0].first
		if last.Ordinal >= 0 && last.SameKey(s) {
			d.repeated.Add(last.Ordinal)
			d.repeated.Add(s.Ordinal)
		}
		last = s
		more, err := merged[0].advance()
		if err != nil {
			return nil, err
		}
		if more {
			heap.Fix(&merged, 0)
		} else {
			heap.Pop(&merged)
		}
	}
	return &d.repeated, nil
}

// openRuns returns the runs as a heap. Their buffers share the memory that the sightings had.
func (d *duplicates) openRuns() (runHeap, error) {
	buffer := max(cap(d.memory)*imports.SightingSize/len(d.runs), imports.SightingSize)
	d.memory = nil
	var merged runHeap
	begin := int64(0)
	for _, end := range d.runs {
		r := &sortedRun{rest: bufio.NewReaderSize(io.NewSectionReader(d.file, begin, end-begin), buffer)}
		begin = end
		more, err := r.advance()
		if err != nil {
			return nil, err
		}
		if more {
			merged = append(merged, r)
		}
	}
	heap.Init(&merged)
	return merged, nil
}

// sortedRun is a sorted part of the file.
type sortedRun struct {
	rest   io.Reader
	first  imports.Sighting
	buffer [imports.SightingSize]byte
}

// advance reads the next sighting. It reports whether there is one.
func (r *sortedRun) advance() (bool, error) {
	switch _, err := io.ReadFull(r.rest, r.buffer[:]); {
	case err == io.EOF:
		return false, nil
	case err != nil:
		return false, spillError(err)
	}
	r.first = imports.ReadSighting(&r.buffer)
	return true, nil
}

// runHeap has the run with the first sighting on top.
type runHeap []*sortedRun

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return h[i].first.Compare(h[j].first) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for container/heap; a merge only ever loses runs.
func (h *runHeap) Push(r any) { *h = append(*h, r.(*sortedRun)) }

// Pop removes the last run.
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
