package sessions

import (
	"context"
	"sync"
)

// tailBytes bounds what those events hold besides, about: with the longest
// events the tail is shorter.
const tailBytes = 128 << 20

// tailLength is how many of the newest events are kept in memory for followers:
// at full ingest about a third of a second, far more than a follower is behind.
const tailLength = 1 << 15

// A tail holds the newest committed events and the head, and wakes those who
// wait for more. Its events follow one another without gaps and end at head.
type tail struct {
	mu      sync.RWMutex
	head    Head
	events  []*Event // a ring: the event of seq s is at s % tailLength
	first   Seq      // the oldest event held; head.Seq+1 when none is
	bytes   int      // what the events from first on hold
	changed chan struct{}
}

func newTail(head Head) *tail {
	return &tail{head: head, first: head.Seq + 1, events: make([]*Event, tailLength), changed: make(chan struct{})}
}

// publish takes in committed events, which follow one another, and the head behind
// them. What it was told of already it passes over; what lies between its head and
// the first of them another process wrote, and is read from the database by those
// who need it.
func (t *tail) publish(events []*Event, head Head) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if head.Seq <= t.head.Seq {
		return
	}
	events = events[max(0, len(events)-int(head.Seq-t.head.Seq)):]
	if events[0].Seq != t.head.Seq+1 {
		t.clear(events[0].Seq)
	}
	for _, e := range events {
		if e.Seq-t.first >= tailLength {
			t.forget()
		}
		t.events[e.Seq%tailLength] = e
		t.bytes += held(e)
	}
	for t.head = head; t.bytes > tailBytes && t.first <= head.Seq; {
		t.forget()
	}
	t.wake()
}

// skip moves to a head that another process wrote, unless it is known already.
func (t *tail) skip(head Head) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if head.Seq <= t.head.Seq {
		return
	}
	t.clear(head.Seq + 1)
	t.head = head
	t.wake()
}

// clear lets all events go; the next is first.
func (t *tail) clear(first Seq) {
	clear(t.events)
	t.first, t.bytes = first, 0
}

// wake tells those who wait that the head has moved.
func (t *tail) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// forget lets the oldest event go.
func (t *tail) forget() {
	slot := &t.events[t.first%tailLength]
	t.bytes -= held(*slot)
	*slot = nil
	t.first++
}

// held is about how many bytes an event holds: itself, and what it was sent with.
func held(e *Event) int { return 1024 + 2*len(e.Properties) + len(e.Data) }

// since returns up to limit events after a seq, and whether memory has them.
func (t *tail) since(after Seq, limit int) (events []*Event, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if after >= t.head.Seq {
		return nil, true
	}
	if after+1 < t.first {
		return nil, false
	}
	last := min(t.head.Seq, after+Seq(limit))
	events = make([]*Event, 0, last-after)
	for s := after + 1; s <= last; s++ {
		events = append(events, t.events[s%tailLength])
	}
	return events, true
}

// now returns the head and a channel that closes when it moves.
func (t *tail) now() (Head, <-chan struct{}) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.head, t.changed
}

// wait returns when the head is beyond a seq, or with ctx's error.
func (t *tail) wait(ctx context.Context, after Seq) error {
	for {
		head, changed := t.now()
		if head.Seq > after {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
