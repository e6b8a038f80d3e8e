package recommend

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Index is the live index: sessions, the items in them, and for every item the
// sessions that contain it. Its zero value is not usable. Any number of goroutines may
// ask, without waiting for each other or for who changes it: a question sees what there
// is between two calls that change something. Those wait for each other.
//
// Sessions stand in segments that never change. Every call of Append makes a new one of
// the sessions that it says something of, and the older self of a session that goes on
// dies. A segment beside which those after it have grown as large, or more than half of
// which is dead, is merged with them, so that there are a dozen at the most, and each click
// is written about as many times as the logarithm of all there are.
//
// In calls of some hundred clicks one costs a microsecond on shop traffic, in calls of one
// ten; about 22 bytes are kept of each, product ids included. Queries allocate nothing
// once their scratch has grown, but for the pairings and rows that the first of them keeps.
type Index struct {
	limits  Limits
	view    atomic.Pointer[view]
	scratch sync.Pool

	mu sync.Mutex // guards what follows
	state
	parts   []part
	items   items
	edition uint32 // grows with each view
	drafts  drafts
	touched []uint32 // items of which a session changed in this edition
	newest  newestSessions
	own     distinct
	builder builder
	sizes   sizes
}

// sizes are when the index puts itself in order. No answer depends on them.
type sizes struct {
	drafts int // so many clicks are gathered before they become a segment
	small  int // up to so many clicks a segment is merged with whatever comes after it
	spare  int // so many items without clicks keep their numbers whatever there are
}

var defaultSizes = sizes{drafts: 1 << 23, small: 1 << 8, spare: 1 << 10}

// NewIndex returns an empty index with the given window.
func NewIndex(limits Limits) *Index {
	if limits.SessionClicks <= 0 || limits.SessionClicks > maxSessionClicks {
		limits.SessionClicks = maxSessionClicks
	}
	x := &Index{
		limits: limits, items: newItems(), sizes: defaultSizes,
		state: state{tables: theTables(), weights: DefaultWeights(), thin: thinSessions, plenty: plentyNeighbours, lenient: guardShare, networks: networks{part: guardLarge}, kept: newKept(keptPairs)},
	}
	x.listen(longestSay)
	x.scratch.New = func() any { return new(scratch) }
	x.publish()
	return x
}

// Append takes clicks in, in the order given, which is their order within their
// session; the session ended at the latest of their times. A click without a session or
// item is ignored. Sessions that the window has no room for leave; a click of a session
// that left starts that session anew.
func (x *Index) Append(clicks ...Click) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drafts.expect(min(len(clicks), x.sizes.drafts))
	for i := range clicks {
		c := &clicks[i]
		if c.Session == 0 || c.Item == "" {
			continue
		}
		x.append(c)
		x.trim()
		if len(x.drafts.clicks) >= x.sizes.drafts {
			x.settle()
		}
	}
	x.settle()
	x.publish()
}

// Remove takes a session out and reports whether it was there. Afterwards the
// index answers as if the session had never been; sessions that left the window
// meanwhile do not return.
func (x *Index) Remove(s SessionKey) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := find(x.parts, s)
	if at == nowhere {
		return false
	}
	x.forget(x.leave(at), x.parts[at.part].clicks)
	x.settle()
	x.now = 0
	for i := range x.parts {
		x.now = max(x.now, x.parts[i].newest().last)
	}
	x.publish()
	return true
}

// Weigh lets blends count with other weights from now on.
func (x *Index) Weigh(w Weights) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.weights = w
	x.publish()
}

// append places one click.
func (x *Index) append(c *Click) {
	action := c.Action
	if action > Purchased {
		action = Viewed
	}
	d := x.draft(c)
	item := x.items.intern(c.Item)
	seen, bought := within(d.of(x.drafts.clicks), item)
	x.drafts.add(d, item|uint32(action)<<actionShift)
	clicks := d.of(x.drafts.clicks)
	x.habits.count(clicks, len(clicks)-1, len(clicks), 1)
	x.clicks++
	r := x.items.change(item)
	if r.clicks == 0 {
		x.items.idle--
	}
	r.clicks++
	if n := len(clicks); x.hasSay(n) {
		if !seen {
			r.seen++
		}
		if action == Purchased && !bought {
			r.bought++
		}
	} else if x.hasSay(n - 1) {
		x.silence(clicks[:n-1])
	}
	if len(clicks) > x.limits.SessionClicks {
		x.shorten(d)
	}
}

// listen lets sessions of up to so many clicks have a say, and those of any number if none
// keeps more. The index must be empty.
func (x *Index) listen(longest int) {
	if x.limits.SessionClicks <= longest {
		longest = maxSessionClicks + 1
	}
	x.longest, x.builder.longest = longest, longest
}

// hasSay reports whether a session of so many clicks has a say.
func (s *state) hasSay(clicks int) bool { return clicks <= s.longest }

// silence no longer counts a session by its items, which has become too long.
func (x *Index) silence(clicks []uint32) {
	for _, o := range x.own.of(clicks, x.items.count()) {
		r := x.touch(o.item)
		r.seen--
		if o.bought {
			r.bought--
		}
	}
}

// draft returns the draft of a click's session: a new one, or one of what stood in a
// segment until now. The session ends at the click, or later.
func (x *Index) draft(c *Click) *session {
	number := x.drafts.find(c.Session)
	if number < 0 {
		number = x.drafts.begin(c)
		if at := find(x.parts, c.Session); at != nowhere {
			was := x.leave(at)
			x.drafts.copy(&x.drafts.sessions[number], was, was.of(x.parts[at.part].clicks))
		} else {
			x.live++
			x.networks.add(c.Network, 1)
		}
	}
	d := &x.drafts.sessions[number]
	d.last = max(d.last, c.At)
	x.now = max(x.now, d.last)
	return d
}

// shorten drops the oldest click of a draft, which never is the only one.
func (x *Index) shorten(d *session) {
	clicks := d.of(x.drafts.clicks)
	x.habits.count(clicks, 0, lookBack+2, -1) // no later step can tell
	item, wasBought := clicks[0]&itemMask, isPurchase(clicks[0])
	copy(clicks, clicks[1:])
	d.n--
	clicks = clicks[:d.n]
	x.habits.count(clicks, 0, lookBack+1, 1)
	seen, bought := within(clicks, item)
	r := x.discount(item, 1)
	x.clicks--
	if !x.hasSay(len(clicks) + 1) {
		return
	}
	if !seen {
		r.seen--
	}
	if wasBought && !bought {
		r.bought--
	}
}

// forget counts a session off that leaves the index, and its clicks.
func (x *Index) forget(s *session, array []uint32) {
	x.live--
	x.networks.add(s.network, -1)
	clicks := s.of(array)
	x.clicks -= len(clicks)
	x.habits.count(clicks, 0, len(clicks), -1)
	for _, o := range x.own.of(clicks, x.items.count()) {
		r := x.discount(o.item, o.clicks)
		if !x.hasSay(len(clicks)) {
			continue
		}
		r.seen--
		if o.bought {
			r.bought--
		}
	}
}

// discount takes clicks off an item, one of whose sessions thereby changes.
func (x *Index) discount(item, clicks uint32) *record {
	r := x.touch(item)
	r.clicks -= clicks
	if r.clicks == 0 {
		x.items.idle++
	}
	return r
}

// touch notes that one of the sessions with an item changes.
func (x *Index) touch(item uint32) *record {
	r := x.items.change(item)
	if r.changed != x.edition+1 {
		r.changed = x.edition + 1
		x.touched = append(x.touched, item)
	}
	return r
}

// leave takes a session out of its part, and returns what it was.
func (x *Index) leave(at place) *session {
	p := &x.parts[at.part]
	s := &p.sessions[at.number]
	x.leaveNewest(s, p.clicks)
	p.kill(int(at.number))
	return s
}

// settle makes a segment of the drafts and puts the parts in order.
func (x *Index) settle() {
	drafted := x.drafts.segment()
	if len(drafted.sessions) > 0 {
		for _, click := range drafted.clicks {
			x.touch(click & itemMask)
		}
		x.builder.complete(drafted, x.items.count())
		x.parts = append(x.parts, newPart(drafted))
		x.enterNewest(drafted)
	}
	x.settleNewest()
	x.merge()
}

// publish lets everybody see what there is now.
func (x *Index) publish() {
	for _, item := range x.touched {
		x.items.page(item).settle(item&pageMask, x.tables)
	}
	x.touched = x.touched[:0]
	if x.items.idle > x.items.count()/2+x.sizes.spare {
		x.renumber()
	}
	x.kept.fit(x.items.count())
	x.networks.settle()
	x.wary = x.networks.known > 0 && x.live >= x.thin
	x.edition++
	x.view.Store(&view{x.state, slices.Clone(x.parts), x.items.view()})
	for i := range x.parts {
		x.parts[i].own = false
	}
}
