package wire

import (
	"os"
	"path/filepath"
	"testing"

	"cartwright/sessions"
)

// addSamples adds all samples of a platform with each of some topics.
func addSamples(f *testing.F, platform string, topics ...string) {
	f.Helper()
	files, err := filepath.Glob("testdata/" + platform + "/*.json")
	if err != nil || len(files) < 3 {
		f.Fatalf("samples %v: %v", files, err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, topic := range topics {
			f.Add(topic, body)
		}
	}
	for _, body := range []string{
		`{"id":1e400,"line_items":{},"customer":"x"}`, `{"id":"\u0000"}`, `{"id":[],"line_items":[null,[],1,{"product_id":-1,"quantity":-2,"price":"-3"}]}`,
		`{"id":1,"total":"9999999999999999999","currency":"XXX","updated_at":"0000-00-00T00:00:00","refunds":[{"id":1,"total":"--1"}]}`, `[]`, `{`, "\xff",
	} {
		f.Add(topics[0], []byte(body))
	}
}

// sound fails unless what a webhook told can be appended, and nothing is told of a
// body that was refused.
func sound(t *testing.T, told Told, rejected *sessions.Rejected) {
	t.Helper()
	events := append(told.Once, told.State...)
	if (rejected != nil) == (len(events) > 0 || told.Ignored != "") {
		t.Fatalf("%d events, ignored %q, rejected %+v", len(events), told.Ignored, rejected)
	}
	if rejected != nil && (rejected.Code == "" || rejected.Reason == "") {
		t.Errorf("refused without a reason: %+v", rejected)
	}
	for _, e := range events {
		if e.MessageID == "" || e.Source != sessions.Backend || len(e.Order) > maxID || len(e.Cart) > maxID || len(e.Checkout) > maxID ||
			len(e.Anonymous) > maxID || len(e.Customer) > maxID || len(e.Email) > maxEmail {
			t.Errorf("event %s", show(e))
		}
		if e.Occurred < firstInstant || e.Occurred > lastInstant || e.Total != nil && (*e.Total < 0 || *e.Total > maxAmount) || !credible(e.Lines) {
			t.Errorf("event of %d: %s", e.Occurred, show(e))
		}
		for _, l := range e.Lines {
			if l.Product == "" || len(l.Product) > maxID || len(l.Variant) > maxID || l.Quantity < 0 || l.Quantity > maxQuantity || l.UnitPrice != nil && *l.UnitPrice < 0 {
				t.Errorf("line %+v", l)
			}
		}
	}
	for _, e := range told.State {
		if e.Updated == 0 {
			t.Errorf("a state of no time: %s", show(e))
		}
	}
}

func FuzzShopify(f *testing.F) {
	addSamples(f, "shopify", "carts/update", "checkouts/create", "orders/create", "refunds/create", "products/update", "products/delete", "customers/update", "other")
	d := &Decoder{Currency: "EUR"}
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		told, rejected := d.Shopify(Delivery{Topic: topic, ID: "id", Body: body, Received: received})
		sound(t, told, rejected)
	})
}

func FuzzWooCommerce(f *testing.F) {
	addSamples(f, "woocommerce", "order.updated", "order.deleted", "product.updated", "product.deleted", "customer.created", "other")
	d := &Decoder{Currency: "EUR"}
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		told, rejected := d.WooCommerce(Delivery{Topic: topic, ID: "id", Body: body, Received: received})
		sound(t, told, rejected)
	})
}
