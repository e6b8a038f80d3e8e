package wire

import (
	"strings"

	"cartwright/sessions"
)

// Cart reads the body of PUT /v1/carts/{id}, the whole cart as it is now, into
// an event that replaces all its lines. It returns either the event or every
// mistake in the body.
func (d *Decoder) Cart(id sessions.CartID, body []byte, now sessions.Millis) (*sessions.Event, []FieldError) {
	e := d.restEvent(sessions.CartUpdated, now)
	e.Cart = id
	var f Form
	hasLines := false
	read := f.Body(body, func(key string, value []byte, at string) bool {
		hasLines = hasLines || key == "lines"
		return f.purchase(e, key, value, at, now)
	})
	if read {
		f.identified(e)
		if !hasLines {
			f.Fail("/lines", CodeRequired, "a cart needs its lines; an empty array empties it")
		}
	}
	if r := tooLong("the cart's id", string(id)); r != nil || id == "" {
		f.Fail("", CodeTooLong, "the cart's id must have 1 to %d bytes", maxID)
	}
	if !storable([]byte(id)) {
		f.Fail("", CodeInvalidText, "the cart's id is not valid UTF-8 or holds U+0000")
	}
	return f.event(e)
}

// Order reads the body of POST /v1/orders into an event. An order is one per
// order id, so its id is the event's message id too: sent again after a lost
// answer, it is a duplicate. It returns either the event or every mistake in the
// body.
func (d *Decoder) Order(body []byte, now sessions.Millis) (*sessions.Event, []FieldError) {
	e := d.restEvent(sessions.OrderCompleted, now)
	var f Form
	hasOrder := false
	read := f.Body(body, func(key string, value []byte, at string) bool {
		switch key {
		case "order_id":
			hasOrder = true
			e.Order = sessions.OrderID(f.ownID(value, at))
		case "cart_id":
			e.Cart = sessions.CartID(f.id(value, at))
		case "checkout_id":
			e.Checkout = sessions.CheckoutID(f.id(value, at))
		case "total":
			e.Total = f.amount(value, at)
		default:
			return f.purchase(e, key, value, at, now)
		}
		return true
	})
	if read {
		f.identified(e)
		if !hasOrder {
			f.Fail("/order_id", CodeRequired, "an order needs its id")
		}
	}
	// A name that no sender would choose: a message id of theirs must not hide an
	// order. One that is told again with more, such as the cart it ends, is news.
	e.MessageID = "POST /v1/orders " + digest(string(body))
	return f.event(e)
}

// Products reads the body of PUT /v1/products into one event for each product,
// in order. It returns either the events or every mistake in the body.
func (d *Decoder) Products(body []byte, now sessions.Millis) ([]*sessions.Event, []FieldError) {
	var f Form
	var events []*sessions.Event
	hasProducts := false
	read := f.Body(body, func(key string, value []byte, at string) bool {
		if key != "products" {
			return false
		}
		hasProducts = true
		f.Array(value, at, MaxItems, func(value []byte, at string) {
			e := d.restEvent(sessions.ProductUpdated, now)
			e.Currency = ""
			e.Product = f.product(value, at, d.Currency)
			events = append(events, e)
		})
		return true
	})
	if read && !hasProducts {
		f.Fail("/products", CodeRequired, "the body needs products, an array")
	}
	if len(f.Errors) > 0 {
		return nil, f.Errors
	}
	return events, nil
}

// restEvent returns an event of a shop's backend in the shop's currency.
func (d *Decoder) restEvent(k sessions.Kind, now sessions.Millis) *sessions.Event {
	return &sessions.Event{
		Kind: k, Source: sessions.Backend, Received: now, Occurred: now,
		Payload: sessions.Payload{Currency: d.Currency},
	}
}

// event returns e, or the mistakes.
func (f *Form) event(e *sessions.Event) (*sessions.Event, []FieldError) {
	if len(f.Errors) == 0 && !credible(e.Lines) {
		f.Fail("/lines", CodeInvalidAmount, "the lines are together worth more than %d minor units", maxSum)
	}
	if len(f.Errors) > 0 {
		return nil, f.Errors
	}
	return e, nil
}

// purchase reads a field that carts and orders share.
func (f *Form) purchase(e *sessions.Event, key string, value []byte, at string, now sessions.Millis) bool {
	switch key {
	case "visitor":
		f.visitor(e, value, at, now)
	case "currency":
		e.Currency = f.currency(value, at)
	case "lines":
		e.Lines = nil
		f.Array(value, at, MaxItems, func(value []byte, at string) { e.Lines = append(e.Lines, f.line(value, at)) })
	case "occurred_at":
		e.Original = f.instant(value, at, now)
		e.Occurred = e.Original
	default:
		return false
	}
	return true
}

// visitor reads whose cart or order it is.
func (f *Form) visitor(e *sessions.Event, value []byte, at string, now sessions.Millis) {
	f.Object(value, at, func(key string, value []byte, at string) bool {
		switch key {
		case "anonymous_id":
			e.Anonymous = sessions.AnonymousID(f.id(value, at))
		case "user_id":
			e.Customer = sessions.CustomerID(f.id(value, at))
		case "email":
			e.Email = f.email(value, at)
		case "consent":
			f.consents(e, value, at, now)
		default:
			return false
		}
		return true
	})
	if e.Mail != nil && e.Email == "" && !f.failedBelow(at+"/email") {
		f.Fail(at+"/email", CodeRequired, "a consent to mails needs the address that it is about")
	}
}

// identified notes when nothing says whose event it is. A visitor that was
// refused for something else has been told of already.
func (f *Form) identified(e *sessions.Event) {
	if e.Anonymous == "" && e.Customer == "" && e.Email == "" && !f.failedBelow("/visitor") {
		f.Fail("/visitor", CodeIdentityMissing, "visitor needs one of anonymous_id, user_id and email")
	}
}

// failedBelow reports whether a mistake was noted at the pointer or under it.
func (f *Form) failedBelow(at string) bool {
	for _, e := range f.Errors {
		if strings.HasPrefix(e.Pointer, at) {
			return true
		}
	}
	return false
}

// line reads one line of a cart or order.
func (f *Form) line(value []byte, at string) sessions.Line {
	l := sessions.Line{Quantity: 1}
	hasProduct, hasQuantity := false, false
	f.Object(value, at, func(key string, value []byte, at string) bool {
		switch key {
		case "product_id":
			hasProduct = true
			l.Product = sessions.ProductID(f.ownID(value, at))
		case "variant_id":
			l.Variant = sessions.VariantID(f.id(value, at))
		case "quantity":
			hasQuantity = true
			l.Quantity = f.quantity(value, at)
		case "unit_price":
			l.UnitPrice = f.amount(value, at)
		default:
			return false
		}
		return true
	})
	f.require(value, at, "product_id", hasProduct)
	f.require(value, at, "quantity", hasQuantity)
	return l
}

// product reads one catalog entry.
func (f *Form) product(value []byte, at, currency string) *sessions.Product {
	p := &sessions.Product{}
	hasProduct := false
	f.Object(value, at, func(key string, value []byte, at string) bool {
		switch key {
		case "product_id":
			hasProduct = true
			p.ID = sessions.ProductID(f.ownID(value, at))
		case "name":
			p.Name = f.Text(value, at)
		case "url":
			p.URL = f.url(value, at)
		case "image_url":
			p.ImageURL = f.url(value, at)
		case "price":
			p.Price = f.amount(value, at)
		case "currency":
			p.Currency = f.currency(value, at)
		case "category":
			p.Category = f.Text(value, at)
		case "brand":
			p.Brand = f.Text(value, at)
		case "in_stock":
			in := f.Flag(value, at)
			p.InStock = &in
		case "hidden":
			p.Hidden = f.Flag(value, at)
		case "attributes":
			p.Attributes = f.attributes(value, at)
		default:
			return false
		}
		return true
	})
	f.require(value, at, "product_id", hasProduct)
	if p.Price != nil && p.Currency == "" {
		p.Currency = currency
	}
	return p
}
