package jobs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/jobs/mail"
	"cartwright/sessions"
)

// mailSchedule is how long after each attempt that failed the next is made: for
// about a day, after which nobody needs reminding.
func mailSchedule() []time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 15 * time.Hour}
}

// settle notes how an attempt went. It asks for no lease: the claim is this attempt's
// alone until it runs out, and what became of the mail only this process knows. When
// it ran out, and the mail was ended as unknown, it stays so.
func (m *Mailing) settle(ctx context.Context, claimed mailRow, messageID string, o mail.Outcome) error {
	var row mailRow
	noted := false
	_, err := m.Log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		now := sessions.MillisOf(m.Now())
		row = claimed.afterAttempt(o, now)
		row.MessageID = messageID
		update := tx.Model(&mailRow{}).
			Where("trigger_id = ? AND status = ? AND attempts = ?", row.TriggerID, Sending, claimed.Attempts).
			Updates(map[string]any{"status": row.Status, "next_attempt_at": row.NextAttemptAt, "ended_at": row.EndedAt,
				"code": row.Code, "last_error": row.LastError, "message_id": row.MessageID})
		noted = update.RowsAffected == 1
		if update.Error != nil || !noted || row.EndedAt == 0 {
			return nil, update.Error
		}
		return endings([]Ended{row.ended()}, now)
	})
	if err != nil {
		return fmt.Errorf("note the outcome of the mail of trigger %s: %w", claimed.TriggerID, err)
	}
	m.count("attempts", 1)
	if noted && row.EndedAt != 0 {
		m.count(row.Status, 1)
	}
	return nil
}

// afterAttempt returns the mail as it stands after an attempt that ended at now.
func (r mailRow) afterAttempt(o mail.Outcome, now sessions.Millis) mailRow {
	row, schedule := r, mailSchedule()
	row.Code = int64(o.Code)
	switch {
	case o.Result == mail.Delivered:
		return row.end(Delivered, "", now)
	case o.Result == mail.Refused:
		return row.end(Refused, o.Reason, now)
	case o.Result == mail.Unknown:
		return row.end(Unknown, o.Reason, now)
	case row.Attempts > int64(len(schedule)):
		return row.end(Undelivered, o.Reason, now)
	}
	row.Status, row.LastError = Pending, o.Reason
	row.NextAttemptAt = int64(now.Add(schedule[row.Attempts-1]))
	return row
}
