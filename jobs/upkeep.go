package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Pruner is what drops rows that are kept for a while only, and says how many.
type Pruner interface {
	Prune(ctx context.Context, lease database.Lease) (dropped int64, err error)
}

// keptDeliveries is how long deliveries and mails are kept after their end, and attempts after
// their beginning. The log keeps how deliveries and mails ended for good.
const keptDeliveries = 30 * 24 * time.Hour

// keptCouponRequests is how long it is kept why messages went without a coupon code, and that the
// shop was asked for one: longer than anybody waits for the next.
const keptCouponRequests = 367 * 24 * time.Hour

// prunedAtOnce is how many rows go in one transaction, so that it stays short.
const prunedAtOnce = 5000

// Upkeep returns the job that clears away: of the log what its window no longer
// needs, the runs of jobs beyond the newest, deliveries and mails that ended long ago, and links
// that expired long ago, and requests for coupon codes.
func Upkeep(schedule string, db *database.DB, log Pruner) Job {
	return Job{
		Name: "upkeep", Schedule: schedule, Deadline: 5 * time.Minute,
		Purpose: "Clear away what is kept for a while only: message ids, rejected items, job runs, old deliveries and mails, expired links, requests for coupon codes.",
		Run: func(ctx context.Context, now time.Time, lease database.Lease) (Report, error) {
			items, errLog := log.Prune(ctx, lease)
			var runs int64
			errRuns := db.Write(ctx, func(tx *gorm.DB) (err error) {
				if err := lease.Hold(tx); err != nil {
					return err
				}
				runs, err = pruneRuns(tx, keptRuns)
				return err
			})
			deliveries, errDeliveries := pruneDeliveries(ctx, db, lease, sessions.MillisOf(now.Add(-keptDeliveries)))
			links, errLinks := pruneLinks(ctx, db, lease, sessions.MillisOf(now))
			attempts, errAttempts := pruneAttempts(ctx, db, lease, sessions.MillisOf(now.Add(-keptDeliveries)))
			coupons, errCoupons := pruneCoupons(ctx, db, lease, sessions.MillisOf(now.Add(-keptCouponRequests)))
			mails, errMails := pruneMails(ctx, db, lease, sessions.MillisOf(now.Add(-keptDeliveries)))
			report := Report{"log_rows": items, "job_runs": runs, "deliveries": deliveries, "attempts": attempts, "mails": mails, "links": links, "coupon_requests": coupons}
			return report, errors.Join(errLog, errRuns, errDeliveries, errAttempts, errMails, errLinks, errCoupons)
		},
	}
}

// pruneDeliveries drops deliveries that ended before a time.
func pruneDeliveries(ctx context.Context, db *database.DB, lease database.Lease, before sessions.Millis) (int64, error) {
	return prune(ctx, db, lease, "deliveries", `DELETE FROM deliveries WHERE (trigger_id, endpoint_id) IN (
		SELECT trigger_id, endpoint_id FROM deliveries WHERE ended_at > 0 AND ended_at < ? LIMIT ?)`, before)
}

// pruneAttempts drops attempts that began before a time, with the messages that were sent in them.
func pruneAttempts(ctx context.Context, db *database.DB, lease database.Lease, before sessions.Millis) (int64, error) {
	return prune(ctx, db, lease, "attempts", `DELETE FROM delivery_attempts WHERE (trigger_id, endpoint_id, attempt) IN (
		SELECT trigger_id, endpoint_id, attempt FROM delivery_attempts WHERE started_at < ? LIMIT ?)`, before)
}

// pruneMails drops mails that ended before a time. None comes back: the cursor of
// mails is past their triggers.
func pruneMails(ctx context.Context, db *database.DB, lease database.Lease, before sessions.Millis) (int64, error) {
	return prune(ctx, db, lease, "mails", `DELETE FROM mails WHERE trigger_id IN (
		SELECT trigger_id FROM mails WHERE ended_at > 0 AND ended_at < ? LIMIT ?)`, before)
}

// pruneCoupons drops what is noted of messages without a coupon code since before a time. Codes
// that were issued stay.
func pruneCoupons(ctx context.Context, db *database.DB, lease database.Lease, before sessions.Millis) (int64, error) {
	return prune(ctx, db, lease, "coupon requests", `DELETE FROM coupon_requests WHERE trigger_id IN (
		SELECT trigger_id FROM coupon_requests WHERE asked_at < ? LIMIT ?)`, before)
}

// prune repeats a statement that drops some rows of what ended until it drops the last of them.
func prune(ctx context.Context, db *database.DB, lease database.Lease, what, statement string, before sessions.Millis) (dropped int64, err error) {
	for {
		var n int64
		err := db.Write(ctx, func(tx *gorm.DB) error {
			if err := lease.Hold(tx); err != nil {
				return err
			}
			result := tx.Exec(statement, int64(before), prunedAtOnce)
			n = result.RowsAffected
			return result.Error
		})
		if err != nil {
			return dropped, fmt.Errorf("prune %s: %w", what, err)
		}
		if dropped += n; n < prunedAtOnce {
			return dropped, nil
		}
	}
}

// pruneLinks drops links that expired long before a time.
func pruneLinks(ctx context.Context, db *database.DB, lease database.Lease, now sessions.Millis) (dropped int64, err error) {
	for all := false; !all; {
		var n int64
		err := db.Write(ctx, func(tx *gorm.DB) (err error) {
			if err := lease.Hold(tx); err != nil {
				return err
			}
			n, all, err = cart.PruneLinks(tx, now)
			return err
		})
		if err != nil {
			return dropped, err
		}
		dropped += n
	}
	return dropped, nil
}
