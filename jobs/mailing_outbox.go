package jobs

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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
	var cursor mailCursorRow
	if err := m.Database.Read(ctx).Where("id = 1").Take(&cursor).Error; err != nil {
		return 0, fmt.Errorf("load the cursor of mails: %w", err)
	}
	// Looking costs a read; only what is there is worth a transaction that writes.
	waiting, err := m.Triggers.TriggersAfter(m.Database.Read(ctx), sessions.Seq(cursor.Seq), 1)
	if err != nil {
		return 0, fmt.Errorf("look for triggers after %d: %w", cursor.Seq, err)
	}
	for more := len(waiting) > 0; more; {
		var n int64
		err := m.Database.Write(ctx, func(tx *gorm.DB) (err error) {
			if err := lease.Hold(tx); err != nil {
				return err
			}
			n, more, err = m.fanSome(tx, now)
			return err
		})
		if err != nil {
			return made, fmt.Errorf("make mails: %w", err)
		}
		made += n
	}
	return made, nil
}

// fanSome makes mails of one batch of triggers. full says that there may be more.
func (m *Mailing) fanSome(tx *gorm.DB, now sessions.Millis) (made int64, full bool, err error) {
	var cursor mailCursorRow
	if err := database.Lock(tx).Where("id = 1").Take(&cursor).Error; err != nil {
		return 0, false, fmt.Errorf("lock the cursor of mails: %w", err)
	}
	triggers, err := m.Triggers.TriggersAfter(tx, sessions.Seq(cursor.Seq), fanBatch)
	if err != nil || len(triggers) == 0 {
		return 0, false, err
	}
	var rows []mailRow
	for _, t := range triggers {
		if t.Goes(cart.Email) {
			rows = append(rows, mailRow{TriggerID: t.ID, TriggerSeq: int64(t.Seq), Status: Pending,
				NextAttemptAt: int64(now), CreatedAt: int64(now)})
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
	if err := tx.Exec("UPDATE mail_cursor SET seq = ? WHERE id = 1", int64(last)).Error; err != nil {
		return 0, false, fmt.Errorf("move the cursor of mails to %d: %w", last, err)
	}
	return made, true, nil
}

type mailCursorRow struct {
	ID  int64 `gorm:"primaryKey;autoIncrement:false"`
	Seq int64
}

func (mailCursorRow) TableName() string { return "mail_cursor" }

// MailOutbox is what of the mails has not ended, and how those ended that are kept.
type MailOutbox struct {
	Waiting int64            // mails that have not ended
	Oldest  sessions.Millis  // when the oldest of them was made; 0 when there is none
	Ended   map[string]int64 // how many ended in each way, as far as they are kept
}

// LoadMailOutbox counts the mails. Cost: one pass over them.
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
