package main

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
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

	// Coupon begins to get the code that the mail carries: what it returns ends that, outside
	// of the transaction, and gives an empty code if there is none.
	Coupon func(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (func(context.Context) (string, error), error)

	// UnsubscribeURL returns the address that stops mails to an address, by a GET for
	// people and a POST for one click. Without one nothing is mailed.
	UnsubscribeURL func(email sessions.Email) (string, error)
}

// mailSources are what this shop's mails are made of.
func (s *Shop) mailSources() mailSources {
	rules := s.config.rules(s.db)
	messages := cart.NewMessages(rules)
	return mailSources{
		Subject: func(tx *gorm.DB, t cart.Trigger) (mailSubject, error) { return subjectOf(tx, messages, t) },
		Addressee: func(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (sessions.Email, cart.Verdict, error) {
			a, err := cart.AddresseeOf(tx, t, rules.Mail, now)
			return a.Email, a.Verdict(now), err
		},
		RestoreURL: s.config.restoreURL(cart.Email),
		Coupon:     s.coupons.forMail,
		UnsubscribeURL: func(email sessions.Email) (string, error) {
			if s.config.PublicURL == "" {
				return "", nil
			}
			return strings.TrimRight(s.config.PublicURL, "/") + "/u/" + s.preferences.UnsubscribeToken(email), nil
		},
	}
}

// subjectOf returns what the mail of a trigger is about: the cart as it is now, or what a
// session looked at.
func subjectOf(tx *gorm.DB, messages cart.Messages, t cart.Trigger) (mailSubject, error) {
	m, err := messages.Message(tx, t)
	if err != nil {
		return mailSubject{}, err
	}
	s := mailSubject{Kind: mail.Cart, Anonymous: m.Data.Visitor.Anonymous, Customer: m.Data.Visitor.Customer}
	if m.Data.Step != nil && m.Data.Step.Kind == flow.Checkout {
		s.Kind = mail.Checkout
	}
	if m.Data.Session != nil {
		s.Kind = mail.Browse
		for _, p := range m.Data.Session.Products {
			s.Lines = append(s.Lines, sessions.Line{Product: p, Quantity: 1})
		}
		return s, nil
	}
	s.Lines, s.Currency = m.Data.Cart.Lines, m.Data.Cart.Currency
	return s, nil
}
