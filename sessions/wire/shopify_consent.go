package wire

import (
	"strings"

	"cartwright/sessions"
)

// shopifyCustomer is a customer, by itself or in a checkout or an order.
type shopifyCustomer struct {
	ID, Email value
	UpdatedAt value `json:"updated_at"`
	Accepts   value `json:"accepts_marketing"` // of older versions of Shopify's API
	AcceptsAt value `json:"accepts_marketing_updated_at"`
	Consent   struct {
		State     value
		Level     value `json:"opt_in_level"`
		UpdatedAt value `json:"consent_updated_at"`
	} `json:"email_marketing_consent"`
}

// consenting returns b with what is said of whether its address may be mailed: by the
// customer's email_marketing_consent, which is of the customer's address, or where there
// is none by accepts, which is true, false or nothing.
func (c shopifyCustomer) consenting(b buyer, accepts value) buyer {
	state, his := strings.ToLower(textOf(c.Consent.State)), emailOf(textOf(c.Email))
	switch {
	case state != "":
		if his != "" && his == emailOf(b.email) {
			b.mail = c.consent(state)
		}
	case string(accepts) == "true":
		b.mail = &sessions.MailConsent{State: sessions.MailGranted, Basis: sessions.ByConsent, Source: "shopify", At: when(c.AcceptsAt)}
	case string(accepts) == "false":
		b.mail = &sessions.MailConsent{State: sessions.MailDenied, Source: "shopify", At: when(c.AcceptsAt)}
	}
	return b
}

// consent returns what a state of Shopify's says. Who was never asked (not_subscribed,
// which nobody goes back to), or has yet to confirm (pending), said nothing.
func (c shopifyCustomer) consent(state string) *sessions.MailConsent {
	said := &sessions.MailConsent{Source: "shopify", At: when(c.Consent.UpdatedAt)}
	switch state {
	case "subscribed":
		said.State, said.Basis = sessions.MailGranted, sessions.ByConsent
		if level := strings.ToLower(textOf(c.Consent.Level)); level != "" && level != "unknown" {
			said.Source = "shopify " + idWithin(level)
		}
	case "unsubscribed", "redacted", "invalid":
		said.State = sessions.MailDenied
	default:
		return nil
	}
	return said
}

// ticked returns whether a buyer ticked the box of a checkout. One left empty says
// nothing: Shopify shows none to whom it knows.
func ticked(v value) value {
	if string(v) == "true" {
		return v
	}
	return nil
}
