package cart

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// CouponStock is how the pool stands, and what became of codes lately.
type CouponStock struct {
	Left    int64            `json:"left"`    // can still be issued
	Issued  int64            `json:"issued"`  // from the pool or by the shop, ever
	Expired int64            `json:"expired"` // were not issued, and will not be
	Missed  map[Reason]int64 `json:"missed"`  // messages of the last seven days that went out without one, by the reason
	Week    int64            `json:"-"`       // issued within the last seven days
}

// Pooled reports whether there ever was a code, or a message missed one.
func (s CouponStock) Pooled() bool { return s.Left+s.Issued+s.Expired > 0 || len(s.Missed) > 0 }

// couponWeek is what counts as lately.
const couponWeek = 7 * 24 * time.Hour

// Left returns how many codes of the pool can still be issued.
func (c *Coupons) Left(ctx context.Context, now sessions.Millis) (int64, error) {
	s, err := c.Stock(ctx, now)
	return s.Left, err
}

// Stock counts codes. Cost: one pass over an index of them.
func (c *Coupons) Stock(ctx context.Context, now sessions.Millis) (CouponStock, error) {
	tx, s := c.db.Read(ctx), CouponStock{Missed: map[Reason]int64{}}
	for _, count := range []struct {
		into  *int64
		query *gorm.DB
	}{
		{&s.Left, free(tx).Where("expires_at = 0 OR expires_at > ?", int64(now.Add(CouponMargin)))},
		{&s.Expired, free(tx).Where("expires_at > 0 AND expires_at <= ?", int64(now.Add(CouponMargin)))},
		{&s.Issued, tx.Where("trigger_id <> ''")},
		{&s.Week, tx.Where("trigger_id <> '' AND issued_at > ?", int64(now.Add(-couponWeek)))},
	} {
		if err := count.query.Model(&couponRow{}).Count(count.into).Error; err != nil {
			return s, fmt.Errorf("count coupon codes: %w", err)
		}
	}
	var missed []struct {
		Reason string
		N      int64
	}
	err := tx.Model(&couponRequestRow{}).Select("reason, COUNT(*) AS n").Where("reason <> '' AND asked_at > ?", int64(now.Add(-couponWeek))).
		Group("reason").Scan(&missed).Error
	if err != nil {
		return s, fmt.Errorf("count messages without a coupon code: %w", err)
	}
	for _, m := range missed {
		s.Missed[Reason(m.Reason)] = m.N
	}
	return s, nil
}

// free returns a query for the codes that nobody has.
func free(tx *gorm.DB) *gorm.DB { return tx.Where("trigger_id = ''") }

// IssuedCoupon is a code and where it went.
type IssuedCoupon struct {
	Code    string    `json:"code"`
	Trigger string    `json:"trigger_id"`
	At      time.Time `json:"issued_at"`
}

// Issued returns the codes that were issued last, the newest first.
func (c *Coupons) Issued(ctx context.Context, limit int) ([]IssuedCoupon, error) {
	var rows []couponRow
	err := c.db.Read(ctx).Where("trigger_id <> ''").Order("issued_at DESC, code").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list issued coupon codes: %w", err)
	}
	list := make([]IssuedCoupon, len(rows))
	for i, r := range rows {
		list[i] = IssuedCoupon{r.Code, r.TriggerID, sessions.Millis(r.IssuedAt).Time()}
	}
	return list, nil
}

// MissedCoupon is a message that went out without the code that it was to carry.
type MissedCoupon struct {
	Trigger string    `json:"trigger_id"`
	Reason  Reason    `json:"reason"`
	Detail  string    `json:"detail,omitempty"`
	At      time.Time `json:"at"`
}

// Missed returns the messages that went out last without the code that they were to
// carry, the newest first.
func (c *Coupons) Missed(ctx context.Context, limit int) ([]MissedCoupon, error) {
	var rows []couponRequestRow
	err := c.db.Read(ctx).Where("reason <> ''").Order("asked_at DESC, trigger_id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list messages without a coupon code: %w", err)
	}
	list := make([]MissedCoupon, len(rows))
	for i, r := range rows {
		list[i] = MissedCoupon{r.TriggerID, Reason(r.Reason), r.Detail, sessions.Millis(r.AskedAt).Time()}
	}
	return list, nil
}
