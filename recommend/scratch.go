package recommend

// tally is what a query knows of one item. Marks rise from neighbour to
// neighbour and from query to query, so that nothing is ever cleared: a mark below
// the query's first is of an earlier query, one equal to the running mark is of
// this very session.
type tally struct {
	score   float64
	mark    uint32
	support uint16
	first   uint16 // who was the first to tell of it, and whether others did
}

// scratch is what one query needs and the next one reuses.
type scratch struct {
	tallies []tally
	touched []uint32 // items with a tally of this query
	first   uint32   // marks of this query are greater
	mark    uint32
	past    []past // distinct items of the query, newest first
	looked  []sought
	one     [1]sought
	heads   []head
	found   []candidate
	mixed   []candidate
	tellers []teller    // of the sessions that had their say in this query
	now     uint16      // the newest of them
	ranking ranking     // of the query
	aside   []candidate // where others are found while the query's are kept
	crowds  [4 * guardSessions]crowd
	mutes   []teller
	read    uint32 // what was read ahead, so that it is
	ends    []int
	keys    []uint64
	best    []ranked
	heard   []ranked
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

// layAside keeps what was found while something else is looked for, takeBack has it again.
func (s *scratch) layAside() (found []candidate) {
	found, s.found = s.found, s.aside
	return found
}

func (s *scratch) takeBack(found []candidate) { s.found, s.aside = found, s.found }

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
	s.touched, s.tellers = s.touched[:0], s.tellers[:0]
}

// tell adds weight to every distinct item of one session's clicks.
func (s *scratch) tell(clicks []uint32, weight float64) {
	s.mark++
	for _, click := range clicks {
		s.add(click&itemMask, weight)
	}
}

// add adds weight to an item, and one to its support, unless this session's mark stands on
// it already.
func (s *scratch) add(item uint32, weight float64) {
	t := &s.tallies[item]
	switch {
	case t.mark == s.mark:
	case t.mark <= s.first:
		*t = tally{score: weight, mark: s.mark, support: 1}
		s.touched = append(s.touched, item)
	default:
		t.score += weight
		t.support++
		t.mark = s.mark
	}
}

// enter lets a session be the newest teller.
func (s *scratch) enter(t teller) {
	s.now = uint16(len(s.tellers))
	s.tellers = append(s.tellers, t)
	s.mark++
}

// silence lets this session say nothing of an item.
func (s *scratch) silence(item uint32) {
	t := &s.tallies[item]
	if t.mark <= s.first {
		*t = tally{}
		s.touched = append(s.touched, item)
	}
	t.mark = s.mark
}
