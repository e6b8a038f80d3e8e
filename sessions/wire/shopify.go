package wire

import (
	"strings"

	"cartwright/sessions"
)

// Shopify reads a webhook of Shopify into events. The ids of products, carts and
// orders are Shopify's numbers and tokens as they are written. A cart is named by
// its token, a checkout without a cart by its own, and orders name both.
func (d *Decoder) Shopify(w Delivery) (Told, *sessions.Rejected) {
	t := &teller{platform: "shopify", currency: d.Currency, delivery: w}
	switch w.Topic {
	case "carts/create", "carts/update":
		return t.tell(t.shopifyCart())
	case "checkouts/create", "checkouts/update":
		return t.tell(t.shopifyCheckout())
	case "orders/create", "orders/paid", "orders/updated", "orders/cancelled":
		return t.tell(t.shopifyOrder())
	case "refunds/create":
		return t.tell(t.shopifyRefund())
	case "products/create", "products/update":
		return t.tell(t.shopifyProduct())
	case "products/delete":
		var p struct{ ID value }
		r := t.read(&p, aDeletion)
		if r == nil {
			r = t.removed(p.ID, "") // which nobody can bring back
		}
		return t.tell(r)
	case "customers/create", "customers/update":
		var c shopifyCustomer
		r := t.read(&c, aCustomer)
		if r == nil {
			r = t.customer(c.consenting(buyerOf("", c.ID, c.Email), c.Accepts), when(c.UpdatedAt))
		}
		return t.tell(r)
	}
	return t.tell(t.ignore("nothing is done with the topic " + w.Topic))
}

// shopifyLine is one product of a cart, a checkout or an order.
type shopifyLine struct {
	ProductID value `json:"product_id"`
	VariantID value `json:"variant_id"`
	Quantity  value
	Price     value
	PriceSet  struct {
		ShopMoney struct {
			CurrencyCode value `json:"currency_code"`
		} `json:"shop_money"`
	} `json:"price_set"`
}

// shopifyNote is one of a cart's attributes, which its order takes over.
type shopifyNote struct{ Name, Value value }

// anonymousNote is the attribute by which a storefront's theme may tell whose cart
// it is, by the anonymous id of the tracker.
const anonymousNote = "cartwright_anonymous_id"

func anonymousOf(notes []shopifyNote) string {
	for _, n := range notes {
		if textOf(n.Name) == anonymousNote {
			return textOf(n.Value)
		}
	}
	return ""
}

// shopifyLines returns the products of lines. Those without a product, as tips and
// custom items are, are passed over.
func shopifyLines(items []shopifyLine, places int) (lines []sessions.Line) {
	for _, i := range items {
		if l, ok := soldLine(i.ProductID, i.VariantID, i.Quantity, i.Price, places); ok {
			lines = append(lines, l)
		}
	}
	return believed(lines)
}

// shopifyCartName returns the name of the cart with a token, which a storefront
// writes with its key behind a question mark; else of a checkout without one.
func shopifyCartName(cart, checkout value) string {
	if name, _, _ := strings.Cut(idOf(cart), "?"); name != "" {
		return name
	}
	if token := idOf(checkout); token != "" {
		return idWithin("checkout " + token)
	}
	return ""
}

// idWithin returns an id, or nothing if it is too long.
func idWithin(id string) string {
	if len(id) > maxID {
		return ""
	}
	return id
}

// shopifyCart reads a cart, which says nothing of its shopper.
func (t *teller) shopifyCart() *refusal {
	var c struct {
		ID, Token value
		LineItems []shopifyLine `json:"line_items"`
		Notes     []shopifyNote `json:"note_attributes"`
		UpdatedAt value         `json:"updated_at"`
	}
	if r := t.read(&c, aCart); r != nil {
		return r
	}
	name := shopifyCartName(c.Token, nil)
	if name == "" {
		name = shopifyCartName(c.ID, nil)
	}
	if name == "" {
		return refuse(CodeInvalidID, "the cart has no token")
	}
	var code value
	if len(c.LineItems) > 0 {
		code = c.LineItems[0].PriceSet.ShopMoney.CurrencyCode
	}
	e := t.state(sessions.CartUpdated, name, when(c.UpdatedAt))
	currency, places := t.money(code)
	e.Cart, e.Currency, e.Lines = sessions.CartID(name), currency, shopifyLines(c.LineItems, places)
	buyerOf(anonymousOf(c.Notes), nil).identify(e)
	return nil
}

// shopifyCheckout reads a checkout: the cart as it is paid for, and whose it is.
// One that is completed is left to its order.
func (t *teller) shopifyCheckout() *refusal {
	var c struct {
		Token       value
		CartToken   value `json:"cart_token"`
		Email       value
		Customer    shopifyCustomer
		Ticked      value `json:"buyer_accepts_marketing"`
		Currency    value
		LineItems   []shopifyLine `json:"line_items"`
		Notes       []shopifyNote `json:"note_attributes"`
		CreatedAt   value         `json:"created_at"`
		UpdatedAt   value         `json:"updated_at"`
		CompletedAt value         `json:"completed_at"`
	}
	if r := t.read(&c, aCheckout); r != nil {
		return r
	}
	token := idOf(c.Token)
	if token == "" {
		return refuse(CodeInvalidID, "the checkout has no token")
	}
	if given(c.CompletedAt) {
		return t.ignore("the checkout is completed, and its order is told by itself")
	}
	whose := c.Customer.consenting(buyerOf(anonymousOf(c.Notes), c.Customer.ID, c.Email, c.Customer.Email), ticked(c.Ticked))
	currency, places := t.money(c.Currency)
	lines := shopifyLines(c.LineItems, places)
	for _, e := range []*sessions.Event{
		t.state(sessions.CartUpdated, token, when(c.UpdatedAt)),
		t.once(sessions.CheckoutStarted, "checkout "+token+" started", when(c.CreatedAt)),
	} {
		e.Cart = sessions.CartID(shopifyCartName(c.CartToken, c.Token))
		e.Checkout, e.Currency, e.Lines = sessions.CheckoutID(token), currency, lines
		whose.identify(e)
	}
	return nil
}

// shopifyProduct reads a product. Its price is its first variant's, and it is in
// stock if one of them can be bought.
func (t *teller) shopifyProduct() *refusal {
	var b struct {
		ID, Title, Handle, Vendor, Status value

		Type        value `json:"product_type"`
		PublishedAt value `json:"published_at"`
		UpdatedAt   value `json:"updated_at"`
		Image       struct{ Src value }
		Images      []struct{ Src value }
		Variants    []struct {
			Price      value
			Management value `json:"inventory_management"`
			Policy     value `json:"inventory_policy"`
			Quantity   value `json:"inventory_quantity"`
		}
	}
	if r := t.read(&b, aProduct); r != nil {
		return r
	}
	p := &sessions.Product{
		ID: sessions.ProductID(idOf(b.ID)), Name: textOf(b.Title), Brand: textOf(b.Vendor), Category: textOf(b.Type),
		ImageURL: textOf(b.Image.Src),
		Hidden:   given(b.Status) && textOf(b.Status) != "active" || string(b.PublishedAt) == "null",
	}
	if handle := textOf(b.Handle); handle != "" {
		p.URL = "/products/" + handle
	}
	if p.ImageURL == "" && len(b.Images) > 0 {
		p.ImageURL = textOf(b.Images[0].Src)
	}
	_, places := t.money(nil)
	for i, v := range b.Variants {
		if i == 0 {
			p.Price = amount(v.Price, places)
		}
		n, known := parseDecimal(v.Quantity)
		left := !known || n.n > 0 && !n.negative
		inStock := p.InStock != nil && *p.InStock || left || textOf(v.Policy) == "continue" || string(v.Management) == "null"
		p.InStock = &inStock
	}
	return t.product(p, when(b.UpdatedAt))
}
