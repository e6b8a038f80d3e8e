package recommend

import "math"

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
	hopSources   = 20   // best items of that sum whose near rows are summed in turn
	pastProposed = 20   // newest clicks of the query whose items are candidates
	thinSessions = 1000 // below so many an index is thin
)

// proposed is how many of the best items of each kind are candidates.
var proposed = [kinds]int{byKNN: 100, byNext: 40, byNear: 40, byHop: 60}

// wholePart is one over the part of a value that is counted when values are summed.
const wholePart = 1 << 40

// Blend appends the answer to dst, best first: a linear judgement of what four ways
// of looking at the sessions say of each candidate, with the weights of the index.
//
//	knn[j]  the score of [Index.Neighbours]
//	next[j] over the newest 300 sessions with the current item (that of the newest
//	        click), for each click on it and each later one on j: 1/gap², the 128 largest
//	near[j] over the last 3 distinct items i, d steps back: exp(-.3 d) row(i)[j]
//	hop[j]  over the 20 best i of near: near[i] / sqrt(sum of row(i)) · row(i)[j]
//
// with row(i)[j] the 128 largest, over the newest 100 sessions with i, of the sum
// over the pairs of their clicks at most 30 apart of 1/gap (.7/gap if j stands
// before i), times (clicks of the session)^-.6 · exp(-age/120 days), and then divided
// by (clicks of i)^.5 (clicks of j)^.3.
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
// sessions lead anywhere. It takes O(M · distinct items + clicks of K sessions + 24
// rows); rows are kept until one of their sessions changes.
func (x *Index) Blend(q Query, dst []Scored) []Scored {
	v, s := x.begin()
	defer x.end(s)
	if !v.recall(s, &q) {
		return dst
	}
	v.scoreAll(s, &q)
	j := v.judge(s)
	v.tellOwn(s, q.Own)
	candidates, several := s.propose(), v.several(s)
	best := v.best(s, &q, func(best *ranking) {
		for _, item := range candidates {
			_, support := s.told(item)
			st := s.standing(item)
			if q.Unseen && st.past > 0 || several && support > 0 && s.lone(item) {
				continue
			}
			if support == 0 && (st.own || v.live < v.thin) && s.seen(item) == nil {
				continue
			}
			best.offer(ranked{j.score(item), item, support})
		}
	}, func(score, part float64) float64 { return score + math.Log(part) })
	if q.Explain != nil {
		for _, r := range best.best {
			q.Explain(v.items.names[r.item], j.terms(r.item))
		}
	}
	return best.answer(s, dst)
}

// tellOwn notes what the asking session did. It has a say in the rows of its items,
// as any other, but must not be all that speaks for one.
func (v *view) tellOwn(s *scratch, own SessionKey) {
	if own == 0 {
		return
	}
	if at := find(v.parts, own); at != nowhere {
		for _, click := range v.clicksOf(at) {
			s.standing(click & itemMask).own = true
		}
	}
}

// scoreAll gives every item its scores, and lists the best by each.
func (v *view) scoreAll(s *scratch, q *Query) {
	for kind := range s.boards {
		s.boards[kind].begin(v.items.count(), s.stamp)
	}
	v.similar(s, q)
	knn := v.lead(s, proposed[byKNN], s.leaders[byKNN])
	for _, item := range s.touched {
		if t := &s.tallies[item]; t.support > 0 && t.score >= knn.least {
			knn.offer(t.score, item)
		}
	}
	s.leaders[byKNN] = knn.first()
	if current := s.past[0]; current.steps == 0 {
		next := &s.boards[byNext]
		for _, e := range v.next(s, current.item).entries {
			next.add(e.item, e.sum)
		}
	}
	v.leadBoard(s, byNext)
	for _, p := range s.past[:min(nearSources, len(s.past))] {
		v.scoreRow(s, &s.boards[byNear], p.item, func(float64) float64 { return math.Exp(-.3 * float64(p.steps)) })
	}
	v.leadBoard(s, byNear)
	sortBest(s.leaders[byNear], v.items.names) // for the order of summing
	nearest := s.leaders[byNear]
	for _, source := range nearest[:min(hopSources, len(nearest))] {
		v.scoreRow(s, &s.boards[byHop], source.item, func(sum float64) float64 { return source.score / math.Sqrt(sum) })
	}
	v.leadBoard(s, byHop)
}

// leadBoard lists the best items of a board, as many as are proposed.
func (v *view) leadBoard(s *scratch, kind int) {
	b := &s.boards[kind]
	l := v.lead(s, proposed[kind], s.leaders[kind])
	for _, item := range b.items {
		if score := float64(b.cells[item].score); score >= l.least {
			l.offer(score, item)
		}
	}
	s.leaders[kind] = l.first()
}

// scoreRow adds the near row of an item to scores, times a weight of its sum.
func (v *view) scoreRow(s *scratch, b *board, item uint32, weight func(sum float64) float64) {
	row := v.near(s, item)
	s.values = extend(s.values, len(row.entries))
	total := int64(0) // in whole parts, so that the order does not matter
	for i, e := range row.entries {
		s.values[i] = e.sum * v.items.rarity(e.item)
		total += int64(s.values[i] * wholePart)
	}
	scale := v.tables.age((v.now-row.at)/1000) / math.Sqrt(float64(v.items.of(item).clicks))
	factor := float32(scale * weight(scale*float64(total)/wholePart))
	for i, e := range row.entries {
		b.add(e.item, factor*s.values[i])
	}
}

// propose lists the candidates, each once.
func (s *scratch) propose() []uint32 {
	s.proposed = s.proposed[:0]
	for _, list := range s.leaders {
		for _, r := range list {
			s.nominate(r.item)
		}
	}
	for _, p := range s.past {
		if p.steps < pastProposed && !p.earlier {
			s.nominate(p.item)
		}
	}
	return s.proposed
}

func (s *scratch) nominate(item uint32) {
	if st := s.standing(item); !st.candidate {
		st.candidate = true
		s.proposed = append(s.proposed, item)
	}
}
