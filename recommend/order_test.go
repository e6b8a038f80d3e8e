package recommend

import (
	"fmt"
	"testing"

	"cartwright/sessions"
)

// Whoever claims an order with a public key, before the shop tells it, does not silence it.
func TestTheShopsWordOnAnOrderCounts(t *testing.T) {
	told := func(source sessions.Source, who, id string, items ...string) *sessions.Event {
		e := event(sessions.OrderCompleted, who, items...)
		e.Order, e.Source = sessions.OrderID(id), source
		return e
	}
	s := newTale(t)
	for id := range 6 {
		claimed, order := told(sessions.Browser, "mallory", fmt.Sprint(id), "junk"), told(sessions.Backend, fmt.Sprint("x", id), fmt.Sprint(id), "a", "b")
		s.happens(claimed, order, told(sessions.Browser, fmt.Sprint("y", id), fmt.Sprint(id), "a", "junk"), told(sessions.Backend, fmt.Sprint("z", id), fmt.Sprint(id), "a", "junk"))
	}
	got := s.r.index.BoughtTogether("a", 5, nil, nil)
	if len(got) != 1 || got[0].Item != "b" || got[0].Support != 6 {
		t.Errorf("bought together with a: %v, want b in the 6 orders that the shop told first", got)
	}
	if r := s.r.memory.reorders["a"]; r.buyers != 6 {
		t.Errorf("%d buyers of a count, want 6", r.buyers)
	}
}
