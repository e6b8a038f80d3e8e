package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"cartwright/sessions"
)

// model is a shop told as simply as possible. It hears the events of the log one
// by one, looks at everything each time, and knows who is who, what is in which
// cart, which carts are due and what may be told. Times are in milliseconds. It
// shares nothing with the program but the events.
type model struct {
	wait, active, oldest int64            // of the flow
	enabled              int64            // since when recovery is on
	heard                map[string]int64 // message ids, and the seqs of their events
	owner                map[string]int64 // names of shoppers, as "c ann", and the visitor of each
	customer             map[int64]string // of each visitor
	seen                 map[int64]int64  // when each visitor was last there
	carts                []*modelCart
	orders               []*modelOrder
	told                 map[string]string // triggers by cart, episode and flow
	made                 map[string]int    // decisions, and how often they were made
	echo                 bool              // they may come again
	over                 map[string]bool   // triggers whose deliveries ended
}

type modelCart struct {
	id, visitor, last, episode, since, begun, orderedAt, decidedAt int64
	name, status, decided, checkout, email                         string
	units                                                          map[string]int64
	owned                                                          bool
}

type modelOrder struct {
	id, cart, checkout, customer, email string
	seq, visitor, occurred              int64
	browsers                            bool
}

func newModel(wait, active, oldest int64) *model {
	return &model{wait: wait, active: active, oldest: oldest, heard: map[string]int64{}, owner: map[string]int64{},
		customer: map[int64]string{}, seen: map[int64]int64{}, told: map[string]string{}, made: map[string]int{}, over: map[string]bool{}}
}

// hear takes in the next event of the log. The error says what is wrong with it.
func (m *model) hear(e *sessions.Event) error {
	if e.MessageID != "" && m.heard[e.MessageID] != 0 {
		return fmt.Errorf("once in the log: %q is event %d and %d", e.MessageID, m.heard[e.MessageID], e.Seq)
	}
	m.heard[e.MessageID] = int64(e.Seq)
	switch e.Kind {
	case sessions.RecoveryEnabled:
		m.enabled = int64(e.Received)
		return nil
	case sessions.DecisionMade:
		return m.decided(e)
	case sessions.DeliveryEnded:
		return m.ended(e)
	}
	v := m.who(e)
	if v != int64(e.Visitor) {
		return fmt.Errorf("who is who: event %d is of visitor %d, not %d", e.Seq, v, e.Visitor)
	}
	m.seen[v] = max(m.seen[v], int64(e.Received))
	switch e.Kind {
	case sessions.ProductAdded, sessions.ProductRemoved, sessions.CartUpdated, sessions.CheckoutStarted:
		m.use(e, v)
	case sessions.OrderCompleted:
		m.complete(e, v)
	}
	return nil
}

// who returns the visitor whom e's names mean, once those are one that it shows to be one.
func (m *model) who(e *sessions.Event) int64 {
	anonymous, customer, email := "a "+string(e.Anonymous), "c "+string(e.Customer), "e "+string(e.Email)
	login := e.Customer != ""
	v := m.owner[anonymous]
	if login {
		v = m.owner[customer]
		if past := m.owner[anonymous]; m.customer[past] == "" {
			v = m.join(v, past)
		}
	}
	if o := m.owner[email]; o != 0 && (m.customer[o] == "" || !login && m.customer[v] == "") {
		v = m.join(v, o)
	}
	if v == 0 && anonymous+customer+email != "a c e " {
		v = int64(e.Seq)
	}
	if login {
		m.customer[v] = string(e.Customer)
	}
	for _, name := range []string{anonymous, customer, email} {
		if len(name) > 2 && (name != email || m.owner[name] == 0) {
			m.owner[name] = v
		}
	}
	return v
}

// join makes two visitors the lower one of them.
func (m *model) join(a, b int64) int64 {
	if a == 0 || b == 0 || a == b {
		return max(a, b)
	}
	low, high := min(a, b), max(a, b)
	for name, v := range m.owner {
		if v == high {
			m.owner[name] = low
		}
	}
	for _, c := range m.carts {
		if c.visitor == high {
			c.visitor = low
		}
	}
	for _, o := range m.orders {
		if o.visitor == high {
			o.visitor = low
		}
	}
	m.customer[low] = cmp.Or(m.customer[low], m.customer[high])
	m.seen[low] = max(m.seen[low], m.seen[high])
	return low
}

// meant returns the cart that e is about: the one it names, else the visitor's
// nameless one; without a name that which the backend writes, which holds
// something, which is newest. Nil if there is none.
func (m *model) meant(e *sessions.Event, v int64) (best *modelCart) {
	for _, c := range m.carts {
		if e.Cart != "" && c.name == string(e.Cart) {
			return c
		}
	}
	if e.Cart != "" && m.sold(e.Cart) != nil {
		return nil
	}
	rank := func(c *modelCart) (n int) {
		if c.owned {
			n += 2
		}
		if c.status == "open" {
			n++
		}
		return n
	}
	for _, c := range m.carts { // the oldest first
		mine := c.visitor == v && v != 0
		if mine && (c.status == "open" || c.status == "emptied" && e.Cart == "") && (e.Cart == "" || c.name == "") &&
			(best == nil || rank(c) >= rank(best)) {
			best = c
		}
	}
	return best
}

// sold returns the newest order of a cart.
func (m *model) sold(name sessions.CartID) (newest *modelOrder) {
	for _, o := range m.orders { // the oldest first
		if o.cart == string(name) {
			newest = o
		}
	}
	return newest
}

// use is what e does to the cart that it is about, which it may begin. Browsers
// name no cart here, and the backend names each.
func (m *model) use(e *sessions.Event, v int64) {
	fills := len(e.Lines) > 0 && e.Kind != sessions.ProductRemoved
	c, sold := m.meant(e, v), m.sold(e.Cart)
	fresh := c == nil
	if fresh {
		if !fills && e.Kind != sessions.CartUpdated || v == 0 && e.Cart == "" {
			return
		}
		c = &modelCart{id: int64(e.Seq), visitor: v, status: "emptied", units: map[string]int64{}}
		c.begin(e)
		m.carts = append(m.carts, c)
	}
	if c.status == "ordered" {
		if !fills || int64(e.Occurred) < c.orderedAt {
			return
		}
		c.units, c.checkout = map[string]int64{}, ""
		c.begin(e)
	}
	c.name = cmp.Or(c.name, string(e.Cart))
	backend := e.Source == sessions.Backend
	if backend || !c.owned {
		if !c.change(e) {
			return
		}
		c.owned = backend
		c.status = "emptied"
		if len(c.units) > 0 {
			c.status = "open"
		}
	}
	c.last = max(c.last, int64(e.Received))
	if v != 0 && v != c.visitor {
		c.visitor, c.checkout, c.email = v, "", ""
	}
	if e.Checkout != "" && (backend || !c.owned || c.checkout == "") {
		c.checkout = string(e.Checkout)
	}
	if e.Email != "" && (backend || !c.owned || c.email == "") {
		c.email = string(e.Email)
	}
	if fresh && e.Cart != "" && sold != nil {
		c.status, c.orderedAt = "ordered", sold.occurred
		return
	}
	for _, other := range m.carts {
		if e.Cart != "" && v != 0 && other.visitor == v && other.name == "" && other.status == "open" {
			other.status = "merged"
		}
	}
}

// begin begins the next episode with e.
func (c *modelCart) begin(e *sessions.Event) {
	c.episode++
	c.since, c.begun, c.decided, c.decidedAt = int64(e.Seq), int64(e.Occurred), "", 0
}

// change applies e to the units, and begins an episode if one that was decided
// changes by it. False: it was nothing.
func (c *modelCart) change(e *sessions.Event) bool {
	before := maps.Clone(c.units)
	if e.Kind == sessions.CartUpdated {
		clear(c.units)
	}
	for _, l := range e.Lines {
		n := c.units[string(l.Product)]
		if e.Kind == sessions.ProductRemoved {
			n -= min(n, l.Quantity)
		} else {
			n += l.Quantity
		}
		if c.units[string(l.Product)] = n; n == 0 {
			delete(c.units, string(l.Product))
		}
	}
	if maps.Equal(before, c.units) {
		return e.Kind != sessions.ProductRemoved
	}
	if c.decided != "" && c.decided != "hold" {
		c.begin(e)
	}
	return true
}

// complete takes an order down and ends its carts.
func (m *model) complete(e *sessions.Event, v int64) {
	i := slices.IndexFunc(m.orders, func(o *modelOrder) bool { return o.id == string(e.Order) })
	fresh := i < 0
	if fresh {
		i = len(m.orders)
		m.orders = append(m.orders, &modelOrder{id: string(e.Order), seq: int64(e.Seq), occurred: int64(e.Occurred), browsers: true})
	}
	o := m.orders[i]
	if wins := fresh || o.browsers && e.Source == sessions.Backend; wins {
		o.cart, o.checkout = cmp.Or(string(e.Cart), o.cart), cmp.Or(string(e.Checkout), o.checkout)
		o.customer, o.email = cmp.Or(string(e.Customer), o.customer), cmp.Or(string(e.Email), o.email)
		o.visitor, o.browsers = cmp.Or(v, o.visitor), e.Source == sessions.Browser
	} else {
		o.cart, o.checkout = cmp.Or(o.cart, string(e.Cart)), cmp.Or(o.checkout, string(e.Checkout))
		o.customer, o.email = cmp.Or(o.customer, string(e.Customer)), cmp.Or(o.email, string(e.Email))
		o.visitor = cmp.Or(o.visitor, v)
	}
	known := slices.ContainsFunc(m.carts, func(c *modelCart) bool { return o.cart != "" && c.name == o.cart })
	for _, c := range m.carts {
		ends := known && c.name == o.cart ||
			!known && v != 0 && c.visitor == v && c.status == "open" && (o.cart == "" || c.name == "") && c.begun <= o.occurred+5*60_000
		if !ends || c.status == "ordered" || c.since > o.seq {
			continue
		}
		kind := "cart_converted"
		if c.decided == "trigger" {
			kind = "cart_recovered"
		}
		m.tell(c, "order", kind)
		c.status, c.orderedAt = "ordered", o.occurred
	}
}

func (m *model) tell(c *modelCart, flow, kind string) {
	m.told[fmt.Sprint(c.id, c.episode, flow)] = fmt.Sprintf("trg_%d_%d_%s", c.id, c.episode, kind)
}
