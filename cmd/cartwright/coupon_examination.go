package main

import (
	"context"
	"time"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// coupons looks whether the steps that ask for a coupon code get one.
func (f *findings) coupons(ctx context.Context, c Config, db *database.DB, now time.Time) {
	stock, err := cart.NewCoupons(db, c.couponRules()).Stock(ctx, sessions.MillisOf(now))
	if err != nil {
		f.fail("coupons", unread, "%v", err)
		return
	}
	flows, err := c.rules(db).LoadFlows(db.Read(ctx))
	if err != nil {
		f.fail("coupons", unread, "%v", err)
		return
	}
	if !asksForCoupons(flows) && !stock.Pooled() {
		return
	}
	const add = "add some with “cartwright coupons add” or POST /v1/coupons, or set coupon-url; “cartwright coupons” shows which messages lacked one"
	well := true
	if c.CouponURL != "" {
		if _, err := c.webhookOptions().Probe(ctx, c.CouponURL); err != nil {
			well = false
			f.fail("coupons", "see that the shop's server runs, and that this machine may connect to it: mails that carry a code wait for it", "%s: %v", c.CouponURL, err)
		}
	} else if asksForCoupons(flows) && stock.Left == 0 {
		well = false
		f.warn("coupons", add, "a flow asks for coupon codes, and none is left: messages go out without one")
	} else if asksForCoupons(flows) && stock.Left < stock.Week {
		well = false
		f.warn("coupons", add, "%d codes are left, fewer than the %d that the last seven days took", stock.Left, stock.Week)
	}
	if n := stock.Missed[cart.NoCouponLeft]; n > 0 {
		well = false
		f.warn("coupons", add, "%d messages of the last seven days went out without a code, because none was left", n)
	}
	if n := stock.Missed[cart.CouponUnavailable]; n > 0 {
		well = false
		f.warn("coupons", "“cartwright coupons” shows what the shop answered", "%d mails of the last seven days went out without a code, because the shop gave none when asked", n)
	}
	if well {
		f.ok("coupons", "%d codes are left, %d were issued in the last seven days; %d shoppers had got one lately, %d were declined by the shop",
			stock.Left, stock.Week, stock.Missed[cart.CouponPause], stock.Missed[cart.CouponDeclined])
	}
}

// asksForCoupons reports whether a step of a flow asks for a code.
func asksForCoupons(c cart.Configured) bool {
	for _, f := range c.Flows {
		for _, step := range f.Steps {
			if step.Coupon {
				return true
			}
		}
	}
	return false
}
