package wire

import (
	"bytes"
	"time"

	"cartwright/sessions"
)

// maxSkew bounds how far a sender's clock is corrected.
const maxSkew = sessions.Millis(24 * time.Hour / time.Millisecond)

// The instants of the first and the last year believed.
const (
	firstInstant = sessions.Millis(0)                   // 1970-01-01
	lastInstant  = sessions.Millis(253_402_300_799_999) // 9999-12-31
)

// instantForm is what a time must be, for whoever wrote another. Without a zone it
// could be any hour of a day.
const instantForm = "no time of RFC 3339 with its zone, such as 2026-11-27T10:00:00Z, in the years 1970 to 9999"

// secondsBelow tells an epoch in seconds from one in milliseconds: as seconds
// it is the year 5138, as milliseconds 1973.
const secondsBelow = 100_000_000_000

// instantOf reads a time as senders write it: RFC 3339, or a number (also in
// quotes) of seconds or milliseconds since 1970. Absent, null and "" are no
// time: 0 and true. It refuses what it cannot read and years before 1970 or
// after 9999.
func instantOf(value []byte) (sessions.Millis, bool) {
	switch {
	case len(value) == 0 || string(value) == "null":
		return 0, true
	case isText(value):
		return parseInstant(bytes.TrimSpace(value[1 : len(value)-1]))
	case IsNumber(value):
		return epoch(value)
	}
	return 0, false
}

// parseInstant reads the text of a time.
func parseInstant(text []byte) (sessions.Millis, bool) {
	if len(text) == 0 {
		return 0, true
	}
	// The shortest RFC 3339 time has its T, or a space, at the eleventh place.
	if len(text) < 20 || isDigit(text[10]) {
		return epoch(text)
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		t, err = time.Parse("2006-01-02 15:04:05Z07:00", string(text))
	}
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05Z0700", string(text))
	}
	if err != nil {
		return 0, false
	}
	return believable(sessions.MillisOf(t))
}

// epoch reads a number of seconds or milliseconds since 1970.
func epoch(text []byte) (sessions.Millis, bool) {
	d, ok := parseDecimal(text)
	if !ok {
		return 0, false
	}
	v, ok := d.scaled(0)
	if ok && v < secondsBelow {
		v, ok = d.scaled(3)
	}
	if !ok {
		return 0, false
	}
	return believable(sessions.Millis(v))
}

// believable refuses times outside the years 1970 to 9999.
func believable(m sessions.Millis) (sessions.Millis, bool) {
	return m, firstInstant <= m && m <= lastInstant
}

// occurred returns when an event happened by the receiver's clock: original,
// corrected by how far the sender's clock was off when it sent, and never in the
// future. Without sent nothing is known of that clock and original stands. Only
// the correction is bounded (a day), never the age of an event.
func occurred(original, sent, received sessions.Millis) sessions.Millis {
	if original == 0 {
		return received
	}
	if sent != 0 {
		original += max(-maxSkew, min(maxSkew, received-sent))
	}
	return max(0, min(original, received))
}
