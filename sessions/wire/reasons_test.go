package wire

import (
	"strings"
	"testing"

	"cartwright/sessions"
)

// What is refused says what would have been right.
func TestReasons(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	item := func(body string) string {
		_, r := shop.Item(0, []byte(body), Arrival{Received: received, Source: sessions.Browser})
		return r.Reason
	}
	order := func(body string) string { _, errs := shop.Order([]byte(body), received); return errs[0].String() }
	cart := func(body string) string { _, errs := shop.Cart("c", []byte(body), received); return errs[0].String() }
	products := func(body string) string { _, errs := shop.Products([]byte(body), received); return errs[0].String() }
	envelope := func(body string) string { _, err := OpenEnvelope([]byte(body), "batch"); return err.Error() }
	webhook := func(body string) string {
		_, r := shop.Shopify(Delivery{Topic: "carts/update", Received: received, Body: []byte(body)})
		return r.Reason
	}
	const zone = " is no time of RFC 3339 with its zone, such as 2026-11-27T10:00:00Z, in the years 1970 to 9999"
	const nested = " has arrays and objects within one another deeper than 100"
	const broken = " is not one valid JSON object"
	for _, c := range []struct {
		read     func(string) string
		in, want string
	}{
		{item, `{"type":"page","anonymousId":"a","timestamp":"2026-11-27T10:00:00"}`, `timestamp "2026-11-27T10:00:00"` + zone},
		{item, `{"type":"page","anonymousId":"a","originalTimestamp":"2026-11-27"}`, `originalTimestamp "2026-11-27"` + zone},
		{cart, `{"visitor":{"user_id":"u"},"lines":[],"occurred_at":"2026-11-27"}`, `/occurred_at: "2026-11-27"` + zone},
		{order, `{"visitor":{"user_id":"u"},"order_id":""}`, "/order_id: must not be empty"},
		{order, `{"visitor":{"user_id":"u"},"order_id":"o","cart_id":""}`, "/cart_id: must not be empty; leave it out instead"},
		{cart, `{"visitor":{"user_id":"u"},"lines":[{"product_id":"","quantity":1}]}`, "/lines/0/product_id: must not be empty"},
		{cart, `{"visitor":{"user_id":"u"},"lines":[{"product_id":"p","variant_id":"","quantity":1}]}`, "/lines/0/variant_id: must not be empty; leave it out instead"},
		{products, `{"products":[{"product_id":""}]}`, "/products/0/product_id: must not be empty"},
		{item, `{"x":` + deep + `}`, "the item" + nested}, {order, `{"x":` + deep + `}`, "the body" + nested},
		{envelope, `{"batch":[` + deep + `]}`, "the body" + nested}, {webhook, `{"x":` + deep + `}`, "the body" + nested},
		{item, `{"x":` + deep[1:] + `}`, "the item" + broken}, {item, `{"x":` + deep[1:len(deep)-1] + `}]`, "the item" + broken},
		{order, `{"x":`, "the body" + broken}, {envelope, `[[]]`, "the body" + broken}, {webhook, ``, "the body" + broken},
	} {
		if got := c.read(c.in); got != c.want {
			t.Errorf("%.100s:\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}
