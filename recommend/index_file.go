package recommend

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// indexHeader stands before what is written of an index.
type indexHeader struct {
	Sessions, Clicks, Items, NameBytes int64
	Limits                             [4]int64 // of the window, in the order of the fields
	Weights                            Weights
}

func (l Limits) fields() [4]int64 {
	return [4]int64{int64(l.Sessions), int64(l.Clicks), int64(l.Days), int64(l.SessionClicks)}
}

// chunkSize is how many numbers are read at once: a length that is wrong costs no more.
const chunkSize = 1 << 16

// write writes what there is at one moment: the names of items, and the sessions from the
// oldest on. All else follows from that. It costs some 10 ns a click.
func (v *view) write(w io.Writer, limits Limits) error {
	numbers := make([]uint32, v.items.count())
	h := indexHeader{Sessions: int64(v.live), Clicks: int64(v.clicks), Limits: limits.fields(), Weights: v.weights}
	var lengths []uint32
	var names []byte
	for item, name := range v.items.names {
		if v.items.of(uint32(item)).clicks > 0 {
			numbers[item] = uint32(len(lengths))
			lengths, names = append(lengths, uint32(len(name))), append(names, name...)
		}
	}
	h.Items, h.NameBytes = int64(len(lengths)), int64(len(names))
	sessions, clicks := v.inOrder(numbers)
	for _, part := range []any{&h, lengths, names, sessions.last, sessions.keys, sessions.visitors, sessions.networks, sessions.n, clicks} {
		if err := binary.Write(w, binary.LittleEndian, part); err != nil {
			return fmt.Errorf("write the index: %w", err)
		}
	}
	return nil
}

// sessionColumns are the fixed parts of sessions, as they are written.
type sessionColumns struct {
	last, keys         []int64
	visitors, networks []uint32
	n                  []uint16
}

// inOrder lists all sessions, oldest first, and their clicks with other numbers of items.
func (v *view) inOrder(numbers []uint32) (c sessionColumns, clicks []uint32) {
	n := v.live
	c = sessionColumns{make([]int64, 0, n), make([]int64, 0, n), make([]uint32, 0, n), make([]uint32, 0, n), make([]uint16, 0, n)}
	clicks = make([]uint32, 0, v.clicks)
	o := order{v.parts, make([]int, len(v.parts))}
	for at := o.newer(); at != nowhere; at = o.newer() {
		s := v.session(at)
		c.last, c.keys, c.n = append(c.last, s.last), append(c.keys, int64(s.key)), append(c.n, s.n)
		c.visitors, c.networks = append(c.visitors, s.visitor), append(c.networks, s.network)
		for _, click := range v.clicksOf(at) {
			clicks = append(clicks, click&^itemMask|numbers[click&itemMask])
		}
	}
	return c, clicks
}

var errDamaged = errors.New("it is damaged")

// read fills an index that is empty with what write wrote. It costs some 60 ns a click. The
// error says what does not fit, among others if the window was another one; the index is
// empty then.
func (x *Index) read(r io.Reader) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var h indexHeader
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil {
		return fmt.Errorf("read the index: %w", err)
	}
	if h.Limits != x.limits.fields() {
		return fmt.Errorf("read the index: it is of another window, %v instead of %v", h.Limits, x.limits.fields())
	}
	names, err := readNames(r, h)
	if err != nil {
		return err
	}
	g, err := readSegment(r, h)
	if err != nil {
		return err
	}
	known := newItems()
	for _, name := range names {
		known.intern(name)
	}
	if known.count() != len(names) {
		return fmt.Errorf("read the index: %w", errDamaged)
	}
	x.items, x.weights = known, h.Weights
	x.adopt(g)
	x.publish()
	return nil
}

func readNames(r io.Reader, h indexHeader) (names []string, err error) {
	lengths, err := readColumn[uint32](r, h.Items)
	if err != nil {
		return nil, err
	}
	bytes, err := readColumn[byte](r, h.NameBytes)
	if err != nil {
		return nil, err
	}
	text := string(bytes)
	for _, n := range lengths {
		if uint64(n) > uint64(len(text)) || n == 0 {
			return nil, fmt.Errorf("read the index: %w", errDamaged)
		}
		names = append(names, text[:n])
		text = text[n:]
	}
	return names, nil
}

// readSegment reads the sessions as one segment, and sees to it that they are in order.
func readSegment(r io.Reader, h indexHeader) (*segment, error) {
	c, err := readColumns(r, h.Sessions)
	if err != nil {
		return nil, err
	}
	g := &segment{sessions: make([]session, h.Sessions)}
	if g.clicks, err = readColumn[uint32](r, h.Clicks); err != nil {
		return nil, err
	}
	start := int64(0)
	for i := range g.sessions {
		g.sessions[i] = session{
			last: c.last[i], key: SessionKey(c.keys[i]), visitor: c.visitors[i], network: c.networks[i], start: uint32(start), n: c.n[i],
		}
		if c.n[i] == 0 || i > 0 && !g.sessions[i-1].rank().before(g.sessions[i].rank()) {
			return nil, fmt.Errorf("read the index: %w", errDamaged)
		}
		start += int64(c.n[i])
	}
	if start != h.Clicks {
		return nil, fmt.Errorf("read the index: %w", errDamaged)
	}
	for _, click := range g.clicks {
		if int64(click&itemMask) >= h.Items || click>>actionShift > uint32(Purchased) {
			return nil, fmt.Errorf("read the index: %w", errDamaged)
		}
	}
	return g, nil
}

func readColumns(r io.Reader, n int64) (c sessionColumns, err error) {
	if c.last, err = readColumn[int64](r, n); err != nil {
		return c, err
	}
	if c.keys, err = readColumn[int64](r, n); err != nil {
		return c, err
	}
	if c.visitors, err = readColumn[uint32](r, n); err != nil {
		return c, err
	}
	if c.networks, err = readColumn[uint32](r, n); err != nil {
		return c, err
	}
	c.n, err = readColumn[uint16](r, n)
	return c, err
}

// adopt takes the sessions of a segment into an index that has none, and counts them.
func (x *Index) adopt(g *segment) {
	if len(g.sessions) == 0 {
		return
	}
	x.builder.complete(g, x.items.count())
	x.parts, x.live, x.clicks = []part{newPart(g)}, len(g.sessions), len(g.clicks)
	x.now = g.sessions[len(g.sessions)-1].last
	for i := range g.sessions {
		x.networks.add(g.sessions[i].network, 1)
		clicks := g.sessions[i].of(g.clicks)
		x.habits.count(clicks, 0, len(clicks), 1)
	}
	for _, click := range g.clicks {
		x.touch(click&itemMask).clicks++
	}
	for item := range x.items.names {
		r := x.items.change(uint32(item))
		r.seen, r.bought = uint32(len(g.seen.of(uint32(item)))), uint32(len(g.bought.of(uint32(item))))
		if r.clicks > 0 {
			x.items.idle--
		}
	}
	x.settleNewest()
}

// readColumn reads n numbers. One that is too great costs no more memory than there is to read.
func readColumn[T byte | uint16 | uint32 | int64](r io.Reader, n int64) ([]T, error) {
	if n < 0 {
		return nil, fmt.Errorf("read the index: %w", errDamaged)
	}
	column := make([]T, 0, min(n, chunkSize))
	for int64(len(column)) < n {
		from := len(column)
		column = extend(column, int(min(n, int64(from+max(chunkSize, from)))))
		if err := binary.Read(r, binary.LittleEndian, column[from:]); err != nil {
			return nil, fmt.Errorf("read the index: %w", err)
		}
	}
	return column, nil
}
