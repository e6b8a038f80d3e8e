package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/postoffice"
	"cartwright/fixtures/testdb"
	"cartwright/jobs"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// mailingShop opens a shop that mails abandoned carts at once, over an office.
func mailingShop(t *testing.T, url string, office *postoffice.Office, changes ...func(*Config, *ShopOptions)) *Shop {
	t.Helper()
	config := defaultConfig()
	config.Database, config.Durability = url, database.Off
	config.WriteKey, config.SecretKey, config.Currency = testWriteKey, testSecretKey, "EUR"
	config.SMTP, config.SMTPTLS, config.MailFrom, config.MailSchedule = office.Address, "none", "hello@shop.example", "@every 1s"
	config.ShopName, config.ShopURL, config.Locale = "Hearth & Home", "https://shop.example", "de-DE"
	config.PublicURL, config.ShopOrigins = "https://recover.shop.example", []string{"https://shop.example"}
	config.DetectSchedule = "@every 1s"
	var err error
	config.Flows.flows, err = flow.Parse([]byte("- {name: carts, kind: cart, wait: 1ms, steps: [{offset: 0s, channels: [email]}]}"))
	if err != nil {
		t.Fatal(err)
	}
	var options ShopOptions
	for _, change := range changes {
		change(&config, &options)
	}
	shop, err := OpenShop(t.Context(), config, options)
	if err != nil {
		t.Fatal(err)
	}
	return shop
}

// furnish puts a catalog, shoppers who buy from it, and anna's cart.
func furnish(t *testing.T, shop *Shop) {
	t.Helper()
	product := func(id, name string, price int) map[string]any {
		return map[string]any{"product_id": id, "name": name, "url": "/p/" + id, "image_url": "https://cdn.shop.example/" + id + ".jpg", "price": price, "currency": "EUR"}
	}
	gone := with(product("vase", "Vase", 900), "in_stock", false)
	put(t, shop, "/v1/products", map[string]any{"products": []any{product("cup", "Tasse <blau>", 500), product("pot", "Kanne", 3650),
		product("tray", "Tablett", 2000), product("spoon", "Löffel", 350), gone}})
	for i := range 8 {
		for _, p := range []string{"cup", "pot", "tray", "vase"} {
			post(t, shop, "/v1/track", map[string]any{"event": "Product Viewed", "anonymousId": fmt.Sprint("shopper", i),
				"properties": map[string]any{"product_id": p}, "context": map[string]any{"ip": fmt.Sprintf("81.2.%d.7", i)}})
		}
	}
	put(t, shop, "/v1/consents", map[string]any{"consents": []any{map[string]any{"email": "anna@mail.example", "state": "granted", "basis": "consent", "source": "checkout"}}})
	put(t, shop, "/v1/carts/c1", map[string]any{"visitor": map[string]string{"user_id": "anna", "email": "anna@mail.example"}, "currency": "EUR",
		"lines": []map[string]any{{"product_id": "cup", "variant_id": "blau, groß", "quantity": 2, "unit_price": 500}, {"product_id": "unknown", "quantity": 1, "unit_price": 123456}}})
	put(t, shop, "/v1/carts/c2", map[string]any{"visitor": map[string]string{"user_id": "ben"}, "currency": "EUR",
		"lines": []map[string]any{{"product_id": "cup", "quantity": 1, "unit_price": 500}}})
}

// unfolded takes a letter apart.
func unfolded(t *testing.T, l postoffice.Letter) (header mail.Header, text, page string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	var bodies []string
	for range 2 {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(must(io.ReadAll(quotedprintable.NewReader(part)))))
	}
	return m.Header, bodies[0], bodies[1]
}

// A step that is due reaches the shopper by mail, with the cart as it is now.
func TestAStepIsMailed(t *testing.T) {
	for _, dialect := range bothDialects {
		t.Run(string(dialect), func(t *testing.T) {
			office := postoffice.Open(t, postoffice.Options{})
			url := freshURL(t, dialect)
			shop := mailingShop(t, url, office)
			defer closeShop(t, shop)
			furnish(t, shop)
			if err := shop.recommender.WaitFor(t.Context(), shop.log.Head().Seq); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the decisions", func() bool {
				return strings.Contains(testdb.Rows(t, shop.db, "SELECT cart_id, outcome, reason FROM decisions JOIN carts ON carts.id = cart WHERE step = 1"), "c2       skip     no_address")
			})
			eventually(t, "the mail", func() bool { return len(office.Letters()) > 0 })
			eventually(t, "its end", func() bool {
				return strings.Contains(testdb.Rows(t, shop.db, "SELECT kind FROM triggers"), string(cart.Sent))
			})
			if n := len(office.Letters()); n != 1 {
				t.Fatalf("%d letters", n)
			}
			letter := office.Letters()[0]
			header, text, page := unfolded(t, letter)
			if letter.To != "anna@mail.example" || letter.From != "hello@shop.example" || !strings.HasPrefix(header.Get("List-Unsubscribe"), "<https://recover.shop.example/u/") ||
				header.Get("List-Unsubscribe-Post") == "" || !strings.Contains(header.Get("From"), "Hearth & Home") {
				t.Errorf("%s → %s: %v", letter.From, letter.To, header)
			}
			for _, want := range []string{"Tasse &lt;blau&gt;", "blau, groß", "10,00\u00a0€", "1.234,56\u00a0€", "1.244,56\u00a0€", "https://shop.example/p/cup",
				"https://cdn.shop.example/cup.jpg", "A product", "https://recover.shop.example/r/", "https://recover.shop.example/u/",
				"Kanne", "36,50\u00a0€", "Tablett", "https://cdn.shop.example/pot.jpg"} {
				if !strings.Contains(page, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			if strings.Contains(page, "Vase") || strings.Count(page, "Tasse") != 2 { // the picture and the name of the line alone
				t.Errorf("recommended is what is sold out, or in the cart: %d times", strings.Count(page, "Tasse"))
			}
			if !strings.Contains(text, "2 × 5,00\u00a0€ = 10,00\u00a0€") || !strings.Contains(text, "Tasse <blau>") {
				t.Errorf("the text:\n%s", text)
			}
			values := gathered(t, shop)
			if values["cartwright_outbox_mails"] != 0 || values["cartwright_mails_ended{status=delivered}"] != 1 {
				t.Errorf("metrics %v", values)
			}
			list := invoke[[]jobs.Mail](t, "mail", "list", "--json", "--db", url)
			if len(list) != 1 || list[0].Status != jobs.Delivered || "<"+list[0].MessageID+">" != header.Get("Message-Id") {
				t.Errorf("%+v", list)
			}
			if got := printed(t, allowances([]string{url}), "mail", "list", "--status", "delivered", "--db", url); strings.Contains(got, "@") || !strings.Contains(got, "recovery_step_due_1") {
				t.Errorf("listed\n%s", got)
			}
		})
	}
}

// Without a way to stop mails nobody is mailed.
func TestNoMailWithoutAWayOut(t *testing.T) {
	args := []string{"serve", "--db", t.TempDir() + "/x.db", "--smtp", "mail.example:587", "--mail-from", "s@shop.example", "--shop-name", "S", "--shop-url", "https://shop.example"}
	if said := told(t, nil, exitUsage, args...); !strings.Contains(said, "public-url: mails need it") {
		t.Error(said)
	}
}

// composing asks a composer for the mail of a trigger of cart c1.
func composing(t *testing.T, shop *Shop, change func(*mailSources)) (jobs.Writing, cart.Verdict) {
	t.Helper()
	writer, err := newMailWriter(shop.config.MailConfig)
	if err != nil {
		t.Fatal(err)
	}
	sources := shop.mailSources()
	sources.RestoreURL = func(*gorm.DB, cart.Trigger, sessions.Millis) (string, error) { return "https://shop.example/r/x", nil }
	sources.Addressee = func(*gorm.DB, cart.Trigger, sessions.Millis) (sessions.Email, cart.Verdict, error) {
		return "anna@mail.example", cart.Verdict{Outcome: cart.Fire}, nil
	}
	change(&sources)
	c := &composer{mailWriter: writer, sources: sources, catalog: nil, logger: slog.New(slog.DiscardHandler), now: time.Now}
	named, err := shop.carts.CartNamed(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	writing, verdict, err := c.Compose(shop.db.Read(t.Context()), cart.Trigger{ID: "trg", Kind: cart.StepDue, Cart: named.ID, Episode: 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return writing, verdict
}

// What stands against a mail ends it, or puts it off, before anything is written.
func TestWhatStandsAgainstAMail(t *testing.T) {
	office := postoffice.Open(t, postoffice.Options{})
	shop := mailingShop(t, freshURL(t, database.SQLite), office)
	defer closeShop(t, shop)
	furnish(t, shop)
	to := func(email sessions.Email, v cart.Verdict) func(*mailSources) {
		return func(s *mailSources) {
			s.Addressee = func(*gorm.DB, cart.Trigger, sessions.Millis) (sessions.Email, cart.Verdict, error) {
				return email, v, nil
			}
		}
	}
	fire, hold := cart.Verdict{Outcome: cart.Fire}, cart.Verdict{Outcome: cart.Hold, Until: 7, Reason: "quiet"}
	for name, test := range map[string]struct {
		change func(*mailSources)
		want   cart.Verdict
	}{
		"nothing":           {func(*mailSources) {}, fire},
		"quiet hours":       {to("anna@mail.example", hold), hold},
		"no consent":        {to("", cart.Verdict{Outcome: cart.Suppress, Reason: "no_consent"}), cart.Verdict{Outcome: cart.Suppress, Reason: "no_consent"}},
		"a strange address": {to("anna\r\nrcpt to:<eve@mail.example>", fire), cart.Verdict{Outcome: cart.Suppress, Reason: badAddress}},
		"an empty cart": {func(s *mailSources) {
			s.Subject = func(*gorm.DB, cart.Trigger) (mailSubject, error) { return mailSubject{}, nil }
		}, cart.Verdict{Outcome: cart.Suppress, Reason: nothingToShow}},
		"a cart that is gone": {func(s *mailSources) {
			s.Subject = func(*gorm.DB, cart.Trigger) (mailSubject, error) {
				return mailSubject{}, fmt.Errorf("cart 1: %w", sessions.ErrNotFound)
			}
		}, cart.Verdict{Outcome: cart.Suppress, Reason: nothingToShow}},
		"no way out": {func(s *mailSources) { s.UnsubscribeURL = func(sessions.Email) (string, error) { return "", nil } },
			cart.Verdict{Outcome: cart.Suppress, Reason: noUnsubscribe}},
	} {
		writing, verdict := composing(t, shop, test.change)
		if verdict != test.want || (writing != nil) != (test.want == fire) {
			t.Errorf("%s: %+v, want %+v", name, verdict, test.want)
		}
	}
}
