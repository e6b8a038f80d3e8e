package wire

import "cartwright/sessions"

// Suppression is one entry of POST /v1/suppressions.
type Suppression struct {
	Email  sessions.Email
	Reason string // bounce, complaint, unsubscribe, manual
	Soft   bool   // of a bounce: the mailbox could not take a mail now
	Detail string
	At     sessions.Millis
}

// maxSuppressionDetail is the longest detail accepted, in characters.
const maxSuppressionDetail = 1000

// Suppressions reads the body of POST /v1/suppressions. It returns either all entries or
// every mistake in the body.
func (d *Decoder) Suppressions(body []byte, now sessions.Millis) ([]Suppression, []FieldError) {
	var f Form
	var all []Suppression
	has := false
	read := f.Body(body, func(key string, value []byte, at string) bool {
		if key != "suppressions" {
			return false
		}
		has = true
		f.Array(value, at, MaxItems, func(value []byte, at string) { all = append(all, f.suppression(value, at, now)) })
		return true
	})
	if read && !has {
		f.Fail("/suppressions", CodeRequired, "the body needs suppressions, an array")
	}
	if len(f.Errors) > 0 {
		return nil, f.Errors
	}
	return all, nil
}

// suppression reads one entry.
func (f *Form) suppression(value []byte, at string, now sessions.Millis) Suppression {
	s := Suppression{At: now}
	hasEmail, hasReason, kind := false, false, ""
	f.Object(value, at, func(key string, value []byte, at string) bool {
		switch key {
		case "email":
			hasEmail = true
			s.Email = f.email(value, at)
		case "reason":
			hasReason = true
			s.Reason = f.word(value, at, "bounce", "complaint", "unsubscribe", "manual")
		case "bounce_type":
			kind = f.word(value, at, "hard", "soft")
		case "detail":
			s.Detail = f.short(value, at, maxSuppressionDetail)
		case "occurred_at":
			s.At = f.instant(value, at, now)
		default:
			return false
		}
		return true
	})
	f.require(value, at, "email", hasEmail)
	f.require(value, at, "reason", hasReason)
	if kind != "" && s.Reason != "bounce" && s.Reason != "" {
		f.Fail(at+"/bounce_type", CodeUnknownField, "only a bounce has a type")
	}
	s.Soft = kind == "soft"
	return s
}
