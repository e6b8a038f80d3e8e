package cart

import (
	"slices"
	"time"

	"cartwright/sessions"
)

// clocksApart is how far the clocks of a shop's senders are believed to be apart.
const clocksApart = 5 * time.Minute

// complete writes an order down and ends its carts.
func (b *book) complete(e *sessions.Event) {
	o := b.order(e.Order).Completed(e)
	b.putOrder(o)
	for _, id := range b.endedBy(o, e) {
		c := b.carts[id]
		if c.closed() || c.EpisodeBegan > o.Seq { // begun after the order, it is not what was bought
			continue
		}
		if e.Source != sessions.Imported {
			b.triggers = append(b.triggers, orderTrigger(c, o, e))
		}
		b.putCart(c.endedBy(o, e.Seq))
	}
}

// endedBy lists the carts that an order ends: the one it names; where that is
// not known, the visitor's nameless ones; and all with units if it names none.
func (b *book) endedBy(o Order, e *sessions.Event) []ID {
	if id, known := b.names[o.Cart]; known {
		return []ID{id}
	}
	var ids []ID
	for _, id := range b.belonging[e.Visitor] {
		c := b.carts[id]
		if c.Status == Open && (o.Cart == "" || c.Name == "") && c.EpisodeAt <= o.Occurred.Add(clocksApart) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// order returns the order of an id, empty when it is new.
func (b *book) order(id sessions.OrderID) Order {
	if o, known := b.orders[id]; known {
		return o
	}
	return Order{ID: id}
}

// orderNaming returns the newest completed order that names a cart.
func (b *book) orderNaming(name sessions.CartID) (newest Order, found bool) {
	if name == "" {
		return newest, false
	}
	for _, id := range b.naming[name] {
		if o := b.orders[id]; o.Cart == name && o.Seq > newest.Seq {
			newest, found = o, true
		}
	}
	return newest, found
}

// putOrder keeps o, to be written.
func (b *book) putOrder(o Order) {
	b.keepOrder(o)
	b.changedOrders[o.ID] = true
}

func (b *book) keepOrder(o Order) {
	b.orders[o.ID] = o
	if o.Cart != "" && !slices.Contains(b.naming[o.Cart], o.ID) {
		b.naming[o.Cart] = append(b.naming[o.Cart], o.ID)
	}
}
