package recommend

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

const day = 24 * time.Hour

// reordering is a tale in which shoppers buy beans every four weeks and a lamp once.
func reordering(t *testing.T) *tale {
	s := newTale(t)
	for month := range 3 {
		for who := range 3 {
			s.orders(fmt.Sprint("v", who), fmt.Sprint(month, who), "beans")
		}
		s.passes(28 * day)
	}
	for who := range 9 {
		s.orders(fmt.Sprint("w", who), fmt.Sprint("lamp", who), "lamp")
	}
	return s
}

func TestWhatIsUsedUpComesBackAtItsTime(t *testing.T) {
	home := Request{Context: Home, Anonymous: "me", N: 3}
	again := "beans | buy_again | bought before, usually again after 28 days"
	first := func(s *tale) string {
		items := s.asks(home)
		for _, item := range items {
			if item.ID == "beans" {
				return strings.TrimSpace(explained([]Item{item}))
			}
		}
		return ""
	}
	s := reordering(t).orders("me", "1", "beans", "lamp")
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{day, ""}, {18 * day, ""}, {22 * day, again}, {28 * day, again}, {100 * day, again}} {
		at := s.at
		s.passes(c.after).views("x", "cup") // so that it is then
		if got, want := first(s), strings.TrimSpace(aligned(c.want)); got != want {
			t.Errorf("after %v: %q, want %q", c.after, got, want)
		}
		if got := " " + ids(s.asks(home)); strings.Contains(got, "lamp") {
			t.Errorf("what lasts is recommended again: %s", got)
		}
		s.at = at
	}
	s.passes(120*day).views("x", "cup")
	if got := first(s); strings.Contains(got, "buy_again") || got == "" {
		t.Errorf("long after its time: %q, want it to be recommended as anything else", got)
	}
}

func TestTheCatalogAndTheShopperKnowBetter(t *testing.T) {
	says := func(consumable string) sessions.Product {
		return sessions.Product{ID: "beans", Name: "Beans", Attributes: []byte(`{"consumable":` + consumable + `}`)}
	}
	for _, c := range []struct {
		name string
		tell func(s *tale)
		want string
	}{
		{"it lasts", func(s *tale) { s.sells(says("false")).orders("me", "1", "beans").passes(28 * day) }, ""},
		{"it is used up, in a time that orders tell", func(s *tale) { s.sells(says("true")).orders("me", "1", "beans").passes(5 * day) }, ""},
		{"and then", func(s *tale) { s.sells(says("true")).orders("me", "1", "beans").passes(23 * day) }, "buy_again bought before, usually again after 28 days"},
		{"the shopper is faster", func(s *tale) {
			s.orders("me", "1", "beans").passes(7*day).orders("me", "2", "beans").passes(9*day).orders("me", "3", "beans").passes(7 * day)
		}, "buy_again bought before, usually again after 8 days"},
		{"one order in two parcels", func(s *tale) {
			s.orders("me", "1", "beans").passes(time.Hour).orders("me", "2", "beans").passes(time.Hour).orders("me", "3", "beans").passes(2 * day)
		}, ""},
		{"one order, told twice", func(s *tale) {
			s.orders("me", "1", "beans").passes(7*day).orders("me", "1", "beans").passes(7*day).orders("me", "1", "beans").passes(7 * day)
		}, ""},
	} {
		s := reordering(t)
		c.tell(s)
		got := ""
		for _, item := range s.views("x", "cup").asks(Request{Context: Email, Anonymous: "me"}) {
			if item.ID == "beans" {
				got = fmt.Sprint(item.Strategy, " ", item.Reason)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	fresh := newTale(t).sells(says("true")).orders("me", "1", "beans")
	fresh.expect("what is used up, in a time that nobody knows", Request{Context: Home, Anonymous: "me"}, "beans")
	if items := fresh.passes(31*day).views("x", "cup").asks(Request{Context: Home, Anonymous: "me"}); explained(items[:1]) != aligned("beans | buy_again | bought before") {
		t.Errorf("after a month:\n%s", explained(items))
	}
}

// What is learned of orders is that of the shoppers who are remembered, whoever is
// forgotten in whatever order, and the same after a snapshot.
func TestReordersAreThoseOfWhoIsRemembered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, at := newMemory(), began
		for seq := range sessions.Seq(rapid.IntRange(0, 60).Draw(t, "orders")) {
			e := event(sessions.OrderCompleted, fmt.Sprint("v", rapid.IntRange(0, 3).Draw(t, "who")), fmt.Sprint("p", rapid.IntRange(0, 2).Draw(t, "item")))
			at = at.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour)
			e.Seq, e.Occurred, e.Received = seq+1, at, at
			if rapid.IntRange(0, 9).Draw(t, "denied") == 0 {
				e.Consent = "denied"
			}
			if _, err := m.take(e, nil); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 9).Draw(t, "forget") == 0 {
				m.forget(&sessions.Event{Payload: sessions.Payload{Anonymous: "v1"}})
			}
		}
		want := map[string]reorders{}
		for _, h := range m.holdings.Values() {
			for _, p := range h.bought {
				if p.orders > 0 {
					r := want[p.item]
					want[p.item] = reorders{r.buyers + 1, r.reorders + p.orders - 1, r.hours + p.hours}
				}
			}
		}
		if !maps.Equal(m.reorders, want) {
			t.Fatalf("learned %v, want %v", m.reorders, want)
		}
		if again := memoryOf(m.state()); !maps.Equal(again.reorders, want) {
			t.Fatalf("after a snapshot %v, want %v", again.reorders, want)
		}
	})
}
