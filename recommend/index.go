package recommend

import (
	"sync"
	"sync/atomic"
)

// itemMask separates a stored click's item from its action in the upper bits.
const (
	actionShift = 30
	itemMask    = 1<<actionShift - 1
)

// Index is the live index: sessions, the items in them, and for every item the
// sessions that contain it. Its zero value is not usable. One goroutine at a time
// changes it and many may ask, each seeing it between two calls of Append or
// Remove; nothing else needs to be locked.
//
// A click costs a quarter to half a microsecond and about 27 bytes on shop
// traffic, product ids included, and as many list moves as its session has
// distinct items; clicks that arrive out of order cost a search and a shift in
// addition. Queries allocate nothing once their scratch has grown, but for the
// pairings that the first of them keeps.
type Index struct {
	limits  Limits
	scratch sync.Pool
	tables  *tables
	weights Weights
	thin    int // sessions below which nothing is a candidate without a neighbour

	mu       sync.RWMutex
	sessions []storedSession
	vacant   []int32 // slots of sessions that left
	slots    keyTable
	recency  recencyList
	items    itemTable
	postings postings
	trails   trails
	live     int // sessions present
	clicks   int // clicks present
	own      distinct
	newest   newestSessions
	habits   habits

	pairs     atomic.Int64 // and entries of rows: how many are kept
	pairLimit int64
}

// NewIndex returns an empty index with the given window.
func NewIndex(limits Limits) *Index {
	if limits.SessionClicks <= 0 || limits.SessionClicks > maxSessionClicks {
		limits.SessionClicks = maxSessionClicks
	}
	x := &Index{limits: limits, tables: newTables(), weights: DefaultWeights(), thin: thinSessions, pairLimit: keptPairs}
	x.items.ids = make(map[string]uint32)
	x.scratch.New = func() any { return new(scratch) }
	return x
}

// Append takes clicks in, in the order given. Within its session a click stands
// by its time, behind those of the same time that came before it. A click without
// a session or item is ignored. Sessions that the window has no room for leave;
// a late click of a session that left starts that session anew.
func (x *Index) Append(clicks ...Click) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range clicks {
		if c := &clicks[i]; c.Session != 0 && c.Item != "" {
			x.append(c)
			x.trim()
		}
	}
}

// append places one click.
func (x *Index) append(c *Click) {
	action := c.Action
	if action > Purchased {
		action = Viewed
	}
	slot := x.slots.find(x.sessions, c.Session)
	if slot < 0 {
		slot = x.admit(c)
	}
	s := &x.sessions[slot]
	former := s.last
	if c.At > former {
		x.renew(slot, c.At)
	}
	item := x.items.intern(c.Item)
	seen, bought := x.trails.holds(s, item)
	x.insert(s, item|uint32(action)<<actionShift, c.At, former)
	x.items.clicks[item]++
	x.rarify(item)
	x.clicks++
	x.newest.clicks = extend(x.newest.clicks, x.items.count())
	if s.marks&newestMark != 0 {
		x.newest.clicks[item]++
	}
	if seen {
		s.repeat(s.repeats() + 1)
	}
	lists := &x.items.lists[item]
	if !seen {
		x.enlist(&lists.seen, slot)
	}
	if action == Purchased && !bought {
		x.enlist(&lists.bought, slot)
	}
	x.forgetCounted(s)
	if int(s.n) > x.limits.SessionClicks {
		x.shorten(slot)
	}
}

// rarify takes note of how many clicks an item has now.
func (x *Index) rarify(item uint32) {
	x.items.rarity[item] = float32(x.tables.near.of(int(x.items.clicks[item])))
}

// insert places a click in its session, and counts the steps that are others now.
func (x *Index) insert(s *storedSession, click uint32, at, former int64) {
	if at < former {
		x.habits.count(x.trails.clicks(s), 0, int(s.n), -1)
	}
	x.trails.insert(s, click, at, former)
	clicks := x.trails.clicks(s)
	if at < former {
		x.habits.count(clicks, 0, len(clicks), 1)
		return
	}
	x.habits.count(clicks, len(clicks)-1, len(clicks), 1)
}

// admit makes a slot for a session that is not there, without clicks yet.
func (x *Index) admit(c *Click) int32 {
	var slot int32
	if n := len(x.vacant); n > 0 {
		slot = x.vacant[n-1]
		x.vacant = x.vacant[:n-1]
	} else {
		slot = int32(len(x.sessions))
		x.sessions = append(x.sessions, storedSession{})
	}
	x.sessions[slot] = storedSession{key: c.Session, last: c.At}
	x.slots.add(x.sessions, slot)
	x.recency.add(x.sessions, slot)
	x.live++
	x.settleNewest(slot)
	return slot
}

// renew gives a session a later last click, and with it new places among the
// sessions and in the postings of its items.
func (x *Index) renew(slot int32, last int64) {
	s := &x.sessions[slot]
	newest := x.recency.newest()
	if newest == slot {
		// It is the last one of all its lists and stays so.
		s.last = last
		return
	}
	old, now := s.rank(), rank{last, s.key}
	raised := raising{x.sessions, slot, old, now, x.sessions[newest].rank().before(now)}
	if s.marks&newestMark != 0 {
		x.leaveNewest(slot)
	}
	x.recency.drop(x.sessions, slot)
	for _, o := range x.own.of(x.trails.clicks(s), x.items.count()) {
		lists := &x.items.lists[o.item]
		raised.within(x.postings.of(lists.seen))
		if o.bought {
			raised.within(x.postings.of(lists.bought))
		}
	}
	s.last = last
	x.recency.add(x.sessions, slot)
	x.settleNewest(slot)
}

// enlist puts a session into a posting list at its present rank. The newest
// session, as live traffic makes it, needs no comparison with any other.
func (x *Index) enlist(l *listing, slot int32) {
	at := int(l.n)
	if x.recency.newest() != slot {
		at = placeOf(x.sessions, x.postings.of(*l), x.sessions[slot].rank())
	}
	x.postings.insert(l, at, slot)
}

// delist takes a session out of a posting list.
func (x *Index) delist(l *listing, slot int32) {
	list := x.postings.of(*l)
	x.postings.remove(l, find(x.sessions, list, slot, x.sessions[slot].rank()))
}

// shorten drops the oldest click of a session. It never is the only one, so the
// session's rank stays.
func (x *Index) shorten(slot int32) {
	s := &x.sessions[slot]
	x.habits.count(x.trails.clicks(s), 0, lookBack+2, -1) // no later step can tell
	click := x.trails.dropFirst(s)
	x.habits.count(x.trails.clicks(s), 0, lookBack+1, 1)
	item := click & itemMask
	seen, bought := x.trails.holds(s, item)
	if s.marks&newestMark != 0 {
		x.newest.clicks[item]--
	}
	if s.repeats() == manyRepeats {
		clicks := x.trails.clicks(s)
		s.repeat(len(clicks) - len(x.own.of(clicks, x.items.count())))
	} else if seen {
		s.repeat(s.repeats() - 1)
	}
	lists := &x.items.lists[item]
	if !seen {
		x.delist(&lists.seen, slot)
	}
	if click>>actionShift == uint32(Purchased) && !bought {
		x.delist(&lists.bought, slot)
	}
	x.clicks--
	x.items.discount(item, 1)
	x.rarify(item)
}

// Remove takes a session out and reports whether it was there. Afterwards the
// index answers as if the session had never been; sessions that left the window
// meanwhile do not return.
func (x *Index) Remove(s SessionKey) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot := x.slots.find(x.sessions, s)
	if slot < 0 {
		return false
	}
	x.remove(slot)
	return true
}

func (x *Index) remove(slot int32) {
	s := &x.sessions[slot]
	x.forgetCounted(s)
	x.habits.count(x.trails.clicks(s), 0, int(s.n), -1)
	if s.marks&newestMark != 0 {
		x.leaveNewest(slot)
	}
	for _, o := range x.own.of(x.trails.clicks(s), x.items.count()) {
		lists := &x.items.lists[o.item]
		x.delist(&lists.seen, slot)
		if o.bought {
			x.delist(&lists.bought, slot)
		}
		x.items.discount(o.item, o.clicks)
		x.rarify(o.item)
	}
	x.clicks -= int(s.n)
	x.live--
	x.recency.drop(x.sessions, slot)
	x.slots.drop(x.sessions, slot)
	x.trails.release(s)
	x.sessions[slot] = storedSession{}
	x.vacant = append(x.vacant, slot)
	x.settleNewest(-1)
}

// trim lets the oldest sessions leave until the window holds, all but the newest.
func (x *Index) trim() {
	for x.live > 1 && x.exceeds() {
		x.remove(x.recency.oldest())
	}
}

func (x *Index) exceeds() bool {
	l := &x.limits
	if l.Sessions > 0 && x.live > l.Sessions || l.Clicks > 0 && x.clicks > l.Clicks {
		return true
	}
	if l.Days <= 0 {
		return false
	}
	age := x.sessions[x.recency.newest()].last - x.sessions[x.recency.oldest()].last
	return age > int64(l.Days)*millisPerDay
}
