package cart_test

import (
	"context"
	"fmt"
	"testing"

	"cartwright/sessions"
)

func TestHoldings(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, customer("ann")), put("B", "pot", 1, customer("ann")), put("C", "tea", 1, customer("bob")))
		s.happens(1, ordered("1", customer("ann"), named("B"), of("pot", 1, 500)), ordered("2", customer("ann"), named("X"), of("hat", 1, 9)))
		s.happens(2, event(sessions.OrderCancelled, sessions.Backend, order("2")))
		for who, want := range map[sessions.CustomerID]string{"ann": "[cup] map[pot:1772359260000]", "bob": "[tea] map[]", "nobody": "[] map[]"} {
			held, err := s.store.InCarts(context.Background(), who)
			if err != nil {
				t.Fatal(err)
			}
			bought, err := s.store.Bought(context.Background(), who)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(held, bought); got != want {
				t.Errorf("%s holds and bought %s, want %s", who, got, want)
			}
		}
	})
}
