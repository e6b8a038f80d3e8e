package cart

import (
	"cartwright/sessions"
)

// Order is what the log says of one order id. There is one for ever, whichever
// ways it came.
type Order struct {
	ID       sessions.OrderID    `json:"order_id"`
	Seq      sessions.Seq        `json:"seq"`        // the event that first completed it; 0 when only its refund or cancellation is known
	Visitor  sessions.VisitorID  `json:"visitor_id"` // 0: nobody known
	Cart     sessions.CartID     `json:"cart_id,omitempty"`
	Checkout sessions.CheckoutID `json:"checkout_id,omitempty"`
	Customer sessions.CustomerID `json:"user_id,omitempty"`
	Email    sessions.Email      `json:"email,omitempty"`

	Currency  string          `json:"currency"`
	Total     *int64          `json:"total"` // minor units; nil when it was not told
	Lines     []sessions.Line `json:"lines"`
	Source    sessions.Source `json:"source"` // whose version lines and amounts are
	Received  sessions.Millis `json:"received_at"`
	Occurred  sessions.Millis `json:"occurred_at"`
	Refunded  int64           `json:"refunded"` // minor units
	Cancelled bool            `json:"cancelled"`
	Updated   sessions.Millis `json:"-"` // of the newest state of it that a platform told, by that one's clock
}

// trusted reports whether an order's amounts from this source count as revenue.
func trusted(s sessions.Source) bool { return s == sessions.Backend || s == sessions.Imported }

// Completed returns the order after e, an order_completed event of its id. The
// first version counts, except that the backend's takes the place of a
// browser's. A version that does not count still fills in what is missing of who
// ordered, since an order suppresses under every identity it was told with.
func (o Order) Completed(e *sessions.Event) Order {
	switch {
	case o.Seq == 0:
		o.Seq, o.Received, o.Occurred = e.Seq, e.Received, e.Occurred
		return o.named(e, true).told(e)
	case trusted(e.Source) && !trusted(o.Source):
		return o.named(e, true).told(e)
	}
	return o.named(e, false)
}

// named takes e's identities; where both have one, e's only if it is stronger.
func (o Order) named(e *sessions.Event, stronger bool) Order {
	o.Visitor = choose(o.Visitor, e.Visitor, stronger)
	o.Cart = choose(o.Cart, e.Cart, stronger)
	o.Checkout = choose(o.Checkout, e.Checkout, stronger)
	o.Customer = choose(o.Customer, e.Customer, stronger)
	o.Email = choose(o.Email, e.Email, stronger)
	return o
}

func choose[T comparable](have, come T, stronger bool) T {
	var none T
	if come != none && (stronger || have == none) {
		return come
	}
	return have
}

// told takes e's lines and amounts.
func (o Order) told(e *sessions.Event) Order {
	if e.Currency != o.Currency {
		o.Refunded = 0 // of another currency: never mixed
	}
	o.Currency, o.Total, o.Lines, o.Source = e.Currency, e.Total, e.Lines, e.Source
	return o
}

// Restated returns the order after e, an order_updated event of its id from a
// trusted source. A platform's state is the order as it is now, lines and amounts, and no
// longer cancelled. An update that does not say when it was made counts in the order of the
// log, unless a platform tells of the order. It completes nothing.
func (o Order) Restated(e *sessions.Event) Order {
	switch {
	case e.Updated < o.Updated:
		return o
	case e.Updated == 0:
		return o.named(e, true).amended(e)
	}
	o.Updated, o.Cancelled = e.Updated, false
	return o.named(e, true).told(e)
}

// amended takes those of lines and amounts that e tells: an update may be about
// something else, such as where the parcel is.
func (o Order) amended(e *sessions.Event) Order {
	switch {
	case e.Total == nil && len(e.Lines) == 0:
		return o
	case e.Currency != o.Currency, !trusted(o.Source):
		return o.told(e)
	}
	if e.Total != nil {
		o.Total = e.Total
	}
	if len(e.Lines) > 0 {
		o.Lines = e.Lines
	}
	return o
}

// Returned returns the order after e, an order_refunded or order_cancelled event
// of its id
// from a trusted source. Refunds add up; one without an amount is of everything. An amount
// in another currency than the order's is not counted.
func (o Order) Returned(e *sessions.Event) Order {
	if o.Seq == 0 {
		o = o.named(e, false)
		if o.Currency == "" {
			o.Currency = e.Currency
		}
		if o.Received == 0 {
			o.Received, o.Occurred, o.Source = e.Received, e.Occurred, e.Source
		}
	}
	if e.Kind == sessions.OrderCancelled {
		if e.Updated == 0 || e.Updated >= o.Updated {
			o.Cancelled, o.Updated = true, max(o.Updated, e.Updated)
		}
		return o
	}
	switch {
	case e.Total == nil && o.Total != nil:
		o.Refunded = max(o.Refunded, *o.Total)
	case e.Total != nil && e.Currency == o.Currency && *e.Total > 0:
		o.Refunded += min(*e.Total, MaxPrice)
	}
	return o
}
