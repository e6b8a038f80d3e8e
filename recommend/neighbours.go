package recommend

// The settings a shop is served with; session-rec's reference settings are
// 5,000 and 500.
const (
	ServingM = 500
	ServingK = 100
)

// maxQueryItems is how many of the newest items of a query are looked at; it
// bounds the integer similarities well below 2^32.
const maxQueryItems = 1000

// idfWeight is how much a rare item is preferred (session-rec's idf_weighting).
const idfWeight = 5

// Query asks for what may come next in a session.
type Query struct {
	// Items of the session so far, newest last, repeats included. Items that the
	// index does not contain count as steps and otherwise for nothing.
	Items []string
	// M sessions, the newest that share an item, are compared; the K most alike
	// of them, the newer of equals, are the neighbours. At most N items answer.
	M, K, N int
	// Own is the asking session, which is no neighbour of its own; 0 is none.
	Own SessionKey
	// Unseen leaves Items out of the answer.
	Unseen bool
	// Exclude leaves out items for which it is true; the list is filled up to N
	// without them. It is called under the index's lock and must not call the
	// index. Nil excludes nothing.
	Exclude func(item string) bool
}

// head is the reading point in the postings of one item of a query.
type head struct {
	last   int64   // the session it points at ended then
	rest   []int32 // sessions up to and with that one, oldest first
	weight uint32
	step   uint32
}

// candidate is a session that shares items with a query: the sum of their weights,
// and how many steps back the newest of them stands.
type candidate struct {
	slot int32
	sim  uint32
	step uint32
}

// Neighbours appends the answer to dst, best first. It is vector multiplication
// session-kNN (Ludewig and Jannach, "Evaluation of Session-based Recommendation
// Algorithms", 2018) as session-rec's VSKNN computes it with quadratic weights,
// division decay and idf weight 5. With the items at positions 1 to L, the newest
// at L, an item that repeats standing at its last position:
//
//	sim(s)   = sum of position² over the distinct items that s shares
//	step(s)  = 1 + how many positions the newest shared item is away from L
//	score(j) = (1 + 5 max(0, ln(sessions) - ln(clicks of j)))
//	           · sum of sim(s) / step(s) over the neighbours s that contain j
//
// summed from the newest neighbour to the oldest, at last divided by L² times the
// number of distinct items. Similarities are integers, so which sessions are
// neighbours is exact. It takes O(M · distinct items + clicks of K sessions).
func (x *Index) Neighbours(q Query, dst []Scored) []Scored {
	if q.N <= 0 || q.M <= 0 || q.K <= 0 {
		return dst
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := x.begin()
	defer x.end(s)
	x.point(s, q.Items)
	if len(s.asked) == 0 {
		return dst
	}
	x.meet(s, q.M, x.slots.find(x.sessions, q.Own))
	s.cut(q.K)
	for _, c := range s.found {
		s.tell(x.trails.clicks(&x.sessions[c.slot]), float64(c.sim)/float64(c.step))
	}
	if q.Unseen {
		s.forget(s.asked)
	}
	best := x.rank(s, q.N, q.Exclude)
	x.weigh(s, &best)
	length := float64(min(len(q.Items), maxQueryItems))
	return best.answer(s, dst, 1/(length*length*float64(len(s.asked))))
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
		list := x.postings.of(x.items.lists[item].seen)
		s.heads = append(s.heads, head{
			last:   x.sessions[list[len(list)-1]].last,
			rest:   list,
			weight: uint32((i + 1) * (i + 1)),
			step:   uint32(len(items) - i),
		})
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
				h.last = x.sessions[h.rest[n-1]].last
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

// weigh offers every item that the neighbours contain, rare ones preferred.
func (x *Index) weigh(s *scratch, best *ranking) {
	sessions := x.log(x.live)
	for _, item := range s.touched {
		t := &s.tallies[item]
		if t.support == 0 {
			continue
		}
		idf := max(0, sessions-x.log(int(x.items.clicks[item])))
		best.offer(ranked{t.score * (1 + float64(idfWeight*idf)), item, t.support})
	}
}
