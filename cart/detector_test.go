package cart_test

import (
	"testing"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

const triggers = "SELECT id, kind, cart, episode, flow, dry, order_id FROM triggers ORDER BY seq, id"

// added is a browser's add of one unit.
func added(who, product string, parts ...part) *sessions.Event {
	return event(sessions.ProductAdded, sessions.Browser, append(parts, by(who), of(product, 1, 500))...)
}

// ordered is the backend's order of somebody.
func ordered(id string, parts ...part) *sessions.Event {
	return event(sessions.OrderCompleted, sessions.Backend, append(parts, order(id), total(500))...)
}

func TestDetectTellsOnceOfAnIdleCart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := openShop(t, db)
		s.enableRecovery()
		s.happens(1, added("ann", "cup"))
		if got := s.detect(60); got != (cart.Report{}) {
			t.Errorf("a minute early: %+v", got)
		}
		if got := s.detect(61); got != (cart.Report{Carts: 1, Abandoned: 1, Triggers: 1}) {
			t.Errorf("after an hour: %+v", got)
		}
		if got := s.detect(62); got != (cart.Report{}) {
			t.Errorf("again: %+v", got)
		}
		s.expect(triggers, `
id                        kind            cart  episode  flow  dry  order_id
trg_2_1_cart_abandoned    cart.abandoned  2     1        cart  0    ""`)
	})
}
