package recommend

// The settings a shop is served with: this many sessions compared, neighbours
// kept, and items of the session asked with. The reference settings of
// session-rec are 5,000, 500 and all; ten items are at least as accurate as all
// and bound the time.
const (
	ServingM     = 500
	ServingK     = 100
	ServingItems = 10
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
