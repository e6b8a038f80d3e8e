package cart_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

const (
	triggers  = "SELECT id, kind, cart, episode, flow, dry, order_id FROM triggers ORDER BY seq, id"
	decisions = "SELECT cart, episode, outcome, reason, order_id, dry FROM decisions ORDER BY seq"
)

// added is a browser's add of one unit.
func added(who, product string, parts ...part) *sessions.Event {
	return event(sessions.ProductAdded, sessions.Browser, append(parts, by(who), of(product, 1, 500))...)
}

// ordered is the backend's order.
func ordered(id string, parts ...part) *sessions.Event {
	return event(sessions.OrderCompleted, sessions.Backend, append(parts, order(id), total(500))...)
}

// put is a whole cart of one line from the backend.
func put(name, product string, quantity int64, parts ...part) *sessions.Event {
	return event(sessions.CartUpdated, sessions.Backend, append(parts, named(name), of(product, quantity, 500))...)
}

func page(who string) *sessions.Event { return event(sessions.Page, sessions.Browser, by(who)) }

// story tells one on both databases, with recovery switched on by event 1. At
// its end the projections must be what a replay makes of the log.
func story(t *testing.T, tell func(s *shop)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := openShop(t, db)
		s.enableRecovery()
		tell(s)
		before := tables(t, db)
		if _, err := sessions.Replay(t.Context(), db, []sessions.Projection{s.store}, nil); err != nil {
			t.Fatal(err)
		}
		if after := tables(t, db); after != before {
			t.Errorf("replayed\n%s\nwritten\n%s", after, before)
		}
	})
}

func (s *shop) wantReport(got, want cart.Report) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("detection reports %+v, want %+v", got, want)
	}
}

func TestDetectTellsOnceOfAnIdleCart(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(1, added("ann", "cup"))
		s.wantReport(s.detect(60), cart.Report{})
		s.wantReport(s.detect(65), cart.Report{Carts: 1, Abandoned: 1, Triggers: 1})
		s.wantReport(s.detect(66), cart.Report{})
		s.expect(triggers, `
			id                      kind            cart  episode  flow  dry  order_id
			trg_2_1_cart_abandoned  cart.abandoned  2     1        cart  0    ""`)
		s.expect(decisions, `
			cart  episode  outcome  reason  order_id  dry
			2     1        trigger  idle    ""        0`)
		// Abandoned with its last activity plus the wait, not with the tick.
		s.expect("SELECT abandoned_at, created_at, seq FROM triggers",
			fmt.Sprintf("abandoned_at created_at seq\n%d %d 3", millis(61), millis(65)))

		s.happens(70, added("ann", "pot")) // in time for another episode
		s.wantReport(s.detect(130), cart.Report{Carts: 1, Abandoned: 1, Triggers: 1})
		s.expect("SELECT id FROM triggers ORDER BY seq", "id\ntrg_2_1_cart_abandoned\ntrg_2_2_cart_abandoned")
	})
}

func TestDetectSuppressesUnderEveryIdentity(t *testing.T) {
	shopping := func(parts ...part) *sessions.Event { return added("ann", "cup", parts...) }
	for reason, tt := range map[cart.Reason]struct{ before, order []*sessions.Event }{
		cart.OrderOfVisitor: { // it named another cart, and so ended that
			[]*sessions.Event{shopping(named("A"))},
			[]*sessions.Event{ordered("1", by("ann"), named("B"))}},
		cart.OrderOfCheckout: {
			[]*sessions.Event{shopping(), event(sessions.CheckoutStarted, sessions.Browser, by("ann"), checkout("C"))},
			[]*sessions.Event{ordered("1", customer("someone"), checkout("C"))}},
		cart.OrderOfEmail: { // the address is a customer's; the cart was given it all the same
			[]*sessions.Event{event(sessions.Identify, sessions.Backend, customer("bob"), email("x@example.com")),
				event(sessions.ProductAdded, sessions.Browser, by("ann"), customer("ann"), email("x@example.com"), of("cup", 1, 500))},
			[]*sessions.Event{ordered("1", customer("bob"), email("x@example.com"))}},
	} {
		t.Run(string(reason), func(t *testing.T) {
			story(t, func(s *shop) {
				s.happens(0, tt.before...)
				s.happens(5, tt.order...)
				s.wantReport(s.detect(70), cart.Report{Carts: 1, Abandoned: 1, Suppressed: 1})
				s.wantReport(s.detect(71), cart.Report{})
				s.expect("SELECT outcome, reason, order_id FROM decisions", fmt.Sprintf("outcome reason order_id\nsuppress %s 1", reason))
				s.expect("SELECT COUNT(*) AS n FROM triggers WHERE kind = 'cart.abandoned'", "n\n0")
			})
		})
	}
}

// An order of the day before is no reason to leave today's cart alone.
func TestDetectIgnoresOrdersBeforeTheEpisode(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, ordered("1", by("ann"), email("ann@example.com")))
		s.happens(5, added("ann", "cup"))
		s.wantReport(s.detect(70), cart.Report{Carts: 1, Abandoned: 1, Triggers: 1})
	})
}

func TestDetectHoldsWhileTheShopperIsHere(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, added("ann", "cup"))
		s.happens(50, page("ann"))
		held := cart.Report{Carts: 1, Abandoned: 1, Suppressed: 1}
		s.wantReport(s.detect(60), held)
		s.wantReport(s.detect(61), held) // the same again is not written again
		s.wantReport(s.detect(79), held)
		s.wantReport(s.detect(80), cart.Report{Carts: 1, Abandoned: 1, Triggers: 1})
		s.expect(decisions, `
			cart  episode  outcome  reason          order_id  dry
			2     1        hold     shopper_active  ""        0
			2     1        trigger  idle            ""        0`)
	})
}

func TestDetectLetsOldCartsGo(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, added("ann", "cup"))
		s.wantReport(s.detect(7*24*60+1), cart.Report{Carts: 1, Abandoned: 1})
		s.wantReport(s.detect(7*24*60+2), cart.Report{})
		s.expect(decisions, "cart episode outcome reason order_id dry\n2 1 expire too_old \"\" 0")
	})
}

func TestDetectLeavesOutWhatIsNotEligible(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := openShop(t, db)
		s.happens(0, added("early", "cup"))
		s.wantReport(s.detect(61), cart.Report{}) // recovery is off
		s.now = at(70)
		s.enableRecovery()
		s.imports(71, added("history", "cup"))
		s.happens(72, added("robot", "cup", bot()), added("ann", "cup"))
		s.happens(73, event(sessions.ProductRemoved, sessions.Browser, by("ann"), of("cup", 1, -1)))
		s.wantReport(s.detect(200), cart.Report{})
		if got, want := s.counts(), (cart.Counts{Carts: 3, OpenCarts: 2, OpenUnits: 2}); got != want {
			t.Errorf("counts %+v, want %+v", got, want)
		}
		s.happens(201, page("history"), added("history", "pot")) // now it is live
		s.wantReport(s.detect(261), cart.Report{Carts: 1, Abandoned: 1, Triggers: 1})
	})
}

func TestDetectAsOfLooksAtAllHistory(t *testing.T) {
	story(t, func(s *shop) {
		s.imports(0, added("old", "cup"))
		s.imports(7*24*60, added("ann", "cup"))
		s.imports(7*24*60+50, added("new", "cup"))
		when := 7*24*60 + 90
		want := cart.Report{Carts: 3, Abandoned: 2, Triggers: 1}
		s.wantReport(s.asOf(when, false), want)
		want.Triggers = 0
		s.wantReport(s.asOf(when, false), want)
		want.Triggers = 1 // dry ones do not take the real one's place
		s.wantReport(s.asOf(when, true), want)
		want.Triggers = 0
		s.wantReport(s.asOf(when, true), want)
		s.expect(triggers, `
			id                          kind            cart  episode  flow  dry  order_id
			dry_trg_3_1_cart_abandoned  cart.abandoned  3     1        cart  1    ""
			trg_3_1_cart_abandoned      cart.abandoned  3     1        cart  0    ""`)
	})
}

func TestDetectAsOfRefusesATimeBeforeTheEnd(t *testing.T) {
	story(t, func(s *shop) {
		s.imports(30, added("ann", "cup"))
		_, err := s.detector.Detect(context.Background(), at(29), cart.Options{History: true})
		var early *cart.EarlyError
		if !errors.As(err, &early) || !early.Newest.Equal(at(30)) {
			t.Errorf("error %v", err)
		}
		// The present is never too early: it has moved on since the clock was read.
		r, err := s.detector.Detect(context.Background(), at(29), cart.Options{History: true, Running: true})
		if err != nil || r.Carts != 1 {
			t.Errorf("as of the present: %+v, %v", r, err)
		}
	})
}

// More carts than one transaction takes, half of them held: all are seen once.
func TestDetectGoesThroughAllPages(t *testing.T) {
	story(t, func(s *shop) {
		var adds, pages []*sessions.Event
		for i := range 1200 {
			who := fmt.Sprint("shopper", i)
			adds = append(adds, added(who, "cup"))
			if i%2 == 0 {
				pages = append(pages, page(who))
			}
		}
		s.happens(0, adds...)
		s.happens(59, pages...)
		s.wantReport(s.detect(60), cart.Report{Carts: 1200, Abandoned: 1200, Suppressed: 600, Triggers: 600})
		s.wantReport(s.detect(61), cart.Report{Carts: 600, Abandoned: 600, Suppressed: 600})
		s.wantReport(s.asOf(89, false), cart.Report{Carts: 1200, Abandoned: 1200, Triggers: 1200})
	})
}
