package wire

import (
	"strconv"
	"strings"
	"testing"

	"cartwright/sessions"
)

// millisText is a time as JSON has it.
func millisText(m sessions.Millis) string { return strconv.FormatInt(int64(m), 10) }

func TestConsents(t *testing.T) {
	events, errs := shop.Consents([]byte(`{"consents":[
		{"email":" A@B.org","user_id":42,"state":"granted","basis":"legitimate_interest","source":"desk","text_version":"7","occurred_at":"2026-01-01T00:00:00Z"},
		{"email":"c@d.org","state":"denied","occurred_at":"2199-01-01T00:00:00Z"},{"email":"e@f.org","state":"denied"}]}`), received)
	if errs != nil {
		t.Fatal(errs)
	}
	want := []string{
		`identify {"user_id":"42","email":"a@b.org","mail_consent":{"state":"granted","basis":"legitimate_interest","source":"desk","text_version":"7","at":1767225600000},"updated_at":1767225600000,"original_at":1767225600000}`,
		`identify {"email":"c@d.org","mail_consent":{"state":"denied","at":RECEIVED},"updated_at":RECEIVED,"original_at":RECEIVED}`,
		`identify {"email":"e@f.org","mail_consent":{"state":"denied"},"updated_at":RECEIVED}`,
	}
	for i, e := range events {
		wanted := strings.ReplaceAll(want[i], "RECEIVED", millisText(received))
		if got := show(e); got != wanted {
			t.Errorf("\n got %s\nwant %s", got, wanted)
		}
		if e.Source != sessions.Backend || e.Stream() != "" {
			t.Errorf("source %s, stream %q: it is no act of the shopper", e.Source, e.Stream())
		}
	}
	if len(events) != len(want) {
		t.Errorf("%d events", len(events))
	}
}

func TestConsentFormsTellAllMistakes(t *testing.T) {
	consents := func(body string) []FieldError { _, errs := shop.Consents([]byte(body), received); return errs }
	suppressions := func(body string) []FieldError {
		_, errs := shop.Suppressions([]byte(body), received)
		return errs
	}
	cart := func(body string) []FieldError { _, errs := shop.Cart("c", []byte(body), received); return errs }
	for _, c := range []struct {
		form     func(string) []FieldError
		in, want string
	}{
		{consents, `{}`, "/consents required"},
		{consents, `{"consents":[{}]}`, "/consents/0/state required, /consents/0/email required"},
		{consents, `{"consents":[{"email":"x","state":"granted","basis":"no","source":5,"told_by":"me"}]}`,
			"/consents/0/email invalid_email, /consents/0/basis unknown_word, /consents/0/source invalid_type, /consents/0/told_by unknown_field"},
		{consents, `{"consents":[{"email":"a@b.org","state":"granted"}]}`, "/consents/0/basis required"},
		{consents, `{"consents":[{"email":"a@b.org","state":"denied","source":"` + strings.Repeat("é", 200) + `","text_version":"` + strings.Repeat("é", 100) + `"}]}`, ""},
		{consents, `{"consents":[{"email":"a@b.org","state":"denied","source":"` + strings.Repeat("é", 201) + `","text_version":"` + strings.Repeat("é", 101) + `"}]}`,
			"/consents/0/source too_long, /consents/0/text_version too_long"},
		{suppressions, `{}`, "/suppressions required"},
		{suppressions, `{"suppressions":[{"reason":"spam","bounce_type":"x"}]}`, "/suppressions/0/reason unknown_word, /suppressions/0/bounce_type unknown_word, /suppressions/0/email required"},
		{suppressions, `{"suppressions":[{"email":"a@b.org","reason":"complaint","bounce_type":"hard"}]}`, "/suppressions/0/bounce_type unknown_field"},
		{cart, `{"visitor":{"user_id":"u","consent":{"email":{"state":"denied"}}},"lines":[]}`, "/visitor/email required"},
		{cart, `{"visitor":{"email":"x","consent":{"email":{"state":"denied"}}},"lines":[]}`, "/visitor/email invalid_email"},
		{cart, `{"visitor":{"email":"a@b.org","consent":true},"lines":[]}`, "/visitor/consent invalid_type"},
		{cart, `{"visitor":{"email":"a@b.org","consent":{"email":{"state":"on"},"sms":{}}},"lines":[]}`, "/visitor/consent/email/state unknown_word, /visitor/consent/sms unknown_field"},
	} {
		if got := mistakes(c.form(c.in)); got != c.want {
			t.Errorf("%.120s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestSuppressions(t *testing.T) {
	all, errs := shop.Suppressions([]byte(`{"suppressions":[{"email":"A@b.org","reason":"bounce","bounce_type":"soft","detail":"full","occurred_at":"2026-01-01T00:00:00Z"},
		{"email":"c@d.org","reason":"bounce"}]}`), received)
	if errs != nil || len(all) != 2 {
		t.Fatal(all, errs)
	}
	if all[0] != (Suppression{"a@b.org", "bounce", true, "full", at("2026-01-01T00:00:00Z")}) || all[1] != (Suppression{Email: "c@d.org", Reason: "bounce", At: received}) {
		t.Errorf("%+v", all)
	}
}

// What Shopify says of mails, as it says it of customers, checkouts and orders, in its
// newer and its older form.
func TestShopifyConsents(t *testing.T) {
	const consented = `"email_marketing_consent":{"state":"%","opt_in_level":"confirmed_opt_in","consent_updated_at":"2026-01-02T00:00:00Z"}`
	is := func(state string) string { return strings.Replace(consented, "%", state, 1) }
	for name, c := range map[string]struct{ topic, body, want string }{
		"subscribed":         {"customers/update", `{"id":1,"email":"a@b.org",` + is("subscribed") + `}`, "granted consent shopify confirmed_opt_in 1767312000000"},
		"in capitals":        {"customers/update", `{"id":1,"email":"a@b.org",` + is("SUBSCRIBED") + `}`, "granted consent shopify confirmed_opt_in 1767312000000"},
		"unsubscribed":       {"customers/update", `{"id":1,"email":"a@b.org",` + is("unsubscribed") + `}`, "denied shopify 1767312000000"},
		"redacted":           {"customers/update", `{"id":1,"email":"a@b.org",` + is("redacted") + `}`, "denied shopify 1767312000000"},
		"invalid":            {"customers/update", `{"id":1,"email":"a@b.org",` + is("invalid") + `}`, "denied shopify 1767312000000"},
		"never asked":        {"customers/update", `{"id":1,"email":"a@b.org",` + is("not_subscribed") + `}`, ""},
		"not confirmed":      {"customers/update", `{"id":1,"email":"a@b.org",` + is("pending") + `}`, ""},
		"accepts":            {"customers/create", `{"id":1,"email":"a@b.org","accepts_marketing":true,"accepts_marketing_updated_at":"2026-01-02T00:00:00Z"}`, "granted consent shopify 1767312000000"},
		"accepts no more":    {"customers/update", `{"id":1,"email":"a@b.org","accepts_marketing":false}`, "denied shopify 0"},
		"the newer form":     {"customers/update", `{"id":1,"email":"a@b.org","accepts_marketing":true,` + is("unsubscribed") + `}`, "denied shopify 1767312000000"},
		"neither":            {"customers/update", `{"id":1,"email":"a@b.org"}`, ""},
		"a box ticked":       {"orders/create", `{"id":1,"email":"a@b.org","buyer_accepts_marketing":true,"created_at":"2026-01-02T00:00:00Z"}`, "granted consent shopify 0"},
		"a box left empty":   {"orders/create", `{"id":1,"email":"a@b.org","buyer_accepts_marketing":false}`, ""},
		"ticked, to confirm": {"orders/create", `{"id":1,"email":"a@b.org","buyer_accepts_marketing":true,"customer":{"id":2,"email":"a@b.org",` + is("pending") + `}}`, ""},
		"of a buyer":         {"orders/create", `{"id":1,"email":"a@b.org","customer":{"id":2,"email":"A@b.org",` + is("unsubscribed") + `}}`, "denied shopify 1767312000000"},
		"of another address": {"orders/create", `{"id":1,"email":"a@b.org","customer":{"id":2,"email":"x@b.org",` + is("subscribed") + `}}`, ""},
		"of a checkout":      {"checkouts/update", `{"token":"t","email":"a@b.org","buyer_accepts_marketing":true}`, "granted consent shopify 0"},
	} {
		told, rejected := shop.Shopify(Delivery{Topic: c.topic, ID: "w", Body: []byte(c.body), Received: received})
		if rejected != nil {
			t.Errorf("%s: %+v", name, rejected)
			continue
		}
		got := ""
		for _, e := range append(told.Once, told.State...) {
			if m := e.Mail; m != nil {
				got = strings.Join(strings.Fields(strings.Join([]string{string(m.State), string(m.Basis), m.Source, millisText(m.At)}, " ")), " ")
				if e.Email != "a@b.org" {
					t.Errorf("%s: of the address %q", name, e.Email)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A browser cannot say from where on the network it comes; a backend that speaks for one
// can.
func TestAddressesOfBrowsers(t *testing.T) {
	item := []byte(`{"type":"page","anonymousId":"a","context":{"ip":"203.0.113.9"}}`)
	for source, want := range map[sessions.Source]string{sessions.Browser: "198.51.100.1", sessions.Backend: "203.0.113.9"} {
		var seen Client
		d := Decoder{Currency: "EUR", Enrich: func(_ *sessions.Event, c Client) { seen = c }}
		if _, r := d.Item(0, item, Arrival{Received: received, Source: source, Client: Client{Address: "198.51.100.1"}}); r != nil {
			t.Fatal(r)
		}
		if seen.Address != want {
			t.Errorf("%s: %s, want %s", source, seen.Address, want)
		}
	}
}

func FuzzConsents(f *testing.F) {
	f.Add([]byte(`{"consents":[{"email":"a@b.org","state":"granted","basis":"consent"}]}`))
	f.Add([]byte(`{"suppressions":[{"email":"a@b.org","reason":"bounce","bounce_type":"soft"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, errs := shop.Consents(body, received)
		for _, e := range events {
			if e.Mail == nil || e.Email == "" || e.Mail.State == "" || e.Mail.State == sessions.MailGranted && e.Mail.Basis == "" {
				t.Fatalf("%q: %s", body, show(e))
			}
		}
		held, more := shop.Suppressions(body, received)
		for _, s := range held {
			if s.Email == "" || s.Reason == "" || s.At > received {
				t.Fatalf("%q: %+v", body, s)
			}
		}
		if len(errs) == 0 && len(more) == 0 {
			t.Fatalf("%q is both", body)
		}
	})
}
