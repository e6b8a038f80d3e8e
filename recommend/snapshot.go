package recommend

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"cartwright/sessions"
)

// A snapshot is a file with all that a recommender holds as of one event of the log, so
// that after a start only what came later has to be read. It is a convenience: whatever is
// wrong with it, the log is read from its beginning instead.
//
// It consists of a line that says what it is, a sum (CRC-32C) and the length of what
// follows: the mark, what is remembered, and the index.
const snapshotKind = "cartwright recommendations 3\n"

const (
	snapshotEvery = 10 * time.Minute
	// snapshotEvents is how many events are worth a snapshot: they are read in a second.
	snapshotEvents = 50_000
)

// mark says where in which log a snapshot was taken.
type mark struct {
	Cursor sessions.Seq
	Event  [sha256.Size]byte // of the event there
}

// markOf is the mark at an event.
func markOf(e *sessions.Event) (mark, error) {
	whole, err := json.Marshal(e)
	if err != nil {
		return mark{}, fmt.Errorf("mark event %d: %w", e.Seq, err)
	}
	return mark{e.Seq, sha256.Sum256(whole)}, nil
}

// at returns the mark at an event of the log, which must be there.
func (r *Recommender) at(ctx context.Context, cursor sessions.Seq) (mark, error) {
	events, err := r.log.Since(ctx, cursor-1, 1)
	if err != nil {
		return mark{}, fmt.Errorf("look up event %d: %w", cursor, err)
	}
	if len(events) == 0 || events[0].Seq != cursor {
		return mark{}, fmt.Errorf("the log has no event %d", cursor)
	}
	return markOf(events[0])
}

// save writes a snapshot, unless little happened since the last one. Answers go on
// meanwhile; the log is followed on when what is remembered was gathered.
func (r *Recommender) save(ctx context.Context) error {
	cursor := r.Cursor()
	if r.options.Snapshot == "" || cursor < r.saved+r.worth {
		return nil
	}
	m, err := r.at(ctx, cursor)
	if err != nil {
		return err
	}
	r.file.Lock()
	defer r.file.Unlock()
	write, err := r.gather(m)
	if err != nil {
		return err
	}
	if err := writeSnapshot(r.options.Snapshot, write); err != nil {
		return err
	}
	r.saved = cursor
	return nil
}

// gather takes down all that is remembered, and returns what writes it with the index.
// Only the follower may call it, between two calls of take.
func (r *Recommender) gather(m mark) (write func(io.Writer) error, err error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.RLock()
	defer r.mu.RUnlock()
	products, err := r.shelf.state()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	encoder := gob.NewEncoder(&b)
	for _, part := range []any{m, r.memory.state(), products} {
		if err := encoder.Encode(part); err != nil {
			return nil, fmt.Errorf("encode what is remembered: %w", err)
		}
	}
	index := r.index.view.Load()
	return func(w io.Writer) error {
		if err := binary.Write(w, binary.LittleEndian, int64(b.Len())); err != nil {
			return err
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			return err
		}
		return index.write(w, r.index.limits)
	}, nil
}

// restore takes in the snapshot, if there is one of this log and window.
func (r *Recommender) restore(ctx context.Context) error {
	if r.options.Snapshot == "" {
		return nil
	}
	file, err := openSnapshot(r.options.Snapshot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	return r.load(bufio.NewReaderSize(file, 1<<20), func(m mark) error {
		is, err := r.at(ctx, m.Cursor)
		if err == nil && is != m {
			err = fmt.Errorf("event %d of the log is another one", m.Cursor)
		}
		return err
	})
}

// load takes in what gather wrote, if its mark is good.
func (r *Recommender) load(file io.Reader, check func(mark) error) error {
	var size int64
	if err := binary.Read(file, binary.LittleEndian, &size); err != nil {
		return fmt.Errorf("read what was remembered: %w", err)
	}
	decoder := gob.NewDecoder(bufio.NewReader(io.LimitReader(file, size)))
	var m mark
	var shoppers memoryState
	var products []productState
	for _, part := range []any{&m, &shoppers, &products} {
		if err := decoder.Decode(part); err != nil {
			return fmt.Errorf("decode what was remembered: %w", err)
		}
	}
	if err := check(m); err != nil {
		return err
	}
	shelf, err := shelfOf(products)
	if err != nil {
		return err
	}
	r.changing.Lock()
	defer r.changing.Unlock()
	if err := r.index.read(file); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remember(memoryOf(shoppers))
	r.shelf, r.cursor, r.saved = shelf, m.Cursor, m.Cursor
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeSnapshot puts a snapshot in the place of the one that is there, whole or not at all.
func writeSnapshot(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-") // for its owner's eyes only
	if err != nil {
		return fmt.Errorf("write a snapshot of recommendations: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write a snapshot of recommendations: %w", errors.Join(err, os.Remove(file.Name())))
		}
	}()
	sum, counted := crc32.New(castagnoli), &counter{}
	out := bufio.NewWriterSize(file, 1<<20)
	head := make([]byte, len(snapshotKind)+12)
	if _, err = out.Write(head); err == nil {
		err = write(io.MultiWriter(out, sum, counted))
	}
	if err == nil {
		err = out.Flush()
	}
	copy(head, snapshotKind)
	binary.LittleEndian.PutUint32(head[len(snapshotKind):], sum.Sum32())
	binary.LittleEndian.PutUint64(head[len(snapshotKind)+4:], uint64(counted.n))
	if err == nil {
		_, err = file.WriteAt(head, 0)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// counter counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// openSnapshot opens a snapshot that is whole, behind its head.
func openSnapshot(path string) (_ *os.File, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = file.Close() // it was only read
		}
	}()
	head := make([]byte, len(snapshotKind)+12)
	if _, err := io.ReadFull(file, head); err != nil || string(head[:len(snapshotKind)]) != snapshotKind {
		return nil, fmt.Errorf("%s is no snapshot that this program knows", path)
	}
	sum := crc32.New(castagnoli)
	n, err := io.Copy(sum, file)
	if err != nil {
		return nil, err
	}
	if sum.Sum32() != binary.LittleEndian.Uint32(head[len(snapshotKind):]) || uint64(n) != binary.LittleEndian.Uint64(head[len(snapshotKind)+4:]) {
		return nil, fmt.Errorf("%s: %w", path, errDamaged)
	}
	_, err = file.Seek(int64(len(head)), io.SeekStart)
	return file, err
}

// drop takes the snapshot away, which holds somebody who was forgotten. One that is being
// taken is waited for: it may hold them, too.
func (r *Recommender) drop() {
	if r.options.Snapshot == "" {
		return
	}
	r.file.Lock()
	defer r.file.Unlock()
	if err := os.Remove(r.options.Snapshot); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.options.Logger.Error("the snapshot of recommendations, which holds what was erased, cannot be removed", "error", err)
	}
}
