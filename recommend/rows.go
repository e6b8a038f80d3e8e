package recommend

import (
	"slices"
	"sync/atomic"
)

const (
	// nearSessions is how many of an item's newest sessions its near row is made of,
	// nearReach how far from the item clicks have a say.
	nearSessions = 100
	nearReach    = 30
	// backward is what a click before the item counts of one behind it.
	backward = .7
	// nextSessions is how many of an item's newest sessions its next row is made of.
	nextSessions = 300
	// keptRules is how many entries of a next row are kept.
	keptRules = 100
)

// row is what stands near or behind one item in its newest sessions. It is what the
// sessions say, before popularity is taken into account, and as of the newest of them,
// so that it stays true until one of them changes. Of a near row the first 100 entries
// were the largest, popularity included, when somebody last looked.
type row struct {
	at      int64 // when the newest session ended, ms
	entries []rowEntry
}

// rowEntry is an item of a row and its sum.
type rowEntry struct {
	item uint32
	sum  float32
}

// near returns the co-occurrence row of an item: over its newest 100 sessions, each
// counting clicks^-.6 · exp(-age/120 days), the sum over all pairs of a click on the
// item and one at most 30 apart of 1/gap, or .7/gap if it stands before; the item's
// own later clicks count, too. It is valid until the scratch is used for another.
func (x *Index) near(s *scratch, id uint32) *row {
	lists := &x.items.lists[id]
	return x.row(s, &lists.near, func() {
		list := x.postings.of(lists.seen)
		list = list[max(0, len(list)-nearSessions):]
		s.row.at = x.sessions[list[len(list)-1]].last
		for _, slot := range list {
			session := &x.sessions[slot]
			weight := x.tables.age(s.row.at-session.last) * x.tables.length.of(int(session.n))
			s.tellNear(x.trails.clicks(session), id, weight)
		}
	})
}

// tellNear sums what one session says of the surroundings of an item.
func (s *scratch) tellNear(clicks []uint32, id uint32, weight float64) {
	for at, click := range clicks {
		if click&itemMask != id {
			continue
		}
		for b := max(0, at-nearReach); b < at; b++ {
			if other := clicks[b] & itemMask; other != id {
				s.sum(other, weight*backward/float64(at-b))
			}
		}
		for b := at + 1; b <= min(at+nearReach, len(clicks)-1); b++ {
			s.sum(clicks[b]&itemMask, weight/float64(b-at))
		}
	}
}

// next returns the sequential rules of an item: over its newest 300 sessions, for
// each click on it and each later one the sum of 1/gap², the 100 largest. It is
// valid as near's is.
func (x *Index) next(s *scratch, id uint32) *row {
	lists := &x.items.lists[id]
	return x.row(s, &lists.next, func() {
		list := x.postings.of(lists.seen)
		for _, slot := range list[max(0, len(list)-nextSessions):] {
			clicks := x.trails.clicks(&x.sessions[slot])
			for at, click := range clicks {
				if click&itemMask != id {
					continue
				}
				for b := at + 1; b < len(clicks); b++ {
					gap := float64(b - at)
					s.sum(clicks[b]&itemMask, 1/(gap*gap))
				}
			}
		}
		s.rules(x.items.names)
	})
}

// row returns what is kept of an item, or makes it and keeps it if there is room.
func (x *Index) row(s *scratch, kept *atomic.Pointer[row], tell func()) *row {
	if r := kept.Load(); r != nil {
		return r
	}
	s.sums = extend(s.sums, x.items.count())
	s.row.entries, s.row.at = s.row.entries[:0], 0
	s.summed = s.summed[:0]
	tell()
	for _, item := range s.summed {
		if sum := s.sums[item]; sum > 0 {
			s.row.entries = append(s.row.entries, rowEntry{item: item, sum: float32(sum)})
		}
		s.sums[item] = 0
	}
	n := int64(len(s.row.entries))
	if x.pairs.Add(n) > x.pairLimit {
		return &s.row
	}
	copied := &row{s.row.at, slices.Clone(s.row.entries)}
	if !kept.CompareAndSwap(nil, copied) {
		x.pairs.Add(-n)
	}
	return copied
}

// largest returns the 100 largest entries of an item's near row, popularity included,
// and what they are. Popularity changes with every click and hardly ever moves an
// entry across the border: it costs one pass to see that those in front are the
// largest still. It is valid as near's is.
func (x *Index) largest(s *scratch, id uint32) (r *row, entries []rowEntry, values []float32) {
	r = x.near(s, id)
	values = x.values(s, r)
	if len(values) <= rowKept {
		return r, r.entries, values
	}
	if slices.Max(values[rowKept:]) >= slices.Min(values[:rowKept]) {
		r = x.arrange(s, id, r, values)
		values = x.values(s, r)
	}
	return r, r.entries[:rowKept], values[:rowKept]
}

// values are the sums of a row's entries times (clicks of the item)^-.3.
func (x *Index) values(s *scratch, r *row) []float32 {
	s.values = extend(s.values, len(r.entries))[:len(r.entries)]
	for i, e := range r.entries {
		s.values[i] = e.sum * x.items.rarity[e.item]
	}
	return s.values
}

// arrange puts the 100 largest entries of a row in front, ties by item id.
func (x *Index) arrange(s *scratch, id uint32, r *row, values []float32) *row {
	s.list = s.list[:0]
	for i, e := range r.entries {
		s.list = append(s.list, ranked{score: float64(values[i]), item: e.item, support: uint32(i)})
	}
	selectBest(s.list, rowKept, x.items.names)
	arranged := &row{r.at, make([]rowEntry, len(r.entries))}
	for i, l := range s.list {
		arranged.entries[i] = r.entries[l.support]
	}
	x.items.lists[id].near.CompareAndSwap(r, arranged) // one that is not kept stays so
	return arranged
}

// sum adds to what is said of an item.
func (s *scratch) sum(item uint32, weight float64) {
	if s.sums[item] == 0 {
		s.summed = append(s.summed, item)
	}
	s.sums[item] += weight
}

// rules leaves the largest sums.
func (s *scratch) rules(names []string) {
	if len(s.summed) <= keptRules {
		return
	}
	s.list = s.list[:0]
	for _, item := range s.summed {
		s.list = append(s.list, ranked{score: s.sums[item], item: item})
	}
	selectBest(s.list, keptRules, names)
	for _, r := range s.list[keptRules:] {
		s.sums[r.item] = 0
	}
}
