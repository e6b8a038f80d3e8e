package sessions

import (
	"bytes"
	"testing"
)

// The tail keeps the newest events, as far as both their number and what they
// hold allow, and knows which it no longer has.
func TestTailIsBounded(t *testing.T) {
	tail := newTail(Head{})
	publish := func(n, size int) {
		events := make([]*Event, n)
		for i := range events {
			events[i] = &Event{Seq: tail.head.Seq + Seq(i) + 1}
			events[i].Properties = bytes.Repeat([]byte{'x'}, size)
		}
		tail.publish(events, Head{Seq: tail.head.Seq + Seq(n)})
	}
	for range 2*tailLength/1000 + 1 {
		publish(1000, 0)
	}
	if got := tail.head.Seq - tail.first + 1; got != tailLength {
		t.Errorf("%d small events are held, want %d", got, tailLength)
	}
	for range 100 {
		publish(100, 32<<10)
	}
	if tail.bytes > tailBytes || tail.bytes < tailBytes/2 {
		t.Errorf("%d bytes are held, want at most %d and not much less", tail.bytes, tailBytes)
	}
	total := 0
	for _, e := range tail.events {
		if e != nil {
			total += held(e)
		}
	}
	if total != tail.bytes {
		t.Errorf("the events hold %d bytes, counted are %d", total, tail.bytes)
	}
	if _, ok := tail.since(tail.first-2, 1); ok {
		t.Error("an event that was let go is said to be held")
	}
	events, ok := tail.since(tail.first-1, 1<<20)
	if !ok || len(events) != int(tail.head.Seq-tail.first+1) || events[0].Seq != tail.first {
		t.Errorf("since the first: %d events, %t", len(events), ok)
	}
	tail.skip(Head{Seq: tail.head.Seq + 7})
	if _, ok := tail.since(tail.head.Seq-1, 1); ok || tail.bytes != 0 {
		t.Errorf("after another process appended, %d bytes are held", tail.bytes)
	}
	publish(3, 10)
	if events, ok := tail.since(tail.head.Seq-3, 10); !ok || len(events) != 3 {
		t.Errorf("%d events, %t", len(events), ok)
	}
}
