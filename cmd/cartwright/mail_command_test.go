package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cartwright/fixtures/postoffice"
	"cartwright/sessions/database"
)

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
	shop := mailingShop(t, url, office)
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
	if said := told(t, nil, exitFailed, "mail", "preview", "--cart", "none", "--db", url, "--out", out); !strings.Contains(said, `there is no cart "none"`) {
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
	good := []string{"serve", "--smtp", "smtp.example:587", "--smtp-user", "u", "--smtp-password", "p", "--mail-from", "s@shop.example", "--shop-name", "S", "--shop-url", "https://shop.example", "--public-url", "https://recover.shop.example"}
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
	shop := mailingShop(t, url, office)
	closeShop(t, shop)
	args := []string{"--smtp", office.Address, "--smtp-tls", "none", "--smtp-user", "shop", "--smtp-password", "secret", "--mail-from", "s@shop.example",
		"--shop-name", "S", "--shop-url", "https://shop.example", "--shop-address", "Lane 1",
		"--public-url", "https://recover.shop.example"}
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
