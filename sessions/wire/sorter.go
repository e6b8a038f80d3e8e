package wire

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"cartwright/sessions"
)

// defaultMemory is how many bytes of rows a sorter holds by default.
const defaultMemory = 16 << 20

// A sorter puts rows in the order of their times, and of one time in the order
// they came, in bounded memory: whenever what it holds has filled that, it is
// sorted and written to a temporary file as one run, and at the end the runs are
// merged. Runs are sections of one file, so that their number is not bounded by
// open files.
type sorter struct {
	folder string // of the temporary file; "" for the system's
	memory int    // bytes held before they are written

	rows  []sorted
	texts []byte // of all rows held

	file *os.File // nil until the memory is full
	runs []int64  // where each run ends in the file
}

// sorted is a row that is held: its time and where its text stands.
type sorted struct {
	at       sessions.Millis
	from, to int
}

// newSorter returns the sorter of an import.
func newSorter(o Options) *sorter {
	return &sorter{folder: o.Folder, memory: cmp.Or(o.Memory, defaultMemory)}
}

// add takes a row and copies its text.
func (s *sorter) add(at sessions.Millis, text []byte) error {
	from := len(s.texts)
	s.texts = append(s.texts, text...)
	s.rows = append(s.rows, sorted{at, from, len(s.texts)})
	const rowSize = 24
	if len(s.texts)+rowSize*len(s.rows) < s.memory {
		return nil
	}
	return s.spill()
}

// sort orders the rows that are held. What stands earlier came earlier; an empty
// text begins where the next one does, and ends before it.
func (s *sorter) sort() {
	slices.SortFunc(s.rows, func(a, b sorted) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
}

// spill writes what is held as one more run.
func (s *sorter) spill() error {
	if s.file == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	s.sort()
	w := bufio.NewWriterSize(s.file, 1<<16)
	var end int64
	if len(s.runs) > 0 {
		end = s.runs[len(s.runs)-1]
	}
	for _, r := range s.rows {
		head := rowHead(r.at, r.to-r.from)
		_, _ = w.Write(head[:]) // what fails shows on flushing
		_, _ = w.Write(s.texts[r.from:r.to])
		end += int64(len(head) + r.to - r.from)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("sort rows by time: %w", err)
	}
	s.runs = append(s.runs, end)
	s.rows, s.texts = s.rows[:0], s.texts[:0]
	return nil
}

// open makes the temporary file. Its name is removed at once, where the system
// allows that, so that nothing is left behind even by a program that was killed.
func (s *sorter) open() (err error) {
	if s.file, err = os.CreateTemp(s.folder, "cartwright-import-*"); err != nil {
		return fmt.Errorf("sort rows by time: %w", err)
	}
	_ = os.Remove(s.file.Name())
	return nil
}

// close gives the memory and the temporary file back.
func (s *sorter) close() {
	s.rows, s.texts = nil, nil
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name()) // where it could not be while it was open
	}
}

// each calls f with all rows in order, until that fails. The text is valid
// during the call only.
func (s *sorter) each(f func(at sessions.Millis, text []byte) error) error {
	if s.file == nil {
		s.sort()
		for _, r := range s.rows {
			if err := f(r.at, s.texts[r.from:r.to]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	s.rows, s.texts = nil, nil
	return s.merge(f)
}

// merge calls f with the rows of all runs in order.
func (s *sorter) merge(f func(at sessions.Millis, text []byte) error) error {
	// All buffers together take as much as the sorting did, and each a sensible part.
	size := min(max(s.memory/len(s.runs), 1<<12), 1<<16)
	var waiting runs
	var from int64
	for i, end := range s.runs {
		r := &run{number: i, reader: bufio.NewReaderSize(io.NewSectionReader(s.file, from, end-from), size)}
		from = end
		if err := r.next(); err == nil {
			waiting = append(waiting, r)
		} else if !errors.Is(err, io.EOF) {
			return err
		}
	}
	heap.Init(&waiting)
	for len(waiting) > 0 {
		r := waiting[0]
		if err := f(r.at, r.text); err != nil {
			return err
		}
		switch err := r.next(); {
		case err == nil:
			heap.Fix(&waiting, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&waiting)
		default:
			return err
		}
	}
	return nil
}

// rowHead is what stands before a row's text in a run: its time and its length.
func rowHead(at sessions.Millis, length int) (head [12]byte) {
	binary.LittleEndian.PutUint64(head[:8], uint64(at))
	binary.LittleEndian.PutUint32(head[8:], uint32(length))
	return head
}

// run is one sorted run while it is read, at its current row.
type run struct {
	number int
	reader *bufio.Reader
	at     sessions.Millis
	text   []byte
}

// next reads the next row, or returns [io.EOF].
func (r *run) next() error {
	var head [12]byte
	if _, err := io.ReadFull(r.reader, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return fmt.Errorf("read sorted rows: %w", err)
	}
	r.at = sessions.Millis(binary.LittleEndian.Uint64(head[:8]))
	r.text = slices.Grow(r.text[:0], int(binary.LittleEndian.Uint32(head[8:])))[:binary.LittleEndian.Uint32(head[8:])]
	if _, err := io.ReadFull(r.reader, r.text); err != nil {
		return fmt.Errorf("read sorted rows: %w", err)
	}
	return nil
}

// runs is a heap of runs by their current rows: of equal times the earlier run
// comes first, because its rows came first.
type runs []*run

func (h runs) Len() int { return len(h) }
func (h runs) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].number, h[j].number)) < 0
}
func (h runs) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runs) Push(r any)   { *h = append(*h, r.(*run)) }
func (h *runs) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}
