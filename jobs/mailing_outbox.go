package jobs

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// The further states of a mail, both ends.
const (
	Refused = "refused" // the SMTP server takes no such mail, ever
	Unknown = "unknown" // it was sent, and whether it arrived nobody knows: it is not sent again
)

type mailRow struct {
	TriggerID     string `gorm:"primaryKey"`
	TriggerSeq    int64
	Status        string
	Attempts      int64 // begun
	NextAttemptAt int64 // 0 once it ended; while sending, when its outcome is taken for unknown
	Code          int64
	LastError     string
	MessageID     string
	CreatedAt     int64
	StartedAt     int64
	EndedAt       int64
}

func (mailRow) TableName() string { return "mails" }

// fanOut makes mails of the triggers after the cursor of mails that go out by mail,
// and returns how many.
func (m *Mailing) fanOut(ctx context.Context, lease database.Lease, now sessions.Millis) (made int64, err error) {
	return relay{m.Database, m.Triggers, mailCursor}.run(ctx, lease, func(tx *gorm.DB, triggers []cart.Trigger) (int64, error) {
		var rows []mailRow
		for _, t := range triggers {
			if t.Goes(cart.Email) {
				rows = append(rows, mailRow{TriggerID: t.ID, TriggerSeq: int64(t.Seq), Status: Pending,
					NextAttemptAt: int64(now), CreatedAt: int64(now)})
			}
		}
		return putOnce(tx, rows)
	})
}

// MailOutbox is what of the mails has not ended, and how those ended that are kept.
type MailOutbox struct {
	Waiting int64            // mails that have not ended
	Oldest  sessions.Millis  // when the oldest of them was made; 0 when there is none
	Ended   map[string]int64 // how many ended in each way, as far as they are kept
}

// Outbox counts the mails, those too that were not made of their triggers yet, as while the job that
// mails is paused or fails. Cost: one pass over them.
func (m *Mailing) Outbox(ctx context.Context) (o MailOutbox, err error) {
	err = m.Database.Snapshot(ctx, func(tx *gorm.DB) (err error) {
		if o, err = LoadMailOutbox(tx); err != nil {
			return err
		}
		untold, err := relay{m.Database, m.Triggers, mailCursor}.waiting(tx, func(t cart.Trigger) int64 {
			if t.Goes(cart.Email) {
				return 1
			}
			return 0
		})
		all := untold.with(Outbox{o.Waiting, o.Oldest})
		o.Waiting, o.Oldest = all.Waiting, all.Oldest
		return err
	})
	return o, err
}

// LoadMailOutbox counts the mails that were made of their triggers. Cost: one pass over them.
func LoadMailOutbox(tx *gorm.DB) (MailOutbox, error) {
	var rows []struct {
		Status    string
		N, Oldest int64
	}
	err := tx.Raw("SELECT status, count(*) AS n, min(created_at) AS oldest FROM mails GROUP BY status ORDER BY status").Scan(&rows).Error
	if err != nil {
		return MailOutbox{}, fmt.Errorf("count mails: %w", err)
	}
	o := MailOutbox{Ended: map[string]int64{}}
	for _, r := range rows {
		if r.Status != Pending && r.Status != Sending {
			o.Ended[r.Status] = r.N
			continue
		}
		o.Waiting += r.N
		if o.Oldest == 0 || sessions.Millis(r.Oldest) < o.Oldest {
			o.Oldest = sessions.Millis(r.Oldest)
		}
	}
	return o, nil
}
