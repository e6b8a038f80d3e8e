package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cartwright/sessions"
)

func TestCart(t *testing.T) {
	e, errs := shop.Cart("c1", []byte(`{"visitor":{"anonymous_id":"a","user_id":42,"email":"A@b.org"},"currency":"gbp",
		"lines":[{"product_id":"p","variant_id":"v","quantity":2,"unit_price":1999},{"product_id":7,"quantity":1}],
		"occurred_at":"2026-11-23T19:59:00Z"}`), received)
	if errs != nil {
		t.Fatal(errs)
	}
	want := `cart_updated {"anonymous_id":"a","user_id":"42","email":"a@b.org","cart_id":"c1","currency":"GBP",` +
		`"lines":[{"product_id":"p","variant_id":"v","quantity":2,"unit_price":1999},{"product_id":"7","quantity":1}],"original_at":1795463940000}`
	if got := show(e); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if e.Source != sessions.Backend || e.Received != received || e.Occurred != at("2026-11-23T19:59:00Z") {
		t.Errorf("source %s, received %d, occurred %d", e.Source, e.Received, e.Occurred)
	}
}

func TestOrder(t *testing.T) {
	const body = `{"order_id":"o1","cart_id":"c1","total":2500,"visitor":{"email":"a@b.org"},"occurred_at":"2030-01-01T00:00:00Z"}`
	e, errs := shop.Order([]byte(body), received)
	if errs != nil {
		t.Fatal(errs)
	}
	again, _ := shop.Order([]byte(body), received)
	more, _ := shop.Order([]byte(strings.Replace(body, `"c1"`, `"c2"`, 1)), received)
	if e.MessageID != again.MessageID || e.MessageID == more.MessageID {
		t.Errorf("message ids %q, again %q, of another body %q", e.MessageID, again.MessageID, more.MessageID)
	}
	want := `order_completed {"message_id":"` + e.MessageID + `","email":"a@b.org","cart_id":"c1","order_id":"o1","currency":"EUR","total":2500,` +
		fmt.Sprintf(`"original_at":%d}`, received)
	if got := show(e); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if e.Occurred != received {
		t.Errorf("an order of the future occurred at %d, want %d", e.Occurred, received)
	}
}

func TestProducts(t *testing.T) {
	events, errs := shop.Products([]byte(`{"products":[{"product_id":"p","name":"Mug","url":"https://shop/mug","image_url":"/mug.png","price":550,
		"category":"Kitchen","brand":"B","in_stock":false,"hidden":true,"attributes":{"size":"L"}},{"product_id":"q","currency":"JPY"}]}`), received)
	if errs != nil {
		t.Fatal(errs)
	}
	want := []string{
		`product_updated {"product":{"product_id":"p","name":"Mug","url":"https://shop/mug","image_url":"/mug.png","price":550,"currency":"EUR",` +
			`"category":"Kitchen","brand":"B","in_stock":false,"hidden":true,"attributes":{"size":"L"}}}`,
		`product_updated {"product":{"product_id":"q","currency":"JPY"}}`,
	}
	for i, e := range events {
		if got := show(e); got != want[i] {
			t.Errorf("\n got %s\nwant %s", got, want[i])
		}
	}
	if len(events) != len(want) {
		t.Errorf("%d events, want %d", len(events), len(want))
	}
}

// mistakes renders errors as "pointer code" in order.
func mistakes(errs []FieldError) string {
	var lines []string
	for _, e := range errs {
		lines = append(lines, strings.TrimSpace(e.Pointer+" "+e.Code))
	}
	return strings.Join(lines, ", ")
}

func TestFormsTellAllMistakes(t *testing.T) {
	cart := func(body string) []FieldError { _, errs := shop.Cart("c", []byte(body), received); return errs }
	order := func(body string) []FieldError { _, errs := shop.Order([]byte(body), received); return errs }
	products := func(body string) []FieldError { _, errs := shop.Products([]byte(body), received); return errs }
	for _, c := range []struct {
		form     func(string) []FieldError
		in, want string
	}{
		{cart, ``, "invalid_json"},
		{cart, `null`, "invalid_json"},
		{cart, `[]`, "invalid_json"},
		{cart, `{"lines":[]} true`, "invalid_json"},
		{cart, `{"visitor":{"user_id":"\u0000"},"lines":[]}`, "invalid_text"},
		{cart, `{}`, "/visitor identity_missing, /lines required"},
		{cart, `{"visitor":{},"lines":null}`, "/lines invalid_type, /visitor identity_missing"},
		{cart, `{"visitor":{"email":"x"},"lines":[]}`, "/visitor/email invalid_email"},
		{cart, `{"visitor":5,"lines":[]}`, "/visitor invalid_type"},
		{
			cart,
			`{"visitor":{"user_id":"u","phone":"1"},"currency":"EURO","lines":[{"product_id":"","quantity":-1},{"unit_price":1.5},7],"a/b~":0,"occurred_at":""}`,
			"/visitor/phone unknown_field, /currency invalid_currency, /lines/0/product_id required, /lines/0/quantity invalid_quantity, " +
				"/lines/1/unit_price invalid_amount, /lines/1/product_id required, /lines/1/quantity required, /lines/2 invalid_type, " +
				"/a~1b~0 unknown_field, /occurred_at invalid_time",
		},
		{cart, `{"visitor":{"user_id":"` + strings.Repeat("u", 256) + `"},"lines":[{"product_id":"p","quantity":"2"}]}`, "/visitor/user_id too_long, /lines/0/quantity invalid_type"},
		{cart, `{"visitor":{"user_id":"u"},"lines":[{"product_id":"p","quantity":1000000,"unit_price":1000000000000}]}`, "/lines invalid_amount"},
		{order, `{"visitor":{"user_id":"u"}}`, "/order_id required"},
		{order, `{"visitor":{"user_id":true},"order_id":1,"total":-1,"lines":{}}`, "/visitor/user_id invalid_type, /total invalid_amount, /lines invalid_type"},
		{products, `{}`, "/products required"},
		{products, `{"products":[{"name":null,"in_stock":"yes","url":"javascript:alert(1)","image_url":"//evil","attributes":[],"price":"5","x":1}]}`,
			"/products/0/name invalid_type, /products/0/in_stock invalid_type, /products/0/url invalid_url, /products/0/image_url invalid_url, " +
				"/products/0/attributes invalid_type, /products/0/price invalid_type, /products/0/x unknown_field, /products/0/product_id required"},
		{products, `{"products":[` + strings.Repeat(`{"product_id":"p"},`, MaxItems) + `{}]}`, "/products too_large"},
	} {
		if got := mistakes(c.form(c.in)); got != c.want {
			t.Errorf("%.120s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
	if _, errs := shop.Cart("", []byte(`{"visitor":{"user_id":"u"},"lines":[]}`), received); mistakes(errs) != "too_long" {
		t.Errorf("a cart without an id: %v", errs)
	}
	if n := len(cart(`{"lines":[` + strings.Repeat("0,", 500) + `0]}`)); n != maxErrors {
		t.Errorf("%d mistakes told, want %d", n, maxErrors)
	}
}

func TestEmptyCartIsACart(t *testing.T) {
	e, errs := shop.Cart("c", []byte(`{"visitor":{"anonymous_id":"a"},"lines":[]}`), received)
	if errs != nil || len(e.Lines) != 0 || e.Kind != sessions.CartUpdated {
		t.Errorf("%v, %v", e, errs)
	}
}

func FuzzForms(f *testing.F) {
	f.Add([]byte(`{"order_id":"o","visitor":{"user_id":"u"},"lines":[{"product_id":"p","quantity":1,"unit_price":1}],"total":1,"currency":"EUR"}`))
	f.Add([]byte(`{"products":[{"product_id":"p","attributes":{}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		cart, errs := shop.Cart("c", body, received)
		if (cart == nil) == (len(errs) == 0) {
			t.Fatalf("%q: cart %v, errors %v", body, cart, errs)
		}
		order, errs := shop.Order(body, received)
		if (order == nil) == (len(errs) == 0) || order != nil && order.Order == "" {
			t.Fatalf("%q: order %v, errors %v", body, order, errs)
		}
		products, _ := shop.Products(body, received)
		for _, e := range products {
			if payload, err := json.Marshal(e.Payload); err != nil || e.Product.ID == "" {
				t.Fatalf("%q: product %s: %v", body, payload, err)
			}
		}
	})
}
