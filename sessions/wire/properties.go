package wire

import "cartwright/sessions"

// properties are those of an item's properties that have a meaning here, their
// values as they stand. Each has the name that Segment's second e-commerce
// specification gives it; those of GA4 and of Segment's first are taken where it is
// missing.
type properties struct {
	email, query          []byte
	cart, checkout, order []byte
	currency              []byte
	total, revenue, value []byte
	product               productFields // of an event about one product
	products              []byte
	page                  pageFields
}

// productFields describe one product, in an item's properties or in one
// element of its products.
type productFields struct{ product, sku, id, itemName, variantID, variant, quantity, price []byte }

// member takes one property. Names in camel case are what some SDKs make of
// Segment's.
func (p *properties) member(key, value []byte) {
	switch string(key) {
	case "email":
		p.email = value
	case "query":
		p.query = either(value, p.query)
	case "search_term":
		p.query = either(p.query, value)
	case "cart_id", "cartId":
		p.cart = value
	case "checkout_id", "checkoutId":
		p.checkout = value
	case "order_id", "orderId":
		p.order = either(value, p.order)
	case "transaction_id":
		p.order = either(p.order, value)
	case "currency":
		p.currency = value
	case "total":
		p.total = value
	case "revenue":
		p.revenue = value
	case "value":
		p.value = value
	case "products":
		p.products = either(value, p.products)
	case "items":
		p.products = either(p.products, value)
	default:
		p.page.member(key, value)
		p.product.member(key, value)
	}
}

// member takes one field of a product.
func (p *productFields) member(key, value []byte) {
	switch string(key) {
	case "product_id", "productId":
		p.product = either(value, p.product)
	case "item_id":
		p.product = either(p.product, value)
	case "id":
		p.id = value
	case "item_name":
		p.itemName = value
	case "sku":
		p.sku = value
	case "variant_id", "variantId":
		p.variantID = value
	case "variant":
		p.variant = either(value, p.variant)
	case "item_variant":
		p.variant = either(p.variant, value)
	case "quantity":
		p.quantity = value
	case "price":
		p.price = value
	}
}

// either returns a value that was sent under its first name, else another.
func either(first, other []byte) []byte {
	if given(first) {
		return first
	}
	return other
}

// settle takes for the id of a product what can mean nothing else: the plain id, as
// Segment's first specification has it, or the item_name that GA4 takes instead of one.
// Under that specification's own names the plain id is what the second calls product_id,
// and comes before the sku.
func (p *productFields) settle(plain bool) {
	if !p.named() || plain && !hasText(p.product) && hasText(p.id) {
		p.product = p.id
	}
	if !p.named() {
		p.product = p.itemName
	}
}

// named reports whether the product has an id.
func (p *productFields) named() bool { return hasText(p.product) || hasText(p.sku) }

// line returns the product with its quantity, 1 unless told, and its price in
// minor units with places digits.
func (p *productFields) line(places int) (sessions.Line, *refusal) {
	l := sessions.Line{
		Product:  sessions.ProductID(firstText(p.product, p.sku)),
		Variant:  sessions.VariantID(firstText(p.variantID, p.variant)),
		Quantity: 1,
	}
	if r := tooLong("product_id", string(l.Product)); r != nil {
		return l, r
	}
	if r := tooLong("variant", string(l.Variant)); r != nil {
		return l, r
	}
	if given(p.quantity) {
		var ok bool
		if l.Quantity, ok = quantityOf(p.quantity); !ok {
			return l, refuse(CodeInvalidQuantity, "quantity %.40s is not an integer from 0 to %d", p.quantity, maxQuantity)
		}
	}
	var r *refusal
	l.UnitPrice, r = money("price", p.price, places)
	return l, r
}

// given reports whether a value was sent: neither absent nor null nor "".
func given(value []byte) bool {
	return len(value) > 0 && string(value) != "null" && string(value) != `""`
}

// money returns an amount in minor units with places digits, nil when none was
// sent.
func money(field string, value []byte, places int) (*int64, *refusal) {
	if !given(value) {
		return nil, nil
	}
	v, ok := amountOf(value, places)
	if !ok {
		return nil, refuse(CodeInvalidAmount, "%s %.40s is not an amount from 0 to %d minor units", field, value, maxAmount)
	}
	return &v, nil
}

// paid returns what was paid or went back: total, else revenue, else value.
func (p *properties) paid(places int) (*int64, *refusal) {
	switch {
	case given(p.total):
		return money("total", p.total, places)
	case given(p.revenue):
		return money("revenue", p.revenue, places)
	}
	return money("value", p.value, places)
}

// lines returns the products of the properties. An event about one product
// tells it in fields of its own, one about several in products; either is read
// where the other is missing. Elements without an id are passed over: an order
// must not be lost for one of them. Plain says that plain ids come before skus.
func (p *properties) lines(one, plain bool, places int) ([]sessions.Line, *refusal) {
	if one && !isArray(p.products) {
		p.product.settle(plain)
	}
	if p.product.named() && (one || !isArray(p.products)) {
		l, r := p.product.line(places)
		return []sessions.Line{l}, r
	}
	var lines []sessions.Line
	var first *refusal
	elements(p.products, func(element []byte) {
		var f productFields
		if first != nil || !isObject(element) || !members(element, f.member) {
			return
		}
		if f.settle(plain); !f.named() {
			return
		}
		l, r := f.line(places)
		lines, first = append(lines, l), r
	})
	return lines, first
}

// credible reports whether the lines together are worth no more than [maxSum].
func credible(lines []sessions.Line) bool {
	var sum int64
	for _, l := range lines {
		if l.UnitPrice != nil {
			sum += *l.UnitPrice * l.Quantity
		}
		if sum > maxSum {
			return false
		}
	}
	return true
}
