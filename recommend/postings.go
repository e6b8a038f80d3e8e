package recommend

// listing is one posting list: a block of the postings arena with the slots of
// sessions, oldest first.
type listing struct {
	offset uint32
	n      uint32
	class  uint8
}

// postings is the arena of all posting lists. An empty listing has no block.
type postings struct {
	slots  []int32
	blocks blocks
}

// of returns the slots of a listing, valid until the next change.
func (p *postings) of(l listing) []int32 {
	return p.slots[l.offset : l.offset+l.n]
}

// insert puts a slot before position at.
func (p *postings) insert(l *listing, at int, slot int32) {
	p.reserve(l, l.n+1)
	l.n++
	list := p.of(*l)
	copy(list[at+1:], list[at:])
	list[at] = slot
}

// remove takes the slot at a position out.
func (p *postings) remove(l *listing, at int) {
	list := p.of(*l)
	copy(list[at:], list[at+1:])
	l.n--
	if l.n == 0 {
		p.blocks.give(l.offset, l.class)
		*l = listing{}
		return
	}
	// A list that lost three quarters of its block gives the rest to others.
	if 4*l.n < classSize(l.class) && l.class > 3 {
		p.move(l, classFor(2*l.n))
	}
}

// reserve sees to it that the block of a listing holds n slots.
func (p *postings) reserve(l *listing, n uint32) {
	switch {
	case l.n == 0:
		l.class = classFor(n)
		l.offset = p.blocks.take(l.class)
		p.slots = extend(p.slots, int(p.blocks.used))
	case n > classSize(l.class):
		p.move(l, classFor(n))
	}
}

// move copies a listing to a block of another class.
func (p *postings) move(l *listing, class uint8) {
	offset := p.blocks.take(class)
	p.slots = extend(p.slots, int(p.blocks.used))
	copy(p.slots[offset:], p.of(*l))
	p.blocks.give(l.offset, l.class)
	l.offset, l.class = offset, class
}

// find returns the position of a slot in a list, given its rank. Sessions that
// are going on stand near the end, so the end is looked at first: slots only,
// which stand side by side.
func find(sessions []storedSession, list []int32, slot int32, r rank) int {
	for at := len(list) - 1; at >= 0 && at >= len(list)-32; at-- {
		if list[at] == slot {
			return at
		}
	}
	return placeOf(sessions, list, r)
}

// raising moves a session from its old rank to one that is greater.
type raising struct {
	sessions []storedSession
	slot     int32
	old, now rank
	newest   bool // now is greater than any other session's rank
}

// within moves the session in one list that contains it.
func (m *raising) within(list []int32) {
	from, to := find(m.sessions, list, m.slot, m.old), len(list)-1
	if !m.newest {
		to = from + placeOf(m.sessions, list[from+1:], m.now)
	}
	copy(list[from:to], list[from+1:to+1])
	list[to] = m.slot
}
