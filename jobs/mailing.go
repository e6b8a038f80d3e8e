package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs/mail"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// MailJob is the name of the job that mails.
const MailJob = "mail"

// Rechecker says whether a trigger is still right.
type Rechecker interface {
	// Recheck is as in [Messages].
	Recheck(tx *gorm.DB, t cart.Trigger, now sessions.Millis, sending []string) (cart.Verdict, error)
}

// Writing ends the writing of a mail, outside of the transaction that started its
// attempt, where it may wait. After an error nothing was sent, and the mail is tried
// again by its schedule.
type Writing func(ctx context.Context) (mail.Message, error)

// Composer writes mails.
type Composer interface {
	// Compose reads, in the transaction that starts an attempt, what the mail of a
	// trigger is made of, and says whether it may be mailed: to whom, with which
	// consent, and with which links. Its writing is called if the verdict is to fire.
	Compose(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (Writing, cart.Verdict, error)
}

// Mailer sends mails.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) mail.Outcome
}

// MailingOptions are what mailing is made of.
type MailingOptions struct {
	Database *database.DB
	Log      *sessions.Log
	Triggers Triggers
	Recheck  Rechecker
	Composer Composer
	Mailer   Mailer
	Now      func() time.Time // the clock of attempts; nil means time.Now
}

// Mailing brings triggers to shoppers by mail, each once at the most: what the SMTP
// server may have taken is never sent again. A worker outlives the run that started
// it, until [Mailing.Close] or the end of the lease that the run was under.
type Mailing struct {
	MailingOptions

	*crew[struct{}] // of one
}

// NewMailing returns the mailing of a shop.
func NewMailing(o MailingOptions) *Mailing {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Mailing{o, newCrew[struct{}]()}
}

// Job returns the line of the table that mails.
func (m *Mailing) Job(schedule string) Job {
	return Job{
		Name: MailJob, Schedule: schedule, Deadline: 30 * time.Second, Run: m.Run,
		Purpose: "Mail the steps of recovery flows to shoppers, each once at the most.",
	}
}

// Run makes mails of new triggers and starts a worker if one is due at now. It
// reports what happened since the report before.
func (m *Mailing) Run(ctx context.Context, now time.Time, lease database.Lease) (Report, error) {
	made, err := m.fanOut(ctx, lease, sessions.MillisOf(now))
	m.count("made", made)
	if err != nil {
		return m.report(err)
	}
	// A run that begins during a pause was asked for: only a later pause ends its worker.
	pause, err := pausedSince(m.Database.Read(ctx), MailJob)
	if err != nil {
		return m.report(err)
	}
	var due int64
	err = m.Database.Read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM mails WHERE next_attempt_at > 0 AND next_attempt_at <= ? LIMIT 1) AS due",
		int64(sessions.MillisOf(now))).Scan(&due).Error
	if err != nil {
		return m.report(fmt.Errorf("look for due mails: %w", err))
	}
	if due == 0 {
		return m.report(nil)
	}
	if done, ok := m.start(struct{}{}, func() error { return m.work(lease, pause) }); ok {
		select {
		case <-done:
		case <-time.After(patience):
		case <-ctx.Done():
		}
	}
	return m.report(nil)
}

// Close starts no attempt any more and waits for those under way. When ctx ends
// first they are broken off: what the server may have taken ends as unknown.
func (m *Mailing) Close(ctx context.Context) { m.end(ctx) }

// work sends what is due, a few mails at a time, until nothing is, the lease is lost,
// or mailing is paused otherwise than it was. A mail for whose answer the server
// takes its time holds up no other.
func (m *Mailing) work(lease database.Lease, pause sessions.Millis) (err error) {
	done := make(chan error)
	underWay := 0
	for round, more := 0, true; ; round++ {
		if more = err == nil && round < rounds && !m.closing(); more {
			var c claimedMails
			c, err = m.claim(lease, pause, mail.Parallel-underWay)
			for _, a := range c.attempts {
				underWay++
				go func() { done <- m.attempt(a) }()
			}
			more = c.some()
		}
		if !more && underWay == 0 {
			return err
		}
		if !more || underWay == mail.Parallel {
			err = errors.Join(err, <-done)
			underWay--
		}
	}
}
