package recommend

import (
	"math"
	"slices"
)

// headBlock is how many sessions' times a head reads ahead. Sessions stand all over
// the memory, and eight misses at once cost little more than one.
const headBlock = 8

// head is the reading point in the postings of one item of a query: the last one
// of rest, which are the sessions still to come, oldest first.
type head struct {
	rest   []int32
	last   int64 // when the session it points at ended
	item   uint32
	step   uint32
	weight float64
	lasts  [headBlock]int64 // of the block of rest in which its end lies
}

// look sets a head's last, reading another block if this one is used up or new.
func (x *Index) look(h *head, fresh bool) {
	end := (len(h.rest) - 1) % headBlock
	if fresh || end == headBlock-1 {
		for i, slot := range h.rest[len(h.rest)-1-end:] {
			h.lasts[i] = x.sessions[slot].last
		}
	}
	h.last = h.lasts[end]
}

// candidate is a session that shares items with a query: how alike it is, and which
// of the shared items is the newest in the query, and how many steps back.
type candidate struct {
	slot int32
	item uint32
	step uint32
	sim  float64
}

// point sets a head on the newest session of every distinct item that a query's
// newest clicks are on, the newest first.
func (x *Index) point(s *scratch) {
	s.heads = s.heads[:0]
	for _, p := range s.past {
		if p.steps >= similarSteps {
			break
		}
		s.heads = append(s.heads, head{
			rest: x.postings.of(x.items.lists[p.item].seen), item: p.item, step: p.steps, weight: stepWeights[p.steps],
		})
		x.look(&s.heads[len(s.heads)-1], true)
	}
}

// meet merges the heads' postings from the newest session on until m candidates
// are found, leaving out own. Each candidate costs a look at every head. Weights
// are summed from the newest item of the query to the oldest.
func (x *Index) meet(s *scratch, m int, own int32) {
	s.found = s.found[:0]
	for len(s.found) < m && len(s.heads) > 0 {
		c := candidate{slot: x.newestOf(s.heads), step: similarSteps}
		for i := 0; i < len(s.heads); i++ {
			h := &s.heads[i]
			n := len(h.rest) - 1
			if h.rest[n] != c.slot {
				continue
			}
			c.sim += h.weight
			if h.step < c.step {
				c.step, c.item = h.step, h.item
			}
			h.rest = h.rest[:n]
			if n > 0 {
				x.look(h, false)
				continue
			}
			s.heads = slices.Delete(s.heads, i, i+1) // the order of the others is that of summing
			i--
		}
		if c.slot != own {
			s.found = append(s.found, c)
		}
	}
}

// newestOf is the newest session that any head points at.
func (x *Index) newestOf(heads []head) int32 {
	last, slot := heads[0].last, heads[0].rest[len(heads[0].rest)-1]
	for i := 1; i < len(heads); i++ {
		h := &heads[i]
		if h.last < last {
			continue
		}
		other := h.rest[len(h.rest)-1]
		if h.last > last || x.sessions[slot].key < x.sessions[other].key {
			last, slot = h.last, other
		}
	}
	return slot
}

// liken turns the weights that candidates share into how alike they are.
func (x *Index) liken(s *scratch) {
	now := x.sessions[x.recency.newest()].last
	for i := range s.found {
		c := &s.found[i]
		session := &x.sessions[c.slot]
		shared := c.sim * x.tables.distinct.of(x.distinct(s, session))
		c.sim = shared * math.Sqrt(shared) * x.tables.age(now-session.last)
	}
}

// distinct is how many distinct items a session has. There must be no tallies yet.
func (x *Index) distinct(s *scratch, session *storedSession) int {
	if r := session.repeats(); r < manyRepeats {
		return int(session.n) - r
	}
	s.mark++
	n := 0
	for _, click := range x.trails.clicks(session) {
		if t := &s.tallies[click&itemMask]; t.mark != s.mark {
			t.mark = s.mark
			n++
		}
	}
	s.first = s.mark // what is marked is no tally
	return n
}

// cut leaves the k most alike candidates, the newer of equals, in their order.
func (s *scratch) cut(k int) {
	if len(s.found) <= k {
		return
	}
	s.keys = s.keys[:0]
	for i := range s.found {
		s.keys = append(s.keys, math.Float64bits(s.found[i].sim)) // of positive numbers, in their order
	}
	border := nthGreatest(s.keys, k)
	equals := k
	for i := range s.found {
		if math.Float64bits(s.found[i].sim) > border {
			equals--
		}
	}
	kept := s.found[:0]
	for _, c := range s.found {
		likeness := math.Float64bits(c.sim)
		if likeness == border {
			equals--
		}
		if likeness > border || likeness == border && equals >= 0 {
			kept = append(kept, c)
		}
	}
	s.found = kept
}

// nthGreatest returns the n-th greatest of keys, n from 1, and reorders
// them (Hoare's selection with the median of three as pivot; O(len) on average).
func nthGreatest(keys []uint64, n int) uint64 {
	low, high, want := 0, len(keys)-1, n-1
	for low < high {
		a, b, c := keys[low], keys[(low+high)/2], keys[high]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := low, high
		for i <= j {
			for keys[i] > pivot {
				i++
			}
			for keys[j] < pivot {
				j--
			}
			if i <= j {
				keys[i], keys[j] = keys[j], keys[i]
				i++
				j--
			}
		}
		switch {
		case want <= j:
			high = j
		case want >= i:
			low = i
		default:
			return keys[want]
		}
	}
	return keys[want]
}
