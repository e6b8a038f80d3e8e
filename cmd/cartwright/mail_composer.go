package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs"
	"cartwright/jobs/mail"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// Why a mail is not sent although its trigger is right.
const (
	badAddress    cart.Reason = "address_unusable"    // no SMTP server takes it
	noUnsubscribe cart.Reason = "no_unsubscribe_link" // there is no way to stop mails
	nothingToShow cart.Reason = "nothing_to_show"     // what it is about is gone, or empty
)

// composer writes the mails of a shop: it joins carts, catalog, recommendations and
// links.
type composer struct {
	mailWriter
	sources   mailSources
	catalog   *recommend.Catalog
	recommend func(context.Context, recommend.Request) (recommend.Answer, error) // nil: nothing is recommended
	logger    *slog.Logger
	now       func() time.Time
}

// mailWriter turns contents into messages.
type mailWriter struct {
	config        MailConfig
	templates     *mail.Templates
	purse         mail.Purse
	signer        *mail.Signer
	from, replyTo mail.Address
}

// newMailWriter returns the writer of a configuration that was checked.
func newMailWriter(c MailConfig) (w mailWriter, err error) {
	w.config = c
	if w.purse, err = mail.NewPurse(c.Locale, wire.Exponent); err != nil {
		return w, fmt.Errorf("locale: %w", err)
	}
	if w.templates, err = mail.LoadTemplates(c.MailTemplates, w.purse); err != nil {
		return w, fmt.Errorf("mail-templates: %w", err)
	}
	if c.MailFrom != "" {
		if w.from, w.replyTo, err = c.sender(); err != nil {
			return w, err
		}
	}
	w.signer, err = c.signer()
	return w, err
}

// message writes a content to somebody.
func (w mailWriter) message(c mail.Content, id, to string, now time.Time) (mail.Message, error) {
	rendered, err := w.templates.Render(c)
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Compose(mail.Envelope{ID: id, From: w.from, ReplyTo: w.replyTo, To: to, UnsubscribeURL: c.UnsubscribeURL, Date: now}, rendered, w.signer)
}

// Compose reads what the mail of a trigger is made of and says whether it may go.
// What only makes it look good is looked up by the writing, outside of the
// transaction: names, pictures, recommendations.
func (c *composer) Compose(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (jobs.Writing, cart.Verdict, error) {
	no := func(reason cart.Reason) (jobs.Writing, cart.Verdict, error) {
		return nil, cart.Verdict{Outcome: cart.Suppress, Reason: reason}, nil
	}
	subject, err := c.sources.Subject(tx, t)
	if errors.Is(err, sessions.ErrNotFound) || err == nil && len(subject.Lines) == 0 {
		return no(nothingToShow)
	}
	if err != nil {
		return nil, cart.Verdict{}, fmt.Errorf("write a mail: %w", err)
	}
	email, verdict, err := c.sources.Addressee(tx, t, now)
	if err != nil || verdict.Outcome != cart.Fire {
		return nil, verdict, err
	}
	to, err := mail.Mailbox(string(email))
	if err != nil {
		return no(badAddress)
	}
	content := mail.Content{Kind: subject.Kind, Step: int(max(t.Step, 1)), Language: c.purse.Language(), Shop: c.config.shop()}
	if content.UnsubscribeURL, err = c.sources.UnsubscribeURL(email); err != nil {
		return nil, verdict, err
	}
	if content.UnsubscribeURL == "" {
		return no(noUnsubscribe)
	}
	if content.RestoreURL, err = c.sources.RestoreURL(tx, t, now); err != nil {
		return nil, verdict, err
	}
	coupon, err := c.sources.Coupon(tx, t, now)
	if err != nil {
		return nil, verdict, err
	}
	return func(ctx context.Context) (mail.Message, error) {
		if err := c.fill(ctx, &content, subject); err != nil {
			return mail.Message{}, err
		}
		if content.Coupon, err = coupon(ctx); err != nil {
			return mail.Message{}, err
		}
		return c.message(content, t.ID, to, c.now())
	}, verdict, nil
}
