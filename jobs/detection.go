package jobs

import (
	"context"
	"time"

	"cartwright/cart"
	"cartwright/sessions/database"
)

// Detection returns the job that finds abandoned carts and decides what becomes
// of them. Only carts that are eligible are looked at, and decisions are real.
func Detection(schedule string, detector *cart.Detector) Job {
	return Job{
		Name: "detection", Schedule: schedule, Deadline: time.Minute,
		Purpose: "Find carts that were left behind and decide whether to tell the shop.",
		Run: func(ctx context.Context, now time.Time, lease database.Lease) (Report, error) {
			r, err := detector.Detect(ctx, now, cart.Options{Deliver: true, Lease: lease})
			return Report{
				"abandoned": int64(r.Abandoned), "suppressed": int64(r.Suppressed), "triggers": int64(r.Triggers),
			}, err
		},
	}
}
