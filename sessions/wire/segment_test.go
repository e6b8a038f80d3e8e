package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cartwright/sessions"
)

// received is when the items of these tests arrive.
var received = at("2026-11-23T20:00:00Z")

func at(text string) sessions.Millis {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return sessions.MillisOf(t)
}

// shop decodes as a shop in euros does.
var shop = Decoder{Currency: "EUR"}

// show renders what was decoded: kind and payload, without the properties as sent.
func show(e *sessions.Event) string {
	p := e.Payload
	p.Properties = nil
	body, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	return string(e.Kind) + " " + string(body)
}

// items are what senders write, and the events these become.
var items = []struct{ name, in, want string }{
	{
		"a product with its price in digits",
		`{"type":"track","event":"Product Added","messageId":"m1","anonymousId":"a1","properties":
			  {"product_id":"507","sku":"G-32","variant":"blue","price":18.995,"quantity":2,"currency":"usd","cart_id":"c1","url":"https://shop/p/507"}}`,
		`product_added {"message_id":"m1","name":"Product Added","anonymous_id":"a1","cart_id":"c1","currency":"USD",` +
			`"lines":[{"product_id":"507","variant_id":"blue","quantity":2,"unit_price":1900}]}`,
	},
	{
		"numbers as ids keep their digits; the name may have any case",
		`{"type":"track","event":"product viewed","userId":123,"properties":{"product_id":9007199254740993,"variant_id":7,"variant":"x"}}`,
		`product_viewed {"name":"product viewed","user_id":"123","lines":[{"product_id":"9007199254740993","variant_id":"7","quantity":1}]}`,
	},
	{
		"an order: products, total before revenue before value, the shop's currency",
		`{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":"o1","checkout_id":"k1","total":"27.50","revenue":25,
			  "value":1,"email":" Ada@Example.COM ","products":[{"product_id":"p1","quantity":"2","price":"10"},{"sku":"s2","price":5.005},{"name":"no id"}]}}`,
		`order_completed {"name":"Order Completed","user_id":"u","email":"ada@example.com","checkout_id":"k1","order_id":"o1","currency":"EUR",` +
			`"lines":[{"product_id":"p1","quantity":2,"unit_price":1000},{"product_id":"s2","quantity":1,"unit_price":501}],"total":2750}`,
	},
	{
		"revenue where total is missing, in a currency without cents",
		`{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":17,"revenue":1999.5,"currency":"JPY"}}`,
		`order_completed {"name":"Order Completed","user_id":"u","order_id":"17","currency":"JPY","total":2000}`,
	},
	{
		"a refund needs no products",
		`{"type":"track","event":"Order Refunded","userId":"u","properties":{"order_id":"o1","value":3}}`,
		`order_refunded {"name":"Order Refunded","user_id":"u","order_id":"o1","currency":"EUR","total":300}`,
	},
	{
		"a list of products",
		`{"type":"track","event":"Product List Viewed","anonymousId":"a","properties":{"products":[{"product_id":"1"},{"product_id":"2"},null,3]}}`,
		`product_list_viewed {"name":"Product List Viewed","anonymous_id":"a","lines":[{"product_id":"1","quantity":1},{"product_id":"2","quantity":1}]}`,
	},
	{
		"a search",
		`{"type":"track","event":"Products Searched","anonymousId":"a","properties":{"query":"red shoes"}}`,
		`products_searched {"name":"Products Searched","anonymous_id":"a","query":"red shoes"}`,
	},
	{
		"a checkout step",
		`{"type":"track","event":"Payment Info Entered","anonymousId":"a","properties":{"checkout_id":"k","order_id":"o","value":"not judged"}}`,
		`checkout_step {"name":"Payment Info Entered","anonymous_id":"a","checkout_id":"k","order_id":"o"}`,
	},
	{
		"an unknown name is kept, and what it calls value is its own affair",
		`{"type":"track","event":"Video Played","anonymousId":"a","properties":{"value":"high","quantity":-1,"order_id":"o"}}`,
		`custom {"name":"Video Played","anonymous_id":"a"}`,
	},
	{
		"a name of our own kinds says nothing",
		`{"type":"track","event":"decision.made","anonymousId":"a"}`,
		`custom {"name":"decision.made","anonymous_id":"a"}`,
	},
	{
		"a page's own properties come before the context's",
		`{"type":"page","name":"Home","anonymousId":"a","properties":{"url":"https://shop/1","title":"One"},
			  "context":{"page":{"url":"https://shop/2","path":"/2","referrer":"https://search/"}}}`,
		`page {"name":"Home","anonymous_id":"a","page":{"url":"https://shop/1","path":"/2","title":"One","referrer":"https://search/"}}`,
	},
	{
		"elsewhere properties.url is not the page's; the campaign comes from the context",
		`{"type":"track","event":"Product Viewed","anonymousId":"a","properties":{"product_id":"p","url":"https://shop/p"},
			  "context":{"page":{"url":"https://shop/list"},"campaign":{"source":"news","medium":"email","name":"may"}}}`,
		`product_viewed {"name":"Product Viewed","anonymous_id":"a","campaign":{"source":"news","medium":"email","name":"may"},` +
			`"page":{"url":"https://shop/list"},"lines":[{"product_id":"p","quantity":1}]}`,
	},
	{
		"an address from traits",
		`{"type":"identify","userId":"u","anonymousId":"a","traits":{"email":"X@y.org","plan":"pro"}}`,
		`identify {"anonymous_id":"a","user_id":"u","email":"x@y.org"}`,
	},
	{
		"an address from the context; one that cannot be is passed over",
		`{"type":"track","event":"x","userId":"u","properties":{"email":"nobody"},"context":{"traits":{"email":"z@y.org"}}}`,
		`custom {"name":"x","user_id":"u","email":"z@y.org"}`,
	},
	{"an alias", `{"type":"alias","userId":"u","previousId":"a"}`, `alias {"user_id":"u","previous_id":"a"}`},
	{"an alias of a browser", `{"type":"alias","userId":"u","anonymousId":"a"}`, `alias {"anonymous_id":"a","user_id":"u","previous_id":"a"}`},
	{"a group", `{"type":"group","userId":"u","groupId":"g"}`, `custom {"name":"group","user_id":"u"}`},
	{"escapes in names and keys", `{"\u0074ype":"screen","name":"\u00e9\\u0000","userId":"u"}`, `screen {"name":"é\\u0000","user_id":"u"}`},
	{"the last of equal keys counts", `{"type":"page","userId":"u","userId":"v"}`, `page {"user_id":"v"}`},
	{"null is absent", `{"type":"track","event":"Product Viewed","userId":"u","anonymousId":null,"properties":{"product_id":"p","price":null,"quantity":null,"currency":""},"context":null}`,
		`product_viewed {"name":"Product Viewed","user_id":"u","lines":[{"product_id":"p","quantity":1}]}`},
}

func TestItem(t *testing.T) {
	for _, c := range items {
		t.Run(c.name, func(t *testing.T) {
			e, r := shop.Item(0, []byte(c.in), Arrival{Received: received, Source: sessions.Browser})
			if r != nil {
				t.Fatalf("rejected: %s: %s", r.Code, r.Reason)
			}
			if got := show(e); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if e.Source != sessions.Browser || e.Received != received || e.Occurred != received {
				t.Errorf("source %s, received %d, occurred %d", e.Source, e.Received, e.Occurred)
			}
		})
	}
}

func TestItemRejected(t *testing.T) {
	track := func(event, properties string) string {
		return fmt.Sprintf(`{"type":"track","event":%q,"userId":"u","properties":%s}`, event, properties)
	}
	long := strings.Repeat("x", maxID+1)
	for _, c := range []struct{ in, code string }{
		{``, CodeInvalidJSON},
		{`5`, CodeInvalidJSON},
		{`{"type":"track","userId":"u"}`, CodeEventMissing},
		{`{"type":"page","userId":"u"} {}`, CodeInvalidJSON},
		{`{"type":"page","userId":"u","context":[]}`, CodeInvalidJSON},
		{`{"type":"page","userId":"u","properties":"x"}`, CodeInvalidJSON},
		{`{"type":"page","userId":"u","name":"` + strings.Repeat("x", MaxItem) + `"}`, CodeTooLarge},
		{`{"type":"page","userId":"u","name":"a\u0000b"}`, CodeInvalidText},
		{`{"type":"page","userId":"u","properties":{"deep":["\\\u0000"]}}`, CodeInvalidText},
		{"{\"type\":\"page\",\"userId\":\"u\xff\"}", CodeInvalidText},
		{`{"type":"shout","userId":"u"}`, CodeUnknownType},
		{`{"userId":"u"}`, CodeUnknownType},
		{`{"type":"page"}`, CodeIdentityMissing},
		{`{"type":"page","userId":"","anonymousId":{}}`, CodeIdentityMissing},
		{`{"type":"identify","traits":{"email":"a@b.org"}}`, CodeIdentityMissing},
		{`{"type":"alias","userId":"u"}`, CodeIdentityMissing},
		{`{"type":"page","userId":"` + long + `"}`, CodeTooLong},
		{`{"type":"page","anonymousId":"` + long + `"}`, CodeTooLong},
		{`{"type":"page","userId":"u","messageId":"` + long + `"}`, CodeTooLong},
		{`{"type":"page","userId":"u","name":"` + long + `"}`, CodeTooLong},
		{`{"type":"alias","userId":"u","previousId":"` + long + `"}`, CodeTooLong},
		{track("Product Viewed", `{"product_id":"`+long+`"}`), CodeTooLong},
		{track("Product Viewed", `{"product_id":"p","variant":"`+long+`"}`), CodeTooLong},
		{track("Cart Viewed", `{"cart_id":"`+long+`"}`), CodeTooLong},
		{`{"type":"page","userId":"u","timestamp":"yesterday"}`, CodeInvalidTime},
		{`{"type":"page","userId":"u","originalTimestamp":"1969-12-31T23:59:59Z"}`, CodeInvalidTime},
		{track("Product Viewed", `{}`), CodeProductIDMissing},
		{track("Product Added", `{"product_id":""}`), CodeProductIDMissing},
		{track("Order Completed", `{"total":5}`), CodeOrderIDMissing},
		{track("Order Refunded", `{}`), CodeOrderIDMissing},
		{track("Order Cancelled", `{"order_id":null}`), CodeOrderIDMissing},
		{track("Product Added", `{"product_id":"p","quantity":-1}`), CodeInvalidQuantity},
		{track("Product Added", `{"product_id":"p","quantity":1.5}`), CodeInvalidQuantity},
		{track("Product Added", `{"product_id":"p","quantity":"many"}`), CodeInvalidQuantity},
		{track("Product Added", `{"product_id":"p","quantity":1e12}`), CodeInvalidQuantity},
		{track("Product Added", `{"product_id":"p","price":-0.01}`), CodeInvalidAmount},
		{track("Product Added", `{"product_id":"p","price":"12,50"}`), CodeInvalidAmount},
		{track("Product Added", `{"product_id":"p","price":1e300}`), CodeInvalidAmount},
		{track("Product Added", `{"product_id":"p","price":1e9,"quantity":1000000}`), CodeInvalidAmount},
		{track("Product Added", `{"product_id":"p","price":[1]}`), CodeInvalidAmount},
		{track("Order Completed", `{"order_id":"o","total":true}`), CodeInvalidAmount},
		{track("Order Completed", `{"order_id":"o","products":[{"sku":"s","price":"x"}]}`), CodeInvalidAmount},
		{track("Product Added", `{"product_id":"p","currency":"EURO"}`), CodeInvalidCurrency},
		{track("Product Added", `{"product_id":"p","currency":"ZZZ"}`), CodeInvalidCurrency},
	} {
		e, r := shop.Item(7, []byte(c.in), Arrival{Received: received, Source: sessions.Browser})
		if r == nil {
			t.Errorf("%.90s: accepted as %s, want %s", c.in, show(e), c.code)
			continue
		}
		if r.Code != c.code || r.Index != 7 || r.Reason == "" || len(r.Body) != min(len(c.in), keptBody) {
			t.Errorf("%.90s: %+v, want %s", c.in, r, c.code)
		}
	}
}

func TestBackendKnowsByEmail(t *testing.T) {
	item := []byte(`{"type":"identify","traits":{"email":"a@b.org"}}`)
	e, r := shop.Item(0, item, Arrival{Received: received, Source: sessions.Backend})
	if r != nil || e.Email != "a@b.org" {
		t.Errorf("%v, %v", e, r)
	}
}

func TestPathNamesTheType(t *testing.T) {
	e, r := shop.Item(0, []byte(`{"type":"track","userId":"u"}`), Arrival{Type: "page", Received: received})
	if r != nil || e.Kind != sessions.Page {
		t.Errorf("%v, %v", e, r)
	}
}

func TestPropertiesAreKeptAsSent(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"track","event":"x","userId":"u","properties":{"b": 1.50, "a":[9007199254740993]}}`: `{"b": 1.50, "a":[9007199254740993]}`,
		`{"type":"identify","userId":"u","traits":{"plan":"pro"}}`:                                   `{"plan":"pro"}`,
		`{"type":"page","userId":"u","properties":{}}`:                                               ``,
		`{"type":"page","userId":"u","properties":null}`:                                             ``,
	} {
		raw := []byte(in)
		e, r := shop.Item(0, raw, Arrival{Received: received})
		if r != nil {
			t.Fatalf("%s: %v", in, r)
		}
		clear(raw) // the event must not live in the request's memory
		if string(e.Properties) != want {
			t.Errorf("%s: properties %s, want %s", in, e.Properties, want)
		}
	}
}

func TestEnrich(t *testing.T) {
	var seen Client
	d := Decoder{Currency: "EUR", Enrich: func(e *sessions.Event, c Client) {
		seen = c
		e.Device = "mobile"
	}}
	request := Client{UserAgent: "node", Address: "198.51.100.1", DoNotTrack: true}
	item := []byte(`{"type":"page","userId":"u","context":{"userAgent":"Mozilla","timezone":"Europe/Oslo","locale":"nb-NO"}}`)
	e, r := d.Item(0, item, Arrival{Received: received, Client: request})
	if r != nil {
		t.Fatal(r)
	}
	want := Client{UserAgent: "Mozilla", Address: "198.51.100.1", Timezone: "Europe/Oslo", Locale: "nb-NO", DoNotTrack: true}
	if seen != want || e.Device != "mobile" || e.Consent != "denied" {
		t.Errorf("client %+v, want %+v; device %q, consent %q", seen, want, e.Device, e.Consent)
	}
}

func FuzzItem(f *testing.F) {
	f.Add([]byte(`{"type":"track","event":"Order Completed","userId":1,"timestamp":1,"properties":{"order_id":"o","total":"1.005","products":[{"sku":"s","quantity":2,"price":3}]}}`))
	f.Add([]byte(`{"type":"page","anonymousId":"\ud800","context":{"page":{"url":1},"campaign":{"source":"x"}},"sentAt":"2026-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, r := shop.Item(0, raw, Arrival{Received: received, Source: sessions.Browser})
		if (e == nil) == (r == nil) {
			t.Fatalf("%q: event %v, rejected %v", raw, e, r)
		}
		if e == nil {
			return
		}
		body, err := json.Marshal(e.Payload)
		if err != nil || !storable(body) {
			t.Fatalf("%q: payload %q cannot be stored: %v", raw, body, err)
		}
		if e.Anonymous == "" && e.Customer == "" || e.Occurred < 0 || e.Occurred > received {
			t.Errorf("%q: %+v", raw, e)
		}
		for _, l := range e.Lines {
			if l.Product == "" || l.Quantity < 0 || l.UnitPrice != nil && *l.UnitPrice < 0 {
				t.Errorf("%q: line %+v", raw, l)
			}
		}
	})
}

func BenchmarkItem(b *testing.B) {
	raw := []byte(`{"type":"track","event":"Product Added","messageId":"node-1732310000000-4a1b2c3d-1111-2222-3333-444455556666",
		"anonymousId":"8a7b6c5d-1111-2222-3333-444455556666","userId":"u-1000231","originalTimestamp":"2026-11-23T20:00:00.123Z",
		"properties":{"cart_id":"c-100","product_id":"5712790","sku":"G-32","category":"Games","name":"Board game, 3rd edition",
		"variant":"200 pieces","price":18.99,"quantity":1,"position":3,"currency":"EUR","url":"https://www.example.com/p/5712790"},
		"context":{"ip":"203.0.113.9","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
		"page":{"url":"https://www.example.com/p?utm_source=x","path":"/p","title":"Game","referrer":"https://www.example.org/"},
		"library":{"name":"analytics","version":"2.1.0"},"locale":"en-GB","timezone":"Europe/London"},"integrations":{}}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, r := shop.Item(0, raw, Arrival{Received: received}); r != nil {
			b.Fatal(r)
		}
	}
}
