package wire

import (
	"strings"

	"cartwright/sessions"
)

// WooCommerce reads a webhook of WooCommerce into events. The ids of products,
// variants, customers and orders are its numbers as they are written. It tells of no
// carts; an order ends the carts of its buyer, or the one that its meta data name.
func (d *Decoder) WooCommerce(w Delivery) (Told, *sessions.Rejected) {
	t := &teller{platform: "woocommerce", currency: d.Currency, delivery: w}
	switch w.Topic {
	case "order.created", "order.updated", "order.restored":
		return t.tell(t.wooOrder())
	case "order.deleted":
		return t.tell(t.wooOrderDeleted())
	case "product.created", "product.updated", "product.restored":
		return t.tell(t.wooProduct())
	case "product.deleted":
		var p struct{ ID value }
		r := t.read(&p, aDeletion)
		if r == nil {
			r = t.removed(p.ID, w.ID)
		}
		return t.tell(r)
	case "customer.created", "customer.updated":
		var c struct {
			ID, Email value
			Modified  value `json:"date_modified_gmt"`
			Created   value `json:"date_created_gmt"`
		}
		r := t.read(&c, aCustomer)
		if r == nil {
			r = t.customer(buyerOf("", c.ID, c.Email), max(when(c.Modified), when(c.Created)))
		}
		return t.tell(r)
	}
	return t.tell(t.ignore("nothing is done with the topic " + w.Topic))
}

// wooOrderBody is an order.
type wooOrderBody struct {
	ID, Status, Currency, Total value

	CustomerID value `json:"customer_id"`
	OrderKey   value `json:"order_key"`
	Billing    struct{ Email value }
	Created    value `json:"date_created_gmt"`
	Modified   value `json:"date_modified_gmt"`
	Paid       value `json:"date_paid_gmt"`
	LineItems  []struct {
		ProductID   value `json:"product_id"`
		VariationID value `json:"variation_id"`
		Quantity    value
		Price       value
	} `json:"line_items"`
	Refunds []struct{ ID, Total value }
	Meta    []struct{ Key, Value value } `json:"meta_data"`
}

// note returns what an order's meta data say under a key.
func (b wooOrderBody) note(key string) string {
	for _, m := range b.Meta {
		if strings.TrimPrefix(textOf(m.Key), "_") == key {
			return idWithin(textOf(m.Value))
		}
	}
	return ""
}

// wooOrder reads an order. WooCommerce makes one as soon as the shopper goes to pay:
// until the payment is made, or was promised (on-hold: by bank transfer or cheque),
// it is a checkout and no purchase, and one whose payment failed never was.
func (t *teller) wooOrder() *refusal {
	var b wooOrderBody
	if r := t.read(&b, anOrder); r != nil {
		return r
	}
	currency, places := t.money(b.Currency)
	o := order{
		id: idOf(b.ID), at: when(b.Paid), updated: max(when(b.Modified), when(b.Created)),
		buyer: buyerOf(b.note(anonymousNote), b.CustomerID, b.Billing.Email),
		cart:  b.note("cartwright_cart_id"), checkout: idOf(b.OrderKey),
		currency: currency, total: amount(b.Total, places),
	}
	if o.at == 0 {
		o.at = when(b.Created)
	}
	for _, i := range b.LineItems {
		if l, ok := soldLine(i.ProductID, i.VariationID, i.Quantity, i.Price, places); ok {
			o.lines = append(o.lines, l)
		}
	}
	o.lines = believed(o.lines)
	for _, r := range b.Refunds {
		// A refund's total is written as a negative number.
		text := strings.TrimPrefix(textOf(r.Total), "-")
		o.refunds = append(o.refunds, refund{idOf(r.ID), o.updated, amount([]byte(`"`+text+`"`), places)})
	}
	switch status := strings.TrimPrefix(textOf(b.Status), "wc-"); status {
	case "processing", "completed", "on-hold", "refunded":
		o.purchased = true
	case "cancelled", "failed", "trash":
		o.cancelled = true
	case "pending", "checkout-draft", "auto-draft", "draft":
		return t.wooCheckout(o)
	default: // of the shop's own making
		o.purchased = given(b.Paid)
	}
	return t.order(o)
}

// wooCheckout adds that somebody went to pay.
func (t *teller) wooCheckout(o order) *refusal {
	if o.id == "" {
		return refuse(CodeOrderIDMissing, "the order has no id")
	}
	e := t.once(sessions.CheckoutStarted, "checkout "+o.id+" started", o.at)
	e.Cart, e.Checkout, e.Currency, e.Lines = sessions.CartID(o.cart), sessions.CheckoutID(o.checkout), o.currency, o.lines
	o.buyer.identify(e)
	return nil
}

// wooOrderDeleted reads the id of an order that was thrown away. Orders, like products,
// can be brought back and thrown away again.
func (t *teller) wooOrderDeleted() *refusal {
	var b struct{ ID value }
	if r := t.read(&b, aDeletion); r != nil {
		return r
	}
	id := idOf(b.ID)
	if id == "" {
		return refuse(CodeOrderIDMissing, "the order has no id")
	}
	t.deleted(sessions.OrderCancelled, "order "+id, t.delivery.ID).Order = sessions.OrderID(id)
	return nil
}

// wooProduct reads a product. Its price is what it costs now.
func (t *teller) wooProduct() *refusal {
	var b struct {
		ID, Name, Permalink, Price, Status value

		Created    value `json:"date_created_gmt"`
		Modified   value `json:"date_modified_gmt"`
		Visibility value `json:"catalog_visibility"`
		Stock      value `json:"stock_status"`
		Images     []struct{ Src value }
		Categories []struct{ Name value }
		Brands     []struct{ Name value }
	}
	if r := t.read(&b, aProduct); r != nil {
		return r
	}
	_, places := t.money(nil)
	p := &sessions.Product{
		ID: sessions.ProductID(idOf(b.ID)), Name: textOf(b.Name), URL: textOf(b.Permalink), Price: amount(b.Price, places),
		Hidden: given(b.Status) && textOf(b.Status) != "publish" || textOf(b.Visibility) == "hidden",
	}
	if given(b.Stock) {
		inStock := textOf(b.Stock) != "outofstock"
		p.InStock = &inStock
	}
	if len(b.Images) > 0 {
		p.ImageURL = textOf(b.Images[0].Src)
	}
	if len(b.Categories) > 0 {
		p.Category = textOf(b.Categories[0].Name)
	}
	if len(b.Brands) > 0 {
		p.Brand = textOf(b.Brands[0].Name)
	}
	return t.product(p, max(when(b.Modified), when(b.Created)))
}
