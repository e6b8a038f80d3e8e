package cart_test

import (
	"cartwright/fixtures/testdb"
	"context"
	"gorm.io/gorm"
	"strings"
	"testing"
	"time"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// start is the time at which the tests' stories begin.
var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// at returns start and some minutes.
func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

func millis(minutes int) sessions.Millis { return sessions.MillisOf(at(minutes)) }

// shop is a log with carts on a database.
type shop struct {
	t        *testing.T
	db       *database.DB
	log      *sessions.Log
	store    *cart.Store
	rules    cart.Rules
	detector *cart.Detector
	now      time.Time
}

func openShop(t *testing.T, db *database.DB) *shop {
	t.Helper()
	s := &shop{t: t, db: db, store: cart.NewStore(db), now: start}
	log, err := sessions.OpenLog(t.Context(), db, sessions.LogOptions{
		Projections: []sessions.Projection{s.store}, Now: func() time.Time { return s.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	s.rules = cart.RulesOf(flow.Default())
	s.log, s.detector = log, cart.NewDetector(log, s.rules)
	return s
}

// enableRecovery appends that recovery was switched on.
func (s *shop) enableRecovery() {
	s.t.Helper()
	s.decide(func() (*sessions.Event, error) {
		return sessions.Own(sessions.RecoveryEnabled, 0, sessions.MillisOf(s.now), struct{}{})
	})
}

// event returns an event with the parts that make up what it says.
func event(kind sessions.Kind, source sessions.Source, parts ...part) *sessions.Event {
	e := &sessions.Event{Kind: kind, Source: source}
	e.Currency = "EUR"
	for _, p := range parts {
		p(e)
	}
	return e
}

type part func(*sessions.Event)

func by(anonymous string) part {
	return func(e *sessions.Event) { e.Anonymous = sessions.AnonymousID(anonymous) }
}

func customer(id string) part {
	return func(e *sessions.Event) { e.Customer = sessions.CustomerID(id) }
}

func email(address string) part {
	return func(e *sessions.Event) { e.Email = sessions.Email(address) }
}

func named(id string) part { return func(e *sessions.Event) { e.Cart = sessions.CartID(id) } }

func checkout(id string) part {
	return func(e *sessions.Event) { e.Checkout = sessions.CheckoutID(id) }
}

func order(id string) part { return func(e *sessions.Event) { e.Order = sessions.OrderID(id) } }

func currency(code string) part { return func(e *sessions.Event) { e.Currency = code } }

func total(amount int64) part { return func(e *sessions.Event) { e.Total = &amount } }

func bot() part { return func(e *sessions.Event) { e.Bot = true } }

// of adds a line; a price below zero stands for none.
func of(product string, quantity, price int64) part {
	return func(e *sessions.Event) {
		l := sessions.Line{Product: sessions.ProductID(product), Quantity: quantity}
		if price >= 0 {
			l.UnitPrice = &price
		}
		e.Lines = append(e.Lines, l)
	}
}

// happens appends events that are received some minutes after start.
func (s *shop) happens(minutes int, events ...*sessions.Event) {
	s.t.Helper()
	s.now = at(minutes)
	receipt, err := s.log.Append(context.Background(), sessions.Batch{Events: events})
	if err != nil {
		s.t.Fatal(err)
	}
	if receipt.Accepted != len(events) {
		s.t.Fatalf("accepted %d of %d events: %v", receipt.Accepted, len(events), receipt.Rejected)
	}
}

// imports appends history that was received at its own time.
func (s *shop) imports(minutes int, events ...*sessions.Event) {
	s.t.Helper()
	for _, e := range events {
		e.Source, e.Received = sessions.Imported, millis(minutes)
	}
	if _, err := s.log.Append(context.Background(), sessions.Batch{Events: events, Format: "test"}); err != nil {
		s.t.Fatal(err)
	}
}

// decide appends an own event.
func (s *shop) decide(make func() (*sessions.Event, error)) {
	s.t.Helper()
	_, err := s.log.Decide(context.Background(), func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
		e, err := make()
		return []*sessions.Event{e}, err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// detect runs the detector some minutes after start as the cron job does.
func (s *shop) detect(minutes int) cart.Report {
	s.t.Helper()
	s.now = at(minutes)
	r, err := s.detector.Detect(context.Background(), s.now, cart.Options{Deliver: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// asOf runs the detector over all history.
func (s *shop) asOf(minutes int, deliver bool) cart.Report {
	s.t.Helper()
	r, err := s.detector.Detect(context.Background(), at(minutes), cart.Options{History: true, Deliver: deliver})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// expect compares the rows of a query, a line each, whatever the spacing.
func (s *shop) expect(query, want string) {
	s.t.Helper()
	if got := squeezed(testdb.Rows(s.t, s.db, query)); got != squeezed(want) {
		s.t.Errorf("%s\ngot\n%s\nwant\n%s", query, got, squeezed(want))
	}
}

// squeezed returns text with single spaces and without empty lines.
func squeezed(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 {
			lines = append(lines, strings.Join(fields, " "))
		}
	}
	return strings.Join(lines, "\n")
}

func (s *shop) counts() cart.Counts {
	s.t.Helper()
	c, err := cart.ReadCounts(s.db.Read(context.Background()))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func previous(id string) part { return func(e *sessions.Event) { e.Previous = id } }
