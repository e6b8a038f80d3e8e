package api_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// enrolled are two people: the first visitor, who was to be written to, and nobody
// known, who was not.
func enrolled(_ *gorm.DB, from, _ sessions.Millis) ([]cart.Enrolment, error) {
	return []cart.Enrolment{{Flow: "cart", Cart: 1, Visitor: 1, Entered: from}, {Flow: "cart", Cart: 99, Entered: from, Holdout: true}}, nil
}

func TestRecoveryReport(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		token := s.mailed(t)
		s.do(request{method: "GET", path: "/r/" + token, headers: []string{browserAgent}}).wants(t, 302, "")
		s.post("/v1/orders", secretKey, `{"order_id":"o9","cart_id":"c9","visitor":{"user_id":"u1"},"currency":"EUR","total":2500,"lines":[{"product_id":"mug","quantity":2}]}`).receipt(t)
		a := s.get("/v1/reports/recovery?from=2026-03-01T12:00:00Z&to=2026-03-02")
		a.wants(t, 200, "")
		const want = `{"from":"2026-03-01T12:00:00Z","to":"2026-03-02T00:00:00Z","window_seconds":432000,` +
			`"messages":[{"flow":"cart","step":0,"channel":"email","delivered":0,"clicked":1,"recovered":1,"cancelled":0,"unsubscribed":null,"revenue":[{"currency":"EUR","orders":1,"net":2500,"refunded":0}]}],` +
			`"total":{"delivered":0,"clicked":1,"recovered":1,"cancelled":0,"unsubscribed":null,"revenue":[{"currency":"EUR","orders":1,"net":2500,"refunded":0}]},` +
			`"suppressed_by_purchase":[],"unconfirmed_orders":0,"experiments":[{"flow":"cart","treated":{"people":1,"recovered":1,"share":1},"holdout":{"people":1,"recovered":0,"share":0},"share_difference":{"difference":1,`
		if got := a.Body.String(); !strings.HasPrefix(got, want) || !strings.Contains(got, `"revenue_per_person":[{"currency":"EUR","treated":2500,"holdout":0,"difference":null}],"open":2}]}`) {
			t.Errorf("got %s", got)
		}
	})
}

func TestPeriod(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"2026-03-01", "2026-04-01", "2026-03-01T00:00:00+01:00 2026-04-01T00:00:00+02:00"},
		{"", "2026-04-01", "2026-03-02T00:00:00+01:00 2026-04-01T00:00:00+02:00"},
		{"2026-02-01T10:00:00Z", "", "2026-02-01T11:00:00+01:00 2026-03-01T13:00:01+01:00"},
	} {
		from, to, err := api.Period(c.from, c.to, start, berlin)
		if got := from.Format(time.RFC3339) + " " + to.Format(time.RFC3339); err != nil || got != c.want {
			t.Errorf("%q to %q in Berlin: %s, %v", c.from, c.to, got, err)
		}
	}
	azores, err := time.LoadLocation("Atlantic/Azores")
	if err != nil {
		t.Fatal(err)
	}
	// The clocks go from midnight to one o'clock there.
	from, to, err := api.Period("2026-03-29", "2026-03-30", start, azores)
	if err != nil || from.Format(time.RFC3339) != "2026-03-29T01:00:00Z" || to.Format(time.RFC3339) != "2026-03-30T00:00:00Z" {
		t.Errorf("a day of 23 hours: %s to %s, %v", from, to, err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"", "", "2026-01-30T12:00:01Z 2026-03-01T12:00:01Z"},
		{"", "2026-02-01", "2026-01-02T00:00:00Z 2026-02-01T00:00:00Z"},
		{"2026-02-01", "", "2026-02-01T00:00:00Z 2026-03-01T12:00:01Z"},
		{"2026-02-01T10:00:00+02:00", "2026-02-01T09:00:00Z", "2026-02-01T08:00:00Z 2026-02-01T09:00:00Z"},
		{"2026-02-01", "2026-02-01", "from must be before to, which is 2026-02-01T00:00:00Z"},
		{"2026-03-02", "", "from must be before to, which is 2026-03-01T12:00:01Z"},
	} {
		from, to, err := api.Period(c.from, c.to, start, nil)
		got := from.Format(time.RFC3339) + " " + to.Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q to %q: %s", c.from, c.to, got)
		}
	}
	for _, text := range []string{"yesterday", "2026-02-30", "2026-02-01T10:00", "1", "1769940000", "0000-01-01", "1969-12-31", "-1", "\x00", "2026-02-01 ", "９９９９-01-01"} {
		for _, pair := range [][2]string{{text, ""}, {"", text}} {
			if _, _, err := api.Period(pair[0], pair[1], start, nil); err == nil || !strings.Contains(err.Error(), "a day such as") {
				t.Errorf("%q: %v", pair, err)
			}
		}
	}
}
