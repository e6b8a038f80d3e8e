package main

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/jobs"
	"cartwright/recommend"
	"cartwright/sessions"
)

// dumpBegin is when the random logs begin.
var dumpBegin = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// at is when the entry of a number is received: seven minutes after the one before.
func at(i int) sessions.Millis {
	return sessions.MillisOf(dumpBegin).Add(time.Duration(i) * 7 * time.Minute)
}

// An entry is one line of a random log: an event from outside; one of our own
// with its content; or a detection, which appends what it decides.
type entry struct {
	kind   sessions.Kind
	source sessions.Source
	body   sessions.Payload
	late   time.Duration // told so long after it happened; of a detection, how much later it is
	again  int           // the event so many entries before is sent again; 0: this is a new one
	decide any
	detect cart.Options
}

// GoString is how an entry of a failing log is printed.
func (e entry) GoString() string {
	return fmt.Sprintf("\n%s %s late %s again %d %+v %+v %+v", e.kind, e.source, e.late, e.again, e.detect, e.decide, e.body)
}

// event returns the event of entry i, and the import format under which it comes.
func (e entry) event(i int, before []entry) (event *sessions.Event, format string) {
	if e.again > 0 && e.again <= len(before) && before[i-e.again].fromOutside() {
		return before[i-e.again].event(i-e.again, before[:i-e.again])
	}
	event = &sessions.Event{Kind: e.kind, Source: e.source, Received: at(i), Payload: e.body}
	event.MessageID = fmt.Sprint("m", i)
	if e.source == sessions.Imported {
		event.Received = at(i).Add(-e.late)
		format = "rees46"
	}
	event.Occurred = at(i).Add(-e.late)
	return event, format
}

func (e entry) fromOutside() bool { return e.decide == nil && e.kind != sessions.DecisionMade }

func drawEntry(r *rapid.T) entry {
	switch rapid.IntRange(0, 19).Draw(r, "entry") {
	case 0:
		return drawOwn(r)
	case 1, 2:
		return entry{kind: sessions.DecisionMade, late: one(r, "later", 10*time.Minute, time.Hour, 20*time.Hour),
			detect: one(r, "detect", cart.Options{Deliver: true}, cart.Options{Deliver: true}, cart.Options{History: true}, cart.Options{History: true, Deliver: true})}
	}
	e := entry{
		source: one(r, "source", sessions.Browser, sessions.Browser, sessions.Backend, sessions.Imported),
		late:   one(r, "late", 0, 0, 0, time.Minute, 40*time.Minute, 30*time.Hour),
		again:  one(r, "again", 0, 0, 0, 0, 0, 0, 0, 1, 3, 20),
	}
	e.kind = one(r, "kind", sessions.Page, sessions.Page, sessions.Screen, sessions.Identify, sessions.Identify, sessions.Alias, sessions.Custom,
		sessions.ProductViewed, sessions.ProductListViewed, sessions.ProductClicked, sessions.ProductsSearched, sessions.ProductAdded,
		sessions.ProductAdded, sessions.ProductAdded, sessions.ProductRemoved, sessions.CartViewed, sessions.CartUpdated, sessions.CartUpdated,
		sessions.CheckoutStarted, sessions.CheckoutStep, sessions.OrderCompleted, sessions.OrderCompleted, sessions.OrderRefunded,
		sessions.OrderCancelled, sessions.OrderUpdated, sessions.ProductUpdated)
	drawNames(r, &e.body)
	if e.source == sessions.Imported && one(r, "of a session with a name", true, true, false) { // whose shopper has no other
		e.body.Session = one(r, "session", "s1", "s2")
		e.body.Anonymous, e.body.Customer = sessions.AnonymousID(e.body.Session), ""
		e.body.Email, e.body.Mail = "", nil
	}
	drawBody(r, e.kind, &e.body)
	if e.source == sessions.Backend {
		e.body.Updated = one(r, "updated", 0, 0, at(rapid.IntRange(0, 99).Draw(r, "state")))
	}
	return e
}

// drawOwn draws what the program itself appends.
func drawOwn(r *rapid.T) entry {
	settings := sessions.DefaultSettings()
	settings.Currency = one(r, "currency", "EUR", "JPY")
	settings.SessionTimeout = one(r, "timeout", 5*time.Minute, 30*time.Minute, 3*time.Hour)
	settings.SessionEvents = one(r, "session events", 3, 5000)
	hash := one(r, "hash", "h1", "h2")
	reason := one(r, "reason", cart.SoftBounced, cart.SoftBounced, cart.Bounced, cart.Unsubscribed, cart.Complained)
	return one(r, "own",
		entry{kind: sessions.AddressSuppressed, decide: map[string]any{"address_hash": hash, "reason": reason, "at": at(rapid.IntRange(0, 99).Draw(r, "bounced"))}},
		entry{kind: sessions.AddressSuppressed, decide: map[string]any{"address_hash": "h1", "reason": cart.SoftBounced, "at": at(rapid.IntRange(0, 99).Draw(r, "bounced again"))}},
		entry{kind: sessions.AddressReleased, decide: map[string]any{"address_hash": hash, "at": at(1)}},
		entry{kind: sessions.DecisionMade, decide: map[string]any{"cart": 1, "episode": 1, "flow": "cart", "step": rapid.IntRange(1, 9).Draw(r, "step"), "outcome": cart.Fire, "reason": cart.Idle,
			"decided_at": at(2), "channels": []cart.Channel{cart.Email}, "address_hash": hash, "network": one(r, "network", "", "203.0.113.0")}},
		entry{kind: sessions.SettingsChanged, decide: settings},
		entry{kind: sessions.RecoveryEnabled, decide: struct{}{}},
		entry{kind: sessions.WeightsLearned, decide: recommend.Tuning{Weights: map[string]float64{"knn": 1}}},
		entry{kind: sessions.DeliveryEnded, decide: jobs.Ended{Trigger: "trg_2_1_cart_abandoned", Endpoint: 1, Outcome: jobs.Delivered, Attempts: 1}})
}

// drawNames draws who it was, from where, and in which session.
func drawNames(r *rapid.T, p *sessions.Payload) {
	p.Anonymous = sessions.AnonymousID(one(r, "anonymous", "", "a", "a", "b", "c", "é", "Z"))
	p.Customer = sessions.CustomerID(one(r, "customer", "", "", "", "", "1", "2", "ann"))
	p.Email = sessions.Email(one(r, "email", "", "", "", "", "m@x.example", "n@x.example"))
	p.Previous = one(r, "previous", "", "a", "b", "1", "ann")
	p.Bot = one(r, "bot", false, false, false, false, false, false, false, true)
	p.Consent = one(r, "consent", "", "", "denied")
	if p.Email != "" {
		p.Mail = one(r, "mail", nil, &sessions.MailConsent{State: sessions.MailGranted, Basis: sessions.ByConsent, Source: "half \xc3"},
			&sessions.MailConsent{State: sessions.MailDenied}, &sessions.MailConsent{State: sessions.MailDenied, At: at(rapid.IntRange(0, 99).Draw(r, "said"))})
	}
	p.Device, p.Country, p.Channel = one(r, "device", "", "mobile", "desktop"), one(r, "country", "", "DE"), one(r, "channel", "", "email")
	if one(r, "campaign", false, false, false, true) {
		p.Campaign = &sessions.Campaign{Source: one(r, "utm", "news", "NEWS", "ads"), ClickID: one(r, "click", "", "1")}
	}
	p.Page = &sessions.PageInfo{Path: one(r, "path", "/", "/cups"), Title: one(r, "title", "", "Cups \xe2\x82", "日本", `"quoted" \ `)}
}

// drawBody draws what it was about.
func drawBody(r *rapid.T, k sessions.Kind, p *sessions.Payload) {
	p.Name, p.Query = one(r, "name", "", "a name", "half \xc3"), one(r, "query", "", "cup")
	p.Cart = sessions.CartID(one(r, "cart", "", "", "A", "B", "ä"))
	p.Checkout = sessions.CheckoutID(one(r, "checkout", "", "", "k"))
	p.Currency = one(r, "currency", "EUR", "EUR", "USD")
	for range rapid.IntRange(0, 3).Draw(r, "lines") {
		l := sessions.Line{Product: sessions.ProductID(one(r, "product", "cup", "pot", "tea", "Ü")), Quantity: one(r, "quantity", int64(1), 2, 0, 3_000_000)}
		l.Variant = sessions.VariantID(one(r, "variant", "", "", "red"))
		if price := one(r, "price", int64(-1), 0, 999, 1<<60); price >= 0 {
			l.UnitPrice = &price
		}
		p.Lines = append(p.Lines, l)
	}
	switch k {
	case sessions.OrderCompleted, sessions.OrderRefunded, sessions.OrderCancelled, sessions.OrderUpdated:
		p.Order = sessions.OrderID(one(r, "order", "1", "2", "3", "10"))
		if total := one(r, "total", int64(-1), 0, 1500); total >= 0 {
			p.Total = &total
		}
	case sessions.ProductUpdated:
		p.Product = &sessions.Product{ID: sessions.ProductID(one(r, "entry", "cup", "pot", "Ü", "a")), Name: one(r, "called", "Cup", "Tasse"),
			Hidden: one(r, "hidden", true, false), Attributes: []byte(one(r, "attributes", "null", `{"b":1,"a":2}`))}
	}
	if one(r, "properties", true, false) {
		p.Properties = []byte(`{"z": 1, "a": [1.50, null, "\u00e9"]}`)
	}
}
