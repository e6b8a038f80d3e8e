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
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/postoffice"
	"cartwright/fixtures/testdb"
	"cartwright/jobs"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// mailingShop opens a shop that mails over an office; sources may be changed.
func mailingShop(t *testing.T, url string, office *postoffice.Office, change func(mailSources) mailSources) *Shop {
	t.Helper()
	config := defaultConfig()
	config.Database, config.Durability = url, database.Off
	config.WriteKey, config.SecretKey, config.Currency = testWriteKey, testSecretKey, "EUR"
	config.SMTP, config.SMTPTLS, config.MailFrom, config.MailSchedule = office.Address, "none", "hello@shop.example", "@every 1s"
	config.ShopName, config.ShopURL, config.Locale = "Hearth & Home", "https://shop.example", "de-DE"
	shop, err := OpenShop(t.Context(), config, ShopOptions{Mails: change})
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
	put(t, shop, "/v1/carts/c1", map[string]any{"visitor": map[string]string{"user_id": "anna", "email": "anna@mail.example"}, "currency": "EUR",
		"lines": []map[string]any{{"product_id": "cup", "variant_id": "blau, groß", "quantity": 2, "unit_price": 500}, {"product_id": "unknown", "quantity": 1, "unit_price": 123456}}})
	put(t, shop, "/v1/carts/c2", map[string]any{"visitor": map[string]string{"user_id": "ben"}, "currency": "EUR",
		"lines": []map[string]any{{"product_id": "cup", "quantity": 1, "unit_price": 500}}})
}

// stepDue makes a step of a flow due for a cart, to be mailed.
func stepDue(t *testing.T, shop *Shop, name string) {
	t.Helper()
	c, err := shop.carts.CartNamed(t.Context(), sessions.CartID(name))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UnixMilli()
	err = shop.db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO triggers (id, seq, kind, cart, episode, flow, step, dry, order_id, abandoned_at, created_at, channels)
			VALUES (?, ?, ?, ?, 1, 'cart', 1, 0, '', ?, ?, 'email')`, "trg_"+name, int64(shop.log.Head().Seq), string(cart.StepDue), int64(c.ID), now, now).Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unsubscribable gives the sources links as they will be.
func unsubscribable(s mailSources) mailSources {
	s.UnsubscribeURL = func(sessions.Email) (string, error) { return "https://shop.example/u/token", nil }
	s.RestoreURL = func(_ *gorm.DB, trigger cart.Trigger, _ sessions.Millis) (string, error) {
		return "https://shop.example/r/" + trigger.ID, nil
	}
	return s
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
			shop := mailingShop(t, url, office, unsubscribable)
			defer closeShop(t, shop)
			furnish(t, shop)
			if err := shop.recommender.WaitFor(t.Context(), shop.log.Head().Seq); err != nil {
				t.Fatal(err)
			}
			stepDue(t, shop, "c1")
			stepDue(t, shop, "c2")
			eventually(t, "the mail", func() bool { return len(office.Letters()) > 0 })
			eventually(t, "its end", func() bool {
				return strings.Count(testdb.Rows(t, shop.db, "SELECT status FROM mails WHERE ended_at > 0"), "\n") == 3
			})
			if n := len(office.Letters()); n != 1 {
				t.Fatalf("%d letters", n)
			}
			letter := office.Letters()[0]
			header, text, page := unfolded(t, letter)
			if letter.To != "anna@mail.example" || letter.From != "hello@shop.example" || header.Get("List-Unsubscribe") != "<https://shop.example/u/token>" ||
				header.Get("List-Unsubscribe-Post") == "" || !strings.Contains(header.Get("From"), "Hearth & Home") {
				t.Errorf("%s → %s: %v", letter.From, letter.To, header)
			}
			for _, want := range []string{"Tasse &lt;blau&gt;", "blau, groß", "10,00\u00a0€", "1.234,56\u00a0€", "1.244,56\u00a0€", "https://shop.example/p/cup",
				"https://cdn.shop.example/cup.jpg", "A product", "https://shop.example/r/trg_c1", "https://shop.example/u/token",
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
			list := invoke[[]jobs.Mail](t, "mail", "list", "--json", "--db", url)
			if len(list) != 2 || list[0].Status != jobs.Suppressed || list[0].Reason != string(noAddress) || list[1].Status != jobs.Delivered ||
				"<"+list[1].MessageID+">" != header.Get("Message-Id") {
				t.Errorf("%+v", list)
			}
			if got := printed(t, allowances([]string{url}), "mail", "list", "--status", "delivered", "--db", url); strings.Contains(got, "@") || !strings.Contains(got, "trg_c1") {
				t.Errorf("listed\n%s", got)
			}
		})
	}
}

// Without a way to stop mails nobody is mailed.
func TestNoMailWithoutAWayOut(t *testing.T) {
	office := postoffice.Open(t, postoffice.Options{})
	shop := mailingShop(t, freshURL(t, database.SQLite), office, nil)
	defer closeShop(t, shop)
	furnish(t, shop)
	stepDue(t, shop, "c1")
	eventually(t, "its end", func() bool {
		return strings.Contains(testdb.Rows(t, shop.db, "SELECT status, last_error FROM mails"), "suppressed  no_unsubscribe_link")
	})
	if n := len(office.Letters()); n != 0 {
		t.Errorf("%d letters", n)
	}
}

// composing asks a composer for the mail of a trigger of cart c1.
func composing(t *testing.T, shop *Shop, change func(*mailSources)) (jobs.Writing, cart.Verdict) {
	t.Helper()
	writer, err := newMailWriter(shop.config.MailConfig)
	if err != nil {
		t.Fatal(err)
	}
	sources := unsubscribable(plainSources(cart.NewMessages(shop.flow()), "https://shop.example"))
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
	shop := mailingShop(t, freshURL(t, database.SQLite), office, nil)
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

func TestPreview(t *testing.T) {
	folder := t.TempDir()
	out := filepath.Join(folder, "made", "here")
	said := printed(t, nil, "mail", "preview", "--out", out, "--kind", "checkout", "--step", "2", "--coupon", "CODE7", "--locale", "fr", "--currency", "JPY")
	page, text := string(must(os.ReadFile(filepath.Join(out, "preview.html")))), string(must(os.ReadFile(filepath.Join(out, "preview.txt"))))
	if !strings.Contains(said, "A code for what you left") || !strings.Contains(page, "Complete your order") || !strings.Contains(page, "CODE7") || !strings.Contains(text, "¥") {
		t.Errorf("%s\n%s", said, text)
	}
	if _, err := os.Stat(filepath.Join(out, "mug.svg")); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{{"--kind", "wishlist"}, {"--step", "0"}, {"--locale", "??"}, {"--mail-templates", filepath.Join(folder, "none")}} {
		told(t, nil, exitUsage, append([]string{"mail", "preview", "--out", out}, args...)...)
	}
}

// A real cart is previewed with what its shopper is recommended, and nothing is changed.
func TestPreviewOfARealCart(t *testing.T) {
	office := postoffice.Open(t, postoffice.Options{})
	url := freshURL(t, database.SQLite)
	shop := mailingShop(t, url, office, nil)
	furnish(t, shop)
	closeShop(t, shop)
	before := dump(t, url)
	out := t.TempDir()
	printed(t, nil, "mail", "preview", "--cart", "c1", "--db", url, "--out", out, "--shop-name", "Laden", "--shop-url", "https://laden.example", "--locale", "de")
	page := string(must(os.ReadFile(filepath.Join(out, "preview.html"))))
	for _, want := range []string{"Tasse &lt;blau&gt;", "1.244,56", "Kanne", "https://laden.example/p/pot", "Laden"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if dump(t, url) != before {
		t.Error("the preview changed the database")
	}
	if said := told(t, nil, exitFailed, "mail", "preview", "--cart", "none", "--db", url, "--out", out); !strings.Contains(said, "not found") {
		t.Error(said)
	}
}

func TestMailTest(t *testing.T) {
	office := postoffice.Open(t, postoffice.Options{At: func(s postoffice.Stage, n int) postoffice.Act {
		switch {
		case s == postoffice.To && n == 2:
			return postoffice.Act{Code: 550}
		case s == postoffice.Arrived && n == 2:
			return postoffice.Act{HangUp: true}
		}
		return postoffice.Act{}
	}})
	args := []string{"mail", "test", "me@mail.example", "--smtp", office.Address, "--smtp-tls", "none", "--mail-from", "Shop <s@shop.example>",
		"--shop-name", "Shop", "--shop-url", "https://shop.example"}
	if said := printed(t, nil, args...); !strings.Contains(said, "took the mail") || len(office.Letters()) != 1 {
		t.Error(said)
	}
	if said := told(t, nil, exitFailed, args...); !strings.Contains(said, "550") {
		t.Error(said)
	}
	if said := told(t, nil, exitFailed, args...); !strings.Contains(said, "is not known") {
		t.Error(said)
	}
	args[2] = "nobody"
	told(t, nil, exitUsage, args...)
	told(t, nil, exitUsage, "mail", "test", "me@mail.example")
}

func TestMailSettingsAreChecked(t *testing.T) {
	good := []string{"serve", "--smtp", "smtp.example:587", "--smtp-user", "u", "--smtp-password", "p", "--mail-from", "s@shop.example", "--shop-name", "S", "--shop-url", "https://shop.example"}
	templates := t.TempDir()
	if err := os.WriteFile(filepath.Join(templates, "text.tmpl"), []byte("\n{{.Nonsense}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change []string
		want   string
	}{
		"no TLS":              {[]string{"--smtp-tls", "none"}, "smtp"},
		"no such TLS":         {[]string{"--smtp-tls", "maybe"}, "maybe"},
		"no port":             {[]string{"--smtp", "smtp.example"}, "smtp.example.com:587"},
		"no sender":           {[]string{"--mail-from", "nobody"}, "mail-from"},
		"injection":           {[]string{"--mail-from", "S\r\nBcc: eve <s@shop.example>"}, "mail-from"},
		"answers to nobody":   {[]string{"--mail-reply-to", "nobody"}, "mail-reply-to"},
		"no name":             {[]string{"--shop-name", ""}, "shop-name"},
		"no address":          {[]string{"--shop-url", ""}, "shop-url"},
		"half an address":     {[]string{"--shop-url", "shop.example"}, "shop-url"},
		"a script for a logo": {[]string{"--shop-logo", "javascript:alert(1)"}, "shop-logo"},
		"a broken template":   {[]string{"--mail-templates", templates}, "text.tmpl:2:"},
		"no locale":           {[]string{"--locale", "klingon"}, "locale"},
		"never":               {[]string{"--mail-schedule", "0 0 31 2 *"}, "mail-schedule"},
		"a selector alone":    {[]string{"--dkim-selector", "s"}, "dkim-key"},
		"no key":              {[]string{"--dkim-selector", "s", "--dkim-key", filepath.Join(templates, "none")}, "dkim-key"},
		"a key that is none":  {[]string{"--dkim-selector", "s", "--dkim-key", filepath.Join(templates, "text.tmpl")}, "PEM"},
	} {
		args := append(append(append([]string{}, good...), test.change...), "--db", filepath.Join(t.TempDir(), "x.db"))
		if said := told(t, nil, exitUsage, args...); !strings.Contains(said, test.want) {
			t.Errorf("%s: %s", name, said)
		}
	}
}

func TestDoctorLooksAtTheSMTPServer(t *testing.T) {
	office := postoffice.Open(t, postoffice.Options{User: "shop", Password: "secret"})
	url := freshURL(t, database.SQLite)
	shop := mailingShop(t, url, office, nil)
	closeShop(t, shop)
	args := []string{"--smtp", office.Address, "--smtp-tls", "none", "--smtp-user", "shop", "--smtp-password", "secret", "--mail-from", "s@shop.example",
		"--shop-name", "S", "--shop-url", "https://shop.example", "--shop-address", "Lane 1"}
	found, _ := doctored(t, url, args...)
	if len(found["ok smtp"]) != 1 || len(found["ok dkim"]) != 1 || len(found["warning smtp"]) != 0 {
		t.Errorf("%+v", found)
	}
	args[7] = "wrong"
	found, code := doctored(t, url, args...)
	if len(found["failed smtp"]) != 1 || !strings.Contains(found["failed smtp"][0].Detail, "535") || strings.Contains(fmt.Sprint(found), "wrong") || code != exitFailed {
		t.Errorf("exit %d: %+v", code, found)
	}
	spoil(t, url, "INSERT INTO mails VALUES ('t', 1, 'unknown', 1, 0, 0, '', '', 1, 1, 1)")
	if found, _ := doctored(t, url, args...); len(found["warning mails"]) != 1 {
		t.Errorf("%+v", found)
	}
}
