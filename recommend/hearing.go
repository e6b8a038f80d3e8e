package recommend

import "slices"

// plentyNeighbours is how many neighbours are enough to want two of them for an item.
const plentyNeighbours = 50

// spareAnswers is how many more are ranked than asked for, in case some are not believed.
const spareAnswers = 4

// believedPart is the term of a score for what is left of an item's supporters.
const believedPart = "believed"

// Of who was the first to tell of an item, a tally has the number, and beside it whether
// another visitor and another network did, too.
const (
	otherVisitor = 1 << 14
	otherNetwork = 1 << 15
	several      = otherVisitor | otherNetwork
	maxTellers   = otherVisitor
)

// differ tells in which of these ways one teller is another than a second one. A large
// network is many: that of a carrier, or of a proxy from which all shoppers seem to come.
func (v *view) differ(a, b teller) (how uint16) {
	if a.visitor != b.visitor || a.visitor == 0 {
		how |= otherVisitor
	}
	if a.network != b.network || a.network == 0 || slices.Contains(v.networks.large, a.network) {
		how |= otherNetwork
	}
	return how
}

// speak is add for the session of the newest teller.
func (v *view) speak(s *scratch, item uint32, weight float64) {
	if t := &s.tallies[item]; t.mark <= s.first {
		*t = tally{weight, s.mark, 1, s.now}
		s.touched = append(s.touched, item)
	} else if t.mark != s.mark {
		v.join(s, t, weight)
	}
}

// join adds what another session says to what was said before.
func (v *view) join(s *scratch, t *tally, weight float64) {
	t.score += weight
	t.mark = s.mark
	t.support++
	if t.first < several {
		v.meetTeller(s, t)
	}
}

// meetTeller notes who tells of an item, beside the first who did.
func (v *view) meetTeller(s *scratch, t *tally) {
	if t.support == 1 { // others were silent
		t.first = s.now
		return
	}
	t.first |= v.differ(s.tellers[t.first&(maxTellers-1)], s.tellers[s.now])
}

// hearing counts who tells of one item, and whom of them one hears: not those that
// are muted.
type hearing struct {
	*view
	mutes       []teller
	told, heard uint32
	first       teller
	others      uint16
}

func (h *hearing) add(t teller) {
	h.told++
	if isMuted(h.mutes, t) {
		return
	}
	if h.heard++; h.heard == 1 {
		h.first = t
	} else {
		h.others |= h.differ(h.first, t)
	}
}

// several reports whether one visitor or network is not enough to tell of an item that the
// shopper did not see, because there are plenty of neighbours.
func (v *view) several(s *scratch) bool { return v.wary && len(s.found) >= v.plenty }

// lone reports whether one visitor or network alone tells of an item that some neighbours
// tell of, and that the shopper did not see.
func (s *scratch) lone(item uint32) bool { return s.tallies[item].first < several && !s.saw(item) }

// hear says which part of what neighbours tell of an item is to be believed, by how many
// of them tell it and are not muted, and how many those are. It is not ok if these are too
// few by themselves. Where no neighbour tells it, most of its newest sessions must be believed.
func (v *view) hear(s *scratch, item uint32) (part float64, support uint32, ok bool) {
	_, support = s.told(item)
	mutes, most := v.muted(s, item)
	if len(mutes) == 0 || support == 0 {
		return 1, support, !most
	}
	h := hearing{view: v, mutes: mutes}
	for i := range s.found {
		c := &s.found[i]
		if tells(v.clicksOf(c.place), c.item, item) {
			h.add(v.session(c.place).teller())
		}
	}
	if h.heard == 0 || h.others < several && v.several(s) && !s.saw(item) {
		return 0, h.heard, false
	}
	return float64(h.heard) / float64(h.told), h.heard, true
}

// saw reports whether an item is one of this session. It looks at what is at hand, where seen
// looks up what most likely is not.
func (s *scratch) saw(item uint32) bool {
	return slices.ContainsFunc(s.past, func(p past) bool { return p.item == item && !p.earlier })
}

// best ranks what tell offers, and hears the best until n are found that are believed.
// Lower says what is left of a score if a part of it is.
func (v *view) best(s *scratch, q *Query, tell func(*ranking), lower func(score, part float64) float64) *ranking {
	best := &s.ranking
	if !v.wary {
		*best = v.rank(s, q.N, q.Exclude)
		tell(best)
		return best
	}
	for n := q.N + spareAnswers; ; n *= 2 {
		*best = v.rank(s, n, q.Exclude)
		tell(best)
		heard := ranking{names: best.names, n: q.N, best: s.heard[:0]}
		done := len(best.best) < n // there are no others
		v.readGuards(s, best.best)
		for _, r := range best.best {
			if !heard.wants(r.score) {
				done = true
				break
			}
			if part, support, ok := v.hear(s, r.item); ok {
				heard.offer(ranked{lower(r.score, part), r.item, support})
			}
		}
		s.best, s.heard = best.best, heard.best
		if done {
			best.best, s.heard = heard.best, s.best
			return best
		}
	}
}

// readGuards touches what is kept of items that will be heard, as eachFound does with clicks.
func (v *view) readGuards(s *scratch, items []ranked) {
	for _, r := range items {
		if g := v.kept.of(r.item).guard.Load(); g != nil && len(g.crowds) > 0 {
			s.read += g.crowds[0].times
		}
	}
}

// tells reports whether a neighbour by an item has something to say of another one.
func tells(clicks []uint32, by, of uint32) bool {
	told := lastOn(clicks, of)
	apart := told - lastOn(clicks, by)
	return told >= 0 && max(apart, -apart) <= alikeReach
}

// lastOn is the position of the last click on an item, -1 if there is none.
func lastOn(clicks []uint32, item uint32) int {
	p := len(clicks) - 1
	for p >= 0 && clicks[p]&itemMask != item {
		p--
	}
	return p
}

// hearPair leaves of a pair only those to be heard, and reports whether that is enough:
// two of distinct visitors and networks. In found are the sessions of the item that it is a
// pair with, or none yet.
func (v *view) hearPair(s *scratch, with uint32, p *pair, bought bool) bool {
	mutes, _ := v.muted(s, p.item)
	if len(mutes) == 0 {
		return !p.alone
	}
	if len(s.found) == 0 {
		v.meet(s, s.only(with), bought, togetherDepth, nowhere)
	}
	h := hearing{view: v, mutes: mutes}
	for i := range s.found {
		at := s.found[i].place
		if clicks := v.clicksOf(at); did(clicks, with, bought) && did(clicks, p.item, bought) {
			h.add(v.session(at).teller())
		}
	}
	p.support = uint16(h.heard)
	return h.others == several
}

// Pushed reports whether of an item's newest 2,000 sessions more than half come from
// networks that are not believed of it. What is popular because of them is not popular.
func (x *Index) Pushed(item string) bool {
	v, s := x.begin()
	defer x.end(s)
	id, ok := v.items.find(item)
	return ok && v.pushed(s, id)
}

func (v *view) pushed(s *scratch, item uint32) bool {
	if !v.wary {
		return false
	}
	mutes, _ := v.muted(s, item)
	if len(mutes) == 0 {
		return false
	}
	h := hearing{view: v, mutes: mutes}
	v.meet(s, s.only(item), false, togetherDepth, nowhere)
	for i := range s.found {
		h.add(v.session(s.found[i].place).teller())
	}
	return 2*h.heard < h.told
}
