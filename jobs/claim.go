package jobs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
)

// ClaimTimeout is how long after its begin an attempt without a noted outcome is
// taken for lost, and its message sent again. It is well above [webhook.Timeout].
const ClaimTimeout = 30 * time.Second

// inFlight is how many messages are under way to one endpoint at once.
const inFlight = 8

// Messages says what a trigger tells, and whether it is still right to tell it.
type Messages interface {
	// Recheck asks, in the transaction that starts an attempt, whether the
	// trigger is still right, and else for what reason not.
	Recheck(tx *gorm.DB, t cart.Trigger) (right bool, reason string, err error)
	// Message returns what is to be sent.
	Message(tx *gorm.DB, t cart.Trigger) (cart.Message, error)
}

// attempt is a claimed delivery, and what to send for it.
type attempt struct {
	row     deliveryRow
	message webhook.Message
	outcome webhook.Outcome // once it was made
}

// Ended is the content of a delivery.ended event: how a delivery ended.
type Ended struct {
	Trigger  string     `json:"trigger_id"`
	Endpoint EndpointID `json:"endpoint_id"`
	Outcome  string     `json:"outcome"` // delivered, failed, suppressed or cancelled
	Reason   string     `json:"reason,omitempty"`
	Attempts int64      `json:"attempts"`
	Status   int64      `json:"status_code,omitempty"` // the last HTTP status that was answered
}

// claimed is what became of the due deliveries of an endpoint.
type claimed struct {
	attempts []attempt
	ended    []Ended
}

// claim takes due deliveries of an endpoint, in a transaction that keeps everybody
// from appending: those that are still right are marked as sending and returned,
// the others end in it.
func (d *Delivery) claim(ctx context.Context, id EndpointID) (claimed, error) {
	var c claimed
	_, err := d.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		c = claimed{}
		now := sessions.MillisOf(d.now())
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
		for _, row := range due {
			if err := d.claimOne(tx, &c, endpoint, row, now); err != nil {
				return nil, fmt.Errorf("begin delivery %s to endpoint %d: %w", row.TriggerID, id, err)
			}
		}
		return endings(c.ended, now)
	})
	return c, err
}

// claimOne begins an attempt for one due delivery, or ends the delivery.
func (d *Delivery) claimOne(tx *gorm.DB, c *claimed, endpoint endpointRow, row deliveryRow, now sessions.Millis) error {
	body, status, reason, err := d.due(tx, endpoint, row)
	if err != nil {
		return err
	}
	if status != Sending {
		row.Status, row.LastError = status, reason
		c.ended = append(c.ended, row.ended())
		return finish(tx, row, now)
	}
	secrets, err := parseSecrets(endpoint.Secrets)
	if err != nil {
		return err
	}
	row.Status, row.StartedAt = Sending, int64(now)
	row.NextAttemptAt = int64(now.Add(ClaimTimeout))
	row.Attempts++
	c.attempts = append(c.attempts, attempt{row: row,
		message: webhook.Message{URL: endpoint.URL, ID: row.TriggerID, Secrets: secrets, Body: body}})
	return tx.Save(&row).Error
}

// due says what is to become of a due delivery: sending and the body to send, or
// how it ends and why.
func (d *Delivery) due(tx *gorm.DB, endpoint endpointRow, row deliveryRow) (body []byte, status, reason string, err error) {
	if endpoint.DisabledAt != 0 {
		return nil, Cancelled, "the endpoint is disabled: " + endpoint.DisabledReason, nil
	}
	if row.Attempts >= webhook.Attempts { // the last one was begun and never noted
		return nil, Undelivered, "the outcome of the last attempt is not known", nil
	}
	t, found, err := d.trigger(tx, row)
	if err != nil {
		return nil, "", "", err
	}
	if !found {
		return nil, Suppressed, "the trigger is no longer there", nil
	}
	right, why, err := d.messages.Recheck(tx, t)
	if err != nil || !right {
		return nil, Suppressed, why, err
	}
	message, err := d.messages.Message(tx, t)
	if err != nil {
		return nil, "", "", err
	}
	body, err = message.Body()
	return body, Sending, "", err
}

// ended returns what the log is told of a delivery's end.
func (r deliveryRow) ended() Ended {
	return Ended{Trigger: r.TriggerID, Endpoint: EndpointID(r.EndpointID), Outcome: r.Status, Reason: r.LastError,
		Attempts: r.Attempts, Status: r.LastStatusCode}
}

// finish writes the end of a delivery.
func finish(tx *gorm.DB, row deliveryRow, now sessions.Millis) error {
	row.NextAttemptAt, row.EndedAt = 0, int64(now)
	return tx.Save(&row).Error
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
