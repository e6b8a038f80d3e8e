package recommend

import (
	"slices"

	"cartwright/sessions"
)

const (
	// streamSpans is how many of a stream's sessions are remembered: more than one
	// because events come late.
	streamSpans = 8
	// streamSteps is how many of the items last looked at are remembered.
	streamSteps = 20
	// streamClicks is how many clicks of a stream count for others in a day. No shopper
	// makes as many; what does is a crawler that passes for one.
	streamClicks = 1000
)

// stream is what is remembered of one stream: the sessions to which more events
// may come, that of the last event at the end, and the items last looked at.
type stream struct {
	spans []sessions.Span
	steps []step
	day   int64 // the newest one of which clicks came, in days since 1970
	today int   // how many came since then
}

// step is an item looked at or added in a session.
type step struct {
	item    string
	session sessions.SessionID
}

// place cuts the stream: it returns the session that an event belongs to.
func (st *stream) place(e *sessions.Event, s sessions.Settings) sessions.SessionID {
	span := sessions.Begin(e)
	if i := sessions.Cut(st.spans, e, s); i >= 0 {
		span = st.spans[i].With(e)
		st.spans = slices.Delete(st.spans, i, i+1)
	} else if len(st.spans) == streamSpans {
		st.spans = slices.Delete(st.spans, 0, 1)
	}
	st.spans = append(st.spans, span)
	return span.ID
}

// step remembers an item looked at.
func (st *stream) step(item string, session sessions.SessionID) {
	if len(st.steps) == streamSteps {
		st.steps = slices.Delete(st.steps, 0, 1)
	}
	st.steps = append(st.steps, step{item, session})
}

// counts reports whether one more click counts for others.
func (st *stream) counts(at sessions.Millis) bool {
	if day := int64(at) / millisPerDay; day > st.day {
		st.day, st.today = day, 0
	}
	st.today++
	return st.today <= streamClicks
}

// newest is the session that ended last, nil if none is remembered. It need not be the one
// to which the last event came, which may have come late.
func (st *stream) newest() (newest *sessions.Span) {
	for i := range st.spans {
		if newest == nil || st.spans[i].End >= newest.End {
			newest = &st.spans[i]
		}
	}
	return newest
}

// current is the session that goes on at a time, nil if the newest one is over.
func (st *stream) current(at sessions.Millis, s sessions.Settings) *sessions.Span {
	newest := st.newest()
	if newest == nil || newest.End.Add(s.SessionTimeout) < at {
		return nil
	}
	return newest
}

// left is when the shopper was there last before a session, 0 if never; with nil it is the
// last time.
func (st *stream) left(before *sessions.Span) (at sessions.Millis) {
	for i := range st.spans {
		if span := &st.spans[i]; before == nil || span.ID != before.ID {
			at = max(at, span.End)
		}
	}
	return at
}
