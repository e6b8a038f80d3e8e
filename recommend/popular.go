package recommend

import "math"

const (
	// popularDepth is how many of the newest sessions popularity is made of.
	popularDepth = 10_000
	// popularHalfLife is how long it takes for a session to count half, in hours.
	popularHalfLife = 7 * 24
)

// Popular appends the n items of the greatest popularity, best first. Every one
// of the newest 10,000 sessions gives each of its distinct items 2^(-age/7 days),
// its age being the whole hours between its last click and the newest click of
// the index, so that wall time plays no part; summed from the newest session to
// the oldest. Sessions of more than 200 clicks have no say. Support is the number of
// sessions. Exclude is as in Query. It costs O(clicks of those sessions), at the
// most a few hundred microseconds.
func (x *Index) Popular(n int, exclude func(item string) bool, dst []Scored) []Scored {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if n <= 0 || x.live == 0 {
		return dst
	}
	s := x.begin()
	defer x.end(s)
	x.tellRecent(s)
	best := x.rank(s, n, exclude)
	for _, item := range s.touched {
		t := &s.tallies[item]
		best.offer(ranked{t.score, item, t.support})
	}
	return best.answer(s, dst)
}

// popularity appends every item that Popular ranks, in no order.
func (x *Index) popularity(dst []ranked) []ranked {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.live == 0 {
		return dst
	}
	s := x.begin()
	defer x.end(s)
	x.tellRecent(s)
	for _, item := range s.touched {
		t := &s.tallies[item]
		dst = append(dst, ranked{t.score, item, t.support})
	}
	return dst
}

// first returns the first n of what popularity told, best first. In between the
// index must not have changed.
func (x *Index) first(all []ranked, n int, exclude func(item string) bool) []Scored {
	x.mu.RLock()
	defer x.mu.RUnlock()
	best := ranking{names: x.items.names, exclude: exclude, n: n}
	for _, r := range all {
		best.offer(r)
	}
	return best.answer(new(scratch), nil)
}

// tellRecent tallies the newest sessions, each by its age.
func (x *Index) tellRecent(s *scratch) {
	now := x.sessions[x.recency.newest()].last
	age, weight := int64(0), 1.0
	left := popularDepth
	for c := len(x.recency.chunks) - 1; c >= 0 && left > 0; c-- {
		chunk := x.recency.chunks[c]
		for i := len(chunk) - 1; i >= 0 && left > 0; i-- {
			left--
			session := &x.sessions[chunk[i]]
			if int(session.n) > togetherClicks {
				continue
			}
			// Sessions come by age, so there are far fewer powers than sessions.
			if hours := (now - session.last) / millisPerHour; hours != age {
				age, weight = hours, math.Exp2(-float64(hours)/popularHalfLife)
			}
			s.tell(x.trails.clicks(session), weight)
		}
	}
}
