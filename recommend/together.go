package recommend

const (
	// togetherDepth is how many of an item's newest sessions are looked at.
	togetherDepth = 2000
	// togetherShrink is how many sessions it takes for half of the belief in a
	// pair. On the YooChoose sample 5 is better than 2, and 10 hardly better still.
	togetherShrink = 5
)

// ViewedTogether appends the n items that most tellingly share sessions with an
// item, best first: both were viewed or added in the same session. Looked at are
// the newest 2,000 sessions that contain the item. With c of d such sessions in which both were, and j in p sessions
// altogether, the score of j is
//
//	c / (c + 5) · c / sqrt(d · p)
//
// the cosine of the two items, shrunk while few sessions speak for it, so that
// neither bestsellers nor accidents lead. Support is c. Pairs that only one visitor, or
// visitors of one network, saw are none, and who speaks of an item too often is not believed of
// it: see the package's documentation. Exclude is as in Query.
func (x *Index) ViewedTogether(item string, n int, exclude func(item string) bool, dst []Scored) []Scored {
	return x.together(item, n, exclude, dst, false)
}

// BoughtTogether is ViewedTogether for purchases: both items purchased in the
// same session, d and p counting sessions that purchased.
func (x *Index) BoughtTogether(item string, n int, exclude func(item string) bool, dst []Scored) []Scored {
	return x.together(item, n, exclude, dst, true)
}

func (x *Index) together(item string, n int, exclude func(string) bool, dst []Scored, bought bool) []Scored {
	v, s := x.begin()
	defer x.end(s)
	id, ok := v.items.find(item)
	if !ok || n <= 0 {
		return dst
	}
	p := v.pairing(s, id, bought)
	best := v.rank(s, n, exclude)
	ours := v.tables.cosine.of(int(p.sessions))
	s.found = s.found[:0]
	for _, other := range p.pairs {
		score := ours * v.bond(other, bought)
		if !best.wants(score) {
			continue
		}
		if v.wary && !v.hearPair(s, id, &other, bought) {
			continue
		}
		score = ours * v.bond(other, bought) // of those who are heard
		best.offer(ranked{score, other.item, uint32(other.support)})
	}
	return best.answer(s, dst)
}

// tellPairs tallies what shares sessions with an item.
func (v *view) tellPairs(s *scratch, item uint32, bought bool) {
	v.meet(s, s.only(item), bought, togetherDepth, nowhere)
	v.eachFound(s, func(c *candidate, clicks []uint32) {
		v.tellPair(s, v.session(c.place).teller(), clicks, item, bought)
	})
}

// tellPair counts the distinct items that one session's clicks purchased, or those
// that they viewed or added, if the item with the number id is one of them.
func (v *view) tellPair(s *scratch, t teller, clicks []uint32, id uint32, bought bool) {
	if !did(clicks, id, bought) {
		return
	}
	s.enter(t)
	for _, click := range clicks {
		if isPurchase(click) == bought {
			v.speak(s, click&itemMask, 0)
		}
	}
}

// only is one item whose sessions are looked for.
func (s *scratch) only(item uint32) []sought {
	s.one[0] = sought{item: item}
	return s.one[:]
}

// shrink is what c sessions that share a pair count for: less than c while they are few.
func shrink(c float64) float64 { return c / (c + togetherShrink) * c }
