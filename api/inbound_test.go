package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// The secrets of a test shop: the first of each is about to be replaced.
var platformSecrets = api.Inbound{Shopify: []string{"old-shopify", "new-shopify"}, WooCommerce: []string{"woo"}}

func inboundShop(t testing.TB, db *database.DB) *shop {
	return newShop(t, db, func(c *api.Config) { c.Inbound = platformSecrets })
}

// sample is a body in the shape that a platform documents, with changes to it: texts
// and what stands in their place.
func sample(t testing.TB, name string, changes ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../sessions/wire/testdata", name+".json"))
	must(t, err)
	body := string(text)
	for i := 0; i+1 < len(changes); i += 2 {
		if !strings.Contains(body, changes[i]) {
			t.Fatalf("%s does not hold %s", name, changes[i])
		}
		body = strings.ReplaceAll(body, changes[i], changes[i+1])
	}
	return body
}

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// shopify and woo send a signed webhook.
func (s *shop) shopify(topic, id, body string) answer {
	return s.do(request{method: http.MethodPost, path: "/v1/inbound/shopify", body: body, headers: []string{
		"X-Shopify-Topic: " + topic, "X-Shopify-Webhook-Id: " + id, "X-Shopify-Hmac-Sha256: " + sign("new-shopify", body),
	}})
}

func (s *shop) woo(topic, id, body string) answer {
	return s.do(request{method: http.MethodPost, path: "/v1/inbound/woocommerce", body: body, headers: []string{
		"X-WC-Webhook-Topic: " + topic, "X-WC-Webhook-Delivery-ID: " + id, "X-WC-Webhook-Signature: " + sign("woo", body),
	}})
}

// heard returns the answer to a webhook that was taken.
func (a answer) heard(t testing.TB) api.Heard {
	t.Helper()
	a.wants(t, http.StatusOK, "")
	var h api.Heard
	a.read(t, &h)
	if !h.Success {
		t.Errorf("answer %s", a.Body)
	}
	return h
}

// What the webhooks made, as rows.
const (
	inboundCarts    = "SELECT cart_id, status, units, value, currency, checkout_id, email, order_id, visitor_id > 0 AS known FROM carts ORDER BY id"
	inboundOrders   = "SELECT order_id, cart_id, customer_id, email, total, refunded, cancelled FROM orders WHERE seq > 0 ORDER BY order_id"
	inboundKinds    = "SELECT kind, COUNT(*) AS n FROM events GROUP BY kind ORDER BY kind"
	inboundProducts = "SELECT product_id, body FROM products ORDER BY product_id"
)

// wantRows compares what a query finds with an aligned text.
func (s *shop) wantRows(query, want string) {
	s.t.Helper()
	words := func(text string) string {
		var lines []string
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		return strings.Join(lines, "\n")
	}
	if got := words(testdb.Rows(s.t, s.db, query)); got != words(want) {
		s.t.Errorf("%s\n got\n%s\nwant\n%s", query, got, words(want))
	}
}

func TestShopifyFromCartToRefund(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := inboundShop(t, db)
		s.shopify("products/create", "1", sample(t, "shopify/product")).heard(t)
		s.shopify("customers/create", "2", sample(t, "shopify/customer")).heard(t)
		s.shopify("carts/create", "3", sample(t, "shopify/cart")).heard(t)
		s.wantRows(inboundCarts, `
			cart_id                          status units value currency checkout_id email order_id known
			c0ffee6d1a2b3c4d5e6f708192a3b4c5 open   3     6500  EUR      ""          ""    ""       0`)
		s.shopify("checkouts/create", "4", sample(t, "shopify/checkout")).heard(t)
		s.wantRows(inboundCarts, `
			cart_id                          status units value currency checkout_id  email                    order_id known
			c0ffee6d1a2b3c4d5e6f708192a3b4c5 open   3     6500  EUR      chk5b1c0ffee paula.muster@example.com ""       1`)
		order := sample(t, "shopify/order")
		s.shopify("orders/create", "5", order).heard(t)
		s.shopify("orders/paid", "6", order).heard(t)
		s.shopify("orders/updated", "7", sample(t, "shopify/order", "12:10:03Z", "12:11:00Z", `"total_price":"65.00"`, `"total_price":"70.00"`)).heard(t)
		s.shopify("checkouts/update", "8", sample(t, "shopify/checkout", `"completed_at":null`, `"completed_at":"2026-02-28T12:10:00Z"`)).heard(t)
		s.shopify("refunds/create", "9", sample(t, "shopify/refund")).heard(t)
		s.wantRows(inboundCarts, `
			cart_id                          status  units value currency checkout_id  email                    order_id         known
			c0ffee6d1a2b3c4d5e6f708192a3b4c5 ordered 3     6500  EUR      chk5b1c0ffee paula.muster@example.com 9007199254740999 1`)
		wantOrders := `
			order_id         cart_id                          customer_id      email                    total refunded cancelled
			9007199254740999 c0ffee6d1a2b3c4d5e6f708192a3b4c5 9007199254740997 paula.muster@example.com 7000  1250     0`
		s.wantRows(inboundOrders, wantOrders)
		s.wantRows(inboundProducts, `product_id body
			9007199254740993 {"product_id":"9007199254740993","name":"Mug","url":"/products/mug","image_url":"https://cdn.shop.example/mug.jpg","price":1250,"currency":"EUR","category":"Tableware","brand":"Kiln \u0026 Co","in_stock":true}`)
		s.wantRows(inboundKinds, `
			kind n
			cart_updated 2
			checkout_started 1
			identify 1
			order_completed 1
			order_refunded 1
			order_updated 3
			product_updated 1`)
		if kept := testdb.Rows(t, db, "SELECT body FROM events"); strings.Contains(kept, "203.0.113") || strings.Contains(kept, "Musterweg") {
			t.Error("the buyer's address is kept")
		}
		// All again, each as it was and under another id: nothing changes.
		before := testdb.Rows(t, db, "SELECT * FROM carts") + testdb.Rows(t, db, "SELECT * FROM products") + testdb.Rows(t, db, "SELECT kind FROM events")
		for _, w := range [][2]string{
			{"products/create", "product"}, {"customers/create", "customer"}, {"carts/create", "cart"}, {"checkouts/create", "checkout"},
			{"orders/create", "order"}, {"orders/paid", "order"}, {"refunds/create", "refund"},
		} {
			for _, id := range []string{"5", "another"} {
				s.shopify(w[0], id, sample(t, "shopify/"+w[1])).heard(t)
			}
		}
		after := testdb.Rows(t, db, "SELECT * FROM carts") + testdb.Rows(t, db, "SELECT * FROM products") + testdb.Rows(t, db, "SELECT kind FROM events")
		if before != after {
			t.Errorf("replays changed\n%s\nto\n%s", before, after)
		}
		s.wantRows(inboundOrders, wantOrders)
		v, err := sessions.Verify(context.Background(), db, []sessions.Projection{cart.NewStore(db), recommend.NewCatalog(db)})
		if err != nil || len(v.Differences) > 0 {
			t.Errorf("a rebuild from the log differs: %v, %v", v.Differences, err)
		}
		s.get("/v1/sessions?after_seq=10").wants(t, http.StatusOK, "")
		s.wantRows("SELECT stream, events FROM sessions", "stream events\na:anon-paula 2")
	})
}

// Older states, told late or again in bodies that nobody knows any more, change nothing.
func TestOlderStatesReplaceNoNewerOnes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := inboundShop(t, db)
		s.shopify("carts/update", "1", sample(t, "shopify/cart", "T11:00:00-01:00", "T12:30:00+00:00", `"quantity":2`, `"quantity":5`)).heard(t)
		s.shopify("carts/create", "2", sample(t, "shopify/cart")).heard(t)
		s.wantRows("SELECT status, units FROM carts", "status units\nopen 6")
		s.shopify("carts/update", "3", sample(t, "shopify/cart", "T11:00:00-01:00", "T12:40:00+00:00", `"quantity":2`, `"quantity":1`)).heard(t)
		s.wantRows("SELECT status, units FROM carts", "status units\nopen 2")

		cancelled := sample(t, "shopify/order", "12:10:03Z", "13:00:00Z", `"cancelled_at":null`, `"cancelled_at":"2026-02-28T13:00:00Z"`)
		s.shopify("orders/cancelled", "4", cancelled).heard(t)
		s.shopify("orders/create", "5", sample(t, "shopify/order")).heard(t)
		s.wantRows("SELECT order_id, total, cancelled FROM orders", "order_id total cancelled\n9007199254740999 6500 1")

		s.shopify("products/update", "6", sample(t, "shopify/product", "2026-02-01", "2026-02-03", `"title":"Mug"`, `"title":"Cup"`)).heard(t)
		s.shopify("products/create", "7", sample(t, "shopify/product")).heard(t)
		s.shopify("products/delete", "8", `{"id":7}`).heard(t)
		var p sessions.Product
		s.get("/v1/products/9007199254740993").read(t, &p)
		if p.Name != "Cup" {
			t.Errorf("product %+v", p)
		}
		s.get("/v1/products/7").read(t, &p)
		if !p.Hidden {
			t.Errorf("product %+v was deleted", p)
		}
	})
}

// compressed is a body as gzip.
func compressed(t testing.TB, body string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(body))
	must(t, err)
	must(t, z.Close())
	return b.String()
}

func TestWhichWebhooksAreHeard(t *testing.T) {
	const shopify, woo = "/v1/inbound/shopify", "/v1/inbound/woocommerce"
	cart, order := sample(t, "shopify/cart"), sample(t, "woocommerce/order")
	topic, signature := "X-Shopify-Topic: carts/create", "X-Shopify-Hmac-Sha256: "
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		code       string
		accepted   int64
		rejected   int64
	}{
		"signed":               {shopify, cart, []string{topic, signature + sign("new-shopify", cart)}, 200, "", 1, 0},
		"signed as before":     {shopify, cart, []string{topic, signature + sign("old-shopify", cart)}, 200, "", 1, 0},
		"event id":             {shopify, cart, []string{topic, "X-Shopify-Event-Id: e", signature + sign("old-shopify", cart)}, 200, "", 1, 0},
		"gzip":                 {shopify, compressed(t, cart), []string{topic, "Content-Encoding: gzip", signature + sign("old-shopify", cart)}, 200, "", 1, 0},
		"another secret":       {shopify, cart, []string{topic, signature + sign("woo", cart)}, 401, "signature_invalid", 0, 0},
		"empty secret":         {shopify, cart, []string{topic, signature + sign("", cart)}, 401, "signature_invalid", 0, 0},
		"no base64":            {shopify, cart, []string{topic, signature + "%"}, 401, "signature_invalid", 0, 0},
		"cut signature":        {shopify, cart, []string{topic, signature + sign("new-shopify", cart)[:20]}, 401, "signature_invalid", 0, 0},
		"tampered":             {shopify, strings.Replace(cart, `"12.50"`, `"12.51"`, 1), []string{topic, signature + sign("new-shopify", cart)}, 401, "signature_invalid", 0, 0},
		"one space more":       {shopify, cart + " ", []string{topic, signature + sign("new-shopify", cart)}, 401, "signature_invalid", 0, 0},
		"no signature":         {shopify, cart, []string{topic}, 401, "signature_missing", 0, 0},
		"not even JSON":        {shopify, "nonsense", []string{topic, signature + sign("x", "nonsense")}, 401, "signature_invalid", 0, 0},
		"no topic":             {shopify, cart, []string{signature + sign("new-shopify", cart)}, 400, "topic_missing", 0, 0},
		"unknown topic":        {shopify, cart, []string{"X-Shopify-Topic: themes/create", signature + sign("new-shopify", cart)}, 200, "", 0, 0},
		"signed nonsense":      {shopify, "nonsense", []string{topic, signature + sign("new-shopify", "nonsense")}, 400, "invalid_json", 0, 0},
		"a cart of no token":   {shopify, "{}", []string{topic, signature + sign("new-shopify", "{}")}, 200, "", 0, 1},
		"woo":                  {woo, order, []string{"X-WC-Webhook-Topic: order.created", "X-WC-Webhook-Signature: " + sign("woo", order)}, 200, "", 2, 0},
		"woo with another":     {woo, order, []string{"X-WC-Webhook-Topic: order.created", "X-WC-Webhook-Signature: " + sign("x", order)}, 401, "signature_invalid", 0, 0},
		"ping":                 {woo, "webhook_id=17", []string{"Content-Type: application/x-www-form-urlencoded"}, 200, "", 0, 0},
		"ping with more":       {woo, "webhook_id=17&x=1", nil, 401, "signature_missing", 0, 0},
		"ping of another kind": {shopify, "webhook_id=17", nil, 401, "signature_missing", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := inboundShop(t, testdb.SQLite(t))
			a := s.do(request{method: http.MethodPost, path: c.path, body: c.body, headers: c.headers})
			a.wants(t, c.status, c.code)
			if n := s.ingest(); n.Accepted != c.accepted || n.Rejected != c.rejected {
				t.Errorf("counters %+v after %s", n, a.Body)
			}
			var h api.Heard
			if a.read(t, &h); c.status == 200 && (c.accepted+c.rejected == 0) != (h.Ignored != "") {
				t.Errorf("answer %s", a.Body)
			}
		})
	}
}

func TestInboundSaysWhichSettingIsMissing(t *testing.T) {
	s := sqliteShop(t)
	for path, setting := range map[string]string{"/v1/inbound/shopify": "shopify-secrets", "/v1/inbound/woocommerce": "woocommerce-secrets"} {
		a := s.do(request{method: http.MethodPost, path: path, body: "{}"})
		a.wants(t, http.StatusServiceUnavailable, "not_configured")
		if !strings.Contains(a.Body.String(), setting) {
			t.Errorf("%s", a.Body)
		}
	}
}

// What is refused keeps nothing of the body, which is full of a buyer's data.
func TestRefusedWebhookKeepsNobody(t *testing.T) {
	s := inboundShop(t, testdb.SQLite(t))
	h := s.shopify("orders/create", "w", sample(t, "shopify/order", `{"id":9007199254740999,`, `{"id":null,`)).heard(t)
	if len(h.Rejected) != 1 || h.Rejected[0].Code != "order_id_missing" {
		t.Errorf("%+v", h)
	}
	s.wantRows("SELECT code, body FROM rejected", "code body\norder_id_missing shopify orders/create w")
}
