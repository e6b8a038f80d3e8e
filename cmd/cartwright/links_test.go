package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

const firefox = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0"

// asks calls the shop's handler as a browser does.
func asks(shop *Shop, path, userAgent string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header.Set("User-Agent", userAgent)
	answer := httptest.NewRecorder()
	shop.Handler().ServeHTTP(answer, request)
	return answer
}

// mailedLink makes the link of a message about the newest trigger.
func mailedLink(t *testing.T, shop *Shop) *url.URL {
	t.Helper()
	triggers, err := shop.carts.Triggers(t.Context(), "", 1)
	if err != nil || len(triggers) != 1 {
		t.Fatal(triggers, err)
	}
	var text string
	_, err = shop.log.Decide(t.Context(), func(tx *gorm.DB, _ sessions.Head) (_ []*sessions.Event, err error) {
		text, err = shop.config.restoreURL(cart.Email)(tx, triggers[0], sessions.MillisOf(time.Now()))
		return nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	link, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// A cart is left, its shopper follows the link of the message, finds the cart at the
// shop, and pays: the shop is told, and the report credits the message.
func TestTheWayBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := webhook.NewSecret().Reveal()
		shopServer, err := newReceiver(secret)
		if err != nil {
			t.Fatal(err)
		}
		config := defaultConfig()
		config.Database = filepath.Join(t.TempDir(), "shop.db")
		config.WriteKey, config.SecretKey = testWriteKey, testSecretKey
		config.Webhooks = []string{"https://shop.example/hooks " + secret}
		config.PublicURL, config.RestoreURL, config.ShopOrigins = "https://recover.shop.example/", "https://shop.example/cart", []string{"https://shop.example"}
		shop, err := OpenShop(t.Context(), config, ShopOptions{Transport: &line{receiver: shopServer, when: map[string]time.Time{}}})
		if err != nil {
			t.Fatal(err)
		}
		put(t, shop, "/v1/products", map[string]any{"products": []map[string]any{{"product_id": "cup", "name": "A cup", "price": 450, "currency": "EUR"}}})
		put(t, shop, "/v1/carts/left", cartOf("anna"))
		time.Sleep(62 * time.Minute)
		expect(t, shopServer, 1, 0, 0)
		link := mailedLink(t, shop)
		if !strings.HasPrefix(link.String(), "https://recover.shop.example/r/") {
			t.Fatalf("the link is %s", link)
		}

		asks(shop, link.Path, "curl/8.5.0")                                                               // counts for nothing
		asks(shop, link.Path, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)") // neither
		answer := asks(shop, link.Path, firefox)
		page, err := url.Parse(answer.Header().Get("Location"))
		if answer.Code != http.StatusFound || err != nil || page.Host != "shop.example" || page.Path != "/cart" {
			t.Fatalf("%d to %s, %v", answer.Code, page, err)
		}
		asks(shop, link.Path, firefox) // again
		restored := asks(shop, "/v1/restore/"+page.Query().Get("cartwright_restore"), firefox)
		if got := restored.Body.String(); !strings.Contains(got, `"name":"A cup","quantity":1,"unit_price":450`) || !strings.Contains(got, `"what":"price_changed","before":500,"after":450`) {
			t.Errorf("restored %s", got)
		}
		post(t, shop, "/v1/orders", with(cartOf("anna"), "order_id", "o1", "cart_id", "left", "total", 450))
		time.Sleep(time.Minute)
		expect(t, shopServer, 1, 0, 1)
		if clicked := shopServer.of("recovery.clicked"); len(clicked) != 1 || clicked[0].Data.Cart.Name != "left" || clicked[0].Data.Visitor.Customer != "anna" {
			t.Errorf("told of clicks: %+v", clicked)
		}
		if err := shop.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkReport(t, config)
	})
}

// checkReport compares what is said of that day's recovery, by the program.
func checkReport(t *testing.T, config Config) {
	t.Helper()
	db, err := config.openDatabase(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	report, err := config.reports(db).Recovery(t.Context(), time.Now().Add(-24*time.Hour), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(report.Messages)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"flow":"cart","step":0,"channel":"email","delivered":0,"clicked":1,"recovered":1,"cancelled":0,"unsubscribed":0,"revenue":[{"currency":"EUR","orders":1,"net":450,"refunded":0}]},` +
		`{"flow":"cart","step":0,"channel":"webhook","delivered":1,"clicked":0,"recovered":0,"cancelled":0,"unsubscribed":0,"revenue":[]}]`
	if string(body) != want {
		t.Errorf("got %s", body)
	}
	v, err := sessions.Verify(t.Context(), db, projections(db))
	if err != nil || len(v.Differences) > 0 {
		t.Errorf("verify: %v, %v", v.Differences, err)
	}
}

func TestNoLinkWithoutAnAddress(t *testing.T) {
	config := defaultConfig()
	if _, err := config.restoreURL(cart.Email)(nil, cart.Trigger{}, 0); err == nil || !strings.Contains(err.Error(), "public-url") {
		t.Errorf("%v", err)
	}
}

func TestLinkSettings(t *testing.T) {
	for args, want := range map[string]string{
		"--public-url recover.example":                                       "public-url: ",
		"--public-url https://recover.example/?a=b":                          "public-url: ",
		"--public-url javascript:x":                                          "public-url: ",
		"--restore-url https://shop.example/cart":                            "add https://shop.example to shop-origins",
		"--shop-origins shop.example":                                        `restore-url, shop-origins: "shop.example" is no origin`,
		"--shop-origins https://a.example --restore-url https://b.example/c": "add https://b.example to shop-origins",
		"--link-life 0s":                                                     "link-life: ",
		"--link-life 10000h":                                                 "link-life: ",
		"--attribution-window 1s":                                            "attribution-window: ",
	} {
		if got := told(t, nil, exitUsage, append([]string{"serve", "--db", filepath.Join(t.TempDir(), "shop.db")}, strings.Fields(args)...)...); !strings.Contains(got, want) {
			t.Errorf("%s: told %s", args, got)
		}
	}
}

// What a marketer reads.
func TestPrintedReport(t *testing.T) {
	n := func(n int64) *int64 { return &n }
	share := func(s float64) *float64 { return &s }
	purse := cart.Purse{{Currency: "EUR", Orders: 2, Net: 123456, Refunded: 100}, {Currency: "JPY", Orders: 1, Net: 5000}}
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	report := cart.RecoveryReport{
		From: day(1), To: day(31), Window: cart.DefaultWindow,
		Messages: []cart.MessageLine{
			{Flow: "cart", Step: 1, Channel: cart.Email, MessageOutcome: cart.MessageOutcome{Delivered: 12345, Clicked: 678, Recovered: 3, Cancelled: 1, Unsubscribed: n(4), Revenue: purse}},
			{Flow: "checkout", Step: 2, Channel: cart.Webhook, MessageOutcome: cart.MessageOutcome{Delivered: 9}},
		},
		Total:       cart.MessageOutcome{Delivered: 12354, Clicked: 678, Recovered: 3, Cancelled: 1, Unsubscribed: n(5), Revenue: purse},
		Withheld:    []cart.Withheld{{Flow: "cart", Step: 1, Messages: 1200}},
		Unconfirmed: 7,
		Experiments: []cart.Experiment{{
			Flow: "cart", Shares: cart.Shares{Verdict: "It does."}, Open: 12,
			Revenue: []cart.Means{
				{Currency: "EUR", Treated: share(512.4), Holdout: share(300), Difference: &cart.Difference{Difference: 212.4, Low: -20, High: 444.8}},
				{Currency: "JPY", Treated: share(3), Holdout: nil},
			},
		}},
	}
	var b strings.Builder
	if err := printRecovery(&b, report, time.UTC); err != nil {
		t.Fatal(err)
	}
	const want = `Recovery from 2026-01-01 to 2026-01-31 (UTC); orders within 5 days of a click

      flow  step  channel  delivered  clicked  recovered  cancelled  unsubscribed                revenue
      cart     1    email     12,345      678          3          1             4  1234.56 EUR, 5000 JPY
  checkout     2  webhook          9        0          0          0             –                      –
     total                    12,354      678          3          1             5  1234.56 EUR, 5000 JPY

7 more orders are only known from browsers, which is no revenue: tell them from the shop's backend.

1,200 messages of cart, step 1, were not sent because the shopper had ordered already; they are not counted above.

Flow cart, with messages and without
  It does.
  5.12 EUR a person, 3.00 EUR of those held out: a difference of 2.12 EUR (95% interval -0.20 EUR to 4.45 EUR)
  Of 12 people the time to order has not ended yet.
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s", got)
	}
	db := filepath.Join(t.TempDir(), "shop.db")
	if err := makeEmpty(db); err != nil {
		t.Fatal(err)
	}
	if got := printed(t, nil, "report", "recovery", "--db", db, "--from", "2026-01-01", "--to", "2026-02-01"); got !=
		"Recovery from 2026-01-01 to 2026-02-01 (UTC); orders within 5 days of a click\n\nNo message was delivered, clicked or led to an order in this time.\n" {
		t.Errorf("of nothing: %s", got)
	}
	if got := printed(t, nil, "report", "recovery", "--db", db, "--json"); !strings.Contains(got, `"messages":[],"total":{"delivered":0`) {
		t.Errorf("of nothing: %s", got)
	}
	if got := told(t, nil, exitUsage, "report", "recovery", "--db", db, "--from", "yesterday"); !strings.Contains(got, "--from must be a day") {
		t.Errorf("told %s", got)
	}
}

// makeEmpty makes a database that holds nothing.
func makeEmpty(path string) error {
	db, err := database.Open(context.Background(), path, database.Options{})
	if err != nil {
		return err
	}
	return db.Close()
}
