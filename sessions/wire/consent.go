package wire

import (
	"slices"
	"strings"
	"unicode/utf8"

	"cartwright/sessions"
)

// The longest texts of consents, in characters.
const (
	maxConsentSource = 200
	maxTextVersion   = 100
)

// Consents reads the body of PUT /v1/consents into one event for each address, in
// order: how its consent stands, which is no act of the shopper. It returns either the
// events or every mistake in the body.
func (d *Decoder) Consents(body []byte, now sessions.Millis) ([]*sessions.Event, []FieldError) {
	var f Form
	var events []*sessions.Event
	hasConsents := false
	read := f.Body(body, func(key string, value []byte, at string) bool {
		if key != "consents" {
			return false
		}
		hasConsents = true
		f.Array(value, at, MaxItems, func(value []byte, at string) { events = append(events, d.consent(&f, value, at, now)) })
		return true
	})
	if read && !hasConsents {
		f.Fail("/consents", CodeRequired, "the body needs consents, an array")
	}
	if len(f.Errors) > 0 {
		return nil, f.Errors
	}
	return events, nil
}

// consent reads one entry of consents.
func (d *Decoder) consent(f *Form, value []byte, at string, now sessions.Millis) *sessions.Event {
	e := d.restEvent(sessions.Identify, now)
	e.Currency = ""
	hasEmail := false
	e.Mail = f.mailConsent(value, at, now, func(key string, value []byte, at string) bool {
		switch key {
		case "email":
			hasEmail = true
			e.Email = f.email(value, at)
		case "user_id":
			e.Customer = sessions.CustomerID(f.id(value, at))
		default:
			return false
		}
		return true
	})
	f.require(value, at, "email", hasEmail)
	if e.Mail.At != 0 {
		e.Original, e.Occurred = e.Mail.At, e.Mail.At
	}
	e.Updated = e.Occurred
	return e
}

// mailConsent reads what is said of whether an address may be mailed, in an object with
// further fields.
func (f *Form) mailConsent(value []byte, at string, now sessions.Millis, further func(key string, value []byte, at string) bool) *sessions.MailConsent {
	c := &sessions.MailConsent{}
	hasState := false
	f.Object(value, at, func(key string, value []byte, at string) bool {
		switch key {
		case "state":
			hasState = true
			c.State = sessions.MailState(f.word(value, at, string(sessions.MailGranted), string(sessions.MailDenied)))
		case "basis":
			c.Basis = sessions.MailBasis(f.word(value, at, mailBases()...))
		case "source":
			c.Source = f.short(value, at, maxConsentSource)
		case "text_version":
			c.TextVersion = f.short(value, at, maxTextVersion)
		case "occurred_at":
			c.At = f.instant(value, at, now)
		default:
			return further(key, value, at)
		}
		return true
	})
	f.require(value, at, "state", hasState)
	if c.State == sessions.MailGranted && c.Basis == "" && !f.failedBelow(at+"/basis") {
		f.Fail(at+"/basis", CodeRequired, "a grant needs its basis: %s", strings.Join(mailBases(), ", "))
	}
	return c
}

func mailBases() []string {
	var words []string
	for _, b := range sessions.MailBases() {
		words = append(words, string(b))
	}
	return words
}

// word reads one of some words.
func (f *Form) word(value []byte, at string, known ...string) string {
	text := f.Text(value, at)
	if isText(value) && !slices.Contains(known, text) {
		f.Fail(at, CodeUnknownWord, "%.40q is none of %s", text, strings.Join(known, ", "))
		return ""
	}
	return text
}

// short reads a text of so many characters at most.
func (f *Form) short(value []byte, at string, limit int) string {
	text := f.Text(value, at)
	if n := utf8.RuneCountInString(text); n > limit {
		f.Fail(at, CodeTooLong, "it has %d characters; at most %d are kept", n, limit)
	}
	return text
}

// consents reads the consents of a cart's or an order's visitor, by channel.
func (f *Form) consents(e *sessions.Event, value []byte, at string, now sessions.Millis) {
	f.Object(value, at, func(key string, value []byte, at string) bool {
		if key != "email" {
			return false
		}
		e.Mail = f.mailConsent(value, at, now, func(string, []byte, string) bool { return false })
		return true
	})
}

// traitSource is the source of a consent that a trait tells in one word.
const traitSource = "identify"

// consent fills in what an identify call's traits say of whether its address may be
// mailed: email_consent, true or false, or an object as in PUT /v1/consents. What
// cannot be read is refused: it may have been a denial.
func consent(e *sessions.Event, it *item, a Arrival) *refusal {
	value := either(it.traitsConsent, it.contextConsent)
	if e.Kind != sessions.Identify || !given(value) {
		return nil
	}
	if e.Email == "" {
		return refuse(CodeInvalidConsent, "traits.email_consent needs traits.email, the address that it is about")
	}
	switch string(value) {
	case "true":
		e.Mail = &sessions.MailConsent{State: sessions.MailGranted, Basis: sessions.ByConsent, Source: traitSource}
		return nil
	case "false":
		e.Mail = &sessions.MailConsent{State: sessions.MailDenied, Source: traitSource}
		return nil
	}
	var f Form
	c := f.mailConsent(value, "", a.Received, func(string, []byte, string) bool { return true })
	if len(f.Errors) > 0 {
		return refuse(CodeInvalidConsent, "traits.email_consent%s: %s", f.Errors[0].Pointer, f.Errors[0].Detail)
	}
	if c.At != 0 {
		c.At = occurred(c.At, e.Sent, a.Received)
	}
	e.Mail = c
	return nil
}
