package api_test

import (
	"fmt"
	"strings"
)

// item is one item of a batch that is refused, and why.
type item struct{ name, body, code string }

// sale is an order or cart event with some properties.
func sale(event, properties string) string {
	return `{"type":"track","event":"` + event + `","anonymousId":"thief","properties":{` + properties + `}}`
}

// badItems are items that are read but cannot be taken.
func badItems() []item {
	long := strings.Repeat("x", 256)
	items := []item{
		{"nobody", `{"type":"page"}`, "identity_missing"},
		{"nobody, at length", `{"type":"page","anonymousId":"","userId":null}`, "identity_missing"},
		{"an object for an id", `{"type":"page","anonymousId":{"$ne":null}}`, "identity_missing"},
		{"an array for an id", `{"type":"page","userId":["a"]}`, "identity_missing"},
		{"true for an id", `{"type":"page","userId":true}`, "identity_missing"},
		{"an email and no more", `{"type":"identify","traits":{"email":"ann@example.com"}}`, "identity_missing"},
		{"an id of 256 bytes", `{"type":"page","anonymousId":"` + long + `"}`, "too_long"},
		{"a customer of 256 bytes", `{"type":"page","userId":"` + long + `"}`, "too_long"},
		{"a customer of 256 digits", `{"type":"page","userId":` + strings.Repeat("7", 256) + `}`, "too_long"},
		{"a message id of 256 bytes", `{"type":"page","anonymousId":"a","messageId":"` + long + `"}`, "too_long"},
		{"an event's name of 256 bytes", `{"type":"track","anonymousId":"a","event":"` + long + `"}`, "too_long"},
		{"a type that is none", `{"type":"delete","anonymousId":"a"}`, "unknown_type"},
		{"our own type", `{"type":"visitor.erased","anonymousId":"a"}`, "unknown_type"},
		{"a type in capitals", `{"type":"PAGE","anonymousId":"a"}`, "unknown_type"},
		{"a track of nothing", `{"type":"track","anonymousId":"a"}`, "event_missing"},
		{"a track of an object", `{"type":"track","anonymousId":"a","event":{}}`, "event_missing"},
		{"an alias of nobody", `{"type":"alias","anonymousId":"a"}`, "identity_missing"},
		{"an alias to nobody", `{"type":"alias","previousId":"u1"}`, "identity_missing"},
		{"U+0000 in an id", `{"type":"page","anonymousId":"a\u0000b"}`, "invalid_text"},
		{"U+0000 in a key", `{"type":"page","anonymousId":"a","\u0000":1}`, "invalid_text"},
		{"U+0000 far below", `{"type":"page","anonymousId":"a","properties":{"a":[{"b":"\u0000"}]}}`, "invalid_text"},
		{"U+0000 in an order", sale("Order Completed", `"order_id":"o\u0000"`), "invalid_text"},
		{"properties that are a list", `{"type":"page","anonymousId":"a","properties":[]}`, "invalid_json"},
		{"a context that is a text", `{"type":"page","anonymousId":"a","context":"x"}`, "invalid_json"},
		{"traits that are a number", `{"type":"identify","anonymousId":"a","traits":7}`, "invalid_json"},
		{"a product without its id", sale("Product Viewed", `"name":"x"`), "product_id_missing"},
		{"a product with an empty id", sale("Product Added", `"product_id":""`), "product_id_missing"},
		{"a product id that is an object", sale("Product Added", `"product_id":{}`), "product_id_missing"},
		{"a product id of 256 bytes", sale("Product Added", `"product_id":"`+long+`"`), "too_long"},
		{"a variant of 256 bytes", sale("Product Added", `"product_id":"p","variant":"`+long+`"`), "too_long"},
		{"a cart id of 256 bytes", sale("Product Added", `"product_id":"p","cart_id":"`+long+`"`), "too_long"},
		{"an order without its id", sale("Order Completed", `"total":1`), "order_id_missing"},
		{"an order id of 256 bytes", sale("Order Completed", `"order_id":"`+long+`"`), "too_long"},
		{"lines worth too much", sale("Order Completed", `"order_id":"x","products":[`+repeated(`{"product_id":"p","quantity":1000000,"price":9999999}`, 2)+`]`), "invalid_amount"},
		{"2 lines of which one is bad", sale("Order Completed", `"order_id":"x","products":[{"product_id":"p"},{"product_id":"q","quantity":-1}]`), "invalid_quantity"},
	}
	for _, quantity := range []string{"-1", "1.5", "1000001", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e18", "1e400", "1e-5", "1E999999999999", `"many"`, `"1,000"`, `"0x10"`, `" "`, "true", "[]", "{}", `"１"`} {
		items = append(items, item{"quantity " + quantity, sale("Product Added", `"product_id":"p","quantity":`+quantity), "invalid_quantity"})
	}
	for _, price := range []string{"-1", "-0.01", "1e13", "1e400", "99999999999999999999", `"12,50"`, `"$12"`, `"NaN"`, `"Infinity"`, `"1e"`, `"--1"`, "true", "[1]", `{"amount":1}`} {
		items = append(items, item{"price " + price, sale("Product Added", `"product_id":"p","price":`+price), "invalid_amount"},
			item{"total " + price, sale("Order Completed", `"order_id":"o","total":`+price), "invalid_amount"})
	}
	for _, currency := range []string{"E", "EU", "EURO", "XXX", "ZZZ", "E R", "€", "EUR USD", "ＥＵＲ", "' --", "123"} {
		items = append(items, item{"currency " + currency, sale("Product Added", `"product_id":"p","price":1,"currency":"`+currency+`"`), "invalid_currency"})
	}
	for _, instant := range []string{
		`"0000-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`, `"1969-12-31T23:59:59Z"`, `"10000-01-01T00:00:00Z"`, `"+10000-01-01T00:00:00Z"`, `"-0001-01-01T00:00:00Z"`,
		`"2026-13-01T00:00:00Z"`, `"2026-02-30T00:00:00Z"`, `"2026-01-01T24:00:00Z"`, `"2026-01-01T00:00:61Z"`, `"2026-01-01T00:00:00+99:99"`,
		`"2026-01-01"`, `"01/02/2026"`, `"now"`, `"2026-01-01T00:00:00"`, `"2026-W01-1T00:00:00Z"`, "-1", "1e400", "1e15", "9223372036854775807", "true", "[]", "{}", `"'; DROP TABLE events; --"`,
	} {
		items = append(items, item{"time " + instant, `{"type":"page","anonymousId":"a","timestamp":` + instant + `}`, "invalid_time"})
	}
	return items
}

// attacksByItems sends each bad item alone and between two good ones.
func attacksByItems() (all []attack) {
	const good = `{"type":"page","anonymousId":"canary"}`
	for _, item := range badItems() {
		all = append(all, attack{
			name: item.name, request: request{method: "POST", path: "/v1/batch", key: writeKey, body: fmt.Sprintf(`{"batch":[%s,%s,%s]}`, good, item.body, good)},
			status: 200, rejected: item.code, accepted: 2,
		})
		if item.code == "unknown_type" {
			continue // alone the path says what it is
		}
		_, kind, _ := strings.Cut(item.body, `{"type":"`)
		kind, _, _ = strings.Cut(kind, `"`)
		alone := attack{
			name: item.name, request: request{method: "POST", path: "/v1/" + kind, key: writeKey, body: item.body},
			status: 400, code: item.code, rejected: item.code,
		}
		if item.code == "invalid_json" {
			alone.rejected = ""
		}
		all = append(all, alone)
	}
	return append(all, strangeItems()...)
}

// strangeItems look like attacks and are taken for what they say.
func strangeItems() []attack {
	post := func(name, path, body string) attack {
		return attack{name: name, request: request{method: "POST", path: path, key: writeKey, body: body}, status: 200, accepted: 1}
	}
	return []attack{
		post("SQL in every field", "/v1/track", `{"event":"'; DROP TABLE events; --","anonymousId":"' OR '1'='1","messageId":"\"); --","properties":{"product_id":"' UNION SELECT * FROM keys --","x":"${jndi:ldap://x}"}}`),
		post("markup", "/v1/page", `{"anonymousId":"<script>alert(1)</script>","name":"<img src=x onerror=alert(1)>","context":{"page":{"url":"javascript:alert(1)","title":"</script>"}}}`),
		post("half a surrogate pair", "/v1/page", `{"anonymousId":"\ud800"}`),
		post("a surrogate pair the wrong way round", "/v1/page", `{"anonymousId":"x\udc00\ud800"}`),
		post("marks of direction and no width", "/v1/page", `{"anonymousId":"a\u202e\u200b\ufeffb"}`),
		post("controls as escapes", "/v1/page", `{"anonymousId":"a\r\nSet-Cookie: x=1\r\n\r\n<html>"}`),
		post("a name that other languages treat specially", "/v1/page", `{"anonymousId":"p","__proto__":{"admin":true},"constructor":{"prototype":{}},"properties":{"__proto__":{"a":1}}}`),
		post("an id twice, the last counts", "/v1/page", `{"anonymousId":"u1","anonymousId":"twice"}`),
		post("an id that is a long number", "/v1/page", `{"anonymousId":9007199254740993}`),
		post("an id that is minus nothing", "/v1/page", `{"anonymousId":-0}`),
		post("a quantity of minus nothing", "/v1/track", sale("Product Added", `"product_id":"p0","quantity":-0`)),
		post("a quantity of nothing", "/v1/track", sale("Product Added", `"product_id":"p0","quantity":0`)),
		post("more taken away than is there", "/v1/track", sale("Product Removed", `"product_id":"p0","quantity":1000000`)),
		post("a price of a millionth", "/v1/track", sale("Product Added", `"product_id":"p1","price":1e-6,"quantity":1.0e0`)),
		post("a currency in small letters", "/v1/track", sale("Product Added", `"product_id":"p2","price":1,"currency":"usd"`)),
		post("a time far in the future", "/v1/page", `{"anonymousId":"a","timestamp":"9999-12-31T23:59:59Z","sentAt":"1970-01-01T00:00:00Z"}`),
		post("an offset of a day", "/v1/page", `{"anonymousId":"a","timestamp":"2026-01-01T00:00:00+24:00"}`),
		post("a time long ago", "/v1/page", `{"anonymousId":"a","timestamp":"1970-01-01T00:00:00Z"}`),
		post("a sender's address that is none", "/v1/page", `{"anonymousId":"a","context":{"ip":"'; --","userAgent":{},"locale":[],"timezone":7,"page":"x","campaign":[1]}}`),
		post("a cart of somebody else", "/v1/track", sale("Product Added", `"product_id":"gift","cart_id":"c2"`)),
		post("a browser's cart of somebody else", "/v1/track", sale("Product Added", `"product_id":"gift","cart_id":"c3"`)),
		post("all out of a cart of somebody else", "/v1/track", sale("Product Removed", `"product_id":"cup","quantity":1000000,"cart_id":"c3"`)),
		post("an address for a cart of somebody else", "/v1/track", sale("Cart Viewed", `"cart_id":"c3","email":"thief@example.com"`)),
		post("a checkout of a cart of somebody else", "/v1/track", sale("Checkout Started", `"cart_id":"c3","checkout_id":"theft"`)),
		post("32 KB", "/v1/page", `{"anonymousId":"a","name":"`+strings.Repeat("x", 255)+`","properties":{"x":"`+strings.Repeat("x", 32000)+`"}}`),
	}
}
