package sessions

import (
	"cmp"
	"maps"
	"slices"
)

// stream is what the fold holds of one stream: all its sessions that ended at
// from or later. Somebody who means harm can begin thousands that an event might
// belong to, so they are not looked through but searched.
type stream struct {
	from    Millis
	cut     []*state          // by their start, and of equal starts by their id
	named   map[string]*state // those that a source named, by that
	longest Millis            // no session of cut lasts longer
}

// len is how many sessions are held.
func (st *stream) len() int { return len(st.cut) + len(st.named) }

// hold takes in a session that is not held yet.
func (st *stream) hold(s *state) {
	if s.span.Name != "" {
		if st.named == nil {
			st.named = map[string]*state{}
		}
		st.named[s.span.Name] = s
		return
	}
	st.cut = slices.Insert(st.cut, st.place(s.span.Start, s.span.ID), s)
	st.longest = max(st.longest, s.span.End-s.span.Start)
}

// place is where a session of a start and an id stands, or would stand.
func (st *stream) place(start Millis, id SessionID) int {
	i, _ := slices.BinarySearchFunc(st.cut, id, func(s *state, id SessionID) int {
		return cmp.Or(cmp.Compare(s.span.Start, start), cmp.Compare(s.span.ID, id))
	})
	return i
}

// until is the last of the sessions that began at t or before, -1 if none did.
func (st *stream) until(t Millis) int { return st.place(t+1, 0) - 1 }

// find returns the session that [Cut] finds among all that are held, or nil if e
// begins a new one. Root tells which visitor survived joins. Cost: a binary search,
// and a step for each session that began less than the longest one before e and is
// over: as sessions that reach to e are found at once, these are few.
func (st *stream) find(e *Event, s Settings, root func(VisitorID) VisitorID) *state {
	best := st.named[e.Session]
	if e.Session == "" {
		best = st.nearest(e.Occurred, s)
	}
	if best == nil {
		return nil
	}
	best.span.Visitor = root(best.span.Visitor)
	if e.Session == "" && !takes(&best.span, e, s) {
		return nil
	}
	return best
}

// nearest returns the session without a name that reaches to t and is nearest to
// it, see [Cut].
func (st *stream) nearest(t Millis, s Settings) *state {
	begun := st.until(t)
	for i := begun; i >= 0; i-- {
		span := &st.cut[i].span
		if reaches(span, t, s.SessionTimeout) {
			return st.cut[i]
		}
		if (span.Start + st.longest).Add(s.SessionTimeout) < t {
			break // this one and all before it ended too early, however long they were
		}
	}
	if begun+1 == len(st.cut) {
		return nil
	}
	next := st.cut[st.until(st.cut[begun+1].span.Start)]
	if !reaches(&next.span, t, s.SessionTimeout) {
		return nil
	}
	return next
}

// join takes e into a session that is held.
func (st *stream) join(s *state, e *Event) {
	joined := s.span.With(e)
	if s.span.Name == "" && joined.Start != s.span.Start {
		at := st.place(s.span.Start, s.span.ID)
		st.cut = slices.Delete(st.cut, at, at+1)
		st.cut = slices.Insert(st.cut, st.place(joined.Start, joined.ID), s)
	}
	s.span = joined
	st.longest = max(st.longest, joined.End-joined.Start)
}

// drop forgets the sessions for which over says so, and returns how many.
func (st *stream) drop(over func(*state) bool) (dropped int) {
	held := st.len()
	st.cut = slices.DeleteFunc(st.cut, over)
	maps.DeleteFunc(st.named, func(_ string, s *state) bool { return over(s) })
	return held - st.len()
}

// all calls f for each session held.
func (st *stream) all(f func(*state)) {
	for _, s := range st.cut {
		f(s)
	}
	for _, s := range st.named {
		f(s)
	}
}
