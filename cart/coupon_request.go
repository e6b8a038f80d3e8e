package cart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
)

// couponRequestRow is a trigger whose message was to carry a code and has none.
type couponRequestRow struct {
	TriggerID   string `gorm:"primaryKey"`
	VisitorID   int64
	AddressHash string
	Reason      string // empty: the shop is being asked
	Failures    int64
	Detail      string
	AskedAt     int64
}

func (couponRequestRow) TableName() string { return "coupon_requests" }

func saveRequest(tx *gorm.DB, r couponRequestRow) error {
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&r).Error; err != nil {
		return fmt.Errorf("note the request for a coupon code: %w", err)
	}
	return nil
}

func dropRequest(tx *gorm.DB, trigger string) error {
	if err := tx.Where("trigger_id = ?", trigger).Delete(&couponRequestRow{}).Error; err != nil {
		return fmt.Errorf("drop the request for a coupon code: %w", err)
	}
	return nil
}

// findRequest returns what is noted of a trigger without a code.
func findRequest(tx *gorm.DB, trigger string) (r couponRequestRow, found bool, err error) {
	var rows []couponRequestRow
	if err := tx.Where("trigger_id = ?", trigger).Find(&rows).Error; err != nil {
		return r, false, fmt.Errorf("load the request for a coupon code: %w", err)
	}
	if len(rows) == 0 {
		return r, false, nil
	}
	return rows[0], true, nil
}

// CouponRequest is what the shop is asked where it makes the codes itself, the same
// bytes each time.
type CouponRequest struct {
	Trigger string // the id of the request is made of it
	Body    []byte
}

// couponQuestion is the body of a request.
type couponQuestion struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		Trigger string         `json:"trigger_id"`
		Visitor MessageVisitor `json:"visitor"`
		Flow    string         `json:"flow"`
		Step    int64          `json:"step"`
	} `json:"data"`
}

// Ask returns the code of a trigger's message if the shop has given it, or why there is to be
// none, or what the shop is to be asked, outside of the transaction, before the message
// is sent. It is to be called in the transaction that starts an attempt. From then on the
// shopper counts as having a code: the shop may give one although its answer is lost.
func (c *Coupons) Ask(tx *gorm.DB, t Trigger, now sessions.Millis) (code string, why Reason, ask *CouponRequest, err error) {
	code, h, err := c.standing(tx, t)
	if err == nil && code == "" {
		why, err = c.request(tx, t, h, now)
	}
	if err == nil && code == "" && why == "" {
		ask, err = question(tx, t)
	}
	if err != nil {
		return "", "", nil, fmt.Errorf("ask for a coupon code for trigger %s: %w", t.ID, err)
	}
	return code, why, ask, nil
}

// request notes that the shop is asked for a code, unless there is a reason why it is not.
func (c *Coupons) request(tx *gorm.DB, t Trigger, h holder, now sessions.Millis) (Reason, error) {
	r, _, err := findRequest(tx, t.ID)
	if why := Reason(r.Reason); err != nil || why == CouponDeclined || why == CouponUnavailable {
		return why, err
	}
	why, err := c.pausing(tx, t, h, now)
	if err != nil {
		return "", err
	}
	r.TriggerID, r.VisitorID, r.AddressHash, r.Reason, r.AskedAt = t.ID, int64(h.visitor), h.hash, string(why), int64(now)
	return why, saveRequest(tx, r)
}

// question writes what the shop is asked for a trigger.
func question(tx *gorm.DB, t Trigger) (*CouponRequest, error) {
	subject, err := subjectOfTrigger(tx, t)
	if err != nil {
		return nil, err
	}
	var q couponQuestion
	q.Type, q.Timestamp = "coupon.requested", t.At.Time()
	q.Data.Trigger, q.Data.Flow, q.Data.Step = t.ID, t.Flow, t.Step
	if q.Data.Visitor, err = messageVisitor(tx, subject); err != nil {
		return nil, err
	}
	body, err := json.Marshal(q)
	return &CouponRequest{t.ID, body}, err
}

// ErrCouponGiven says that the shop gave a code that another trigger has.
var ErrCouponGiven = errors.New("the code was given before, for another shopper or message")

// Keep stores the code that the shop gave for a trigger, before the message is sent,
// and returns the code that it has: one that was stored before stands. The error is
// [ErrCouponGiven] if another trigger has the code. expires is 0 if it never does.
func (c *Coupons) Keep(ctx context.Context, trigger, code string, expires, now sessions.Millis) (kept string, err error) {
	err = c.db.Write(ctx, func(tx *gorm.DB) error {
		if kept, err = codeOf(tx, trigger); err != nil || kept != "" {
			return err
		}
		r, _, err := findRequest(tx, trigger)
		if err != nil {
			return err
		}
		kept = code
		row := couponRow{code, int64(now), int64(expires), trigger, r.VisitorID, r.AddressHash, int64(now)}
		// A code of the pool that nobody has may as well be given by the shop.
		insert := tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "code"}}, UpdateAll: true,
			Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "coupons.trigger_id = ''"}}},
		}).Create(&row)
		if insert.Error != nil {
			return insert.Error
		}
		if insert.RowsAffected == 0 {
			return ErrCouponGiven
		}
		return dropRequest(tx, trigger)
	})
	if err != nil {
		return "", fmt.Errorf("store the coupon code of trigger %s: %w", trigger, err)
	}
	return kept, nil
}

// Decline notes that the shop has no code for a trigger's shopper.
func (c *Coupons) Decline(ctx context.Context, trigger string, now sessions.Millis) error {
	return c.note(ctx, trigger, func(r *couponRequestRow) { r.Reason, r.AskedAt = string(CouponDeclined), int64(now) })
}

// couponAttempts is after how many failures a message goes out without a code.
const couponAttempts = 3

// Fail notes that the shop was asked in vain, and reports whether that was the last
// time: the message goes out without a code then.
func (c *Coupons) Fail(ctx context.Context, trigger, detail string, now sessions.Millis) (last bool, err error) {
	err = c.note(ctx, trigger, func(r *couponRequestRow) {
		r.Failures++
		r.Detail, r.AskedAt = detail, int64(now)
		if last = r.Failures >= couponAttempts; last {
			r.Reason = string(CouponUnavailable)
		}
	})
	return last, err
}

// note changes what is noted of a trigger without a code.
func (c *Coupons) note(ctx context.Context, trigger string, change func(*couponRequestRow)) error {
	err := c.db.Write(ctx, func(tx *gorm.DB) error {
		r, _, err := findRequest(tx, trigger)
		if err != nil {
			return err
		}
		r.TriggerID = trigger
		change(&r)
		return saveRequest(tx, r)
	})
	if err != nil {
		return fmt.Errorf("note the answer to the request for a coupon code of trigger %s: %w", trigger, err)
	}
	return nil
}
