package cart

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// CouponRules say who gets a coupon code.
type CouponRules struct {
	Pause time.Duration // whoever got one gets no other for so long
	Mail  MailRules     // by which it is known whose an address is
}

// Coupons are the codes that messages carry: a pool that the shop filled, and those
// that it was asked for. No code goes to two triggers, and no trigger gets two.
type Coupons struct {
	db    *database.DB
	rules CouponRules
}

// NewCoupons returns the coupons of a database.
func NewCoupons(db *database.DB, r CouponRules) *Coupons { return &Coupons{db, r} }

// CouponMargin is how long a code must still be good for when it is issued: a mail
// that cannot be delivered is tried for a day, and is to be read after that.
const CouponMargin = 24 * time.Hour

// Bounds of what is added.
const (
	longestCoupon = 64     // characters of a code
	MostCoupons   = 10_000 // codes added at once
)

// couponRow is a code as stored. One that is issued stays for good, so that it is
// never taken for a new one.
type couponRow struct {
	Code        string `gorm:"primaryKey"`
	AddedAt     int64
	ExpiresAt   int64
	TriggerID   string
	VisitorID   int64
	AddressHash string
	IssuedAt    int64
}

func (couponRow) TableName() string { return "coupons" }

// CheckCoupon returns why a code cannot be one, or nil.
func CheckCoupon(code string) error {
	switch {
	case code == "":
		return errors.New("the code is empty")
	case !utf8.ValidString(code), strings.ContainsRune(code, utf8.RuneError): // which JSON makes of what is none
		return errors.New("the code is no valid UTF-8")
	case utf8.RuneCountInString(code) > longestCoupon:
		return fmt.Errorf("the code has more than %d characters", longestCoupon)
	}
	for _, r := range code {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			return fmt.Errorf("the code has a blank or a character that cannot be seen in it: %q", r)
		}
	}
	return nil
}

// ErrCouponExpires says that codes would expire before one could be issued.
var ErrCouponExpires = fmt.Errorf("the codes must be good for more than %s from now: no other is issued", CouponMargin)

// AddedCoupons is what came of adding codes to the pool.
type AddedCoupons struct {
	Added int      `json:"added"`
	Known []string `json:"known"` // those that were there already, free or issued, or stood twice in the list
}

// Add puts codes into the pool, all of them or none; expires is when they do, 0 if never.
// What is known already stays as it is. The codes must have passed [CheckCoupon]. Cost:
// a query for some hundreds of them.
func (c *Coupons) Add(ctx context.Context, codes []string, expires, now sessions.Millis) (a AddedCoupons, err error) {
	if expires != 0 && expires <= now.Add(CouponMargin) {
		return a, ErrCouponExpires
	}
	rows, known, seen := []couponRow{}, []string{}, map[string]bool{}
	for _, code := range codes {
		if seen[code] {
			known = append(known, code)
			continue
		}
		seen[code] = true
		rows = append(rows, couponRow{Code: code, AddedAt: int64(now), ExpiresAt: int64(expires)})
	}
	err = c.db.Write(ctx, func(tx *gorm.DB) error {
		a = AddedCoupons{Known: append([]string{}, known...)}
		for part := range slices.Chunk(rows, 500) {
			there, err := knownCoupons(tx, part)
			if err != nil {
				return err
			}
			var fresh []couponRow
			for _, r := range part {
				if there[r.Code] {
					a.Known = append(a.Known, r.Code)
				} else {
					fresh = append(fresh, r)
				}
			}
			if len(fresh) == 0 {
				continue
			}
			// Somebody else may add one of them at this moment.
			insert := tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(fresh, 100)
			if insert.Error != nil {
				return insert.Error
			}
			a.Added += int(insert.RowsAffected)
		}
		return nil
	})
	if err != nil {
		return AddedCoupons{}, fmt.Errorf("add %d coupon codes: %w", len(codes), err)
	}
	return a, nil
}

// knownCoupons returns which codes are there already.
func knownCoupons(tx *gorm.DB, rows []couponRow) (map[string]bool, error) {
	codes := make([]string, len(rows))
	for i, r := range rows {
		codes[i] = r.Code
	}
	var there []string
	if err := tx.Model(&couponRow{}).Where("code IN ?", codes).Pluck("code", &there).Error; err != nil {
		return nil, fmt.Errorf("look which are known: %w", err)
	}
	known := make(map[string]bool, len(there))
	for _, code := range there {
		known[code] = true
	}
	return known, nil
}
