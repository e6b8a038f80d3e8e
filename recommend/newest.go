package recommend

// newestShare is which part of the sessions is the newest: one of so many.
const newestShare = 10

// newestSessions are the newest tenth of all sessions by recency, rounded up, and
// how many clicks of each item they hold. A session that comes or goes moves the
// border by one session at most, so that keeping it costs O(clicks of a session).
type newestSessions struct {
	oldest int32 // slot of the oldest of them; good if count > 0
	count  int
	clicks []uint32 // by item
}

// enter counts a session in.
func (x *Index) enterNewest(slot int32) {
	s := &x.sessions[slot]
	s.marks |= newestMark
	x.newest.count++
	for _, click := range x.trails.clicks(s) {
		x.newest.clicks[click&itemMask]++
	}
}

// leaveNewest takes a session off, which still stands at its rank.
func (x *Index) leaveNewest(slot int32) {
	s := &x.sessions[slot]
	s.marks &^= newestMark
	x.newest.count--
	for _, click := range x.trails.clicks(s) {
		x.newest.clicks[click&itemMask]--
	}
	if slot == x.newest.oldest && x.newest.count > 0 {
		x.newest.oldest = x.recency.newer(x.sessions, slot)
	}
}

// settleNewest counts a session in that came to where it stands now, if it is one
// of the newest, and moves the border to where it belongs. A slot below zero is none.
func (x *Index) settleNewest(slot int32) {
	n := &x.newest
	if slot >= 0 && n.count > 0 && x.sessions[n.oldest].rank().before(x.sessions[slot].rank()) {
		x.enterNewest(slot)
	}
	for want := (x.live + newestShare - 1) / newestShare; n.count != want; {
		switch {
		case n.count > want:
			x.leaveNewest(n.oldest)
			continue
		case n.count == 0:
			n.oldest = x.recency.newest()
		default:
			n.oldest = x.recency.older(x.sessions, n.oldest)
		}
		x.enterNewest(n.oldest)
	}
}
