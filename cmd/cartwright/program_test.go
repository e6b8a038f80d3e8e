package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cartwright/jobs/webhook"
)

// eventually waits for something that the program does by itself.
func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !true(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 20 s", what)
		}
		time.Sleep(20 * time.Millisecond) // another process: nothing to wait on but the clock
	}
}

// The whole program, as a shop sees it: its own process, its own sockets.
func TestProgram(t *testing.T) {
	secret := webhook.NewSecret().Reveal()
	shop, err := newReceiver(secret)
	if err != nil {
		t.Fatal(err)
	}
	hooks := httptest.NewServer(shop)
	defer hooks.Close()
	db := filepath.Join(t.TempDir(), "shop.db")
	p := serveBinary(t, build(t, ""), "--db", db, "--cart-wait", "2s", "--detect-schedule", "@every 1s",
		"--webhooks", hooks.URL+"/hooks "+secret, "--webhook-allow-private", "--webhook-allow-insecure")
	if strings.Contains(p.log(), testSecretKey) {
		t.Error("a key that was given is printed")
	}
	backend := storefront{p.address, testSecretKey}
	browser := storefront{p.address, testWriteKey}
	ctx := t.Context()

	// Anna looks around, fills a cart, and leaves; so does Ben, who then pays.
	for _, who := range []string{"anna", "ben"} {
		for _, body := range shopping(who) {
			if err := browser.call(ctx, "POST", "/v1/track", body, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	order := map[string]any{
		"order_id": "o1", "visitor": map[string]string{"anonymous_id": "ben"}, "currency": "EUR", "total": 1998,
		"lines": []map[string]any{{"product_id": "cup", "quantity": 2, "unit_price": 999}},
	}
	if err := backend.call(ctx, "POST", "/v1/orders", order, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the webhooks", func() bool {
		return len(shop.of("cart.abandoned")) > 0 && len(shop.of("cart.converted")) > 0
	})
	if events := checkHistory(t, ctx, backend); events < 6 {
		t.Errorf("the sessions have %d events, want at least 6", events)
	}
	recommended, err := backend.recommend(ctx, "cup", 5)
	if err != nil || len(recommended) == 0 || recommended[0].Product != "teapot" || recommended[0].Reason == "" {
		t.Errorf("recommended with a cup: %+v, %v", recommended, err)
	}
	if err := backend.call(ctx, "GET", "/readyz", nil, nil); err != nil {
		t.Error(err)
	}

	// Nothing comes twice, and nothing of Ben but that he bought: two more
	// detections and deliveries pass.
	time.Sleep(2500 * time.Millisecond)
	abandoned, converted := shop.of("cart.abandoned"), shop.of("cart.converted")
	if len(abandoned) != 1 || len(converted) != 1 || shop.rejections() != 0 {
		t.Errorf("abandoned %+v\nconverted %+v\n%d refused", abandoned, converted, shop.rejections())
	} else if got := abandoned[0].Data.Cart; got.Units != 2 || got.Value != 1998 || got.Currency != "EUR" {
		t.Errorf("the abandoned cart: %+v", got)
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, p.log())
	}
	if v := invoke[struct{ Differences []string }](t, "verify", "--json", "--db", db); len(v.Differences) > 0 {
		t.Errorf("verify: %v", v.Differences)
	}
}

// shopping is what the browser of a shopper tells: a look at two products, and
// two cups in the cart.
func shopping(who string) []map[string]any {
	event := func(name string, properties map[string]any) map[string]any {
		return map[string]any{
			"event": name, "anonymousId": who, "messageId": fmt.Sprintf("%s %s %v", who, name, properties["product_id"]), "properties": properties,
			"context": map[string]any{
				"userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
				"page":      map[string]any{"url": "https://shop.example/cups?utm_source=news&utm_medium=email", "path": "/cups"},
			},
		}
	}
	return []map[string]any{
		event("Product Viewed", map[string]any{"product_id": "teapot", "price": 25, "currency": "EUR"}),
		event("Product Viewed", map[string]any{"product_id": "cup", "price": 9.99, "currency": "EUR"}),
		event("Product Added", map[string]any{"product_id": "cup", "price": "9.99", "currency": "EUR", "quantity": 2}),
	}
}

// checkHistory reads Anna's session over REST.
func checkHistory(t *testing.T, ctx context.Context, backend storefront) (events int) {
	t.Helper()
	type session struct {
		ID       int64    `json:"id"`
		Visitor  int64    `json:"visitor_id"`
		Browser  string   `json:"browser"`
		Channel  string   `json:"channel"`
		Products []string `json:"products"`
		Events   int      `json:"events"`
	}
	var list struct{ Data []session }
	if err := backend.call(ctx, "GET", "/v1/sessions?after_seq=7", nil, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Data) < 2 {
		t.Fatalf("sessions: %+v", list)
	}
	for _, s := range list.Data {
		if len(s.Products) == 0 { // the backend's order, of no browser
			continue
		}
		if s.Browser != "Firefox" || s.Channel != "email" || strings.Join(s.Products, " ") != "teapot cup" || s.Events < 3 {
			t.Errorf("session: %+v", s)
		}
		var trail struct{ Data []map[string]any }
		if err := backend.call(ctx, "GET", fmt.Sprintf("/v1/sessions/%d/events", s.ID), nil, &trail); err != nil {
			t.Fatal(err)
		}
		events += len(trail.Data)
	}
	return events
}
