package main

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs/mail"
	"cartwright/sessions"
)

// mailSubject is what a mail is about, as the log has it.
type mailSubject struct {
	Kind      mail.Kind
	Lines     []sessions.Line
	Currency  string // of the lines
	Anonymous sessions.AnonymousID
	Customer  sessions.CustomerID
	Coupon    string
}

// mailSources are what a mail needs that other parts of the program know. All are
// asked in the transaction that starts an attempt, in this order, and only as long as
// the answers let the mail go on.
type mailSources struct {
	// Subject says what a trigger's mail is about. The error is [sessions.ErrNotFound]
	// if that is gone.
	Subject func(tx *gorm.DB, t cart.Trigger) (mailSubject, error)

	// Addressee says to whom it goes, and whether it may go now: consent, suppression
	// and limits are its business.
	Addressee func(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (sessions.Email, cart.Verdict, error)

	// RestoreURL returns the link that leads back to what was left.
	RestoreURL func(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (string, error)

	// UnsubscribeURL returns the address that stops mails to an address, by a GET for
	// people and a POST for one click. Without one nothing is mailed.
	UnsubscribeURL func(email sessions.Email) (string, error)
}

// plainSources are what mails are made of with nothing but the carts: the address
// that was told with the cart, and the shop's own page.
func plainSources(messages cart.Messages, shopURL string) mailSources {
	return mailSources{
		Subject: func(tx *gorm.DB, t cart.Trigger) (mailSubject, error) {
			m, err := messages.Message(tx, t)
			if err != nil {
				return mailSubject{}, err
			}
			s := mailSubject{Kind: mail.Cart, Lines: m.Data.Cart.Lines, Currency: m.Data.Cart.Currency, Anonymous: m.Data.Visitor.Anonymous, Customer: m.Data.Visitor.Customer}
			if m.Data.Cart.Checkout != "" {
				s.Kind = mail.Checkout
			}
			return s, nil
		},
		Addressee: func(tx *gorm.DB, t cart.Trigger, _ sessions.Millis) (sessions.Email, cart.Verdict, error) {
			m, err := messages.Message(tx, t)
			if err != nil {
				return "", cart.Verdict{}, fmt.Errorf("look for the address of trigger %s: %w", t.ID, err)
			}
			if m.Data.Visitor.Email == "" {
				return "", cart.Verdict{Outcome: cart.Suppress, Reason: noAddress}, nil
			}
			return m.Data.Visitor.Email, cart.Verdict{Outcome: cart.Fire}, nil
		},
		RestoreURL:     func(*gorm.DB, cart.Trigger, sessions.Millis) (string, error) { return shopURL, nil },
		UnsubscribeURL: func(sessions.Email) (string, error) { return "", nil },
	}
}
