package cart_test

import (
	"testing"

	"cartwright/cart"
	"cartwright/sessions"
)

const (
	carts  = "SELECT id, cart_id, visitor_id, status, units, episode, order_id, merged_into FROM carts ORDER BY id"
	orders = "SELECT order_id, seq, cart_id, total, source, refunded, cancelled FROM orders ORDER BY order_id"
)

func TestWholeCartTakesOverTheNamelessOne(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, added("ann", "cup"), added("bob", "cup"))
		s.happens(1, put("A", "pot", 3, by("ann")))
		s.happens(2, added("ann", "tea")) // the backend writes it now
		s.expect(carts, `
			id cart_id visitor_id status units episode order_id merged_into
			2  A       2          open   3     1       ""       0
			3  ""      3          open   1     1       ""       0`)
	})
}

// A shopper fills a cart, then logs in to an account that has one.
func TestWholeCartReplacesNamelessOnesOfItsVisitor(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "pot", 1, customer("ann")))
		s.happens(1, added("phone", "cup"))
		s.happens(2, event(sessions.Identify, sessions.Browser, by("phone"), customer("ann")))
		s.expect(carts, `
			id cart_id visitor_id status units episode order_id merged_into
			2  A       2          open   1     1       ""       0
			3  ""      2          open   1     1       ""       0`)
		s.happens(3, put("A", "pot", 2, customer("ann")))
		s.expect(carts, `
			id cart_id visitor_id status units episode order_id merged_into
			2  A       2          open   2     1       ""       0
			3  ""      2          merged 1     1       ""       2`)
	})
}

func TestJoinMovesClosedCartsAndOrders(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, event(sessions.Identify, sessions.Browser, customer("ann")))
		s.happens(1, added("phone", "cup"))
		s.happens(2, ordered("1", by("phone")))
		s.happens(3, event(sessions.Identify, sessions.Browser, by("phone"), customer("ann")))
		s.expect("SELECT carts.visitor_id, status, orders.visitor_id AS who FROM carts JOIN orders ON carts.order_id = orders.order_id",
			"visitor_id status who\n2 ordered 2")
	})
}

func TestOrderEndsTheCartItNamesElseAll(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")), put("B", "cup", 1, by("ann")))
		s.happens(1, ordered("1", by("ann"), named("A")))
		s.expect("SELECT cart_id, status, order_id FROM carts ORDER BY id", "cart_id status order_id\nA ordered 1\nB open \"\"")
		s.happens(2, put("C", "cup", 1, by("ann")), ordered("2", by("ann")))
		s.expect("SELECT cart_id, status, order_id FROM carts ORDER BY id", "cart_id status order_id\nA ordered 1\nB ordered 2\nC ordered 2")
		s.expect(triggers, `
			id                      kind            cart  episode  flow   dry  order_id
			trg_2_1_cart_converted  cart.converted  2     1        order  0    1
			trg_3_1_cart_converted  cart.converted  3     1        order  0    2
			trg_5_1_cart_converted  cart.converted  5     1        order  0    2`)
	})
}

func TestOrderOfNobodyEndsOnlyWhatItNames(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1), put("B", "cup", 1))
		s.happens(1, ordered("1"), ordered("2", named("B")))
		s.expect("SELECT cart_id, visitor_id, status FROM carts ORDER BY id", "cart_id visitor_id status\nA 0 open\nB 0 ordered")
	})
}

func TestOrderBeforeItsCart(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, ordered("1", by("ann"), named("A")))
		s.happens(1, put("A", "cup", 1, by("ann")))
		s.expect("SELECT cart_id, status, order_id FROM carts", "cart_id status order_id\nA ordered 1")
		s.wantReport(s.detect(100), cart.Report{})
	})
}

func TestCartIsUsedAgainAfterItsOrder(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.happens(5, ordered("1", by("ann"), named("A")))
		late := put("A", "cup", 2, by("ann"))
		late.Occurred = millis(4)
		s.happens(6, late, put("A", "cup", 0, by("ann")))
		s.expect("SELECT status, units, episode FROM carts", "status units episode\nordered 1 1")
		s.happens(7, put("A", "cup", 1, by("ann")))
		s.expect("SELECT status, units, episode, order_id FROM carts", "status units episode order_id\nopen 1 2 \"\"")
		s.wantReport(s.detect(67), cart.Report{Carts: 1, Abandoned: 1, Triggers: 1}) // the old order does not count
	})
}

func TestLateOrderRecovers(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, added("ann", "cup"), added("bob", "cup"))
		s.happens(30, added("bob", "cup"))
		s.wantReport(s.detect(60), cart.Report{Carts: 1, Abandoned: 1, Triggers: 1})
		s.happens(61, ordered("1", by("ann")), ordered("2", by("bob")))
		s.happens(62, ordered("1", by("ann")))
		s.expect("SELECT id, kind, order_id FROM triggers ORDER BY seq, id", `
			id                      kind            order_id
			trg_2_1_cart_abandoned  cart.abandoned  ""
			trg_2_1_cart_recovered  cart.recovered  1
			trg_3_1_cart_converted  cart.converted  2`)
	})
}

func TestDryTriggerRecoversNothing(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, added("ann", "cup"))
		s.asOf(60, false)
		s.happens(61, ordered("1", by("ann")))
		s.expect("SELECT id FROM triggers ORDER BY id", "id\ndry_trg_2_1_cart_abandoned\ntrg_2_1_cart_converted")
	})
}

func TestImportedOrderTellsNothing(t *testing.T) {
	story(t, func(s *shop) {
		s.imports(0, added("ann", "cup"))
		s.imports(1, ordered("1", by("ann")))
		s.expect("SELECT status, order_id FROM carts", "status order_id\nordered 1")
		s.expect("SELECT COUNT(*) AS n FROM triggers", "n\n0")
	})
}

func TestOrderIsOneForEver(t *testing.T) {
	browsers := func(amount int64) *sessions.Event {
		return event(sessions.OrderCompleted, sessions.Browser, by("ann"), order("1"), total(amount), checkout("C"))
	}
	story(t, func(s *shop) {
		s.happens(0, added("ann", "cup"))
		s.happens(1, browsers(100))
		s.happens(2, browsers(200))
		s.expect(orders, "order_id seq cart_id total source refunded cancelled\n1 3 \"\" 100 browser 0 0")
		s.happens(3, added("ann", "pot")) // another cart, begun before the backend tells of the order
		s.happens(4, ordered("1", by("ann"), named("A")))
		s.happens(5, browsers(300), ordered("1", by("ann"), total(900)))
		s.expect("SELECT order_id, seq, cart_id, checkout_id, total, source FROM orders",
			"order_id seq cart_id checkout_id total source\n1 3 A C 500 backend")
		s.expect("SELECT id, status FROM carts ORDER BY id", "id status\n2 ordered\n5 open")
	})
}

// What updates tell of an order takes the place of what was told before; what they leave
// out stays. Browsers change nothing, and neither does what is older than a platform's state.
func TestUpdatesOfAnOrder(t *testing.T) {
	updated := func(source sessions.Source, id string, parts ...part) *sessions.Event {
		return event(sessions.OrderUpdated, source, append(parts, order(id))...)
	}
	story(t, func(s *shop) {
		s.happens(0, ordered("1", by("ann")), ordered("2"), ordered("3"), ordered("4"))
		s.happens(1, event(sessions.OrderCancelled, sessions.Backend, order("4")))
		state := updated(sessions.Backend, "3", total(400))
		state.Updated = state.Received + 1
		s.happens(2,
			updated(sessions.Backend, "1", total(300)),
			updated(sessions.Browser, "1", total(9)),
			updated(sessions.Backend, "2"), // shipped, say
			state, updated(sessions.Backend, "3", total(9)),
			updated(sessions.Backend, "4", total(200)),
			updated(sessions.Backend, "unknown", total(9)),
		)
		s.expect("SELECT order_id, total, source, cancelled, seq > 0 AS told FROM orders ORDER BY order_id", `
			order_id  total  source   cancelled  told
			1         300    backend  0          1
			2         500    backend  0          1
			3         400    backend  0          1
			4         200    backend  1          1
			unknown   9      backend  0          0`)
		s.happens(3, event(sessions.OrderCompleted, sessions.Browser, order("5"), total(5)), updated(sessions.Backend, "5", total(700), currency("GBP")))
		s.expect("SELECT total, currency, source FROM orders WHERE order_id = '5'", "total currency source\n700 GBP backend")
	})
}

func TestRefundsStandOnTheOrder(t *testing.T) {
	back := func(kind sessions.Kind, source sessions.Source, id string, parts ...part) *sessions.Event {
		return event(kind, source, append(parts, order(id))...)
	}
	story(t, func(s *shop) {
		s.happens(0, back(sessions.OrderRefunded, sessions.Backend, "early", total(50)))
		s.happens(1, ordered("1"), ordered("2"), ordered("3"), ordered("early"))
		s.happens(2,
			back(sessions.OrderRefunded, sessions.Backend, "1", total(100)),
			back(sessions.OrderRefunded, sessions.Backend, "1", total(20)),
			back(sessions.OrderRefunded, sessions.Backend, "1", total(7), currency("GBP")),
			back(sessions.OrderRefunded, sessions.Browser, "2", total(100)),
			back(sessions.OrderCancelled, sessions.Browser, "2"),
			back(sessions.OrderRefunded, sessions.Backend, "3"),
			back(sessions.OrderCancelled, sessions.Backend, "3"),
			back(sessions.OrderRefunded, sessions.Backend, "unknown", total(9)),
		)
		s.expect(orders, `
			order_id  seq  cart_id  total   source   refunded  cancelled
			1         3    ""       500     backend  120       0
			2         4    ""       500     backend  0         0
			3         5    ""       500     backend  500       1
			early     6    ""       500     backend  50        0
			unknown   0    ""       NULL  backend  9         0`)
		if n := s.counts().Orders; n != 4 {
			t.Errorf("%d orders are counted", n)
		}
	})
}
