package wire

import "cartwright/sessions"

// order is an order as a platform tells of it.
type order struct {
	id             string
	purchased      bool // it counts as an order
	cancelled      bool // it does not, or no more
	at, updated    sessions.Millis
	buyer          buyer
	cart, checkout string
	currency       string
	total          *int64
	lines          []sessions.Line
	refunds        []refund
}

// refund is money that went back.
type refund struct {
	id     string
	at     sessions.Millis
	amount *int64
}

// order adds the events of an order: that it was placed, once for ever; its
// refunds, each once; and how it stands now. Only the first is an act of the buyer.
func (t *teller) order(o order) *refusal {
	if o.id == "" {
		return refuse(CodeOrderIDMissing, "the order has no id")
	}
	if !o.purchased && !o.cancelled {
		return t.ignore("the order is not paid or placed yet")
	}
	if o.purchased {
		e := t.once(sessions.OrderCompleted, "order "+o.id, o.at)
		o.describe(e)
		o.buyer.identify(e)
	}
	for _, r := range o.refunds {
		t.refund(o.id, o.currency, r)
	}
	kind := sessions.OrderUpdated
	if o.cancelled {
		kind = sessions.OrderCancelled
	}
	o.describe(t.state(kind, o.id, o.updated))
	return nil
}

// describe puts what an order is about into an event.
func (o order) describe(e *sessions.Event) {
	e.Order = sessions.OrderID(o.id)
	e.Cart, e.Checkout = sessions.CartID(o.cart), sessions.CheckoutID(o.checkout)
	e.Currency, e.Total, e.Lines = o.currency, o.total, o.lines
}

// refund adds a refund, unless nothing went back, as when goods were only put
// back on the shelf.
func (t *teller) refund(order, currency string, r refund) {
	if r.id == "" || r.amount == nil || *r.amount == 0 {
		return
	}
	at := r.at
	if at == 0 {
		at = t.delivery.Received
	}
	e := t.once(sessions.OrderRefunded, "refund "+r.id, at)
	e.Order, e.Currency, e.Total = sessions.OrderID(order), currency, r.amount
}
