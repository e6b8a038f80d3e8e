package wire

import (
	"bytes"
	"strconv"

	"cartwright/sessions"
)

// MaxItems is how many items a batch may hold.
const MaxItems = 2500

// Envelope is the body of a batch: many items in one request.
type Envelope struct {
	Items    [][]byte        // views into the body, in order
	Sent     sessions.Millis // sentAt of the batch, 0 if none or unreadable
	WriteKey string          // the key, where a sender puts it into the body
}

// EnvelopeError says why a body is no batch.
type EnvelopeError struct {
	Code   string // one of this package's codes
	Reason string
}

// Error returns the reason.
func (e *EnvelopeError) Error() string { return e.Reason }

// OpenEnvelope reads a body whose items stand in an array of the given name:
// "batch" for Segment's, "events" for our own. The items are not judged yet,
// each is a valid JSON value of whatever kind. The error is an [*EnvelopeError].
func OpenEnvelope(body []byte, name string) (Envelope, error) {
	var e Envelope
	var items []byte
	ok := members(body, func(key, value []byte) {
		switch string(key) {
		case name:
			items = value
		case "sentAt":
			// An unreadable clock corrects nothing; the items are still good.
			if sent, ok := instantOf(value); ok {
				e.Sent = sent
			}
		case "writeKey":
			e.WriteKey = textOf(value)
		}
	})
	if !ok {
		return e, &EnvelopeError{CodeInvalidJSON, noObject("the body", body)}
	}
	if !isArray(items) {
		return e, &EnvelopeError{CodeInvalidJSON, "the body has no array " + name}
	}
	n := 0
	elements(items, func(value []byte) {
		if n++; n <= MaxItems {
			e.Items = append(e.Items, value)
		}
	})
	if n > MaxItems {
		e.Items = nil
		return e, &EnvelopeError{CodeTooLarge, "a batch may hold " + strconv.Itoa(MaxItems) + " items"}
	}
	return e, nil
}

// WriteKeyOf returns the writeKey in the body of a single call, or "".
func WriteKeyOf(body []byte) (key string) {
	members(body, func(name, value []byte) {
		if string(name) == "writeKey" {
			key = textOf(value)
		}
	})
	return key
}

// WithoutKey returns a body with … wherever the key stands that it shows as its
// writeKey: what is kept aside is read by more people than may know a secret key, and is
// in every backup. Another body is returned as it is.
func WithoutKey(body []byte) []byte {
	kept := body
	members(body, func(name, value []byte) {
		if key := bytes.Trim(value, `"`); string(name) == "writeKey" && textOf(value) != "" {
			kept = bytes.ReplaceAll(kept, key, []byte("…"))
		}
	})
	return kept
}
