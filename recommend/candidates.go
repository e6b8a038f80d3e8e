package recommend

import (
	"math"
	"slices"
)

// head is the reading point in the postings of one item of a query, in one part: the
// last one of rest, which are the sessions still to come, oldest first.
type head struct {
	next   uint32 // the last one of rest
	item   uint32
	step   uint32
	weight float64
	rest   []uint32
}

// candidate is a session that shares items with a query: how alike it is, and which
// of the shared items is the newest in the query, and how many steps back.
type candidate struct {
	place
	item uint32
	step uint32
	sim  float64
}

// sought is an item whose sessions are looked for.
type sought struct {
	item   uint32
	step   uint32
	weight float64
}

// alike lists the distinct items that a query's newest clicks are on, the newest first.
func (s *scratch) alike() []sought {
	s.looked = s.looked[:0]
	for _, p := range s.past {
		if p.steps >= similarSteps {
			break
		}
		s.looked = append(s.looked, sought{p.item, p.steps, stepWeights[p.steps]})
	}
	return s.looked
}

// meet finds the m newest sessions that contain any of the items, or purchased it, and
// lists them in s.found, the newest first, leaving out own. Weights are summed in the
// order of the items. Each session costs a look at every item.
func (v *view) meet(s *scratch, of []sought, bought bool, m int, own place) {
	s.found = s.found[:0]
	for i := len(v.parts) - 1; i >= 0; i-- {
		p := &v.parts[i]
		from := len(s.found)
		apart := from == 0 || p.newest().before(v.session(s.found[from-1].place).rank())
		if apart {
			if from < m {
				v.meetIn(s, i, of, bought, m-from, own)
			}
			continue
		}
		v.meetIn(s, i, of, bought, m, own)
		v.mix(s, from, m)
	}
}

// meetIn appends the m newest sessions of one part.
func (v *view) meetIn(s *scratch, number int, of []sought, bought bool, m int, own place) {
	p := &v.parts[number]
	lists := &p.seen
	if bought {
		lists = &p.bought
	}
	s.heads = s.heads[:0]
	for _, o := range of {
		if rest := lists.of(o.item); len(rest) > 0 {
			s.heads = append(s.heads, head{rest[len(rest)-1], o.item, o.step, o.weight, rest})
		}
	}
	ours := -1
	if int(own.part) == number {
		ours = int(own.number)
	}
	room := len(s.found) + m
	s.meetAll(p, number, ours, room)
	if len(s.heads) == 1 {
		s.meetRest(p, number, ours, room)
	}
}

// meetAll merges the heads in one part from the newest session on, until one of them is
// left or as many candidates are found as there is room for.
func (s *scratch) meetAll(p *part, part, ours, room int) {
	for len(s.found) < room && len(s.heads) > 1 {
		number := s.heads[0].next
		for i := 1; i < len(s.heads); i++ {
			number = max(number, s.heads[i].next)
		}
		if int(number) < p.first {
			s.heads = s.heads[:0]
			return
		}
		c := candidate{place: place{int32(part), int32(number)}, step: math.MaxUint32}
		for i := 0; i < len(s.heads); i++ {
			h := &s.heads[i]
			if h.next != number {
				continue
			}
			c.sim += h.weight
			if h.step < c.step {
				c.step, c.item = h.step, h.item
			}
			n := len(h.rest) - 1
			h.rest = h.rest[:n]
			if n > 0 {
				h.next = h.rest[n-1]
				continue
			}
			s.heads = slices.Delete(s.heads, i, i+1) // the order of the others is that of summing
			i--
		}
		if int(number) != ours && !p.gone(int(number)) {
			s.found = append(s.found, c)
		}
	}
}

// meetRest goes on with the only head that is left.
func (s *scratch) meetRest(p *part, part, ours, room int) {
	last := &s.heads[0]
	for i := len(last.rest) - 1; i >= 0 && len(s.found) < room; i-- {
		number := int(last.rest[i])
		if number < p.first {
			return
		}
		if number != ours && !p.gone(number) {
			s.found = append(s.found, candidate{place{int32(part), int32(number)}, last.item, last.step, last.weight})
		}
	}
}

// readAhead is how many sessions and their clicks are touched before the first is looked at.
// They stand all over the memory, and a dozen misses at once cost little more than one.
const readAhead = 32

// eachFound calls f for every session in s.found, with its clicks.
func (v *view) eachFound(s *scratch, f func(c *candidate, clicks []uint32)) {
	var block [readAhead][]uint32
	for found := s.found; len(found) > 0; {
		n := min(len(found), readAhead)
		for i := range found[:n] {
			block[i] = v.clicksOf(found[i].place)
			s.read += block[i][0]
		}
		for i := range found[:n] {
			f(&found[i], block[i])
		}
		found = found[n:]
	}
}

// mix puts the candidates before and from a place on, both the newest first, into one
// order, and leaves the m newest.
func (v *view) mix(s *scratch, from, m int) {
	a, b := s.found[:from], s.found[from:]
	s.mixed = s.mixed[:0]
	for len(s.mixed) < m && len(a)+len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && v.session(b[0].place).rank().before(v.session(a[0].place).rank()) {
			s.mixed, a = append(s.mixed, a[0]), a[1:]
		} else {
			s.mixed, b = append(s.mixed, b[0]), b[1:]
		}
	}
	s.found, s.mixed = s.mixed, s.found
}

// liken turns the weights that candidates share into how alike they are.
func (v *view) liken(s *scratch) {
	s.keys = extend(s.keys[:0], len(s.found))
	t, now := v.tables, v.tables.effective(v.now, 1)
	for i := range s.found {
		c := &s.found[i]
		ended := v.parts[c.part].effective[c.number]
		c.sim *= math.Sqrt(c.sim) * t.age(int64(now)-int64(ended))
		s.keys[i] = math.Float64bits(c.sim) // of positive numbers, in their order
	}
}

// cut leaves the k most alike candidates, the newer of equals, in their order.
func (s *scratch) cut(k int) {
	if len(s.found) <= k {
		return
	}
	border, equal := nthGreatest(s.keys, k)
	least, kept := math.Float64frombits(border), 0
	for i := range s.found {
		s.found[kept] = s.found[i]
		if s.found[i].sim >= least {
			kept++
		}
	}
	s.found = s.found[:kept]
	if kept > k {
		s.dropEquals(least, equal)
	}
}

// dropEquals leaves, of the candidates that are so much alike, the n newest.
func (s *scratch) dropEquals(sim float64, n int) {
	s.found = slices.DeleteFunc(s.found, func(c candidate) bool {
		if c.sim == sim {
			n--
		}
		return c.sim == sim && n < 0
	})
}
