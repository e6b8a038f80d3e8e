package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"cartwright/api"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// attack is one request that means harm, or does it by mistake.
type attack struct {
	name string
	request
	status   int
	code     string
	rejected string // codes of the items that are kept aside, with blanks between
	accepted int    // events that are appended all the same
}

// as returns attacks whose requests are filled in where they say nothing.
func as(r request, attacks ...attack) []attack {
	for i := range attacks {
		a := &attacks[i]
		for _, f := range []struct{ to, from *string }{
			{&a.method, &r.method}, {&a.path, &r.path}, {&a.key, &r.key}, {&a.body, &r.body},
		} {
			if *f.to == "" {
				*f.to = *f.from
			}
		}
		a.headers = append(slices.Clone(r.headers), a.headers...)
	}
	return attacks
}

// attacks are all of them, by subject.
func attacks(t testing.TB, routes []api.Route) []attack {
	return slices.Concat(
		attacksOnRoutes(routes), attacksByBodies(t), attacksByItems(), attacksByForms(), attacksByKeys(), attacksByHeaders(), attacksByReads(), attacksOnJobs(), attacksOnEndpoints(), attacksByWebhooks(), attacksByQuestions(t),
		attacksOnConsents(routes), attacksOnCoupons(), attacksOnLinks(), attacksOnReports(),
	)
}

// besieged is a shop with something to lose, and what is watched of it.
type besieged struct {
	*shop
	covered map[string]int // attacks by route
	owned   string         // what all tables hold that no page view changes
	others  string         // what was there before, and stays whatever is accepted from strangers
}

// besiege opens a shop with a visitor, carts, an order and a product.
func besiege(t *testing.T, db *database.DB) *besieged {
	b := &besieged{covered: map[string]int{}}
	b.shop = newShop(t, db, func(c *api.Config) {
		c.Inbound = platformSecrets
		c.Metrics = http.NotFoundHandler()
		c.Observe = func(method, route string, _ int, _ time.Duration) { b.covered[method+" "+route]++ }
		c.Limits = api.Limits{} // of their own, see pace_test.go
	})
	b.do(request{method: "PUT", path: "/v1/carts/c%2F1", key: secretKey, body: cartBody}).receipt(t)
	b.post("/v1/orders", secretKey, orderBody).receipt(t)
	b.do(request{method: "PUT", path: "/v1/carts/c2", key: secretKey, body: cartBody}).receipt(t)
	b.do(request{method: "PUT", path: "/v1/products", key: secretKey, body: productBody}).receipt(t)
	b.post("/v1/track", writeKey, `{"event":"Product Added","anonymousId":"victim","properties":{"product_id":"cup","quantity":2,"price":9.99,"cart_id":"c3"}}`).receipt(t)
	b.canary(t, b.ingest())
	b.owned, b.others = b.rows(t), b.possessions(t)
	clear(b.covered)
	return b
}

// rows is everything that the shop has but for the events, the sessions and what was
// rejected.
func (b *besieged) rows(t *testing.T) string {
	var all strings.Builder
	for _, query := range []string{
		"SELECT * FROM visitors ORDER BY id", "SELECT * FROM identities ORDER BY 1, 2", "SELECT * FROM carts ORDER BY id", "SELECT * FROM orders ORDER BY order_id",
		"SELECT * FROM products ORDER BY product_id", "SELECT * FROM triggers ORDER BY id", "SELECT * FROM decisions ORDER BY seq",
		"SELECT * FROM consents ORDER BY 1, 2, 3", "SELECT * FROM suppressions ORDER BY 1, 2", "SELECT * FROM mailed ORDER BY 1", "SELECT * FROM unsubscribes ORDER BY 1",
		"SELECT * FROM keys ORDER BY id", "SELECT * FROM coupons ORDER BY 1", "SELECT * FROM endpoints ORDER BY 1", "SELECT * FROM settings ORDER BY 1",
	} {
		all.WriteString(testdb.Rows(t, b.db, query))
	}
	return all.String()
}

// possessions are the carts, orders and products that were there before anybody attacked. That a stranger
// looks at a cart counts as activity; nothing else of it may change.
func (b *besieged) possessions(t *testing.T) string {
	return testdb.Rows(t, b.db, `SELECT cart_id, visitor_id, status, owned, live, held, currency, lines, units, value, episode, decided,
			checkout_id, email, order_id FROM carts WHERE cart_id IN ('c/1', 'c2', 'c3') ORDER BY id`) +
		testdb.Rows(t, b.db, "SELECT * FROM orders WHERE seq <= 5 ORDER BY order_id") +
		testdb.Rows(t, b.db, "SELECT * FROM products WHERE seq <= 5 ORDER BY product_id") +
		testdb.Rows(t, b.db, "SELECT * FROM identities WHERE visitor_id <= 5 ORDER BY kind, value")
}

// canary is a shopper who must be served whatever happened before.
func (b *besieged) canary(t *testing.T, before sessions.Ingest) {
	t.Helper()
	b.post("/v1/page", writeKey, `{"anonymousId":"canary","name":"Home"}`).receipt(t)
	want := before
	want.Received, want.Accepted = want.Received+1, want.Accepted+1
	if got := b.ingest(); got != want {
		t.Errorf("counters %+v after a page view, want %+v", got, want)
	}
}

// send makes a request as it is written, however strange.
func (b *besieged) send(r request) answer {
	asked := httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
	if r.key != "" && r.key != "none" {
		asked.SetBasicAuth(r.key, "")
	}
	for _, h := range r.headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			asked.Host = value
			continue
		}
		asked.Header.Add(name, value)
	}
	recorder := httptest.NewRecorder()
	b.server.ServeHTTP(recorder, asked)
	return answer{recorder}
}

// suffer makes an attack and looks at what it did.
func (b *besieged) suffer(t *testing.T, a attack) {
	before := b.ingest()
	got := b.send(a.request)
	got.wants(t, a.status, a.code)
	rejected := strings.Fields(a.rejected)
	want := sessions.Ingest{
		Received: before.Received + int64(a.accepted+len(rejected)), Accepted: before.Accepted + int64(a.accepted),
		Duplicates: before.Duplicates, Rejected: before.Rejected + int64(len(rejected)),
	}
	if after := b.ingest(); after != want {
		t.Errorf("counters %+v, want %+v", after, want)
	}
	if codes := b.newestRejected(t, len(rejected)); !slices.Equal(codes, rejected) {
		t.Errorf("rejected %q, want %q", codes, rejected)
	}
	if others := b.possessions(t); others != b.others {
		t.Errorf("what others have changed:\n%s\nbefore:\n%s", others, b.others)
		b.others = others
	}
	if a.accepted > 0 {
		b.owned = b.rows(t)
	} else if rows := b.rows(t); rows != b.owned {
		t.Errorf("something changed:\n%s\nbefore:\n%s", rows, b.owned)
		b.owned = rows
	}
	for _, secret := range []string{secretKey, "old-shopify", "new-shopify"} {
		if strings.Contains(got.Body.String(), secret) {
			t.Errorf("a secret is in the answer: %s", got.Body)
		}
	}
	b.canary(t, want)
	b.owned = b.rows(t) // the canary's cart and such, if it ever had any, is its own
}

// newestRejected returns the codes of the n items that were kept aside last, in order.
func (b *besieged) newestRejected(t *testing.T, n int) []string {
	t.Helper()
	var codes []string
	err := b.db.Read(context.Background()).Raw("SELECT code FROM rejected ORDER BY id DESC LIMIT ?", n).Scan(&codes).Error
	must(t, err)
	slices.Reverse(codes)
	return codes
}

// Whatever is sent is answered as it should be; it leaves nothing but its rejected
// items, and everybody else is served as before.
func TestHostileInput(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		b := besiege(t, db)
		routes := b.server.Table()
		all := attacks(t, routes)
		if len(all) < 250 {
			t.Errorf("only %d attacks", len(all))
		}
		events := testdb.Rows(t, b.db, "SELECT * FROM events WHERE seq <= 5 ORDER BY seq")
		names := map[string]bool{}
		for _, a := range all {
			name := fmt.Sprintf("%s %.60s: %s", a.method, a.path, a.name)
			if names[name] {
				t.Errorf("%s is there twice", name)
			}
			names[name] = true
			t.Run(name, func(t *testing.T) { b.suffer(t, a) })
		}
		if after := testdb.Rows(t, b.db, "SELECT * FROM events WHERE seq <= 5 ORDER BY seq"); after != events {
			t.Errorf("events changed:\n%s\nbefore:\n%s", after, events)
		}
		for _, r := range routes {
			if n := b.covered[r.Method+" "+r.Path]; n < 4 {
				t.Errorf("%s %s suffers %d attacks only", r.Method, r.Path, n)
			}
		}
		if strings.Contains(b.logged.String(), "panic") {
			t.Errorf("something panicked:\n%s", b.logged)
		}
		b.get(fmt.Sprintf("/v1/sessions?after_seq=%d", b.log.Head().Seq)).wants(t, 200, "")
	})
}
