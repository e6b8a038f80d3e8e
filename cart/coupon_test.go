package cart_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
)

// couponPause is the pause of the tests' coupons.
const couponPause = 30 * 24 * time.Hour

// coupons are the shop's, with so many codes in the pool: code1, code2 …
func (s *shop) coupons(n int) *cart.Coupons {
	s.t.Helper()
	c := cart.NewCoupons(s.db, cart.CouponRules{Pause: couponPause, Mail: rule()})
	var codes []string
	for i := range n {
		codes = append(codes, fmt.Sprint("code", i+1))
	}
	if a, err := c.Add(context.Background(), codes, 0, millis(0)); err != nil || a.Added != n {
		s.t.Fatalf("added %+v, %v", a, err)
	}
	return c
}

// issue returns the code of a trigger, or why it has none.
func (s *shop) issue(c *cart.Coupons, t cart.Trigger, minutes int) string {
	s.t.Helper()
	var code string
	var why cart.Reason
	write(s.t, s.db, func(tx *gorm.DB) (err error) {
		code, why, err = c.Issue(tx, t, millis(minutes))
		return err
	})
	if (code == "") != (why != "") {
		s.t.Errorf("code %q and reason %q", code, why)
	}
	return code + string(why)
}

// wantIssued compares what triggers get, in their order.
func (s *shop) wantIssued(c *cart.Coupons, minutes int, want ...string) {
	s.t.Helper()
	for i, t := range s.steps() {
		if got := s.issue(c, t, minutes); i >= len(want) || got != want[i] {
			s.t.Errorf("after %d minutes %s got %q, want %q", minutes, t.ID, got, want)
		}
	}
}

// steps are the triggers of steps that were decided.
func (s *shop) steps() (list []cart.Trigger) {
	for _, t := range s.told() {
		if t.Kind == cart.StepDue {
			list = append(list, t)
		}
	}
	return list
}

// couponFlow tells the endpoints once, with a code.
const couponFlow = "- {name: carts, kind: cart, wait: 1h, frequency_cap: 0s, steps: [{offset: 0s, coupon: true}], coupon_on_first_step: true}"

func TestEachTriggerGetsOneCode(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, couponFlow)
		s.happens(0, added("ann", "cup"), added("bob", "cup"), added("cid", "cup"))
		s.detect(60)
		c := s.coupons(2)
		s.wantIssued(c, 61, "code1", "code2", "no_coupon_left")
		s.wantIssued(c, 70, "code1", "code2", "no_coupon_left")
		if stock, err := c.Stock(t.Context(), millis(70)); err != nil || stock.Left != 0 || stock.Issued != 2 || stock.Missed[cart.NoCouponLeft] != 1 {
			t.Errorf("%+v, %v", stock, err)
		}
		if _, err := c.Add(t.Context(), []string{"code1", "more"}, 0, millis(71)); err != nil {
			t.Fatal(err)
		}
		s.wantIssued(c, 72, "code1", "code2", "more")
		if missed, err := c.Missed(t.Context(), 9); err != nil || len(missed) != 0 {
			t.Errorf("missed %v, %v", missed, err)
		}
		issued, err := c.Issued(t.Context(), 2)
		if err != nil || len(issued) != 2 || issued[0].Code != "more" || issued[1].Code != "code1" {
			t.Errorf("issued %v, %v", issued, err)
		}
	})
}

// Only steps that ask for a code carry one, by the decision, whatever the flow says now.
func TestWhatStepsAskForCodes(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart, steps: [{offset: 0s}, {offset: 23h, coupon: true}]}")
		s.happens(0, added("ann", "cup"))
		s.detect(60)
		s.detect(day)
		s.flows(day, "- {name: carts, kind: cart, steps: [{offset: 0s}, {offset: 23h}]}")
		for i, want := range []bool{false, true} {
			if got, err := cart.WantsCoupon(s.db.Read(t.Context()), s.steps()[i]); got != want || err != nil {
				t.Errorf("step %d: %v, %v", i+1, got, err)
			}
		}
		for _, other := range s.told() {
			if got, err := cart.WantsCoupon(s.db.Read(t.Context()), other); other.Kind != cart.StepDue && (got || err != nil) {
				t.Errorf("%s: %v, %v", other.Kind, got, err)
			}
		}
	})
}

// Nobody gets two codes within the pause: no visitor, also after it was joined with the
// one that got a code, and no address, whoever else has it.
func TestCouponPause(t *testing.T) {
	const after = 30 * day
	for name, then := range map[string]struct {
		events []*sessions.Event // two hours after the first code
		want   string            // which the second trigger gets
	}{
		"a stranger":       {[]*sessions.Event{added("bob", "cup")}, "code2"},
		"the same visitor": {[]*sessions.Event{put("B", "cup", 1, customer("ann"))}, "coupon_pause"},
		"a visitor that is joined": {[]*sessions.Event{added("phone", "cup"),
			identify(sessions.Browser, by("phone"), customer("ann"))}, "coupon_pause"},
		"the same address": {[]*sessions.Event{put("B", "cup", 1, customer("dan"), email("ann@example.com"))}, "coupon_pause"},
		"another address":  {[]*sessions.Event{put("B", "cup", 1, customer("dan"), email("dan@example.com"))}, "code2"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				s.flows(0, couponFlow)
				s.happens(0, put("A", "cup", 1, customer("ann"), email("ann@example.com")))
				s.detect(60)
				c := s.coupons(2)
				s.wantIssued(c, 61, "code1")
				var events []*sessions.Event
				for _, e := range then.events {
					one := *e
					events = append(events, &one)
				}
				s.happens(180, events...)
				s.detect(240)
				s.wantIssued(c, 241, "code1", then.want)
				if then.want == "coupon_pause" {
					s.wantIssued(c, 61+after-1, "code1", "coupon_pause")
					s.wantIssued(c, 61+after, "code1", "code2")
				}
			})
		})
	}
}

// Codes that expire first go first, and none that expires within a day.
func TestExpiringCodes(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, couponFlow)
		s.happens(0, added("ann", "cup"), added("bob", "cup"), added("cid", "cup"))
		s.detect(60)
		c := s.coupons(1)
		for code, expires := range map[string]int{"soon": 61 + day, "late": 62 + day, "later": 63 + day} {
			if _, err := c.Add(t.Context(), []string{code}, millis(expires), millis(0)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Add(t.Context(), []string{"never"}, millis(day), millis(0)); !errors.Is(err, cart.ErrCouponExpires) {
			t.Errorf("a code that is never issued is added: %v", err)
		}
		s.wantIssued(c, 61, "late", "later", "code1")
		s.wantIssued(c, 9*day, "late", "later", "code1") // a code that a message carries stays its code
		if stock, err := c.Stock(t.Context(), millis(61)); err != nil || stock.Left != 0 || stock.Expired != 1 || stock.Issued != 3 {
			t.Errorf("%+v, %v", stock, err)
		}
	})
}

// Of two that race for the last code one gets it, the other is told that none is left.
func TestTwoRaceForTheLastCode(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, couponFlow)
		for i := range 20 {
			s.happens(0, added(fmt.Sprint("ann", i), "cup"))
		}
		s.detect(60)
		c, steps := s.coupons(0), s.steps()
		if len(steps) != 20 {
			t.Fatalf("%d triggers", len(steps))
		}
		for i := range 10 {
			if _, err := c.Add(t.Context(), []string{fmt.Sprint("last", i)}, 0, millis(0)); err != nil {
				t.Fatal(err)
			}
			var got [2]string
			var ends sync.WaitGroup
			begin := make(chan struct{})
			for n := range got {
				ends.Go(func() {
					<-begin
					err := s.db.Write(context.Background(), func(tx *gorm.DB) error {
						code, why, err := c.Issue(tx, steps[2*i+n], millis(61))
						got[n] = code + string(why)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			close(begin)
			ends.Wait()
			slices.Sort(got[:])
			if want := [2]string{fmt.Sprint("last", i), string(cart.NoCouponLeft)}; got != want {
				t.Errorf("the two got %q, want %q", got, want)
			}
		}
	})
}

func TestWhatIsACode(t *testing.T) {
	for code, good := range map[string]bool{"A": true, "BACK-7f/3K": true, "Ä10€": true, "": false, "A B": false, "A\u00a0B": false, "A\x00": false,
		"A\n": false, "\xff": false, "A\u202eB": false, "\ufffd": false} {
		if err := cart.CheckCoupon(code); (err == nil) != good {
			t.Errorf("%q: %v", code, err)
		}
	}
}

// ask returns what becomes of asking the shop for a trigger's code.
func (s *shop) ask(c *cart.Coupons, t cart.Trigger, minutes int) (said string, ask *cart.CouponRequest) {
	s.t.Helper()
	var code string
	var why cart.Reason
	write(s.t, s.db, func(tx *gorm.DB) (err error) {
		code, why, ask, err = c.Ask(tx, t, millis(minutes))
		return err
	})
	return code + string(why), ask
}

// A shopper for whom the shop is being asked counts as having a code; what it gave, or
// that it gives none, stands.
func TestCodesOfTheShop(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, couponFlow)
		s.happens(0, put("A", "cup", 1, customer("ann"), email("ann@example.com")), put("B", "cup", 1, customer("dan"), email("ann@example.com")), added("cid", "cup"))
		s.detect(60)
		c, steps := s.coupons(1), s.steps()
		said, ask := s.ask(c, steps[0], 61)
		want := `{"type":"coupon.requested","timestamp":"2026-03-01T11:00:00Z","data":{"trigger_id":"` + steps[0].ID +
			`","visitor":{"id":3,"email":"ann@example.com","anonymous_ids":[],"user_id":"ann","emails":["ann@example.com"]},"flow":"carts","step":1}}`
		if said != "" || ask == nil || string(ask.Body) != want || ask.Trigger != steps[0].ID {
			t.Fatalf("%q\n%s\nwant\n%s", said, ask.Body, want)
		}
		if said, again := s.ask(c, steps[1], 61); said != "coupon_pause" || again != nil {
			t.Errorf("while the shop is asked for the same address: %q", said)
		}
		if _, again := s.ask(c, steps[0], 62); again == nil || string(again.Body) != want {
			t.Errorf("asked again %+v", again)
		}
		if kept, err := c.Keep(t.Context(), steps[0].ID, "SHOP", 0, millis(62)); kept != "SHOP" || err != nil {
			t.Errorf("%q, %v", kept, err)
		}
		// The program ends here, before it sends: the next attempt has the code.
		if said, again := s.ask(c, steps[0], 63); said != "SHOP" || again != nil {
			t.Errorf("after it was stored: %q, asked %v", said, again != nil)
		}
		if said := s.issue(c, steps[0], 64); said != "SHOP" {
			t.Errorf("on the other channel %q", said)
		}
		if said, _ := s.ask(c, steps[1], 64); said != "coupon_pause" {
			t.Errorf("after the shop gave it %q", said)
		}
		if _, ask := s.ask(c, steps[2], 64); ask == nil {
			t.Fatal("the shop is not asked for somebody else")
		}
		if err := c.Decline(t.Context(), steps[2].ID, millis(64)); err != nil {
			t.Fatal(err)
		}
		if said, again := s.ask(c, steps[2], 65); said != "coupon_declined" || again != nil {
			t.Errorf("after it declined: %q", said)
		}
	})
}
