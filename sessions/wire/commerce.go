package wire

import (
	"strings"

	"cartwright/sessions"
)

// commerce fills products, money and the ids of cart, checkout and order.
func (d *Decoder) commerce(e *sessions.Event, p *properties) *refusal {
	if !commercial(e.Kind) {
		return nil
	}
	e.Cart = sessions.CartID(textOf(p.cart))
	e.Checkout = sessions.CheckoutID(textOf(p.checkout))
	e.Order = sessions.OrderID(textOf(p.order))
	if aboutOrder(e.Kind) && e.Order == "" {
		e.Order = sessions.OrderID(textOf(p.product.id)) // of Segment's first specification
	}
	for _, id := range [...]struct{ field, text string }{
		{"cart_id", string(e.Cart)}, {"checkout_id", string(e.Checkout)}, {"order_id", string(e.Order)},
	} {
		if r := tooLong(id.field, id.text); r != nil {
			return r
		}
	}
	if aboutOrder(e.Kind) && e.Order == "" {
		return refuse(CodeOrderIDMissing, "%s needs properties.order_id", e.Name)
	}
	currency, places, r := d.currency(p.currency)
	if r != nil {
		return r
	}
	if e.Lines, r = p.lines(aboutProduct(e.Kind), verbFirst(e.Name), places); r != nil {
		return r
	}
	if aboutProduct(e.Kind) && len(e.Lines) == 0 {
		return refuse(CodeProductIDMissing, "%s needs properties.product_id or sku", e.Name)
	}
	if aboutOrder(e.Kind) {
		if e.Total, r = p.paid(places); r != nil {
			return r
		}
	}
	if !credible(e.Lines) {
		return refuse(CodeInvalidAmount, "the lines are together worth more than %d minor units", maxSum)
	}
	if given(p.currency) || e.Total != nil || priced(e.Lines) {
		e.Currency = currency
	}
	return nil
}

// currency returns the currency that was sent, else the shop's, with the digits
// of its amounts.
func (d *Decoder) currency(value []byte) (string, int, *refusal) {
	currency := d.Currency
	if given(value) {
		currency = strings.ToUpper(strings.TrimSpace(textOf(value)))
	}
	places, ok := Exponent(currency)
	if !ok {
		return "", 0, refuse(CodeInvalidCurrency, "%.40q is no currency of ISO 4217", currency)
	}
	return currency, places, nil
}

// priced reports whether a line has a price.
func priced(lines []sessions.Line) bool {
	for i := range lines {
		if lines[i].UnitPrice != nil {
			return true
		}
	}
	return false
}
