package cart_test

import (
	"testing"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
)

// A phone that was offline tells of the cart, and of its order, only after the
// shop's backend told of that order: nothing is left behind.
func TestWhatIsToldAfterItsOrderIsNotAbandoned(t *testing.T) {
	late := func(e *sessions.Event, minute int) *sessions.Event {
		e.Occurred = millis(minute)
		return e
	}
	for name, told := range map[string][]*sessions.Event{
		"the cart":               {late(added("ann", "cup", customer("ann")), 3)},
		"the cart and the order": {late(added("ann", "cup", customer("ann")), 3), late(ordered("1", by("ann"), customer("ann")), 4)},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				s.happens(1, event(sessions.Identify, sessions.Browser, by("ann"), customer("ann")))
				s.happens(5, event(sessions.OrderCompleted, sessions.Backend, customer("ann"), order("1"), of("cup", 1, 100)))
				s.happens(6, told...)
				s.wantReport(s.detect(200), cart.Report{Carts: 1, Abandoned: 1, Suppressed: 1})
				s.expect("SELECT COUNT(*) AS n FROM triggers WHERE kind = 'cart.abandoned'", "n\n0")
			})
		})
	}
}

// A public key claims a cart's id beforehand, or speaks in a customer's name: the
// address and the checkout that it gives are not those of the shop's customer.
func TestAPublicKeyDoesNotSpeakOverTheBackend(t *testing.T) {
	const told = "SELECT email, checkout_id FROM carts"
	story(t, func(s *shop) {
		s.happens(1, event(sessions.ProductAdded, sessions.Browser, by("evil"), email("evil@x.example"), named("1001"), checkout("k"), of("cup", 1, 100)))
		s.happens(5, event(sessions.CartUpdated, sessions.Backend, customer("victim"), named("1001"), of("ring", 1, 100)))
		s.expect(told, "email checkout_id\n\"\" \"\"")
		s.happens(6, event(sessions.CartUpdated, sessions.Backend, customer("victim"), email("victim@x.example"), named("1001"), of("ring", 2, 100)))
		s.happens(7, event(sessions.CartViewed, sessions.Browser, by("evil"), customer("victim"), email("evil@x.example"), named("1001")))
		s.expect(told, "email checkout_id\nvictim@x.example \"\"")
	})
}

// What would be triggered next year is asked today, and asked again of today.
func TestADryLookAheadBlocksNoOther(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(1, added("ann", "cup"))
		s.asOf(2000, false)
		s.wantReport(s.asOf(100, false), cart.Report{Carts: 1, Abandoned: 1})
	})
}

// The message of an order tells what was sold, also when the cart is in use again.
func TestAMessageTellsOfItsOwnEpisode(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(1, event(sessions.CartUpdated, sessions.Backend, customer("ann"), named("A"), of("ring", 1, 900)))
		s.happens(2, event(sessions.OrderCompleted, sessions.Backend, customer("ann"), named("A"), order("1"), of("ring", 1, 900)))
		s.happens(3, event(sessions.CartUpdated, sessions.Backend, customer("ann"), named("A"), of("hat", 2, 50)))
		sold, err := s.store.Triggers(t.Context(), "", 1)
		if err != nil || len(sold) != 1 {
			t.Fatal(sold, err)
		}
		m, err := cart.NewMessages(cart.RulesOf(flow.Default())).Message(s.db.Read(t.Context()), sold[0])
		if err != nil {
			t.Fatal(err)
		}
		c := m.Data.Cart
		if c.Status != cart.Ordered || c.Episode != 1 || c.Units != 1 || *c.Value != 900 || c.Lines[0].Product != "ring" {
			t.Errorf("cart.converted tells %+v", c)
		}
	})
}

// The backend tells at night of the day's orders: the cart that its shopper fills
// then is not what was bought. It is left in peace all the same, and so is one
// whose backend's clock is a little behind.
func TestAnOrderToldLateEndsNoLaterCart(t *testing.T) {
	for status, minutesBefore := range map[string]int{"open": 6, "ordered": 5} {
		t.Run(status, func(t *testing.T) {
			story(t, func(s *shop) {
				s.happens(10, added("ann", "cup"))
				order := ordered("1", by("ann"))
				order.Occurred = millis(10 - minutesBefore)
				s.happens(20, order)
				s.expect("SELECT status FROM carts", "status\n"+status)
				s.detect(200)
				s.expect("SELECT COUNT(*) AS n FROM triggers WHERE kind = 'cart.abandoned'", "n\n0")
			})
		})
	}
}

// An order that names its cart means it, whenever it happened.
func TestAnOrderToldLateEndsTheCartItNames(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(10, put("A", "cup", 1, by("ann")))
		order := ordered("1", by("ann"), named("A"))
		order.Occurred = millis(1)
		s.happens(20, order)
		s.expect("SELECT status FROM carts", "status\nordered")
	})
}
