package recommend

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cartwright/sessions"
)

// What a customer looked at in one browser counts when they are asked about in another, before
// and after an alias made another customer the same.
func TestEarlierSessionsOfACustomerAreThoseOfAllBrowsers(t *testing.T) {
	const ann, annie = 1001, 1002
	s := newTale(t).happens(by(ann, customer(sessions.ProductViewed, "ann", "phone", "a"))).passes(24*time.Hour).
		happens(by(ann, customer(sessions.ProductViewed, "ann", "desk", "b")), by(annie, customer(sessions.ProductViewed, "annie", "tablet", "c")))
	expect := func(who Shopper, items, before string, away int) {
		t.Helper()
		if got := s.recalls(who); fmt.Sprint(got.items) != items || fmt.Sprint(got.before) != before || got.away != away {
			t.Errorf("%+v: looks at %v, %d days after %v, want %s, %d, %s", who, got.items, got.away, got.before, items, away, before)
		}
	}
	expect(Shopper{Customer: "ann"}, "[b]", "[a]", 1)
	expect(Shopper{"phone", "ann"}, "[b]", "[a]", 1)
	expect(Shopper{Anonymous: "phone"}, "[]", "[a]", 1)
	alias := by(ann, customer(sessions.Alias, "annie", ""))
	alias.Joined = []sessions.VisitorID{annie}
	s.happens(alias)
	expect(Shopper{Customer: "annie"}, "[c]", "[b a]", 0)
	expect(Shopper{Customer: "ann"}, "[c]", "[b a]", 0)
	s.r.forget([]*sessions.Event{by(ann, customer(sessions.ProductViewed, "ann", "phone")), by(annie, customer(sessions.ProductViewed, "annie", "tablet"))})
	if m := s.r.memory; m.customers.Len() != 0 || m.browsers.Len() != 0 {
		t.Errorf("of the forgotten are known %v and %v", m.customers.Keys(), m.browsers.Values())
	}
}

// An event that comes late belongs to an earlier session, and does not end the one that goes on.
func TestALateEventEndsNoSession(t *testing.T) {
	s := newTale(t).views("me", "a", "b")
	late := event(sessions.ProductViewed, "me", "c")
	late.Occurred = s.at.Add(-9 * time.Hour)
	got := s.happens(late).recalls(Shopper{Anonymous: "me"})
	if !slices.Equal(got.items, []string{"a", "b"}) || !slices.Equal(got.before, []string{"c"}) || got.session != 1 {
		t.Errorf("the session %d holds %v after %v", got.session, got.items, got.before)
	}
}
