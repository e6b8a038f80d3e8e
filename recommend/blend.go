package recommend

import (
	"math"
	"slices"
)

// The kinds of scores that are blended.
const (
	byKNN  = iota // sessions like the query
	byNext        // what followed the current item
	byNear        // what stands near the query's newest items
	byHop         // what stands near that
	kinds
)

// How much of everything is looked at.
const (
	BlendK       = 200  // neighbours of a blend
	nearSources  = 3    // newest distinct items of the query whose near rows are summed
	hopSources   = 40   // best items of that sum whose near rows are summed in turn
	rowKept      = 100  // largest entries of a near row
	pastProposed = 20   // newest clicks of the query whose items are candidates
	thinSessions = 1000 // below so many an index is thin
)

// proposed is how many of the best items of each kind are candidates.
var proposed = [kinds]int{byKNN: 100, byNext: 40, byNear: 40, byHop: 60}

// wholePart is one over the part of a value that is counted when values are summed.
const wholePart = 1 << 40

// floor is added to a score before its logarithm is taken.
const floor = .001

// Blend appends the answer to dst, best first: a linear judgement of what four ways
// of looking at the sessions say of each candidate, with the weights of the index.
//
//	knn[j]  the score of [Index.Neighbours]
//	next[j] over the newest 300 sessions with the current item (that of the newest
//	        click), for each click on it and each later one on j: 1/gap², the 100 largest
//	near[j] over the last 3 distinct items i, d steps back: exp(-.3 d) row(i)[j]
//	hop[j]  over the 40 best i of near: near[i] / sqrt(sum of row(i)) · row(i)[j]
//
// with row(i)[j] the 100 largest, over the newest 100 sessions with i, of the sum
// over the pairs of their clicks at most 30 apart of 1/gap (.7/gap if j stands
// before i), times (clicks of the session)^-.6 · exp(-age/120 days), divided by
// (clicks of i)^.5 (clicks of j)^.3.
//
// Candidates are the 100 best by knn, 40 by near, 60 by hop and 40 by next, and the
// items of the last 20 clicks. Each score counts as its part of the greatest, and so
// does its logarithm; beside them how popular the candidate is, in all and lately,
// and, if it was clicked on before, how long ago, how often, and how often shoppers
// return at all. The ideas stand in session-based nearest neighbours (see
// [Index.Neighbours]), in sequential rules (Ludewig and Jannach, 2018) and in item
// graphs two steps deep.
//
// Scores are logarithmic: one that is greater by ln 2 makes an item about twice as
// likely to be next. Support is how many neighbours speak for an item, which may be
// none; but what the asking session did beside the query's clicks needs one, and so does
// everything as long as the index has less than 1,000 sessions: two steps from so few
// sessions lead anywhere. It takes O(M · distinct items + clicks of K sessions + 44
// rows); rows are kept until one of their sessions changes.
func (x *Index) Blend(q Query, dst []Scored) []Scored {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := x.begin()
	defer x.end(s)
	if !x.recall(s, &q) {
		return dst
	}
	x.scoreAll(s, &q)
	j := x.judge(s)
	best := x.rank(s, q.N, q.Exclude)
	x.tellOwn(s, q.Own)
	for _, item := range x.propose(s) {
		support := uint32(0)
		if t := &s.tallies[item]; t.mark > s.first {
			support = t.support
		}
		if st := s.standing(item); st.past > 0 && q.Unseen || st.past == 0 && support == 0 && (st.own || x.live < x.thin) {
			continue
		}
		best.offer(ranked{j.score(item), item, support})
	}
	if q.Explain != nil {
		for _, r := range best.best {
			q.Explain(x.items.names[r.item], j.terms(r.item))
		}
	}
	return best.answer(s, dst)
}

// tellOwn notes what the asking session did. It has a say in the rows of its items,
// as any other, but must not be all that speaks for one.
func (x *Index) tellOwn(s *scratch, own SessionKey) {
	if slot := x.slots.find(x.sessions, own); own != 0 && slot >= 0 {
		for _, click := range x.trails.clicks(&x.sessions[slot]) {
			s.standing(click & itemMask).own = true
		}
	}
}

// scoreAll gives every item its scores.
func (x *Index) scoreAll(s *scratch, q *Query) {
	for kind := range s.scores {
		s.scores[kind] = s.scores[kind][:0]
	}
	x.similar(s, q)
	for _, item := range s.touched {
		if t := &s.tallies[item]; t.support > 0 {
			s.score(byKNN, item, t.score)
		}
	}
	if current := s.past[0]; current.steps == 0 {
		for _, e := range x.next(s, current.item).entries {
			s.score(byNext, e.item, float64(e.sum))
		}
	}
	for _, p := range s.past[:min(nearSources, len(s.past))] {
		x.scoreRow(s, byNear, p.item, func(float64) float64 { return math.Exp(-.3 * float64(p.steps)) })
	}
	for _, source := range x.sources(s) {
		x.scoreRow(s, byHop, source.item, func(sum float64) float64 { return source.score / math.Sqrt(sum) })
	}
}

// score adds to one of an item's scores.
func (s *scratch) score(kind int, item uint32, score float64) {
	st := s.standing(item)
	if st.scores[kind] == 0 {
		s.scores[kind] = append(s.scores[kind], item)
	}
	st.scores[kind] += score
}

// scoreRow adds the near row of an item to scores, times a weight of its sum.
func (x *Index) scoreRow(s *scratch, kind int, id uint32, weight func(sum float64) float64) {
	row, entries, values := x.largest(s, id)
	total := int64(0) // in whole parts, so that the order does not matter
	for _, value := range values {
		total += int64(value * wholePart)
	}
	scale := x.tables.age(x.sessions[x.recency.newest()].last-row.at) / math.Sqrt(float64(x.items.clicks[id]))
	scale *= weight(scale * float64(total) / wholePart)
	for i, e := range entries {
		s.score(kind, e.item, scale*float64(values[i]))
	}
}

// sources are the items whose rows the second hop takes, the best by near first.
func (x *Index) sources(s *scratch) []ranked {
	s.sources = append(s.sources[:0], x.best(s, byNear, hopSources)...)
	slices.SortFunc(s.sources, func(a, b ranked) int {
		if a.before(b, x.items.names) {
			return -1
		}
		return 1 // they are distinct
	})
	return s.sources
}

// best returns the n best items by one of their scores, in no order, valid until the
// next call.
func (x *Index) best(s *scratch, kind, n int) []ranked {
	s.list = s.list[:0]
	for _, item := range s.scores[kind] {
		s.list = append(s.list, ranked{score: s.standing(item).scores[kind], item: item})
	}
	return selectBest(s.list, n, x.items.names)
}

// propose lists the candidates, each once.
func (x *Index) propose(s *scratch) []uint32 {
	s.proposed = s.proposed[:0]
	for kind, n := range proposed {
		for _, r := range x.best(s, kind, n) {
			s.propose(r.item)
		}
	}
	for _, p := range s.past {
		if p.steps < pastProposed {
			s.propose(p.item)
		}
	}
	return s.proposed
}

func (s *scratch) propose(item uint32) {
	if st := s.standing(item); !st.candidate {
		st.candidate = true
		s.proposed = append(s.proposed, item)
	}
}
