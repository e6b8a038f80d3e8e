package recommend

import "math"

// The settings a shop is served with: this many sessions compared, neighbours kept.
const (
	ServingM = 500
	ServingK = 100
)

// What of a query and of a neighbour has a say.
const (
	maxQueryItems = 1000 // of a query: its newest clicks
	similarSteps  = 10   // of those: whose sessions are compared
	alikeReach    = 15   // of a neighbour: clicks so near to the newest shared item
)

// stepWeights are what an item so many steps back in the query counts for being
// alike, telling what its neighbours count in the sum, and around what a click counts by its
// position, which is alikeReach at the newest shared item.
var (
	stepWeights = exponentials(similarSteps, -.2, 1)
	telling     = exponentials(similarSteps, -.3, 1)
	around      = positions()
)

// worth is what a click counts by its action.
var worth = [...]float64{Viewed: 1, Added: 1.25, Purchased: 1.5}

func exponentials(n int, rate, first float64) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = first * math.Exp(rate*float64(i))
	}
	return list
}

func positions() (list [2*alikeReach + 1]float64) {
	for i := range list {
		if ahead := float64(i - alikeReach); ahead >= 0 {
			list[i] = math.Exp(-.35 * ahead)
		} else {
			list[i] = .7 * math.Exp(.2*ahead)
		}
	}
	return list
}

// Query asks for what may come next in a session.
type Query struct {
	// Items of the session so far, newest last, repeats included. Items that the
	// index does not contain count as steps and otherwise for nothing.
	Items []string
	// Earlier are items of the shopper's earlier sessions and orders, newest last. They
	// stand Apart steps before Items, at least one, and so count less. Nobody is taken to
	// return to them as to one of Items.
	Earlier []string
	Apart   int
	// M sessions, the newest that share an item, are compared; the K most alike
	// of them, the newer of equals, are the neighbours, at the most 16,384. At most N items answer.
	M, K, N int
	// Own is the asking session, which is no neighbour of its own; 0 is none.
	Own SessionKey
	// Unseen leaves Items and Earlier out of the answer.
	Unseen bool
	// Exclude leaves out items for which it is true; the list is filled up to N
	// without them. Nil excludes nothing.
	Exclude func(item string) bool
	// Explain is told, if it is there, of each item that a blend answers, best first,
	// the terms of its score. It is called as Exclude is.
	Explain func(item string, terms []Term)
}

// past is a distinct item of a query: how many clicks it stands behind the newest,
// at its last, and how many clicks are on it.
type past struct {
	item    uint32
	steps   uint32
	times   int
	earlier bool // it is none of the items of this session
}

// recall lists the distinct items of a query, the newest first, and reports whether
// there are any, and anything is asked for.
func (v *view) recall(s *scratch, q *Query) bool {
	s.past = s.past[:0]
	s.stamp++
	items := q.Items[max(0, len(q.Items)-maxQueryItems):]
	for i := len(items) - 1; i >= 0; i-- {
		v.remember(s, items[i], len(items)-1-i, false)
	}
	behind := len(items) + max(0, q.Apart-1)
	for i := len(q.Earlier) - 1; i >= max(0, len(q.Earlier)-maxQueryItems); i-- {
		v.remember(s, q.Earlier[i], max(1, behind)+len(q.Earlier)-1-i, true)
	}
	return len(s.past) > 0 && q.N > 0 && q.M > 0 && q.K > 0
}

// remember adds a click to the past.
func (v *view) remember(s *scratch, name string, steps int, earlier bool) {
	item, ok := v.items.find(name)
	if !ok {
		return
	}
	st := s.standing(item)
	if st.past == 0 {
		s.past = append(s.past, past{item: item, steps: uint32(steps), earlier: earlier})
		st.past = uint32(len(s.past))
	}
	if p := &s.past[st.past-1]; p.earlier == earlier {
		p.times++
	}
}

// seen is what the query says of an item of this session, nil if it is none.
func (s *scratch) seen(item uint32) *past {
	st := s.standing(item)
	if st.past == 0 || s.past[st.past-1].earlier {
		return nil
	}
	return &s.past[st.past-1]
}

// Neighbours appends the answer to dst, best first: session-kNN in the family of
// vector multiplication session-kNN (Ludewig and Jannach, "Evaluation of
// Session-based Recommendation Algorithms", 2018) and its sequence and time aware
// successor STAN (Garg et al., 2019). With d the steps from the newest click of the
// query back to an item's last, of the items of its last 10 clicks, and p the last
// position in a session s of the newest of them that s contains, t steps back:
//
//	sim(s)   = (sum of exp(-.2 d) over the shared items · (distinct items of s)^-.15)^1.5 · exp(-age/120 days)
//	score(j) = (1 + .1 ln(sessions / clicks of j)) · (clicks of j)^-.2 · sum over the neighbours that contain j
//	           within 15 clicks of p, at its last position a, of
//	           sim(s) · exp(-.3 t) · (exp(-.35 (a-p)) if a ≥ p, else .7 exp(-.2 (p-a))) · worth
//
// where worth is that of what s did with j at a: 1 if it viewed it, 1.25 if it added it to a
// cart, 1.5 if it purchased it. It is summed from the newest neighbour to the oldest. Ages
// count from the newest click in the index, in seconds. Support is how many neighbours spoke for the item. It takes
// O(M · distinct items + clicks of K sessions). Who speaks of an item too often is not believed
// of it: see the package's documentation.
func (x *Index) Neighbours(q Query, dst []Scored) []Scored {
	v, s := x.begin()
	defer x.end(s)
	if !v.recall(s, &q) {
		return dst
	}
	v.similar(s, &q)
	several := v.several(s)
	best := v.best(s, &q, func(best *ranking) {
		for _, item := range s.touched {
			t := &s.tallies[item]
			if t.support == 0 || !best.wants(t.score) || several && s.lone(item) || q.Unseen && s.standing(item).past > 0 {
				continue
			}
			best.offer(ranked{t.score, item, uint32(t.support)})
		}
	}, func(score, part float64) float64 { return score * part })
	return best.answer(s, dst)
}

// similar tallies what the neighbours of a query say.
func (v *view) similar(s *scratch, q *Query) {
	own := nowhere
	if q.Own != 0 {
		own = find(v.parts, q.Own)
	}
	if v.wary {
		v.meetBelieved(s, s.alike(), q.M, own)
	} else {
		v.meet(s, s.alike(), false, q.M, own)
	}
	v.liken(s)
	s.cut(min(q.K, maxTellers))
	v.eachFound(s, func(c *candidate, clicks []uint32) {
		s.enter(v.session(c.place).teller())
		v.tellAround(s, clicks, c.item, c.sim*telling[c.step])
	})
	sessions := 1 + .1*v.tables.log(v.live)
	for _, item := range s.touched {
		s.tallies[item].score *= v.items.damping(item).of(sessions)
	}
}

// tellAround adds to every item of one session whose last click stands near the
// last one on an item that the session contains.
func (v *view) tellAround(s *scratch, clicks []uint32, id uint32, weight float64) {
	p := lastOn(clicks, id)
	for a := len(clicks) - 1; a > p+alikeReach; a-- {
		s.silence(clicks[a] & itemMask)
	}
	tallies, first, mark := s.tallies, s.first, s.mark
	from := max(0, p-alikeReach)
	near := clicks[from:min(len(clicks), p+alikeReach+1)]
	counts := around[from-p+alikeReach:]
	for a := len(near) - 1; a >= 0; a-- {
		item := near[a] & itemMask
		t := &tallies[item]
		if t.mark == mark {
			continue
		}
		says := weight * worth[near[a]>>actionShift] * counts[a]
		if t.mark <= first { // as speak, which is too much to be inlined
			*t = tally{says, mark, 1, s.now}
			s.touched = append(s.touched, item)
		} else {
			v.join(s, t, says)
		}
	}
}
