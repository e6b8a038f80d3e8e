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
// the oldest. Sessions of more than 200 clicks have no say, and
// what is [Index.Pushed] is left out. Support is the number of
// sessions. Exclude is as in Query. It costs O(clicks of those sessions), at the
// most a few hundred microseconds.
func (x *Index) Popular(n int, exclude func(item string) bool, dst []Scored) []Scored {
	v, s := x.begin()
	defer x.end(s)
	if n <= 0 || v.live == 0 {
		return dst
	}
	v.tellRecent(s)
	best := v.rank(s, n, exclude)
	for _, item := range s.touched {
		if t := &s.tallies[item]; best.wants(t.score) && !v.pushed(s, item) {
			best.offer(ranked{t.score, item, uint32(t.support)})
		}
	}
	return best.answer(s, dst)
}

// popularity is every item that Popular ranks, in no order.
type popularity struct {
	names []string
	all   []ranked
}

// popularity returns that of all items, in an array that was used before.
func (x *Index) popularity(array []ranked) popularity {
	v, s := x.begin()
	defer x.end(s)
	p := popularity{v.items.names, array[:0]}
	if v.live == 0 {
		return p
	}
	v.tellRecent(s)
	for _, item := range s.touched {
		t := &s.tallies[item]
		p.all = append(p.all, ranked{t.score, item, uint32(t.support)})
	}
	return p
}

// first returns the first n, best first.
func (p *popularity) first(n int, exclude func(item string) bool) []Scored {
	best := ranking{names: p.names, exclude: exclude, n: n}
	for _, r := range p.all {
		if best.wants(r.score) {
			best.offer(r)
		}
	}
	return best.answer(new(scratch), nil)
}

// tellRecent tallies the newest sessions, each by its age.
func (v *view) tellRecent(s *scratch) {
	age, weight := int64(0), 1.0
	o := atEnd(v.parts, s.ends)
	for range popularDepth {
		at := o.older()
		if at == nowhere {
			break
		}
		session := v.session(at)
		if !v.hasSay(int(session.n)) {
			continue
		}
		// Sessions come by age, so there are far fewer powers than sessions.
		if hours := (v.now - session.last) / millisPerHour; hours != age {
			age, weight = hours, math.Exp2(-float64(hours)/popularHalfLife)
		}
		s.tell(v.clicksOf(at), weight)
	}
	s.ends = o.ends
}
