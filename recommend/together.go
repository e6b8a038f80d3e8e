package recommend

import "sync/atomic"

const (
	// togetherDepth is how many of an item's newest sessions are looked at.
	togetherDepth = 2000
	// togetherClicks is the most clicks of a session that has a say: what is
	// longer is a crawler or a price comparison, and would pair all with all.
	togetherClicks = 200
	// togetherShrink is how many sessions it takes for half of the belief in a
	// pair. On the YooChoose sample 5 is better than 2, and 10 hardly better still.
	togetherShrink = 5
	// togetherBlock is how many sessions are read ahead: they stand all over the
	// memory, and eight misses at once cost little more than one.
	togetherBlock = 8
)

// ViewedTogether appends the n items that most tellingly share sessions with an
// item, best first: both were viewed or added in the same session. Looked at are
// the newest 2,000 sessions that contain the item, but for those of more than 200
// clicks. With c of d such sessions in which both were, and j in p sessions
// altogether, the score of j is
//
//	c / (c + 5) · c / sqrt(d · p)
//
// the cosine of the two items, shrunk while few sessions speak for it, so that
// neither bestsellers nor accidents lead. Support is c. Exclude is as in Query.
func (x *Index) ViewedTogether(item string, n int, exclude func(item string) bool, dst []Scored) []Scored {
	return x.together(item, n, exclude, dst, false)
}

// BoughtTogether is ViewedTogether for purchases: both items purchased in the
// same session, d and p counting sessions that purchased.
func (x *Index) BoughtTogether(item string, n int, exclude func(item string) bool, dst []Scored) []Scored {
	return x.together(item, n, exclude, dst, true)
}

func (x *Index) together(item string, n int, exclude func(string) bool, dst []Scored, bought bool) []Scored {
	x.mu.RLock()
	defer x.mu.RUnlock()
	id, ok := x.items.ids[item]
	if !ok || n <= 0 {
		return dst
	}
	s := x.begin()
	defer x.end(s)
	p := x.pairing(s, id, bought)
	best := x.rank(s, n, exclude)
	ours := x.tables.cosine.of(int(p.sessions))
	for _, other := range p.pairs {
		all, _ := x.items.lists[other.item].pick(bought)
		best.offer(ranked{x.tables.shrink(other.support) * ours * x.tables.cosine.of(int(all.n)), other.item, other.support})
	}
	return best.answer(s, dst)
}

// tellPairs tallies what shares sessions with an item.
func (x *Index) tellPairs(s *scratch, id uint32, bought bool) {
	seen, _ := x.items.lists[id].pick(bought)
	list := x.postings.of(seen)
	list = list[max(0, len(list)-togetherDepth):]
	s.mark++ // no session's: what a session takes back has it
	var block [togetherBlock][]uint32
	for len(list) > 0 {
		n := min(len(list), togetherBlock)
		for i, slot := range list[:n] {
			block[i] = x.trails.clicks(&x.sessions[slot])
		}
		for _, clicks := range block[:n] {
			if len(clicks) <= togetherClicks {
				s.tellPair(clicks, id, bought)
			}
		}
		list = list[n:]
	}
}

// shrink is what c sessions that share a pair count for: less than c while they are few.
func shrink(c float64) float64 { return c / (c + togetherShrink) * c }

// pick is the listing of sessions that bought, or of all that saw, and where its
// pairing is kept.
func (l *itemLists) pick(bought bool) (listing, *atomic.Pointer[pairing]) {
	if bought {
		return l.bought, &l.boughtPairs
	}
	return l.seen, &l.seenPairs
}
