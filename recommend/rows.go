package recommend

import "sync/atomic"

const (
	// nearSessions is how many of an item's newest sessions its near row is made of,
	// nearReach how far from the item clicks have a say.
	nearSessions = 100
	nearReach    = 30
	// backward is what a click before the item counts of one behind it.
	backward = .7
	// nextSessions is how many of an item's newest sessions its next row is made of.
	nextSessions = 300
	// rowEntries is how many entries of a row are kept, the largest.
	rowEntries = 128
)

// row is what stands near or behind one item in its newest sessions. It is what the
// sessions say, before popularity is taken into account, and as of the newest of them,
// so that it stays true until one of them changes.
type row struct {
	changed uint32 // as the item's record had it
	at      int64  // when the newest session ended, ms
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
func (v *view) near(s *scratch, item uint32) *row {
	return v.row(s, item, &v.kept.of(item).near, func() {
		v.meet(s, s.only(item), false, nearSessions, nowhere)
		if len(s.found) == 0 {
			return // nobody who has a say has clicked on it
		}
		s.ended = v.session(s.found[0].place).last
		v.eachFound(s, func(c *candidate, clicks []uint32) {
			weight := v.tables.age((s.ended-v.session(c.place).last)/1000) * v.tables.length.of(len(clicks))
			s.tellNear(clicks, item, weight)
		})
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
// each click on it and each later one the sum of 1/gap². It is
// valid as near's is.
func (v *view) next(s *scratch, item uint32) *row {
	return v.row(s, item, &v.kept.of(item).next, func() {
		v.meet(s, s.only(item), false, nextSessions, nowhere)
		v.eachFound(s, func(_ *candidate, clicks []uint32) { s.tellNext(clicks, item) })
	})
}

// tellNext sums what one session says of what follows an item.
func (s *scratch) tellNext(clicks []uint32, item uint32) {
	for at, click := range clicks {
		if click&itemMask != item {
			continue
		}
		for b := at + 1; b < len(clicks); b++ {
			gap := float64(b - at)
			s.sum(clicks[b]&itemMask, 1/(gap*gap))
		}
	}
}

// row returns what is kept of an item, or makes it and keeps it if there is room.
func (v *view) row(s *scratch, item uint32, at *atomic.Pointer[row], tell func()) *row {
	changed := v.items.of(item).changed
	old := at.Load()
	if old != nil && old.changed == changed {
		return old
	}
	s.sums, s.summed = extend(s.sums, v.items.count()), s.summed[:0]
	s.ended = 0
	found := s.layAside()
	tell()
	s.takeBack(found)
	largest := v.lead(s, rowEntries, s.list)
	for _, item := range s.summed {
		largest.offer(s.sums[item], item)
		s.sums[item] = 0
	}
	s.list = largest.first()
	made := &row{changed, s.ended, make([]rowEntry, len(s.list))}
	for i, r := range s.list {
		made.entries[i] = rowEntry{r.item, float32(r.score)}
	}
	was := 0
	if old != nil {
		was = len(old.entries)
	}
	keep(&v.kept, at, old, made, len(made.entries), was)
	return made
}

// sum adds to what is said of an item.
func (s *scratch) sum(item uint32, weight float64) {
	if s.sums[item] == 0 {
		s.summed = append(s.summed, item)
	}
	s.sums[item] += weight
}
