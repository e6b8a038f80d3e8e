package api_test

import (
	"fmt"
	"strings"
)

// field is one field of a form that is wrong, and what it is answered with.
type field struct{ name, body, code string }

// attacksByForms send carts, orders and products with mistakes in them. A form that can be
// read is kept as one rejected item.
func attacksByForms() (all []attack) {
	who := `"visitor":{"user_id":"u9"}`
	cart := func(lines string) string { return `{` + who + `,"currency":"EUR","lines":` + lines + `}` }
	line := func(more string) string { return cart(`[{"product_id":"p","quantity":1` + more + `}]`) }
	long := strings.Repeat("x", 256)
	shared := []field{
		{"nothing", `{}`, "identity_missing"},
		{"nobody", `{"visitor":{},"lines":[],"order_id":"x"}`, "identity_missing"},
		{"a visitor that is none", `{"visitor":"u9","lines":[],"order_id":"x"}`, "invalid_type"},
		{"a field too many in the visitor", `{"visitor":{"user_id":"u9","id":1},"lines":[],"order_id":"x"}`, "unknown_field"},
		{"a customer of 256 bytes", `{"visitor":{"user_id":"` + long + `"},"lines":[],"order_id":"x"}`, "too_long"},
		{"an email that is none", `{"visitor":{"email":"ann"},"lines":[],"order_id":"x"}`, "invalid_email"},
		{"an email with a line break", `{"visitor":{"email":"a@b.example\nBcc: x@y.example"},"lines":[],"order_id":"x"}`, "invalid_email"},
		{"two emails", `{"visitor":{"email":"a@b.example,c@d.example"},"lines":[],"order_id":"x"}`, "invalid_email"},
		{"an email of 300 bytes", `{"visitor":{"email":"a@` + strings.Repeat("b", 300) + `"},"lines":[],"order_id":"x"}`, "invalid_email"},
		{"an unknown field", strings.Replace(line(`,"order_id":1`), "{", `{"order_id":"x","is_admin":true,`, 1), "unknown_field"},
		{"U+0000", `{"order_id":"x",` + who + `,"lines":[{"product_id":"\u0000","quantity":1}]}`, "invalid_text"},
	}
	for _, amount := range []string{"-1", "1.5", "1e13", "1e400", "9223372036854775808"} {
		shared = append(shared, field{"a price of " + amount, strings.Replace(line(`,"unit_price":`+amount), "{", `{"order_id":"x",`, 1), "invalid_amount"})
	}
	for _, quantity := range []string{"-1", "0.5", "1000001", "9223372036854775808", "1e400"} {
		shared = append(shared, field{"a quantity of " + quantity, strings.Replace(cart(`[{"product_id":"p","quantity":`+quantity+`}]`), "{", `{"order_id":"x",`, 1), "invalid_quantity"})
	}
	for _, currency := range []string{`"EURO"`, `"XXX"`, `""`, `"€"`} {
		shared = append(shared, field{"currency " + currency, `{"order_id":"x",` + who + `,"lines":[],"currency":` + currency + `}`, "invalid_currency"})
	}
	for _, instant := range []string{`"0000-01-01T00:00:00Z"`, `"10000-01-01T00:00:00Z"`, `"1969-12-31T23:59:59Z"`, `"2026-01-01T00:00:00+99:99"`, `"yesterday"`, `null`, `""`, `[]`, `-1`, `1e400`} {
		shared = append(shared, field{"time " + instant, `{"order_id":"x",` + who + `,"lines":[],"occurred_at":` + instant + `}`, "invalid_time"})
	}
	for _, wrong := range []string{"null", `"1"`, "true", "{}", "[]"} {
		shared = append(shared, field{"a quantity that is " + wrong, strings.Replace(cart(`[{"product_id":"p","quantity":`+wrong+`}]`), "{", `{"order_id":"x",`, 1), "invalid_type"})
	}
	shared = append(shared,
		field{"lines worth too much", strings.Replace(cart(`[`+repeated(`{"product_id":"p","quantity":1000000,"unit_price":999999999}`, 2)+`]`), "{", `{"order_id":"x",`, 1), "invalid_amount"},
		field{"lines that are none", strings.Replace(cart(`[1]`), "{", `{"order_id":"x",`, 1), "invalid_type"},
		field{"a line of nothing", strings.Replace(cart(`[{"quantity":1}]`), "{", `{"order_id":"x",`, 1), "required"},
		field{"an empty product", strings.Replace(cart(`[{"product_id":"","quantity":1}]`), "{", `{"order_id":"x",`, 1), "required"},
	)
	for _, f := range shared {
		// A cart has no order id: without it, else the answer would be about that.
		all = append(all,
			attack{name: f.name, request: request{method: "PUT", path: "/v1/carts/c9", key: secretKey, body: strings.Replace(strings.Replace(f.body, `"order_id":"x",`, "", 1), `,"order_id":"x"`, "", 1)}, status: 400, code: f.code, rejected: f.code},
			attack{name: f.name, request: request{method: "POST", path: "/v1/orders", key: secretKey, body: f.body}, status: 400, code: f.code, rejected: f.code})
	}
	all = append(all, as(request{method: "POST", path: "/v1/orders", key: secretKey},
		attack{name: "no id", request: request{body: `{` + who + `}`}, status: 400, code: "required", rejected: "required"},
		attack{name: "an empty id", request: request{body: `{"order_id":"",` + who + `}`}, status: 400, code: "required", rejected: "required"},
		attack{name: "an id of 256 bytes", request: request{body: `{"order_id":"` + long + `",` + who + `}`}, status: 400, code: "too_long", rejected: "too_long"},
		attack{name: "a negative total", request: request{body: `{"order_id":"x","total":-1,` + who + `}`}, status: 400, code: "invalid_amount", rejected: "invalid_amount"},
		attack{name: "2,501 lines", request: request{body: `{"order_id":"x",` + who + `,"lines":[` + repeated(`{"product_id":"p","quantity":1}`, 2501) + `]}`}, status: 413, code: "too_large"},
	)...)
	for _, id := range []string{strings.Repeat("c", 256), "%00", "a%00b", "%ff", "%c0%80", "%ed%a0%80"} {
		code := "invalid_text"
		if len(id) == 256 {
			code = "too_long"
		}
		all = append(all, attack{name: "an id that cannot be kept", request: request{method: "PUT", path: "/v1/carts/" + id, key: secretKey, body: cartBody}, status: 400, code: code, rejected: code})
	}
	return append(append(all, formsOfProducts()...), strangeForms()...)
}

func formsOfProducts() (all []attack) {
	product := func(more string) string { return `{"products":[{"product_id":"ok"},{"product_id":"p",` + more + `}]}` }
	for _, f := range []field{
		{"nothing", `{}`, "required"},
		{"an object for the list", `{"products":{}}`, "invalid_type"},
		{"null for the list", `{"products":null}`, "invalid_type"},
		{"a text among them", `{"products":["mug"]}`, "invalid_type"},
		{"one without an id", `{"products":[{"product_id":"ok"},{"name":"x"}]}`, "required"},
		{"one with an empty id", `{"products":[{"product_id":""}]}`, "required"},
		{"an id of 256 bytes", `{"products":[{"product_id":"` + strings.Repeat("x", 256) + `"}]}`, "too_long"},
		{"a script for a link", product(`"url":"javascript:alert(1)"`), "invalid_url"},
		{"data for a picture", product(`"image_url":"data:text/html,<script>"`), "invalid_url"},
		{"another scheme", product(`"url":"file:///etc/passwd"`), "invalid_url"},
		{"no scheme", product(`"url":"//evil.example/"`), "invalid_url"},
		{"a blank before the scheme", product(`"url":" javascript:alert(1)"`), "invalid_url"},
		{"a negative price", product(`"price":-1`), "invalid_amount"},
		{"half a cent", product(`"price":0.5`), "invalid_amount"},
		{"a huge price", product(`"price":1e400`), "invalid_amount"},
		{"a price in quotes", product(`"price":"1"`), "invalid_type"},
		{"a currency that is none", product(`"currency":"XXX"`), "invalid_currency"},
		{"a stock that is neither", product(`"in_stock":"yes"`), "invalid_type"},
		{"hidden by a number", product(`"hidden":1`), "invalid_type"},
		{"attributes that are a list", product(`"attributes":[]`), "invalid_type"},
		{"a name that is a number", product(`"name":7`), "invalid_type"},
		{"an unknown field", product(`"colour":"red"`), "unknown_field"},
		{"U+0000", product(`"attributes":{"a":"\u0000"}`), "invalid_text"},
	} {
		all = append(all, attack{name: f.name, request: request{method: "PUT", path: "/v1/products", key: secretKey, body: f.body}, status: 400, code: f.code, rejected: f.code})
	}
	return append(all, as(request{method: "PUT", path: "/v1/products", key: secretKey},
		attack{name: "2,501", request: request{body: `{"products":[` + repeated(`{"product_id":"p"}`, 2501) + `]}`}, status: 413, code: "too_large"},
		attack{name: "no JSON", request: request{body: `{"products":[`}, status: 400, code: "invalid_json"},
		attack{name: "nothing to put", request: request{body: `{"products":[]}`}, status: 200},
	)...)
}

// strangeForms look like attacks and are taken for what they say.
func strangeForms() (all []attack) {
	for i, id := range []string{"..%2F..%2Fetc%2Fshadow", "%27%3B%20DROP%20TABLE%20carts%3B%20--", "%3Cscript%3E", "%E2%80%AE", "%0d%0aX-Evil:%201", ".", "%2e%2e%2e", "%25%30%30"} {
		all = append(all, attack{name: "a strange id", request: request{method: "PUT", path: "/v1/carts/" + id, key: secretKey,
			body: fmt.Sprintf(`{"visitor":{"user_id":"strange%d"},"lines":[]}`, i)}, status: 200, accepted: 1})
	}
	return append(all, as(request{method: "POST", path: "/v1/orders", key: secretKey},
		attack{name: "an id twice, the last counts", request: request{body: `{"order_id":"first","order_id":"last","visitor":{"user_id":"twice"}}`}, status: 200, accepted: 1},
		attack{name: "lines twice, the last count", request: request{body: `{"order_id":"lines","visitor":{"user_id":"twice"},"lines":[{"product_id":"a","quantity":1}],"lines":[]}`}, status: 200, accepted: 1},
		attack{name: "a total of 1e2", request: request{body: `{"order_id":"1e2","visitor":{"user_id":"twice"},"total":1e2}`}, status: 200, accepted: 1},
		attack{name: "a time in the future", request: request{body: `{"order_id":"future","visitor":{"user_id":"twice"},"occurred_at":"9999-12-31T23:59:59Z"}`}, status: 200, accepted: 1},
		attack{name: "the cart of somebody else", request: request{body: `{"order_id":"theft","cart_id":"no such cart","visitor":{"user_id":"twice"}}`}, status: 200, accepted: 1},
	)...)
}
