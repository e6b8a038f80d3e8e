package jobs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// ClaimTimeout is how long after its begin an attempt without a noted outcome is
// taken for lost, and its message sent again. It is well above [webhook.Timeout].
const ClaimTimeout = 30 * time.Second

// inFlight is how many messages are under way to one endpoint at once.
const inFlight = 8

// Messages says what a trigger tells, and whether it is still right to tell it.
type Messages interface {
	// Recheck asks, in the transaction that starts an attempt, whether the
	// trigger is right at a time: to be told, never, or later. Sending names the triggers
	// whose messages are on their way then.
	Recheck(tx *gorm.DB, t cart.Trigger, now sessions.Millis, sending []string) (cart.Verdict, error)
	// Message returns what is to be sent.
	Message(tx *gorm.DB, t cart.Trigger) (cart.Message, error)
}

// attempt is a claimed delivery, and what to send for it.
type attempt struct {
	row     deliveryRow
	message webhook.Message
	outcome webhook.Outcome // once it ended
	made    bool            // the endpoint had its chance: the attempt was begun, and not broken off by us
}

// Ended is the content of a delivery.ended event: how a delivery ended.
type Ended struct {
	Channel  cart.Channel `json:"channel,omitempty"` // email of a mail; absent of a webhook
	Trigger  string       `json:"trigger_id"`
	Endpoint EndpointID   `json:"endpoint_id"` // 0 of a mail
	Outcome  string       `json:"outcome"`     // delivered, failed, suppressed or cancelled; of a mail also refused or unknown
	Reason   string       `json:"reason,omitempty"`
	Attempts int64        `json:"attempts"`
	Status   int64        `json:"status_code,omitempty"` // the last HTTP or SMTP status that was answered
}

// claimed is what became of the due deliveries of an endpoint.
type claimed struct {
	attempts []attempt
	ended    []Ended
	held     int64    // put off
	sending  []string // the triggers whose messages are on their way
}

// claim takes due deliveries of an endpoint, in a transaction that keeps everybody
// from appending: those that are right now are marked as sending and returned,
// the others are put off or end in it. It takes none when deliveries are paused,
// unless since the given time already.
func (d *Delivery) claim(ctx context.Context, id EndpointID, lease database.Lease, pause sessions.Millis) (claimed, error) {
	var c claimed
	_, err := d.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		c = claimed{}
		if err := lease.Hold(tx); err != nil {
			return nil, err
		}
		now := sessions.MillisOf(d.now())
		if since, err := pausedSince(tx, DeliveryJob); err != nil || since != 0 && since != pause {
			return nil, err
		}
		var endpoint endpointRow
		if err := tx.Where("id = ?", int64(id)).Take(&endpoint).Error; err != nil {
			return nil, fmt.Errorf("load endpoint %d: %w", id, err)
		}
		var due []deliveryRow
		err := tx.Where("endpoint_id = ? AND next_attempt_at > 0 AND next_attempt_at <= ?", int64(id), int64(now)).
			Order("next_attempt_at, trigger_seq, trigger_id").Limit(inFlight).Find(&due).Error
		if err != nil {
			return nil, fmt.Errorf("load due deliveries of endpoint %d: %w", id, err)
		}
		if c.sending, err = underWay(tx, now); err != nil {
			return nil, err
		}
		for _, row := range due {
			if err := d.claimOne(tx, &c, endpoint, row, now); err != nil {
				return nil, fmt.Errorf("begin delivery %s to endpoint %d: %w", row.TriggerID, id, err)
			}
		}
		if err := beginAttempts(tx, c.attempts); err != nil {
			return nil, err
		}
		return endings(c.ended, now)
	})
	return c, err
}

// underWay returns the triggers whose messages are on their way at a time, by webhook or
// mail: begun by somebody whose claim has not run out.
func underWay(tx *gorm.DB, now sessions.Millis) (sending []string, err error) {
	const query = `SELECT trigger_id FROM deliveries WHERE status = 'sending' AND next_attempt_at > ?
		UNION SELECT trigger_id FROM mails WHERE status = 'sending' AND next_attempt_at > ?`
	if err := tx.Raw(query, int64(now), int64(now)).Scan(&sending).Error; err != nil {
		return nil, fmt.Errorf("look what is on its way: %w", err)
	}
	return sending, nil
}

// claimOne begins an attempt for one due delivery, puts it off, or ends it.
func (d *Delivery) claimOne(tx *gorm.DB, c *claimed, endpoint endpointRow, row deliveryRow, now sessions.Millis) error {
	t, row, err := d.due(tx, endpoint, row, now, c.sending)
	switch {
	case err != nil:
		return err
	case row.EndedAt != 0:
		c.ended = append(c.ended, row.ended())
		return tx.Save(&row).Error
	case row.Status == Pending:
		c.held++
		return tx.Save(&row).Error
	}
	message, err := d.message(tx, endpoint, t, now)
	if err != nil {
		return err
	}
	row.StartedAt, row.NextAttemptAt = int64(now), int64(now.Add(ClaimTimeout))
	row.Attempts++
	c.attempts, c.sending = append(c.attempts, attempt{row: row, message: message}), append(c.sending, row.TriggerID)
	return tx.Save(&row).Error
}

// due returns what is to become of a due delivery: sending, with the trigger to
// tell; pending until later; or how it ends and why.
func (d *Delivery) due(tx *gorm.DB, endpoint endpointRow, row deliveryRow, now sessions.Millis, sending []string) (cart.Trigger, deliveryRow, error) {
	if endpoint.DisabledAt != 0 {
		return cart.Trigger{}, row.end(Cancelled, "the endpoint is disabled: "+endpoint.DisabledReason, now), nil
	}
	if row.tried() >= webhook.Attempts { // the last one was begun and never noted
		return cart.Trigger{}, row.end(Undelivered, "the outcome of the last attempt is not known", now), nil
	}
	t, found, err := d.trigger(tx, row)
	if err != nil {
		return t, row, err
	}
	if !found {
		return t, row.end(Suppressed, "the trigger is no longer there", now), nil
	}
	v, err := d.messages.Recheck(tx, t, now, sending)
	switch v.Outcome {
	case cart.Fire:
		row.Status = Sending
	case cart.Hold:
		row.Status, row.NextAttemptAt, row.LastError = Pending, int64(v.Until), string(v.Reason)
	default:
		row = row.end(Suppressed, string(v.Reason), now)
	}
	return t, row, err
}

// message returns what is sent to an endpoint of a trigger at a time.
func (d *Delivery) message(tx *gorm.DB, endpoint endpointRow, t cart.Trigger, now sessions.Millis) (webhook.Message, error) {
	secrets, err := endpoint.signing(now)
	if err != nil {
		return webhook.Message{}, err
	}
	content, err := d.messages.Message(tx, t)
	if err != nil {
		return webhook.Message{}, err
	}
	body, err := content.Body()
	return webhook.Message{URL: endpoint.URL, ID: t.ID, Secrets: secrets, Body: body}, err
}

// end returns the delivery as it ends at now.
func (r deliveryRow) end(status, reason string, now sessions.Millis) deliveryRow {
	r.Status, r.LastError, r.NextAttemptAt, r.EndedAt = status, reason, 0, int64(now)
	return r
}

// ended returns what the log is told of a delivery's end.
func (r deliveryRow) ended() Ended {
	return Ended{Trigger: r.TriggerID, Endpoint: EndpointID(r.EndpointID), Outcome: r.Status, Reason: r.LastError,
		Attempts: r.Attempts, Status: r.LastStatusCode}
}

// endings returns the events of ended deliveries.
func endings(ended []Ended, now sessions.Millis) ([]*sessions.Event, error) {
	var events []*sessions.Event
	for _, e := range ended {
		event, err := sessions.Own(sessions.DeliveryEnded, 0, now, e)
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}
