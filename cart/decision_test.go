package cart_test

import (
	"testing"
	"time"

	"cartwright/cart"
	"cartwright/cart/flow"
)

func TestDecide(t *testing.T) {
	f := flow.New(time.Hour, 24*time.Hour)
	idle := func(minutes int) cart.Facts {
		return cart.Facts{Cart: cart.Cart{LastActivity: millis(-minutes)}}
	}
	with := func(f cart.Facts, change func(*cart.Facts)) cart.Facts { change(&f); return f }
	seen := func(minutes int) func(*cart.Facts) {
		return func(f *cart.Facts) { f.Seen = millis(-minutes) }
	}
	ordered := func(f *cart.Facts) { f.Order, f.Identity = "1", cart.OrderOfEmail }
	for name, tt := range map[string]struct {
		facts   cart.Facts
		outcome cart.Outcome
		reason  cart.Reason
	}{
		"idle":                      {idle(60), cart.Fire, cart.Idle},
		"exactly the maximum age":   {idle(24 * 60), cart.Fire, cart.Idle},
		"a minute older":            {idle(24*60 + 1), cart.Expire, cart.TooOld},
		"the shopper is here":       {with(idle(60), seen(29)), cart.Hold, cart.ShopperActive},
		"was here half an hour ago": {with(idle(60), seen(30)), cart.Fire, cart.Idle},
		"an order":                  {with(idle(60), ordered), cart.Suppress, cart.OrderOfEmail},
		"an order beats activity":   {with(with(idle(60), ordered), seen(1)), cart.Suppress, cart.OrderOfEmail},
		"an old cart, but active":   {with(idle(24*60+1), seen(1)), cart.Hold, cart.ShopperActive},
	} {
		if o, r := cart.Decide(f, tt.facts, millis(0)); o != tt.outcome || r != tt.reason {
			t.Errorf("%s: %s, %s; want %s, %s", name, o, r, tt.outcome, tt.reason)
		}
	}
}

func TestFlow(t *testing.T) {
	if f := flow.New(10*time.Minute, time.Hour); f.Active != 10*time.Minute || f.Check() != nil {
		t.Errorf("a flow of ten minutes: %+v, %v", f, f.Check())
	}
	if f := flow.Default(); f.Active != 30*time.Minute || f.AbandonedAt(millis(0)) != millis(60) || f.Check() != nil {
		t.Errorf("the default: %+v, %v", f, f.Check())
	}
	for _, bad := range []flow.Flow{flow.New(0, time.Hour), flow.New(time.Hour, time.Hour)} {
		if bad.Check() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}
