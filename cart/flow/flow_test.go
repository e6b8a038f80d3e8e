package flow_test

import (
	"strings"
	"testing"
	"time"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestQuietHours(t *testing.T) {
	night, noon := flow.Quiet{From: 21 * 60, To: 8 * 60}, flow.Quiet{From: 12 * 60, To: 13*60 + 30}
	const form = "2006-01-02 15:04 -0700"
	for _, tt := range []struct {
		quiet     flow.Quiet
		zone      string
		now, want string // local; no want: not quiet
	}{
		{night, "UTC", "2026-03-01 20:59 +0000", ""},
		{night, "UTC", "2026-03-01 21:00 +0000", "2026-03-02 08:00 +0000"},
		{night, "UTC", "2026-03-01 23:59 +0000", "2026-03-02 08:00 +0000"},
		{night, "UTC", "2026-03-02 00:00 +0000", "2026-03-02 08:00 +0000"},
		{night, "UTC", "2026-03-02 07:59 +0000", "2026-03-02 08:00 +0000"},
		{night, "UTC", "2026-03-02 08:00 +0000", ""},
		{night, "UTC", "2026-12-31 22:00 +0000", "2027-01-01 08:00 +0000"},
		{noon, "UTC", "2026-03-02 12:10 +0000", "2026-03-02 13:30 +0000"},
		{noon, "UTC", "2026-03-02 13:30 +0000", ""},
		{flow.Quiet{}, "UTC", "2026-03-02 00:00 +0000", ""},
		{flow.Quiet{From: 60, To: 60}, "UTC", "2026-03-02 01:00 +0000", ""},

		// The clock goes on from 2 to 3 in the night to 29 March 2026 and back from 3 to 2 in that to 25 October.
		{night, "Europe/Berlin", "2026-03-28 22:00 +0100", "2026-03-29 08:00 +0200"},
		{night, "Europe/Berlin", "2026-10-24 22:00 +0200", "2026-10-25 08:00 +0100"},
		{flow.Quiet{From: 60, To: 150}, "Europe/Berlin", "2026-03-29 01:30 +0100", "2026-03-29 03:30 +0200"}, // 2:30 is skipped
		{flow.Quiet{From: 60, To: 150}, "Europe/Berlin", "2026-10-25 01:30 +0200", "2026-10-25 02:30 +0100"}, // 2:15 comes twice
		{flow.Quiet{From: 60, To: 150}, "Europe/Berlin", "2026-10-25 02:15 +0100", "2026-10-25 02:30 +0100"},
		{night, "America/New_York", "2026-11-01 01:30 -0400", "2026-11-01 08:00 -0500"},
		{night, "Asia/Kolkata", "2026-03-02 07:59 +0530", "2026-03-02 08:00 +0530"},
	} {
		now, err := time.Parse(form, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		until, quiet := tt.quiet.Until(now, zone(t, tt.zone))
		got := ""
		if quiet {
			got = until.In(zone(t, tt.zone)).Format(form)
		}
		if got != tt.want {
			t.Errorf("%s, %s in %s: until %q, want %q", tt.quiet, tt.now, tt.zone, got, tt.want)
		}
	}
}

// Whenever quiet hours are asked, they end later, outside of them, and within a day and an hour.
func TestQuietHoursEnd(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"} {
		z := zone(t, name)
		for from := 0; from < 1440; from += 95 {
			q := flow.Quiet{From: from, To: (from + 600) % 1440}
			for now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC); now.Year() == 2026; now = now.Add(7*time.Hour + 13*time.Minute) {
				until, quiet := q.Until(now, z)
				if !quiet {
					continue
				}
				if _, still := q.Until(until, z); still || !until.After(now) || until.Sub(now) > 25*time.Hour {
					t.Fatalf("%s at %s in %s: until %s", q, now, name, until)
				}
			}
		}
	}
}

func TestHoldoutIsAShareThatStays(t *testing.T) {
	f, more := flow.Default(), flow.Default()
	f.Holdout, more.Holdout, more.Name = 10, 30, "other"
	n := 0
	for v := sessions.VisitorID(1); v <= 20_000; v++ {
		if f.HeldOut(v) {
			n++
			if !more.HeldOut(v) {
				t.Fatalf("visitor %d is held out of 10%% and not of 30%%", v)
			}
		}
		if flow.Default().HeldOut(v) {
			t.Fatal("somebody is held out of a flow without a holdout")
		}
	}
	if n < 1850 || n > 2150 { // three and a half standard deviations around 2,000
		t.Errorf("%d of 20,000 are held out, want a tenth", n)
	}
}

func TestConditions(t *testing.T) {
	amount := func(n int64) *int64 { return &n }
	subject := flow.Subject{Value: amount(5000), Currency: "EUR", Country: "DE", Device: "mobile", Channel: "email", Visits: 1,
		Products: []sessions.ProductID{"a", "b"}, Categories: []string{"Shoes"}}
	for name, tt := range map[string]struct {
		c    flow.Conditions
		want bool
	}{
		"none":                  {flow.Conditions{}, true},
		"exactly the minimum":   {flow.Conditions{MinimumValue: amount(5000)}, true},
		"less":                  {flow.Conditions{MinimumValue: amount(5001)}, false},
		"exactly the maximum":   {flow.Conditions{MaximumValue: amount(5000)}, true},
		"more":                  {flow.Conditions{MaximumValue: amount(4999)}, false},
		"one of the currencies": {flow.Conditions{Currencies: []string{"USD", "EUR"}}, true},
		"another currency":      {flow.Conditions{Currencies: []string{"USD"}}, false},
		"another country":       {flow.Conditions{Countries: []string{"AT"}}, false},
		"one product":           {flow.Conditions{Products: []string{"x", "b"}}, true},
		"no such product":       {flow.Conditions{Products: []string{"x"}}, false},
		"category":              {flow.Conditions{Categories: []string{"Shoes"}}, true},
		"another category":      {flow.Conditions{Categories: []string{"Hats"}}, false},
		"new":                   {flow.Conditions{Visitors: "new"}, true},
		"returning":             {flow.Conditions{Visitors: "returning"}, false},
		"device":                {flow.Conditions{Devices: []string{"desktop"}}, false},
		"channel":               {flow.Conditions{Channels: []string{"email"}}, true},
		"all of them":           {flow.Conditions{Countries: []string{"DE"}, Devices: []string{"desktop"}}, false},
	} {
		if got := tt.c.Take(subject); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, visitors := range []string{flow.NewVisitor, flow.ReturningVisitor} {
		if (flow.Conditions{Visitors: visitors}).Take(flow.Subject{}) {
			t.Errorf("who is not known is %s", visitors)
		}
	}
	if (flow.Conditions{MinimumValue: amount(0)}).Take(flow.Subject{}) {
		t.Error("what has no known value fits a minimum value")
	}
}

func TestWords(t *testing.T) {
	flows, err := flow.Parse([]byte(`
- name: carts
  kind: cart
  conditions: {minimum_value: 2000, currencies: [EUR], visitors: returning}
  steps:
    - {offset: 0s, channels: [email]}
    - {offset: 23h, channels: [email, webhook], coupon: true}
  quiet_hours: "21:00-08:00"
  holdout: 10%
- {name: looking, kind: browse, steps: []}
- {name: baskets, kind: cart, steps: [{offset: 0s, coupon: true}], coupon_on_first_step: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := `carts: carts that were left, 1 hour ago (priority 20)
  It takes those of at least 2000 in minor units, in the currency EUR, of returning visitors.
  Step 1, 1 hour after the last activity (wait 1h + offset 0s), mails.
  Step 2, 1 day after the last activity (wait 1h + offset 23h), mails and tells the shop's endpoints, with a coupon code.
  A step waits: not between 21:00 and 08:00 by the shopper's clock, not within 16 hours after another message to the same person, not within 1 day after an order, a mail as long as its address or network has had as many lately as the settings mail-… allow.
  What is older than 7 days is let go. 10 in 100 people are held out: they are never written to, and compared with the others.
looking: shoppers who looked at products and left without a cart, 4 hours ago (priority 10)
  It takes all of them.
  It has no steps: the shop's endpoints are told of the abandonment, once, and nobody is written to.
  What is older than 7 days is let go. Nobody is held out, so that it will not be seen what the others would have bought anyway.
`
	if first := flows[2].Words(); !strings.Contains(first, "tells the shop's endpoints, with a coupon code although it is the first.\n") {
		t.Errorf("says\n%s", first)
	}
	if got := flows[0].Words() + flows[1].Words(); got != want {
		t.Errorf("says\n%s\nwant\n%s", got, want)
	}
}
