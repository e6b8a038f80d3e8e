package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cartwright/cart"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
)

// CouponTimeout is how long the shop may take to give a coupon code.
const CouponTimeout = 10 * time.Second

// CouponAnswers stores what the shop answers when it is asked for codes, see
// [cart.Coupons].
type CouponAnswers interface {
	Keep(ctx context.Context, trigger, code string, expires, now sessions.Millis) (kept string, err error)
	Decline(ctx context.Context, trigger string, now sessions.Millis) error
	Fail(ctx context.Context, trigger, detail string, now sessions.Millis) (last bool, err error)
}

// CouponIssuer asks a shop that makes coupon codes itself.
type CouponIssuer struct {
	URL     string
	Secret  webhook.Secret
	Sender  *webhook.Sender
	Answers CouponAnswers
	Now     func() time.Time
}

// Code asks the shop for the code of a trigger's message, under an id that is the same
// each time, and stores its answer. It is empty if the message is to go without one:
// the shop has none for this shopper (204), or gave no usable answer the last time that
// it is asked. After an error the message is to be tried again later.
func (i *CouponIssuer) Code(ctx context.Context, r cart.CouponRequest) (string, error) {
	code, expires, err := i.ask(ctx, r)
	if ctx.Err() != nil { // we break it off, not the shop
		return "", fmt.Errorf("ask the shop for a coupon code: %w", ctx.Err())
	}
	now := sessions.MillisOf(i.Now())
	if err == nil && code == "" {
		return "", i.Answers.Decline(ctx, r.Trigger, now)
	}
	if err == nil {
		kept, err := i.Answers.Keep(ctx, r.Trigger, code, expires, now)
		if !errors.Is(err, cart.ErrCouponGiven) {
			return kept, err
		}
	}
	if err == nil {
		err = cart.ErrCouponGiven
	}
	last, noted := i.Answers.Fail(ctx, r.Trigger, oneLine(err.Error()), now)
	if noted != nil || last {
		return "", noted
	}
	return "", fmt.Errorf("ask the shop for a coupon code: %w", err)
}

// ask makes one request. Without a code and an error the shop has none for the shopper.
func (i *CouponIssuer) ask(ctx context.Context, r cart.CouponRequest) (code string, expires sessions.Millis, err error) {
	limited, cancel := context.WithTimeout(ctx, CouponTimeout)
	defer cancel()
	now := i.Now()
	o := i.Sender.Send(limited, webhook.Message{URL: i.URL, ID: r.Trigger + "_coupon", Secrets: []webhook.Secret{i.Secret}, Body: r.Body}, now)
	switch {
	case o.Status == http.StatusNoContent:
		return "", 0, nil
	case o.Status == http.StatusOK:
		return couponAnswer(o.Answer, sessions.MillisOf(now))
	case o.Status == 0 && errors.Is(limited.Err(), context.DeadlineExceeded):
		return "", 0, fmt.Errorf("the shop did not answer within %s", CouponTimeout)
	case o.Reason != "":
		return "", 0, errors.New(o.Reason)
	}
	return "", 0, fmt.Errorf("the shop answered %d instead of 200 with a code, or 204", o.Status)
}

// couponAnswer reads the shop's answer, {"code": "…", "expires_at": "…"}.
func couponAnswer(body string, now sessions.Millis) (code string, expires sessions.Millis, err error) {
	var answer struct {
		Code    string     `json:"code"`
		Expires *time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return "", 0, fmt.Errorf(`the shop's answer is not {"code": "…"} in at most %d bytes of JSON`, webhook.KeptAnswer)
	}
	if err := cart.CheckCoupon(answer.Code); err != nil {
		return "", 0, fmt.Errorf("the shop's answer: %w", err)
	}
	if answer.Expires != nil {
		if expires = sessions.MillisOf(*answer.Expires); expires <= now {
			return "", 0, errors.New("the shop gave a code that has expired")
		}
	}
	return answer.Code, expires, nil
}
