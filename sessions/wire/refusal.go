package wire

import (
	"bytes"
	"fmt"

	"cartwright/sessions"
)

// The codes that say why an item, a row or a field of a form was refused. They are part of
// the answers, so senders may rely on them.
const (
	CodeTooLarge         = "too_large"          // over the limit of bytes or entries
	CodeInvalidJSON      = "invalid_json"       // not one JSON object of the expected shape
	CodeInvalidText      = "invalid_text"       // no valid UTF-8, or U+0000 in it
	CodeTooLong          = "too_long"           // an id or name over 255 bytes
	CodeUnknownType      = "unknown_type"       // none of Segment's calls
	CodeEventMissing     = "event_missing"      // a track call without the name of its event
	CodeIdentityMissing  = "identity_missing"   // nothing says whose event it is
	CodeInvalidTime      = "invalid_time"       // unreadable, or outside the years 1970 to 9999
	CodeProductIDMissing = "product_id_missing" // an event about a product without its id
	CodeOrderIDMissing   = "order_id_missing"   // an order without its id
	CodeInvalidQuantity  = "invalid_quantity"   // not an integer from 0 to a million
	CodeInvalidAmount    = "invalid_amount"     // not a number, negative, or beyond belief
	CodeInvalidCurrency  = "invalid_currency"   // not a code of ISO 4217
	CodeInvalidConsent   = "invalid_consent"    // what is said of mails cannot be read, or is about no address
	CodeTopicMismatch    = "topic_mismatch"     // a webhook's body is not what its topic says
)

// keptBody is how much of a refused item is kept to look at, in bytes.
const keptBody = 2048

// refusal is why something is no event.
type refusal struct{ code, reason string }

// Error returns the reason.
func (r *refusal) Error() string { return r.reason }

// refuse returns a refusal with a reason for people.
func refuse(code, format string, values ...any) *refusal {
	return &refusal{code: code, reason: fmt.Sprintf(format, values...)}
}

// rejected returns the refusal as it is reported. The body is copied, so that
// keeping it does not keep the whole request, and without its key.
func (r *refusal) rejected(index int, body []byte) sessions.Rejected {
	body = WithoutKey(body)
	return sessions.Rejected{
		Index: index, Code: r.code, Reason: r.reason, Body: bytes.Clone(body[:min(len(body), keptBody)]),
	}
}

// tooLong refuses an id or a name over its limit.
func tooLong(field, text string) *refusal {
	if len(text) <= maxID {
		return nil
	}
	return refuse(CodeTooLong, "%s has %d bytes; at most %d are kept", field, len(text), maxID)
}
