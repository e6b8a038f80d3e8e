package jobs

import (
	"context"
	"fmt"
	"time"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Mail is how a mail stands. To whom it goes is not kept with it.
type Mail struct {
	Trigger   string     `json:"trigger_id"`
	Status    string     `json:"status"`
	Attempts  int64      `json:"attempts"`
	Code      int64      `json:"code,omitempty"`   // the SMTP server's last answer
	Reason    string     `json:"reason,omitempty"` // why it was not delivered, or not yet
	MessageID string     `json:"message_id,omitempty"`
	Created   time.Time  `json:"created_at"`
	Started   *time.Time `json:"started_at,omitempty"` // the last attempt
	Ended     *time.Time `json:"ended_at,omitempty"`
	Next      *time.Time `json:"next_attempt_at,omitempty"`
}

// Mails lists up to limit mails, the newest first: of one status, or of all if it is
// empty. Those that ended are kept for a month.
func Mails(ctx context.Context, db *database.DB, status string, limit int) ([]Mail, error) {
	query := db.Read(ctx).Order("trigger_seq DESC, trigger_id DESC").Limit(limit)
	if status != "" {
		query = query.Where("status = ?", status)
	}
	var rows []mailRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	list := []Mail{}
	for _, r := range rows {
		list = append(list, Mail{Trigger: r.TriggerID, Status: r.Status, Attempts: r.Attempts, Code: r.Code, Reason: r.LastError,
			MessageID: r.MessageID, Created: sessions.Millis(r.CreatedAt).Time(), Started: moment(sessions.Millis(r.StartedAt)),
			Ended: moment(sessions.Millis(r.EndedAt)), Next: moment(sessions.Millis(r.NextAttemptAt))})
	}
	return list, nil
}

// MailStatuses lists every status that a mail can have.
func MailStatuses() []string {
	return []string{Pending, Sending, Delivered, Undelivered, Refused, Suppressed, Unknown}
}
