package jobs

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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

// Triggers is where the outbox learns of triggers.
type Triggers interface {
	// TriggersAfter returns triggers to be delivered, never dry ones, of a seq
	// after the given one, in the order of their seq: up to limit, and then the
	// rest of those that follow from the same event as the last one. A cursor
	// that is a seq would pass them over otherwise.
	TriggersAfter(tx *gorm.DB, after sessions.Seq, limit int) ([]cart.Trigger, error)
}

// Outbox is what waits to be delivered.
type Outbox struct {
	Waiting int64           // deliveries that have not ended
	Oldest  sessions.Millis // when the oldest of them was made; 0 when there is none
}

// Outbox returns what waits to be delivered. Cost: one pass over it.
func (d *Delivery) Outbox(ctx context.Context) (Outbox, error) {
	var o Outbox
	err := d.db.Read(ctx).Raw(`SELECT count(*) AS waiting, coalesce(min(created_at), 0) AS oldest
		FROM deliveries WHERE next_attempt_at > 0`).Scan(&o).Error
	if err != nil {
		return Outbox{}, fmt.Errorf("look into the outbox: %w", err)
	}
	return o, nil
}

// fanBatch is how many triggers become deliveries in one transaction.
const fanBatch = 500

// fanOut makes deliveries of the triggers after the outbox's cursor, one for each
// enabled endpoint that wants it, and returns how many. What was triggered while no
// endpoint was there, or wanted it, is never delivered to a later one.
func (d *Delivery) fanOut(ctx context.Context, lease database.Lease, now sessions.Millis) (made int64, err error) {
	cursor, err := loadDeliveryCursor(d.db.Read(ctx))
	if err != nil {
		return 0, err
	}
	// Looking costs a read; only what is there is worth a transaction that writes.
	waiting, err := d.triggers.TriggersAfter(d.db.Read(ctx), cursor, 1)
	if err != nil {
		return 0, fmt.Errorf("look for triggers after %d: %w", cursor, err)
	}
	for more := len(waiting) > 0; more; {
		var n int64
		err := d.db.Write(ctx, func(tx *gorm.DB) (err error) {
			if err := lease.Hold(tx); err != nil {
				return err
			}
			n, more, err = d.fanSome(tx, now)
			return err
		})
		if err != nil {
			return made, fmt.Errorf("make deliveries: %w", err)
		}
		made += n
	}
	return made, nil
}

// fanSome makes deliveries of one batch of triggers. full says that there may be more.
func (d *Delivery) fanSome(tx *gorm.DB, now sessions.Millis) (made int64, full bool, err error) {
	cursor, err := lockDeliveryCursor(tx)
	if err != nil {
		return 0, false, err
	}
	triggers, err := d.triggers.TriggersAfter(tx, cursor, fanBatch)
	if err != nil || len(triggers) == 0 {
		return 0, false, err
	}
	var endpoints []endpointRow
	if err := tx.Where("disabled_at = 0").Order("id").Find(&endpoints).Error; err != nil {
		return 0, false, fmt.Errorf("load endpoints: %w", err)
	}
	var rows []deliveryRow
	for _, t := range triggers {
		if !t.Goes(cart.Webhook) {
			continue
		}
		for _, e := range endpoints {
			if !e.wants(t) {
				continue
			}
			rows = append(rows, deliveryRow{TriggerID: t.ID, EndpointID: e.ID, TriggerSeq: int64(t.Seq),
				Status: Pending, NextAttemptAt: int64(now), CreatedAt: int64(now)})
		}
	}
	if len(rows) > 0 {
		insert := tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, 100)
		if insert.Error != nil {
			return 0, false, insert.Error
		}
		made = insert.RowsAffected
	}
	last := triggers[len(triggers)-1].Seq
	if err := tx.Exec("UPDATE delivery_cursor SET seq = ? WHERE id = 1", int64(last)).Error; err != nil {
		return 0, false, fmt.Errorf("move the cursor to %d: %w", last, err)
	}
	return made, true, nil
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

type deliveryCursorRow struct {
	ID  int64 `gorm:"primaryKey;autoIncrement:false"`
	Seq int64
}

func (deliveryCursorRow) TableName() string { return "delivery_cursor" }

func loadDeliveryCursor(tx *gorm.DB) (sessions.Seq, error) {
	var row deliveryCursorRow
	if err := tx.Where("id = 1").Take(&row).Error; err != nil {
		return 0, fmt.Errorf("load the cursor of deliveries: %w", err)
	}
	return sessions.Seq(row.Seq), nil
}

// lockDeliveryCursor keeps others from making deliveries until tx ends.
func lockDeliveryCursor(tx *gorm.DB) (sessions.Seq, error) {
	var row deliveryCursorRow
	if err := database.Lock(tx).Where("id = 1").Take(&row).Error; err != nil {
		return 0, fmt.Errorf("lock the cursor of deliveries: %w", err)
	}
	return sessions.Seq(row.Seq), nil
}
