package jobs

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// shop is the real log and the real carts with all four jobs over one database,
// and a server of the shop's inside the process.
type shop struct {
	t        *testing.T
	db       *database.DB
	clock    func() time.Time
	receiver *receiver
	library  *standardwebhooks.Webhook

	log      *sessions.Log
	follower *sessions.Follower
	detector *cart.Detector
	delivery *Delivery
}

const wait = 10 * time.Minute

func newShop(t *testing.T, db *database.DB, clock func() time.Time) *shop {
	t.Helper()
	s := &shop{t: t, db: db, clock: clock}
	s.receiver = &receiver{begun: clock(), now: clock, counts: map[string]int{}, verify: map[string]verifier{}}
	made, err := Configure(t.Context(), db, clock(), webhook.Options{}, []Endpoint{{URL: "https://shop.example/hook"}})
	if err != nil {
		t.Fatal(err)
	}
	s.library, err = standardwebhooks.NewWebhook(made[0].Secrets[0].Reveal())
	if err != nil {
		t.Fatal(err)
	}
	s.receiver.verify["shop.example"] = s.library.Verify
	s.open()
	t.Cleanup(s.close)
	_, err = s.log.Decide(t.Context(), func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
		e, err := sessions.Own(sessions.RecoveryEnabled, 0, sessions.MillisOf(clock()), struct{}{})
		return []*sessions.Event{e}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open begins a life of the program.
func (s *shop) open() {
	s.t.Helper()
	store := cart.NewStore(s.db)
	var err error
	s.log, err = sessions.OpenLog(s.t.Context(), s.db, sessions.LogOptions{Projections: []sessions.Projection{store}, Now: s.clock})
	if err != nil {
		s.t.Fatal(err)
	}
	s.follower = sessions.NewFollower(s.db, s.log, nil)
	if err := s.follower.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	f := flow.New(wait, 7*24*time.Hour)
	s.detector = cart.NewDetector(s.log, cart.RulesOf(f))
	s.delivery = NewDelivery(DeliveryOptions{Database: s.db, Log: s.log, Triggers: store, Messages: cart.NewMessages(cart.RulesOf(f)),
		Sender: webhook.NewSender(webhook.Options{Transport: s.receiver}), Now: s.clock})
}

// close ends it in order.
func (s *shop) close() {
	s.delivery.Close(context.Background())
	s.follower.Close()
	s.log.Close()
}

// table is what runs when.
func (s *shop) table() []Job {
	return []Job{
		Detection("@every 1m", s.detector), s.delivery.Job("@every 1s"),
		Closing("@every 1m", s.follower, s.log), Upkeep("@hourly", s.db, s.log),
	}
}

// does appends what a shopper does with a product.
func (s *shop) does(shopper string, kind sessions.Kind, order string) {
	s.t.Helper()
	price := int64(1999)
	e := &sessions.Event{Kind: kind, Source: sessions.Browser}
	e.Anonymous, e.Currency = sessions.AnonymousID(shopper), "EUR"
	e.Lines = []sessions.Line{{Product: "mug", Quantity: 1, UnitPrice: &price}}
	if order != "" {
		e.Order, e.Source = sessions.OrderID(order), sessions.Backend
	}
	if _, err := s.log.Append(s.t.Context(), sessions.Batch{Events: []*sessions.Event{e}}); err != nil {
		s.t.Fatal(err)
	}
}

// story compares what the shop's server was told.
func (s *shop) story(want ...string) {
	s.t.Helper()
	got := strings.Join(s.receiver.attempts(), "\n")
	if got != strings.Join(want, "\n") {
		s.t.Errorf("attempts\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if len(s.receiver.faults) > 0 {
		s.t.Errorf("signatures: %v", s.receiver.faults)
	}
}

func TestAMorningOfTheShop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, testdb.SQLite(t), time.Now)
		s.receiver.unit = time.Minute // which of two jobs comes first in a second is open
		live := func(d time.Duration, then func()) {
			_, stop := started(t, s.db, s.table()...)
			pass(d)
			stop()
			s.close()
			s.open() // each scene ends with a restart
			if then != nil {
				then()
			}
		}
		s.does("anna", sessions.ProductAdded, "")
		s.does("ben", sessions.ProductAdded, "")
		live(5*time.Minute, func() { s.does("ben", sessions.OrderCompleted, "o1") })
		live(10*time.Minute, func() { s.does("cleo", sessions.ProductAdded, "") }) // anna's cart is abandoned meanwhile
		s.receiver.answer = func(string, int) *answer { return &answer{status: 503} }
		live(11*time.Minute, func() { s.does("cleo", sessions.OrderCompleted, "o2") }) // between two attempts
		s.receiver.answer = nil
		live(9*time.Minute, func() { s.does("anna", sessions.OrderCompleted, "o3") })
		live(10*time.Minute, nil)
		s.story(
			"5m0s shop.example trg_3_1_cart_converted",
			"10m0s shop.example trg_2_1_cart_abandoned",
			"25m0s shop.example trg_8_1_cart_abandoned",
			"25m0s shop.example trg_8_1_cart_abandoned",
			"26m0s shop.example trg_8_1_cart_recovered",
			"35m0s shop.example trg_2_1_cart_recovered",
		)
		got := testdb.Rows(t, s.db, "SELECT trigger_id, status, attempts, last_error FROM deliveries ORDER BY trigger_seq")
		want := `trigger_id              status      attempts  last_error
trg_3_1_cart_converted  delivered   1         ""
trg_2_1_cart_abandoned  delivered   1         ""
trg_8_1_cart_abandoned  suppressed  2         cart_closed
trg_8_1_cart_recovered  delivered   1         ""
trg_2_1_cart_recovered  delivered   1         ""
`
		if got != want {
			t.Errorf("deliveries\n%swant\n%s", got, want)
		}
	})
}

// An order that arrives while a message is being tried again stops it, on both
// databases, with the real carts.
func TestOrderBetweenAttemptsSuppresses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Now()
		s := newShop(t, db, func() time.Time { return now })
		// The library compares times with the machine's clock, which is not this test's.
		s.receiver.verify["shop.example"] = s.library.VerifyIgnoringTimestamp
		s.receiver.answer = func(_ string, n int) *answer {
			if n <= 2 {
				return &answer{status: 500}
			}
			return nil
		}
		turn := func(later time.Duration) {
			t.Helper()
			now = now.Add(later)
			for _, j := range s.table() {
				if _, err := j.Run(t.Context(), now, database.Lease{}); err != nil {
					t.Errorf("%s: %v", j.Name, err)
				}
			}
			s.delivery.workers.Wait()
		}
		s.does("anna", sessions.ProductAdded, "")
		turn(wait - time.Second)
		s.story()
		turn(time.Second)
		turn(5 * time.Second)
		s.story("10m0s shop.example trg_2_1_cart_abandoned", "10m5s shop.example trg_2_1_cart_abandoned")
		s.does("anna", sessions.OrderCompleted, "o1")
		turn(5 * time.Minute)
		turn(time.Hour)
		s.story("10m0s shop.example trg_2_1_cart_abandoned", "10m5s shop.example trg_2_1_cart_abandoned",
			"15m5s shop.example trg_2_1_cart_recovered")
		got := testdb.Rows(t, db, "SELECT trigger_id, status, attempts, last_error FROM deliveries ORDER BY trigger_seq")
		want := `trigger_id              status      attempts  last_error
trg_2_1_cart_abandoned  suppressed  2         cart_closed
trg_2_1_cart_recovered  delivered   1         ""
`
		if got != want {
			t.Errorf("deliveries\n%swant\n%s", got, want)
		}
	})
}

// A shopper who comes back while the message is tried again is left in peace, and
// told of it when they have gone once more.
func TestAShopperWhoIsBackHoldsTheMessage(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Now()
		s := newShop(t, db, func() time.Time { return now })
		s.receiver.verify["shop.example"] = s.library.VerifyIgnoringTimestamp
		s.receiver.answer = func(_ string, n int) *answer {
			if n == 1 {
				return &answer{status: 500}
			}
			return nil
		}
		deliver := func(later time.Duration) Report {
			t.Helper()
			now = now.Add(later)
			if _, err := s.detector.Detect(t.Context(), now, cart.Options{Deliver: true}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.delivery.Run(t.Context(), now, database.Lease{}); err != nil {
				t.Fatal(err)
			}
			s.delivery.workers.Wait()
			r, err := s.delivery.report(nil)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		s.does("anna", sessions.ProductAdded, "")
		deliver(wait)
		s.does("anna", sessions.ProductViewed, "")
		deliver(5 * time.Second)
		s.story("10m0s shop.example trg_2_1_cart_abandoned")
		got := testdb.Rows(t, db, "SELECT status, attempts, last_error FROM deliveries")
		if want := "status   attempts  last_error\npending  1         shopper_active\n"; got != want {
			t.Errorf("held\n%swant\n%s", got, want)
		}
		deliver(wait - 6*time.Second) // seen ten minutes ago but a second
		s.story("10m0s shop.example trg_2_1_cart_abandoned")
		deliver(time.Second)
		s.story("10m0s shop.example trg_2_1_cart_abandoned", "20m0s shop.example trg_2_1_cart_abandoned")
	})
}
