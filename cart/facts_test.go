package cart_test

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
)

// What stands against a cart does not rest on how orders end carts or how
// visitors are joined: every identity is looked up by itself.
func TestLoadFactsFindsOrdersUnderEveryIdentity(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0,
			event(sessions.Identify, sessions.Backend, customer("ann"), email("ann@example.com")),
			event(sessions.Identify, sessions.Browser, by("tablet")),
			event(sessions.Alias, sessions.Backend, customer("ann"), previous("tablet")),
		)
		const ann = sessions.VisitorID(2)
		for name, tt := range map[string]struct {
			cart   cart.Cart
			order  part
			reason cart.Reason
		}{
			"cart":              {cart.Cart{Name: "A"}, named("A"), cart.OrderOfCart},
			"checkout":          {cart.Cart{Checkout: "C"}, checkout("C"), cart.OrderOfCheckout},
			"visitor":           {cart.Cart{Visitor: 77}, func(e *sessions.Event) { e.Visitor = 77 }, cart.OrderOfVisitor},
			"customer":          {cart.Cart{Visitor: ann}, customer("ann"), cart.OrderOfCustomer},
			"visitor's address": {cart.Cart{Visitor: ann}, email("ann@example.com"), cart.OrderOfEmail},
			"cart's address":    {cart.Cart{Email: "gift@example.com"}, email("gift@example.com"), cart.OrderOfEmail},
			"nobody":            {cart.Cart{Name: "A", Checkout: "C", Visitor: ann, Email: "gift@example.com"}, customer("bob"), ""},
		} {
			// The order is written as if it were of a visitor of its own.
			o := ordered("1", tt.order)
			o.Seq = 50
			write(t, s.db, func(tx *gorm.DB) error {
				if err := s.store.Apply(tx, []*sessions.Event{o}); err != nil {
					return err
				}
				tt.cart.EpisodeBegan = 49
				before := tt.cart
				before.EpisodeBegan = 51
				facts, err := cart.LoadFacts(tx, []cart.Cart{tt.cart, before}, 0)
				if err != nil {
					return err
				}
				if facts[0].Identity != tt.reason || (facts[0].Order != "") != (tt.reason != "") {
					t.Errorf("%s: order %q stands by %q, want %q", name, facts[0].Order, facts[0].Identity, tt.reason)
				}
				if facts[1].Order != "" {
					t.Errorf("%s: an order before the episode stands against it", name)
				}
				return tx.Exec("DELETE FROM orders").Error
			})
		}
	})
}

func TestLoadFactsSeesActivityUnderEveryIdentity(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, added("phone", "cup"), page("laptop"))
		s.happens(1, event(sessions.Identify, sessions.Browser, by("phone"), customer("ann")))
		s.happens(2, event(sessions.Identify, sessions.Browser, by("laptop"), customer("ann")))
		s.happens(40, page("laptop"))
		c, err := s.store.Cart(context.Background(), 2)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := cart.LoadFacts(s.db.Read(context.Background()), []cart.Cart{c}, 0)
		if err != nil || facts[0].Seen != millis(40) {
			t.Errorf("the shopper was seen at %d, want %d (%v)", facts[0].Seen, millis(40), err)
		}
	})
}
