package wire

// record is what a platform's webhook is about.
type record string

// The records, and a deletion, which is nothing but the id of one.
const (
	aCart     record = "cart"
	aCheckout record = "checkout"
	anOrder   record = "order"
	aRefund   record = "refund"
	aProduct  record = "product"
	aCustomer record = "customer"
	aDeletion record = "deletion"
)

// recordOf returns which of a platform's records have a key, if all of one kind have
// it and none of another, else "".
func recordOf(platform, key string) record {
	switch platform + " " + key {
	case "shopify abandoned_checkout_url":
		return aCheckout
	case "shopify financial_status", "woocommerce line_items":
		return anOrder
	case "shopify refund_line_items":
		return aRefund
	case "shopify variants", "woocommerce catalog_visibility":
		return aProduct
	case "shopify verified_email", "woocommerce username":
		return aCustomer
	}
	return ""
}

// keysOf are what the keys of a body say of it: one that only the wanted record has,
// one that only another has, and one that no deletion has.
type keysOf struct{ own, other, more string }

// keys looks through the body's keys.
func (t *teller) keys(want record) (k keysOf) {
	var id, token value
	note := func(found record, key string) {
		if found == want {
			k.own = key
		} else if found != "" {
			k.other = key
		}
	}
	members(t.delivery.Body, func(key, v []byte) {
		name := string(key)
		note(recordOf(t.platform, name), name)
		switch name {
		case "id":
			id = v
		case "admin_graphql_api_id":
		case "token":
			token, k.more = v, name
		default:
			k.more = name
		}
	})
	if t.platform == "shopify" && isText(id) && string(id) == string(token) { // all others have numbers
		note(aCart, "token")
	}
	return k
}

// shaped refuses a body that is not what its topic says. The header with the topic is
// not signed: whoever came by an order's webhook could tell it again as a deletion, and
// the order would be cancelled. Platforms leave keys out when a shop or a plugin asks them
// to, so that only those of another record speak against a body.
func (t *teller) shaped(want record) *refusal {
	topic, k := t.delivery.Topic, t.keys(want)
	switch {
	case want == aDeletion && k.more != "":
		return refuse(CodeTopicMismatch, "the topic is %.40s, but the body is more than an id: it has %.40q", topic, k.more)
	case want == aDeletion || k.own != "":
		return nil
	case k.other != "":
		return refuse(CodeTopicMismatch, "the topic is %.40s, but the body is that of no %s: it has %q", topic, want, k.other)
	case k.more == "":
		return refuse(CodeTopicMismatch, "the topic is %.40s, but the body is nothing but an id, as that of a deletion is", topic)
	}
	return nil
}
