package recommend

import (
	"container/heap"
	"math/bits"
	"slices"
)

// drafts are the sessions that clicks came for since the last segment was made. Their
// clicks stand in blocks of one array, whose sizes are the powers of two.
type drafts struct {
	sessions []session // without clicks: one that left again
	clicks   []uint32
	keys     keyTable
	ages     ages
	aged     bool // ages has all of them
}

// keptDraftClicks is how much room for clicks is kept for the next drafts.
const keptDraftClicks = 1 << 16

// find returns the number of the draft of a session, or -1.
func (d *drafts) find(key SessionKey) int {
	if last := len(d.sessions) - 1; last >= 0 && d.sessions[last].key == key && d.sessions[last].n > 0 {
		return last
	}
	return d.keys.find(d.sessions, key)
}

// expect makes room at once for most of the drafts that so many clicks make.
func (d *drafts) expect(clicks int) {
	d.clicks = slices.Grow(d.clicks, 2*clicks)
	d.sessions = slices.Grow(d.sessions, clicks/4)
}

// begin starts the draft of the session of a click and returns its number.
func (d *drafts) begin(c *Click) int {
	number := len(d.sessions)
	d.sessions = append(d.sessions, session{key: c.Session, last: c.At, visitor: c.Visitor, network: c.Network})
	d.keys.add(d.sessions, number)
	if d.aged {
		heap.Push(&d.ages, age{rank{c.At, c.Session}, number})
	}
	return number
}

// copy gives a draft that has no clicks those of the session that it was.
func (d *drafts) copy(s, was *session, clicks []uint32) {
	s.last, s.visitor, s.network = max(s.last, was.last), was.visitor, was.network
	s.start, s.n = uint32(len(d.clicks)), was.n
	d.clicks = extend(d.clicks, int(s.start)+blockOf(len(clicks)))
	copy(d.clicks[s.start:], clicks)
}

// blockOf is the size of the smallest block that holds n clicks.
func blockOf(n int) int { return max(4, 1<<bits.Len(uint(n-1))) }

// add puts a click at the end of a draft.
func (d *drafts) add(s *session, click uint32) {
	if n := int(s.n); n == 0 || n >= 4 && n == blockOf(n) {
		from := s.start
		s.start = uint32(len(d.clicks))
		d.clicks = extend(d.clicks, int(s.start)+blockOf(n+1))
		copy(d.clicks[s.start:], d.clicks[from:int(from)+n])
	}
	d.clicks[s.start+uint32(s.n)] = click
	s.n++
}

// drop takes a draft out.
func (d *drafts) drop(number int) {
	d.keys.drop(d.sessions, number)
	d.sessions[number].n = 0
}

// segment makes one of the drafts, without its lists, and begins anew.
func (d *drafts) segment() *segment {
	sessions := slices.DeleteFunc(d.sessions, func(s session) bool { return s.n == 0 })
	byRank := func(a, b session) int { return a.rank().compare(b.rank()) }
	if !slices.IsSortedFunc(sessions, byRank) {
		slices.SortFunc(sessions, byRank)
	}
	total := 0
	for i := range sessions {
		total += int(sessions[i].n)
	}
	g := &segment{sessions: make([]session, 0, len(sessions)), clicks: make([]uint32, 0, total)}
	for i := range sessions {
		g.add(&sessions[i], sessions[i].of(d.clicks))
	}
	if cap(d.clicks) > keptDraftClicks {
		*d = drafts{}
		return g
	}
	d.sessions, d.clicks, d.keys.used = d.sessions[:0], d.clicks[:0], 0
	clear(d.keys.cells)
	d.ages, d.aged = d.ages[:0], false
	return g
}

// oldest returns the number of the oldest draft, or -1.
func (d *drafts) oldest() int {
	if !d.aged {
		for number := range d.sessions {
			d.ages = append(d.ages, age{d.sessions[number].rank(), number})
		}
		heap.Init(&d.ages)
		d.aged = true
	}
	for len(d.ages) > 0 {
		a := &d.ages[0]
		s := &d.sessions[a.number]
		switch {
		case s.n == 0:
			heap.Pop(&d.ages)
		case s.rank() != a.rank: // it was, when it was put in; sessions only become newer
			a.rank = s.rank()
			heap.Fix(&d.ages, 0)
		default:
			return a.number
		}
	}
	return -1
}

// age is what the rank of a draft was when somebody looked.
type age struct {
	rank
	number int
}

// ages is a heap, the oldest in front.
type ages []age

func (a ages) Len() int           { return len(a) }
func (a ages) Less(i, j int) bool { return a[i].before(a[j].rank) }
func (a ages) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *ages) Push(x any)        { *a = append(*a, x.(age)) }
func (a *ages) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

// bytes is what the arrays occupy that the next drafts will use again.
func (d *drafts) bytes() int64 {
	return sessionBytes*int64(cap(d.sessions)) + 24*int64(cap(d.ages)) + 4*int64(cap(d.clicks)+cap(d.keys.cells))
}
