package wire

import (
	"maps"
	"slices"
	"testing"

	"cartwright/sessions"
)

// topicsOf are topics of platforms, each with the sample that may be told under it.
var topicsOf = map[string]map[string]string{
	"shopify": {
		"carts/update": "cart", "checkouts/update": "checkout", "orders/updated": "order", "orders/cancelled": "order",
		"refunds/create": "refund", "products/update": "product", "products/delete": "", "customers/update": "customer",
	},
	"woocommerce": {
		"order.updated": "order", "order.restored": "order", "order.deleted": "", "product.updated": "product", "product.deleted": "",
		"customer.updated": "customer",
	},
}

// A signed body told under the topic of another record says nothing; one that is short is still
// that of its own.
func TestABodyIsWhatItsTopicSays(t *testing.T) {
	d := &Decoder{Currency: "EUR"}
	for platform, topics := range topicsOf {
		decode := map[string]func(Delivery) (Told, *sessions.Rejected){"shopify": d.Shopify, "woocommerce": d.WooCommerce}[platform]
		for topic, its := range topics {
			for _, name := range append(slices.Sorted(maps.Values(topics)), "") {
				body := []byte(`{"id":7}`)
				if name != "" {
					body = inboundSample(t, platform+"/"+name, nil)
				}
				told, rejected := decode(Delivery{Topic: topic, ID: "d", Received: received, Body: body})
				switch mismatch := rejected != nil && rejected.Code == CodeTopicMismatch; {
				case name == its && (rejected != nil || len(told.Once)+len(told.State) == 0):
					t.Errorf("%s: its own %q told nothing: %+v", topic, name, rejected)
				case name != its && !mismatch:
					t.Errorf("%s: %q told %s", topic, name, toldLine(told))
				}
			}
		}
	}
	short := Delivery{Topic: "product.updated", ID: "d", Received: received, Body: []byte(`{"id":7,"name":"Mug","price":"5.00"}`)}
	if told, rejected := d.WooCommerce(short); rejected != nil || len(told.State) != 1 {
		t.Errorf("of a product without most keys nothing is told: %+v, %+v", told, rejected)
	}
}
