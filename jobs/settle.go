package jobs

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// settle notes how attempts at one endpoint went: what they end, when the next are
// due, and that the endpoint is gone or failed for too long. It returns the deliveries
// that ended by it. Once the lease is lost the outcomes are not for this process to
// note: their messages are sent again, under the same ids.
func (d *Delivery) settle(ctx context.Context, lease database.Lease, attempts []attempt) ([]Ended, error) {
	var ended []Ended
	var verdict judgement
	_, err := d.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) (_ []*sessions.Event, err error) {
		ended = nil
		if err := lease.Hold(tx); err != nil {
			return nil, err
		}
		now := sessions.MillisOf(d.now())
		for _, a := range attempts {
			row := a.after(now)
			noted, err := note(tx, row, a.row)
			if err != nil {
				return nil, fmt.Errorf("note the outcome of delivery %s to endpoint %d: %w", row.TriggerID, row.EndpointID, err)
			}
			if noted && row.EndedAt != 0 {
				ended = append(ended, row.ended())
			}
		}
		if err := noteAttempts(tx, attempts); err != nil {
			return nil, err
		}
		if verdict, err = d.judge(tx, attempts, now); err != nil {
			return nil, err
		}
		return endings(ended, now)
	})
	if err == nil && verdict.disabled != "" {
		d.logger.Warn("webhook endpoint disabled: it is sent nothing until somebody enables it", "endpoint", verdict.endpoint.ID,
			"url", verdict.endpoint.URL, "reason", verdict.disabled, "last_error", verdict.endpoint.LastError)
		d.count("disabled", 1)
	}
	return ended, err
}

// after returns the delivery as it stands after the attempt, which ended at now.
func (a attempt) after(now sessions.Millis) deliveryRow {
	row := a.row
	row.LastStatusCode, row.LastError = int64(a.outcome.Status), a.outcome.Reason
	switch a.outcome.Result {
	case webhook.Delivered:
		row.Status = Delivered
	case webhook.Retry:
		next, more := webhook.Next(int(row.tried()), now.Time(), a.outcome.RetryAfter)
		if more {
			row.Status, row.NextAttemptAt = Pending, next.UnixMilli()
			return row
		}
		row.Status = Undelivered
	default:
		row.Status = Undelivered
	}
	row.NextAttemptAt, row.EndedAt = 0, int64(now)
	return row
}

// note writes a delivery as it stands after an attempt, unless the attempt's claim
// ran out meanwhile and somebody else has the delivery. That it arrived is noted
// in any case, if the delivery has not ended.
func note(tx *gorm.DB, row, claimed deliveryRow) (noted bool, err error) {
	query := tx.Model(&deliveryRow{}).Where("trigger_id = ? AND endpoint_id = ?", row.TriggerID, row.EndpointID)
	if row.Status == Delivered {
		query = query.Where("next_attempt_at > 0")
	} else {
		query = query.Where("status = ? AND attempts = ?", Sending, claimed.Attempts)
	}
	update := query.Updates(map[string]any{
		"status": row.Status, "next_attempt_at": row.NextAttemptAt, "ended_at": row.EndedAt,
		"last_status_code": row.LastStatusCode, "last_error": row.LastError,
	})
	return update.RowsAffected == 1, update.Error
}
