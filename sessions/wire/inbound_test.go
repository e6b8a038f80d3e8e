package wire

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cartwright/sessions"
)

// inboundSample is a body in the shape that a platform documents, with changes.
func inboundSample(t *testing.T, name string, changes []string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	body := string(text)
	for i := 0; i+1 < len(changes); i += 2 {
		if !strings.Contains(body, changes[i]) {
			t.Fatalf("%s does not hold %s", name, changes[i])
		}
		body = strings.ReplaceAll(body, changes[i], changes[i+1])
	}
	return []byte(body)
}

// toldLine says in a line what was told: acts, then states after a bar.
func toldLine(told Told) string {
	if told.Ignored != "" {
		return "ignored"
	}
	say := func(events []*sessions.Event) string {
		var words []string
		for _, e := range events {
			text := string(e.Kind)
			if e.Total != nil {
				text += fmt.Sprint(" ", *e.Total, e.Currency)
			}
			words = append(words, text)
		}
		return strings.Join(words, ", ")
	}
	return say(told.Once) + " | " + say(told.State)
}

func TestPlatformOrders(t *testing.T) {
	d := &Decoder{Currency: "EUR"}
	status := func(s string) []string { return []string{`"financial_status":"paid"`, `"financial_status":` + s} }
	is := func(s string) []string { return []string{`"status":"processing"`, `"status":"` + s + `"`} }
	unpaid := func(s string) []string {
		return append(is(s), `"date_paid_gmt":"2026-02-28T12:10:02"`, `"date_paid_gmt":null`)
	}
	const placed, off = "order_completed 6500EUR | order_updated 6500EUR", "order_completed 6500EUR | order_cancelled 6500EUR"
	refunded := `"refunds":[` + string(inboundSample(t, "shopify/refund", nil)) + `]`
	for name, c := range map[string]struct {
		platform string
		changes  []string
		want     string
	}{
		"paid":                  {"shopify", nil, placed},
		"payment pending":       {"shopify", status(`"pending"`), placed},
		"authorized":            {"shopify", status(`"authorized"`), placed},
		"no status":             {"shopify", status(`null`), placed},
		"voided":                {"shopify", status(`"voided"`), off},
		"cancelled":             {"shopify", []string{`"cancelled_at":null`, `"cancelled_at":"2026-03-01T00:00:00Z"`}, off},
		"refunded":              {"shopify", []string{`"refunds":[]`, refunded}, "order_completed 6500EUR, order_refunded 1250EUR | order_updated 6500EUR"},
		"yen":                   {"shopify", []string{`"currency":"EUR"`, `"currency":"JPY"`}, "order_completed 65JPY | order_updated 65JPY"},
		"dinar":                 {"shopify", []string{`"currency":"EUR"`, `"currency":"KWD"`}, "order_completed 65000KWD | order_updated 65000KWD"},
		"no such currency":      {"shopify", []string{`"currency":"EUR"`, `"currency":"DOGE"`}, "order_completed | order_updated"},
		"unbelievable total":    {"shopify", []string{`"total_price":"65.00"`, `"total_price":"1e30"`}, "order_completed | order_updated"},
		"processing":            {"woocommerce", nil, placed},
		"completed":             {"woocommerce", is("completed"), placed},
		"promised":              {"woocommerce", unpaid("on-hold"), placed},
		"pending":               {"woocommerce", unpaid("pending"), "checkout_started | "},
		"draft":                 {"woocommerce", unpaid("checkout-draft"), "checkout_started | "},
		"failed":                {"woocommerce", unpaid("failed"), " | order_cancelled 6500EUR"},
		"given up":              {"woocommerce", unpaid("cancelled"), " | order_cancelled 6500EUR"},
		"of the shop's making":  {"woocommerce", is("wc-shipped"), placed},
		"and not paid":          {"woocommerce", unpaid("quote"), "ignored"},
		"partly refunded":       {"woocommerce", []string{`"refunds":[]`, `"refunds":[{"id":5,"total":"-0.5"}]`}, "order_completed 6500EUR, order_refunded 50EUR | order_updated 6500EUR"},
		"nothing came back":     {"woocommerce", []string{`"refunds":[]`, `"refunds":[{"id":5,"total":"0.00"}]`}, placed},
		"a buyer of wrong form": {"woocommerce", []string{`"customer_id":26`, `"customer_id":{}`}, placed},
	} {
		t.Run(name, func(t *testing.T) {
			w := Delivery{Topic: "orders/updated", ID: "d", Received: received, Body: inboundSample(t, c.platform+"/order", c.changes)}
			decode := d.Shopify
			if c.platform == "woocommerce" {
				w.Topic, decode = "order.updated", d.WooCommerce
			}
			told, rejected := decode(w)
			if got := toldLine(told); got != c.want || rejected != nil {
				t.Errorf("%s told %q, want %q; %+v", name, got, c.want, rejected)
			}
		})
	}
}

// Ids beyond what a float holds keep their digits, and who is not known is nobody.
func TestPlatformIDs(t *testing.T) {
	d := &Decoder{Currency: "EUR"}
	order := func(changes ...string) *sessions.Event {
		told, rejected := d.Shopify(Delivery{Topic: "orders/create", Body: inboundSample(t, "shopify/order", changes), Received: received})
		if rejected != nil || len(told.Once) != 1 {
			t.Fatalf("%+v, %+v", told, rejected)
		}
		return told.Once[0]
	}
	e := order()
	if e.Order != "9007199254740999" || e.Customer != "9007199254740997" || e.MessageID != "shopify order 9007199254740999" {
		t.Errorf("%s", show(e))
	}
	if l := e.Lines[0]; len(e.Lines) != 2 || l.Product != "9007199254740993" || l.Variant != "9007199254740995" || l.Quantity != 2 || *l.UnitPrice != 1250 {
		t.Errorf("lines %+v", e.Lines)
	}
	guest := order(`"customer":{"id":9007199254740997,"email":"paula.muster@example.com"`, `"customer":{"id":null,"email":null`,
		`"email":"paula.muster@example.com"`, `"email":null`, `"contact_email":"paula.muster@example.com"`, `"contact_email":null`,
		`"name":"cartwright_anonymous_id"`, `"name":"gift"`, `"cart_token":"c0ffee6d1a2b3c4d5e6f708192a3b4c5"`, `"cart_token":null`)
	if guest.Customer != "" || guest.Email != "" || guest.Anonymous != "" || guest.Cart != "checkout chk5b1c0ffee" {
		t.Errorf("a guest: %s", show(guest))
	}
	woo, rejected := d.WooCommerce(Delivery{Topic: "order.created", Body: inboundSample(t, "woocommerce/order", []string{`"customer_id":26`, `"customer_id":0`}), Received: received})
	if rejected != nil || woo.Once[0].Customer != "" || woo.Once[0].Email != "karl.beispiel@example.com" || woo.Once[0].Lines[1].Variant != "" {
		t.Errorf("a guest of WooCommerce: %+v, %+v", toldLine(woo), rejected)
	}
}

func TestPlatformCarts(t *testing.T) {
	d := &Decoder{Currency: "USD"}
	told, rejected := d.Shopify(Delivery{Topic: "carts/update", ID: "w", Body: inboundSample(t, "shopify/cart", nil), Received: received})
	if rejected != nil || len(told.State) != 1 {
		t.Fatalf("%+v, %+v", told, rejected)
	}
	e := told.State[0]
	if e.Currency != "EUR" || e.Updated != at("2026-02-28T12:00:00Z") || e.Occurred != e.Updated || len(e.Lines) != 2 || e.Also == e.MessageID {
		t.Errorf("cart %s, updated %d, also %q", show(e), e.Updated, e.Also)
	}
	checkout, rejected := d.Shopify(Delivery{Topic: "checkouts/update", ID: "w", Body: inboundSample(t, "shopify/checkout", nil), Received: received})
	if rejected != nil || toldLine(checkout) != "checkout_started | cart_updated" || checkout.State[0].Cart != e.Cart {
		t.Errorf("checkout %s of cart %q, %+v", toldLine(checkout), checkout.State[0].Cart, rejected)
	}
}
