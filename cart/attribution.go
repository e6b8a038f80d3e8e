package cart

import (
	"cmp"
	"slices"
	"time"

	"cartwright/sessions"
)

// DefaultWindow is how long after a click an order is credited to the message,
// unless configured otherwise.
const DefaultWindow = 5 * 24 * time.Hour

// Sale is a completed order with the carts that it ended.
type Sale struct {
	Order
	Carts []ID
}

// follows reports whether a click is the way by which the sale's shopper may have
// come: the same shopper's, on whichever device, or one to the cart that was
// bought, whoever the shop says it was.
func (s Sale) follows(c Click) bool {
	return c.Visitor != 0 && c.Visitor == s.Visitor || c.Cart != 0 && slices.Contains(s.Carts, c.Cart)
}

// Attribute returns the click to whose message a sale is credited: the last one of
// its shopper before the order, if that is within the window before it, and false
// if there is none. An order is credited to one message, whole, however many were
// clicked. What counts is when it was placed, not when it was told: a shop may
// tell of orders hours later. A click at the very time of the order, and one the
// whole window before it, count. Of clicks at the same time the later in the log is
// the last.
func Attribute(s Sale, clicks []Click, window time.Duration) (last Click, found bool) {
	for _, c := range clicks {
		if !s.follows(c) || c.At > s.Occurred || c.At.Add(window) < s.Occurred {
			continue
		}
		if !found || c.At > last.At || c.At == last.At && c.Seq > last.Seq {
			last, found = c, true
		}
	}
	return last, found
}

// Net returns what the shop keeps of an order, in minor units of its currency:
// what was paid, else what its lines are worth, without what was refunded; never
// less than nothing, and nothing of one that was cancelled.
func (o Order) Net() int64 {
	if o.Cancelled {
		return 0
	}
	return max(o.paid()-o.Refunded, 0)
}

// paid is what was paid for an order, as far as was told.
func (o Order) paid() int64 {
	if o.Total != nil {
		return max(*o.Total, 0)
	}
	if worth := value(o.Lines); worth != nil {
		return *worth
	}
	return 0
}

// Money is what orders of one currency came to.
type Money struct {
	Currency string `json:"currency"`
	Orders   int64  `json:"orders"`   // that were not cancelled
	Net      int64  `json:"net"`      // minor units, without what was refunded
	Refunded int64  `json:"refunded"` // minor units, of those orders
}

// Purse holds money of several currencies, which are never mixed.
type Purse []Money

// add puts an order into the purse, unless it was cancelled.
func (p Purse) add(o Order) Purse {
	if o.Cancelled {
		return p
	}
	return p.put(Money{o.Currency, 1, o.Net(), min(o.Refunded, o.paid())})
}

// put adds money to that of its currency; currencies are in the order of the
// alphabet.
func (p Purse) put(m Money) Purse {
	i, known := slices.BinarySearchFunc(p, m, func(a, b Money) int { return cmp.Compare(a.Currency, b.Currency) })
	if !known {
		return slices.Insert(p, i, m)
	}
	p[i].Orders += m.Orders
	p[i].Net += m.Net
	p[i].Refunded += m.Refunded
	return p
}

// Person is what became of one shopper of an experiment.
type Person struct {
	Holdout   bool
	Recovered bool  // ordered within the window
	Revenue   int64 // what they ordered then, net, in minor units of one currency
}

// trial is a person of a flow's experiment before it is known what is asked.
type trial struct {
	Enrolment
	orders Purse
}

// person returns the trial as one of a currency's comparison.
func (t trial) person(currency string) Person {
	p := Person{Holdout: t.Holdout, Recovered: len(t.orders) > 0}
	for _, m := range t.orders {
		if m.Currency == currency {
			p.Revenue = m.Net
		}
	}
	return p
}

// enter returns the trials of enrolments, which come in the order of their time:
// one a person, by the first of theirs. By it they stay in the group they were put
// in, whatever happened then: whether a message was sent, or held back, or they
// entered again, elsewhere, on the other side. Only so are the two groups alike
// but for chance (intention to treat).
func enter(enrolments []Enrolment) []trial {
	type key struct {
		visitor sessions.VisitorID
		cart    ID
		session sessions.SessionID
	}
	seen := map[key]bool{}
	var trials []trial
	for _, e := range enrolments {
		k := key{visitor: e.Visitor}
		if e.Visitor == 0 { // nobody known: the cart stands for whoever it is
			k = key{cart: e.Cart, session: e.Session}
		}
		if !seen[k] {
			seen[k] = true
			trials = append(trials, trial{Enrolment: e})
		}
	}
	return trials
}

// observe credits to trials the sales of their persons within the window after
// they entered, the group that was held out like the other.
func observe(trials []trial, sales []Sale, window time.Duration) {
	index := indexSales(sales)
	for i := range trials {
		t := &trials[i]
		for _, s := range index.of(t.Visitor, t.Cart) {
			if s.Occurred >= t.Entered && s.Occurred <= t.Entered.Add(window) {
				t.orders = t.orders.add(s.Order)
			}
		}
	}
}
