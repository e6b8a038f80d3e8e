package recommend

import (
	"slices"

	"cartwright/sessions"
)

// Bounds of what is remembered of one stream: far beyond a shopper's needs, so
// that nobody with a public key can fill the memory by one of them.
const (
	heldLines  = 200
	heldBought = 200
)

// holding is what a stream's shopper has, by that stream's own events: what is in
// the cart and what was bought.
type holding struct {
	cart   []held
	bought []purchase // newest last
}

// held is a line of a cart.
type held struct {
	item  string
	units int64
}

// holds reports whether events of a kind change what a shopper has.
func holds(k sessions.Kind) bool {
	switch k {
	case sessions.ProductAdded, sessions.ProductRemoved, sessions.CartUpdated, sessions.OrderCompleted:
		return true
	}
	return false
}

// take folds an event in, and counts what is bought again and again. Counts is whether
// an order is a new one.
func (h *holding) take(m *memory, e *sessions.Event, counts bool) {
	switch e.Kind {
	case sessions.CartUpdated:
		h.cart = nil
		h.add(e.Lines)
	case sessions.ProductAdded:
		h.add(e.Lines)
	case sessions.ProductRemoved:
		h.remove(e.Lines)
	case sessions.OrderCompleted:
		h.cart = nil
		h.buy(m, e, counts)
	}
}

func (h *holding) add(lines []sessions.Line) {
	for _, l := range lines {
		if l.Product == "" || l.Quantity <= 0 {
			continue
		}
		if i := h.find(l.Product); i >= 0 {
			h.cart[i].units += l.Quantity
		} else if len(h.cart) < heldLines {
			h.cart = append(h.cart, held{string(l.Product), l.Quantity})
		}
	}
}

func (h *holding) remove(lines []sessions.Line) {
	for _, l := range lines {
		i := h.find(l.Product)
		if i < 0 || l.Quantity <= 0 {
			continue
		}
		if h.cart[i].units -= l.Quantity; h.cart[i].units <= 0 {
			h.cart = slices.Delete(h.cart, i, i+1)
		}
	}
}

func (h *holding) find(p sessions.ProductID) int {
	return slices.IndexFunc(h.cart, func(line held) bool { return line.item == string(p) })
}

func (h *holding) buy(m *memory, e *sessions.Event, counts bool) {
	for _, l := range e.Lines {
		if l.Product == "" {
			continue
		}
		p := purchase{item: string(l.Product), at: e.Occurred}
		i := slices.IndexFunc(h.bought, func(b purchase) bool { return b.item == p.item })
		switch {
		case i >= 0:
			p = h.bought[i]
			h.lose(m, i)
		case len(h.bought) == heldBought:
			h.lose(m, 0)
		}
		p.again(e.Occurred, counts)
		m.count(&p, 1)
		h.bought = append(h.bought, p)
	}
}

// lose takes a purchase out.
func (h *holding) lose(m *memory, i int) {
	m.count(&h.bought[i], -1)
	h.bought = slices.Delete(h.bought, i, i+1)
}

func (h *holding) empty() bool { return len(h.cart) == 0 && len(h.bought) == 0 }
