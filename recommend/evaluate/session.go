package evaluate

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"cartwright/recommend"
)

// Click is one row of a session file: in a session, something was done with an
// item. At is in milliseconds since 1970, UTC. A shop's own log tells more than a session
// file: what was done, and whose evidence it is, as a [recommend.Click] has it. Only what
// serves shops learns from that.
type Click struct {
	Session, Item    string
	At               int64
	Action           recommend.Action
	Visitor, Network uint32
}

// session is the clicks of one session, oldest first.
type session struct {
	items  []string
	clicks []Click // the same
}

// last returns the time of the last click.
func (s session) last() int64 { return s.clicks[len(s.clicks)-1].At }

// bySession cuts clicks into their sessions, in the order of the sessions' ids.
// Clicks of one session and time stay in the order in which they are given.
func bySession(clicks []Click) []session {
	ofID := map[string][]Click{}
	for _, c := range clicks {
		ofID[c.Session] = append(ofID[c.Session], c)
	}
	var sessions []session
	for _, id := range slices.SortedFunc(maps.Keys(ofID), compareIDs) {
		own := ofID[id]
		slices.SortStableFunc(own, func(a, b Click) int { return cmp.Compare(a.At, b.At) })
		s := session{make([]string, len(own)), own}
		for i, c := range own {
			s.items[i] = c.Item
		}
		sessions = append(sessions, s)
	}
	return sessions
}

// compareIDs orders ids: whole numbers first, by what they are worth, then others.
func compareIDs(a, b string) int {
	x, wrongX := strconv.ParseUint(a, 10, 64)
	y, wrongY := strconv.ParseUint(b, 10, 64)
	switch {
	case wrongX == nil && wrongY == nil:
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	case wrongX == nil:
		return -1
	case wrongY == nil:
		return 1
	}
	return cmp.Compare(a, b)
}

// training is what strategies learn from.
type training struct {
	sessions []session         // in the order of their ids
	clicks   []recommend.Click // the same, in the order of their times, as a log would tell them
	counts   map[string]int    // clicks of each item
	highest  int               // of the counts
	limits   recommend.Limits  // the window of what serves shops
}

// newTraining prepares the clicks of a training.
func newTraining(clicks []Click) *training {
	t := &training{sessions: bySession(clicks), counts: map[string]int{}}
	for i, s := range t.sessions {
		for _, c := range s.clicks {
			t.clicks = append(t.clicks, recommend.Click{
				Session: recommend.SessionKey(i + 1), Item: c.Item, Action: c.Action, At: c.At, Visitor: c.Visitor, Network: c.Network,
			})
			t.counts[c.Item]++
			t.highest = max(t.highest, t.counts[c.Item])
		}
	}
	slices.SortStableFunc(t.clicks, func(a, b recommend.Click) int { return cmp.Compare(a.At, b.At) })
	return t
}
