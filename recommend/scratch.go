package recommend

// tally is what a query knows of one item. Marks rise from neighbour to
// neighbour and from query to query, so that nothing is ever cleared: a mark below
// the query's first is of an earlier query, one equal to the running mark is of
// this very session.
type tally struct {
	score   float64
	mark    uint32
	support uint32
}

// scratch is what one query needs and the next one reuses.
type scratch struct {
	tallies []tally
	touched []uint32 // items with a tally of this query
	first   uint32   // marks of this query are greater
	mark    uint32
	past    []past // distinct items of the query, newest first
	looked  []sought
	heads   []head
	found   []candidate
	mixed   []candidate
	read    uint32 // what was read ahead, so that it is
	ends    []int
	keys    []uint64
	best    []ranked
	pairing pairing

	standings []standing
	stamp     uint32    // of this query's standings
	ended     int64     // when the newest session of the row ended that is made
	sums      []float64 // by item; zero between rows
	summed    []uint32
	list      []ranked
	ties      []ranked
	values    []float32
	boards    [kinds]board
	leaders   [kinds][]ranked // the best of each kind
	proposed  []uint32
	judgement judgement
}

// standing is where one item stands in a query, good if it has the query's stamp.
type standing struct {
	stamp     uint32
	past      uint32 // 1 + its place among the past items, 0 if it is none
	candidate bool
	own       bool // the asking session did something with it
}

// standing returns that of an item, empty if it has none in this query.
func (s *scratch) standing(item uint32) *standing {
	st := &s.standings[item]
	if st.stamp != s.stamp {
		*st = standing{stamp: s.stamp}
	}
	return st
}

// begin takes the index as it is now, and a scratch that fits it; end gives that back.
func (x *Index) begin() (*view, *scratch) {
	v, s := x.view.Load(), x.scratch.Get().(*scratch)
	s.ready(v.items.count())
	return v, s
}

func (x *Index) end(s *scratch) {
	s.judgement.view = nil // a pool must not keep it alive
	x.scratch.Put(s)
}

// ready makes room for the items and starts the marks of a new query. It clears
// them after some billions of sessions, long before a mark comes round again.
func (s *scratch) ready(items int) {
	s.tallies = extend(s.tallies, items)
	s.standings = extend(s.standings, items)
	if s.mark > 1<<31 {
		clear(s.tallies[:cap(s.tallies)])
		s.mark = 0
	}
	if s.stamp > 1<<31 {
		clear(s.standings[:cap(s.standings)])
		s.stamp = 0
	}
	s.first = s.mark
	s.touched = s.touched[:0]
}

// tell adds weight to every distinct item of one session's clicks.
func (s *scratch) tell(clicks []uint32, weight float64) {
	s.mark++
	for _, click := range clicks {
		s.add(click&itemMask, weight, 1)
	}
}

// add adds weight and support to an item unless this session's mark stands on it already.
func (s *scratch) add(item uint32, weight float64, support uint32) {
	t := &s.tallies[item]
	switch {
	case t.mark == s.mark:
	case t.mark <= s.first:
		*t = tally{weight, s.mark, support}
		s.touched = append(s.touched, item)
	default:
		t.score += weight
		t.support += support
		t.mark = s.mark
	}
}

// tellPair counts the distinct items that one session's clicks purchased, or those
// that they viewed or added, if the item with the number id is one of them.
func (s *scratch) tellPair(clicks []uint32, id uint32, bought bool) {
	s.mark++
	tallies, first, mark := s.tallies, s.first, s.mark
	for _, click := range clicks {
		item := click & itemMask
		t := &tallies[item]
		if t.mark == mark || purchase(click) != bought {
			continue
		}
		if t.mark <= first {
			t.support = 0
			s.touched = append(s.touched, item)
		}
		t.support++
		t.mark = mark
	}
	if tallies[id].mark == mark {
		return
	}
	for _, click := range clicks { // it did something else with the item, and takes all back
		if t := &tallies[click&itemMask]; t.mark == mark {
			t.support--
			t.mark = first + 1
		}
	}
}
