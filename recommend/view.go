package recommend

import "slices"

// view is the index at one moment. Nothing in it changes but what is kept of answers,
// so that any number of questions may look at it while the next one is made.
type view struct {
	state
	parts []part // the older ones first, as they were made
	items itemsView
}

// state is what a view has in common with the index that goes on.
type state struct {
	live    int   // sessions
	clicks  int   // of live sessions
	now     int64 // when the newest session ended
	habits  habits
	weights Weights

	networks, newestNetworks networks // of all sessions, and of the newest tenth

	tables  *tables
	longest int     // clicks of a session that has a say
	thin    int     // sessions below which nothing is a candidate without a neighbour
	plenty  int     // neighbours from which on two must speak for an item
	lenient float64 // how many times its share of all sessions a network may have of an item's
	wary    bool    // there are networks, and sessions enough to tell crowds by
	kept    kept
}

// part is a segment and which of its sessions are still there. Those below first and
// from end on are gone, of those between the ones with a bit in dead.
type part struct {
	*segment
	first, end int
	dead       []uint64 // nil if there is none
	live       int      // sessions
	liveClicks int
	own        bool // dead is not part of a view yet, and may be changed
}

func newPart(g *segment) part {
	return part{segment: g, end: len(g.sessions), live: len(g.sessions), liveClicks: len(g.clicks)}
}

// gone reports whether a session is there no more.
func (p *part) gone(number int) bool {
	return number < p.first || number >= p.end || p.dead != nil && p.dead[number>>6]&(1<<(number&63)) != 0
}

// kill takes a session that is there out.
func (p *part) kill(number int) {
	p.live--
	p.liveClicks -= int(p.sessions[number].n)
	switch {
	case p.live == 0:
		p.first = p.end
		return
	case number == p.first:
		p.first++
	case number == p.end-1:
		p.end--
	default:
		p.mark(number)
	}
	for p.gone(p.first) {
		p.first++
	}
	for p.gone(p.end - 1) {
		p.end--
	}
}

// mark sets the bit of a session in dead.
func (p *part) mark(number int) {
	switch {
	case p.dead == nil:
		p.dead = make([]uint64, (len(p.sessions)+63)/64)
	case !p.own:
		p.dead = slices.Clone(p.dead)
	}
	p.own = true
	p.dead[number>>6] |= 1 << (number & 63)
}

// oldest and newest are the ranks of the first and the last session that is there,
// of which there is one.
func (p *part) oldest() rank { return p.sessions[p.first].rank() }
func (p *part) newest() rank { return p.sessions[p.end-1].rank() }

// place is where a session stands: in which part, at which number.
type place struct {
	part, number int32
}

// nowhere is the place of no session.
var nowhere = place{-1, -1}

// find returns the place of a session that is there, or nowhere.
func find(parts []part, key SessionKey) place {
	for i := len(parts) - 1; i >= 0; i-- {
		p := &parts[i]
		if key < p.lowest || key > p.highest {
			continue // as nearly always where sessions are named in their order
		}
		if number := p.keys.find(p.sessions, key); number >= 0 && !p.gone(number) {
			return place{int32(i), int32(number)}
		}
	}
	return nowhere
}

// session returns that at a place.
func (v *view) session(at place) *session { return &v.parts[at.part].sessions[at.number] }

// clicksOf returns the clicks of the session at a place, oldest first.
func (v *view) clicksOf(at place) []uint32 {
	p := &v.parts[at.part]
	return p.sessions[at.number].of(p.clicks)
}

// order reads the sessions of several parts in the order of recency. It stands between
// two sessions: in each part, those from ends on are newer than the others.
type order struct {
	parts []part
	ends  []int
}

// atEnd stands behind the newest session.
func atEnd(parts []part, ends []int) order {
	ends = ends[:0]
	for i := range parts {
		ends = append(ends, parts[i].end)
	}
	return order{parts, ends}
}

// older steps back over the next older session and returns its place, or nowhere.
func (o *order) older() place {
	at := nowhere
	var newest rank
	for i := range o.parts {
		p := &o.parts[i]
		for o.ends[i] > p.first && p.gone(o.ends[i]-1) {
			o.ends[i]--
		}
		if o.ends[i] <= p.first {
			continue
		}
		if r := p.sessions[o.ends[i]-1].rank(); at == nowhere || newest.before(r) {
			at, newest = place{int32(i), int32(o.ends[i] - 1)}, r
		}
	}
	if at != nowhere {
		o.ends[at.part]--
	}
	return at
}

// newer steps over the next newer session and returns its place, or nowhere.
func (o *order) newer() place {
	at := nowhere
	var oldest rank
	for i := range o.parts {
		p := &o.parts[i]
		o.ends[i] = max(o.ends[i], p.first)
		for o.ends[i] < p.end && p.gone(o.ends[i]) {
			o.ends[i]++
		}
		if o.ends[i] >= p.end {
			continue
		}
		if r := p.sessions[o.ends[i]].rank(); at == nowhere || r.before(oldest) {
			at, oldest = place{int32(i), int32(o.ends[i])}, r
		}
	}
	if at != nowhere {
		o.ends[at.part]++
	}
	return at
}
