package cart_test

import (
	"cmp"
	"fmt"
	"slices"

	"cartwright/sessions"
)

// naive is carts and orders told again as simply as possible: every event looks
// at everything, one at a time, with units in maps and nothing loaded or saved.
// It is the oracle of the store.
type naive struct {
	carts    []*naiveCart
	orders   []*naiveOrder
	triggers []string
	had      map[string]bool // cart, episode, flow, dry
}

type naiveCart struct {
	id, episodeSeq, episodeAt, visitor, episode, orderedAt int64
	name, status, decided, order                           string
	units                                                  map[string]int64
	owned, live                                            bool
	last                                                   int64
}

type naiveOrder struct {
	id, cart                      string
	seq, visitor, total, refunded int64
	occurred                      int64
	fromBrowser, cancelled        bool
}

func newNaive() *naive { return &naive{had: map[string]bool{}} }

func (n *naive) happens(e *sessions.Event) {
	if e.Bot {
		return
	}
	for _, v := range e.Joined {
		for _, c := range n.carts {
			if c.visitor == int64(v) {
				c.visitor = int64(e.Visitor)
			}
		}
		for _, o := range n.orders {
			if o.visitor == int64(v) {
				o.visitor = int64(e.Visitor)
			}
		}
	}
	switch e.Kind {
	case sessions.ProductAdded, sessions.ProductRemoved, sessions.CartUpdated, sessions.CartViewed, sessions.CheckoutStarted:
		n.use(e)
	case sessions.OrderCompleted:
		n.complete(e)
	case sessions.OrderRefunded, sessions.OrderCancelled:
		n.giveBack(e)
	case sessions.DecisionMade:
		n.decided(e)
	case sessions.LinkClicked:
		n.clicked(e)
	}
}

// mine lists the visitor's carts that may still change, the preferred first.
func (n *naive) mine(e *sessions.Event) []*naiveCart {
	var mine []*naiveCart
	for _, c := range n.carts {
		if c.visitor != 0 && c.visitor == int64(e.Visitor) && (c.status == "open" || c.status == "emptied") {
			mine = append(mine, c)
		}
	}
	rank := func(c *naiveCart) int64 {
		r := c.id
		if c.status == "open" {
			r += 1 << 20
		}
		if c.owned {
			r += 1 << 30
		}
		return -r
	}
	slices.SortFunc(mine, func(a, b *naiveCart) int { return cmp.Compare(rank(a), rank(b)) })
	return mine
}

func (n *naive) named(name sessions.CartID) *naiveCart {
	for _, c := range n.carts {
		if name != "" && c.name == string(name) {
			return c
		}
	}
	return nil
}

// soldAs returns the newest completed order that names a cart.
func (n *naive) soldAs(name sessions.CartID) *naiveOrder {
	var newest *naiveOrder
	for _, o := range n.orders {
		if name != "" && o.cart == string(name) && o.seq > 0 && (newest == nil || o.seq > newest.seq) {
			newest = o
		}
	}
	return newest
}

func (n *naive) use(e *sessions.Event) {
	filling := false
	for _, l := range e.Lines {
		filling = filling || l.Quantity > 0
	}
	filling = filling && (e.Kind == sessions.ProductAdded || e.Kind == sessions.CartUpdated)
	beginning := filling || e.Kind == sessions.CartUpdated && e.Cart != ""

	c, sold := n.named(e.Cart), n.soldAs(e.Cart)
	if c == nil && sold == nil {
		for _, m := range n.mine(e) {
			if e.Cart == "" || m.name == "" && m.status == "open" {
				c = m
				break
			}
		}
	}
	fresh := c == nil
	if fresh {
		if !beginning || e.Cart == "" && e.Visitor == 0 {
			return
		}
		c = &naiveCart{
			id: int64(e.Seq), episodeSeq: int64(e.Seq), episodeAt: int64(e.Occurred), episode: 1, name: string(e.Cart), visitor: int64(e.Visitor),
			status: "emptied", units: map[string]int64{}, last: int64(e.Received),
		}
		n.carts = append(n.carts, c)
	}
	foreign := e.Source == sessions.Browser && c.visitor != 0 && c.visitor != int64(e.Visitor)
	mayWrite := e.Source == sessions.Backend || !c.owned && !foreign
	if c.status == "ordered" || c.status == "merged" {
		if !mayWrite || !filling || c.name == "" || int64(e.Occurred) < c.orderedAt {
			return
		}
		c.units, c.order, c.orderedAt = map[string]int64{}, "", 0
		c.episode, c.episodeSeq, c.episodeAt, c.decided = c.episode+1, int64(e.Seq), int64(e.Occurred), ""
	}
	if mayWrite && c.name == "" && e.Cart != "" && beginning {
		c.name = string(e.Cart)
	}
	if mayWrite && !c.change(e) {
		return
	}
	if live := e.Source != sessions.Imported; live || int64(e.Received) >= c.last {
		c.last, c.live = max(c.last, int64(e.Received)), live
	}
	if e.Visitor != 0 && (c.visitor == 0 || e.Source != sessions.Browser) {
		c.visitor = int64(e.Visitor)
	}
	if fresh && sold != nil {
		c.status, c.order, c.orderedAt = "ordered", sold.id, sold.occurred
		return
	}
	if mayWrite && e.Kind == sessions.CartUpdated && e.Cart != "" {
		for _, m := range n.mine(e) {
			if m.name == "" && m.status == "open" {
				m.status = "merged"
			}
		}
	}
}

// change applies e to the units; false says that e does not count at all.
func (c *naiveCart) change(e *sessions.Event) bool {
	before := fmt.Sprint(c.units)
	if e.Kind == sessions.CartUpdated {
		c.units = map[string]int64{}
	}
	for _, l := range e.Lines {
		switch e.Kind {
		case sessions.CartUpdated, sessions.ProductAdded:
			c.units[string(l.Product)] += l.Quantity
		case sessions.ProductRemoved:
			c.units[string(l.Product)] -= min(l.Quantity, c.units[string(l.Product)])
		}
	}
	for product, units := range c.units {
		if units == 0 {
			delete(c.units, product)
		}
	}
	changed := fmt.Sprint(c.units) != before
	if e.Kind == sessions.ProductRemoved && !changed {
		return false
	}
	if c.decided != "" && changed {
		c.episode, c.episodeSeq, c.episodeAt, c.decided = c.episode+1, int64(e.Seq), int64(e.Occurred), ""
	}
	if e.Source == sessions.Backend && e.Kind != sessions.CartViewed && e.Kind != sessions.CheckoutStarted {
		c.owned = true
	}
	c.status = "emptied"
	if len(c.units) > 0 {
		c.status = "open"
	}
	return true
}

func (n *naive) order(id sessions.OrderID) *naiveOrder {
	for _, o := range n.orders {
		if o.id == string(id) {
			return o
		}
	}
	o := &naiveOrder{id: string(id)}
	n.orders = append(n.orders, o)
	return o
}

func (n *naive) complete(e *sessions.Event) {
	o := n.order(e.Order)
	wins := o.seq == 0 || o.fromBrowser && e.Source != sessions.Browser
	if o.seq == 0 {
		o.seq, o.occurred = int64(e.Seq), int64(e.Occurred)
	}
	if e.Cart != "" && (wins || o.cart == "") {
		o.cart = string(e.Cart)
	}
	if e.Visitor != 0 && (wins || o.visitor == 0) {
		o.visitor = int64(e.Visitor)
	}
	if wins {
		o.total, o.fromBrowser = *e.Total, e.Source == sessions.Browser
	}
	ends := []*naiveCart{n.named(sessions.CartID(o.cart))}
	if ends[0] == nil {
		ends = nil
		for _, c := range n.mine(e) {
			laterCart := c.episodeAt > o.occurred+5*60_000
			if c.status == "open" && (o.cart == "" || c.name == "") && !laterCart {
				ends = append(ends, c)
			}
		}
	}
	for _, c := range ends {
		if c.status == "ordered" || c.status == "merged" || c.episodeSeq > o.seq {
			continue
		}
		if e.Source != sessions.Imported {
			kind := "cart_converted"
			if c.decided == "trigger" {
				kind = "cart_recovered"
			}
			n.tell("trg", c.id, c.episode, kind, "order")
		}
		c.status, c.order, c.orderedAt = "ordered", o.id, o.occurred
	}
}

func (n *naive) giveBack(e *sessions.Event) {
	if e.Source == sessions.Browser {
		return
	}
	o := n.order(e.Order)
	if o.seq == 0 {
		o.cart = cmp.Or(o.cart, string(e.Cart))
		o.visitor = cmp.Or(o.visitor, int64(e.Visitor))
	}
	if e.Kind == sessions.OrderCancelled {
		o.cancelled = true
		return
	}
	o.refunded += *e.Total
}
