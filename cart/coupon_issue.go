package cart

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Why a message goes out without the code that its step asks for.
const (
	CouponPause       Reason = "coupon_pause"       // the shopper got one a short while ago
	NoCouponLeft      Reason = "no_coupon_left"     // the pool is empty
	CouponDeclined    Reason = "coupon_declined"    // the shop has none for this shopper
	CouponUnavailable Reason = "coupon_unavailable" // the shop was asked several times and gave no usable answer
)

// WantsCoupon reports whether the step that a trigger is of was decided to carry a code.
func WantsCoupon(tx *gorm.DB, t Trigger) (bool, error) {
	if t.Kind != StepDue {
		return false, nil
	}
	found, err := sessions.EventsAt(tx, []sessions.Seq{t.Seq})
	e, there := found[t.Seq]
	if err != nil || !there || e.Kind != sessions.DecisionMade {
		return false, err
	}
	d, err := decisionOf(e)
	return d.Coupon, err
}

// holder is who gets a code.
type holder struct {
	visitor sessions.VisitorID
	hash    string // of the address that is proven to be theirs; empty: there is none
}

// holderOf returns who the message of a trigger goes to.
func (c *Coupons) holderOf(tx *gorm.DB, t Trigger) (holder, error) {
	subject, err := subjectOfTrigger(tx, t)
	if errors.Is(err, sessions.ErrNotFound) {
		return holder{}, nil
	}
	if err != nil {
		return holder{}, err
	}
	m, err := loadMailing(tx, []Cart{subject}, c.rules.Mail)
	return holder{subject.Visitor, m.found[subject.ID].Hash}, err
}

// Issue returns the code of a trigger's message from the pool, or why there is none,
// which is noted. It is to be called in the transaction that starts an attempt, in
// which nobody can append. The same trigger gets the same code again, in every attempt
// and on every channel. Codes that expire first go first.
func (c *Coupons) Issue(tx *gorm.DB, t Trigger, now sessions.Millis) (code string, why Reason, err error) {
	code, h, err := c.standing(tx, t)
	if err == nil && code == "" {
		why, err = c.pausing(tx, t, h, now)
	}
	if err == nil && code == "" && why == "" {
		if code, err = take(tx, t, h, now); code == "" {
			why = NoCouponLeft
		}
	}
	if err == nil && why != "" {
		err = saveRequest(tx, couponRequestRow{TriggerID: t.ID, VisitorID: int64(h.visitor), AddressHash: h.hash, Reason: string(why), AskedAt: int64(now)})
	}
	if err != nil {
		return "", "", fmt.Errorf("issue a coupon code for trigger %s: %w", t.ID, err)
	}
	return code, why, nil
}

// standing returns the code that a trigger has, and if it has none who would get it.
func (c *Coupons) standing(tx *gorm.DB, t Trigger) (code string, h holder, err error) {
	if code, err = codeOf(tx, t.ID); err != nil || code != "" {
		return code, h, err
	}
	h, err = c.holderOf(tx, t)
	return "", h, err
}

// codeOf returns the code that a trigger has, empty if it has none.
func codeOf(tx *gorm.DB, trigger string) (string, error) {
	var rows []couponRow
	if err := tx.Where("trigger_id = ? AND trigger_id <> ''", trigger).Find(&rows).Error; err != nil {
		return "", fmt.Errorf("look for the code that it has: %w", err)
	}
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0].Code, nil
}

// pausing returns [CouponPause] if a holder got a code for another trigger within the
// pause, or the shop is being asked for one and may have given it.
func (c *Coupons) pausing(tx *gorm.DB, t Trigger, h holder, now sessions.Millis) (Reason, error) {
	since := int64(now.Add(-c.rules.Pause))
	var visitors []int64
	if h.visitor != 0 {
		family, err := sessions.Family(tx, []sessions.VisitorID{h.visitor})
		if err != nil {
			return "", err
		}
		for v := range family {
			visitors = append(visitors, int64(v))
		}
	}
	for _, table := range []string{"coupons WHERE issued_at > ?", "coupon_requests WHERE reason = '' AND asked_at > ?"} {
		statement := "SELECT COUNT(*) FROM " + table + " AND trigger_id <> '' AND trigger_id <> ?"
		var n int64
		err := database.Each(visitors, func(part []int64) error {
			var some int64
			err := tx.Raw(statement+" AND visitor_id IN ?", since, t.ID, part).Scan(&some).Error
			n += some
			return err
		})
		if err == nil && n == 0 && h.hash != "" {
			err = tx.Raw(statement+" AND address_hash = ?", since, t.ID, h.hash).Scan(&n).Error
		}
		if err != nil {
			return "", fmt.Errorf("look for codes that the shopper got: %w", err)
		}
		if n > 0 {
			return CouponPause, nil
		}
	}
	return "", nil
}

// take makes a free code that of a trigger, and returns it, empty if there is none.
func take(tx *gorm.DB, t Trigger, h holder, now sessions.Millis) (string, error) {
	for {
		code, err := nextCoupon(tx, now)
		if err != nil || code == "" {
			return "", err
		}
		// Another transaction may have taken it since it was read.
		update := tx.Model(&couponRow{}).Where("code = ? AND trigger_id = ''", code).
			Updates(map[string]any{"trigger_id": t.ID, "visitor_id": int64(h.visitor), "address_hash": h.hash, "issued_at": int64(now)})
		if update.Error != nil {
			return "", fmt.Errorf("take a coupon code: %w", update.Error)
		}
		if update.RowsAffected == 1 {
			return code, dropRequest(tx, t.ID)
		}
	}
}

// nextCoupon returns the free code that is to be issued next, empty if there is none.
func nextCoupon(tx *gorm.DB, now sessions.Millis) (string, error) {
	for _, good := range []*gorm.DB{free(tx).Where("expires_at > ?", int64(now.Add(CouponMargin))), free(tx).Where("expires_at = 0")} {
		var rows []couponRow
		err := good.Order("expires_at, added_at, code").Limit(1).Find(&rows).Error
		if err != nil {
			return "", fmt.Errorf("look for a free coupon code: %w", err)
		}
		if len(rows) > 0 {
			return rows[0].Code, nil
		}
	}
	return "", nil
}
