package main

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

// A plan is a history to be played: what happens in the shop, and to its two
// workers, in this order.
type plan []act

// act is one step of a plan. What its numbers mean depends on what is done; those
// that choose among things that are there count modulo their number.
type act struct {
	do     string
	worker int
	events []sketch
	n      int
	after  time.Duration
}

// sketch is an event before it happens.
type sketch struct {
	kind                                                 sessions.Kind
	source                                               sessions.Source
	anonymous, customer, email, cart, checkout, order, p string
	quantity                                             int64
	late                                                 time.Duration // told so long after it happened
}

// String returns the plan, a line an act.
func (p plan) String() string {
	var b strings.Builder
	for i, a := range p {
		fmt.Fprintf(&b, "\n%2d %s worker %d n %d after %s", i, a.do, a.worker, a.n, a.after)
		for _, s := range a.events {
			fmt.Fprintf(&b, "\n     %+v", s)
		}
	}
	return b.String()
}

// GoString is how a failing plan is printed.
func (p plan) GoString() string { return p.String() }

// event returns what s says, under a message id.
func (s sketch) event(id string, now time.Time) *sessions.Event {
	e := &sessions.Event{Kind: s.kind, Source: s.source, Occurred: sessions.MillisOf(now.Add(-s.late))}
	e.MessageID, e.Currency = id, "EUR"
	e.Anonymous, e.Customer, e.Email = sessions.AnonymousID(s.anonymous), sessions.CustomerID(s.customer), sessions.Email(s.email)
	e.Cart, e.Checkout, e.Order = sessions.CartID(s.cart), sessions.CheckoutID(s.checkout), sessions.OrderID(s.order)
	if s.quantity > 0 {
		e.Lines = []sessions.Line{{Product: sessions.ProductID(s.p), Quantity: s.quantity}}
	}
	return e
}

// one draws one of some values.
func one[T any](r *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(r, label)
}

// drawSketch draws what one of a few shoppers does, or the shop's backend for them.
func drawSketch(r *rapid.T) sketch {
	s := sketch{source: sessions.Browser, late: one(r, "late", 0, 0, 0, 0, 3*time.Minute, 95*time.Minute)}
	s.kind = one(r, "kind", sessions.ProductAdded, sessions.ProductAdded, sessions.ProductAdded, sessions.CartUpdated, sessions.CartUpdated,
		sessions.OrderCompleted, sessions.Page, sessions.Identify, sessions.ProductRemoved, sessions.CheckoutStarted)
	s.anonymous = one(r, "anonymous", "x", "x", "y")
	s.customer = one(r, "customer", "", "", "", "ann", "bob")
	s.email = one(r, "email", "", "", "", "", "m@x", "n@x")
	switch s.kind {
	case sessions.ProductAdded, sessions.ProductRemoved:
		s.p, s.quantity = one(r, "product", "cup", "pot"), one(r, "quantity", int64(1), 2)
	case sessions.CheckoutStarted:
		s.checkout = one(r, "checkout", "k", "l")
	case sessions.CartUpdated:
		s.source, s.cart = sessions.Backend, one(r, "cart", "A", "B")
		s.p, s.quantity = "cup", one(r, "quantity", int64(0), 1, 2, 3)
		s.anonymous = one(r, "anonymous", s.anonymous, "")
	case sessions.OrderCompleted:
		s.source = one(r, "source", sessions.Backend, sessions.Browser)
		s.order, s.cart, s.checkout = one(r, "order", "1", "2", "3"), one(r, "cart", "", "", "A", "B"), one(r, "checkout", "", "", "k")
		s.anonymous = one(r, "anonymous", s.anonymous, "")
	}
	return s
}

// drawAct draws one step.
func drawAct(r *rapid.T) act {
	a := act{worker: rapid.IntRange(0, 1).Draw(r, "worker")}
	a.do = one(r, "do", "append", "append", "append", "append", "append", "pass", "pass", "pass", "pass", "detect", "detect", "detect",
		"deliver", "deliver", "deliver", "answer", "answer", "again", "again", "follow", "kill", "restart", "echo", "abort", "unheard", "detect-abort")
	switch a.do {
	case "append", "abort", "unheard":
		a.events = rapid.SliceOfN(rapid.Custom(drawSketch), 1, 3).Draw(r, "events")
		a.n = rapid.IntRange(0, 5).Draw(r, "n")
	case "pass":
		a.after = one(r, "after", 10*time.Second, 6*time.Minute, 30*time.Minute, 60*time.Minute, 60*time.Minute, 3*time.Hour, 24*time.Hour, 30*time.Hour)
	case "deliver", "answer", "again":
		a.n = rapid.IntRange(0, 5).Draw(r, "n")
	}
	return a
}

// openings are how histories begin, because what all of this is about needs some
// steps in their order: a cart is left behind, and decided, and perhaps twice.
func openings() []plan {
	left := plan{
		{do: "append", n: 1, events: []sketch{{kind: sessions.ProductAdded, source: sessions.Browser, anonymous: "x", p: "cup", quantity: 1}}},
		{do: "pass", after: 60 * time.Minute},
	}
	return []plan{
		nil,
		append(left[:2:2], act{do: "detect"}),
		append(left[:2:2], act{do: "detect"}, act{do: "deliver", worker: 1}),
		append(left[:2:2], act{do: "detect-abort"}, act{do: "detect", worker: 1}),
	}
}

// plans draws histories.
func plans() *rapid.Generator[plan] {
	return rapid.Custom(func(r *rapid.T) plan {
		opening := rapid.SampledFrom(openings()).Draw(r, "opening")
		return append(opening[:len(opening):len(opening)], rapid.SliceOfN(rapid.Custom(drawAct), 6, 22).Draw(r, "acts")...)
	})
}
