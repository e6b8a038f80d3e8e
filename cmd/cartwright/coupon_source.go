package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/pflag"
	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// couponFlags binds where coupon codes come from.
func (c *Config) couponFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.CouponURL, "coupon-url", "", "where the shop is asked for the coupon code of a mail, by a signed POST; empty means that codes come from the pool, which “cartwright coupons add” and POST /v1/coupons fill")
	flags.StringVar(&c.CouponSecret, "coupon-secret", "", "the secret (whsec_…) that signs what coupon-url is asked")
	flags.DurationVar(&c.CouponPause, "coupon-pause", 30*24*time.Hour, "a shopper who got a coupon code gets no other for so long")
}

// checkCoupons adds what is wrong with those settings.
func (c Config) checkCoupons(add func(setting string, err error)) {
	if c.CouponPause < time.Hour || c.CouponPause > longestLife {
		add("coupon-pause", fmt.Errorf("%s is not between an hour and a year", c.CouponPause))
	}
	if c.CouponURL == "" {
		if c.CouponSecret != "" {
			add("coupon-secret", errors.New("it signs nothing without coupon-url"))
		}
		return
	}
	add("coupon-url", c.webhookOptions().Check(c.CouponURL))
	_, err := webhook.ParseSecret(c.CouponSecret)
	add("coupon-secret", err)
}

// couponRules say who gets a code.
func (c Config) couponRules() cart.CouponRules {
	return cart.CouponRules{Pause: c.CouponPause, Mail: c.mailRules()}
}

// A couponSource is where the coupon codes of messages come from: the pool, or the shop.
type couponSource struct {
	*cart.Coupons
	issuer *jobs.CouponIssuer // nil: the pool
	logger *slog.Logger
	now    func() time.Time

	mu     sync.Mutex // guards what follows
	warned time.Time  // when it was last said that the pool is empty
}

// couponSource returns the source of a configuration that was checked.
func (c Config) couponSource(db *database.DB, sender *webhook.Sender, logger *slog.Logger) (*couponSource, error) {
	s := &couponSource{Coupons: cart.NewCoupons(db, c.couponRules()), logger: logger, now: time.Now}
	if c.CouponURL == "" {
		return s, nil
	}
	secret, err := webhook.ParseSecret(c.CouponSecret)
	if err != nil {
		return nil, fmt.Errorf("coupon-secret: %w", err)
	}
	s.issuer = &jobs.CouponIssuer{URL: c.CouponURL, Secret: secret, Sender: sender, Answers: s.Coupons, Now: time.Now}
	return s, nil
}

// forMail is as in [mailSources].
func (s *couponSource) forMail(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (func(context.Context) (string, error), error) {
	known := func(code string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return code, nil }
	}
	wanted, err := cart.WantsCoupon(tx, t)
	if err != nil || !wanted {
		return known(""), err
	}
	if s.issuer == nil {
		code, err := s.pooled(tx, t, now)
		return known(code), err
	}
	code, _, ask, err := s.Ask(tx, t, now)
	if err != nil || ask == nil {
		return known(code), err
	}
	return func(ctx context.Context) (string, error) { return s.issuer.Code(ctx, *ask) }, nil
}

// pooled returns the code of a trigger's message from the pool. That it is empty is said
// once an hour.
func (s *couponSource) pooled(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (string, error) {
	code, why, err := s.Issue(tx, t, now)
	if why != cart.NoCouponLeft {
		return code, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := now.Time(); s.warned.IsZero() || at.Sub(s.warned) >= time.Hour {
		s.warned = at
		s.logger.Warn("no coupon code is left: messages go out without one until codes are added", "trigger", t.ID)
	}
	return code, err
}

// couponMessages are the messages to the shop's endpoints, with the codes that steps ask for.
type couponMessages struct {
	cart.Messages
	source *couponSource
}

// Message returns what is sent for a trigger, in the transaction that starts an attempt. A
// shop that makes codes itself is only told that one is wanted, which counts as one for
// the shopper.
func (m couponMessages) Message(tx *gorm.DB, t cart.Trigger) (cart.Message, error) {
	message, err := m.Messages.Message(tx, t)
	if err != nil || message.Data.Step == nil {
		return message, err
	}
	wanted, err := cart.WantsCoupon(tx, t)
	switch {
	case err != nil || !wanted:
	case m.source.issuer != nil:
		message.Data.Step.CouponWanted, err = m.wanted(tx, t)
	default:
		message.Data.Step.Coupon, err = m.source.pooled(tx, t, sessions.MillisOf(m.source.now()))
	}
	return message, err
}

// wanted reports whether the shop is to make a code for a trigger that asks for one, or has
// made it: not if its shopper got one a short while ago.
func (m couponMessages) wanted(tx *gorm.DB, t cart.Trigger) (bool, error) {
	code, _, ask, err := m.source.Ask(tx, t, sessions.MillisOf(m.source.now()))
	return code != "" || ask != nil, err
}
