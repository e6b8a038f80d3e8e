package recommend

import (
	"cmp"
	"slices"
	"strings"

	"cartwright/sessions"
)

// How much of a shopper's history takes part: more would be too far back to count.
const (
	earlierViewed = 6
	earlierBought = 4
)

// Shopper names who asks. An anonymous id alone, which is all that a public key
// may tell, leads to that id's own events and no others. A customer id leads to
// all that is known of the customer: only the shop's backend may tell one.
type Shopper struct {
	Anonymous sessions.AnonymousID
	Customer  sessions.CustomerID
}

// shopper is what an answer takes into account of who asks.
type shopper struct {
	session SessionKey // the one that goes on, 0 if none does
	items   []string   // of it, newest last, repeats included
	before  []string   // distinct items of earlier sessions, newest first
	away    int        // whole days since the last of those
	cart    []string
	bought  []purchase // the last at the end
}

// recall overwrites s with what is remembered of a shopper.
func (s *shopper) recall(m *memory, who Shopper) {
	s.session, s.items, s.before, s.cart, s.bought, s.away = 0, s.items[:0], s.before[:0], s.cart[:0], s.bought[:0], 0
	var names [2 + rememberedBrowsers]string
	var left sessions.Millis // when the shopper was there last before this session
	for _, name := range m.appendStreamsOf(names[:0], who) {
		if h, ok := m.holdings.Peek(name); ok {
			for _, line := range h.cart {
				s.cart = append(s.cart, line.item)
			}
			s.bought = append(s.bought, h.bought...)
		}
		if st, ok := m.streams.Peek(name); ok {
			left = max(left, s.follow(m, st))
		}
	}
	if left > 0 {
		s.away = int((m.newest - left) / millisPerDay)
	}
}

// follow takes over what a stream's shopper looked at until now, and says when they were there
// last before the session that goes on. That is of the first stream that has one.
func (s *shopper) follow(m *memory, st *stream) (left sessions.Millis) {
	var current *sessions.Span
	if s.session == 0 {
		if current = st.current(m.newest, m.settings); current != nil {
			s.session = SessionKey(current.ID)
		}
	}
	for _, step := range slices.Backward(st.steps) {
		switch {
		case current != nil && step.session == current.ID:
			s.items = append(s.items, step.item)
		case !slices.Contains(s.before, step.item):
			s.before = append(s.before, step.item)
		}
	}
	if current != nil {
		slices.Reverse(s.items)
	}
	return st.left(current)
}

// earlier appends what is known of the shopper from before this session, newest last:
// the last of what was bought, and then of what was looked at.
func (s *shopper) earlier(dst []string) []string {
	for _, p := range s.lastBought() {
		dst = append(dst, p.item)
	}
	for _, item := range slices.Backward(s.before[:min(len(s.before), earlierViewed)]) {
		dst = append(dst, item)
	}
	return dst
}

// learn adds what the shop knows of the shopper. It is less telling than what was
// remembered, so of the cart it stands first, where the oldest lines are. What was bought
// is one purchase of each product, in the order of the last times.
func (s *shopper) learn(cart []string, bought []purchase) {
	cart = slices.DeleteFunc(cart, func(item string) bool { return slices.Contains(s.cart, item) })
	s.cart = slices.Insert(s.cart, 0, cart...)
	s.bought = append(s.bought, bought...)
	slices.SortStableFunc(s.bought, func(a, b purchase) int { return cmp.Compare(a.item, b.item) })
	kept := s.bought[:0]
	for _, p := range s.bought {
		if last := len(kept) - 1; last >= 0 && kept[last].item == p.item {
			kept[last].at = max(kept[last].at, p.at)
			if p.orders > kept[last].orders {
				kept[last].orders, kept[last].hours = p.orders, p.hours
			}
			continue
		}
		kept = append(kept, p)
	}
	s.bought = kept
	slices.SortStableFunc(s.bought, func(a, b purchase) int { return cmp.Compare(a.at, b.at) })
}

// hasBought reports whether the shopper bought an item.
func (s *shopper) hasBought(item string) bool {
	return slices.ContainsFunc(s.bought, func(p purchase) bool { return p.item == item })
}

// lastBought is the last of what was bought that takes part.
func (s *shopper) lastBought() []purchase { return s.bought[max(0, len(s.bought)-earlierBought):] }

// hear adds what who asks tells of the shopper: items of the session, which stand last
// and count once if they are remembered too, and newest lines of the cart.
func (s *shopper) hear(items, cart []sessions.ProductID) {
	items = items[max(0, len(items)-streamSteps):]
	if len(items) > 0 {
		s.items = slices.DeleteFunc(s.items, func(item string) bool { return slices.Contains(items, sessions.ProductID(item)) })
		for _, item := range items {
			s.items = append(s.items, string(item))
		}
		s.items = slices.Delete(s.items, 0, max(0, len(s.items)-streamSteps))
	}
	known := len(s.cart)
	for _, item := range cart {
		if !slices.Contains(s.cart[:known], string(item)) {
			s.cart = append(s.cart, string(item))
		}
	}
}

// appendStreamsOf lists the streams that belong to a shopper: the browser that asks, those
// in which the customer was, the last first, unless another is there now, and what the
// backend tells of the customer.
func (m *memory) appendStreamsOf(names []string, who Shopper) []string {
	if who.Anonymous != "" {
		names = append(names, sessions.BrowserStream+string(who.Anonymous))
	}
	if who.Customer == "" {
		return names
	}
	own := (&sessions.Event{Payload: sessions.Payload{Customer: who.Customer}}).Stream()
	seen := append(make([]string, 0, rememberedBrowsers+1), own)
	if visitor, ok := m.customers.Peek(who.Customer); ok {
		streams, _ := m.browsers.Peek(m.root(visitor))
		seen = append(seen, slices.DeleteFunc(slices.Clone(streams), func(name string) bool { return name == own || !m.isThere(visitor, name) })...)
	}
	for _, looking := range [...]bool{true, false} { // of what the backend tells, little was looked at
		for _, name := range slices.Backward(seen) {
			if strings.HasPrefix(name, sessions.BrowserStream) == looking && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// isThere reports whether the newest session of a stream is of a visitor who was seen in it.
func (m *memory) isThere(v sessions.VisitorID, stream string) bool {
	st, ok := m.streams.Peek(stream)
	if !ok {
		return false
	}
	newest := st.newest()
	return newest != nil && m.root(newest.Visitor) == m.root(v)
}
