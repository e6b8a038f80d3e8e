package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
)

// A line carries webhooks to a receiver inside the process. While it is down
// nothing arrives.
type line struct {
	receiver *receiver
	mu       sync.Mutex
	down     bool
	when     map[string]time.Time // of webhooks that arrived, by type and cart
}

// RoundTrip hands a webhook over.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, fmt.Errorf("the shop's server is down")
	}
	answer := httptest.NewRecorder()
	l.receiver.ServeHTTP(answer, r)
	for _, kind := range []string{"cart.abandoned", "cart.converted", "cart.recovered"} {
		for _, hook := range l.receiver.of(kind) {
			if key := kind + " " + hook.Data.Cart.Name; l.when[key].IsZero() {
				l.when[key] = time.Now()
			}
		}
	}
	return answer.Result(), nil
}

func (l *line) set(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
}

// A day in the life of a shop, without sockets and in no time.
func TestDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := webhook.NewSecret().Reveal()
		shopServer, err := newReceiver(secret)
		if err != nil {
			t.Fatal(err)
		}
		wire := &line{receiver: shopServer, when: map[string]time.Time{}}
		config := defaultConfig()
		config.Database = filepath.Join(t.TempDir(), "shop.db")
		config.WriteKey, config.SecretKey = testWriteKey, testSecretKey
		config.Webhooks = []string{"https://shop.example/hooks " + secret}
		open := func() *Shop {
			shop, err := OpenShop(t.Context(), config, ShopOptions{Transport: wire})
			if err != nil {
				t.Fatal(err)
			}
			return shop
		}
		morning := time.Now()
		shop := open()
		put(t, shop, "/v1/carts/left", cartOf("anna"))    // is left behind
		put(t, shop, "/v1/carts/paid", cartOf("ben"))     // is paid in time
		put(t, shop, "/v1/carts/active", cartOf("clara")) // is idle, but its shopper is not
		time.Sleep(30 * time.Minute)
		post(t, shop, "/v1/orders", with(cartOf("ben"), "order_id", "o1", "cart_id", "paid", "total", 500))
		time.Sleep(25 * time.Minute)
		look(t, shop, "clara")
		time.Sleep(20 * time.Minute) // 1 h 15 min: anna's is due, clara was here 20 min ago
		expect(t, shopServer, 1, 1, 0)
		if late := wire.when["cart.abandoned left"].Sub(morning) - time.Hour; late < 0 || late > 2*time.Minute {
			t.Errorf("cart left was told %s after it was due", late)
		}
		time.Sleep(15 * time.Minute) // 1 h 30 min: clara is gone
		expect(t, shopServer, 2, 1, 0)

		// The program is stopped for two hours while another cart comes due, and
		// starts when the shop's server is down.
		put(t, shop, "/v1/carts/over", cartOf("dora"))
		if err := shop.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		wire.set(true)
		time.Sleep(2 * time.Hour)
		shop = open()
		time.Sleep(10 * time.Minute)
		expect(t, shopServer, 2, 1, 0)
		wire.set(false)
		time.Sleep(time.Hour) // the next attempt of its schedule brings it
		expect(t, shopServer, 3, 1, 0)

		post(t, shop, "/v1/orders", with(cartOf("anna"), "order_id", "o2", "cart_id", "left", "total", 500))
		time.Sleep(18 * time.Hour)
		expect(t, shopServer, 3, 1, 1)

		if err := shop.follower.WaitFor(t.Context(), shop.log.Head().Seq); err != nil {
			t.Fatal(err)
		}
		v, err := sessions.Verify(t.Context(), shop.db, projections(shop.db))
		if err != nil || len(v.Differences) > 0 {
			t.Errorf("verify: %v, %v", v.Differences, err)
		}
		if err := shop.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func expect(t *testing.T, r *receiver, abandoned, converted, recovered int) {
	t.Helper()
	got := [3]int{len(r.of("cart.abandoned")), len(r.of("cart.converted")), len(r.of("cart.recovered"))}
	if got != [3]int{abandoned, converted, recovered} || r.rejections() > 0 {
		t.Fatalf("abandoned, converted, recovered: %v, want %d %d %d; %d refused", got, abandoned, converted, recovered, r.rejections())
	}
}

func cartOf(customer string) map[string]any {
	return map[string]any{
		"visitor": map[string]string{"user_id": customer}, "currency": "EUR",
		"lines": []map[string]any{{"product_id": "cup", "quantity": 1, "unit_price": 500}},
	}
}

func with(body map[string]any, pairs ...any) map[string]any {
	for i := 0; i < len(pairs); i += 2 {
		body[pairs[i].(string)] = pairs[i+1]
	}
	return body
}

// look is a page view of a customer.
func look(t *testing.T, shop *Shop, customer string) {
	t.Helper()
	post(t, shop, "/v1/page", map[string]any{"userId": customer, "name": "Cups"})
}

func put(t *testing.T, shop *Shop, path string, body any) {
	t.Helper()
	send(t, shop, http.MethodPut, path, body)
}
func post(t *testing.T, shop *Shop, path string, body any) {
	t.Helper()
	send(t, shop, http.MethodPost, path, body)
}

// send calls the shop's handler as its backend does.
func send(t *testing.T, shop *Shop, method, path string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(method, path, bytes.NewReader(text))
	request.SetBasicAuth(testSecretKey, "")
	answer := httptest.NewRecorder()
	shop.Handler().ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, answer.Code, answer.Body)
	}
}
