package recommend

// headBlock is how many sessions' times a head reads ahead. Sessions stand all over
// the memory, and eight misses at once cost little more than one.
const headBlock = 8

// head is the reading point in the postings of one item of a query: the last one
// of rest, which are the sessions still to come, oldest first.
type head struct {
	rest   []int32
	last   int64 // when the session it points at ended
	weight uint32
	step   uint32
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

// candidate is a session that shares items with a query: the sum of their weights,
// and how many steps back the newest of them stands.
type candidate struct {
	slot int32
	sim  uint32
	step uint32
}

// point sets a head on the newest session of every distinct item of a query.
func (x *Index) point(s *scratch, items []string) {
	s.heads, s.asked = s.heads[:0], s.asked[:0]
	items = items[max(0, len(items)-maxQueryItems):]
	s.mark++
	for i := len(items) - 1; i >= 0; i-- {
		item, ok := x.items.ids[items[i]]
		if !ok || s.tallies[item].mark == s.mark {
			continue
		}
		s.tallies[item].mark = s.mark
		s.asked = append(s.asked, item)
		s.heads = append(s.heads, head{
			rest:   x.postings.of(x.items.lists[item].seen),
			weight: uint32((i + 1) * (i + 1)),
			step:   uint32(len(items) - i),
		})
		x.look(&s.heads[len(s.heads)-1], true)
	}
	s.first = s.mark
}

// meet merges the heads' postings from the newest session on until m candidates
// are found, leaving out own. Each candidate costs a look at every head.
func (x *Index) meet(s *scratch, m int, own int32) {
	s.found = s.found[:0]
	for len(s.found) < m && len(s.heads) > 0 {
		c := candidate{slot: x.newest(s.heads), step: maxQueryItems + 1}
		for i := 0; i < len(s.heads); i++ {
			h := &s.heads[i]
			n := len(h.rest) - 1
			if h.rest[n] != c.slot {
				continue
			}
			c.sim += h.weight
			c.step = min(c.step, h.step)
			h.rest = h.rest[:n]
			if n > 0 {
				x.look(h, false)
				continue
			}
			s.heads[i] = s.heads[len(s.heads)-1]
			s.heads = s.heads[:len(s.heads)-1]
			i--
		}
		if c.slot != own {
			s.found = append(s.found, c)
		}
	}
}

// newest is the newest session that any head points at.
func (x *Index) newest(heads []head) int32 {
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

// cut leaves the k most alike candidates, the newer of equals, in their order.
func (s *scratch) cut(k int) {
	if len(s.found) <= k {
		return
	}
	// Keys are distinct and rise with likeness, then with recency, so that the
	// k-th greatest of them is an exact border.
	s.keys = s.keys[:0]
	for i, c := range s.found {
		s.keys = append(s.keys, likeness(c, i))
	}
	border := nthGreatest(s.keys, k)
	kept := s.found[:0]
	for i, c := range s.found {
		if likeness(c, i) >= border {
			kept = append(kept, c)
		}
	}
	s.found = kept
}

func likeness(c candidate, i int) uint64 {
	return uint64(c.sim)<<32 | uint64(^uint32(i))
}

// nthGreatest returns the n-th greatest of distinct keys, n from 1, and reorders
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
