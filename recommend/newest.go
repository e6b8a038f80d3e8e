package recommend

import "sort"

// newestShare is which part of the sessions is the newest: one of so many.
const newestShare = 10

// newestSessions are the newest tenth of all sessions by recency, rounded up. The
// items' records know how many clicks they hold. A session that comes or goes moves
// the border by one session at most, so that keeping it costs O(clicks of a session).
type newestSessions struct {
	oldest rank // sessions from here on are the newest; good if count > 0
	count  int
}

func (n *newestSessions) has(s *session) bool { return n.count > 0 && !s.rank().before(n.oldest) }

// leaveNewest takes a session off that leaves its part, if it is one of the newest.
func (x *Index) leaveNewest(s *session, clicks []uint32) {
	if x.newest.has(s) {
		x.countNewest(s, clicks, -1)
	}
}

// enterNewest counts in what of a new segment is newer than the border.
func (x *Index) enterNewest(g *segment) {
	for i := range g.sessions {
		if s := &g.sessions[i]; x.newest.has(s) {
			x.countNewest(s, g.clicks, 1)
		}
	}
}

// countNewest adds a session to the newest ones, or takes it off.
func (x *Index) countNewest(s *session, clicks []uint32, sign int) {
	x.newest.count += sign
	x.newestNetworks.add(s.network, sign)
	for _, click := range s.of(clicks) {
		x.items.change(click & itemMask).newest += uint32(sign)
	}
}

// settleNewest moves the border to where it belongs.
func (x *Index) settleNewest() {
	n := &x.newest
	want := (x.live + newestShare - 1) / newestShare
	if n.count == want {
		return
	}
	o := x.atBorder()
	for n.count > want {
		at := o.newer()
		p := &x.parts[at.part]
		x.countNewest(&p.sessions[at.number], p.clicks, -1)
	}
	for n.count < want {
		at := o.older()
		p := &x.parts[at.part]
		x.countNewest(&p.sessions[at.number], p.clicks, 1)
	}
	if n.count > 0 {
		at := o.newer()
		n.oldest = x.parts[at.part].sessions[at.number].rank()
	}
}

// atBorder stands between the newest sessions and the others.
func (x *Index) atBorder() order {
	o := atEnd(x.parts, nil)
	for i := range x.parts {
		p := &x.parts[i]
		if x.newest.count > 0 {
			o.ends[i] = sort.Search(len(p.sessions), func(number int) bool { return x.newest.has(&p.sessions[number]) })
		}
	}
	return o
}
