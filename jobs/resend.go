package jobs

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
)

// Resend makes a delivery that ended, or waits, due at once, under its same id and with a whole
// schedule of attempts before it. What is no longer right to tell, a disabled endpoint, and an
// attempt under way are refused. The error is [sessions.ErrNotFound] if there is no such
// delivery.
func (d *Delivery) Resend(ctx context.Context, trigger string, id EndpointID) (DeliveryState, error) {
	var state DeliveryState
	_, err := d.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		row, err := findDelivery(tx, trigger, id)
		if err != nil {
			return nil, err
		}
		now := sessions.MillisOf(d.now())
		if err := d.mayResend(tx, row, now); err != nil {
			return nil, err
		}
		row.Status, row.NextAttemptAt, row.EndedAt, row.LastError, row.ResentAfter = Pending, int64(now), 0, "", row.Attempts
		state = row.state()
		return nil, tx.Save(&row).Error
	})
	if err != nil {
		return DeliveryState{}, fmt.Errorf("send delivery %s to endpoint %d again: %w", trigger, id, err)
	}
	return state, nil
}

// mayResend says what stands against sending a delivery again, nil for nothing.
func (d *Delivery) mayResend(tx *gorm.DB, row deliveryRow, now sessions.Millis) error {
	if row.Status == Sending {
		return conflict("delivery_under_way", "an attempt is under way: see how it ends")
	}
	endpoint, err := findEndpoint(tx, EndpointID(row.EndpointID))
	if err != nil {
		return err
	}
	if endpoint.DisabledAt != 0 {
		return conflict("endpoint_disabled", "the endpoint is disabled (%s): enable it first", snake(endpoint.DisabledReason))
	}
	t, found, err := d.trigger(tx, row)
	if err != nil {
		return err
	}
	if !found {
		return conflict("trigger_missing", "the trigger is no longer there, so nothing can be said of it")
	}
	sending, err := underWay(tx, now)
	if err != nil {
		return err
	}
	v, err := d.messages.Recheck(tx, t, now, sending)
	switch {
	case err != nil:
		return err
	case v.Outcome == cart.Hold:
		return conflict("delivery_held", "it is not right to tell this now (%s): ask again after %s", v.Reason, v.Until.Time().Format("2006-01-02T15:04:05Z"))
	case v.Outcome != cart.Fire:
		return conflict("delivery_not_right", "it is no longer right to tell this: %s", v.Reason)
	}
	return nil
}
