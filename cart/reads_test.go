package cart_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"cartwright/cart"
	"cartwright/sessions"
)

func TestReadsFindNothing(t *testing.T) {
	story(t, func(s *shop) {
		ctx := context.Background()
		for what, read := range map[string]func() error{
			"cart":             func() error { _, err := s.store.Cart(ctx, 7); return err },
			"named cart":       func() error { _, err := s.store.CartNamed(ctx, "A"); return err },
			"nameless cart":    func() error { _, err := s.store.CartNamed(ctx, ""); return err },
			"order":            func() error { _, err := s.store.Order(ctx, "1"); return err },
			"trigger":          func() error { _, err := s.store.Trigger(ctx, "trg"); return err },
			"page of triggers": func() error { _, err := s.store.Triggers(ctx, "trg", 5); return err },
		} {
			if err := read(); !errors.Is(err, sessions.ErrNotFound) {
				t.Errorf("%s: error %v", what, err)
			}
		}
	})
}

func TestReadsPageThroughAllNewestFirst(t *testing.T) {
	story(t, func(s *shop) {
		var events []*sessions.Event
		for i := range 5 {
			events = append(events, put(fmt.Sprint("A", i), "cup", 1, by("ann")), ordered(fmt.Sprint(i), by("ann"), named(fmt.Sprint("A", i))))
		}
		s.happens(0, events...)
		ctx := context.Background()
		carts := pages(t, func(after cart.ID) ([]cart.Cart, error) { return s.store.Carts(ctx, after, 2) }, func(c cart.Cart) cart.ID { return c.ID })
		orders := pages(t, func(after sessions.Seq) ([]cart.Order, error) { return s.store.Orders(ctx, after, 2) }, func(o cart.Order) sessions.Seq { return o.Seq })
		triggers := pages(t, func(after string) ([]cart.Trigger, error) { return s.store.Triggers(ctx, after, 2) }, func(t cart.Trigger) string { return t.ID })
		if got := fmt.Sprint(carts, orders); got != "[10 8 6 4 2] [11 9 7 5 3]" {
			t.Errorf("pages of carts and orders: %s", got)
		}
		if len(triggers) != 5 || triggers[0] != "trg_10_1_cart_converted" {
			t.Errorf("pages of triggers: %v", triggers)
		}
	})
}

// pages reads page after page until none is left.
func pages[T any, K comparable](t *testing.T, read func(after K) ([]T, error), key func(T) K) (keys []K) {
	t.Helper()
	var after K
	for {
		page, err := read(after)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return keys
		}
		for _, v := range page {
			keys = append(keys, key(v))
		}
		after = keys[len(keys)-1]
	}
}

func TestWhatIsShown(t *testing.T) {
	story(t, func(s *shop) {
		ctx := context.Background()
		s.happens(0, added("ann", "cup"))
		s.detect(60)
		c, err := s.store.Cart(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		s.wantShown(c, `{"id":2,"visitor_id":2,"status":"open","currency":"EUR","lines":[{"product_id":"cup","quantity":1,"unit_price":500}],`+
			`"units":1,"value":500,"last_seq":2,"live":true,"owned":false,"episode":1,"decided":"trigger",`+
			`"began_at":"2026-03-01T10:00:00Z","last_activity_at":"2026-03-01T10:00:00Z"}`)
		made, err := s.store.Decisions(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		s.wantShown(made, `[{"seq":3,"cart":2,"episode":1,"flow":"cart","step":0,"dry":false,"outcome":"trigger","reason":"idle","seen":2,"kind":"cart",`+
			`"abandoned_at":"2026-03-01T11:00:00Z","decided_at":"2026-03-01T11:00:00Z","words":"The cart was abandoned at 2026-03-01T11:00:00Z; the shop was told."}]`)
		trigger, err := s.store.Trigger(ctx, "trg_2_1_cart_abandoned")
		if err != nil {
			t.Fatal(err)
		}
		s.wantShown(trigger, `{"id":"trg_2_1_cart_abandoned","seq":3,"type":"cart.abandoned","cart":2,"episode":1,"flow":"cart","step":0,"dry":false,"channels":["webhook"],`+
			`"abandoned_at":"2026-03-01T11:00:00Z","created_at":"2026-03-01T11:00:00Z"}`)
	})
}

func (s *shop) wantShown(v any, want string) {
	s.t.Helper()
	got, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	if string(got) != want {
		s.t.Errorf("shown as\n%s\nwant\n%s", got, want)
	}
}

func TestProjectionVerifies(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, added("ann", "cup"), put("A", "pot", 2, by("bob")))
		s.detect(60)
		s.happens(61, ordered("1", by("ann")))
		v, err := sessions.Verify(context.Background(), s.db, []sessions.Projection{s.store})
		if err != nil {
			t.Fatal(err)
		}
		if len(v.Differences) > 0 {
			t.Errorf("differences: %v", v.Differences)
		}
	})
}
