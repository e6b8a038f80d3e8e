package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs/mail"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// MailClaim is how long after its begin an attempt without a noted outcome is taken
// for unknown. It is well above [mail.LongestSend].
const MailClaim = 10 * time.Minute

// latestMail is how old a trigger may be to be mailed at all, so that nobody is
// reminded of last week after mailing was off, or paused, for long.
const latestMail = 72 * time.Hour

// TooLate is why a mail was not sent that waited for longer than that.
const TooLate cart.Reason = "too_late_to_mail"

// mailAttempt is a claimed mail, and how to write it.
type mailAttempt struct {
	row     mailRow
	writing Writing
}

// claimedMails is what became of due mails.
type claimedMails struct {
	attempts []mailAttempt
	ended    []Ended
	held     int64    // put off
	sending  []string // the triggers whose messages are on their way
}

func (c claimedMails) some() bool { return len(c.attempts)+len(c.ended) > 0 || c.held > 0 }

// claim takes due mails, in a transaction that keeps everybody from appending: those
// that are right now are marked as sending and returned, the others are put off or end
// in it. It takes none when mailing is paused, unless since the given time already.
func (m *Mailing) claim(lease database.Lease, pause sessions.Millis, most int) (claimedMails, error) {
	var c claimedMails
	_, err := m.Log.Decide(m.base, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		c = claimedMails{}
		if err := lease.Hold(tx); err != nil {
			return nil, err
		}
		now := sessions.MillisOf(m.Now())
		if since, err := pausedSince(tx, MailJob); err != nil || since != 0 && since != pause {
			return nil, err
		}
		var due []mailRow
		err := tx.Where("next_attempt_at > 0 AND next_attempt_at <= ?", int64(now)).
			Order("next_attempt_at, trigger_seq, trigger_id").Limit(most).Find(&due).Error
		if err != nil {
			return nil, fmt.Errorf("load due mails: %w", err)
		}
		if c.sending, err = underWay(tx, now); err != nil {
			return nil, err
		}
		for _, row := range due {
			if err := m.claimOne(tx, &c, row, now); err != nil {
				return nil, fmt.Errorf("begin the mail of trigger %s: %w", row.TriggerID, err)
			}
		}
		return endings(c.ended, now)
	})
	if err != nil {
		return claimedMails{}, err
	}
	m.count("held", c.held)
	for _, e := range c.ended {
		m.count(e.Outcome, 1)
	}
	return c, nil
}

// claimOne begins an attempt for one due mail, puts it off, or ends it.
func (m *Mailing) claimOne(tx *gorm.DB, c *claimedMails, row mailRow, now sessions.Millis) error {
	row, writing, err := m.due(tx, row, now, c.sending)
	switch {
	case err != nil:
		return err
	case row.EndedAt != 0:
		c.ended = append(c.ended, row.ended())
	case row.Status == Pending:
		c.held++
	default:
		row.StartedAt, row.NextAttemptAt = int64(now), int64(now.Add(MailClaim))
		row.Attempts++
		c.attempts, c.sending = append(c.attempts, mailAttempt{row, writing}), append(c.sending, row.TriggerID)
	}
	return tx.Save(&row).Error
}

// due returns what is to become of a due mail: sending, with how to write it; pending
// until later; or how it ends and why.
func (m *Mailing) due(tx *gorm.DB, row mailRow, now sessions.Millis, sending []string) (mailRow, Writing, error) {
	if row.Status == Sending {
		return row.end(Unknown, "the program ended while it was sent", now), nil, nil
	}
	t, found, err := m.trigger(tx, row)
	switch {
	case err != nil:
		return row, nil, err
	case !found:
		return row.end(Suppressed, "the trigger is no longer there", now), nil, nil
	case now > t.At.Add(latestMail):
		return row.end(Suppressed, string(TooLate), now), nil, nil
	}
	v, err := m.Recheck.Recheck(tx, t, now, sending)
	var writing Writing
	if err == nil && v.Outcome == cart.Fire {
		writing, v, err = m.Composer.Compose(tx, t, now)
	}
	switch {
	case err != nil:
	case v.Outcome == cart.Fire:
		row.Status = Sending
	case v.Outcome == cart.Hold:
		row.Status, row.NextAttemptAt, row.LastError = Pending, int64(max(v.Until, now.Add(time.Second))), string(v.Reason)
	default:
		row = row.end(Suppressed, string(v.Reason), now)
	}
	return row, writing, err
}

// trigger returns the trigger of a mail, and false when there is none any more.
func (m *Mailing) trigger(tx *gorm.DB, r mailRow) (cart.Trigger, bool, error) {
	list, err := m.Triggers.TriggersAfter(tx, sessions.Seq(r.TriggerSeq-1), 1)
	i := slices.IndexFunc(list, func(t cart.Trigger) bool { return t.ID == r.TriggerID })
	if err != nil || i < 0 {
		return cart.Trigger{}, false, err
	}
	return list[i], true, nil
}

// attempt writes a mail, sends it and notes the outcome. A mistake of ours in it ends
// the worker, not the program.
func (m *Mailing) attempt(a mailAttempt) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("mail trigger %s: panic: %v", a.row.TriggerID, p)
		}
	}()
	message, o := m.send(a)
	// Noted also when everything is to end: what is not noted ends as unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.base), time.Minute)
	defer cancel()
	return m.settle(ctx, a.row, message.ID, o)
}

// send makes an attempt, unless its claim could run out before it ends, as when this
// process slept: an order may stand against the mail by then.
func (m *Mailing) send(a mailAttempt) (mail.Message, mail.Outcome) {
	message, err := m.write(a)
	if err != nil {
		return message, mail.Outcome{Result: mail.Retry, Reason: oneLine(err.Error())}
	}
	if sessions.MillisOf(m.Now().Add(mail.LongestSend)) > sessions.Millis(a.row.NextAttemptAt) {
		return message, mail.Outcome{Result: mail.Retry, Reason: "the attempt was not begun in time"}
	}
	return message, m.Mailer.Send(m.base, message)
}

// write writes a mail. A mistake of ours in it is an attempt that failed before the
// server had anything.
func (m *Mailing) write(a mailAttempt) (message mail.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			message, err = mail.Message{}, fmt.Errorf("panic: %v", p)
		}
	}()
	return a.writing(m.base)
}

// end returns the mail as it ends at now.
func (r mailRow) end(status, reason string, now sessions.Millis) mailRow {
	r.Status, r.LastError, r.NextAttemptAt, r.EndedAt = status, reason, 0, int64(now)
	return r
}

// ended returns what the log is told of a mail's end.
func (r mailRow) ended() Ended {
	return Ended{Channel: cart.Email, Trigger: r.TriggerID, Outcome: r.Status, Reason: r.LastError, Attempts: r.Attempts, Status: r.Code}
}
