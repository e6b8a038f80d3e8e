package jobs

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// The states of a delivery. The last four are ends.
const (
	Pending     = "pending"    // waits for its next attempt
	Sending     = "sending"    // an attempt is under way
	Delivered   = "delivered"  // the endpoint took it
	Undelivered = "failed"     // the endpoint did not take it in any attempt
	Suppressed  = "suppressed" // it was no longer right when its attempt was due
	Cancelled   = "cancelled"  // its endpoint is disabled
)

type deliveryRow struct {
	TriggerID      string `gorm:"primaryKey"`
	EndpointID     int64  `gorm:"primaryKey;autoIncrement:false"`
	TriggerSeq     int64
	Status         string
	Attempts       int64 // begun
	NextAttemptAt  int64 // 0 once it ended; while sending, when the attempt is taken for lost
	LastStatusCode int64
	LastError      string
	CreatedAt      int64
	StartedAt      int64
	EndedAt        int64
	ResentAfter    int64 // attempts made before it was last asked for again
}

func (deliveryRow) TableName() string { return "deliveries" }

// tried is how many attempts of the delivery's schedule were begun.
func (r deliveryRow) tried() int64 { return r.Attempts - r.ResentAfter }

// Outbox is what waits to be delivered.
type Outbox struct {
	Waiting int64           // deliveries that have not ended, or not been made of their triggers yet
	Oldest  sessions.Millis // when the oldest of them, or its trigger, was made; 0 when there is none
}

// with returns what waits in either.
func (o Outbox) with(other Outbox) Outbox {
	if o.Oldest == 0 || other.Oldest != 0 && other.Oldest < o.Oldest {
		o.Oldest = other.Oldest
	}
	o.Waiting += other.Waiting
	return o
}

// Outbox returns what waits to be delivered, also while the job that delivers is paused or fails. Cost:
// one pass over it.
func (d *Delivery) Outbox(ctx context.Context) (o Outbox, err error) {
	err = d.db.Snapshot(ctx, func(tx *gorm.DB) error {
		var made Outbox
		err := tx.Raw(`SELECT count(*) AS waiting, coalesce(min(created_at), 0) AS oldest
			FROM deliveries WHERE next_attempt_at > 0`).Scan(&made).Error
		if err != nil {
			return err
		}
		endpoints, err := enabledEndpoints(tx)
		if err != nil {
			return err
		}
		untold, err := relay{d.db, d.triggers, deliveryCursor}.waiting(tx, func(t cart.Trigger) int64 {
			return int64(len(wanting(endpoints, t)))
		})
		o = made.with(untold)
		return err
	})
	if err != nil {
		return Outbox{}, fmt.Errorf("look into the outbox: %w", err)
	}
	return o, nil
}

// enabledEndpoints loads the endpoints that anything is delivered to.
func enabledEndpoints(tx *gorm.DB) (endpoints []endpointRow, err error) {
	if err := tx.Where("disabled_at = 0").Order("id").Find(&endpoints).Error; err != nil {
		return nil, fmt.Errorf("load endpoints: %w", err)
	}
	return endpoints, nil
}

// wanting returns those endpoints that want a trigger.
func wanting(endpoints []endpointRow, t cart.Trigger) (who []endpointRow) {
	for _, e := range endpoints {
		if e.wants(t) {
			who = append(who, e)
		}
	}
	return who
}

// fanOut makes deliveries of the triggers after the outbox's cursor, one for each
// enabled endpoint that wants it, and returns how many. What was triggered while no
// endpoint was there, or wanted it, is never delivered to a later one.
func (d *Delivery) fanOut(ctx context.Context, lease database.Lease, now sessions.Millis) (made int64, err error) {
	return relay{d.db, d.triggers, deliveryCursor}.run(ctx, lease, func(tx *gorm.DB, triggers []cart.Trigger) (int64, error) {
		endpoints, err := enabledEndpoints(tx)
		if err != nil {
			return 0, err
		}
		var rows []deliveryRow
		for _, t := range triggers {
			for _, e := range wanting(endpoints, t) {
				rows = append(rows, deliveryRow{TriggerID: t.ID, EndpointID: e.ID, TriggerSeq: int64(t.Seq),
					Status: Pending, NextAttemptAt: int64(now), CreatedAt: int64(now)})
			}
		}
		return putOnce(tx, rows)
	})
}

// trigger returns the trigger of a delivery, and false when there is none any more.
func (d *Delivery) trigger(tx *gorm.DB, r deliveryRow) (cart.Trigger, bool, error) {
	list, err := d.triggers.TriggersAfter(tx, sessions.Seq(r.TriggerSeq-1), 1)
	i := slices.IndexFunc(list, func(t cart.Trigger) bool { return t.ID == r.TriggerID })
	if err != nil || i < 0 {
		return cart.Trigger{}, false, err
	}
	return list[i], true, nil
}
