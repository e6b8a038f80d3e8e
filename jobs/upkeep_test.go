package jobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// prunes drops some rows, or fails.
type prunes struct {
	n   int64
	err error
}

func (p prunes) Prune(context.Context, database.Lease) (int64, error) { return p.n, p.err }

// What one kind of clearing away cannot do keeps no other from being done.
func TestUpkeepDoesWhatItCan(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		old := deliveryRow{TriggerID: "trg_1", EndpointID: 1, Status: Delivered, EndedAt: now.Add(-keptDeliveries).UnixMilli() - 1}
		young := deliveryRow{TriggerID: "trg_2", EndpointID: 1, Status: Delivered, EndedAt: now.Add(-keptDeliveries).UnixMilli()}
		err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create([]deliveryRow{old, young}).Error })
		if err != nil {
			t.Fatal(err)
		}
		for _, made := range []time.Duration{32 * 24 * time.Hour, 29 * 24 * time.Hour} { // ago, for an hour
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				_, err := cart.NewLink(tx, cart.Trigger{ID: "trg_1"}, cart.Email, sessions.MillisOf(now.Add(-made)), time.Hour)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		oldMail := mailRow{TriggerID: "trg_1", Status: Unknown, EndedAt: old.EndedAt}
		youngMail := mailRow{TriggerID: "trg_2", Status: Delivered, EndedAt: young.EndedAt}
		pending := mailRow{TriggerID: "trg_3", Status: Pending, NextAttemptAt: 1}
		err = db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create([]mailRow{oldMail, youngMail, pending}).Error })
		if err != nil {
			t.Fatal(err)
		}
		coupons := cart.NewCoupons(db, cart.CouponRules{})
		for trigger, ago := range map[string]time.Duration{"trg_1": keptCouponRequests, "trg_2": keptCouponRequests + time.Millisecond} {
			if err := coupons.Decline(t.Context(), trigger, sessions.MillisOf(now.Add(-ago))); err != nil {
				t.Fatal(err)
			}
		}
		for i := range keptRuns + 2 {
			run := Run{Job: "a", Started: sessions.Millis(i), Outcome: OK}
			err := db.Write(t.Context(), func(tx *gorm.DB) error { row := rowOfRun(run); return tx.Create(&row).Error })
			if err != nil {
				t.Fatal(err)
			}
		}
		away := errors.New("the log is away")
		report, err := Upkeep("@hourly", db, prunes{4, away}).Run(t.Context(), now, database.Lease{})
		if !errors.Is(err, away) {
			t.Errorf("error %v", err)
		}
		if report["log_rows"] != 4 || report["job_runs"] != 2 || report["deliveries"] != 1 || report["mails"] != 1 || report["links"] != 1 || report["coupon_requests"] != 1 {
			t.Errorf("report %v", report)
		}
	})
}
