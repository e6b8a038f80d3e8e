package recommend

import (
	"hash/fnv"
	"slices"

	"cartwright/sessions"
)

// hearsay is what a browser said was in an order that counted so, as a digest of its
// products; 0 is the word of the shop itself. Anybody may claim any order with a public
// key, before it is placed: so the shop's word counts, even if the order was counted, unless
// it says the same.
type hearsay uint64

// hearsayOf is what an event says of its order.
func hearsayOf(e *sessions.Event) hearsay {
	if e.Source != sessions.Browser {
		return 0
	}
	return digest(e)
}

// digest is the same for orders of the same products, and not 0.
func digest(e *sessions.Event) hearsay {
	products := make([]string, 0, len(e.Lines))
	for _, l := range e.Lines {
		products = append(products, string(l.Product))
	}
	slices.Sort(products)
	h := fnv.New64a()
	for _, p := range slices.Compact(products) {
		_, _ = h.Write(append([]byte(p), 0)) // never fails
	}
	return hearsay(max(1, h.Sum64()))
}

// isNews reports whether an order tells something new.
func (m *memory) isNews(e *sessions.Event) bool {
	if e.Order == "" {
		return true
	}
	said, known := m.orders.Peek(e.Order)
	return !known || said != 0 && e.Source != sessions.Browser && said != digest(e)
}

// hear remembers what was said of an order. A browser's later word changes nothing.
func (m *memory) hear(e *sessions.Event) {
	if e.Order != "" && (e.Source != sessions.Browser || !m.orders.Contains(e.Order)) {
		m.orders.Add(e.Order, hearsayOf(e))
	}
}
